"""What `build_agent` is given by people with LangChain habits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain.chat_models import init_chat_model
from langchain_openai import ChatOpenAI, OpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.store.memory import InMemoryStore

from pointsman import Settings, build_agent
from pointsman.errors import ConfigError
from pointsman.testing import ScriptedModel

CHAT = ChatOpenAI(model="gpt-5-mini", api_key="sk-x")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("model", "fix"),
    [
        (CHAT.bind(temperature=0), "the chat model itself"),
        (CHAT.bind_tools([{"name": "x", "description": "X."}]), "the chat model itself"),
        (CHAT.with_config(tags=["x"]), "the chat model itself"),
        (CHAT.with_retry(), "the chat model itself"),
        (CHAT.with_fallbacks([CHAT]), "the chat model itself"),
        (
            CHAT.with_structured_output({"title": "x", "type": "object", "properties": {}}),
            "the chat model itself",
        ),
        (init_chat_model(), "the chat model itself"),
        (OpenAI(api_key="sk-x"), "the chat model itself"),  # type: ignore[arg-type]
        (ChatOpenAI, r"ChatOpenAI\(…\)"),
        (lambda _state, _runtime: CHAT, "provider:model"),
        (3, "provider:model"),
        ("", "provider:model"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_is_no_chat_model_says_what_to_give(model: Any, fix: str) -> None:
    """At once, and not as an attribute that is missing or a plan that cannot be had."""
    with pytest.raises(ConfigError, match=fix) as raised:
        build_agent(model=model)
    assert raised.value.where == "models.planner"


@pytest.mark.parametrize(
    ("part", "given", "fix"),
    [
        ("models", [CHAT], "one model as `model`"),
        ("settings", {"name": "x"}, r"Settings\.parse"),
        ("settings", "pointsman.yaml", r"Settings\.load"),
        ("checkpointer", True, "InMemorySaver"),
        ("checkpointer", "sqlite:///x.db", "InMemorySaver"),
        ("checkpointer", InMemorySaver, "InMemorySaver"),
        ("checkpointer", AsyncSqliteSaver.from_conn_string(":memory:"), "Enter it first"),
        ("store", InMemoryStore(), "open_store"),
        ("store", "sqlite:///x.db", "open_store"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_part_of_another_kind_says_what_to_give(
    part: str, given: Any, fix: str, own_home: Any
) -> None:
    """And it is named."""
    with pytest.raises(ConfigError, match=fix) as raised:
        build_agent(**{part: given})
    assert raised.value.where == part


async def test_a_thread_may_have_a_number(tmp_path: Path) -> None:
    """LangGraph takes it, and counts it as text."""
    agent = build_agent(
        Settings.parse({"home": tmp_path / "h"}),
        models={
            "planner": ScriptedModel(
                replies=[{"steps": [], "answer": "Hello."}, {"steps": [], "answer": "Still here."}]
            )
        },
        checkpointer=InMemorySaver(),
    )
    await agent.ainvoke({"messages": "hi"}, {"configurable": {"thread_id": 7}})
    out = await agent.ainvoke({"messages": "there?"}, {"configurable": {"thread_id": "7"}})
    assert [message.text for message in out["messages"]] == [
        "hi",
        "Hello.",
        "there?",
        "Still here.",
    ]
