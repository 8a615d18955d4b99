"""Rulings: the same question is put to Cedar once, and a ruling is never another question's."""

from __future__ import annotations

from typing import Any

import cedarpy
import pytest

from pointsman.policy import rulings
from pointsman.policy.cedar import CedarPolicy
from pointsman.policy.rulings import RememberedRulings, Ruling
from pointsman.state.run import Principal

YES = (Ruling(action="call", allowed=True),)
NO = (Ruling(action="call", allowed=False),)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Give the list of what Cedar was asked."""
    questions: list[Any] = []
    ask = cedarpy.is_authorized_batch

    def counted(requests: Any, *rest: Any) -> Any:
        questions.append(requests)
        return ask(requests, *rest)

    monkeypatch.setattr(cedarpy, "is_authorized_batch", counted)
    return questions


def test_the_same_question_is_put_once(asked: list[Any], contract: Any, facts: Any) -> None:
    """A step is decided when it is routed and again before its call leaves."""
    policy = CedarPolicy()

    first = policy.decide(contract(effect="money"), facts())
    again = policy.decide(contract(effect="money"), facts())

    assert again == first
    assert len(asked) == 1


def test_whatever_differs_is_put_anew(asked: list[Any]) -> None:
    """Person, tenant, role, model and class of data each make another question."""
    policy = CedarPolicy()
    for principal in (
        Principal(id="ann", role="user"),
        Principal(id="bob", role="user"),
        Principal(id="ann", role="operator"),
        Principal(id="ann", role="user", tenant="other"),
    ):
        for model in ("small", "large"):
            for data in ("", "personal"):
                policy.may_use_model(principal, model, data)
    assert len(asked) == 16


def test_one_policys_answer_is_not_anothers(asked: list[Any]) -> None:
    """Each set of policies has its own rulings."""
    for _ in range(2):
        CedarPolicy().may_instruct(Principal(id="ann", role="user"))
    assert len(asked) == 2


def test_a_question_that_could_not_be_answered_is_put_again() -> None:
    """What failed once may not fail for ever."""
    remembered = RememberedRulings()
    failed = (Ruling(action="call", allowed=False, error="no memory"),)

    assert remembered.ruled(["a"], lambda: failed) == failed
    assert remembered.ruled(["a"], lambda: YES) == YES
    assert remembered.ruled(["a"], lambda: NO) == YES


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (1, True), (1, "1"), (None, "null"), ({"a": 1}, {"a": "1"}), ([1, 2], [[1, 2]])],
)
def test_values_that_look_alike_are_different_questions(one: Any, other: Any) -> None:
    """A ruling is found by the question as JSON has it."""
    remembered = RememberedRulings()

    assert remembered.ruled([one], lambda: YES) == YES
    assert remembered.ruled([other], lambda: NO) == NO


def test_no_more_than_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that was asked for longest ago goes."""
    monkeypatch.setattr(rulings, "MOST", 2)
    remembered = RememberedRulings()
    for question in ("a", "b", "a", "c"):
        remembered.ruled([question], lambda: YES)

    assert remembered.ruled(["a"], lambda: NO) == YES
    assert remembered.ruled(["b"], lambda: NO) == NO
