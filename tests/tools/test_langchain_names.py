"""Arguments whose names LangChain uses itself arrive where they belong."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler, CallbackManagerForToolRun, Callbacks
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, StructuredTool
from pydantic import create_model

from pointsman.errors import ConfigError
from pointsman.state.run import Run
from pointsman.tools import from_langchain

NAMES = [
    "config",
    "run_manager",
    "callbacks",
    "self",
    "args",
    "kwargs",
    "tool_call_id",
    "state",
    "store",
    "runtime",
    "input",
    "name",
    "func",
    "bound",
    "function",
    "given",
    "type",
    "id",
    "schema",
    "verbose",
]


def taking(name: str, *, asynchronous: bool) -> Any:
    """A function with one parameter of that name, which it returns."""
    space: dict[str, Any] = {}
    word = "async def" if asynchronous else "def"
    code = f"{word} take({name}: str, other: int = 2) -> list:\n    return [{name}, other]"
    exec(code, space)  # noqa: S102 - a parameter's name cannot be chosen otherwise
    return space["take"]


@pytest.mark.filterwarnings("ignore:Field name .* shadows an attribute")
@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("form", ["inferred", "model", "schema", "ours"])
@pytest.mark.parametrize("name", NAMES)
async def test_an_argument_of_any_name_reaches_the_function(
    name: str, form: str, asynchronous: bool, make_runner: Any, run: Run
) -> None:
    """It stands in the schema, and the function gets what was approved."""
    function = taking(name, asynchronous=asynchronous)
    given: dict[str, Any] = {"coroutine" if asynchronous else "func": function}
    if form == "model":
        given["args_schema"] = create_model("Args", **{name: (str, ...), "other": (int, 2)})
    if form == "schema":
        fields = {name: {"type": "string"}, "other": {"type": "integer", "default": 2}}
        given["args_schema"] = {"type": "object", "properties": fields, "required": [name]}
    made = (
        StructuredTool.from_function(**given, name="take", description="Take.")
        if form != "ours"
        else function
    )
    if form == "ours":
        function.__doc__ = "Take."
    runner = make_runner(made)
    assert set(runner.get("take").contract.args_schema["properties"]) == {name, "other"}
    args = runner.check("take", {name: "mine"})
    assert args == {name: "mine", "other": 2}
    outcome = await runner.call("take", args, run=run, step="s", attempt=1, timeout=None)
    assert (outcome.status, outcome.output) == ("done", ["mine", 2])


class Sneaky(BaseTool):
    """A tool that is a class, with arguments of LangChain's names."""

    name: str = "sneaky"
    description: str = "Take."

    def _run(self, config: str, args: str, run_manager: str = "none") -> list[str]:
        return [config, args, run_manager]


async def test_a_class_with_such_names(make_runner: Any, run: Run) -> None:
    """What its method declares is what the plan gives."""
    runner = make_runner(Sneaky())
    given = {"config": "a", "args": "b", "run_manager": "c"}
    outcome = await runner.call("sneaky", given, run=run, step="s", attempt=1, timeout=None)
    assert outcome.output == ["a", "b", "c"]


class Heard(BaseCallbackHandler):
    """Notes what LangChain tells of a call."""

    def __init__(self) -> None:
        self.inputs: list[Any] = []

    def on_tool_start(self, *_: Any, inputs: Any = None, **__: Any) -> None:
        """Note the inputs."""
        self.inputs.append(inputs)


async def test_what_langchain_gives_still_arrives(make_runner: Any, run: Run) -> None:
    """By type, whatever the parameter is called; and callbacks hear of the call."""

    def listen(
        words: str,
        settings: RunnableConfig,
        hooks: Callbacks = None,
        manager: CallbackManagerForToolRun | None = None,
    ) -> list[bool]:
        return ["callbacks" in settings, hooks is not None, manager is not None]

    heard = Heard()
    tool = StructuredTool.from_function(listen, name="listen", description="Listen.")
    tool.callbacks = [heard]
    runner = make_runner(tool)
    assert set(runner.get("listen").contract.args_schema["properties"]) == {"words"}
    outcome = await runner.call(
        "listen", {"words": "x"}, run=run, step="s", attempt=1, timeout=None
    )
    assert outcome.output == [True, True, True]
    assert heard.inputs == [{"words": "x"}]


def test_variable_arguments_are_no_arguments() -> None:
    """`*args` and `**kwargs` do not stand in the schema."""

    def many(a: int, *args: int, **kwargs: int) -> int:
        return a

    tool = StructuredTool.from_function(many, name="many", description="Many.")
    assert list(from_langchain(tool).contract.args_schema["properties"]) == ["a"]


def test_an_argument_that_an_adapter_would_take_for_its_own_is_refused() -> None:
    """The public MCP adapter's function has a parameter `runtime` beside `**arguments`."""

    async def call_tool(runtime: Any = None, **arguments: Any) -> Any:
        return arguments

    tool = StructuredTool(
        name="served",
        description="Served.",
        coroutine=call_tool,
        args_schema={"type": "object", "properties": {"runtime": {"type": "string"}}},
    )
    with pytest.raises(ConfigError, match="LangChain's own") as raised:
        from_langchain(tool)
    assert raised.value.where == "served.runtime"
