"""Desk: one task in its environment, what was called there, and what is left to do."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from ...state.values import JsonObject
from .domains import GoldCall, ServiceTask, is_solved, new_environment

_JSON: TypeAdapter[Any] = TypeAdapter(Any)


@dataclass(frozen=True, kw_only=True)
class DeskCall:
    """A call that reached the environment."""

    tool: str
    args: JsonObject
    failed: bool


class Desk:
    """What one run acts on.

    Args:
        task: The task.
    """

    def __init__(self, task: ServiceTask) -> None:
        self.task = task
        self.made: list[DeskCall] = []
        self._environment = new_environment(task)

    @property
    def solved(self) -> bool:
        """Whether the world is as it should be after the task."""
        return is_solved(self.task, self._environment)

    def functions(self) -> dict[str, tuple[Callable[..., Any], bool]]:
        """Return tool name → tau2's own function, and whether it only reads."""
        kits = [self._environment.tools, self._environment.user_tools]
        return {
            name: (self._watched(name, function), kit.tool_type(name).value in ("read", "think"))
            for kit in kits
            if kit is not None
            for name, function in kit.tools.items()
        }

    def _watched(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*given: Any, **args: Any) -> Any:
            failed = True
            try:
                output = function(*given, **args)
                self._environment.sync_tools()
                failed = False
            finally:
                plain = _JSON.dump_python(args, mode="json")
                self.made.append(DeskCall(tool=name, args=plain, failed=failed))
            return output

        return call

    def has_failed(self, call: GoldCall) -> bool:
        """Whether the environment has answered this call with an error."""
        return any(
            made.failed
            and made.tool == call.tool
            and all(made.args.get(name) == value for name, value in call.args.items())
            for made in self.made
        )
