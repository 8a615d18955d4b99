"""Trace pages: a thread's trace, laid out for a person."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.text import Text

from ...runs.cascade import escalations
from ...state.values import Json
from ...stores.records import ApprovalRecord, EffectRecord
from .amounts import compact, dollars, moment, seconds
from .output import Output, visible

if TYPE_CHECKING:
    from ...runs.trace import ModelCall, RunTrace, StepTrace, Trace

SHORT = 300
"""Characters of a value, prompt or reply, unless all is asked for."""


class TracePage:
    """Prints a trace.

    Args:
        output: Where to.
        limit: Most characters of one value; `None` for all.
    """

    def __init__(self, output: Output, *, limit: int | None = SHORT) -> None:
        self._output = output
        self._limit = limit

    def show(self, trace: Trace) -> None:
        """Print every run, then the audit log."""
        self._line(0, "thread", f"{trace.thread}: {trace.status}", bold=True)
        for run in trace.runs:
            self._output.line()
            self._run(run)
        self._output.line()
        for entry in trace.audit:
            facts = f"{moment(entry.at)}  {entry.kind} by {entry.actor or '-'}  {entry.hash[:12]}"
            self._line(0, f"audit {entry.seq}", facts)

    def _run(self, trace: RunTrace) -> None:
        run = trace.run
        started = f"turn {run.turn}, {moment(run.started_at)}, for {run.principal.id}"
        self._line(0, "run", f"{run.id}  {started}", bold=True)
        if trace.task:
            self._line(0, "task", self._cut(trace.task.text))
        for plan in trace.plans:
            self._line(0, f"plan {plan.version}", f"{plan.planner}: {self._cut(plan.reason)}")
            self._line(1, "then", self._cut(plan.then_plan))
        self._line(0, "declined", self._cut(trace.declined))
        for step in trace.steps:
            self._step(step)
        for call in trace.calls:
            self._call(0, call)
        for checkpoint in trace.checkpoints if self._limit is None else ():
            then = ", ".join(checkpoint.next) or "the end"
            self._line(0, "checkpoint", f"{checkpoint.id}  {moment(checkpoint.at)}  then {then}")
        if trace.stop:
            self._line(0, "stopped", f"{trace.stop.reason}: {trace.stop.detail}")
        if trace.answer:
            self._line(0, "answer", f"{trace.answer.status}: {self._cut(trace.answer.text)}")
            for dropped in trace.answer.dropped:
                self._line(0, "dropped", self._cut(dropped))
            self._line(0, "cost", dollars(trace.usage.usd, estimated=trace.usage.estimated))

    def _step(self, trace: StepTrace) -> None:
        step, result = trace.step, trace.result
        status = result.status if result else "not run"
        what = f"{step.kind} {step.tool}".strip()
        cost = f", {dollars(result.usage.usd)}" if result and result.attempts else ""
        self._line(0, f"step {step.id}", f"{what}: {status}{cost}", bold=True)
        self._line(1, "goal", step.goal)
        if step.for_each is not None:
            known = f", {len(result.items)} items" if result and result.items else ""
            self._line(1, "for each", f"{step.for_each.item} in {step.for_each.items}{known}")
        self._line(1, "when", step.when)
        self._line(1, "because", self._cut(result.reason) if result else "")
        self._line(1, "prompt", self._cut(step.prompt))
        if trace.args:
            self._line(1, "args", self._cut(trace.args))
        for approval in trace.approvals:
            self._approval(approval)
        for attempt in result.attempts if result else ():
            verdict = (
                f"{attempt.verdict.action}: {attempt.verdict.reason}" if attempt.verdict else ""
            )
            took = "replayed" if attempt.replayed else seconds(attempt.seconds)
            self._line(1, f"try {attempt.number}", f"{attempt.performed_by}, {took}, {verdict}")
            self._line(2, "why", attempt.why)
        for escalation in escalations(result) if result else ():
            self._line(1, "escalated", escalation.sentence())
        for call in trace.calls:
            self._call(1, call)
        for effect in trace.effects:
            self._effect(effect)
        if trace.output is not None:
            self._line(1, "result", self._cut(trace.output))
        if result and result.failure:
            self._line(1, "failure", f"{result.failure.kind}: {self._cut(result.failure.message)}")
        if result and result.taint:
            self._line(1, "taint", ", ".join(result.taint))

    def _approval(self, record: ApprovalRecord) -> None:
        request = record.request
        self._line(1, "approval", f"{request.id}  {record.status}  digest {request.digest[:16]}")
        self._line(2, "why", request.why)
        for decision in record.decisions:
            words = f": {decision.message}" if decision.message else ""
            edited = f" {compact(decision.args)}" if decision.args is not None else ""
            by = f"{decision.type} by {decision.approver or '-'}, {moment(decision.decided_at)}"
            vouched = ", ".join(entry.argument for entry in decision.endorse)
            endorsed = f", endorsing {vouched}" if vouched else ""
            granted = f", granting {decision.grant.in_words()}" if decision.grant else ""
            self._line(2, "decision", f"{by}{endorsed}{granted}{words}{edited}")

    def _call(self, depth: int, call: ModelCall) -> None:
        a = call.attempt
        tokens = f"{a.input_tokens:,} → {a.output_tokens:,} tokens"
        cost = dollars(a.usd, estimated=a.estimated)
        place = "" if depth else f"{a.step} "
        said = f"{place}as {a.role}: {a.model}@{a.endpoint} {a.outcome}"
        first = a.first_token_seconds
        begun = "" if first is None else f" (begun after {seconds(first)})"
        self._line(depth, "model", f"{said}, {seconds(a.seconds)}{begun}, {tokens}, {cost}")
        self._line(depth + 1, "why", a.why)
        self._line(depth + 1, "error", self._cut(a.error))
        self._said(depth + 1, "prompt", call.prompt)
        self._said(depth + 1, "reply", call.reply)

    def _said(self, depth: int, name: str, value: Json) -> None:
        """Print a prompt or reply: shortened on one line, or in full as it was written."""
        if self._limit is not None:
            self._line(depth, name, "" if value is None else self._cut(value))
            return
        for said in value if isinstance(value, list) else [value]:
            role, text = name, said
            if isinstance(said, dict) and set(said) == {"role", "content"}:
                role, text = f"{name} {said['role']}", said["content"]
            if text is not None:
                whole = text if isinstance(text, str) else json.dumps(text, indent=2)
                self._line(depth, role, whole)

    def _effect(self, record: EffectRecord) -> None:
        facts = f"{record.state}, key {record.claim.key[:16]}, claimed {record.attempts}×"
        self._line(1, "effect", ", ".join(part for part in (facts, record.error) if part))
        self._line(2, "note", record.note)

    def _cut(self, value: Json) -> str:
        return compact(value, limit=self._limit)

    def _line(self, depth: int, name: str, value: str, *, bold: bool = False) -> None:
        """Print a named value, further lines of it below its first."""
        if not value:
            return
        label = f"{'  ' * depth}{name:<12} "
        first, *more = visible(value).split("\n")
        style = "bold not dim" if bold else "not dim"
        self._output.line(Text(label, style="dim").append(first, style=style))
        for line in more:
            self._output.line(" " * len(label) + line)
