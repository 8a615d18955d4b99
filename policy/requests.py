"""Requests: our facts in the form that Cedar and the schema expect. Pure."""

from __future__ import annotations

import math
import re
from decimal import Decimal

from ..state.references import at_path
from ..state.run import Principal
from ..state.values import Json, JsonObject
from ..tools.contract import ToolContract
from .facts import CallFacts
from .leaks import disclosure
from .people import are_one
from .roles import LOCAL, is_authenticated, role_name, role_number
from .taint import Taint, assess

MAX_CENTS = 10**15
"""Larger sums are clamped, so that a policy may still multiply them without overflow."""

MAX_TEXT = 1000
"""Characters of free text that a request carries."""

_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,15}(\.([0-9]{1,2}|[0-9]{4,9}))?")
"""A number that nobody reads otherwise: three digits after a point may be thousands."""


def user(principal: Principal) -> JsonObject:
    """Return the `User` entity."""
    name, number = principal.id or LOCAL, role_number(principal.role)
    return _entity(
        "User",
        name,
        name=name,
        role=number,
        roleName=role_name(number) if number else principal.role[:MAX_TEXT],
        scopes=list(principal.scopes),
        tenant=principal.tenant,
    )


def tool(contract: ToolContract, *, frozen: bool = False) -> JsonObject:
    """Return the `Tool` entity."""
    return _entity(
        "Tool",
        contract.name,
        name=contract.name,
        effect=contract.effect,
        trust=contract.trust,
        risk=list(contract.risk),
        scopes=list(contract.scopes),
        egress=contract.egress,
        frozen=frozen,
    )


def model(name: str) -> JsonObject:
    """Return the `Model` entity."""
    return _entity("Model", name, name=name)


def system() -> JsonObject:
    """Return the `System` entity."""
    return _entity("System", "pointsman")


def _entity(kind: str, key: str, /, **attributes: Json) -> JsonObject:
    return {"uid": {"type": kind, "id": key}, "attrs": attributes, "parents": []}


def request(
    principal: JsonObject, action: str, resource: JsonObject, context: JsonObject
) -> JsonObject:
    """Return a Cedar request between two entities."""
    return {
        "principal": principal["uid"],
        "action": {"type": "Action", "id": action},
        "resource": resource["uid"],
        "context": context,
    }


def call_context(
    contract: ToolContract,
    facts: CallFacts,
    *,
    requester: str = "",
    approver: Principal | None = None,
) -> JsonObject:
    """Return the `Call` context of `call`, `callUnattended` and `approve`."""
    taint = taint_of(contract, facts)
    people = [facts.principal, approver or facts.principal]
    requested_by = requester or facts.principal.id or LOCAL
    asking = facts.principal if requested_by == facts.principal.id else Principal(id=requested_by)
    # Policies compare names, and one person may hold tokens of several: these are given as one.
    same = approver is not None and approver.id and are_one(approver, asking)
    known_as = approver.id if approver and same else requested_by
    context: JsonObject = {
        "consequential": taint.consequential,
        "tainted": bool(taint.call),
        "taintedArguments": list(taint.arguments),
        "consequentialTainted": bool(taint.consequential_arguments),
        "spentCents": cents(facts.spent_usd),
        "environment": facts.environment,
        "task": facts.task[:MAX_TEXT],
        "allowlisted": facts.allowed_tools is None or contract.name in facts.allowed_tools,
        "askAlways": facts.ask_always,
        "authenticated": any(is_authenticated(person) for person in people)
        or is_authenticated(Principal(id=requested_by)),
        "requester": {"name": known_as, "tenant": facts.principal.tenant},
    }
    shown = disclosure(contract, facts)
    sets = {"recipients": shown.recipients, "readers": shown.readers, "leaks": shown.outsiders}
    context |= {name: list(people) for name, people in sets.items() if people}
    if shown.readers == ():
        context["readers"] = []
    if facts.grant:
        context["grant"] = {"id": facts.grant, "by": facts.granted_by}
    if taint.endorsed_arguments:
        context["endorsedArguments"] = list(taint.endorsed_arguments)
    if (amount := amount_cents(contract, facts.args)) is not None:
        context["amountCents"] = amount
    if facts.confidence is not None:
        context["confidence"] = percent(facts.confidence)
    return context


def circumstances(principal: Principal, *, environment: str, **more: str) -> JsonObject:
    """Return the context of the actions that are not about one call."""
    return {"environment": environment, "authenticated": is_authenticated(principal), **more}


def taint_of(contract: ToolContract, facts: CallFacts) -> Taint:
    """Return what untrusted text can do to the call."""
    return assess(
        contract, taint=facts.taint, tainted_args=facts.tainted_args, endorsed=facts.endorsed
    )


def amount_cents(contract: ToolContract, args: JsonObject) -> int | None:
    """Return the call's amount in US cents, without its sign and rounded up.

    A negative amount is as large as a positive one: a threshold must not be passed by a minus. What
    cannot be read is the largest amount, because nobody knows how the tool will read it: "2e4",
    "20,000", "20.000" (which is twenty or twenty thousand), no amount at all. `None` where the
    contract names no amount.
    """
    if not contract.amount:
        return None
    try:
        value = at_path(args, contract.amount)
    except KeyError:
        return MAX_CENTS
    number = plain_number(value)
    return MAX_CENTS if number is None else cents(number)


def plain_number(value: Json) -> Decimal | None:
    """Return a number that nobody reads otherwise, exactly; `None` for anything else."""
    if isinstance(value, str):
        return Decimal(value) if _PLAIN_NUMBER.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    # Through its shortest decimal form: 50.0 * 1.1 style residues must not add a cent.
    return Decimal(str(value))


def cents(usd: float | Decimal) -> int:
    """Return whole cents, without sign, rounded up and clamped; what is no number is the most."""
    if not abs(usd) < MAX_CENTS // 100:
        return MAX_CENTS
    # Through its shortest decimal form: 50.0 * 1.1 style residues must not add a cent.
    exact = usd if isinstance(usd, Decimal) else Decimal(str(usd))
    return math.ceil(abs(exact) * 100)


def percent(confidence: float) -> int:
    """Return whole percent, rounded down, from 0 to 100; what is no number is 0."""
    if math.isnan(confidence):
        return 0
    return math.floor(min(max(confidence, 0.0), 1.0) * 100)
