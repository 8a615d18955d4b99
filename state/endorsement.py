"""Endorsement: a person vouches for one value, so that its source is no reason to ask again.

It is for exactly this value: other case, other spaces or another Unicode form is another value, and
a list or an object is not endorsed by what stands in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from ..errors import DecisionError
from .consent import ConsentScope, Revocation, Signatory
from .references import at_path
from .values import Json, JsonObject, Record, digest, size_of

MAX_VALUE_BYTES = 10_000
"""Largest value that a person can be said to have read."""

MIN_ANYWHERE = 4
"""Characters of a text that may be endorsed for any argument: shorter ones turn up by chance."""

EndorseFor = Literal["thread", "principal", "tenant"]


class Endorsement(Record):
    """One value that somebody vouches for."""

    id: str
    value: Json
    tool: str = ""
    """The tool that may get it; empty for any."""
    argument: str = ""
    """The argument that may be it, or hold it: `to` covers `to.0`. Empty for any."""
    recipients: tuple[str, ...] = ()
    """If it is about who may read the value: to whom it may be shown besides its readers. Without
    any, it is about where the value comes from."""
    scope: ConsentScope = ConsentScope()
    by: Signatory = Signatory()
    at: float = 0.0
    expires_at: float | None = None
    approval_id: str = ""
    """The request whose decision it came with; empty if it was given by itself."""
    message: str = ""
    """The person's own words."""
    revocation: Revocation | None = None

    @property
    def digest(self) -> str:
        """Digest of the value."""
        return digest(self.value)

    def is_for(self, tool: str, path: str) -> bool:
        """Say whether it is meant for an argument path of a tool."""
        return self.tool in ("", tool) and (not self.argument or _is_at(path, self.argument))

    def state(self, now: float) -> Literal["in force", "expired", "revoked"]:
        """Say whether it is in force."""
        if self.revocation is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and now >= self.expires_at else "in force"


def _is_at(path: str, argument: str) -> bool:
    return path == argument or path.startswith(f"{argument}.")


class EndorsedArgument(Record):
    """What a decision says of an argument: this value is good, from now on."""

    argument: str
    scope: EndorseFor = "principal"
    any_tool: bool = False
    any_argument: bool = False
    expires_seconds: float | None = None
    """As long as the settings allow, unless it says less."""


_FIELDS = {"argument", "for", "any_tool", "any_argument", "expires_seconds"}
_SCOPES: tuple[EndorseFor, ...] = ("thread", "principal", "tenant")


def read_endorsed(
    value: Json,
    args: JsonObject,
    vouchable: Mapping[str, tuple[str, ...]],
    where: str,
    *,
    column: bool = False,
) -> tuple[EndorsedArgument, ...]:
    """Read the `endorse` key of a decision.

    Args:
        value: What stands there: a list of argument names, or of objects.
        args: The arguments that were asked for.
        vouchable: Argument path → untrusted sources, or recipients outside of its readers, as the
            person was shown them.
        where: Where the key stands.
        column: Whether it is said of all items of a loop: of an item whose value needs no
            endorsement it then says nothing.

    Raises:
        DecisionError: It has another form, or names what needs no endorsement; `where` names it.
    """
    if not isinstance(value, list):
        raise DecisionError(
            "It is not a list.",
            where=where,
            fix='Send "endorse": ["to"], or [{"argument": "to", "for": "tenant"}].',
        )
    entries = [_entry(item, f"{where}.{position}") for position, item in enumerate(value)]
    if column:
        entries = [entry for entry in entries if endorsed_paths(entry, vouchable)]
    for position, entry in enumerate(entries):
        _check_value(entry, args, vouchable, f"{where}.{position}")
    return tuple(entries)


def _entry(item: Json, where: str) -> EndorsedArgument:
    if isinstance(item, str):
        return EndorsedArgument(argument=item)
    if not isinstance(item, dict) or not isinstance(item.get("argument"), str):
        raise DecisionError(
            "An endorsement names an `argument`.", where=where, fix='Send {"argument": "to"}.'
        )
    if unknown := sorted(set(item) - _FIELDS):
        raise DecisionError(
            "There is no such field.",
            where=f"{where}.{unknown[0]}",
            fix=f"The fields are {', '.join(sorted(_FIELDS))}.",
        )
    for flag in ("any_tool", "any_argument"):
        if not isinstance(item.get(flag, False), bool):
            raise DecisionError("It is not true or false.", where=f"{where}.{flag}")
    return EndorsedArgument(
        argument=item["argument"],
        scope=read_scope(item.get("for", "principal"), f"{where}.for"),
        any_tool=item.get("any_tool", False),
        any_argument=item.get("any_argument", False),
        expires_seconds=read_seconds(item.get("expires_seconds"), f"{where}.expires_seconds"),
    )


def read_scope(value: Json, where: str) -> EndorseFor:
    """Read for whose runs a decision allows something. Raises `DecisionError`."""
    if value not in _SCOPES:
        raise DecisionError(
            f"{value!r} is no scope.", where=where, fix=f"One of {', '.join(_SCOPES)}."
        )
    return value


def read_seconds(value: Json, where: str) -> float | None:
    """Read how long it holds, if it says so. Raises `DecisionError`."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e10:
        raise DecisionError("It is no number of seconds above 0.", where=where, fix="Send seconds.")
    return float(value)


def _check_value(
    entry: EndorsedArgument,
    args: JsonObject,
    vouchable: Mapping[str, tuple[str, ...]],
    where: str,
) -> None:
    paths = endorsed_paths(entry, vouchable)
    if not paths:
        raise DecisionError(
            f"Nothing is asked because of {entry.argument!r}, so it needs no endorsement.",
            where=f"{where}.argument",
            fix=f"Endorse one of: {', '.join(filter(None, vouchable)) or 'none needs it'}.",
        )
    for path in paths:
        try:
            value = at_path(args, path)
        except KeyError:
            raise DecisionError(
                f"The call has no value at {path!r}.", where=f"{where}.argument"
            ) from None
        if problem := unendorsable(value, anywhere=entry.any_argument):
            raise DecisionError(problem, where=f"{where}.argument", fix="Approve without.")


def endorsed_paths(
    entry: EndorsedArgument, vouchable: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """Return the paths that an entry is about: what people are asked about, at the argument."""
    return tuple(path for path in vouchable if path and _is_at(path, entry.argument))


def unendorsable(value: Json, *, anywhere: bool) -> str:
    """Return why a value cannot be endorsed; an empty string if it can.

    Args:
        value: The value.
        anywhere: Whether it is meant for any argument.
    """
    if size_of(value) > MAX_VALUE_BYTES:
        return f"A value of more than {MAX_VALUE_BYTES:,} bytes cannot be endorsed."
    if anywhere and not (isinstance(value, str) and len(value) >= MIN_ANYWHERE):
        return f"Only a text of {MIN_ANYWHERE} characters or more can be endorsed for any argument."
    return ""
