"""Progress: what a run says about itself, one line per event, and what is going on right now."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from rich.status import Status
from rich.text import Text

from ...state.values import Json, JsonObject
from .amounts import compact, dollars, seconds
from .output import Output, visible

_WHY = 160
"""Characters of a reason on a progress line."""

_STYLES: Mapping[str, str] = {
    "accepted": "green",
    "failed": "red",
    "rejected": "red",
    "stopped": "red",
    "waiting": "yellow",
}


class Progress:
    """Prints the events of a run as they come; on a terminal also shows what runs right now."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._started = time.monotonic()
        self._running: dict[str, str] = {}
        self._status: Status | None = None
        if output.console.is_terminal:
            self._status = output.console.status("normalize", spinner="dots")

    def __enter__(self) -> Self:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def take(self, mode: str, data: Any) -> None:
        """Take one item of the graph's stream."""
        if mode == "updates" and isinstance(data, dict):
            self._passed(str(next(iter(data), "")))
        elif mode == "custom" and isinstance(data, dict):
            self._event(data)

    def _event(self, event: JsonObject) -> None:
        self._follow(event)
        text = describe(event)
        if text is None:
            return
        at = f"{time.monotonic() - self._started:7.2f}s"
        node, step = str(event.get("node", "")), str(event.get("step", ""))
        line = Text(f"{at}  {node:<10} {step:<14} ", style="dim")
        style = _STYLES.get(str(event.get("status", event["event"])), "")
        line.append(visible(text), style=f"not dim {style}".strip())
        self._output.line(line)

    def _follow(self, event: JsonObject) -> None:
        """Keep account of the steps that are running."""
        step = str(event.get("step", ""))
        match event.get("event"):
            case "step_started":
                self._running[step] = str(event.get("performed_by", ""))
            case "step_finished" | "waiting":
                self._running.pop(step, None)
            case _:
                return
        self._show_running()

    def _show_running(self) -> None:
        if self._status is not None:
            running = [f"{step} ({by})" for step, by in self._running.items()]
            self._status.update(Text(visible(", ".join(running) or "plan")))

    def _passed(self, node: str) -> None:
        if self._status is not None and not self._running and node in ("normalize", "plan"):
            self._status.update({"normalize": "plan", "plan": "synthesize"}[node])


def describe(event: JsonObject) -> str | None:
    """Return an event in words, or `None` where a person need not read it."""
    match event.get("event"):
        case "run_started":
            return f"run {str(event.get('run', ''))[:12]}"
        case "planned":
            return _planned(event)
        case "dispatched":
            return "go: " + " | ".join(" → ".join(chain) for chain in event.get("chains", []))
        case "step_started":
            return _started(event)
        case "model_attempt":
            return _model_attempt(event)
        case "step_finished":
            return _finished(event)
        case "step_retried":
            return f"again: {_why(event)}"
        case "step_replayed":
            return f"{event.get('status')}, from the journal"
        case "waiting":
            return f"waits for a person: {_why(event)}"
        case "decided":
            return _decided(event)
        case "writer_failed":
            return f"no model could write the answer: {_why(event)}".rstrip(": ")
        case "stopped":
            return (
                f"stopped ({event.get('reason')}): {compact(event.get('detail', ''), limit=_WHY)}"
            )
        case "finished":
            return f"answer: {event.get('status')}, {dollars(event.get('usd'))}"
        case _:
            return None


def _planned(event: JsonObject) -> str:
    steps: list[JsonObject] = event.get("steps", [])
    names = ", ".join(f"{s['id']} ({s.get('tool') or s['kind']})" for s in steps)
    return f"{event.get('planner')} planned {len(steps)} steps: {names}. {_why(event)}".rstrip()


def _started(event: JsonObject) -> str:
    attempt = event.get("attempt", 1)
    again = f" (attempt {attempt})" if attempt != 1 else ""
    return f"{event.get('performed_by')}{again}: {_why(event) or event.get('goal', '')}"


def _model_attempt(event: JsonObject) -> str:
    took = seconds(event.get("seconds") or 0.0)
    why = f" ({_why(event)})" if event.get("why") else ""
    return (
        f"{event.get('model')}@{event.get('endpoint')} as {event.get('role')}: "
        f"{event.get('outcome')} in {took}, {dollars(event.get('usd'))}{why}"
    )


def _finished(event: JsonObject) -> str:
    took = "replayed" if event.get("replayed") else f"in {seconds(event.get('seconds') or 0.0)}"
    said = f": {_why(event)}" if event.get("status") != "accepted" else ""
    return f"{event.get('status')} {took}, {dollars(event.get('usd'))}{said}"


def _decided(event: JsonObject) -> str:
    if refused := event.get("refused"):
        return f"decision refused: {compact(refused, limit=_WHY)}"
    return f"decided: {event.get('status')}"


def _why(event: JsonObject) -> str:
    why: Json = event.get("why")
    return compact(why, limit=_WHY) if why else ""
