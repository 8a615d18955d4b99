"""normalize: turn what came in into one task, and open the run."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar
from uuid import uuid4

from langchain_core.messages import HumanMessage
from langgraph.runtime import Runtime

from ..errors import TaskError
from ..runs.audited import audited_input
from ..runs.conversation import asking, conversation, is_same_input, spoken
from ..runs.data_classes import heard_by_now
from ..runs.dependencies import Dependencies
from ..runs.events import emit
from ..runs.identity import principal_of
from ..runs.instructions import admitted, of_run
from ..runs.ownership import has_authority, journal_scope, note_owner
from ..runs.reply import asked_before, hear, taken_back, was_heard
from ..runs.taking_up import taken_up
from ..runs.thread_memory import kept, remembered_by_now
from ..runs.updates import NewRun, RunUpdate
from ..runs.view import RunView
from ..runs.withdrawal import withdraw
from ..settings import Settings
from ..state.context import AgentContext, checked_context
from ..state.media import Incoming, read_attachment, read_content
from ..state.plan import Plan
from ..state.provenance import union
from ..state.readers import read_so_far
from ..state.run import Limits, Run, run_id
from ..state.task import Attachment, Task
from ..state.text import whole

N = TypeVar("N", int, float)


async def normalize(
    view: RunView, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> NewRun | RunUpdate:
    """Read the input into a `Task` and start its `Run`, or go on with one that has asked for it.

    A run that waits for a decision is put aside as it is, and taken up again after this turn.

    Raises:
        TaskError: There is no task, or it, an attachment or the context breaks a limit. Nothing was
            changed.
    """
    settings = dependencies.settings
    runtime = runtime.override(context=checked_context(runtime.context))
    text, incoming = read_input(view, settings)
    attachments = [await _store(item, _thread(runtime), dependencies) for item in incoming]
    heard = _heard(view)
    said, left_out = conversation(view, settings, heard)
    task = Task(
        text=text,
        attachments=tuple(attachments),
        conversation=said,
        left_out=left_out,
        spoken=spoken(view),
        heard=union([heard, *(utterance.sources for utterance in said)]),
        readers=read_so_far(view.plan, view.results, view.task.readers if view.task else None),
        data_class=heard_by_now(view),
        instructions=admitted(
            view, None if view.given_task else asking(view), runtime, dependencies
        ),
    )
    run = await open_run(view, task, runtime, dependencies)
    await note_owner(run, dependencies.store.journal)
    brought = {*task.data_class, *(a.data_class for a in attachments if a.data_class)}
    await dependencies.store.journal.note_classes(run.thread_id, brought)
    await audited_input(task, run, dependencies)
    same_turn = view.begun and view.run.id == run.id
    messages = [HumanMessage(text)] if view.given_task else []
    waiting = () if not view.begun else view.parked if same_turn else view.waiting
    withdrawn = taken_back(text, waiting, dependencies)
    if not withdrawn and (asker := asked_before(text, waiting)) and not same_turn:
        heard_by = await hear(asker, task, run, dependencies)
        rest = [parked for parked in waiting if parked is not asker]
        emit(runtime, "decided", node="normalize", status="responded")
        update = taken_up(heard_by, rest, view, dependencies)
        return replace(update, messages=messages)
    if view.is_next and not same_turn:
        view.memory.begins(run.id)
    emit(runtime, "run_started", run=run.id, node="normalize")
    plan = Plan(planner="framework", withdraws=withdrawn) if withdrawn else None
    if same_turn and was_heard(view.results):
        # The same reply once more: the plan was made for what it replies to.
        plan = view.plan
    return NewRun(
        run=run,
        task=task,
        plan=plan,
        remembered=remembered_by_now(view, dependencies) if not same_turn else kept(view),
        parked=await withdraw(waiting, withdrawn, dependencies) if withdrawn else waiting,
        messages=messages,
    )


def read_input(view: RunView, settings: Settings) -> tuple[str, list[Incoming]]:
    """Return the task's text and its attachments, decoded and checked.

    Raises:
        TaskError: `where` names the field.
    """
    raw, message = view.given_task, asking(view)
    if not isinstance(raw, str):
        raise TaskError("It is not text.", where="task", fix="Send a string.")
    text, incoming = whole(raw), []
    if not raw and message is not None:
        text, incoming = read_content(message.content)
    limits = settings.task
    if not text.strip():
        raise TaskError(
            "There is no task.",
            where="task",
            fix='Send {"task": "…"} or {"messages": [{"role": "user", "content": "…"}]}. To decide '
            "on an approval, resume a thread that is waiting.",
        )
    if len(text) > limits.max_characters:
        raise TaskError(
            f"{len(text):,} characters are more than the limit of {limits.max_characters:,}.",
            where="task",
            fix="Send the long part as an attachment and the request as the task.",
        )
    given = enumerate(view.given_attachments)
    incoming += [read_attachment(item, position) for position, item in given]
    _check_attachments(incoming, settings)
    return text.strip(), incoming


def _check_attachments(incoming: list[Incoming], settings: Settings) -> None:
    limits = settings.task
    if len(incoming) > limits.max_attachments:
        raise TaskError(
            f"{len(incoming)} attachments are more than the limit of {limits.max_attachments}.",
            where="attachments",
            fix="Send fewer.",
        )
    names: set[str] = set()
    for item in incoming:
        if item.name in names:
            raise TaskError("Two attachments have this name.", where=f"attachments.{item.name}")
        names.add(item.name)
        if len(item.data) > limits.max_attachment_bytes:
            raise TaskError(
                f"{len(item.data):,} bytes are more than {limits.max_attachment_bytes:,}.",
                where=f"attachments.{item.name}",
                fix="Send a smaller file, or the part that matters.",
            )


async def _store(item: Incoming, thread: str, dependencies: Dependencies) -> Attachment:
    payloads = dependencies.store.payloads
    text = item.data.decode() if item.modality == "text" else None
    return Attachment(
        name=item.name,
        modality=item.modality,
        media_type=item.media_type,
        payload=await payloads.put(text, thread=thread)
        if text is not None
        else await payloads.put_bytes(item.data, item.media_type, thread=thread),
        size=len(item.data),
        facts=item.facts,
        data_class=item.data_class,
        readers=dependencies.settings.readers.get(item.data_class),
    )


def _heard(view: RunView) -> tuple[str, ...]:
    """Return what untrusted text our earlier answers may repeat, of all turns so far."""
    before = view.task.heard if view.task else ()
    stop = view.stop.taint if view.stop else ()
    return union(
        [before, stop, view.plan.taint, *(result.taint for result in view.results.values())]
    )


def _thread(runtime: Runtime[AgentContext]) -> str:
    # A caller may number its threads, which the checkpointer writes as text.
    return str((runtime.execution_info.thread_id if runtime.execution_info else None) or "")


async def open_run(
    view: RunView, task: Task, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> Run:
    """Give the run its identity and limits; context can only tighten what settings allow.

    Raises:
        TaskError: The thread's earlier turns are somebody else's.
    """
    settings, context, now = dependencies.settings, runtime.context, dependencies.clock()
    principal = principal_of(runtime, settings)
    if view.begun and not has_authority(principal, view.run.principal):
        raise TaskError(
            "Its earlier turns are somebody else's.",
            where="thread",
            fix="Begin a thread of your own.",
        )
    given, message = task.digest(), None if view.given_task else asking(view)
    input_id = (message.id or "") if message else ""
    again = not context.effect_scope and is_same_input(view, input_id, given)
    turn = 1 if not view.begun else view.run.turn if again else view.run.turn + 1
    thread = _thread(runtime)
    owner = await journal_scope(thread, principal, dependencies.store.journal) if thread else ""
    # Without a thread nothing can be replayed, and two equal tasks are two runs.
    new = run_id(thread or uuid4().hex, turn, task.identity(), context.effect_scope, owner)
    seconds = _tighter(settings.deadline_seconds, context.deadline_seconds)
    return Run(
        id=view.run.id if again else new,
        thread_id=thread,
        turn=turn,
        started_at=now,
        deadline_at=now + seconds if seconds is not None else None,
        input_id=input_id,
        input_digest=given,
        principal=principal,
        limits=_limits(settings.limits, context),
        autonomy=context.autonomy,
        questions=context.questions or settings.questions,
        instructions=of_run(task.instructions, context),
        latency=context.latency,
    )


def _limits(limits: Limits, context: AgentContext) -> Limits:
    return limits.model_copy(
        update={
            "budget_usd": _tighter(limits.budget_usd, context.budget_usd),
            "budget_tokens": _tighter(limits.budget_tokens, context.budget_tokens),
            "max_turns": _tighter(limits.max_turns, context.max_turns),
        }
    )


def _tighter(allowed: N | None, asked: N | None) -> N | None:
    given = [value for value in (allowed, asked) if value is not None]
    return min(given) if given else None
