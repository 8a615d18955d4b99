"""`approvals`, `approve`, `edit`, `reject`, `respond`, `withdraw`: what waits, and decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from ..errors import DecisionError, NotFoundError
from ..runs.thread import ThreadState
from ..state.approval import read_decisions
from ..state.endorsement import EndorseFor
from ..state.instances import parts_of
from ..state.item_decisions import COLUMN, said_of_all
from ..state.json_text import json_in
from ..state.values import JsonObject
from ..stores.records import ApprovalRecord
from .exits import DONE, finish
from .given.bounds import AnyArguments, Bound, given_bounds, granted_with
from .given.options import DEFAULT_CONFIG, Config, JsonOption
from .opened.consents import Days
from .opened.session import Office, Session, at_work, open_office
from .opened.sight import seen_approvals
from .opened.store import open_records
from .show.output import Output
from .show.pages import show_questions
from .turn.execution import go_on
from .turn.requests import OpenRequest, deciding_commands

app = typer.Typer()

ApprovalId = Annotated[str, typer.Argument(metavar="ID", help="The approval's id (ap_…).")]
NoResume = Annotated[
    bool, typer.Option("--no-resume", help="Only record the decision; the thread keeps waiting.")
]
AllItems = Annotated[
    bool,
    typer.Option("--all-items", help="Decide so on every item of the same loop that waits."),
]
Message = Annotated[str, typer.Option("--message", "-m", help="Your words.")]


@app.command()
def approvals(
    thread: Annotated[str | None, typer.Option(help="Only those of this thread.")] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """List what waits for a person."""
    output = Output(as_json=as_json)
    finish(_list(output, config, thread), output)


@app.command()
def approve(
    approval: ApprovalId,
    endorse: Annotated[
        list[str] | None,
        typer.Option(help="An argument whose value you vouch for from now on; may be repeated."),
    ] = None,
    endorse_for: Annotated[
        EndorseFor, typer.Option(help="For whose runs you vouch for it.")
    ] = "principal",
    endorse_days: Days = None,
    grant_uses: Annotated[
        int | None, typer.Option(help="Allow so many further calls of the tool with it.")
    ] = None,
    grant_days: Annotated[
        float | None, typer.Option(help="Allow further calls of the tool for so many days.")
    ] = None,
    grant_for: Annotated[
        EndorseFor | None, typer.Option(help="For whose runs; by default whoever asked.")
    ] = None,
    equal: Bound = None,
    one_of: Bound = None,
    at_most: Bound = None,
    prefix: Bound = None,
    any_arguments: AnyArguments = False,
    all_items: AllItems = False,
    config: Config = DEFAULT_CONFIG,
    no_resume: NoResume = False,
    as_json: JsonOption = False,
) -> None:
    """Agree to exactly what was asked, and go on."""
    decision: JsonObject = {"type": "approve"}
    if endorse:
        lasting = {} if endorse_days is None else {"expires_seconds": endorse_days * 86_400}
        decision["endorse"] = [
            {"argument": argument, "for": endorse_for, **lasting} for argument in endorse
        ]
    bounds = given_bounds(equal, one_of, at_most, prefix)
    try:
        granted = granted_with(
            bounds, uses=grant_uses, days=grant_days, scope=grant_for, unbounded=any_arguments
        )
    except DecisionError as error:
        raise typer.BadParameter(str(error)) from None
    _decide({**decision, **granted}, approval, config, no_resume, as_json, all_items=all_items)


@app.command()
def edit(
    approval: ApprovalId,
    args: Annotated[str, typer.Option(help="All arguments of the new action, a JSON object.")],
    config: Config = DEFAULT_CONFIG,
    no_resume: NoResume = False,
    as_json: JsonOption = False,
) -> None:
    """Put other arguments in the place of those asked for, and go on."""
    try:
        parsed = json_in(args, strict=True)
    except ValueError as error:
        raise typer.BadParameter(f"It is not JSON: {error}.", param_hint="--args") from None
    if not isinstance(parsed, dict):
        raise typer.BadParameter("It is not a JSON object.", param_hint="--args")
    _decide(
        {"type": "edit", "edited_action": {"args": parsed}}, approval, config, no_resume, as_json
    )


@app.command()
def reject(
    approval: ApprovalId,
    message: Message = "",
    all_items: AllItems = False,
    config: Config = DEFAULT_CONFIG,
    no_resume: NoResume = False,
    as_json: JsonOption = False,
) -> None:
    """Refuse; the step ends, and the answer says so in your words."""
    decision: JsonObject = {"type": "reject", "message": message}
    _decide(decision, approval, config, no_resume, as_json, all_items=all_items)


@app.command()
def respond(
    approval: ApprovalId,
    message: Message,
    config: Config = DEFAULT_CONFIG,
    no_resume: NoResume = False,
    as_json: JsonOption = False,
) -> None:
    """Respond in words: to a question, to an action to plan anew, or about an unknown outcome."""
    _decide({"type": "respond", "message": message}, approval, config, no_resume, as_json)


@app.command()
def withdraw(
    approval: ApprovalId,
    message: Message = "",
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Take a request or an approval back before it is carried out; it is asked anew."""
    output = Output(as_json=as_json)
    finish(_withdraw(output, config, approval, message), output)


def _decide(
    decision: JsonObject,
    approval: str,
    config: str,
    no_resume: bool,
    as_json: bool,
    *,
    all_items: bool = False,
) -> None:
    output = Output(as_json=as_json)
    resume = not no_resume
    finish(_take(output, config, approval, decision, resume=resume, all_items=all_items), output)


async def _list(output: Output, config: str, thread: str | None) -> int:
    """Print what waits for a person, oldest first."""
    async with open_records(config) as (settings, store):
        waiting = await seen_approvals(await store.approvals.waiting(thread), settings, store)
    questions = [
        OpenRequest(record=r, commands=deciding_commands(config, r.request)) for r in waiting
    ]
    if output.json:
        output.document({"approvals": [question.as_document() for question in questions]})
        return DONE
    show_questions(output, questions, with_thread=True)
    output.line(f"{len(questions)} waiting" if questions else "Nothing waits for a person.")
    return DONE


async def _take(
    output: Output,
    config: str,
    approval: str,
    decision: JsonObject,
    *,
    resume: bool,
    all_items: bool,
) -> int:
    """Record a decision as the caller's, then go on unless told not to, or the thread is elsewhere.

    Raises:
        NotFoundError: There is no such request.
        DecisionError: The decision cannot be taken; nothing was recorded.
    """
    async with open_office(config) as office:
        asked = await _asked(office, approval)
        group = await _items(office, asked) if all_items else [asked]
        if not resume and all(one.request.facts for one in group):
            _tell_recorded(office, output, await _record(office, group, decision))
            return DONE
        async with at_work(office) as session:
            state = await session.thread(asked.thread_id)
            current = [await _current(session, one, state) for one in group]
            records = await _record(office, current, decision)
            if resume and state.status != "absent":
                return await go_on(session, output, asked.thread_id)
            _tell_recorded(office, output, records, elsewhere=state.status == "absent")
            return DONE


async def _asked(office: Office, approval: str) -> ApprovalRecord:
    """Return a request that the caller may see. Raises `NotFoundError`."""
    record = await office.store.approvals.get(approval)
    if not await seen_approvals([record], office.settings, office.store):
        raise NotFoundError(
            "There is no such request.",
            where=f"approval {approval}",
            fix="List what waits and use one of those ids.",
        )
    return record


async def _items(office: Office, asked: ApprovalRecord) -> list[ApprovalRecord]:
    """Return the requests of all items that wait beside this one, it first.

    Raises:
        DecisionError: It is not asked for an item of a loop.
    """
    step, keys = parts_of(asked.request.step)
    if not keys:
        raise DecisionError(
            "It is no item of a loop.",
            where=f"approval {asked.request.id}",
            fix="Decide it without --all-items.",
        )
    waiting = await office.store.approvals.waiting(asked.thread_id)
    beside = [
        one
        for one in waiting
        if one.run_id == asked.run_id
        and one.request.id != asked.request.id
        and parts_of(one.request.step)[0] == step
    ]
    return [asked, *beside]


async def _current(session: Session, asked: ApprovalRecord, state: ThreadState) -> ApprovalRecord:
    """Return a request with what policy must know, if its run is still the thread's."""
    if state.status == "absent":
        return asked
    # With a session the agent is there; the list of what waits does without.
    from ..runs.decisions import with_facts

    run = state.view.run
    if run.id != asked.run_id:
        raise DecisionError(
            "The thread has gone on to another run.",
            where=f"approval {asked.request.id}",
            fix=f"See what waits: {session.command('approvals')}",
        )
    request = await with_facts(asked.request, state.view, session.dependencies)
    return asked.model_copy(update={"request": request})


async def _record(
    office: Office, asked: Sequence[ApprovalRecord], decision: JsonObject
) -> Sequence[ApprovalRecord]:
    from ..runs.decisions import record_decisions

    requests = [one.request for one in asked]
    # Said of all items, it endorses the values of a column.
    said = {**decision, COLUMN: True} if len(requests) > 1 and "endorse" in decision else decision
    sent: JsonObject = {"decisions": list(said_of_all(said, [r.id for r in requests]))}
    return await record_decisions(
        read_decisions(sent, requests),
        requests,
        approver=office.caller.principal,
        authenticated=office.caller.authenticated,
        dependencies=office.dependencies,
    )


async def _withdraw(output: Output, config: str, approval: str, reason: str) -> int:
    """Take back what was asked or approved, as the caller.

    Raises:
        NotFoundError: There is no such request.
        DecisionError: It cannot be taken back; nothing was changed.
    """
    from ..runs.decisions import withdraw as take_back

    async with open_office(config) as office:
        await take_back(
            await _asked(office, approval),
            reason,
            approver=office.caller.principal,
            authenticated=office.caller.authenticated,
            dependencies=office.dependencies,
        )
        _tell_recorded(office, output, [await office.store.approvals.get(approval)])
    return DONE


def _tell_recorded(
    office: Office, output: Output, records: Sequence[ApprovalRecord], *, elsewhere: bool = False
) -> None:
    record = records[0]
    resume = office.command("resume", record.thread_id)
    go_on = "Whoever runs the thread goes on with it." if elsewhere else f"Go on: {resume}"
    if output.json:
        facts = {"approval": record.request.id, "status": record.status, "decided": len(records)}
        where = {"resume": "" if elsewhere else resume}
        output.document({**facts, "thread": record.thread_id, **where})
        return
    items = f" ({len(records)} items)" if len(records) > 1 else ""
    if record.status == "waiting":
        given = len(record.decisions)
        output.line(f"Recorded: {given} of {record.request.quorum} have agreed{items}.")
    else:
        output.line(f"Recorded: {record.status}{items}. {go_on}")
