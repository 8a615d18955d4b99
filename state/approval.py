"""Approval: what a person is asked before a step may run, and how decisions are read.

The wire form is LangChain's batched human-in-the-loop request; the decisions of the clients that
exist (LangChain's own middleware, agent-chat-ui, agent-inbox, Studio) are all accepted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from ..errors import DecisionError
from .consent import name_form
from .endorsement import EndorsedArgument, read_endorsed
from .granted_calls import GrantedCalls, read_granted
from .happened import what_happened
from .item_decisions import COLUMN, Sent, spread
from .json_text import json_in
from .text import whole_json
from .values import Json, JsonObject, Record, Trust, digest

DecisionType = Literal["approve", "edit", "reject", "respond"]
DECISIONS: tuple[DecisionType, ...] = ("approve", "edit", "reject", "respond")

FACTS_KEY = "pointsman"
"""The one extra key of the interrupt value that carries our own facts."""

ID_PREFIX = "ap_"
"""How the id of a request begins, by which it is told from other ids."""

RECORDED: JsonObject = {"type": "recorded"}
"""Resume value that means: use the decisions that are already in the approval store."""

_OLD_FORMS: Mapping[str, DecisionType] = {
    "accept": "approve",
    "edit": "edit",
    "response": "respond",
    "ignore": "reject",
}

_WORDS: Mapping[str, DecisionType] = {
    "approve": "approve",
    "reject": "reject",
    **_OLD_FORMS,
    "respond": "respond",
}
"""Every word that is a decision."""


class ShownEvidence(Record):
    """A piece of evidence as an approver sees it, wherever its run is."""

    id: str
    source: str
    text: str
    """Its beginning."""
    trust: Trust = "internal"


class ApprovalRequest(Record):
    """One waiting action. Its digest binds everything that the approver sees."""

    id: str
    """Stable: the same action of the same run has the same id."""
    step: str
    tool: str
    """The tool, or `ask` for a question to the person."""
    args: JsonObject = {}
    """Exact arguments, references resolved."""
    description: str = ""
    """What will happen, in the tool's own words."""
    why: str = ""
    """Why a person is asked: the policy's reason."""
    effect: str = "read"
    risk: tuple[str, ...] = ()
    provenance: dict[str, tuple[str, ...]] = {}
    """Argument path → untrusted sources it was computed from; clean arguments are left out."""
    leaks: dict[str, tuple[str, ...]] = {}
    """Argument path → recipients who are not among the readers of what stands there; at the empty
    path, of what decided the call."""
    preview: Json = None
    """The change that the tool says it would make."""
    evidence: tuple[str, ...] = ()
    """Ids of the evidence that the decision rests on."""
    shown: tuple[ShownEvidence, ...] = ()
    """What that evidence says."""
    facts: JsonObject = {}
    """What policy was told of the call besides what stands here, so that a decision can be judged
    without the run: see `policy/recorded.py`."""
    allowed: tuple[DecisionType, ...] = DECISIONS
    digest: str = ""
    """Digest of tool, arguments, step, plan version and policy version."""
    policy: tuple[str, ...] = ()
    """Ids of the policies that decided."""
    requested_at: float = 0.0
    expires_at: float | None = None
    quorum: int = 1
    requester: str = ""
    repeats: str = ""
    """Step that made, or is about to make, an equal call in this run. Only an approval of such a
    request lets the call happen once more."""
    unknown_effect: str = ""
    """Idempotency key of a call whose outcome is unknown. Approving such a request runs the call
    again, responding records that it did happen, rejecting ends the step."""


class Decision(Record):
    """What one person says to one request."""

    approval_id: str
    type: DecisionType
    args: JsonObject | None = None
    """For `edit`: the new arguments. They make a new action."""
    message: str = ""
    """For `reject` and `respond`: the person's words."""
    endorse: tuple[EndorsedArgument, ...] = ()
    """For `approve`: arguments whose values are good from now on, not for this call alone."""
    grant: GrantedCalls | None = None
    """For `approve`: further calls of the tool that are allowed with it."""
    approver: str = ""
    """From authentication; empty only in local, single-user use."""
    approver_role: str = ""
    approver_scopes: tuple[str, ...] = ()
    approver_tenant: str = ""
    approver_token: str = ""
    """Id of the token that vouched for the approver."""
    approver_key: str = ""
    """Id of the key that signed the token."""
    approver_accountable: str = ""
    """The person behind the approver's name, where that is somebody else."""
    approver_authenticated: bool = False
    """Whether a credential vouched for the approver; without one the name counts for nothing."""
    decided_at: float = 0.0

    @property
    def person(self) -> str:
        """Who gave it, under whichever name and however it is written."""
        return name_form(self.approver_accountable or self.approver)


def approval_id(run: str, step: str, plan_version: int, action_digest: str) -> str:
    """Derive the stable id of a waiting action."""
    return ID_PREFIX + digest([run, step, plan_version, action_digest])[:20]


def interrupt_value(requests: Sequence[ApprovalRequest], facts: JsonObject) -> JsonObject:
    """Build the interrupt's value: LangChain's batched request, our facts under one key."""
    return {
        "action_requests": [
            {"name": r.tool, "args": r.args, "description": _describe(r)} for r in requests
        ],
        "review_configs": [
            {"action_name": r.tool, "allowed_decisions": list(r.allowed)} for r in requests
        ],
        # What policy was told of the requester is no business of whoever reads the question.
        FACTS_KEY: {
            **facts,
            "approvals": [
                r.model_dump(mode="json", exclude_defaults=True, exclude={"facts"})
                for r in requests
            ],
        },
    }


def _describe(request: ApprovalRequest) -> str:
    lines = [request.description or f"Run {request.tool}.", request.why]
    if request.repeats:
        lines.append(
            f"Step {request.repeats} of this run makes an equal call. To approve means that it "
            "happens once more."
        )
    lines += [
        f"Argument {path} comes from {', '.join(sources)}."
        for path, sources in request.provenance.items()
    ]
    lines += [
        f"{f'Argument {path}' if path else 'That it is called'} would show {', '.join(outside)} "
        "what they may not read."
        for path, outside in request.leaks.items()
    ]
    return "\n".join(line for line in lines if line)


def read_decisions(value: Json, requests: Sequence[ApprovalRequest]) -> tuple[Decision, ...]:
    """Read a resume value into decisions, matched to `requests` by position or approval id.

    Accepted: `{"decisions": [...]}`; the same keyed by interrupt id; one bare decision; the older
    list `[{"type": "accept|edit|response|ignore", "args": …}]`; and `RECORDED`. A decision may name
    its `approval_id`, or its `step`, which may stand for all items of a loop (`item_decisions`);
    without one, the n-th decision is on the n-th request. Fewer decisions than requests leave the
    rest waiting.

    Raises:
        DecisionError: The value has another form, decides more than was asked, decides one action
            twice, or uses a decision that is not allowed. Nothing of it is taken.
    """
    if value == RECORDED:
        return ()
    sent = _entries(whole_json(value))
    by_place = not any(isinstance(entry, dict) and "step" in entry for entry in sent)
    if by_place and len(sent) > len(requests):
        raise DecisionError(
            f"It holds {len(sent)} decisions for {len(requests)} waiting actions.",
            where="decisions",
            fix="Decide each waiting action once, in the order of action_requests.",
        )
    entries = spread(sent, {r.id: r.step for r in requests})
    by_id = {request.id: request for request in requests}
    decisions = tuple(
        _decision(entry, position, requests, by_id) for position, entry in enumerate(entries)
    )
    _check_columns(entries, decisions)
    _check_once(entries, decisions)
    return decisions


def _check_once(entries: Sequence[Sent], decisions: Sequence[Decision]) -> None:
    """Refuse two decisions on one action, wherever they stand."""
    first: dict[str, int] = {}
    for entry, decision in zip(entries, decisions, strict=True):
        if decision.approval_id in first:
            raise DecisionError(
                f"It decides an action that decisions.{first[decision.approval_id]} decides too.",
                where=f"decisions.{entry.at}",
                fix="Decide it once.",
            )
        first[decision.approval_id] = entry.at


def _check_columns(entries: Sequence[Sent], decisions: Sequence[Decision]) -> None:
    """What endorses a column must endorse the value of one of its items at least."""
    columns: dict[int, bool] = {}
    for entry, decision in zip(entries, decisions, strict=True):
        if isinstance(entry.said, dict) and entry.said.get(COLUMN) is True:
            columns[entry.at] = columns.get(entry.at, False) or bool(decision.endorse)
    for at, endorses in columns.items():
        if not endorses:
            raise DecisionError(
                "Nothing is asked because of these arguments of any item.",
                where=f"decisions.{at}.endorse",
                fix="Name the arguments whose values came from untrusted sources.",
            )


_INTERRUPT_ID = re.compile(r"[0-9a-f]{32}")
"""How LangGraph names interrupts."""


def _entries(value: Json) -> list[Json]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        if "decisions" in value:
            if _kind(value.get("type")):
                raise DecisionError(
                    "It is a decision and holds a list of decisions.",
                    where="type",
                    fix="Send one or the other.",
                )
            decisions = value["decisions"]
            if isinstance(decisions, list):
                return decisions
            raise DecisionError(
                "It is not a list.", where="decisions", fix="Send a list of decisions."
            )
        if "type" in value:
            return [value]
        [(key, inner), *others] = value.items() or [("", None)]
        if not others and _INTERRUPT_ID.fullmatch(key) and isinstance(inner, dict | list):
            # A client that keys its decisions by interrupt id; there is only ever one interrupt.
            return _entries(inner)
    raise DecisionError(
        f"A {type(value).__name__} is not a decision.",
        where="resume",
        fix='Send {"decisions": [{"type": "approve"}]} or another documented form.',
    )


def _decision(
    given: Sent,
    position: int,
    requests: Sequence[ApprovalRequest],
    by_id: Mapping[str, ApprovalRequest],
) -> Decision:
    where, entry = f"decisions.{given.at}", given.said
    if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
        raise DecisionError("A decision needs a `type`.", where=where, fix=f"One of {DECISIONS}.")
    given_id = _given_id(entry, where)
    request = by_id.get(given_id) if given_id is not None else requests[position]
    if request is None:
        raise DecisionError(
            f"No action waits under approval id {given_id!r}.",
            where=f"{where}.approval_id",
            fix=f"Waiting: {sorted(by_id)}.",
        )
    _check_meant(entry, request, requests, where)
    kind = _kind(entry["type"])
    if kind not in request.allowed:
        raise DecisionError(
            f"{entry['type']!r} is not allowed for {request.tool}.",
            where=f"{where}.type",
            fix=f"Allowed: {', '.join(request.allowed)}.",
        )
    _check_one_word(entry, kind, where)
    if kind == "approve":
        _check_unchanged(entry, request, where)
    endorsed = _endorsed(entry, kind, request, where)
    granted = _granted(entry, kind, request, where)
    message = _message(entry, where) if kind in ("reject", "respond") else ""
    if kind == "respond" and request.unknown_effect and what_happened(message) == "unclear":
        raise DecisionError(
            "It does not say plainly whether the call happened.",
            where=f"{where}.message",
            fix='Begin with "It happened:" or "It did not happen:". To have the call made again, '
            "approve; to leave it, reject.",
        )
    return Decision(
        approval_id=request.id,
        type=kind,
        args=_edited_args(entry, request, where) if kind == "edit" else None,
        message=message,
        endorse=endorsed,
        grant=granted,
    )


def _given_id(entry: JsonObject, where: str) -> str | None:
    """Return which request a decision names; our lists call it `id`, and so clients call theirs."""
    other = entry.get("id")
    named = other if isinstance(other, str) and other.startswith(ID_PREFIX) else None
    given = entry.get("approval_id")
    if given is None:
        return named
    if not isinstance(given, str):
        raise DecisionError("It is not text.", where=f"{where}.approval_id", fix="Send the id.")
    if named not in (None, given):
        raise DecisionError(
            f"It names two requests, {given} and {named}.",
            where=f"{where}.id",
            fix="Send a decision for each.",
        )
    return given


def _kind(word: Json) -> DecisionType | None:
    """Return the decision that a word stands for; `None` if it stands for none."""
    return _WORDS.get(word) if isinstance(word, str) else None


def _check_one_word(entry: JsonObject, kind: DecisionType, where: str) -> None:
    """Refuse a decision that says two things; some clients write its type under other names too."""
    for field in ("action", "decision"):
        if (other := _kind(entry.get(field))) and other != kind:
            raise DecisionError(
                f"It says {entry['type']!r} and {entry[field]!r}.",
                where=f"{where}.{field}",
                fix="Decide it one way.",
            )


def _check_meant(
    entry: JsonObject, request: ApprovalRequest, requests: Sequence[ApprovalRequest], where: str
) -> None:
    """Refuse a decision that says itself that it is on another action than where it stands."""
    others = {other.tool for other in requests} - {request.tool}
    for field in _NAMES:
        if isinstance(named := entry.get(field), str) and named in others:
            raise DecisionError(
                f"It names {named!r} and stands where {request.tool!r} is decided.",
                where=f"{where}.{field}",
                fix="Send the decisions in the order of action_requests, or name approval_id.",
            )
    if entry.get("digest", request.digest) != request.digest:
        raise DecisionError(
            "It is on another action than the one that waits.",
            where=f"{where}.digest",
            fix="Read what waits, and decide on that.",
        )


def _endorsed(
    entry: JsonObject, kind: DecisionType, request: ApprovalRequest, where: str
) -> tuple[EndorsedArgument, ...]:
    given = entry.get("endorse")
    if given is None:
        return ()
    if not _approves_call(kind, request):
        raise DecisionError(
            "Values are endorsed with the approval of a call.",
            where=f"{where}.endorse",
            fix="Approve the call as it stands, or leave `endorse` out.",
        )
    vouchable = {**request.provenance, **request.leaks}
    column = entry.get(COLUMN) is True
    return read_endorsed(given, request.args, vouchable, f"{where}.endorse", column=column)


def _granted(
    entry: JsonObject, kind: DecisionType, request: ApprovalRequest, where: str
) -> GrantedCalls | None:
    given = entry.get("grant")
    if given is None:
        return None
    if not _approves_call(kind, request):
        raise DecisionError(
            "Calls are granted with the approval of a call.",
            where=f"{where}.grant",
            fix="Approve the call as it stands, or leave `grant` out.",
        )
    return read_granted(given, f"{where}.grant")


def _approves_call(kind: DecisionType, request: ApprovalRequest) -> bool:
    return kind == "approve" and not request.unknown_effect and request.tool != "ask"


def _check_unchanged(entry: JsonObject, request: ApprovalRequest, where: str) -> None:
    """An approval is of what was asked; arguments that come with it must be those."""
    for field, given in entry.items():
        known = field in ("args", "edited_action")
        if field not in ("endorse", "grant") and _asks_otherwise(
            given, request, as_arguments=known
        ):
            raise DecisionError(
                "An approval cannot change the arguments.",
                where=f"{where}.{field}",
                fix='Send {"type": "edit", "edited_action": …} to change them, or approve without.',
            )


def _asks_otherwise(given: Json, request: ApprovalRequest, *, as_arguments: bool) -> bool:
    """Say whether a part of an approval holds other arguments than those asked for.

    Args:
        given: The part. A text is a remark, unless it is written as JSON.
        request: What is approved.
        as_arguments: Whether it stands where clients put arguments; elsewhere it must look so.
    """
    if isinstance(given, str):
        written = _json_in(given)
        return isinstance(written, dict) and _asks_otherwise(
            written, request, as_arguments=as_arguments
        )
    if not isinstance(given, dict):
        return isinstance(given, list) and as_arguments
    if given == request.args:
        return False
    inner = next((given[name] for name in _ARGUMENTS if isinstance(given.get(name), dict)), None)
    if inner is None:
        return as_arguments or not given.keys().isdisjoint(request.args)
    named = given.get("name", given.get("action", request.tool))
    return inner != request.args or named != request.tool


_ARGUMENTS = ("args", "arguments", "input", "parameters", "kwargs")
"""Names under which clients put the arguments of an action."""


_NAMES = ("name", "action_name", "tool_name", "tool", "action")
"""Names under which clients repeat the name of an action beside their decision."""


def _json_in(text: str) -> Json:
    try:
        return json_in(text) if text.lstrip().startswith("{") else None
    except ValueError:
        return None


def _edited_args(entry: JsonObject, request: ApprovalRequest, where: str) -> JsonObject:
    action = entry.get("edited_action", entry.get("args"))
    if isinstance(action, dict) and "args" in action:
        name = action.get("name", action.get("action", request.tool))
        if name != request.tool:
            raise DecisionError(
                f"An edit may not turn {request.tool} into {name!r}.",
                where=f"{where}.edited_action",
                fix="Reject it and say what to do instead.",
            )
        action = action["args"]
    if not isinstance(action, dict):
        raise DecisionError(
            "An edit needs the new arguments.",
            where=f"{where}.edited_action",
            fix='Send {"type": "edit", "edited_action": {"name": tool, "args": {…}}}.',
        )
    return action


def _message(entry: JsonObject, where: str) -> str:
    message = entry.get("message", entry.get("args", ""))
    if message is None:
        return ""
    if not isinstance(message, str):
        raise DecisionError("It is not text.", where=f"{where}.message", fix="Send a string.")
    return message
