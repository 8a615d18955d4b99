"""A tool's function has returned: what comes after it can no longer undo or doubt the call."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.tools import StructuredTool
from langchain_core.tools import Tool as TextTool

from pointsman.state.run import Run
from pointsman.tools import tool, with_contract

paid: list[str] = []
"""To whom money went."""


@pytest.fixture(autouse=True)
def nobody_is_paid() -> None:
    """Begin with nobody."""
    paid.clear()


async def pay(to: str) -> str:
    """Pay somebody."""
    paid.append(to)
    return f"paid {to}"


def pay_at_once(to: str) -> str:
    """Pay somebody."""
    paid.append(to)
    return f"paid {to}"


async def pay_with_receipt(to: str) -> tuple[str, dict[str, str]]:
    """Pay somebody."""
    return await pay(to), {"receipt": to}


def traced(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function as decorators do that know of no `async`."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


WRITE: Any = {"effect": "money", "idempotency": "none"}


def structured(function: Callable[..., Any], **more: Any) -> Any:
    """Make a LangChain tool of what looks synchronous."""
    made = StructuredTool.from_function(func=function, name="pay", description="Pay.", **more)
    return with_contract(made, **WRITE)


def text(function: Callable[..., Any], **more: Any) -> Any:
    """Make a LangChain tool that takes one text."""
    return with_contract(TextTool(name="pay", func=function, description="Pay.", **more), **WRITE)


PAIR = {"content": "paid ann", "artifact": {"receipt": "ann"}}
IN_DISGUISE = [
    pytest.param(lambda: tool(**WRITE)(traced(pay)), "paid ann", id="decorated"),
    pytest.param(lambda: structured(traced(pay)), "paid ann", id="langchain"),
    pytest.param(lambda: text(traced(pay)), "paid ann", id="langchain-text"),
    pytest.param(
        lambda: structured(traced(pay_with_receipt), response_format="content_and_artifact"),
        PAIR,
        id="langchain-artifact",
    ),
]


@pytest.mark.parametrize(("make", "said"), IN_DISGUISE)
async def test_what_is_to_be_awaited_is_awaited(
    make: Callable[[], Any], said: Any, make_runner: Any, run: Run
) -> None:
    """A wrapped `async def` looks synchronous: it was told as done and had not begun."""
    made = make()
    [argument] = made.contract.args_schema["properties"]

    outcome = await make_runner(made).call(
        "pay", {argument: "ann"}, run=run, step="s", attempt=1, timeout=None
    )

    assert paid == ["ann"]
    assert outcome.output == said


class Breaking(BaseCallbackHandler):
    """Fails when a tool has ended."""

    raise_error = True

    def on_tool_end(self, output: Any, **kwargs: Any) -> None:
        """Fail."""
        raise RuntimeError("the trace is full")


class Unreadable(list[Any]):
    """Fails when it is looked through."""

    def __iter__(self) -> Any:
        """Fail."""
        raise RuntimeError("closed")


def pay_for_unreadable(to: str) -> Any:
    """Pay somebody."""
    pay_at_once(to)
    return Unreadable([1])


AFTERWARDS = [
    pytest.param(lambda: structured(pay_at_once, callbacks=[Breaking()]), id="callback"),
    pytest.param(lambda: text(pay_at_once, callbacks=[Breaking()]), id="callback-of-text"),
    pytest.param(
        lambda: structured(pay_at_once, response_format="content_and_artifact"), id="no-pair"
    ),
    pytest.param(lambda: structured(pay_for_unreadable), id="unreadable"),
]


@pytest.mark.parametrize("make", AFTERWARDS)
async def test_what_fails_after_the_function_leaves_no_doubt(
    make: Callable[[], Any], make_runner: Any, run: Run
) -> None:
    """LangChain reads and traces an output before anybody gets it; the money has moved by then."""
    made = make()
    [argument] = made.contract.args_schema["properties"]

    outcome = await make_runner(made).call(
        "pay", {argument: "ann"}, run=run, step="s", attempt=1, timeout=None
    )

    assert paid == ["ann"]
    assert outcome.status == "done"
