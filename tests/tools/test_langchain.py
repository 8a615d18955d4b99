"""LangChain tools under a contract."""

from __future__ import annotations

import threading
from typing import Annotated, Any

import pytest
from langchain_core.messages import ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import (
    BaseTool,
    InjectedToolArg,
    InjectedToolCallId,
    StructuredTool,
    ToolException,
    tool,
)
from langchain_core.tools import Tool as TextTool

from pointsman.errors import ConfigError
from pointsman.state.run import Run
from pointsman.tools import Arguments, collect, from_langchain, with_contract


@tool
def add(a: int, b: int = 2) -> dict[str, int]:
    """Add two numbers."""
    return {"sum": a + b}


@tool(response_format="content_and_artifact")
async def chart(title: str) -> tuple[str, dict[str, str]]:
    """Draw a chart."""
    return "drawn", {"title": title}


def test_no_contract_means_writing_and_untrusted() -> None:
    """The careful defaults make policy ask a person."""
    contract = from_langchain(add).contract
    assert (contract.name, contract.description) == ("add", "Add two numbers.")
    assert (contract.effect, contract.trust, contract.idempotency) == ("write", "untrusted", "none")
    assert contract.consequential is None
    assert set(contract.args_schema["properties"]) == {"a", "b"}


async def test_a_dict_stays_a_dict(execute: Any) -> None:
    """Outputs are not turned into text on the way."""
    assert await execute(from_langchain(add), a=1, b=2) == {"sum": 3}


async def test_an_artifact_is_kept(execute: Any) -> None:
    """A tool with content and artifact returns both."""
    output = await execute(from_langchain(chart), title="x")
    assert output == {"content": "drawn", "artifact": {"title": "x"}}


async def test_a_message_is_read(execute: Any) -> None:
    """A tool may answer with a message; one of status error is an error."""

    @tool
    def speak(status: str) -> ToolMessage:
        """Speak."""
        return ToolMessage("hm", tool_call_id="1", status=status)

    assert await execute(from_langchain(speak), status="success") == "hm"
    with pytest.raises(RuntimeError, match="hm"):
        await execute(from_langchain(speak), status="error")


async def test_errors_are_not_passed_off_as_results(execute: Any) -> None:
    """`handle_tool_error` would turn a failed call into text that looks like success."""

    def fail(a: int) -> str:
        raise ToolException("no")

    failing = StructuredTool.from_function(
        fail, name="fail", description="Fail.", handle_tool_error=True
    )
    with pytest.raises(ToolException):
        await execute(from_langchain(failing), a=1)
    assert failing.handle_tool_error is True


async def test_a_synchronous_tool_runs_in_our_threads(execute: Any) -> None:
    """The loop's own executor can be filled up by tools that hang."""

    @tool
    def where() -> str:
        """Say where it runs."""
        return threading.current_thread().name

    assert await execute(from_langchain(where)) == "pointsman-tool"


async def test_a_subclass_is_adapted(execute: Any) -> None:
    """Tools that are classes work like those that are functions."""

    class Upper(BaseTool):
        name: str = "upper"
        description: str = "Upper case."

        def _run(self, text: str, config: RunnableConfig) -> str:
            assert config is not None
            return text.upper()

    schema = from_langchain(Upper()).contract.args_schema
    assert (list(schema["properties"]), schema["required"]) == (["text"], ["text"])
    assert await execute(from_langchain(Upper()), text="x") == "X"


async def test_a_tool_of_one_text_is_adapted(make_runner: Any, run: Run) -> None:
    """LangChain's oldest form takes a single text, whatever its parameter is called."""
    old = TextTool(name="shout", func=lambda words: words.upper(), description="Shout.")
    [name] = from_langchain(old).contract.args_schema["properties"]
    runner = make_runner(old)
    outcome = await runner.call("shout", {name: "hey"}, run=run, step="s", attempt=1, timeout=None)
    assert outcome.output == "HEY"


def test_a_contract_in_code_and_in_metadata() -> None:
    """Both ways set the same fields."""
    marked = add.model_copy(update={"metadata": {"pointsman": {"effect": "read", "scopes": ["a"]}}})
    for made in (from_langchain(marked), with_contract(add, effect="read", scopes=("a",))):
        assert (made.contract.effect, made.contract.scopes) == ("read", ("a",))
        assert made.contract.trust == "untrusted"


@pytest.mark.parametrize(
    ("options", "where"),
    [({"efect": "read"}, "efect"), ({"effect": "none"}, "effect"), ({"timeout": 0}, "timeout")],
)
def test_a_wrong_contract_names_the_field(options: dict[str, Any], where: str) -> None:
    """Unknown fields and values are refused."""
    marked = add.model_copy(update={"metadata": {"pointsman": options}})
    with pytest.raises(ConfigError) as raised:
        from_langchain(marked)
    assert raised.value.where == f"add.metadata.{where}"


def test_injected_arguments_are_refused() -> None:
    """Nothing would inject them, so the error comes at start, not at the first call."""

    @tool
    def secret(a: int, user: Annotated[str, InjectedToolArg]) -> str:
        """Need a user."""
        return user

    @tool
    def own_id(a: int, call_id: Annotated[str, InjectedToolCallId]) -> str:
        """Need an id."""
        return call_id

    for injected, name in ((secret, "user"), (own_id, "call_id")):
        with pytest.raises(ConfigError, match="injected") as raised:
            from_langchain(injected)
        assert raised.value.where.endswith(name)


def test_an_optional_injected_argument_stays_out_of_the_schema() -> None:
    """What has a default needs nobody to inject it, and no model may set it."""

    @tool
    def maybe(a: int, user: Annotated[str, InjectedToolArg] = "nobody") -> str:
        """May have a user."""
        return user

    assert set(from_langchain(maybe).contract.args_schema["properties"]) == {"a"}


async def test_through_the_runner(make_runner: Any, run: Run) -> None:
    """A LangChain tool is called like any other: checked, claimed, recorded."""
    runner = make_runner(add)
    bad = await runner.call("add", {"a": "1"}, run=run, step="s", attempt=1, timeout=None)
    good = await runner.call("add", {"a": 1}, run=run, step="s", attempt=1, timeout=None)
    assert (bad.kind, good.output) == ("arguments", {"sum": 3})


def test_names_are_unique_and_well_formed() -> None:
    """A duplicate or a name that a model API would refuse is a configuration error."""
    with pytest.raises(ConfigError, match="Two tools"):
        collect([add, add])
    with pytest.raises(ConfigError, match="starts with a letter"):
        collect([add.model_copy(update={"name": "1 add"})])


def test_a_contract_that_names_no_argument_is_refused() -> None:
    """A misspelt consequential argument would silently be taken as harmless."""
    with pytest.raises(ConfigError, match="no argument 'amout'"):
        collect([with_contract(add, consequential=("amout",))])
    with pytest.raises(ConfigError, match="no argument"):
        collect([with_contract(add, amount="amount")])


def test_contracts_are_applied_by_name() -> None:
    """What is written down about a tool wins over what it says; unknown names are refused."""
    tools = collect([add], contracts={"add": {"effect": "read", "timeout": 5.0}})
    assert (tools["add"].contract.effect, tools["add"].contract.timeout) == ("read", 5.0)
    with pytest.raises(ConfigError, match="The tools are: add"):
        collect([add], contracts={"sub": {"effect": "read"}})


def test_the_schema_is_checked_by_us() -> None:
    """LangChain coerces; we do not."""
    arguments = Arguments("add", from_langchain(add).contract.args_schema)
    assert arguments.check({"a": 1}) == {"a": 1, "b": 2}
