"""Credited: what a sentence tells of is not told once more."""

from __future__ import annotations

import pytest

from pointsman.runs.calls import AcceptedCall
from pointsman.runs.credited import credited
from pointsman.state.answer import Sentence
from pointsman.state.answering import Evidenced
from pointsman.state.results import Evidence


def cites(text: str, *tools: str) -> tuple[str, ...]:
    """Return what a sentence cites after these calls, each of a step called like its tool."""
    calls = [AcceptedCall(step=tool, tool=tool) for tool in tools]
    evidence = {
        tool: Evidenced(evidence=Evidence(id=tool, step=tool, source=tool), text="", output=None)
        for tool in tools
    }
    [sentence] = credited([Sentence(text=text)], calls, evidence)
    return sentence.cites


@pytest.mark.parametrize(
    ("text", "tools", "told"),
    [
        ("I sent the scores.", ["send_email"], {"send_email"}),
        (
            "I added two lines and sent the scores.",
            ["append_to_file", "send_email"],
            {"append_to_file", "send_email"},
        ),
        ("I invited Dora and added her.", ["invite_user", "add_user"], {"invite_user", "add_user"}),
        ("I added the note.", ["add_note", "send_email"], {"add_note"}),
        ("I created the event.", ["create_event", "update_event"], {"create_event"}),
    ],
)
def test_each_deed_that_a_sentence_tells_is_cited(
    text: str, tools: list[str], told: set[str]
) -> None:
    """However many it tells, where each can only be one step."""
    assert set(cites(text, *tools)) == told


@pytest.mark.parametrize(
    ("text", "tools"),
    [
        ("I sent it.", ["send_email", "send_letter"]),
        ("I submitted the report.", ["send_email", "create_file"]),
        ("I looked it up.", ["send_email"]),
    ],
)
def test_a_deed_that_may_be_two_steps_hides_neither(text: str, tools: list[str]) -> None:
    """What the sentence does not surely tell is told by the framework."""
    assert cites(text, *tools) == ()


ADDRESS = {"street": "1234 Elm Street", "city": "New York", "note": ""}
RENT = {"id": 7, "recipient": "CA133988200008", "amount": 2200.0}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Your address is now 1234 Elm Street, New York.", {"update_user"}),
        ("I changed your address to 1234 Elm Street, New York.", {"update_user"}),
        ("Ihre Miete geht jetzt mit 2200 an CA133988200008.", {"update_rent"}),
        ("1234 Elm Street, New York, stands in the file.", set()),
        ("Your address is now 1234 Elm Street.", set()),
        ("Your rent is now 2200.", set()),
    ],
    ids=["now", "own", "german", "read", "half", "too little"],
)
def test_a_sentence_with_all_that_a_call_was_given_tells_of_it(text: str, told: set[str]) -> None:
    """Two calls of one kind are told apart by what they were given."""
    calls = [
        AcceptedCall(step="update_user", tool="update_user_info", args=ADDRESS),
        AcceptedCall(step="update_rent", tool="update_scheduled_transaction", args=RENT),
    ]
    evidence = {
        call.step: Evidenced(
            evidence=Evidence(id=call.step, step=call.step, source=call.tool), text="", output=None
        )
        for call in calls
    }

    [sentence] = credited([Sentence(text=text)], calls, evidence)

    assert set(sentence.cites) == told
