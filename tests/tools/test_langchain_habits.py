"""What LangChain's users write: it works, or says what to do instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.messages import ToolMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import BaseTool, StructuredTool, ToolException, tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, interrupt
from pydantic import BaseModel

from pointsman import Settings, build_agent
from pointsman.errors import ConfigError
from pointsman.state.run import Run
from pointsman.testing import ScriptedModel
from pointsman.tools import from_langchain, with_contract
from pointsman.tools.contract import ContractOptions

READ: ContractOptions = {"effect": "read"}
WRITE: ContractOptions = {"effect": "write", "idempotency": "none"}


class Amount(BaseModel):
    """Arguments of a tool."""

    amount: int


class Nothing(BaseModel):
    """No arguments."""


class Archive(BaseRetriever):
    """Finds a document about anything."""

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        return [Document(f"about {query}")]


class Ping(BaseTool):
    """Takes anything, and needs nothing."""

    name: str = "ping"
    description: str = "Ping."
    args_schema: type[BaseModel] = Nothing  # pyright: ignore[reportIncompatibleVariableOverride]

    def _run(self, *args: Any, **kwargs: Any) -> str:
        return "pong"


class Later(BaseTool):
    """Has asynchronous code alone."""

    name: str = "later"
    description: str = "Later."

    def _run(self, *args: Any, **kwargs: Any) -> str:
        raise NotImplementedError

    async def _arun(self, amount: int) -> str:
        return f"later {amount}"


@pytest.mark.filterwarnings("ignore:This API is in beta")
@pytest.mark.parametrize("described", [{"arg_types": {"amount": int}}, {"args_schema": Amount}])
async def test_a_runnable_is_a_tool_with_the_arguments_it_names(
    described: Any, execute: Any
) -> None:
    """Its function takes any name; the schema says which."""
    pay = RunnableLambda(lambda given: f"paid {given['amount']}")  # type: ignore[index, misc]
    made = from_langchain(pay.as_tool(name="pay", description="Pay.", **described))

    assert set(made.contract.args_schema["properties"]) == {"amount"}
    assert await execute(made, amount=3) == "paid 3"


@pytest.mark.filterwarnings("ignore:This API is in beta")
async def test_a_retriever_is_a_tool(make_runner: Any, run: Run) -> None:
    """What it finds comes back as data."""
    runner = make_runner(Archive().as_tool(name="archive", description="Search."))
    outcome = await runner.call(
        "archive", {"tool_input": "cats"}, run=run, step="s", attempt=1, timeout=None
    )
    assert outcome.output[0]["page_content"] == "about cats"


async def test_subclasses_that_take_anything(execute: Any) -> None:
    """The schema, or the code that runs, says what they take."""
    assert await execute(from_langchain(Ping())) == "pong"
    assert await execute(from_langchain(Later()), amount=2) == "later 2"


def test_arguments_that_nobody_can_name_are_refused() -> None:
    """Such a tool stood in the prompt as one without arguments, and every call was refused."""

    @tool
    def anything(**given: Any) -> str:
        """Take anything."""
        return str(given)

    @tool
    def several(*given: int) -> str:
        """Take several."""
        return str(given)

    for unnamed in (anything, several):
        with pytest.raises(ConfigError, match="which no schema describes"):
            from_langchain(unnamed)


async def test_a_command_s_message_is_what_the_tool_says(execute: Any) -> None:
    """Tools written for create_agent answer by one."""

    @tool
    def note(texts: list[str]) -> Any:
        """Note it."""
        said = [ToolMessage(text, tool_call_id="1") for text in texts]
        return Command(update={"messages": said})

    made = from_langchain(note)
    assert await execute(made, texts=["one"]) == "one"
    assert await execute(made, texts=["one", "two"]) == ["one", "two"]


@pytest.mark.parametrize(
    "command",
    [
        Command(goto="elsewhere"),
        Command(update={"user": "me"}),
        Command(update={"messages": [ToolMessage("x", tool_call_id="1")], "user": "me"}),
        Command(update=[("user", "me")]),
        Command(),
    ],
    ids=str,
)
async def test_a_command_that_moves_a_graph_is_not_passed_off_as_followed(
    command: Any, make_runner: Any, run: Run
) -> None:
    """Nothing here applies it; a call that changed something is done all the same."""

    @tool
    def move(amount: int) -> Any:
        """Move on."""
        return command

    for contract, status in ((READ, "failed"), (WRITE, "done")):
        runner = make_runner(with_contract(move, **contract))
        outcome = await runner.call(
            "move", {"amount": 1}, run=run, step=status, attempt=1, timeout=None
        )
        assert (outcome.status, outcome.kind) == (status, "output_command")


@pytest.mark.parametrize(
    ("handler", "says"),
    [
        ("Ask for another order.", "Ask for another order."),
        (lambda error: f"Not {error}.", "Not A-1."),
        (True, "A-1"),
        (False, "A-1"),
    ],
)
async def test_an_error_is_told_in_the_tool_s_own_words(
    handler: Any, says: str, make_runner: Any, run: Run
) -> None:
    """And stays an error, which the same arguments would bring again."""

    def fail(order: str) -> str:
        raise ToolException(order)

    failing = StructuredTool.from_function(
        fail, name="fail", description="Fail.", handle_tool_error=handler
    )
    runner = make_runner(with_contract(failing, **READ))
    outcome = await runner.call(
        "fail", {"order": "A-1"}, run=run, step="s", attempt=1, timeout=None
    )
    assert (outcome.status, outcome.retryable) == ("failed", False)
    assert outcome.error == f"ToolException: {says}"


async def test_a_contract_knows_an_error_by_the_words_it_was_raised_with(
    make_runner: Any, run: Run
) -> None:
    """Whatever the tool makes of them for a model."""

    def cancel(order: str) -> str:
        raise ToolException("already delivered")

    failing = StructuredTool.from_function(
        cancel, name="cancel", description="Cancel.", handle_tool_error="Ask the customer."
    )
    made = with_contract(failing, **{**WRITE, "nothing_happened": ("already delivered",)})
    outcome = await make_runner(made).call(
        "cancel", {"order": "A-1"}, run=run, step="s", attempt=1, timeout=None
    )
    assert (outcome.status, outcome.error) == ("failed", "ToolException: Ask the customer.")


async def test_an_interrupt_in_a_tool_says_who_asks_here(tmp_path: Path) -> None:
    """It was tried again and again, as if the tool were out of order."""

    @tool
    def pay(amount: int) -> str:
        """Pay."""
        return str(interrupt({"pay": amount}))

    plan = {"steps": [{"id": "s", "kind": "tool", "tool": "pay", "args": {"amount": 1}}]}
    agent = build_agent(
        Settings.parse({"home": tmp_path / "h", "limits": {"max_revisions": 0}}),
        tools=[with_contract(pay, **READ)],
        models={"planner": ScriptedModel(replies=[plan])},
        checkpointer=InMemorySaver(),
    )
    out = await agent.ainvoke({"task": "pay"}, {"configurable": {"thread_id": "t"}})
    result = out["results"]["s"]
    assert "as the tool's contract says" in result["failure"]["message"]
    assert len(result["attempts"]) == 1
