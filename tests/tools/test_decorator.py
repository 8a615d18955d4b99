"""`@tool`: what a function says of itself becomes the tool's contract."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, Field

from pointsman.errors import ArgumentError, ConfigError
from pointsman.state.run import Run
from pointsman.tools import Arguments, ToolCall, tool


class Size(Enum):
    """Sizes."""

    SMALL = "s"
    LARGE = "l"


class Line(BaseModel):
    """One line of an order."""

    sku: str
    count: int = Field(default=1, ge=1)


def even(value: int) -> int:
    """A rule that JSON Schema is not told."""
    if value % 2:
        raise ValueError("must be even")
    return value


@tool(effect="money", trust="trusted", idempotency="key", consequential=("amount",))
async def refund(  # noqa: D417 - some are described elsewhere, or not at all
    order: str,
    amount: Annotated[float, Field(gt=0, le=500, description="In US dollars.")],
    call: ToolCall,
    lines: list[Line] = [],  # noqa: B006 - pydantic copies it
    when: date | None = None,
    schema: Literal["a", "b"] = "a",
    size: Size = Size.SMALL,
) -> dict[str, Any]:
    """Refund an order.

    Money goes back to the payment it came from.

    Args:
        order: The order's id,
            as the customer sees it.
        amount (float): Hidden by the annotation.
        lines: What is refunded.

    Returns:
        The refund.
    """
    kinds = [type(v).__name__ for v in (lines[0] if lines else None, when, size)]
    return {"order": order, "key": call.idempotency_key, "kinds": kinds, "schema": schema}


def test_description_and_schema_come_from_the_function() -> None:
    """Docstring, annotations and defaults are all there is to write."""
    contract = refund.contract
    properties = contract.args_schema["properties"]
    assert contract.description == (
        "Refund an order.\n\nMoney goes back to the payment it came from."
    )
    assert list(properties) == ["order", "amount", "lines", "when", "schema", "size"]
    assert properties["order"]["description"] == "The order's id, as the customer sees it."
    assert properties["amount"] == {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 500,
        "description": "In US dollars.",
    }
    assert contract.args_schema["required"] == ["order", "amount"]
    assert contract.args_schema["additionalProperties"] is False
    assert "title" not in str(contract.args_schema)


def test_contract_fields_are_taken_as_given() -> None:
    """What is not given keeps its careful default."""
    contract = refund.contract
    assert (contract.name, contract.effect, contract.trust) == ("refund", "money", "trusted")
    assert (contract.idempotency, contract.consequential) == ("key", ("amount",))
    assert (contract.timeout, contract.max_attempts) == (30.0, 2)


async def test_the_function_gets_the_types_it_names(execute: Any) -> None:
    """JSON becomes models, dates and enums, and the call's context is passed in."""
    args = Arguments("refund", refund.contract.args_schema).check(
        {"order": "A", "amount": 5, "lines": [{"sku": "x"}], "when": "2026-01-01", "size": "l"}
    )
    output = await execute(refund, **args)
    assert output == {
        "order": "A",
        "key": "key-1",
        "kinds": ["Line", "date", "Size"],
        "schema": "a",
    }


def test_unknown_fields_of_nested_models_are_refused() -> None:
    """A model would drop them, and what was approved would not be what runs."""
    arguments = Arguments("refund", refund.contract.args_schema)
    with pytest.raises(ArgumentError, match=r"refund\.lines\.0\.price"):
        arguments.check({"order": "A", "amount": 5, "lines": [{"sku": "x", "price": 1}]})


def test_rules_of_annotations_are_checked_before_the_call() -> None:
    """A validator's refusal is an error of the arguments, not of the tool."""

    @tool(effect="read")
    def halve(n: Annotated[int, AfterValidator(even)]) -> int:
        """Halve a number."""
        return n // 2

    arguments = Arguments("halve", halve.contract.args_schema, halve.check)
    assert arguments.check({"n": 4}) == {"n": 4}
    with pytest.raises(ArgumentError, match=r"halve\.n.*must be even"):
        arguments.check({"n": 3})


async def test_methods_and_closures_are_tools(execute: Any) -> None:
    """A tool may be bound to what it works on."""

    class Desk:
        def __init__(self, orders: dict[str, int]) -> None:
            self.orders = orders

        async def total(self, order: str) -> int:
            """Total of an order."""
            return self.orders[order]

    bound = tool(effect="read")(Desk({"A": 5}).total)
    assert bound.contract.args_schema["required"] == ["order"]
    assert await execute(bound, order="A") == 5


async def test_a_synchronous_function_runs_in_a_thread(execute: Any) -> None:
    """It does not hold up the loop, and it sees the caller's context."""
    variable = contextvars.ContextVar("variable", default="unset")
    variable.set("set")

    @tool(effect="read")
    def where() -> list[Any]:
        """Say where it runs."""
        return [threading.current_thread() is threading.main_thread(), variable.get()]

    assert await execute(where) == [False, "set"]


async def test_exceptions_of_a_thread_arrive(execute: Any) -> None:
    """Even those that a future or an event loop could not carry."""

    @tool(effect="read")
    def leave() -> None:
        """Leave."""
        raise SystemExit(3)

    @tool(effect="read")
    def stop() -> None:
        """Stop."""
        raise StopIteration

    for broken in (leave, stop):
        with pytest.raises(RuntimeError, match="in a tool's thread"):
            await execute(broken)


async def test_models_are_written_out(make_runner: Any, run: Run) -> None:
    """A function may return a pydantic model, alone or inside."""

    @tool(effect="read")
    async def lines() -> dict[str, Any]:
        """Return lines."""
        return {"lines": (Line(sku="x"),)}

    outcome = await make_runner(lines).call("lines", {}, run=run, step="s", attempt=1, timeout=None)
    assert outcome.output == {"lines": [{"sku": "x", "count": 1}]}


def test_a_tool_without_arguments() -> None:
    """Its schema is an empty object."""

    @tool(effect="read", name="now", description="The time.")
    def anything() -> str:
        return "now"

    assert (anything.name, anything.contract.description) == ("now", "The time.")
    assert Arguments("now", anything.contract.args_schema).check({}) == {}


def variadic(*names: str) -> None:
    """Variadic."""


def bare(name) -> None:  # type: ignore[no-untyped-def]
    """Bare."""


def positional(name: str, /) -> None:
    """Positional."""


def unspeakable(lock: asyncio.Lock) -> None:
    """Unspeakable."""


def unresolved(name: Missing) -> None:  # type: ignore[name-defined]  # noqa: F821
    """Unresolved."""


def silent(name: str) -> None:  # noqa: D103 - that is the point
    pass


@pytest.mark.parametrize(
    ("function", "where"),
    [
        (variadic, "variadic.names"),
        (bare, "bare.name"),
        (positional, "positional.name"),
        (unspeakable, "unspeakable"),
        (unresolved, "unresolved"),
        (silent, "silent"),
    ],
)
def test_what_cannot_be_a_tool_says_why(function: Any, where: str) -> None:
    """The error names the function, and the parameter where it is one."""
    with pytest.raises(ConfigError) as raised:
        tool(effect="read")(function)
    assert raised.value.where == where
    assert raised.value.fix


@pytest.mark.parametrize("wrong", [{"timeout": -1}, {"effect": "none"}, {"colour": "red"}])
def test_a_wrong_contract_is_refused(wrong: dict[str, Any]) -> None:
    """In code like in YAML."""
    with pytest.raises(ConfigError) as raised:
        tool(description="Now.", **wrong)(silent)
    assert raised.value.where == f"silent.{next(iter(wrong))}"
