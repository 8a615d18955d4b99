"""Signatures that people write: legal calls work, and what cannot be called is no tool."""

from __future__ import annotations

import functools
import math
from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Annotated, Any, Optional
from uuid import UUID

import pytest
from langchain.tools import ToolRuntime
from langchain_core.callbacks import CallbackManagerForToolRun, Callbacks
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import InjectedToolArg, InjectedToolCallId, StructuredTool
from langgraph.prebuilt import InjectedState, InjectedStore
from pydantic import BaseModel, ConfigDict, Strict

from pointsman.errors import ArgumentError, ConfigError
from pointsman.state.run import Run
from pointsman.tools import Tool, collect, from_langchain

FORMS = ["ours", "langchain"]


def made_of(function: Any, form: str) -> Tool:
    """A tool of a function, as it stands or as LangChain's."""
    if form == "ours":
        return collect([function])[function.__name__]
    asynchronous = "coroutine" if function.__name__.startswith("async_") else "func"
    return from_langchain(StructuredTool.from_function(**{asynchronous: function}))


def by_position(a: int, b: int = 2, /, c: int = 3) -> int:
    """Take some by position."""
    return a + b + c


def all_by_position(a: int, /) -> int:
    """Take all by position."""
    return a


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("function", [by_position, all_by_position])
def test_what_is_taken_by_position_alone_is_no_argument(function: Any, form: str) -> None:
    """Its name was missing from the schema, and a call without it was approved."""
    with pytest.raises(ConfigError, match="passed by name") as raised:
        made_of(function, form)
    assert raised.value.where == f"{function.__name__}.a"


def yields(amount: int) -> Iterator[int]:
    """Pay, when somebody asks for the result."""
    yield amount


async def async_yields(amount: int) -> AsyncIterator[int]:
    """Pay, when somebody asks for the result."""
    yield amount


@functools.wraps(yields)
def wraps_yields(*given: Any, **named: Any) -> Any:
    """Wrap one."""
    return yields(*given, **named)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("function", [yields, async_yields, wraps_yields])
def test_a_generator_is_no_tool(function: Any, form: str) -> None:
    """Its call was reported as done, and nothing of it had run."""
    with pytest.raises(ConfigError, match="done nothing yet"):
        made_of(function, form)


MARKED = [
    Annotated[str, InjectedToolArg],
    Annotated[str, InjectedToolArg()],
    Annotated[str | None, InjectedToolArg],
    Optional[Annotated[str, InjectedToolArg]],  # noqa: UP045 - as people write it
    list[Annotated[str, InjectedToolArg]],
    Annotated[dict[str, Any], InjectedState],
    Annotated[str, InjectedState("user")],
    Annotated[Any, InjectedStore()],
    Annotated[str, InjectedToolCallId],
]
FILLED = [
    ToolRuntime,
    ToolRuntime[None, dict[str, Any]],
    RunnableConfig,
    RunnableConfig | None,
    CallbackManagerForToolRun | None,
    Callbacks,
]


def taking(hint: Any) -> Any:
    """A function with one parameter of that type, which may be left out."""

    def take(amount: int, user: Any = None) -> list[Any]:
        """Take it."""
        return [amount, user]

    take.__annotations__["user"] = hint
    return take


@pytest.mark.parametrize("hint", MARKED, ids=range(len(MARKED)))
async def test_a_plan_gives_nothing_that_is_marked(hint: Any, make_runner: Any, run: Run) -> None:
    """LangChain's marks say that the program gives it: whose account it is, for example."""
    made = made_of(taking(hint), "langchain")
    assert set(made.contract.args_schema["properties"]) == {"amount"}
    runner = make_runner(made)
    with pytest.raises(ArgumentError, match="no such argument"):
        runner.check("take", {"amount": 1, "user": "somebody else"})
    args = runner.check("take", {"amount": 1})
    outcome = await runner.call("take", args, run=run, step="s", attempt=1, timeout=None)
    assert (outcome.status, outcome.output) == ("done", [1, None])


@pytest.mark.parametrize("hint", [*MARKED, *FILLED], ids=range(len(MARKED + FILLED)))
def test_a_plain_function_says_what_fills_it(hint: Any) -> None:
    """Offered as an argument, a planner could set it."""
    with pytest.raises(ConfigError, match="Only LangChain fills") as raised:
        made_of(taking(hint), "ours")
    assert raised.value.where == "take.user"


class Booking(BaseModel):
    """Reads nothing but what is of its types."""

    model_config = ConfigDict(strict=True, extra="forbid")

    day: date
    number: UUID
    places: tuple[int, ...] = ()


def strictly(hint: Any) -> Any:
    """A function that takes it."""

    def book(what: Any) -> list[str]:
        """Book."""
        return [type(what).__name__]

    book.__annotations__["what"] = hint
    return book


NUMBER = "12345678-1234-5678-1234-567812345678"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("hint", "legal", "illegal"),
    [
        (Annotated[date, Strict()], "2026-01-02", 5),
        (Annotated[UUID, Strict()], NUMBER, "12"),
        (Annotated[tuple[int, ...], Strict()], [1], ["1"]),
        (
            Booking,
            {"day": "2026-01-02", "number": NUMBER, "places": [1]},
            {"day": "2026-01-02", "number": NUMBER, "places": ["1"]},
        ),
    ],
    ids=str,
)
async def test_strict_types_are_read_from_json(
    hint: Any, legal: Any, illegal: Any, form: str, make_runner: Any, run: Run
) -> None:
    """A strict date is text in JSON; no call of such a tool was ever legal."""
    runner = make_runner(made_of(strictly(hint), form))
    args = runner.check("book", {"what": legal})
    assert args["what"] == legal
    outcome = await runner.call("book", args, run=run, step="s", attempt=1, timeout=None)
    assert outcome.status == "done"
    with pytest.raises(ArgumentError):
        runner.check("book", {"what": illegal})


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("hint", "default"),
    [
        (float, math.inf),
        (float, -math.inf),
        (float, math.nan),
        (float | None, math.inf),
        (Any, math.inf),
        (list[float], [math.inf]),
        (dict[str, float], {"most": math.nan}),
    ],
    ids=str,
)
async def test_a_default_that_json_has_no_number_for(
    hint: Any, default: Any, form: str, make_runner: Any, run: Run
) -> None:
    """What is left out is left out; every such call was refused."""

    def search(name: str, limit: Any = default) -> str:
        """Search."""
        return repr(limit)

    search.__annotations__["limit"] = hint
    runner = make_runner(made_of(search, form))
    args = runner.check("search", {"name": "kettle"})
    assert args == {"name": "kettle"}
    outcome = await runner.call("search", args, run=run, step="s", attempt=1, timeout=None)
    assert outcome.output == repr(default)
