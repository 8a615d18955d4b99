"""Edits: arguments that a person has put in the place of those asked for make a new action."""

from __future__ import annotations

import asyncio
from functools import partial

from ..policy.facts import CallFacts
from ..policy.recorded import facts_of
from ..state.approval import DECISIONS, ApprovalRequest, Decision, approval_id
from ..state.provenance import edited_provenance
from ..state.readers import meet
from ..state.results import StepResult
from ..state.values import JsonObject
from ..tools.plain import is_small
from .arguments import first_form
from .asking import LAPSED, renewed
from .binding import bound_action
from .dependencies import Dependencies
from .facts import call_facts
from .view import RunView


async def edited(
    result: StepResult,
    request: ApprovalRequest,
    decision: Decision,
    view: RunView,
    dependencies: Dependencies,
) -> StepResult:
    """Return the step with the new action; its editor's approval is recorded for exactly that.

    Raises:
        ArgumentError: The new arguments do not fit the tool.
    """
    run, action = view.run, await _new_action(request, decision, view, dependencies)
    record = await dependencies.store.approvals.open(run.id, run.thread_id, action)
    if record.status == "waiting" and not record.decisions:
        approval = decision.model_copy(
            update={"approval_id": action.id, "type": "approve", "args": None}
        )
        [record] = await dependencies.store.approvals.decide([approval])
    status = "cleared" if record.status == "approved" else "waiting"
    decided = result.model_copy(update={"status": status, "approval": action})
    if record.status in LAPSED:
        return renewed(decided, action, now=dependencies.clock())
    return decided


async def _new_action(
    request: ApprovalRequest, decision: Decision, view: RunView, dependencies: Dependencies
) -> ApprovalRequest:
    """Return the request that the new arguments would have made, under the policies in force."""
    given = decision.args or {}
    form = await first_form(request.tool, given, view.run, dependencies, step=request.step)
    args = form.args
    provenance = await _provenance(request, args)
    asked = facts_of(request) if request.facts else None
    facts = await call_facts(
        view.run,
        view.plan,
        request.tool,
        args,
        provenance,
        dependencies,
        memory=view.memory,
        control=asked.taint if asked else (),
        readers=_readers_of_edit(asked),
    )
    ruling = dependencies.policy.decide(dependencies.tools.get(request.tool).contract, facts)
    bound = await bound_action(request.tool, args, request.step, view.plan.version, ruling.version)
    # As of the decision, so that a replay neither prolongs the consent nor revives it.
    at, lasts = decision.decided_at, ruling.expires_seconds
    return request.model_copy(
        update={
            "id": approval_id(request.id, request.step, view.plan.version, bound),
            "args": args,
            "why": ruling.reason,
            "digest": bound,
            "provenance": provenance,
            "leaks": ruling.leaks,
            "facts": {**request.facts, **({"readers": facts.readers} if facts.readers else {})},
            "preview": None,
            "policy": ruling.policies,
            # The editor has said yes already, whatever the others may still say.
            "allowed": tuple(kind for kind in DECISIONS if kind in {*ruling.allowed, "approve"}),
            "quorum": ruling.quorum,
            "requested_at": at,
            "expires_at": at + lasts if lasts is not None else None,
        }
    )


async def _provenance(request: ApprovalRequest, args: JsonObject) -> dict[str, tuple[str, ...]]:
    """Return the labels of the new arguments; those of large ones are left to a thread."""
    work = partial(edited_provenance, request.provenance, request.args, args)
    small = is_small(args) and is_small(request.args)
    return work() if small else await asyncio.to_thread(work)


def _readers_of_edit(asked: CallFacts | None) -> dict[str, tuple[str, ...]]:
    """Return who may read the new arguments: what the person saw may stand anywhere in them."""
    readers = meet(asked.readers.values()) if asked else None
    return {} if readers is None else {"": readers}
