"""Effects: what was done in a run, read once: the kinds of it, and what it was given and said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .evidence import Indexed, index
from .kinds import kinds_of, kinds_of_tool
from .words import folded_words, key_words, listed

_STATES = listed("status state result statut estado zustand ergebnis resultado")
_LABEL = 4
"""Words of the longest text field that names a state rather than telling of something."""


@dataclass(frozen=True, kw_only=True)
class EffectCall:
    """Something that was done in the run: the tool, what it was given and what it said."""

    tool: str
    args: Mapping[str, Any]
    output: Any = None


@dataclass(frozen=True, kw_only=True)
class DoneEffect:
    """An effect, read."""

    effect: EffectCall
    given: Indexed
    """Its arguments."""
    whole: Indexed
    """Its arguments and its result."""

    @cached_property
    def kinds(self) -> frozenset[str]:
        """Kinds of action that its tool's name tells."""
        return kinds_of_tool(self.effect.tool)

    @cached_property
    def told_kinds(self) -> frozenset[str]:
        """Kinds that its result tells besides: `{"refund": 50}` of a cancellation."""
        size = len(self.given.leaves)
        words: set[str] = set()
        for leaf in self.whole.leaves[size:]:
            if leaf.value not in (False, None):
                words.update(key_words(leaf.key))
            if isinstance(leaf.value, str) and _STATES.intersection(key_words(leaf.key)):
                found = folded_words(leaf.value)
                words.update(found if len(found) <= _LABEL else ())
        return frozenset[str]().union(*map(kinds_of, words))


def read_effects(effects: list[EffectCall]) -> tuple[DoneEffect, ...]:
    """Read what was done."""
    return tuple(
        DoneEffect(
            effect=effect,
            given=index(f"given {at}", "", _json(dict(effect.args))),
            whole=index(
                f"effect {at}",
                effect.tool,
                _json({"args": dict(effect.args), "output": effect.output}),
            ),
        )
        for at, effect in enumerate(effects)
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
