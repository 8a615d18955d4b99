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
INSERT INTO "pointsman_approvals" VALUES(1,'ap_bb85742758757be96664','a9206354cc8b32f2d2cbcc7b31993f2d','golden',1,'approved','{"args":{"amount":49.5,"to":"ann"},"description":"Pay.","digest":"d7ef7ed8e3ee110080baa0d519a19023b188025adb86a31fc5ba8a29ecec1244","effect":"money","evidence":["order"],"expires_at":1790086400.0,"facts":{"environment":"","principal":{},"task":"fixed"},"id":"ap_bb85742758757be96664","policy":["call-money"],"requested_at":1790000000.0,"requester":"local","shown":[{"id":"order","source":"look {\"item\":\"A\"}","text":"{\"item\":\"A\",\"page\":\"pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"}],"step":"paid","tool":"pay","why":"pay moves money (amount unknown), so a person decides."}',1790086400.0,'');
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
INSERT INTO "pointsman_audit" VALUES(1,1790000000.0,'approval_decided','golden','a9206354cc8b32f2d2cbcc7b31993f2d','local','{"approval_id":"ap_bb85742758757be96664","approver":"local","approver_accountable":"os:root","approver_role":"user","decided_at":1790000000.0,"type":"approve"}','','00dcb91c18c94b688f28fbb0973c846012512e7715199a44f8c8585631bb8b9b');
CREATE TABLE pointsman_audit_head (
	id INTEGER NOT NULL, 
	seq BIGINT NOT NULL, 
	hash TEXT NOT NULL, 
	CONSTRAINT pointsman_audit_head_pk PRIMARY KEY (id), 
	CONSTRAINT pointsman_audit_head_single_ck CHECK (id = 1)
);
INSERT INTO "pointsman_audit_head" VALUES(1,1,'00dcb91c18c94b688f28fbb0973c846012512e7715199a44f8c8585631bb8b9b');
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
INSERT INTO "pointsman_decisions" VALUES(1,'ap_bb85742758757be96664',1,'local','{"approval_id":"ap_bb85742758757be96664","approver":"local","approver_accountable":"os:root","approver_role":"user","decided_at":1790000000.0,"type":"approve"}');
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
INSERT INTO "pointsman_effects" VALUES(1,'20055c2dd9b374cc28c9917ad56cb85a42e26c704f1a0e826b2f03b5cf3a35fc','a9206354cc8b32f2d2cbcc7b31993f2d','golden','order','look','aa9063456d3f61a3e511b9b0edfd2c24f24e01d09678787bde09689864059993','read','natural','done',1,'',0.0,1,NULL,'b8a6ebb64766bfa65bcdbf89ff131bd711321f70fe4929a34dc8258ba8b7f0ef','','',1.79581383957017779351e+09,1790000000.0);
INSERT INTO "pointsman_effects" VALUES(2,'298d1397c6a67be80a09023c0f660be5b6e721b491cf06a8f492c735431dd65c','a9206354cc8b32f2d2cbcc7b31993f2d','golden','paid','pay','b073110eeca373725a3b60931e520cf0b098958642dbab81fbb625841b5bab2f','money','key','done',1,'',1790000050.0,1,'{"amount":49.5,"receipt":"R-ann"}',NULL,'','',1790000000.0,1790000000.0);
INSERT INTO "pointsman_effects" VALUES(3,'323a3bc65b4850eb6f098da80aef085e8e53f86b8991263322273d307e3e1a41','a9206354cc8b32f2d2cbcc7b31993f2d','golden','receipt','look','a63e240a0cde5c151420f54ea4b6a2b0c5340ceae20810ffcb1584ac836e89d1','read','natural','done',1,'',0.0,1,NULL,'e76207b0bfde56b4a4c4af503575665aa157b3eb5a3921374b30c81a1b6dbf25','','',1.79581383991816043851e+09,1790000000.0);
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
INSERT INTO "pointsman_leases" VALUES('thread:golden','',2,0.0);
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
INSERT INTO "pointsman_notes" VALUES(1,'a9206354cc8b32f2d2cbcc7b31993f2d','golden','plan:779163f177ba5da1',1,'{"ordered":["pay"],"planner":"fixed","schema_version":4,"steps":[{"args":{"item":"A"},"id":"order","kind":"tool","tool":"look"},{"args":{"amount":{"$from":"order","path":"total"},"to":"ann"},"id":"paid","kind":"tool","tool":"pay"},{"args":{"item":{"$from":"paid","path":"receipt"}},"id":"receipt","kind":"tool","tool":"look"}]}',1790000000.0);
INSERT INTO "pointsman_notes" VALUES(2,'a9206354cc8b32f2d2cbcc7b31993f2d','golden','answer:40d37ba338fbcaf4',1,'{"citations":[{"evidence":"order","number":1,"quote":"{\"item\":\"A\",\"page\":\"ppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp…","source":"look {\"item\":\"A\"}"},{"evidence":"paid","number":2,"quote":"{\"amount\":49.5,\"receipt\":\"R-ann\"}","source":"pay {\"amount\":49.5,\"to\":\"ann\"}"},{"evidence":"receipt","number":3,"quote":"{\"item\":\"R-ann\",\"page\":\"ppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp…","source":"look {\"item\":\"R-ann\"}"}],"note":"no language model configured","schema_version":4,"status":"complete","text":"From look: item A, page pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp, parts p1, parts p2, parts p3, total 49.50. [1] From pay: receipt R-ann, amount 49.50. [2] From look: item R-ann, total 49.50, page pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp, parts p1, parts p2, parts p3. [3]","written_by":"extractive"}',1790000000.0);
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
INSERT INTO "pointsman_outcomes" VALUES(1,'a9206354cc8b32f2d2cbcc7b31993f2d','golden',1,'order','{"attempts":[{"performed_by":"tool:look","seconds":0.012,"usage":{"tool_calls":1},"verdict":{},"why":"look only reads, which needs nobody''s consent."}],"data_class":["orders"],"evidence":[{"id":"order","source":"look {\"item\":\"A\"}","step":"order"}],"schema_version":4,"status":"accepted"}','b8a6ebb64766bfa65bcdbf89ff131bd711321f70fe4929a34dc8258ba8b7f0ef','89b39af41a2fc2a8a5db');
INSERT INTO "pointsman_outcomes" VALUES(2,'a9206354cc8b32f2d2cbcc7b31993f2d','golden',1,'paid','{"approval":{"args":{"amount":49.5,"to":"ann"},"description":"Pay.","digest":"d7ef7ed8e3ee110080baa0d519a19023b188025adb86a31fc5ba8a29ecec1244","effect":"money","evidence":["order"],"expires_at":1790086400.0,"facts":{"environment":"","principal":{},"task":"fixed"},"id":"ap_bb85742758757be96664","policy":["call-money"],"requested_at":1790000000.0,"requester":"local","shown":[{"id":"order","source":"look {\"item\":\"A\"}","text":"{\"item\":\"A\",\"page\":\"pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"}],"step":"paid","tool":"pay","why":"pay moves money (amount unknown), so a person decides."},"attempts":[{"performed_by":"tool:pay","seconds":0.089,"usage":{"tool_calls":1},"verdict":{},"why":"approved (ap_bb85742758757be96664)"}],"data_class":["orders"],"evidence":[{"id":"paid","source":"pay {\"amount\":49.5,\"to\":\"ann\"}","step":"paid"}],"output":{"amount":49.5,"receipt":"R-ann"},"schema_version":4,"status":"accepted"}',NULL,'d90909aa6fac6f844ef8');
INSERT INTO "pointsman_outcomes" VALUES(3,'a9206354cc8b32f2d2cbcc7b31993f2d','golden',1,'receipt','{"attempts":[{"performed_by":"tool:look","seconds":0.002,"usage":{"tool_calls":1},"verdict":{},"why":"look only reads, which needs nobody''s consent."}],"data_class":["orders"],"evidence":[{"id":"receipt","source":"look {\"item\":\"R-ann\"}","step":"receipt"}],"schema_version":4,"status":"accepted"}','e76207b0bfde56b4a4c4af503575665aa157b3eb5a3921374b30c81a1b6dbf25','df8a6aeff26c74788308');
CREATE TABLE pointsman_payloads (
	digest TEXT NOT NULL, 
	data BLOB NOT NULL, 
	media_type TEXT, 
	CONSTRAINT pointsman_payloads_pk PRIMARY KEY (digest)
);
INSERT INTO "pointsman_payloads" VALUES('b8a6ebb64766bfa65bcdbf89ff131bd711321f70fe4929a34dc8258ba8b7f0ef',X'789CEDDA310AC2400004C0BF6C1D04A329BCCE7788458A10028A875E17FCBBC66F38532CBB7FD8354B9BEE2939A74B1DE7E95B2B0000000000000000FC81DF63E6D95E2997D4FDB6FA2D0EB976698F36DE528EA7DDF0FE00529D72CB',NULL);
INSERT INTO "pointsman_payloads" VALUES('e76207b0bfde56b4a4c4af503575665aa157b3eb5a3921374b30c81a1b6dbf25',X'789CEDDABD0902410084D15E263E05FF02B70C5331D8E01041CF4537137BD7B30DDF0B06BE1EE6954B1F6F29392CEA346548ABE7F19B0D0000000000000000FEC0EF31F3E8CF9463DA6AAEF53C9B9C86F47BAFD794ED7EB97B7F00BB8D7446',NULL);
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
CREATE INDEX pointsman_endorsements_approval_id_ix ON pointsman_endorsements (approval_id);
CREATE INDEX pointsman_endorsements_digest_ix ON pointsman_endorsements (digest);
CREATE INDEX pointsman_grants_approval_id_ix ON pointsman_grants (approval_id);
CREATE INDEX pointsman_grants_tool_ix ON pointsman_grants (tool);
CREATE INDEX pointsman_grant_uses_grant_id_ix ON pointsman_grant_uses (grant_id);
CREATE INDEX pointsman_audit_thread_id_ix ON pointsman_audit (thread_id);
CREATE INDEX pointsman_leases_held_ix ON pointsman_leases (name) WHERE owner <> '';
CREATE INDEX pointsman_wakes_rank_due_at_ix ON pointsman_wakes (rank, due_at);
CREATE INDEX pointsman_effects_run_id_ix ON pointsman_effects (run_id);
COMMIT;
