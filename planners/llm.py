"""LlmPlanner: ask the planner model for a plan, and hold it to the rules."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from ..errors import BudgetExceededError, EndpointError, OutputError, PlanError
from ..models.blocks import Block, render
from ..models.requests import ModelReply, ModelRequest, Signals
from ..state.plan import Plan
from ..state.provenance import union
from ..state.revision import may_be_used_later
from ..state.values import Json, canonical_json
from .attachment_names import attachment_names, renamed, under_shown_names
from .output_shapes import doubt
from .plan_schema import PLAN_SCHEMA
from .prompts import plan_messages, read_plan, refusal
from .protocols import Declined, PlanRequest
from .validation import validate_apart

if TYPE_CHECKING:
    from ..models.gateway import Gateway
    from ..tools.runner import Runner

RE_ASKS = 2
"""Times that one model may correct a plan; then the next candidate is asked."""

CANDIDATES = 2
"""Models that may try."""


DOUBT = (
    "That plan keeps the rules, but reads what the tools did not return when they were last seen. "
    "They may return it this time. Return the plan, corrected or as it was."
)


@dataclass(frozen=True, kw_only=True)
class _Rejected:
    """A plan that broke a rule, and the rule."""

    reply: ModelReply
    problem: str


class LlmPlanner:
    """Plans with the model of the `planner` role.

    Almost-JSON is repaired and checked against the schema by the gateway. A plan that breaks a
    rule goes back with the rule quoted; after `RE_ASKS` corrections the next candidate is asked,
    and when none succeeds the planner declines, which ends in the safe response.
    """

    def __init__(self, models: Gateway, tools: Runner) -> None:
        self._models = models
        self._tools = tools

    async def plan(self, request: PlanRequest) -> Plan | Declined:
        """Return a valid plan, or decline with what went wrong.

        Raises:
            BudgetExceededError: No cap leaves room for planning.
        """
        if not self._models.serves("planner"):
            return Declined(planner="llm", reason="No language model is configured for planning.")
        tried: list[str] = []
        problem = ""
        for _ in range(CANDIDATES):
            made = await self._from_one_candidate(request, tuple(tried))
            if isinstance(made, Plan):
                return made
            if isinstance(made, Declined):
                return made if not problem else _broken(problem)
            tried.append(f"{made.reply.model}@{made.reply.endpoint}")
            problem = f"The planner's plans broke a rule: {made.problem}"
        return _broken(problem)

    async def _from_one_candidate(
        self, request: PlanRequest, tried: tuple[str, ...]
    ) -> Plan | Declined | _Rejected:
        messages = plan_messages(request)
        made = await self._one_try(request, messages, tried)
        for _ in range(RE_ASKS):
            if not isinstance(made, _Rejected):
                break
            messages = _corrected(messages, made.reply.data, _quoted(made.problem, request))
            again = await self._one_try(request, messages, tried)
            # A model that has become unreachable must not hide what was wrong with its plan.
            made = made if isinstance(again, Declined) else again
        if isinstance(made, Plan):
            return await self._undoubted(made, request, messages, tried)
        return made

    async def _undoubted(
        self,
        plan: Plan,
        request: PlanRequest,
        messages: list[BaseMessage],
        tried: tuple[str, ...],
    ) -> Plan | Declined:
        """Tell the planner once what outputs looked like otherwise; its next plan stands."""
        doubted = await asyncio.to_thread(doubt, plan, request)
        if doubted is None:
            return plan
        asked = [
            *messages,
            AIMessage(canonical_json(_as_shown(plan, request))),
            HumanMessage(f"{DOUBT}\n{render(doubted)}"),
        ]
        try:
            again = await self._one_try(request, asked, tried)
        except BudgetExceededError:
            return plan
        if isinstance(again, _Rejected) or (isinstance(again, Declined) and again.trouble):
            return plan
        # Names of fields in untrusted outputs are words of outsiders.
        taint = union([again.taint, doubted.sources])
        if isinstance(again, Plan):
            return again.model_copy(update={"taint": taint})
        return replace(again, taint=taint)

    async def _one_try(
        self, request: PlanRequest, messages: list[BaseMessage], tried: tuple[str, ...]
    ) -> Plan | Declined | _Rejected:
        try:
            reply = await self._ask(request, messages, tried)
        except (EndpointError, OutputError) as error:
            return Declined(planner="llm", reason=f"No plan could be had: {error}", trouble=True)
        return await self._read(reply, request)

    async def _ask(
        self, request: PlanRequest, messages: list[BaseMessage], tried: tuple[str, ...]
    ) -> ModelReply:
        return await self._models.complete(
            ModelRequest(
                signals=Signals(
                    role="planner",
                    task_type="planning",
                    needs_schema=True,
                    tried=tried,
                    verdicts=tuple("schema" for _ in tried),
                    request=request.task.text,
                    data_class=request.data_class,
                ),
                messages=messages,
                schema=PLAN_SCHEMA,
                max_output_tokens=4096,
            ),
            run=request.run,
            step="plan",
            emit=request.emit,
        )

    async def _read(self, reply: ModelReply, request: PlanRequest) -> Plan | Declined | _Rejected:
        model = f"{reply.model}@{reply.endpoint}"
        if reason := refusal(reply.data):
            return Declined(planner=model, reason=reason, said=reason, taint=request.sources)
        try:
            plan = read_plan(reply.data, request, planner=model)
            await validate_apart(plan, request, self._tools)
        except PlanError as error:
            return _Rejected(reply=reply, problem=under_shown_names(str(error), request.task))
        # What is planned after reading untrusted text may be what its sources wanted.
        labels = {
            "taint": request.sources,
            "readers": request.readers,
            "data_class": request.data_class,
        }
        tainted = plan.model_copy(update=labels)
        if request.previous is None or not request.sources:
            return tainted
        return tainted.model_copy(update={"later_tools": may_be_used_later(request.previous)})


def _as_shown(plan: Plan, request: PlanRequest) -> Json:
    """Return the steps of a plan with the names that its planner knows."""
    written = [step.to_json() for step in plan.steps]
    return renamed(written, attachment_names(request.task))


def _broken(problem: str) -> Declined:
    return Declined(planner="llm", reason=problem, trouble=True)


def _corrected(messages: list[BaseMessage], data: Json, problem: str) -> list[BaseMessage]:
    """Show the model its own plan and the rule that it broke."""
    return [
        *messages,
        AIMessage(canonical_json(data)),
        HumanMessage(f"That plan breaks a rule. {problem}\nReturn the corrected plan."),
    ]


def _quoted(problem: str, request: PlanRequest) -> str:
    """Return what a plan breaks, as data where outsiders' words may stand in it.

    It names what a tool takes and brings, in the words of whoever wrote the tool's schemas.
    """
    if not request.sources:
        return problem
    return f"It is this:\n{render(Block(name='rule', text=problem, sources=request.sources))}"
