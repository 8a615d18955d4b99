"""A tool's own code may fail anywhere: nothing runs unapproved, and nothing that ran is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from langchain_core.tools import StructuredTool
from pydantic import AfterValidator, create_model

from pointsman import tool
from pointsman.state.results import Evidence
from pointsman.tools import from_langchain

ERRORS = [KeyError("x"), AttributeError("'NoneType' object has no attribute 'strip'")]


def failing(error: Exception, *, from_look: int) -> Callable[[str], str]:
    """A validator that fails from the n-th value on that it looks at."""
    looks = 0

    def look(value: str) -> str:
        nonlocal looks
        looks += 1
        if looks >= from_look:
            raise error
        return value

    return look


def plain(validator: Any, ran: list[str]) -> Any:
    """A tool by decorator."""

    def order(to: str) -> str:
        """Pay."""
        ran.append(to)
        return "ok"

    order.__annotations__["to"] = Annotated[str, AfterValidator(validator)]
    return tool(effect="money", trust="internal")(order)


def langchain(validator: Any, ran: list[str]) -> Any:
    """A LangChain tool."""
    given = create_model("Given", to=(Annotated[str, AfterValidator(validator)], ...))

    def order(to: str) -> str:
        """Pay."""
        ran.append(to)
        return "ok"

    made = StructuredTool.from_function(
        order, args_schema=given, metadata={"pointsman": {"effect": "money", "trust": "internal"}}
    )
    return from_langchain(made)


@pytest.mark.parametrize("make", [plain, langchain])
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
async def test_a_validator_that_fails_means_that_nothing_happened(
    desk: Any, w: Any, make: Any, error: Exception
) -> None:
    """Before anybody is asked, after the approval, or right before the function is called."""
    asked = 0
    ran: list[str] = []
    for look in range(1, 20):
        ran.clear()
        agent = desk.agent(
            w.plan(w.step("pay", "order", to="ann")),
            tools=[make(failing(error, from_look=look), ran)],
            limits={"max_revisions": 0},
        )
        out = await desk.ask(agent, "Pay ann", thread=f"t{look}")
        if w.requests(out):
            asked += 1
            out = await desk.resume(agent, w.APPROVE, thread=f"t{look}")
        if ran:
            break
        # Neither a crash of the run nor a doubt: a failure that says why.
        assert out["results"]["pay"]["status"] == "failed"
    assert asked > 1
    assert ran == ["ann"]


def fail(*_: Any) -> Any:
    """Fail."""
    raise KeyError("boom")


def late(*_: Any) -> Any:
    """Fail after the first piece of evidence."""
    yield Evidence(id="", step="s", source="a source")
    raise KeyError("boom")


@pytest.mark.parametrize(
    "part",
    [
        pytest.param({"describe": fail}, id="describe-fails"),
        pytest.param({"describe": lambda _: None}, id="describe-says-nothing"),
        pytest.param({"describe": lambda _: 5}, id="describe-says-a-number"),
        pytest.param({"cite": fail}, id="cite-fails"),
        pytest.param({"cite": late}, id="cite-fails-late"),
        pytest.param({"cite": lambda *_: 5}, id="cite-gives-no-list"),
        pytest.param({"cite": lambda *_: ["text"]}, id="cite-gives-no-evidence"),
        pytest.param({"preview": fail}, id="preview-fails"),
    ],
)
async def test_what_only_shows_a_call_cannot_stop_it(desk: Any, w: Any, part: Any) -> None:
    """The approver reads the arguments, the call is made once, and its result counts."""
    ran: list[str] = []

    @tool(effect="money", trust="internal", **part)
    async def order(to: str) -> dict[str, Any]:
        """Pay."""
        ran.append(to)
        return {"ok": True}

    agent = desk.agent(w.plan(w.step("pay", "order", to="ann")), tools=[order])
    [asked] = w.requests(await desk.ask(agent, "Pay ann"))

    out = await desk.resume(agent, w.APPROVE)

    assert asked["args"] == {"to": "ann"}
    assert ran == ["ann"]
    assert out["results"]["pay"]["status"] == "accepted"
    assert out["results"]["pay"]["evidence"]
