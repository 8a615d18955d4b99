"""Chat models without a language model: one for the roles of the graph, one for a tool loop."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any
from uuid import uuid4

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool

from ...models.requests import Role
from ...runs.prompts import VERIFIED
from ...state.values import JsonObject
from .mind import Mind
from .scene import SceneCall

MIND: ContextVar[Mind] = ContextVar("mind")
"""The mind of the run that is going on; models are built once and serve many."""


class _MindModel(BaseChatModel):
    """A chat model that says what the current mind wants said."""

    @property
    def _llm_type(self) -> str:
        return "agentdojo"

    def say(self, mind: Mind, messages: Sequence[BaseMessage]) -> AIMessage:
        """Answer a prompt."""
        raise NotImplementedError

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Take note of no tool: the mind knows them."""
        del tools, tool_choice
        return self.bind(**kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        del stop, run_manager, kwargs
        message = self.say(MIND.get(), messages)
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> ChatResult:
        return self._generate(messages, *args, **kwargs)

    def _stream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        [generation] = self._generate(messages, *args, **kwargs).generations
        text = generation.message.text
        yield ChatGenerationChunk(message=AIMessageChunk(content=text, chunk_position="last"))


class RoleModel(_MindModel):
    """Plays one role of the graph."""

    role: Role

    def say(self, mind: Mind, messages: Sequence[BaseMessage]) -> AIMessage:
        """Answer in the form that the role is asked for."""
        prompt = "\n".join(message.text for message in messages)
        mind.read(self.role, prompt)
        return AIMessage(json.dumps(self._reply(mind, prompt), ensure_ascii=False))

    def _reply(self, mind: Mind, prompt: str) -> JsonObject:
        match self.role:
            case "planner":
                return mind.steps(prompt)
            case "reasoner":
                return mind.reason(prompt)
            case "verifier":
                return {"supported": [True] * prompt.count(f"\n{VERIFIED} ")}
            case _:
                return mind.sentences(prompt)


ROLES: tuple[Role, ...] = ("planner", "extractor", "reasoner", "generator", "verifier")


def role_models() -> dict[Role, BaseChatModel]:
    """Return a model for every role that the graph knows."""
    return {role: RoleModel(role=role) for role in ROLES}


class LoopModel(_MindModel):
    """Plays the model of a loop that calls tools until it answers."""

    def say(self, mind: Mind, messages: Sequence[BaseMessage]) -> AIMessage:
        """Call the next tool, or answer when all is called."""
        for message in messages:
            if isinstance(message, ToolMessage):
                mind.read("loop", message.text)
        made = [
            SceneCall(tool=call["name"], args=call["args"])
            for message in messages
            if isinstance(message, AIMessage)
            for call in message.tool_calls
        ]
        following = mind.next_call(made)
        if following is None:
            return AIMessage(mind.last_words())
        call = {"name": following.tool, "args": following.args, "id": f"call_{uuid4().hex[:12]}"}
        return AIMessage("", tool_calls=[{**call, "type": "tool_call"}])
