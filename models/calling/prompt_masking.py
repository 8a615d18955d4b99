"""PromptMasking: what one request shows to models, and what their replies mean.

Models are sent pseudonyms, and replies have the values again before anybody judges them. So plans,
schemas, evidence and the check of answers work with values alone, and what is recorded of prompts
and replies holds none of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage

from ...masking.masker import Masker, is_short, restored
from ...masking.pseudonyms import Pseudonyms
from ...masking.streaming import RestoringStream
from ...state.values import Json, JsonObject
from ..requests import Emit
from .calls import RawReply

EXPLAINED = (
    "Texts such as <email:7f3a91c2> stand for values that you are not shown. The same text always "
    "stands for the same value. Where you mean the value, write the text exactly as it is."
)


class PromptMasking:
    """Masks the prompts of one request, and unmasks the replies to them.

    Args:
        masker: What recognises; `None`: nothing is masked.
        tenant: Whose values they are.
        data_class: Classes of the data in the prompt.
    """

    def __init__(
        self, masker: Masker | None = None, *, tenant: str = "", data_class: Sequence[str] = ()
    ) -> None:
        self._masker = masker
        self._kinds = masker.kinds_at("prompts", data_class=data_class) if masker else frozenset()
        self._given = masker.pseudonyms(tenant) if masker else None
        self._quoted: set[str] = set()

    async def prompt(
        self, messages: Sequence[BaseMessage], schema: JsonObject | None, *, endpoint: str
    ) -> tuple[Sequence[BaseMessage], JsonObject | None]:
        """Return messages and schema as the models of an endpoint may see them."""
        masker, given = self._masker, self._given
        if masker is None or given is None or not self._kinds:
            return messages, schema
        if endpoint in masker.settings.unmasked_endpoints:
            return messages, schema
        if all(is_short(message.content) for message in messages):
            return self._masked(messages, schema, masker, given)
        return await asyncio.to_thread(self._masked, messages, schema, masker, given)

    def _masked(
        self,
        messages: Sequence[BaseMessage],
        schema: JsonObject | None,
        masker: Masker,
        given: Pseudonyms,
    ) -> tuple[Sequence[BaseMessage], JsonObject | None]:
        shown = [self._message(message, masker, given) for message in messages]
        for message in messages:
            self._quoted |= {*given.unknown(message.text)}
        schema = masker.masked(schema, self._kinds, given)
        return _explained(shown) if given else shown, schema

    def _message(self, message: BaseMessage, masker: Masker, given: Pseudonyms) -> BaseMessage:
        def masked(value: Json) -> Any:
            return masker.masked(value, self._kinds, given)

        content = message.content
        parts = content if isinstance(content, str) else [_text_only(b, masked) for b in content]
        changed: JsonObject = {"content": masked(parts) if isinstance(parts, str) else parts}
        if isinstance(message, AIMessage) and message.tool_calls:
            changed["tool_calls"] = [{**c, "args": masked(c["args"])} for c in message.tool_calls]
        return message.model_copy(update=changed)

    def reply(self, raw: RawReply, *, as_json: bool) -> RawReply:
        """Return a reply with the values that its pseudonyms stand for.

        Args:
            raw: As it came.
            as_json: Whether its text is to be JSON.
        """
        if not (given := self._given):
            return raw
        calls = [{**c, "args": _restored_args(c["args"], given)} for c in raw.calls]
        return replace(raw, text=given.restore(raw.text, as_json=as_json), calls=tuple(calls))

    def invented(self, raw: RawReply) -> tuple[str, ...]:
        """Return what reads like a pseudonym in a reply, and stood in no prompt."""
        if not self._kinds or self._given is None:
            return ()
        texts = [raw.text, *(str(call["args"]) for call in raw.calls)]
        found = (one for text in texts for one in self._given.unknown(text))
        return tuple(dict.fromkeys(one for one in found if one not in self._quoted))

    def text(self, text: str) -> str:
        """Return a text about the exchange, such as an error, as it may be recorded."""
        if self._masker is None or self._given is None:
            return text
        return self._masker.masked(text, self._kinds, self._given)

    def emit(self, emit: Emit, *, as_json: bool) -> Emit:
        """Return a sink in which no token holds a pseudonym, nor a part of one."""
        if not self._given:
            return emit
        stream = RestoringStream(self._given, as_json=as_json)

        def send(event: JsonObject) -> None:
            name = event.get("event")
            if name == "token":
                shown = stream.add(event["text"])
                if shown:
                    emit({**event, "text": shown})
                return
            if name == "discard":
                stream.forget()
            elif rest := stream.end():
                emit({"event": "token", "text": rest, "step": event.get("step", "")})
            emit(event)

        return send


def _restored_args(args: Json, given: Pseudonyms) -> Json:
    return given.restore(args, as_json=True) if isinstance(args, str) else restored(args, given)


def _text_only(block: Any, masked: Any) -> Any:
    """Mask what a block says; its picture or sound is data that no pattern reads."""
    if isinstance(block, str):
        return masked(block)
    if isinstance(block, dict) and isinstance(block.get("text"), str):
        return {**block, "text": masked(block["text"])}
    return block


def _explained(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Tell a model what pseudonyms are, with what else it is told first."""
    first, *rest = messages
    if not isinstance(first, SystemMessage):
        return [SystemMessage(EXPLAINED), *messages]
    content = first.content
    if isinstance(content, str):
        told: Any = f"{content}\n\n{EXPLAINED}"
    else:
        told = [*content, {"type": "text", "text": EXPLAINED}]
    return [first.model_copy(update={"content": told}), *rest]
