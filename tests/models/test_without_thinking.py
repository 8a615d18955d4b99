"""What is shown while a reply arrives holds none of its thinking, however the pieces fall."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pointsman.models.calling.thinking import without_thinking
from pointsman.models.calling.without_thinking import SpokenText

MARKS = [
    ("<think>", "</think>"),
    ('<thinking depth="3">', "</thinking>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<unused94>thought\n", "<unused95>"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
]
PARTS = [mark for pair in MARKS for mark in pair] + [
    "Hello.", "Hm", "\n", "\n\n", " ", "a < b", "<b>", "[1]", "[T", "`<think>`", "x" * 90, "<|", "<"
]  # fmt: skip


def shown(pieces: list[str]) -> str:
    """Return what somebody sees who is shown a reply in these pieces."""
    seen: list[str] = []
    spoken = SpokenText(seen.append, seen.clear)
    for piece in pieces:
        spoken.add(piece)
    spoken.end()
    return "".join(seen)


def cut(text: str, places: list[int]) -> list[str]:
    """Cut a text at some places."""
    edges = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[a:b] for a, b in itertools.pairwise(edges)]


@example("a < b\n<think></think>\na < b", [])
@given(st.lists(st.sampled_from(PARTS), max_size=9).map("".join), st.lists(st.integers(0, 999)))
def test_what_is_shown_is_the_reply_without_its_thinking(text: str, places: list[int]) -> None:
    """In whatever pieces it comes; white space at its edges aside."""
    assert shown(cut(text, places)).strip() == without_thinking(text).strip()


@pytest.mark.parametrize(("begin", "end"), MARKS, ids=[begin for begin, _ in MARKS])
def test_marks_that_come_letter_by_letter(begin: str, end: str) -> None:
    """Nothing of the thinking was ever shown, not even for a moment."""
    seen: list[str] = []
    spoken = SpokenText(seen.append, lambda: pytest.fail("something had to be taken back"))

    for letter in f"Hi.\n{begin}\nsecret\n{end}\nBye.":
        spoken.add(letter)
    spoken.end()

    assert "".join(seen) == "Hi.\nBye."


def test_thinking_that_began_in_the_prompt_is_taken_back() -> None:
    """Its end is the first sign of it."""
    taken: list[Any] = []
    seen: list[str] = []
    spoken = SpokenText(seen.append, lambda: taken.append(seen[:]))

    for piece in ("I should ", "refuse.\n</th", "ink>\n\n", "Gladly."):
        spoken.add(piece)
    spoken.end()

    assert taken == [["I should ", "refuse.\n"]]
    assert "".join(seen[2:]) == "Gladly."


def test_speech_is_not_held_back() -> None:
    """What cannot become a mark is shown at once."""
    seen: list[str] = []
    spoken = SpokenText(seen.append, seen.clear)

    for piece in ("Less: a < b", ", more: ", "[1] and <b>bold</b> "):
        spoken.add(piece)

    assert "".join(seen) == "Less: a < b, more: [1] and <b>bold</b> "


@pytest.mark.parametrize("unit", ["x", "<", "<think ", "[TH", "<|channel|>", "\n</think>", "a b "])
def test_a_million_characters_are_told_apart_quickly(unit: str) -> None:
    """In pieces of a few letters, as providers send them."""
    text = unit * (1_000_000 // len(unit))
    spoken = SpokenText(lambda _text: None, lambda: None)

    started = time.thread_time()
    for at in range(0, len(text), 40):
        spoken.add(text[at : at + 40])
    spoken.end()

    assert time.thread_time() - started < 5
