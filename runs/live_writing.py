"""Live writing: have a model write an answer, and say its sentences while the reply still comes.

A sentence is checked as soon as it is whole, and said once it and all before it have passed. One
that fails is asked for once more with the reason; what fails again stays out, and the answer names
it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from ..models.requests import Emit
from ..state.answer import Sentence
from ..state.values import JsonObject
from . import prompts
from .checking import CheckedSentences, FailedSentence
from .correcting import corrected
from .events import emitter
from .listening import is_heard
from .sentence_reader import SentenceReader
from .writing import UNREACHED, Writing, ask


async def write(desk: Writing) -> tuple[CheckedSentences, str]:
    """Have the model write the answer; return what passed, what failed, and who wrote.

    Raises:
        EndpointError: The writer cannot be had, and nothing was said.
        OutputError: It did not reply as asked, and nothing was said.
        BudgetExceededError: No cap leaves room, and nothing was said.
    """
    desk = desk.as_seen()
    live = _Live(desk)
    whole = desk.has_verifier or not is_heard()
    try:
        async with live.listening() as heard:
            written, model = await ask(
                desk, prompts.answer_messages(desk.brief), None if whole else heard
            )
    except UNREACHED as error:
        if not live.checked.kept:
            raise
        # Its first sentences have been read: they are the answer, and it is not whole.
        cut = FailedSentence(text="The rest of the answer.", reason=str(error))
        return desk.say(live.checked + CheckedSentences(checked=(cut,))), ""
    rest = await desk.check([s for s in written if s not in live.seen])
    return await corrected(desk, live.checked + rest), model


class _Live:
    """Checks and says sentences while the reply that holds them is still coming."""

    def __init__(self, desk: Writing) -> None:
        self._desk = desk
        self._reader = SentenceReader()
        self._whole: asyncio.Queue[Sentence | None] = asyncio.Queue()
        self.seen: list[Sentence] = []
        self.checked = CheckedSentences()

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[Emit]:
        """Give the sink for the model's events; what it has brought is checked at the end."""
        work = asyncio.create_task(self._work())
        try:
            yield self._hear
        finally:
            self._whole.put_nowait(None)
            await work

    def _hear(self, event: JsonObject) -> None:
        match event.get("event"):
            case "token":
                for sentence in self._reader.feed(str(event.get("text", ""))):
                    self._whole.put_nowait(sentence)
            case "discard":
                # The next candidate begins anew; what was said stays said.
                self._reader.forget()
            case _:
                emitter(self._desk.runtime, node="synthesize")(event)

    async def _work(self) -> None:
        while (sentence := await self._whole.get()) is not None:
            if sentence in self.seen:
                continue
            self.seen.append(sentence)
            self.checked += await self._desk.check([sentence])
            # What comes after a sentence that failed waits until that one is corrected.
            self._desk.say(self.checked.kept_first)
