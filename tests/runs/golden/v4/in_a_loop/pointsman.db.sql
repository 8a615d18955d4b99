BEGIN TRANSACTION;
CREATE TABLE pointsman_approvals (
	seq INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	thread_id TEXT NOT NULL, 
	round INTEGER NOT NULL, 
	status VARCHAR NOT NULL, 
	request TEXT NOT NULL, 
	expires_at DOUBLE, 
	reason TEXT NOT NULL, 
	CONSTRAINT pointsman_approvals_pk PRIMARY KEY (seq), 
	CONSTRAINT pointsman_approvals_id_uq UNIQUE (id)
);
CREATE TABLE pointsman_attempts (
	seq INTEGER NOT NULL, 
	run_id TEXT NOT NULL, 
	id TEXT NOT NULL, 
	body TEXT NOT NULL, 
	CONSTRAINT pointsman_attempts_pk PRIMARY KEY (seq), 
	CONSTRAINT pointsman_attempts_run_id_id_uq UNIQUE (run_id, id)
);
CREATE TABLE pointsman_audit (
	seq INTEGER NOT NULL, 
	at DOUBLE NOT NULL, 
	kind TEXT NOT NULL, 
	thread_id TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	body TEXT NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	CONSTRAINT pointsman_audit_pk PRIMARY KEY (seq)
);
CREATE TABLE pointsman_audit_head (
	id INTEGER NOT NULL, 
	seq BIGINT NOT NULL, 
	hash TEXT NOT NULL, 
	CONSTRAINT pointsman_audit_head_pk PRIMARY KEY (id), 
	CONSTRAINT pointsman_audit_head_single_ck CHECK (id = 1)
);
CREATE TABLE pointsman_balances (
	scope VARCHAR NOT NULL, 
	"key" TEXT NOT NULL, 
	spent_nano BIGINT NOT NULL, 
	reserved_nano BIGINT NOT NULL, 
	spent_tokens BIGINT NOT NULL, 
	reserved_tokens BIGINT NOT NULL, 
	CONSTRAINT pointsman_balances_pk PRIMARY KEY (scope, "key")
)
 WITHOUT ROWID

;
CREATE TABLE pointsman_business_keys (
	digest TEXT NOT NULL, 
	effect_key TEXT NOT NULL, 
	CONSTRAINT pointsman_business_keys_pk PRIMARY KEY (digest)
);
CREATE TABLE pointsman_decisions (
	seq INTEGER NOT NULL, 
	approval_id TEXT NOT NULL, 
	round INTEGER NOT NULL, 
	approver TEXT NOT NULL, 
	body TEXT NOT NULL, 
	CONSTRAINT pointsman_decisions_pk PRIMARY KEY (seq), 
	CONSTRAINT pointsman_decisions_approval_id_round_approver_uq UNIQUE (approval_id, round, approver), 
	CONSTRAINT pointsman_decisions_approval_id_fk FOREIGN KEY(approval_id) REFERENCES pointsman_approvals (id)
);
CREATE TABLE pointsman_effects (
	seq INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	thread_id TEXT NOT NULL, 
	step TEXT NOT NULL, 
	tool TEXT NOT NULL, 
	args_digest TEXT NOT NULL, 
	effect VARCHAR NOT NULL, 
	idempotency VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	fence INTEGER NOT NULL, 
	owner TEXT NOT NULL, 
	lease_expires_at DOUBLE NOT NULL, 
	attempts INTEGER NOT NULL, 
	output TEXT, 
	output_digest TEXT, 
	error TEXT NOT NULL, 
	note TEXT NOT NULL, 
	claimed_at DOUBLE NOT NULL, 
	settled_at DOUBLE, 
	CONSTRAINT pointsman_effects_pk PRIMARY KEY (seq), 
	CONSTRAINT pointsman_effects_key_uq UNIQUE ("key"), 
	CONSTRAINT pointsman_effects_output_digest_fk FOREIGN KEY(output_digest) REFERENCES pointsman_payloads (digest)
);
INSERT INTO "pointsman_effects" VALUES(1,'b87c415527b2adf6bd4fdc95f9ae102a93051cd7762b57eb2d995a70f38ea40f','b207995972f8d93fa82ce6d5f9f07037','golden','order','look','aa9063456d3f61a3e511b9b0edfd2c24f24e01d09678787bde09689864059993','read','natural','done',1,'',0.0,1,NULL,'b8a6ebb64766bfa65bcdbf89ff131bd711321f70fe4929a34dc8258ba8b7f0ef','','',1.79581385306596040722e+09,1790000000.0);
INSERT INTO "pointsman_effects" VALUES(2,'8a96780ec96a37a0d9afd2179be8435bc749c1e459fc997298a445afe711aa66','b207995972f8d93fa82ce6d5f9f07037','golden','seen[#9e5264d410a977c8]','look','799f3f674b6e1a2cdafc9459d0320144d1bc4bbc25e2b6a49b1d22eb2e898407','read','natural','done',1,'',0.0,1,NULL,'0790f3d8b7f4a87d29d31f68e24a15eaa8786cf0f3c8866c31411a0705aed2cc','','',1.79581385313866400722e+09,1790000000.0);
INSERT INTO "pointsman_effects" VALUES(3,'484c805aa0a5982eac48cf2f25bbdb439cc0a5d71fe98b0245c5837ee3137636','b207995972f8d93fa82ce6d5f9f07037','golden','seen[#829a7fd574414cb9]','look','08d7b6ff44a7b1c9ee1e1e37b8166b8c1ff9c0bd5fa438f29e49f9cbb861f602','read','natural','done',1,'',0.0,1,NULL,'13fc6604158f878b2217aa187703a9221e25747cbdf177108c8b49d65edb73ce','','',1.79581385317382359505e+09,1790000000.0);
CREATE TABLE pointsman_endorsements (
	seq INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	tenant TEXT NOT NULL, 
	approval_id TEXT NOT NULL, 
	expires_at DOUBLE, 
	body TEXT NOT NULL, 
	revocation TEXT, 
	CONSTRAINT pointsman_endorsements_pk PRIMARY KEY (seq), 
	CONSTRAINT pointsman_endorsements_id_uq UNIQUE (id)
);
CREATE TABLE pointsman_grant_uses (
	effect_key TEXT NOT NULL, 
	grant_id TEXT NOT NULL, 
	CONSTRAINT pointsman_grant_uses_pk PRIMARY KEY (effect_key)
)
 WITHOUT ROWID

;
CREATE TABLE pointsman_grants (
	seq INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	tool TEXT NOT NULL, 
	tenant TEXT NOT NULL, 
	uses BIGINT, 
	until DOUBLE, 
	body TEXT NOT NULL, 
	revocation TEXT, 
	approval_id TEXT, 
	CONSTRAINT pointsman_grants_pk PRIMARY KEY (seq), 
	CONSTRAINT pointsman_grants_id_uq UNIQUE (id)
);
CREATE TABLE pointsman_leases (
	name TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	fence BIGINT NOT NULL, 
	expires_at DOUBLE NOT NULL, 
	CONSTRAINT pointsman_leases_pk PRIMARY KEY (name)
)
 WITHOUT ROWID

;
INSERT INTO "pointsman_leases" VALUES('thread:golden','vm:7f7e5042-86b2-454d-8020-ea3a88ece20b:pid:[4026531836]/8308/8040047#2118d3cb',1,1790000015.0);
CREATE TABLE pointsman_notes (
	seq INTEGER NOT NULL, 
	run_id TEXT NOT NULL, 
	thread_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	body TEXT NOT NULL, 
	at DOUBLE NOT NULL, 
	CONSTRAINT pointsman_notes_pk PRIMARY KEY (seq), 
	CONSTRAINT pointsman_notes_run_id_kind_version_uq UNIQUE (run_id, kind, version)
);
INSERT INTO "pointsman_notes" VALUES(1,'b207995972f8d93fa82ce6d5f9f07037','golden','plan:f7ddeb9f902fee47',1,'{"ordered":["pay"],"planner":"fixed","schema_version":4,"steps":[{"args":{"item":"A"},"id":"order","kind":"tool","tool":"look"},{"for_each":{"concurrency":1,"item":"part","items":"order.parts","max":5,"steps":[{"args":{"item":{"$from":"part"}},"id":"seen","kind":"tool","tool":"look"},{"args":{"amount":{"$from":"seen","path":"total"},"to":{"$from":"part"}},"id":"given","kind":"tool","tool":"pay","when":"seen.total > 1"}]},"id":"each","kind":"each"}]}',1790000000.0);
CREATE TABLE pointsman_outcomes (
	seq INTEGER NOT NULL, 
	run_id TEXT NOT NULL, 
	thread_id TEXT NOT NULL, 
	plan_version INTEGER NOT NULL, 
	step TEXT NOT NULL, 
	body TEXT NOT NULL, 
	output_digest TEXT, 
	bound TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pointsman_outcomes_pk PRIMARY KEY (seq), 
	CONSTRAINT pointsman_outcomes_run_id_plan_version_step_bound_uq UNIQUE (run_id, plan_version, step, bound), 
	CONSTRAINT pointsman_outcomes_output_digest_fk FOREIGN KEY(output_digest) REFERENCES pointsman_payloads (digest)
);
INSERT INTO "pointsman_outcomes" VALUES(1,'b207995972f8d93fa82ce6d5f9f07037','golden',1,'order','{"attempts":[{"performed_by":"tool:look","seconds":0.01,"usage":{"tool_calls":1},"verdict":{},"why":"look only reads, which needs nobody''s consent."}],"data_class":["orders"],"evidence":[{"id":"order","source":"look {\"item\":\"A\"}","step":"order"}],"schema_version":4,"status":"accepted"}','b8a6ebb64766bfa65bcdbf89ff131bd711321f70fe4929a34dc8258ba8b7f0ef','89b39af41a2fc2a8a5db');
INSERT INTO "pointsman_outcomes" VALUES(2,'b207995972f8d93fa82ce6d5f9f07037','golden',1,'seen[#9e5264d410a977c8]','{"attempts":[{"performed_by":"tool:look","seconds":0.013,"usage":{"tool_calls":1},"verdict":{},"why":"look only reads, which needs nobody''s consent."}],"data_class":["orders"],"evidence":[{"id":"seen[#9e5264d410a977c8]","source":"look {\"item\":\"p1\"}","step":"seen[#9e5264d410a977c8]"}],"schema_version":4,"status":"accepted"}','0790f3d8b7f4a87d29d31f68e24a15eaa8786cf0f3c8866c31411a0705aed2cc','c83a805def276bb822dc');
INSERT INTO "pointsman_outcomes" VALUES(3,'b207995972f8d93fa82ce6d5f9f07037','golden',1,'seen[#829a7fd574414cb9]','{"attempts":[{"performed_by":"tool:look","seconds":0.008,"usage":{"tool_calls":1},"verdict":{},"why":"look only reads, which needs nobody''s consent."}],"data_class":["orders"],"evidence":[{"id":"seen[#829a7fd574414cb9]","source":"look {\"item\":\"p2\"}","step":"seen[#829a7fd574414cb9]"}],"schema_version":4,"status":"accepted"}','13fc6604158f878b2217aa187703a9221e25747cbdf177108c8b49d65edb73ce','c67ec4eb0c304da9529d');
CREATE TABLE pointsman_payloads (
	digest TEXT NOT NULL, 
	data BLOB NOT NULL, 
	media_type TEXT, 
	CONSTRAINT pointsman_payloads_pk PRIMARY KEY (digest)
);
INSERT INTO "pointsman_payloads" VALUES('b8a6ebb64766bfa65bcdbf89ff131bd711321f70fe4929a34dc8258ba8b7f0ef',X'789CEDDA310AC2400004C0BF6C1D04A329BCCE7788458A10028A875E17FCBBC66F38532CBB7FD8354B9BEE2939A74B1DE7E95B2B0000000000000000FC81DF63E6D95E2997D4FDB6FA2D0EB976698F36DE528EA7DDF0FE00529D72CB',NULL);
INSERT INTO "pointsman_payloads" VALUES('0790f3d8b7f4a87d29d31f68e24a15eaa8786cf0f3c8866c31411a0705aed2cc',X'789CEDDA410A82500045D1BDBCB104690EFA5B89060E240425A93F93F62E46BBE89CC1E32DE26E99EAB8A4643DA7C93A3CC6E30300000000000000C01FF81633AFFA4EB9FDFA99F6982EF726F5598739E5723DF59F1D98BB732B',NULL);
INSERT INTO "pointsman_payloads" VALUES('13fc6604158f878b2217aa187703a9221e25747cbdf177108c8b49d65edb73ce',X'789CEDDA310AC2400044D1BB4C1D04A316D9AB88458A1004258B6E17BCBB24D7C87BD5CC1DFE9A679BDE29A97DBAD4719EB60D000000000000000007B017339FF64DB9A79EB7B74734973CBAB4A58DAF94EB70BAFDFEBC16732C',NULL);
CREATE TABLE pointsman_reservation_caps (
	reservation_id TEXT NOT NULL, 
	scope VARCHAR NOT NULL, 
	"key" TEXT NOT NULL, 
	CONSTRAINT pointsman_reservation_caps_pk PRIMARY KEY (reservation_id, scope, "key"), 
	CONSTRAINT pointsman_reservation_caps_scope_key_fk FOREIGN KEY(scope, "key") REFERENCES pointsman_balances (scope, "key"), 
	CONSTRAINT pointsman_reservation_caps_reservation_id_fk FOREIGN KEY(reservation_id) REFERENCES pointsman_reservations (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
CREATE TABLE pointsman_reservations (
	id TEXT NOT NULL, 
	nano BIGINT NOT NULL, 
	tokens BIGINT NOT NULL, 
	expires_at DOUBLE NOT NULL, 
	state VARCHAR NOT NULL, 
	CONSTRAINT pointsman_reservations_pk PRIMARY KEY (id)
)
 WITHOUT ROWID

;
CREATE TABLE pointsman_seen_shapes (
	tenant TEXT NOT NULL, 
	tool TEXT NOT NULL, 
	principal TEXT NOT NULL, 
	shape TEXT NOT NULL, 
	at DOUBLE NOT NULL, 
	CONSTRAINT pointsman_seen_shapes_pk PRIMARY KEY (tenant, tool, principal)
)
 WITHOUT ROWID

;
CREATE TABLE pointsman_switches (
	kind VARCHAR NOT NULL, 
	target TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	at DOUBLE NOT NULL, 
	CONSTRAINT pointsman_switches_pk PRIMARY KEY (kind, target)
)
 WITHOUT ROWID

;
CREATE TABLE pointsman_tasks (
	seq INTEGER NOT NULL, 
	thread_id TEXT NOT NULL, 
	message_id TEXT NOT NULL, 
	given_digest TEXT NOT NULL, 
	asked_by TEXT NOT NULL, 
	priority INTEGER NOT NULL, 
	asked_at DOUBLE NOT NULL, 
	due_at DOUBLE NOT NULL, 
	state VARCHAR NOT NULL, 
	run_id TEXT NOT NULL, 
	answer_digest TEXT, 
	error TEXT, 
	ended_at DOUBLE, 
	CONSTRAINT pointsman_tasks_pk PRIMARY KEY (seq), 
	CONSTRAINT pointsman_tasks_thread_id_message_id_uq UNIQUE (thread_id, message_id), 
	CONSTRAINT pointsman_tasks_given_digest_fk FOREIGN KEY(given_digest) REFERENCES pointsman_payloads (digest), 
	CONSTRAINT pointsman_tasks_answer_digest_fk FOREIGN KEY(answer_digest) REFERENCES pointsman_payloads (digest)
);
CREATE TABLE pointsman_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT pointsman_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "pointsman_version" VALUES('0009');
CREATE TABLE pointsman_wakes (
	thread_id TEXT NOT NULL, 
	tenant TEXT NOT NULL, 
	rank INTEGER NOT NULL, 
	due_at DOUBLE NOT NULL, 
	number BIGINT NOT NULL, 
	taken_by TEXT NOT NULL, 
	taken_until DOUBLE NOT NULL, 
	tries INTEGER NOT NULL, 
	errors INTEGER NOT NULL, 
	CONSTRAINT pointsman_wakes_pk PRIMARY KEY (thread_id)
)
 WITHOUT ROWID

;
CREATE INDEX pointsman_notes_thread_id_ix ON pointsman_notes (thread_id);
CREATE INDEX pointsman_approvals_status_ix ON pointsman_approvals (status);
CREATE INDEX pointsman_approvals_thread_id_ix ON pointsman_approvals (thread_id);
CREATE INDEX pointsman_endorsements_digest_ix ON pointsman_endorsements (digest);
CREATE INDEX pointsman_endorsements_approval_id_ix ON pointsman_endorsements (approval_id);
CREATE INDEX pointsman_grants_tool_ix ON pointsman_grants (tool);
CREATE INDEX pointsman_grants_approval_id_ix ON pointsman_grants (approval_id);
CREATE INDEX pointsman_grant_uses_grant_id_ix ON pointsman_grant_uses (grant_id);
CREATE INDEX pointsman_audit_thread_id_ix ON pointsman_audit (thread_id);
CREATE INDEX pointsman_leases_held_ix ON pointsman_leases (name) WHERE owner <> '';
CREATE INDEX pointsman_wakes_rank_due_at_ix ON pointsman_wakes (rank, due_at);
CREATE INDEX pointsman_effects_run_id_ix ON pointsman_effects (run_id);
COMMIT;
