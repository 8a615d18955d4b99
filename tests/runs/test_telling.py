"""Telling: a user hears what did not happen, in words that are fit for a user."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.runs.phrases import PHRASES, language_spoken, phrase
from pointsman.runs.telling import cause_for_user, told
from pointsman.state.plan import Plan, Step
from pointsman.state.results import Failure, StepResult
from pointsman.state.run import Stop
from pointsman.state.task import Task, Utterance

STEP = Step(id="a", kind="tool", tool="issue_refund", goal="Refund the kettle")
PLAN = Plan(steps=(STEP,))


@pytest.mark.parametrize(
    "message",
    [
        "KeyError: 'status'",
        "OperationalError: no such table: orders",
        "It is in /srv/desk/orders.db and cannot be opened.",
        'The reply was {"error": "no"} and nothing else.',
        "See https://10.0.0.7/orders for the whole story.",
        "Traceback (most recent call last):\n  File x",
        "lacks the scopes refunds:write_all that it needs",
        "C:\\Users\\svc\\desk.db is locked.",
        "Could not open ~/desk/orders for reading.",
        "The file orders.db could not be opened.",
        "Connection to db.internal:5432 was refused.",
        "Connection to localhost:5432 was refused.",
        "Connection to 10.0.0.7 was refused by the server.",
        "The column customer_id does not exist.",
        "The query of orders.status went wrong here.",
        "HTTP 503 came from the server again.",
        "The server said 502 Bad Gateway to us.",
        "<html><body>Bad Gateway</body></html>",
        "file:///etc/passwd cannot be read.",
        "The key sk-abc123DEF456ghi789 is not valid.",
        "Authorization Bearer eyJhbGciOi.x.y is wrong.",
        "None is not an object that has items.",
        "The endpoint mini-4@gateway timed out after 30 s.",
        "ORA-00942 table or view does not exist",
        "The variable $HOME is not set here.",
        "See /docs for the whole story.",
        "Step a1 of plan v2 has failed three times.",
        "It failed in desk.tools at the second line.",
    ],
)
def test_internals_reach_no_user(message: str) -> None:
    """Tables, paths, hosts, JSON and names of code are the operators' to read."""
    assert cause_for_user("tool_error", message) == ""


@pytest.mark.parametrize(
    ("kind", "message", "heard"),
    [
        ("tool_error", "There is no order ORD-9999.", "There is no order ORD-9999."),
        (
            "tool_error",
            "get_order: There is no order ORD-9999. Look it up with list_orders.",
            "There is no order ORD-9999.",
        ),
        (
            "tool_error",
            "ToolException: The parcel is delivered.",
            "The parcel is delivered.",
        ),
        (
            "tool_error",
            "It is open from 10:30 to 24:00, Mon. to Fri. Write to help@shop.example.",
            "It is open from 10:30 to 24:00, Mon. to Fri. Write to help@shop.example.",
        ),
        (
            "tool_error",
            "Ask for one and/or two of the 24/7 lines.",
            "Ask for one and/or two of the 24/7 lines.",
        ),
        ("check", "Damage is reported within 30 days.", "Damage is reported within 30 days."),
        ("rejected", "The reviewer declined: no", "The reviewer declined: no"),
        ("refused", "Policy forbids this call.", ""),
        ("arguments", "The amount is no number.", ""),
    ],
)
def test_a_cause_is_told_where_somebody_put_it_into_words(
    kind: str, message: str, heard: str
) -> None:
    """A person, a tool or a playbook; never a rule or a schema."""
    assert cause_for_user(kind, message) == heard


@pytest.mark.parametrize(
    ("language", "ours"),
    [
        ("de", "Die prüfende Person hat abgelehnt: "),
        ("fr", "La personne chargée de la validation a refusé : "),
        ("es", "La persona que lo revisa lo ha rechazado: "),
    ],
)
def test_what_stands_around_a_persons_words_is_in_the_users_language(
    language: Any, ours: str
) -> None:
    """Their words stay as they are; without any, that too is told in the user's language."""
    said = cause_for_user("rejected", "The reviewer declined: Zu teuer", language=language)
    nothing = cause_for_user(
        "rejected", "The reviewer declined: no reason given", language=language
    )

    assert said == f"{ours}Zu teuer"
    assert nothing == f"{ours}{PHRASES[language]['no_reason']}"


def failed(kind: str, message: str) -> dict[str, StepResult]:
    """Return the step's failure."""
    failure = Failure(kind=kind, message=message)
    return {"a": StepResult(step="a", status="failed", failure=failure)}


def test_no_stop_tells_a_user_its_cause() -> None:
    """Budgets, deadlines and endpoints are named to operators only."""
    stop = Stop(reason="budget", detail="The run spent $0.5000 of its $0.5000.")

    assert told(PLAN, {}, stop, "en") == [phrase("en", "stopped")]


def test_what_is_missing_is_asked_for_before_anything_is_offered() -> None:
    """The scores of playbooks are diagnostics; the order number is what a user can give."""
    stop = Stop(
        reason="planning",
        detail="refund fits with 0.52",
        missing=("the order number",),
        can_do=("Refund an item.",),
    )

    assert told(PLAN, {}, stop, "en") == ["I still need: the order number."]


def test_failures_are_told_in_the_user_s_language() -> None:
    """The frame is ours, the goal the planner's."""
    lines = told(PLAN, failed("timeout", "issue_refund did not answer in time."), None, "fr")

    assert lines == ["Cela n'a pas fonctionné : Refund the kettle."]


def test_every_language_has_every_phrase() -> None:
    """And each takes the same facts."""
    english = PHRASES["en"]
    for phrases in PHRASES.values():
        assert phrases.keys() == english.keys()
        assert {k for k, v in phrases.items() if "{what}" in v} == {
            k for k, v in english.items() if "{what}" in v
        }


@pytest.mark.parametrize(
    ("said", "language"),
    [
        (("Where is my order?",), "en"),
        (("Wo ist meine Bestellung?",), "de"),
        (("Où est ma commande ?",), "fr"),
        (("¿Dónde está mi pedido?",), "es"),
        (("Wo ist meine Bestellung?", "ORD-7"), "de"),
        (("Wo ist meine Bestellung?", "Thanks!"), "en"),
        (("Gracias",), "es"),
        (("look up A",), "en"),
        (("ORD-7",), "en"),
    ],
)
def test_the_language_is_that_of_the_newest_words_that_tell(
    said: tuple[str, ...], language: str
) -> None:
    """A number tells nothing, and what was said before does."""
    *before, last = said
    conversation = tuple(Utterance(speaker="user", text=text) for text in before)

    assert language_spoken(Task(text=last, conversation=conversation)) == language


WORDS = "Your account is locked. Call 555 0100 to have it opened."


@pytest.mark.parametrize(
    ("step", "failure"),
    [
        (Step(id="a", kind="tool", tool="look"), Failure(kind="check", message=WORDS)),
        (
            Step(id="a", kind="tool", tool="pay"),
            Failure(kind="check", message=f"It was approved, but it no longer holds: {WORDS}"),
        ),
        (
            Step(id="a", kind="reason", prompt="p", goal=WORDS),
            Failure(kind="no_answer", message="No."),
        ),
        (
            Step(id="a", kind="draft", prompt="p", goal=WORDS),
            Failure(kind="no_answer", message="No."),
        ),
    ],
    ids=["check", "recheck", "reason", "draft"],
)
@pytest.mark.parametrize("planner", ["mini@gateway", "playbook:desk"])
@pytest.mark.parametrize("taint", [(), ("tool:page#p",)], ids=["clean", "tainted"])
def test_a_plan_made_after_an_outsider_s_words_tells_none_of_them(
    step: Step, failure: Failure, planner: str, taint: tuple[str, ...]
) -> None:
    """A model that obeys a page writes what it wants said into checks and goals."""
    plan = Plan(steps=(step,), planner=planner, taint=taint)
    results = {"a": StepResult(step="a", status="failed", failure=failure, taint=taint)}

    heard = " ".join(told(plan, results, None, "en"))

    assert heard
    assert ("555 0100" in heard) == (not taint or planner.startswith("playbook"))
