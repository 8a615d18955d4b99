"""Calling a LangChain tool with exactly the arguments that were approved."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForToolRun, CallbackManagerForToolRun
from langchain_core.messages import BaseMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, ToolException
from langchain_core.tools import Tool as TextTool
from langgraph.types import Command

from ..state.values import Json, JsonObject
from .causes import ToolSaidError
from .contract import ToolCall
from .langchain_arguments import LangChainArguments
from .media import ToolMedia, WithMedia, read_blocks
from .output import UnusableOutputError
from .threads import TOOL_THREADS

_METHOD_NAMES = frozenset({"self", "config", "run_manager"})


class _Carrier(BaseTool):
    """Stands in for a tool during one call.

    LangChain passes its own values under `config`, `run_manager` and `callbacks` over whatever the
    arguments say. Here the function gets its arguments as they were bound; what LangChain gives
    goes to the parameters whose types ask for it. Callbacks and traces see a call like any other.
    """

    function: Callable[..., Any]
    bound: dict[str, Any]
    given: dict[str, str]

    def _run(
        self,
        *_shown: Any,
        config: RunnableConfig,
        run_manager: CallbackManagerForToolRun | None = None,
        **_named: Any,
    ) -> Any:
        return self.function(**self.bound, **self._given(config, run_manager))

    async def _arun(
        self,
        *_shown: Any,
        config: RunnableConfig,
        run_manager: AsyncCallbackManagerForToolRun | None = None,
        **_named: Any,
    ) -> Any:
        return await self.function(**self.bound, **self._given(config, run_manager))

    def _given(self, config: RunnableConfig, run_manager: Any) -> dict[str, Any]:
        child = run_manager.get_child() if run_manager else None
        values = {"config": config, "callbacks": child, "run_manager": run_manager}
        return {name: values[kind] for name, kind in self.given.items()}


async def run_langchain(
    base_tool: BaseTool,
    function: Callable[..., Any],
    asynchronous: bool,
    arguments: LangChainArguments,
    args: JsonObject,
    call: ToolCall,
) -> Json:
    """Call a tool and return what it returned; its errors are raised, never returned as text."""
    returned: list[Any] = []
    carrier = _carrier(base_tool, _noting(function, asynchronous, returned), arguments, args)
    shown: Any = {"arguments": args} if _METHOD_NAMES & args.keys() else args
    # Called with bare arguments, LangChain drops an artifact; called with a tool call, it returns
    # a message, but turns other outputs into text.
    paired = base_tool.response_format == "content_and_artifact"
    if paired:
        shown = {
            "type": "tool_call",
            "name": base_tool.name,
            "args": shown,
            "id": call.idempotency_key,
        }
    try:
        made = await _invoked(carrier, shown, asynchronous, returned)
        if inspect.isawaitable(made):
            # What looks synchronous may be a wrapped `async def`, or a lambda around one.
            made = await made
    except ToolException as error:
        told = base_tool.handle_tool_error
        told = told(error) if callable(told) else told
        if not isinstance(told, str):
            raise
        # As the tool itself would tell a model, and an error all the same.
        raise type(error)(told) from error
    return _output(_pair(made) if paired else made)


async def _invoked(carrier: BaseTool, shown: Any, asynchronous: bool, returned: list[Any]) -> Any:
    try:
        if asynchronous:
            return await carrier.ainvoke(shown)
        # Its own `ainvoke` would use the loop's executor, which hanging tools can fill up.
        return await TOOL_THREADS.run(carrier.invoke, shown)
    except Exception:
        if not returned:
            raise
        # The function has returned, so its call is done. What failed came after it: a callback, or
        # LangChain's reading of what came back.
        return returned[0]


def _noting(
    function: Callable[..., Any], asynchronous: bool, returned: list[Any]
) -> Callable[..., Any]:
    """Return the function, which also notes what it returned."""

    @functools.wraps(function)
    def note(*args: Any, **kwargs: Any) -> Any:
        made = function(*args, **kwargs)
        returned.append(made)
        return made

    @functools.wraps(function)
    async def note_later(*args: Any, **kwargs: Any) -> Any:
        made = await function(*args, **kwargs)
        returned.append(made)
        return made

    return note_later if asynchronous else note


def _pair(made: Any) -> Any:
    """Return content and artifact as they are told, where LangChain has made no message of them."""
    if not isinstance(made, tuple) or len(made) != 2:
        return made
    content, artifact = made
    return content if artifact is None else {"content": content, "artifact": artifact}


def _carrier(
    base_tool: BaseTool,
    function: Callable[..., Any],
    arguments: LangChainArguments,
    args: JsonObject,
) -> BaseTool:
    raising = {"handle_tool_error": False, "handle_validation_error": False}
    if isinstance(base_tool, TextTool):
        # It takes one text by position, whatever its parameter is called.
        own = "func" if base_tool.coroutine is None else "coroutine"
        return base_tool.model_copy(update={**raising, own: function})
    return _Carrier(
        name=base_tool.name,
        description=base_tool.description,
        args_schema={"type": "object"},
        callbacks=base_tool.callbacks,
        tags=base_tool.tags,
        metadata=base_tool.metadata,
        verbose=base_tool.verbose,
        response_format=base_tool.response_format,
        function=function,
        bound=arguments.bind(args),
        given=dict(arguments.given),
    )


def _output(result: Any) -> Any:
    if isinstance(result, ToolMessage):
        if result.status == "error":
            raise ToolSaidError(result.text)
        if result.artifact is None:
            return _content(result.content)
        content = _content(result.content)
        if isinstance(content, WithMedia):
            return WithMedia(value={"content": content.value, "artifact": result.artifact})
        return {"content": content, "artifact": result.artifact}
    if isinstance(result, Command):
        return _told(result)
    return _content(result.content) if isinstance(result, BaseMessage) else result


def _told(command: Command[Any]) -> Any:
    """Return what a tool says by a `Command`: its messages, for nothing else is applied here.

    Raises:
        UnusableOutputError: It would change a graph's state or its course.
    """
    update = dict(command.update) if isinstance(command.update, Mapping) else {}
    messages = update.pop("messages", [])
    parts = {"graph": command.graph, "resume": command.resume, "goto": command.goto}
    others = [*update, *(name for name, part in parts.items() if part)]
    if others or not messages or not all(isinstance(m, BaseMessage) for m in messages):
        raise UnusableOutputError(
            "output_command",
            f"It returned a Command ({', '.join(map(str, others)) or 'without a message'}), which "
            "this graph does not follow. Have it return the value itself.",
        )
    told = [_output(message) for message in messages]
    return told[0] if len(told) == 1 else told


def _content(content: Any) -> Any:
    """Return a message's content, its images and sounds as media."""
    if not isinstance(content, list):
        return content
    blocks = read_blocks(content)
    held = any(isinstance(block, ToolMedia) for block in blocks)
    return WithMedia(value=blocks) if held else content
