"""Checking: what of an answer reaches a reader."""

from __future__ import annotations

from datetime import date

import pytest

from pointsman.grounding.evidence import index
from pointsman.grounding.ground import Ground
from pointsman.runs.checking import check_sentences
from pointsman.state.answer import Sentence

GROUND = Ground(
    evidence={"a": index("a", "ticket 7", "Total 49.90 euros. I have moved to Lyon.")},
    today=date(2026, 5, 1),
)


@pytest.mark.parametrize("keep", [True, False])
async def test_what_only_meaning_can_judge_is_kept_and_marked_or_dropped(keep: bool) -> None:
    """As the caller says, who knows the risk."""
    vague = "The customer seems to be content."

    checked = await check_sentences(
        [Sentence(text=vague, cites=("a",))], GROUND, keep_unverified=keep
    )

    assert [s.text for s in checked.kept] == ([vague] if keep else [])
    assert checked.unverified == ((vague,) if keep else ())
    assert [s.text for s in checked.failed] == ([] if keep else [vague])


async def test_a_longer_text_loses_only_the_sentence_that_fails() -> None:
    """The others of the same draft stay, with its citation."""
    text = "The total is 49.90 euros. The total was 48.90 euros. Thank you!"

    checked = await check_sentences(
        [Sentence(text=text, cites=("a", "unknown"))], GROUND, keep_unverified=True
    )

    assert checked.kept == (
        Sentence(text="The total is 49.90 euros.", cites=("a",)),
        Sentence(text="Thank you!", cites=("a",)),
    )
    assert [one.text for one in checked.checked][1] == "The total was 48.90 euros."
    assert [s.text for s in checked.failed] == ["The total was 48.90 euros."]
    assert "48.90" in checked.failed[0].reason


async def test_a_step_of_a_loop_is_cited_for_all_its_items() -> None:
    """Nobody need write hundreds of keys; a name that nothing begins with is none."""
    ids = ("sent[ORD-1]", "sent[ORD-2][2]")
    ground = Ground(
        evidence={
            id_: index(id_, "send_mail", f'{{"to":"{to}"}}')
            for id_, to in zip((*ids, "sent_2[ORD-1]"), ("Ann", "Bob", "Eve"), strict=True)
        },
        today=date(2026, 5, 1),
    )
    said = Sentence(text="Mails went to Ann and Bob.", cites=("sent", "sen", "sent[ORD-3]"))

    checked = await check_sentences([said], ground, keep_unverified=True)

    assert [s.cites for s in checked.kept] == [ids]


@pytest.mark.parametrize("quotes", [True, False])
async def test_only_a_playbook_may_repeat_what_somebody_else_says_of_himself(quotes: bool) -> None:
    """In a model's own sentence, `I` is the agent, who has not moved."""
    said = Sentence(text="I have moved to Lyon.", cites=("a",))

    checked = await check_sentences([said], GROUND, keep_unverified=True, quotes=quotes)

    assert checked.kept == ((said,) if quotes else ())
