"""Kinds of action: which a word names, and which of them a tool performs by its name."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from .lexicon.reading import lexicon
from .words import fold, key_words, listed

_WORDS = lexicon("actions")
_PREFIXES = {kind: tuple(listed(words)) for kind, words in _WORDS["kinds"].items()}
_ALIKE = {(one, other) for one, other in _WORDS["alike"]}
_OPEN = frozenset(_WORDS["open"].split())
_OBJECTS = listed(_WORDS["objects"])
_MOVED = {word: kind for kind, words in _WORDS["moved"].items() for word in listed(words)}
_VERBS = {word: kind for kind, words in _WORDS["verbs"].items() for word in listed(words)}
_NOUNS = ("ment", "ion", "ung", "al", "s", "refund")
_JOINED = listed("and und et y then")


@lru_cache(maxsize=8192)
def kinds_of(word: str) -> frozenset[str]:
    """Return the kinds of action that a word may name."""
    folded = fold(word)
    return frozenset(k for k, prefixes in _PREFIXES.items() if folded.startswith(prefixes))


@lru_cache(maxsize=1024)
def kinds_of_tool(name: str) -> frozenset[str]:
    """Return the kinds of action that a tool's name tells.

    Behind a verb of its own the rest is an object: `cancel_order` orders nothing. Behind an open
    one it says what is done: `send_refund`, `create_order`, `send_money`.
    """
    words = key_words(name)
    found = frozenset[str]()
    is_said = False
    for at, word in enumerate(words):
        if is_said and word in _JOINED:
            is_said = False
            continue
        kinds = kinds_of(word) or frozenset((_VERBS | _MOVED).get(word, "").split())
        if not kinds or is_said:
            continue
        if word.removesuffix("s") in _OBJECTS:
            if not any(map(_is_verb, words[at + 1 :])):
                found |= kinds
            continue
        found |= kinds
        is_said = not kinds <= _OPEN
    return found


def _is_verb(word: str) -> bool:
    """Return whether a word of a tool's name says what is done: `cancel`, and no `replacement`."""
    return bool(kinds_of(word)) and word not in _OBJECTS and not word.endswith(_NOUNS)


def alike(kinds: Collection[str], others: Collection[str]) -> bool:
    """Return whether one tool may do both."""
    return any(
        one == other or (one, other) in _ALIKE or (other, one) in _ALIKE
        for one in kinds
        for other in others
    )
