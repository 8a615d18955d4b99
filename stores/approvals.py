"""Approvals: requests to people, and every decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from ..errors import DecisionError, NotFoundError
from ..state.approval import ApprovalRequest, Decision, DecisionType
from ..state.consent import Revocation, name_form
from ..state.endorsement import Endorsement
from ..state.grant import CallGrant
from .audit import AuditDraft, SqlAuditLog, append_entry, append_links
from .audit_chain import Link
from .bodies import body_of, record_in
from .database import Database
from .endorsements import ENDORSEMENTS
from .grants import GRANTS
from .journal import tenant_of_run
from .records import ApprovalRecord, ApprovalStatus, AuditEntry
from .schema import approvals
from .schema import decisions as decision_rows
from .statements import insert_if_absent
from .wakes import wake

_CLOSED_BY: dict[DecisionType, ApprovalStatus] = {
    "approve": "approved",
    "edit": "edited",
    "reject": "rejected",
    "respond": "responded",
}
_WITHDRAWABLE: frozenset[ApprovalStatus] = frozenset({"waiting", "approved", "edited"})
_LAPSED: frozenset[ApprovalStatus] = frozenset({"expired", "withdrawn"})
_CLOSED: frozenset[ApprovalStatus] = frozenset({"approved", "edited", "rejected", "responded"})


def status_after(record: ApprovalRecord, decision: Decision) -> ApprovalStatus:
    """Say what one more decision makes of a waiting request.

    Raises:
        DecisionError: The request is closed, or the decision is not one it allows.
    """
    request, where = record.request, f"approval {record.request.id}"
    if record.status != "waiting":
        raise DecisionError(
            f"The request is {record.status}.",
            where=where,
            fix="List what waits and decide on that.",
        )
    if decision.type not in request.allowed:
        allowed = ", ".join(request.allowed)
        raise DecisionError(
            f"{decision.type!r} is not allowed.", where=where, fix=f"Allowed: {allowed}."
        )
    if decision.type == "edit" and decision.args is None:
        raise DecisionError("An edit needs the new arguments.", where=where, fix="Give `args`.")
    if decision.type not in _leaving_open(request):
        return _CLOSED_BY[decision.type]
    _check_first_consent(record, decision)
    if any(given.type != decision.type for given in record.decisions):
        raise DecisionError(
            "Somebody before has said the opposite.", where=where, fix="Agree, or reject it."
        )
    # All decisions so far say the same, and each is another person's.
    met = len(record.decisions) + 1 >= request.quorum
    return _CLOSED_BY[decision.type] if met else "waiting"


def _leaving_open(request: ApprovalRequest) -> frozenset[DecisionType]:
    """Return the decisions that only a quorum closes a request with."""
    said_of_outcome: tuple[DecisionType, ...] = ("respond",) if request.unknown_effect else ()
    return frozenset(("approve", *said_of_outcome))


def _check_first_consent(record: ApprovalRecord, decision: Decision) -> None:
    """A person counts once in a quorum, under whichever names and with however many tokens.

    What closes a request at once counts nobody: who has agreed may think again.
    """
    for given in record.decisions:
        if name_form(given.approver) == name_form(decision.approver):
            problem = f"{decision.approver or 'This person'} has decided on it before."
        elif given.person == decision.person:
            problem = (
                f"The person behind {decision.approver} has decided on it as {given.approver}."
            )
        else:
            continue
        raise DecisionError(
            problem,
            where=f"approval {record.request.id}",
            fix="Another approver must decide.",
        )


class SqlApprovalStore:
    """Approval requests and the decisions on them.

    Args:
        database: Where to.
        clock: Unix time in seconds; a waiting request expires by it.
        log: Told of each new entry of the audit log.
    """

    def __init__(self, database: Database, clock: Callable[[], float], log: SqlAuditLog) -> None:
        self._database = database
        self._clock = clock
        self._log = log

    async def open(self, run_id: str, thread_id: str, request: ApprovalRequest) -> ApprovalRecord:
        """Record a request; the same id again returns the record that exists.

        A request that was made (`requested_at`) after one of its id had expired or was withdrawn
        asks anew: it waits, and decisions on the old one no longer count.
        """
        [record] = await self.open_all(run_id, thread_id, [request])
        return record

    async def open_all(
        self, run_id: str, thread_id: str, requests: Sequence[ApprovalRequest]
    ) -> Sequence[ApprovalRecord]:
        """Record several requests as `open` does, in one trip; return them in the same order.

        They are listed in that order too. A run gives them in one order always, so that two such
        calls cannot wait for each other.
        """

        def work(connection: Connection) -> tuple[list[ApprovalRecord], list[Link]]:
            asked = [r for r in requests if self._open(connection, run_id, thread_id, r)]
            records = [self._load(connection, request.id) for request in requests]
            drafts = [self._asking(connection, r) for r in records if r.request in asked]
            return records, append_links(connection, drafts)

        if not requests:
            return []
        records, links = await self._database.write(work)
        await self._log.appended(links)
        return records

    def _asking(self, connection: Connection, record: ApprovalRecord) -> AuditDraft:
        """Return what the audit log says of a request; its texts stand with the request."""
        request = record.request
        return AuditDraft(
            kind="approval_requested",
            at=request.requested_at or self._clock(),
            tenant=_tenant(connection, record),
            thread_id=record.thread_id,
            run_id=record.run_id,
            actor=request.requester,
            body={
                "approval_id": request.id,
                "step": request.step,
                "tool": request.tool,
                "digest": request.digest,
                "policy": list(request.policy),
                "quorum": request.quorum,
                "expires_at": request.expires_at,
            },
        )

    def _open(
        self, connection: Connection, run_id: str, thread_id: str, request: ApprovalRequest
    ) -> bool:
        """Record a request that is new or asks anew; say whether it does."""
        values = {"request": body_of(request), "expires_at": request.expires_at}
        if insert_if_absent(
            connection,
            approvals,
            id=request.id,
            run_id=run_id,
            thread_id=thread_id,
            round=1,
            status="waiting",
            reason="",
            **values,
        ):
            return True
        row = _row(connection, request.id, lock=True)
        record = self._record(connection, row)
        newer = request.requested_at > record.request.requested_at
        # A replay asks later for what is on record, and is no new request if that lapses after it.
        since = request.requested_at >= (row.expires_at or 0.0)
        anew = record.status in _LAPSED and newer and since
        if anew:
            again = {"round": approvals.c.round + 1, "reason": "", "status": "waiting"}
            _change(connection, request.id, **again, **values)
        return anew

    async def get(self, approval_id: str) -> ApprovalRecord:
        """Return one record. Raises `NotFoundError`."""
        return await self._database.read(lambda connection: self._load(connection, approval_id))

    async def get_all(self, approval_ids: Sequence[str]) -> Sequence[ApprovalRecord]:
        """Return several records in one trip, in the same order. Raises `NotFoundError`."""
        if not approval_ids:
            return []
        return await self._database.read(
            lambda connection: [self._load(connection, id_) for id_ in approval_ids]
        )

    async def decide(
        self,
        decisions: Sequence[Decision],
        *,
        anew: frozenset[str] = frozenset(),
        endorsements: Sequence[Endorsement] = (),
        grants: Sequence[CallGrant] = (),
        at_work: bool = False,
    ) -> Sequence[ApprovalRecord]:
        """Record decisions, and what they endorse and grant, with the audit log, all or none.

        Threads whose requests are closed by it are looked at by the next worker, unless the run
        itself records them (`at_work`).

        The first rejection, edit or response closes a request; an approval closes it when the
        quorum of distinct approvers is met. An edit's arguments stay in its decision. A closed
        request whose id is in `anew` is opened again first: what was decided before, and endorsed
        or granted with it, counts no more. Nor does what others endorsed or granted when they
        agreed, once somebody closes the request otherwise.

        Raises:
            DecisionError: An unknown, closed or expired request, a decision that is not allowed, or
                a second approval of the same approver. Nothing was recorded.
        """

        def work(connection: Connection) -> tuple[list[ApprovalRecord], list[AuditEntry]]:
            # In one order, so that two such calls cannot wait for each other.
            for approval_id in sorted({decision.approval_id for decision in decisions}):
                row = _row_to_decide(connection, approval_id)
                if approval_id in anew and row.status in _CLOSED:
                    _change(connection, row.id, round=row.round + 1, status="waiting")
                    self._take_back(connection, row.id, "Its request was decided anew.")
            recorded = [self._decide(connection, decision) for decision in decisions]
            entries = [ENDORSEMENTS.insert(connection, given) for given in endorsements]
            entries += [GRANTS.insert(connection, given) for given in grants]
            if not at_work:
                _wake_decided(connection, [record for record, _ in recorded], self._clock())
            return [record for record, _ in recorded], [*(e for _, e in recorded), *entries][-1:]

        records, newest = await self._database.write(work)
        for entry in newest:
            await self._log.anchored(entry)
        return records

    def _decide(
        self, connection: Connection, decision: Decision
    ) -> tuple[ApprovalRecord, AuditEntry]:
        row = _row_to_decide(connection, decision.approval_id)
        record = self._record(connection, row)
        status = status_after(record, decision)
        # A round holds one decision of a person; who thinks again takes the former one back.
        again = any(given.approver == decision.approver for given in record.decisions)
        if again:
            self._take_back(connection, row.id, "Its request was decided anew.")
        round_ = row.round + again
        at = decision.decided_at or self._clock()
        decided = decision.model_copy(update={"decided_at": at})
        connection.execute(
            insert(decision_rows).values(
                approval_id=row.id, round=round_, approver=decision.approver, body=body_of(decided)
            )
        )
        _change(connection, row.id, round=round_, status=status)
        if status in _CLOSED and status != "approved":
            # Others may have agreed before; their agreement has come to nothing.
            self._take_back(connection, row.id, f"Its request was {status}.")
        entry = append_entry(
            connection,
            tenant=_tenant(connection, record),
            at=at,
            kind="approval_decided",
            thread_id=row.thread_id,
            run_id=row.run_id,
            actor=decision.approver,
            body=decided.to_json(),
        )
        return self._load(connection, row.id), entry

    async def withdraw(self, approval_id: str, reason: str, *, actor: str = "") -> None:
        """Take an approval or a request back, so that it must be asked again; with an audit entry.

        Args:
            approval_id: Which.
            reason: Why, for people.
            actor: Who takes it back; empty: the framework, which cannot carry it out.

        Raises:
            NotFoundError: There is no such request.
            DecisionError: It was rejected, responded to (unless with word of an outcome), expired
                or withdrawn.
        """

        def work(connection: Connection) -> AuditEntry:
            record = self._load(connection, approval_id, lock=True)
            heard = record.status == "responded" and record.request.unknown_effect
            if record.status not in _WITHDRAWABLE and not heard:
                raise DecisionError(
                    f"The request is {record.status}.",
                    where=f"approval {approval_id}",
                    fix="Only what waits or is approved can be withdrawn.",
                )
            now = self._clock()
            _change(connection, approval_id, status="withdrawn", reason=reason, expires_at=now)
            self._take_back(connection, approval_id, reason)
            return append_entry(
                connection,
                tenant=_tenant(connection, record),
                at=now,
                kind="approval_withdrawn",
                thread_id=record.thread_id,
                run_id=record.run_id,
                actor=actor,
                body={"approval_id": approval_id, "reason": reason},
            )

        await self._log.anchored(await self._database.write(work))

    def _take_back(self, connection: Connection, approval_id: str, reason: str) -> None:
        """Revoke what came with decisions that count no more."""
        revocation = Revocation(at=self._clock(), reason=reason)
        ENDORSEMENTS.revoke_of(connection, approval_id, revocation)
        GRANTS.revoke_of(connection, approval_id, revocation)

    async def waiting(self, thread_id: str | None = None) -> Sequence[ApprovalRecord]:
        """Return the open requests, oldest first."""
        unexpired = or_(approvals.c.expires_at.is_(None), approvals.c.expires_at > self._clock())
        return await self._select(approvals.c.status == "waiting", unexpired, thread_id=thread_id)

    async def of_thread(self, thread_id: str) -> Sequence[ApprovalRecord]:
        """Return all requests of a thread, oldest first."""
        return await self._select(thread_id=thread_id)

    async def _select(self, *conditions: Any, thread_id: str | None) -> list[ApprovalRecord]:
        query = select(approvals).where(*conditions).order_by(approvals.c.seq)
        if thread_id is not None:
            query = query.where(approvals.c.thread_id == thread_id)
        return await self._database.read(
            lambda connection: [
                self._record(connection, row) for row in connection.execute(query).all()
            ]
        )

    def _load(
        self, connection: Connection, approval_id: str, *, lock: bool = False
    ) -> ApprovalRecord:
        return self._record(connection, _row(connection, approval_id, lock=lock))

    def _record(self, connection: Connection, row: Row[Any]) -> ApprovalRecord:
        query = (
            select(decision_rows.c.body)
            .where(decision_rows.c.approval_id == row.id, decision_rows.c.round == row.round)
            .order_by(decision_rows.c.seq)
        )
        given = connection.execute(query).scalars()
        asked = f"pointsman_approvals.request, approval {row.id} of thread {row.thread_id}"
        decided = f"pointsman_decisions.body, approval {row.id} of thread {row.thread_id}"
        lapsed = row.expires_at is not None and row.expires_at <= self._clock()
        return ApprovalRecord(
            request=record_in(ApprovalRequest, row.request, where=asked),
            run_id=row.run_id,
            thread_id=row.thread_id,
            status="expired" if row.status == "waiting" and lapsed else row.status,
            decisions=tuple(record_in(Decision, body, where=decided) for body in given),
            reason=row.reason,
        )


def _wake_decided(connection: Connection, records: Sequence[ApprovalRecord], now: float) -> None:
    threads = {record.thread_id: record for record in records if record.status in _CLOSED}
    for thread, record in sorted(threads.items()):
        wake(connection, thread, tenant=_asker(record) or "", due_at=now)


def _asker(record: ApprovalRecord) -> str | None:
    """Return the tenant that a request's facts name; a question keeps none."""
    asker = record.request.facts.get("principal")
    return str(asker.get("tenant", "")) if isinstance(asker, Mapping) else None


def _tenant(connection: Connection, record: ApprovalRecord) -> str:
    named = _asker(record)
    return tenant_of_run(connection, record.run_id) if named is None else named


def _row(connection: Connection, approval_id: str, *, lock: bool = False) -> Row[Any]:
    query = select(approvals).where(approvals.c.id == approval_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFoundError(
            "There is no such request.",
            where=f"approval {approval_id}",
            fix="List what waits and use one of those ids.",
        )
    return row


def _row_to_decide(connection: Connection, approval_id: str) -> Row[Any]:
    try:
        return _row(connection, approval_id, lock=True)
    except NotFoundError as error:
        raise DecisionError(error.message, where=error.where, fix=error.fix) from None


def _change(connection: Connection, approval_id: str, **values: Any) -> None:
    connection.execute(update(approvals).where(approvals.c.id == approval_id).values(values))
