"""OpenAI-compatible chat, whose replies do not fail over what they say they have cost."""

from __future__ import annotations

from typing import Any

from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI
from openai import BaseModel

from ...state.values import Json, JsonObject

_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")
_DETAILS = ("prompt_tokens_details", "completion_tokens_details")


class OpenAIChat(ChatOpenAI):
    """LangChain's chat model, which reckons with usage before anybody has looked at it.

    It raises over a count that is a text, and the reply, which is paid for, is lost with it. Here
    usage that is none is left out; the call is then charged as one that reported none.
    """

    def _create_chat_result(
        self, response: JsonObject | BaseModel, generation_info: JsonObject | None = None
    ) -> ChatResult:
        if isinstance(response, BaseModel):
            said = getattr(response, "usage", None)
            usage = said.model_dump(warnings=False) if isinstance(said, BaseModel) else said
            if not is_usage(usage):
                response = response.model_copy(update={"usage": None})
        return super()._create_chat_result(response, generation_info)

    def _convert_chunk_to_generation_chunk(
        self, chunk: JsonObject, default_chunk_class: type, base_generation_info: JsonObject | None
    ) -> ChatGenerationChunk | None:
        if not is_usage(chunk.get("usage")):
            chunk = {**chunk, "usage": None}
        return super()._convert_chunk_to_generation_chunk(
            chunk, default_chunk_class, base_generation_info
        )


def is_usage(usage: Json) -> bool:
    """Say whether a report can be read: an object of counts, some of which may be missing."""
    if not isinstance(usage, dict):
        return False
    details = [usage.get(name) or {} for name in _DETAILS]
    if not all(isinstance(each, dict) for each in details):
        return False
    counts = [usage.get(name) for name in _COUNTS]
    counts += [count for each in details for count in each.values()]
    return all(count is None or _is_whole(count) for count in counts)


def _is_whole(count: Any) -> bool:
    return isinstance(count, int) and not isinstance(count, bool)
