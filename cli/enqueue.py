"""`enqueue`: a task for whichever worker comes first, and the wait for what becomes of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from ..state.context import AgentContext
from ..state.values import JsonObject
from ..stores.records import QueuedTask, Requester
from ..workers.task_queue import TaskQueue, TaskResult
from ..workers.wakers import open_waker
from .exits import DONE, FAILED, WAITING, finish
from .given.attachments import Attach, read_attachments
from .given.options import (
    DEFAULT_CONFIG,
    BudgetOption,
    Config,
    DeadlineOption,
    JsonOption,
    LatencyOption,
    command_line,
)
from .opened.caller import caller_of
from .opened.store import open_records
from .show.output import Output
from .show.pages import show_answer, show_questions
from .turn.readable_id import readable_id
from .turn.requests import OpenRequest, deciding_commands

app = typer.Typer()


@dataclass(frozen=True, kw_only=True)
class _TaskGiven:
    """What the command line says of a task."""

    text: str
    thread: str
    message_id: str
    attachments: Sequence[Path]
    context: AgentContext
    priority: int
    in_seconds: float


@app.command()
def enqueue(
    task: Annotated[str, typer.Argument(help="What to do, in your own words.")],
    config: Config = DEFAULT_CONFIG,
    thread: Annotated[
        str | None, typer.Option(help="Thread to leave it on; by default a new one.")
    ] = None,
    message_id: Annotated[
        str | None,
        typer.Option(help="The message's id: said twice, it is one turn. By default a new one."),
    ] = None,
    attach: Attach = None,
    budget: BudgetOption = None,
    deadline: DeadlineOption = None,
    latency: LatencyOption = "normal",
    priority: Annotated[int, typer.Option(help="Higher ones come first.")] = 0,
    in_seconds: Annotated[
        float, typer.Option("--in", min=0, help="Not before so many seconds have passed.")
    ] = 0.0,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the answer, the pause or the error.")
    ] = False,
    timeout: Annotated[
        float | None, typer.Option(min=0, help="Longest wait, in seconds; by default any.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Leave a task for a worker; the next `pointsman worker` with room takes it."""
    output = Output(as_json=as_json)
    context = AgentContext(budget_usd=budget, deadline_seconds=deadline, latency=latency)
    asked = _TaskGiven(
        text=task,
        thread=thread or readable_id(),
        message_id=message_id or uuid4().hex,
        attachments=attach or (),
        context=context,
        priority=priority,
        in_seconds=in_seconds,
    )
    finish(_enqueue(output, config, asked, wait=wait, timeout=timeout), output)


async def _enqueue(
    output: Output, config: str, asked: _TaskGiven, *, wait: bool, timeout: float | None
) -> int:
    async with (
        open_records(config) as (settings, store),
        open_waker(settings.database_url) as waker,
    ):
        caller = await caller_of(settings, store)
        queue = TaskQueue(store, waker=waker)
        task = await queue.enqueue(
            asked.text,
            asked_by=Requester(principal=caller.principal, authenticated=caller.authenticated),
            thread=asked.thread,
            message_id=asked.message_id,
            attachments=read_attachments(asked.attachments),
            context=asked.context,
            priority=asked.priority,
            due_at=time.time() + asked.in_seconds,
        )
        output.way_on = "It stays queued."
        if not wait:
            _tell_queued(output, task)
            return DONE
        return _tell(output, config, await queue.wait(task, seconds=timeout))


def _tell_queued(output: Output, task: QueuedTask) -> None:
    if output.json:
        output.document(_facts(task))
        return
    output.line(f"Thread {task.thread_id}, message {task.message_id}: {task.state}.")


def _facts(task: QueuedTask) -> JsonObject:
    return {
        "status": task.state,
        "thread": task.thread_id,
        "message": task.message_id,
        "run": task.run_id or None,
    }


def _tell(output: Output, config: str, result: TaskResult) -> int:
    """Say what became of a task; return the exit code."""
    code = {"answered": DONE, "waiting": WAITING, "failed": FAILED}[result.status]
    questions = [
        OpenRequest(record=one, commands=deciding_commands(config, one.request))
        for one in result.approvals
    ]
    if output.json:
        output.document(
            {
                **_facts(result.task),
                "status": result.status,
                "answer": result.answer.model_dump(mode="json") if result.answer else None,
                "waiting": [question.as_document() for question in questions],
                "error": result.error or None,
            }
        )
        return code
    if result.answer is not None:
        show_answer(output, result.answer)
    if questions:
        show_questions(output, questions, with_thread=True)
    if result.error:
        kind, message = result.error["type"], result.error["message"]
        output.error(kind, message, where=result.error["where"], fix=result.error["fix"])
    output.line(f"All of it: {command_line(config, 'trace', result.task.thread_id)}")
    return code
