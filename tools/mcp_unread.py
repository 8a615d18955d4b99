"""Messages of an MCP server that its library cannot read: the call that waits for one is told.

The library drops such a message and waits on, so a call whose reply it was would last until its
timeout. So would one whose reply came under an id that was never given out. Of what is no message
at all (a log line on standard output), and of what asks for no reply, nothing depends.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import ValidationError

from ..errors import ToolError
from ..state.json_text import json_in
from ..state.text import label, whole_json
from ..state.values import Json, JsonObject
from .causes import ToolSaidError

T = TypeVar("T")

GRACE_SECONDS = 2.0
"""For how long a reply is waited for once a reply to nothing that was asked has come."""

_FOREIGN = re.compile(
    r"Received response with an unknown request ID: .{0,120}? id=(?P<id>\S{1,80}),"
)
"""How the library tells of one; of the message it hands over nothing but this text."""


class UnreadMessages:
    """What a session's library could not read. One request is on its way at a time.

    Args:
        server: Its name.
        may_chat: Whether it may say what is no message, as programs do on standard output.
    """

    def __init__(self, server: str, *, may_chat: bool) -> None:
        self._server = server
        self._may_chat = may_chat
        self._lost: asyncio.Future[JsonObject] | None = None
        self._asked = 0
        self._why = ""

    async def take(self, message: object) -> None:
        """Take what the library hands over besides replies: the rest is none of ours."""
        lost = self._lost
        if lost is None or lost.done():
            return
        if isinstance(message, RuntimeError) and self._is_foreign(str(message)):
            # The right one may follow: a server may send to all what is for one.
            asyncio.get_running_loop().call_later(GRACE_SECONDS, _give_up, lost)
        if not isinstance(message, ValidationError):
            return
        found = _document(message)
        if found is None and self._may_chat:
            return
        if found is not None and "method" in found:
            return
        lost.set_result({} if found is None else found)

    def give_up(self, why: str) -> None:
        """Take note of what is not read to its end: no reply is waited for any more."""
        self._why = why
        if self._lost is not None:
            _give_up(self._lost)

    def _is_foreign(self, said: str) -> bool:
        """Whether a reply is to nothing that was asked; one that comes twice or late is not."""
        found = _FOREIGN.match(said)
        if found is None:
            return False
        return not (found["id"].isdecimal() and int(found["id"]) < self._asked)

    async def reply(self, asked: Awaitable[T], read: Callable[[Json], T]) -> T:
        """Return what was asked for, read by ourselves where the library could not read it.

        Args:
            asked: The library's own reply.
            read: Makes one of the result in a message that the library has refused.

        Raises:
            ToolError: A message came that nobody can read: what was asked for may have happened.
            ToolSaidError: The message is an error of the server.
        """
        self._lost = asyncio.get_running_loop().create_future()
        self._asked += 1  # the library counts its ids from 0
        sent = asyncio.ensure_future(asked)
        try:
            await asyncio.wait({sent, self._lost}, return_when=asyncio.FIRST_COMPLETED)
            return sent.result() if sent.done() else read(self._result(self._lost.result()))
        finally:
            self._lost.cancel()
            sent.cancel()
            # The library gives up its place in the session before the next request takes one.
            await asyncio.wait({sent})

    def _result(self, message: JsonObject) -> Json:
        if isinstance(message.get("result"), dict):
            return message["result"]
        if error := message.get("error"):
            said = error.get("message") if isinstance(error, dict) else error
            raise ToolSaidError(label(str(said or error), limit=500))
        raise ToolError(
            f"The server {self._server} {self._why or 'has sent a message that cannot be read'}.",
            happened="unknown",
            where=self._server,
            fix="Look at what it sends: a reply is a JSON-RPC message with a result.",
        )


def _give_up(lost: asyncio.Future[JsonObject]) -> None:
    if not lost.done():
        lost.set_result({})


def _document(error: ValidationError) -> JsonObject | None:
    """Return the message in which a library has found an error; empty if it is a broken one."""
    for each in error.errors(include_url=False, include_context=False):
        said = each["input"]
        if isinstance(said, bytes):
            said = said.decode(errors="replace")
        if isinstance(said, str) and each["type"] == "json_invalid":
            return _read(said)
        if isinstance(said, list) and len(said) == 1 and not each["loc"][1:]:
            said = said[0]
        if isinstance(said, dict) and "jsonrpc" in said:
            return said
    return None


def _read(line: str) -> JsonObject | None:
    try:
        # Half an emoji is all that the library refuses and that can be mended.
        found = whole_json(json_in(line))
    except ValueError:
        is_reply = line.lstrip().startswith("{") and '"jsonrpc"' in line and '"method"' not in line
        return {} if is_reply else None
    return found if isinstance(found, dict) and "jsonrpc" in found else None
