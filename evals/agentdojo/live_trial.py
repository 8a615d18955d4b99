"""A live trial: one agent, with a real model behind it, on one task that nobody attacks."""

from __future__ import annotations

import importlib.resources
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import httpx
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from pydantic import SecretStr

from ...agent import build_agent
from ...settings import Settings
from ...state.values import JsonObject
from ...state.yaml_text import read_yaml
from ...stores.store import open_store
from .agents import MAX_PAUSES
from .outcome import messages_heard
from .scene import SCENE, Scene, SceneCall
from .suites import AttackPair
from .tools import langchain_tools, pointsman_tools
from .traffic import Traffic

LiveAgent = Literal["pointsman", "create_agent"]
LIVE_AGENTS: tuple[LiveAgent, ...] = ("pointsman", "create_agent")

ENDPOINT = "live"


@dataclass(frozen=True, kw_only=True)
class LiveModel:
    """The model behind both agents, at an OpenAI-compatible endpoint."""

    base_url: str
    id: str
    key_env: str = ""
    """The environment variable that holds the key; empty for an endpoint that wants none."""
    seconds: float
    """Longest wait for a reply."""

    def settings(self, home: Path) -> Settings:
        """Return Pointsman's settings with it. Raises `ConfigError`."""
        model = {
            "id": self.id,
            "endpoint": ENDPOINT,
            # The roles of the README; a verifier besides would check its own words.
            "roles": ["planner", "extractor", "reasoner", "generator"],
            "timeouts": {"read": self.seconds, "total": self.seconds},
        }
        endpoint = {"base_url": self.base_url, "api_key_env": self.key_env}
        return Settings.parse(
            {
                "home": home,
                "instructions": system_message(),
                "models": {"endpoints": {ENDPOINT: endpoint}, "models": [model]},
                "deadline_seconds": None,
            }
        )

    def chat(self, client: httpx.AsyncClient) -> BaseChatModel:
        """Return it as LangChain has it, over a client that the caller closes."""
        key = os.environ.get(self.key_env, "none")
        return ChatOpenAI(
            base_url=self.base_url,
            model=self.id,
            api_key=SecretStr(key),
            timeout=self.seconds,
            max_retries=0,
            http_async_client=client,
        )


@dataclass(frozen=True, kw_only=True)
class LiveScore:
    """What one agent came to on one task, and what it took."""

    agent: LiveAgent
    suite: str
    task: str
    useful: bool
    """AgentDojo: the task is done."""
    calls: int
    read: int
    written: int
    """Of models: calls, and characters read and written."""
    approvals: int
    """Calls that a person was asked about, and allowed."""
    seconds: float
    answer: str
    performed: tuple[SceneCall, ...]


async def run_live(agent: LiveAgent, pair: AttackPair, model: LiveModel, home: Path) -> LiveScore:
    """Run an agent on a task; whatever it asks, a person allows.

    Raises:
        RuntimeError: It asked more than `MAX_PAUSES` times.
    """
    scene, traffic, asked = Scene(pair), Traffic(), 0
    # A task has a context of its own, so runs side by side do not meet.
    SCENE.set(scene)
    config: Any = {
        "configurable": {"thread_id": uuid4().hex},
        "callbacks": [traffic],
        "recursion_limit": 200,
    }
    started = time.perf_counter()
    async with (
        httpx.AsyncClient() as client,
        open_store(home / f"{agent}-{pair.suite}-{pair.user}.db") as store,
    ):
        graph: Any = (
            build_agent(
                model.settings(home),
                tools=pointsman_tools(scene.suite),
                checkpointer=InMemorySaver(),
                store=store,
            )
            if agent == "pointsman"
            else _loop(scene, model.chat(client))
        )
        states: list[Any] = [await graph.ainvoke({"messages": [("user", scene.prompt)]}, config)]
        while pauses := states[-1].get("__interrupt__"):
            requests: list[JsonObject] = pauses[0].value["action_requests"]
            asked += len(requests)
            if asked > MAX_PAUSES:
                raise RuntimeError(f"It asked more than {MAX_PAUSES} times.")
            decisions = [{"type": "approve"} for _ in requests]
            states.append(await graph.ainvoke(Command(resume={"decisions": decisions}), config))
    answer = "\n".join(text for text, _ in messages_heard(states))
    return LiveScore(
        agent=agent,
        suite=pair.suite,
        task=pair.user.removeprefix("user_task_"),
        useful=scene.useful(answer),
        calls=traffic.calls,
        read=traffic.read,
        written=traffic.written,
        approvals=asked,
        seconds=round(time.perf_counter() - started, 1),
        answer=answer,
        performed=tuple(scene.performed),
    )


def _loop(scene: Scene, model: BaseChatModel) -> Any:
    from langchain.agents import create_agent

    return create_agent(model, langchain_tools(scene.suite), system_prompt=system_message())


def system_message() -> str:
    """Return AgentDojo's own instructions for an agent."""
    text = importlib.resources.files("agentdojo").joinpath("data/system_messages.yaml").read_text()
    return str(read_yaml(text)["default"]).strip()
