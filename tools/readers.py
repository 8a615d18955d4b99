"""Who may read what a call returns, and to whom a call shows its arguments, by the contract."""

from __future__ import annotations

from collections.abc import Iterator

from ..state.readers import meet
from ..state.run import Principal
from ..state.values import Json, JsonObject, Readers, canonical_json
from .contract import ToolContract

ARGS, OUTPUT = "args:", "output:"
"""What a reader begins with that is looked up in the call: `output:participants`."""

CALLER = "run:principal"
"""The reader that stands for whoever the run acts for."""

EACH = "*"
"""Part of a path that stands for every entry of a list."""


def output_readers(
    contract: ToolContract, args: JsonObject, output: Json, *, caller: Principal
) -> Readers:
    """Return who may read an output, as the contract says; `None` where it says nothing.

    A path that finds nothing names nobody. Over a list (`output:mails.*.to`) the readers are those
    of every entry, because the output is read as a whole.

    Args:
        contract: The tool's contract.
        args: The arguments of the call.
        output: What it returned; `None` where it failed.
        caller: Who the run acts for.
    """
    if contract.readers is None:
        return None
    people: set[str] = set()
    for term in contract.readers:
        if term.startswith(ARGS):
            people.update(_people_at(args, term.removeprefix(ARGS)))
        elif term.startswith(OUTPUT):
            people.update(_people_at(output, term.removeprefix(OUTPUT)))
        else:
            people.add(caller.id if term == CALLER else term)
    return tuple(sorted(people))


def _people_at(value: Json, path: str) -> tuple[str, ...]:
    head, star, rest = path.partition(EACH)
    found = _at(value, head.strip("."))
    if not star:
        return tuple(people_in(found))
    if not isinstance(found, list):
        return ()
    return meet(_people_at(entry, rest.strip(".")) for entry in found) or ()


def _at(value: Json, path: str) -> Json:
    for part in path.split(".") if path else ():
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def people_in(value: Json) -> Iterator[str]:
    """Yield the people that a value names: a text, or texts in a list."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for entry in value:
            yield from people_in(entry)


def audience(contract: ToolContract, args: JsonObject) -> tuple[str, ...] | None:
    """Return to whom a call shows its arguments; `None` where the contract does not say.

    What stands at a recipient's place and is no text is taken as it is, and is nobody's name.
    """
    if contract.recipients is None:
        return None
    found: dict[str, None] = {}
    for path in contract.recipients:
        found |= dict.fromkeys(_recipients_in(_at(args, path)))
    return tuple(found)


def _recipients_in(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for entry in value:
            yield from _recipients_in(entry)
    elif value is not None:
        yield canonical_json(value)
