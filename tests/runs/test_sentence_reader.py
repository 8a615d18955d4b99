"""SentenceReader: sentences of a reply that is still being written, each once it is whole."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pointsman.runs.sentence_reader import SentenceReader, sentence_of

TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=20)
SENTENCES = st.lists(
    st.fixed_dictionaries({"text": TEXT, "cites": st.lists(TEXT, max_size=2)}), max_size=5
)


@given(SENTENCES, st.integers(1, 7), st.booleans())
def test_pieces_bring_what_the_whole_has(written: list[Any], size: int, fenced: bool) -> None:
    """Wherever the pieces are cut, the sentences are those of the parsed reply."""
    reply = json.dumps({"sentences": written}, ensure_ascii=not fenced)
    reply = f"```json\n{reply}\n```" if fenced else reply
    reader = SentenceReader()

    found = [s for at in range(0, len(reply), size) for s in reader.feed(reply[at : at + size])]

    assert found == [s for item in written if (s := sentence_of(item)) is not None]


@given(TEXT)
def test_anything_else_brings_nothing_and_raises_nothing(text: str) -> None:
    """A model may write what it likes."""
    assert SentenceReader().feed(text) == []


def test_a_reply_that_was_cut_off_is_forgotten() -> None:
    """What the next candidate writes is read from its beginning."""
    reader = SentenceReader()
    reader.feed('{"sentences": [{"text": "Half a sen')
    reader.forget()

    [found] = reader.feed('{"sentences": [{"text": "Whole.", "cites": []}]}')

    assert found.text == "Whole."
