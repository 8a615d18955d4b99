"""`ScriptedModel`: a LangChain chat model that plays a list of replies, without any HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field, PrivateAttr

from ..state.values import JsonObject
from .completion import count_tokens, pieces

ScriptedReply = AIMessage | str | JsonObject | Exception
"""A dictionary is structured output: JSON text, or a call of the one tool that is forced. An
exception is raised."""


class ScriptedModel(BaseChatModel):
    """A chat model that plays `replies` in order and fails when asked for more.

    Example:
        >>> model = ScriptedModel(replies=["Hello.", {"city": "Bern"}])
        >>> model.invoke("Hi").content
        'Hello.'
    """

    replies: Sequence[Any] = Field(repr=False)
    """`ScriptedReply` each. LangChain writes a model's `repr` with each call, on the event loop."""
    _prompts: list[Sequence[BaseMessage]] = PrivateAttr(default_factory=list[Sequence[BaseMessage]])
    _lock: threading.Lock = PrivateAttr(default_factory=threading.Lock)

    @property
    def prompts(self) -> Sequence[Sequence[BaseMessage]]:
        """The messages of every call, the unexpected ones included."""
        return tuple(self._prompts)

    def assert_complete(self) -> None:
        """Check that every reply was asked for, and no more than that.

        Raises:
            AssertionError: It says how many calls and replies there were.
        """
        if len(self._prompts) != len(self.replies):
            raise AssertionError(
                f"The script has {len(self.replies)} replies, the model was called "
                f"{len(self._prompts)} times."
            )

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Offer tools; the script decides whether they are called."""
        declared = [convert_to_openai_tool(tool) for tool in tools]
        return self.bind(tools=declared, tool_choice=tool_choice, **kwargs)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _next(self, messages: Sequence[BaseMessage], options: JsonObject) -> AIMessage:
        with self._lock:
            position = len(self._prompts)
            self._prompts.append(tuple(messages))
        if position >= len(self.replies):
            raise AssertionError(f"Unexpected call {position + 1}: {messages[-1].text!r}")
        reply: ScriptedReply = self.replies[position]
        if isinstance(reply, Exception):
            raise reply
        return _with_usage(_message(reply, options, position), messages)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        del stop, run_manager
        return ChatResult(generations=[ChatGeneration(message=self._next(messages, kwargs))])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        del run_manager
        return self._generate(messages, stop, **kwargs)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        del stop, run_manager
        yield from _chunks(self._next(messages, kwargs))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        del stop, run_manager
        for chunk in _chunks(self._next(messages, kwargs)):
            yield chunk


def _message(reply: AIMessage | str | JsonObject, options: JsonObject, position: int) -> AIMessage:
    if isinstance(reply, AIMessage):
        return reply
    if isinstance(reply, str):
        return AIMessage(content=reply)
    tools = options.get("tools") or ()
    if len(tools) == 1 and options.get("tool_choice") not in (None, "auto"):
        name = tools[0]["function"]["name"]
        call = {"name": name, "args": reply, "id": f"call_{position}", "type": "tool_call"}
        return AIMessage(content="", tool_calls=[call])
    return AIMessage(content=json.dumps(reply, ensure_ascii=False))


def _with_usage(message: AIMessage, prompt: Sequence[BaseMessage]) -> AIMessage:
    if message.usage_metadata is not None:
        return message
    asked = sum(count_tokens(m.text) for m in prompt)
    said = count_tokens(message.text + "".join(json.dumps(c["args"]) for c in message.tool_calls))
    usage = UsageMetadata(input_tokens=asked, output_tokens=said, total_tokens=asked + said)
    return message.model_copy(update={"usage_metadata": usage})


def _chunks(message: AIMessage) -> Iterator[ChatGenerationChunk]:
    for piece in pieces(message.text):
        yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
    calls = [
        tool_call_chunk(name=c["name"], args=json.dumps(c["args"]), id=c["id"], index=i)
        for i, c in enumerate(message.tool_calls)
    ]
    last = AIMessageChunk(
        content="",
        tool_call_chunks=calls,
        usage_metadata=message.usage_metadata,
        chunk_position="last",
    )
    yield ChatGenerationChunk(message=last)
