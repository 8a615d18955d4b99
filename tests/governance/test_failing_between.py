"""Whatever fails between a person's decision and the effect, the newest decision counts.

The machine drives the real graph over a real store. Any call of the store, any write of the
checkpointer and any part of the tool may fail, once or from then on. The model knows only which
decision was sent last and was not visibly refused.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
from collections import Counter
from itertools import count
from typing import Annotated, Any, ClassVar, cast

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)
from langgraph.types import Command
from pydantic import AfterValidator

from pointsman import tool
from pointsman.errors import DecisionError
from pointsman.graphs.agent import build_graph
from pointsman.planners.protocols import PlanRequest
from pointsman.policy.switches import SwitchBoard
from pointsman.state.approval import RECORDED
from pointsman.state.plan import Plan, Step
from pointsman.tools import Runner, ToolCall

from .failing import FailingSaver, FailingStore, Failures

EXAMPLES = int(os.environ.get("POINTSMAN_TEST_EXAMPLES", "20"))
"""More of them than the usual number are drawn at random."""
OPEN = {"path": "status", "op": "eq", "value": "open", "message": "The invoice is open."}
PAY = {"to": "ann", "amount": 100.0}
EDITED = {"to": "ann", "amount": 60.0}
DECISIONS: dict[str, Any] = {
    "approve": {"type": "approve"},
    "edit": {"type": "edit", "edited_action": {"args": EDITED}},
    "reject": {"type": "reject", "message": "no"},
}
NAMES = (
    *("checkpoint", "writes", "validation", "look", "call", "receipt", "switches.active"),
    *("approvals.open_all", "approvals.decide", "approvals.get", "journal.record_outcome"),
    *("effects.get", "effects.claim", "effects.confirm", "effects.settle"),
)
"""Some of what may fail."""
FEWEST = 8
"""Kinds of things that fail at least: a machine that breaks nothing proves nothing."""
NEVER = ("", 0)
POINT = st.tuples(st.just(""), st.sampled_from(range(48))) | st.tuples(
    st.sampled_from(NAMES), st.sampled_from([1, 1, 1, 2, 3])
)
"""What fails: one of the about 45 things between a decision and the end, or one of a name."""


class Bank:
    """Pays each key once, and any part of the tools that lead to it may fail."""

    def __init__(self, failures: Failures) -> None:
        self.paid: dict[str, Any] = {}
        """Idempotency key → what was paid."""

        def careful(value: str) -> str:
            failures.reached("validation", AttributeError)
            return value

        @tool(effect="read", trust="internal", max_attempts=1)
        async def invoice(number: str) -> dict[str, Any]:
            """Look up an invoice."""
            failures.reached("look", ConnectionError)
            return {"status": "open", "number": number}

        async def transfer(to: str, amount: float, call: ToolCall) -> dict[str, Any]:
            """Pay somebody."""
            failures.reached("call", ConnectionError)
            self.paid.setdefault(call.idempotency_key, {"to": to, "amount": amount})
            failures.reached("receipt", ConnectionError)
            return {"paid": amount}

        transfer.__annotations__["to"] = Annotated[str, AfterValidator(careful)]
        keyed = tool(effect="money", trust="internal", idempotency="key", backoff=0.0)
        self.tools = [invoice, keyed(transfer)]


class OnePayment:
    """A planner: check an invoice and pay it."""

    async def plan(self, request: PlanRequest) -> Plan:
        """Plan it."""
        look = Step.from_json(
            {
                "id": "look",
                "kind": "tool",
                "tool": "invoice",
                "args": {"number": "1"},
                "checks": [OPEN],
            }
        )
        pay = Step(id="pay", kind="tool", tool="transfer", args=PAY, after=("look",))
        return Plan(steps=(look, pay), version=request.version)


class Decided(RuleBasedStateMachine):
    """One payment of one thread, and somebody who changes their mind."""

    desk: ClassVar[Any]
    runner: ClassVar[asyncio.Runner]
    agent: ClassVar[Any]
    failures: ClassVar[Failures]
    bank: ClassVar[Bank]
    numbers: ClassVar[Any] = count()
    seen: ClassVar[Counter[str]] = Counter()

    @initialize()
    def begin(self) -> None:
        """Start a thread that asks."""
        self.thread = f"f{next(self.numbers)}"
        self.before = set(self.bank.paid)
        self.may_hold: list[Any] = [None]
        """What the decisions let happen of which one is in force: a payment, or nothing. Several
        only where somebody saw an error."""
        self.failures.begin(0)
        self._do(self.agent.ainvoke({"task": "Pay"}, self.at))
        self._judge()

    @property
    def at(self) -> Any:
        """The thread."""
        return self.desk.at(self.thread)

    @property
    def paid(self) -> list[Any]:
        """What this thread has paid."""
        return [paid for key, paid in self.bank.paid.items() if key not in self.before]

    def _do(self, work: Any) -> Any:
        return self.runner.run(work)

    def _state(self) -> Any:
        return self._do(self.agent.aget_state(self.at))

    def _judge(self) -> None:
        """Hold what was paid against what may be in force."""
        assert len(self.paid) <= 1, self.paid
        assert all(paid in self.may_hold for paid in self.paid), (self.paid, self.may_hold)

    def _meant(self, kind: str) -> Any:
        """Return what a decision lets happen: an approval whatever is asked at that moment."""
        if kind == "approve":
            return self._state().values["results"]["pay"].get("approval", {}).get("args")
        return EDITED if kind == "edit" else None

    @rule(
        kind=st.sampled_from(["approve", "edit", "reject", "approve", "edit", "approve"]),
        point=POINT,
        lasting=st.booleans(),
    )
    def decide(self, kind: str, point: tuple[str, int], lasting: bool) -> None:
        """Send a decision, while something fails; on a new thread where the last has ended."""
        if self.paid or not self._state().next:
            self.end()
            self.begin()
        self._decide(kind, point, lasting=lasting)

    def _decide(self, kind: str, point: tuple[str, int], *, lasting: bool) -> None:
        before, meant = self.may_hold, self._meant(kind)
        self.may_hold = [*before, meant]
        self.failures.begin(point[1], only=point[0], lasting=lasting)
        try:
            out = self._do(self.agent.ainvoke(Command(resume=DECISIONS[kind]), self.at))
        except DecisionError:
            # Nobody waits for it, and whoever sent it was told.
            self.may_hold = before
            self.seen["too late"] += 1
        except Exception as error:
            self.seen[f"{kind} met {type(error).__name__}"] += 1
        else:
            asked = [i.value["pointsman"] for i in out.get("__interrupt__", ())]
            refused = any(question["error"] for question in asked)
            self.may_hold = [*before, meant] if refused else [meant]
            self.seen[f"{kind} {'refused' if refused else 'heard'}"] += 1
        finally:
            self.failures.begin(0)
        self._judge()

    @rule(point=POINT, lasting=st.booleans())
    def go_on(self, point: tuple[str, int], lasting: bool) -> None:
        """Have a worker pick the thread up with what is on record, while something fails."""
        state = self._state()
        if not state.next:
            return
        self.failures.begin(point[1], only=point[0], lasting=lasting)
        value = Command(resume=RECORDED) if state.interrupts else None
        try:
            self._do(self.agent.ainvoke(value, self.at))
        except Exception as error:
            self.seen[f"worker met {type(error).__name__}"] += 1
        finally:
            self.failures.begin(0)
        self._judge()

    def teardown(self) -> None:
        """End the last thread."""
        if hasattr(self, "thread"):
            self.end()

    def end(self) -> None:
        """Have the newest decision sent without any failure: now it alone counts."""
        kinds = iter(("reject", "approve"))
        while self._state().next and not self.paid and (kind := next(kinds, "")):
            self._decide(kind, NEVER, lasting=False)
            self._finish()
            if len(self.may_hold) == 1:
                self.seen[f"ended with {kind}"] += 1
                assert self.paid == [m for m in self.may_hold if m] or self._has_failed()
                break
        self._finish()
        state = self._state()
        assert not state.next or state.interrupts, "a thread that nobody can decide"

    def _finish(self) -> None:
        for _ in range(3):
            self.go_on(NEVER, lasting=False)

    def _has_failed(self) -> bool:
        """Whether the step has come to its end by what failed before."""
        result = self._state().values["results"].get("pay", {})
        return result.get("status") in ("failed", "blocked")


def test_the_newest_decision_counts_whatever_fails(desk: Any) -> None:
    """Over all examples, and everything there is did fail."""
    failures = Failures()
    bank = Bank(failures)
    desk.agent(planner=OnePayment(), tools=bank.tools, limits={"max_revisions": 0})
    saver = FailingSaver()
    saver.failures = failures
    failing: Any = FailingStore(desk.store, failures)
    parts = desk.dependencies
    broken = dataclasses.replace(
        parts,
        store=failing,
        tools=Runner(parts.tools.tools, failing),
        switches=SwitchBoard(failing.switches, max_age_seconds=0),
    )
    with asyncio.Runner() as runner:
        Decided.desk, Decided.runner, Decided.failures, Decided.bank = desk, runner, failures, bank
        Decided.agent = build_graph(broken, checkpointer=saver)
        run_state_machine_as_test(
            Decided,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=10,
                deadline=None,
                derandomize=EXAMPLES == 20,
                database=None,
                phases=[Phase.generate],
                report_multiple_bugs=False,
                suppress_health_check=cast("list[HealthCheck]", list(HealthCheck)),
            ),
        )
    print(dict(Decided.seen), dict(failures.failed))
    assert len(failures.failed) >= FEWEST
