"""Pages: answers, costs and questions, laid out for a person."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from ...state.answer import ANSWER_FORMS, Answer
from ...state.approval_table import ApprovalTable, tables_of
from ...state.instances import parts_of, step_of
from ...state.results import StepResult
from ...state.usage import Usage, total
from ...stores.records import ModelAttempt
from ..turn.report import Report
from ..turn.requests import OpenRequest
from .amounts import compact, dollars, moment, seconds
from .output import Output, visible

_QUOTE = 200
_VALUE = 2_000
"""Characters of one argument that an approver is shown; the digest binds the whole of it."""


def show_report(output: Output, report: Report) -> None:
    """Print the answer or what is waited for, and what it cost."""
    output.line()
    if report.status == "waiting":
        _show_waiting(output, report)
    elif report.answer is not None and report.status != "unfinished":
        show_answer(output, report.answer)
    output.line()
    output.show(cost_table(report))
    output.line(Text(visible(f"thread {report.thread}"), style="dim"))
    if report.status == "unfinished":
        output.line(f"The run was cut off. Go on: {report.resume}")


def show_answer(output: Output, answer: Answer) -> None:
    """Show an answer with what it cites."""
    output.line(Text(ANSWER_FORMS[answer.status].title, style="bold"))
    output.show(Text(visible(answer.text)))
    if answer.citations:
        output.line()
    for citation in answer.citations:
        source = f"[{citation.number}] {citation.source}"
        label = "" if citation.trust == "trusted" else f" ({citation.trust})"
        line = Text(visible(source), style="cyan").append(label, style="dim")
        output.line(line.append(f"  “{compact(citation.quote, limit=_QUOTE)}”", style="dim"))
    notes = [answer.note, f"written by: {answer.written_by}" if answer.written_by else ""]
    if said := "; ".join(note for note in notes if note):
        output.line(Text(visible(said), style="dim"))


def _show_waiting(output: Output, report: Report) -> None:
    count = len(report.questions)
    title = f"Waiting for a person: {count} {'action' if count == 1 else 'actions'}"
    output.line(Text(title, style="bold yellow"))
    if report.refused:
        output.line(Text(visible(f"The last decision was refused: {report.refused}"), style="red"))
    show_questions(output, report.questions)
    if not report.questions:
        output.line(f"Everything is decided. Go on: {report.resume}")


def show_questions(
    output: Output, questions: Sequence[OpenRequest], *, with_thread: bool = False
) -> None:
    """Print what is asked; several items of one loop as a table below what the first one asks."""
    of_run: dict[str, list[OpenRequest]] = defaultdict(list)
    for question in questions:
        of_run[question.record.run_id].append(question)
    for asked in of_run.values():
        tables = {t.rows[0].approval_id: t for t in tables_of([q.request for q in asked])}
        in_tables = {row.approval_id for table in tables.values() for row in table.rows}
        for question in asked:
            table = tables.get(question.request.id)
            if table is None and question.request.id in in_tables:
                continue
            output.line()
            thread = question.record.thread_id if with_thread else ""
            show_question(output, question, thread=thread)
            if table is not None:
                _show_items(output, table)


def _show_items(output: Output, items: ApprovalTable) -> None:
    """Print all items of a loop; the decision on the first may be one on all."""
    output.line(Text(f"  {len(items.rows)} items; --all-items decides on all of them:"))
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=bool(items.totals))
    table.add_column("item", footer="total")
    for column in items.columns:
        table.add_column(visible(column), footer=items.totals.get(column, ""), overflow="fold")
    table.add_column("approval")
    for row in items.rows:
        values = (visible(compact(value, limit=_QUOTE)) for value in row.values)
        table.add_row(visible(row.item), *values, row.approval_id)
    output.show(table)


def show_question(output: Output, question: OpenRequest, *, thread: str = "") -> None:
    """Print what is asked, why, on what evidence, bound to what, and how to decide."""
    request = question.request
    risk = f", risk: {', '.join(request.risk)}" if request.risk else ""
    facts = f"  {request.id}  step {request.step}, effect: {request.effect}{risk}"
    output.line(Text(visible(request.tool), style="bold").append(facts, style="not bold"))
    _field(output, "thread", thread)
    _field(output, "what", request.description)
    _field(output, "why", request.why)
    for name, value in request.args.items():
        _field(output, name, compact(value, limit=_VALUE))
    for path, sources in request.provenance.items():
        _field(output, "untrusted", f"{path} comes from {', '.join(sources)}")
    if request.preview is not None:
        _field(output, "preview", compact(request.preview, limit=_VALUE))
    for item in request.shown:
        quote = compact(item.text, limit=_QUOTE)
        _field(output, "evidence", f"{item.source}: “{quote}”")
    _field(output, "digest", request.digest)
    if request.expires_at is not None:
        _field(output, "expires", moment(request.expires_at))
    if request.quorum > 1:
        agreed = [given.approver or "the local person" for given in question.record.decisions]
        names = f": {', '.join(agreed)}" if agreed else ""
        _field(output, "quorum", f"{len(agreed)} of {request.quorum} have agreed{names}")
    for decision, command in question.commands.items():
        output.line(Text(f"  {decision:<10} ", style="dim").append(command, style="bold"))


def _field(output: Output, name: str, value: str) -> None:
    if value:
        lines = visible(value).split("\n")
        text = Text(f"  {visible(name):<10} ", style="dim").append(lines[0], style="not dim")
        output.line(text)
        for line in lines[1:]:
            output.line(Text(f"{'':13}{line}"))


def cost_table(report: Report) -> Table:
    """Return who did each step, how often it was tried, how long it took and what it cost."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=True)
    table.add_column("step", footer="total")
    table.add_column("status")
    table.add_column("done by", overflow="fold")
    columns = ("tries", "tokens in", "tokens out", "time", "cost")
    for column, footer in zip(columns, _totals(report.usage), strict=True):
        table.add_column(column, footer=footer, justify="right")
    done: dict[str, list[StepResult]] = defaultdict(list)
    for step_id, result in report.results.items():
        done[parts_of(step_id)[0]].append(result)
    for step in report.plan.every_step():
        if results := done.get(step.id):
            table.add_row(*_row(step.id, results))
    planned = {step.id for step in report.plan.every_step()}
    for (step_id, by), attempts in _elsewhere(report.attempts, planned).items():
        usage = _usage_of(attempts)
        took = sum(attempt.seconds for attempt in attempts)
        status = attempts[-1].outcome
        table.add_row(step_id, status, visible(by), str(len(attempts)), *_costs(usage, took))
    return table


def _row(step: str, results: Sequence[StepResult]) -> tuple[str, ...]:
    """Return a line of the table; the items of a loop share that of their step."""
    attempts = [attempt for result in results for attempt in result.attempts]
    count = f" × {len(results)}" if parts_of(results[0].step)[1] else ""
    statuses = Counter(result.status for result in results)
    said = [f"{n} {status}" if len(statuses) > 1 else status for status, n in statuses.items()]
    by = attempts[-1].performed_by if attempts else ""
    took = sum(attempt.seconds for attempt in attempts)
    usage = total([result.usage for result in results])
    tries = str(len(attempts) or "")
    return (f"{step}{count}", ", ".join(said), visible(by), tries, *_costs(usage, took))


def _totals(usage: Usage) -> tuple[str, ...]:
    calls = usage.model_calls + usage.tool_calls
    tokens = (f"{usage.input_tokens:,}", f"{usage.output_tokens:,}")
    return (f"{calls}", *tokens, "", dollars(usage.usd, estimated=usage.estimated))


def _costs(usage: Usage, took: float) -> tuple[str, ...]:
    tokens = [f"{n:,}" if n else "" for n in (usage.input_tokens, usage.output_tokens)]
    return (*tokens, seconds(took), dollars(usage.usd, estimated=usage.estimated))


def _elsewhere(
    attempts: Sequence[ModelAttempt], planned: set[str]
) -> dict[tuple[str, str], list[ModelAttempt]]:
    """Group the model attempts that belong to no step: planning, extracting, answering."""
    grouped: dict[tuple[str, str], list[ModelAttempt]] = defaultdict(list)
    for attempt in attempts:
        if step_of(attempt.step) not in planned:
            place = f"{attempt.step or '-'} ({attempt.role})"
            grouped[place, f"{attempt.model}@{attempt.endpoint}"].append(attempt)
    return grouped


def _usage_of(attempts: Sequence[ModelAttempt]) -> Usage:
    known = [attempt.usd for attempt in attempts if attempt.usd is not None]
    return Usage(
        input_tokens=sum(attempt.input_tokens for attempt in attempts),
        output_tokens=sum(attempt.output_tokens for attempt in attempts),
        usd=sum(known) if len(known) == len(attempts) else None,
        estimated=any(attempt.estimated for attempt in attempts),
    )
