"""Granted with a decision: further calls of the tool that the person who approves one allows."""

from __future__ import annotations

from ..errors import DecisionError
from .endorsement import EndorseFor, read_scope, read_seconds
from .grant import ArgumentBound, BoundKind
from .values import Json, JsonObject, Record

BOUND_KINDS: tuple[BoundKind, ...] = ("equal", "one_of", "at_most", "prefix")
FIELDS = (*BOUND_KINDS, "any_arguments", "uses", "expires_seconds", "for")


class GrantedCalls(Record):
    """What a decision says of further calls of its tool. What a bound may be is policy's."""

    bounds: tuple[ArgumentBound, ...] = ()
    uses: int | None = None
    expires_seconds: float | None = None
    scope: EndorseFor = "principal"

    def in_words(self) -> str:
        """Say it to a person."""
        many = "" if self.uses is None else f"{self.uses} more "
        within = "; ".join(bound.in_words() for bound in self.bounds) or "any arguments"
        return f"{many}calls within {within}"


def read_granted(value: Json, where: str) -> GrantedCalls:
    """Read the `grant` key of a decision.

    Args:
        value: What stands there.
        where: Where the key stands.

    Raises:
        DecisionError: It has another form, sets no bound without saying so, or would never end;
            `where` names the field.
    """
    if not isinstance(value, dict):
        raise DecisionError(
            "It is not an object.",
            where=where,
            fix='Send "grant": {"at_most": {"amount": 50}, "uses": 20}.',
        )
    if unknown := sorted(set(value) - set(FIELDS)):
        raise DecisionError(
            "There is no such field.",
            where=f"{where}.{unknown[0]}",
            fix=f"The fields are {', '.join(FIELDS)}.",
        )
    bounds = tuple(bound for kind in BOUND_KINDS for bound in _bounds(kind, value, where))
    unbounded = value.get("any_arguments", False)
    if not isinstance(unbounded, bool):
        raise DecisionError("It is not true or false.", where=f"{where}.any_arguments")
    if not bounds and not unbounded:
        raise DecisionError(
            "It sets no bound.",
            where=where,
            fix=f'Give one of {", ".join(BOUND_KINDS)}, or "any_arguments": true.',
        )
    return GrantedCalls(
        bounds=bounds,
        uses=_uses(value.get("uses"), f"{where}.uses"),
        expires_seconds=read_seconds(value.get("expires_seconds"), f"{where}.expires_seconds"),
        scope=read_scope(value.get("for", "principal"), f"{where}.for"),
    )


def _bounds(kind: BoundKind, grant: JsonObject, where: str) -> list[ArgumentBound]:
    given = grant.get(kind, {})
    if not isinstance(given, dict):
        raise DecisionError(
            "It is not an object.",
            where=f"{where}.{kind}",
            fix=f'Send "{kind}": {{argument: value}}.',
        )
    return [ArgumentBound(argument=name, kind=kind, value=value) for name, value in given.items()]


def _uses(value: Json, where: str) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise DecisionError("It is no number of calls.", where=where, fix="Send a whole number.")
    return value
