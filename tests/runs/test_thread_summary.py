"""A long conversation is shown in short: bounded, labelled, and in its own words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pointsman.runs.thread_summary import CUT, SHORT, SUMMARY_CHARACTERS, in_short, is_cut
from pointsman.state.task import Utterance

utterances = st.lists(
    st.builds(
        Utterance,
        speaker=st.sampled_from(["user", "assistant"]),
        text=st.text(min_size=1, max_size=600).filter(str.strip),
        sources=st.sampled_from([(), ("mail:1",)]),
        turn=st.integers(min_value=1, max_value=99),
    ),
    max_size=120,
)


@given(said=utterances)
def test_what_is_shown_in_short_is_bounded(said: list[Utterance]) -> None:
    """However long the thread, the summary has its room, and keeps speaker, turn and sources."""
    short = in_short(said)

    assert sum(len(u.text) for u in short) <= SUMMARY_CHARACTERS
    assert all(len(u.text) <= SHORT for u in short)
    labels = [(u.speaker, u.turn, u.sources) for u in said]
    assert [(u.speaker, u.turn, u.sources) for u in short[:1]] == labels[:1]
    tail = short[1:]
    assert [(u.speaker, u.turn, u.sources) for u in tail] == labels[len(labels) - len(tail) :]


def test_sentences_with_figures_are_kept_before_others() -> None:
    """An order number is more worth than a pleasantry."""
    text = "I looked into it. That took a while. Order A-77 costs 49.90 euros. Have a nice day."
    [short] = in_short([Utterance(speaker="assistant", text=text, turn=3)])

    assert short.text == "I looked into it. Order A-77 costs 49.90 euros."
    assert not is_cut(short)


def test_a_sentence_that_is_cut_says_so() -> None:
    """Its end may have denied it: it is marked, and is no ground for an answer."""
    [short] = in_short([Utterance(speaker="assistant", text="Order A-77 " * 60, turn=1)])

    assert short.text.endswith(CUT)
    assert is_cut(short)
    assert short.missing > 0
