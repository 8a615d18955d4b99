"""Wording: a policy's `@reason` template, filled in for the people who read it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..state.run import Principal
from ..tools.contract import ToolContract
from . import requests
from .facts import CallFacts
from .leaks import disclosure
from .policyset import PolicyNote


def call_words(
    contract: ToolContract,
    facts: CallFacts,
    *,
    actor: Principal | None = None,
    requester: str = "",
) -> dict[str, str]:
    """Return what a reason about a call may say.

    Args:
        contract: The tool, as corrected.
        facts: The call.
        actor: Who the question is about, where it is not the caller.
        requester: Who asked for the call, where it is not the caller.
    """
    person = actor or facts.principal
    taint = requests.taint_of(contract, facts)
    shown = disclosure(contract, facts)
    amount = requests.amount_cents(contract, facts.args)
    confidence = facts.confidence
    return {
        "tool": contract.name,
        "effect": contract.effect,
        "principal": person.id,
        "role": person.role,
        "missing_scopes": ", ".join(sorted({*contract.scopes} - {*person.scopes})),
        "arguments": ", ".join(n for n in taint.arguments if n not in taint.endorsed_arguments)
        or "none",
        "sources": _some(taint.sources),
        "outsiders": _some(shown.outsiders),
        "readers": _some(shown.readers or ()) or "nobody",
        "leaking": ", ".join(path or "what decided the call" for path in shown.leaks) or "none",
        "amount": _amount(amount),
        "confidence": "unknown" if confidence is None else f"{requests.percent(confidence)}%",
        "requester": requester or facts.principal.id,
        "environment": facts.environment,
    }


def _amount(cents: int | None) -> str:
    if cents is None:
        return "amount unknown"
    return (
        "an amount that cannot be read" if cents >= requests.MAX_CENTS else f"${cents / 100:,.2f}"
    )


def _some(sources: Sequence[str]) -> str:
    shown = [source[:100] for source in sources[:5]]
    return ", ".join([*shown, f"{len(sources) - 5} more"] if len(sources) > 5 else shown)


class _ReasonWords(dict[str, str]):
    """Words of a reason; one that this question has no value for is left as it stands."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def reason(notes: Sequence[PolicyNote], words: Mapping[str, str]) -> str:
    """Return the policies' reasons, each once, in their order in the file."""
    texts = (note.reason or f"Policy {note.id} says so." for note in notes)
    return " ".join(dict.fromkeys(text.format_map(_ReasonWords(words)) for text in texts))
