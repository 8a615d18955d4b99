"""What is uploaded to LangSmith, or handed to OpenTelemetry, is masked; the answer is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from langchain_core.tracers.langchain import LangChainTracer
from langgraph.graph import START, MessagesState, StateGraph
from langsmith import Client, run_trees, utils

from pointsman.testing import ScriptedModel

ANN = "ann@example.org"
SECRET = "sk-live0123456789abcdefghijklmnop"
ASKED: Any = {"messages": [("user", f"Who owns A? My key is {SECRET}.")]}


def forget_environment() -> None:
    """Have LangSmith read its variables again."""
    cast("Any", utils.get_env_var).cache_clear()


@pytest.fixture(params=[True, False], ids=["multipart", "batches"])
def langsmith(
    request: Any, monkeypatch: pytest.MonkeyPatch, langsmith_server: Any
) -> Iterator[Any]:
    """A server, and the environment by which LangChain traces to it."""
    with langsmith_server(multipart=request.param) as server:
        monkeypatch.setenv("LANGSMITH_TRACING", "true")
        monkeypatch.setenv("LANGSMITH_ENDPOINT", server.url)
        monkeypatch.setenv("LANGSMITH_API_KEY", "lsv2_not_a_real_key")
        monkeypatch.setattr(run_trees, "_CLIENT", None)
        forget_environment()
        yield server
    forget_environment()


@pytest.fixture
def w(write: dict[str, Any]) -> Any:
    """Give the writers by attribute."""
    return type("Writers", (), {name: staticmethod(f) for name, f in write.items()})


def agent_of(bench: Any, w: Any, **masking: Any) -> Any:
    """Build an agent whose models see values."""
    said = {"sentences": [{"text": f"The owner is {ANN}.", "cites": ["a"]}]}
    return bench.agent(
        w.plan(w.step("a", "look", item="A")),
        models={"generator": ScriptedModel(replies=[said])},
        masking=masking,
    )


def flush(agent: Any) -> None:
    """Wait until all is sent."""
    agent.dependencies.uploads.flush()


async def test_no_value_is_uploaded(bench: Any, w: Any, langsmith: Any) -> None:
    """Neither of inputs and outputs of nodes, nor of prompts, replies and tools."""
    agent = agent_of(bench, w)
    out = await agent.ainvoke(ASKED, w.thread())
    flush(agent)

    assert ANN in out["answer"]["text"]
    assert langsmith.uploads
    assert b"<email:" in langsmith.everything.replace(rb"\u003c", b"<")
    assert b'"planner' in langsmith.everything or b"normalize" in langsmith.everything
    assert ANN.encode() not in langsmith.everything
    assert SECRET.encode() not in langsmith.everything


async def test_what_is_hidden_is_not_uploaded_at_all(bench: Any, w: Any, langsmith: Any) -> None:
    """By policy only names, times and costs leave."""
    agent = agent_of(bench, w, hide=["inputs", "outputs"])
    await agent.ainvoke(ASKED, w.thread())
    flush(agent)
    assert b"normalize" in langsmith.everything
    assert b"Who owns A" not in langsmith.everything
    assert b"owner is" not in langsmith.everything


def test_synchronous_runs_are_masked_too(bench: Any, w: Any, langsmith: Any) -> None:
    """`invoke` has callbacks of another kind."""
    agent = agent_of(bench, w)
    agent.invoke(ASKED, w.thread())
    flush(agent)
    assert langsmith.uploads
    assert ANN.encode() not in langsmith.everything


async def test_inside_another_graph_our_part_is_masked(bench: Any, w: Any, langsmith: Any) -> None:
    """The graph around it is traced by the environment, and hands its tracer on."""
    agent = agent_of(bench, w)

    async def ours(state: MessagesState) -> Any:
        out = await agent.ainvoke({"messages": state["messages"]}, w.thread())
        return {"messages": [("ai", out["answer"]["status"])]}

    outer: Any = StateGraph(MessagesState)
    outer.add_node("ours", ours)
    outer.add_edge(START, "ours")
    await outer.compile().ainvoke({"messages": [("user", "Who owns A?")]})
    flush(agent)
    run_trees.get_cached_client().flush()
    assert b"normalize" in langsmith.everything
    assert ANN.encode() not in langsmith.everything


async def test_a_tracer_of_the_caller_is_theirs(bench: Any, w: Any, langsmith: Any) -> None:
    """Whoever hands over a tracer with a client of their own has decided what it sends."""
    client = Client()
    config = {**w.thread(), "callbacks": [LangChainTracer(client=client)]}
    await agent_of(bench, w).ainvoke(ASKED, config)
    client.flush()
    assert ANN.encode() in langsmith.everything


async def test_nothing_is_traced_unless_the_environment_says_so(
    bench: Any, w: Any, langsmith: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Masking switches no tracing on."""
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    forget_environment()
    agent = agent_of(bench, w)
    await agent.ainvoke(ASKED, w.thread())
    flush(agent)
    assert not langsmith.uploads
