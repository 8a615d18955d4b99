"""Speech to text behind the interface of a chat model, so that it is routed and budgeted alike."""

from __future__ import annotations

import mimetypes
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

import httpx
import openai
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import ConfigDict, Field

from ...errors import TaskError
from ...state.signatures import sniffed_type
from .guards import declared_type
from .tokens import media_bytes


class TranscriptionModel(BaseChatModel):
    """Transcribes the audio of the last message at an OpenAI-compatible endpoint."""

    model_config: ClassVar[ConfigDict] = ConfigDict(arbitrary_types_allowed=True)

    model: str
    base_url: str
    key: Callable[[], Awaitable[str]] = Field(exclude=True, repr=False)
    http: httpx.AsyncClient = Field(exclude=True, repr=False)

    @property
    def _llm_type(self) -> str:
        return "transcription"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        raise NotImplementedError("Transcription is asynchronous only.")

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> ChatResult:
        data, media_type = _audio(messages[-1])
        client = openai.AsyncOpenAI(
            api_key=self.key,
            base_url=self.base_url,
            max_retries=0,
            http_client=self.http,  # pyright: ignore[reportArgumentType]  # the SDK takes httpx too
        )
        name = "audio" + (mimetypes.guess_extension(media_type) or ".wav")
        heard = await client.audio.transcriptions.create(
            model=self.model, file=(name, data, media_type), response_format="json"
        )
        message = AIMessage(content=heard.text, usage_metadata=_usage(heard.model_dump()))
        return ChatResult(generations=[ChatGeneration(message=message)])


def _audio(message: BaseMessage) -> tuple[bytes, str]:
    for block in message.content if isinstance(message.content, list) else ():
        data = media_bytes(block) if isinstance(block, Mapping) else None
        if data is not None and isinstance(block, Mapping):
            return data, declared_type(block) or sniffed_type(data) or "audio/wav"
    raise TaskError("There is no audio to transcribe.", fix="Attach the audio inline.")


def _usage(reply: Mapping[str, Any]) -> UsageMetadata | None:
    usage = reply.get("usage") or {}
    inward, outward = usage.get("input_tokens"), usage.get("output_tokens")
    if not isinstance(inward, int) or not isinstance(outward, int):
        return None  # billed by the minute; the reservation stands in for it
    return UsageMetadata(input_tokens=inward, output_tokens=outward, total_tokens=inward + outward)
