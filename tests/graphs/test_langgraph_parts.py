"""Parts of LangGraph that are private, beta or replaced: these fail when one of them changes."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt
from typing_extensions import TypedDict

from pointsman.errors import DecisionError
from pointsman.graphs.drawn import show_subgraph
from pointsman.graphs.resumable import resumable
from pointsman.graphs.strict_resume import STRICT_RESUME
from pointsman.runs import late_decisions, lease, listening
from pointsman.runs.identity import with_requester
from pointsman.runs.outer_graph import brings_checkpointer, is_inside, is_node, nodes_around
from pointsman.state.channels import merged
from pointsman.state.run import Principal
from pointsman.stores.records import Requester

AT: Any = {"configurable": {"thread_id": "t"}}


class Small(TypedDict, total=False):
    """A state with one of our channels."""

    text: str
    large: Annotated[dict[str, Any], merged()]


def asking() -> CompiledStateGraph[Any, Any, Any, Any]:
    """Compile a graph that asks once."""

    def ask(state: Small) -> Small:
        return {"text": interrupt("?"), "large": {"page": "x" * 1_000}}

    graph = StateGraph(Small)
    graph.add_node("ask", ask)
    graph.add_edge(START, "ask")
    graph.add_edge("ask", END)
    return graph.compile(checkpointer=InMemorySaver())


def test_a_resume_for_an_interrupt_nobody_waits_under_is_an_error() -> None:
    """The private key still has LangGraph say so."""
    graph = asking().with_config(configurable=STRICT_RESUME)
    graph.invoke({"text": ""}, AT)

    with pytest.raises(Exception, match=r"(?i)interrupt"):
        graph.invoke(Command(resume={"0" * 32: "yes"}), AT)


def test_a_compiled_graph_can_still_change_its_class() -> None:
    """LangGraph's builder makes exactly its own class; the changed one can still be copied."""
    graph = asking()
    assert type(graph) is CompiledStateGraph

    changed = resumable(graph).with_config(tags=["copied"])

    changed.invoke({"text": ""}, AT)
    assert changed.invoke(Command(resume="yes"), AT)["text"] == "yes"
    with pytest.raises(DecisionError, match="not waiting"):
        changed.invoke(Command(resume="yes"), AT)


def test_a_subgraph_without_checkpoints_is_drawn_only_when_it_is_shown() -> None:
    """When LangGraph finds it by itself, the assignment can go."""

    def within(state: Small) -> dict[str, str]:
        return {"text": "x"}

    outer = StateGraph(Small)
    inner = StateGraph(Small)
    inner.add_node("within", within)
    inner.add_edge(START, "within")
    inner.add_edge("within", END)
    lane = inner.compile(checkpointer=False)
    outer.add_node("lane", lane)
    outer.add_edge(START, "lane")
    outer.add_edge("lane", END)
    graph = outer.compile()
    assert "lane:within" not in graph.get_graph(xray=True).nodes

    show_subgraph(graph, "lane", lane)

    assert "lane:within" in graph.get_graph(xray=True).nodes


def test_a_delta_channel_is_read_back_and_not_stored_again() -> None:
    """The beta channel keeps a value out of the checkpoints, which hold what was written."""
    graph = asking()
    graph.invoke({"text": ""}, AT)
    graph.invoke(Command(resume="yes"), AT)

    assert graph.get_state(AT).values["large"] == {"page": "x" * 1_000}
    saver: Any = graph.checkpointer
    stored = [item for item in saver.blobs.values() if b"x" * 1_000 in item[1]]
    assert not stored


@pytest.mark.parametrize(
    ("key", "kept"),
    [(listening.KEY, False), (late_decisions.KEY, False), (lease.KEY, False), ("told", True)],
)
def test_a_key_that_begins_with_underscores_stays_out_of_checkpoints(key: str, kept: bool) -> None:
    """Who listens and what was decided late is of one run, and no checkpoint tells the next."""
    graph = asking()

    graph.invoke({"text": ""}, {"configurable": {"thread_id": "t", key: "word for word"}})

    noted = [str(saved.metadata) for saved in graph.get_state_history(AT)]
    assert noted
    assert all(("word for word" in said) is kept for said in noted)


@pytest.mark.parametrize("checkpointer", [None, InMemorySaver()])
def test_a_graph_around_another_still_shows_in_its_config(checkpointer: Any) -> None:
    """The keys that LangGraph hands on to what runs inside of a node."""
    seen: list[tuple[bool, bool]] = []

    def within(state: Small) -> dict[str, str]:
        seen.append((is_inside(None), brings_checkpointer(None)))
        return {"text": "x"}

    graph = StateGraph(Small)
    graph.add_node("within", within)
    graph.add_edge(START, "within")
    graph.add_edge("within", END)

    graph.compile(checkpointer=checkpointer).invoke({"text": ""}, AT)

    assert seen == [(True, checkpointer is not None)]
    assert not is_inside(None)
    assert not brings_checkpointer(AT)


def test_a_node_still_sees_which_nodes_it_is_inside_of() -> None:
    """A lease of a lane is that of its thread, and a graph inside another has one of its own."""
    seen: list[list[str]] = []

    def look(state: Small, runtime: Runtime[Any]) -> Small:
        assert runtime.execution_info is not None
        seen.append(nodes_around(runtime.execution_info.checkpoint_ns))
        return {}

    inner = StateGraph(Small)
    inner.add_node("look", look)
    inner.add_edge(START, "look")
    outer = StateGraph(Small)
    outer.add_node("look", look)
    outer.add_node("lane", inner.compile())
    outer.add_edge(START, "look")
    outer.add_edge("look", "lane")

    outer.compile(checkpointer=InMemorySaver()).invoke({}, {"configurable": {"thread_id": "t"}})

    assert seen[0] == []
    [place] = seen[1]
    assert is_node(place, "lane")
    assert not is_node(place, "lan")


def test_whom_a_credential_vouches_for_still_reaches_the_nodes() -> None:
    """A worker acts for whoever asked as a server does for its user."""
    asked = Requester(principal=Principal(id="ann"), authenticated=True)
    seen: list[str] = []

    def look(state: Small, runtime: Runtime[Any]) -> Small:
        assert runtime.server_info is not None
        assert runtime.server_info.user is not None
        seen.append(runtime.server_info.user.identity)
        return {}

    graph = StateGraph(Small)
    graph.add_node("look", look)
    graph.add_edge(START, "look")

    graph.compile().invoke({}, with_requester({}, asked))

    assert seen == ["ann"]
