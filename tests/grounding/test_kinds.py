"""Kinds: a deed is told in the words of the tool that did it."""

from __future__ import annotations

from datetime import date

import pytest

from pointsman.grounding.check import check
from pointsman.grounding.effects import EffectCall
from pointsman.grounding.ground import Ground


def _told(sentence: str, tool: str) -> str:
    done = EffectCall(tool=tool, args={"name": "Charlie"}, output=None)
    ground = Ground(evidence={}, today=date(2026, 5, 11), effects=(done,))
    return check(sentence, (), ground).status


TOLD = {
    "I added Charlie.": "add_user_to_channel",
    "I have added Charlie.": "addParticipant",
    "I opened the account Charlie.": "open_account",
    "I logged the call of Charlie.": "log_call",
    "Ich habe Charlie hinzugefügt.": "add_user",
    "J'ai ajouté Charlie.": "add_user",
    "He añadido a Charlie.": "add_user",
}


@pytest.mark.parametrize(("sentence", "tool"), TOLD.items())
def test_what_a_tool_did_may_be_told_with_its_verb(sentence: str, tool: str) -> None:
    """Short verbs too, which begin other words."""
    assert _told(sentence, tool) != "failed"


@pytest.mark.parametrize("tool", ["address_letter", "logout", "additional_charge", "remove_user"])
def test_a_word_that_only_begins_so_is_another(tool: str) -> None:
    """`address` adds nothing."""
    assert _told("I added Charlie.", tool) == "failed"
