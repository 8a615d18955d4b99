"""Taint: which untrusted text reaches a call, and whether it could steer what the call does."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from ..state.values import Record
from ..tools.contract import ToolContract


class Taint(Record):
    """What policy must know of untrusted text in one call."""

    consequential: bool
    """Whether the call changes something or can carry data out."""
    call: tuple[str, ...] = ()
    """Untrusted sources behind the call itself."""
    arguments: tuple[str, ...] = ()
    """Names of the arguments that untrusted text flowed into."""
    consequential_arguments: tuple[str, ...] = ()
    """Those of them that decide what is changed or who learns of it, and are not endorsed."""
    endorsed_arguments: tuple[str, ...] = ()
    """Those of them for all of whose values a person vouches."""
    sources: tuple[str, ...] = ()
    """Every untrusted source, of the call and of its arguments."""


def is_consequential(contract: ToolContract) -> bool:
    """Say whether the tool changes something, or reads in a way that can carry data out."""
    return contract.effect != "read" or contract.egress


def assess(
    contract: ToolContract,
    *,
    taint: Sequence[str] = (),
    tainted_args: Mapping[str, Sequence[str]] | None = None,
    endorsed: Container[str] = (),
) -> Taint:
    """Work out what untrusted text can do to a call.

    Args:
        contract: The tool. `consequential=None` means that all its arguments are.
        taint: Untrusted sources behind the call itself.
        tainted_args: Argument path → untrusted sources. A path counts under its first part:
            `items.0.id` taints `items`. The empty path taints every argument.
        endorsed: Paths whose values a person vouches for.
    """
    by_name: dict[str, set[str]] = {}
    open_names: set[str] = set()
    for path, sources in (tainted_args or {}).items():
        if sources:
            by_name.setdefault(top_level(path), set()).update(sources)
            if path not in endorsed:
                open_names.add(top_level(path))
    return Taint(
        consequential=is_consequential(contract),
        call=tuple(taint),
        arguments=tuple(sorted(by_name)),
        consequential_arguments=tuple(sorted(n for n in open_names if _decides(contract, n))),
        endorsed_arguments=tuple(sorted(by_name.keys() - open_names)),
        sources=tuple(sorted({*taint, *(s for found in by_name.values() for s in found)})),
    )


def top_level(path: str) -> str:
    """Return the argument's name that a path belongs to."""
    return path.split(".", 1)[0]


def _decides(contract: ToolContract, name: str) -> bool:
    if contract.consequential is None or not name:
        return True
    return name in {top_level(path) for path in contract.consequential}
