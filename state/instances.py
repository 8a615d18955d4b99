"""Ids of step instances: a step for one item of a loop, or of each of two loops in each other."""

from __future__ import annotations

import re
from collections.abc import Sequence

_INSTANCE = re.compile(r"([a-z][a-z0-9_]{0,39})((?:\[[^\[\]]*\])*)", re.ASCII)


def instance(step_id: str, keys: Sequence[str]) -> str:
    """Return the id of a step for one item, or one of each of two nested loops: `pay[INV-3]`."""
    return step_id + "".join(f"[{key}]" for key in keys)


def parts_of(instance_id: str) -> tuple[str, tuple[str, ...]]:
    """Return the step and the keys of an instance.

    Raises:
        ValueError: It is no id of an instance.
    """
    match = _INSTANCE.fullmatch(instance_id)
    if match is None:
        raise ValueError(f"{instance_id!r} is no id of a step or of one of its items")
    return match[1], tuple(re.findall(r"\[([^\[\]]*)\]", match[2]))


def step_of(id_: str) -> str:
    """Return the step of the plan behind an instance; what is none stands as it is."""
    return id_.partition("[")[0]
