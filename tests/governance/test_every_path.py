"""No path to a call that nobody approved: decisions, forks, policies and switches in any order.

The machine drives the real graph over a real store. What it holds against the calls that were
really made is a model of its own: who agreed to which arguments, until when, under which policy.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar, cast

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from langgraph.types import Command

from pointsman.errors import DecisionError
from pointsman.nodes.gate import NOTHING_RECORDED
from pointsman.planners.protocols import PlanRequest
from pointsman.state.approval import RECORDED
from pointsman.state.plan import Plan, Step

SECONDS = 300
"""How long consent lasts under every policy here."""
SLACK = 0.5
"""Seconds by which the model's clock may be behind; no sum of the waits below comes as close."""
STRANGER = "eve"
"""Whom the mail names; nobody else does."""

ASK = """@id("ask") @expires("300")
    permit (principal, action == Action::"call", resource) when { resource.effect == "money" };"""
SMALL = """@id("small") permit (principal, action == Action::"callUnattended", resource)
    when { context has amountCents && context.amountCents <= 5000 };"""
POLICIES = {
    "default": ASK,
    "lenient": f"{ASK}\n{SMALL}",
    "two": ASK.replace("@expires", '@quorum("2") @expires'),
}


@dataclass(kw_only=True)
class Consent:
    """What the model knows of one request, as a client saw it."""

    run: str
    policy: str
    args: dict[str, Any]
    expires: float
    people: set[str] = field(default_factory=set)
    open: bool = True
    withdrawn: bool = False

    def counts(self, call: Any, policy: str) -> bool:
        """Say whether who agreed to it agreed to this call."""
        same = (self.args, self.run, self.policy) == (call.args, call.run, policy)
        return same and not self.withdrawn and call.at < self.expires + SLACK


def needed(policy: str, call: Any) -> int:
    """Say how many people must have agreed to a call."""
    tainted = call.args["to"] == STRANGER
    if policy == "lenient" and call.args["amount"] <= 50 and not tainted:
        return 0
    return 2 if policy == "two" else 1


class Payments:
    """A planner: read a mail and pay three people, one of whom the mail names."""

    async def plan(self, request: PlanRequest) -> Plan:
        """Plan them."""
        return Plan(
            steps=(
                Step(id="mail", kind="tool", tool="read_mail", args={"item": "1"}),
                _pay("large", "ann", 100.0),
                _pay("small", "bob", 20.0),
                _pay("named", {"$from": "mail", "path": "sender"}, 30.0),
            )
        )


def _pay(step: str, to: Any, amount: float) -> Step:
    return Step(id=step, kind="tool", tool="pay", args={"to": to, "amount": amount})


AMOUNT = st.sampled_from([0.0, 40.0, -60.0])
"""What an edit adds: nothing, or enough to cross the threshold of the lenient policy."""
DECISION = st.sampled_from(
    ["approve", "approve", "approve", "edit", "reject", "respond", "silence"]
)
BROKEN = st.sampled_from(
    [
        "yes",
        None,
        {"decisions": "approve"},
        {"decisions": [{"type": "maybe"}]},
        {"decisions": [{"type": "approve"}] * 9},
        {"decisions": [{"type": "approve", "approval_id": "ap_0"}]},
        {"decisions": [{"type": "edit", "edited_action": {"name": "send", "args": {}}}]},
        {"decisions": [{"type": "edit", "edited_action": {"args": {"amount": "all"}}}]},
        {"decisions": [{"type": "approve"}, {"type": "edit", "edited_action": {"args": {}}}]},
    ]
)


EXAMPLES = int(os.environ.get("POINTSMAN_TEST_EXAMPLES", "75"))
"""More of them than the usual number are drawn at random."""
PHASES = [Phase.generate, *([Phase.shrink] if EXAMPLES == 75 else [])]
EXPECTED = {"ran, 0 needed", "ran, 1 needed", "decision taken", "replayed", "forked", "forged"}
"""What even an unlucky draw gets to."""


class Paths(RuleBasedStateMachine):
    """One thread of one agent, its people, its operators and its clock."""

    desk: ClassVar[Any]
    runner: ClassVar[asyncio.Runner]
    agents: ClassVar[dict[str, Any]]
    parts: ClassVar[dict[str, Any]]
    numbers: ClassVar[Any] = count()
    seen: ClassVar[Counter[str]] = Counter()
    """What happened over all examples: a machine that never gets anywhere proves nothing."""

    @initialize(policy=st.sampled_from(sorted(POLICIES)))
    def begin(self, policy: str) -> None:
        """Start a thread; the store is shared by all examples, as one store is by all threads."""
        self.thread = f"t{next(self.numbers)}"
        self.policy = policy
        self.turns = 0
        self.frozen = False
        self.checked = len(self.desk.calls)
        self.done: Counter[tuple[str, str]] = Counter()
        self.consents: dict[str, Consent] = {}
        self.policies: dict[str, str] = {}
        self.offered: list[Any] = []
        self._turn()

    # ---- driving ---------------------------------------------------------------------------

    @property
    def agent(self) -> Any:
        """The agent under the policy in force."""
        self.desk.dependencies = self.parts[self.policy]
        return self.agents[self.policy]

    @property
    def at(self) -> Any:
        """The thread."""
        return self.desk.at(self.thread)

    def _do(self, work: Any) -> Any:
        return self.runner.run(work)

    def _invoke(self, value: Any, config: Any = None) -> None:
        self._look(self._do(self.agent.ainvoke(value, config or self.at)))

    def _turn(self) -> None:
        self.turns += 1
        self._invoke({"task": "Pay them"})

    def _look(self, out: Any) -> None:
        """Check what has run by now, then note what is asked."""
        self._judge()
        self.question = [i.value["pointsman"] for i in out.get("__interrupt__", ())]
        for request in self._asked():
            self._know(request, self.question[0]["run_id"])

    def _know(self, request: Any, run: str) -> None:
        known = self.consents.get(request["id"])
        if known is None or request["expires_at"] > known.expires:
            self.consents[request["id"]] = Consent(
                run=run,
                # The same digest later is the same policy, though another may be in force by then.
                policy=self.policies.setdefault(request["digest"], self.policy),
                args=request["args"],
                expires=request["expires_at"],
            )

    def _asked(self) -> list[Any]:
        return [request for value in self.question for request in value["approvals"]]

    # ---- the model's own view --------------------------------------------------------------

    def _judge(self) -> None:
        calls = [c for c in self.desk.calls[self.checked :] if c.tool == "pay"]
        self.checked = len(self.desk.calls)
        for call in calls:
            assert not self.frozen, f"{call} ran although its tool is frozen"
            self.done[call.run, call.step] += 1
            assert self.done[call.run, call.step] == 1, f"{call} is a second one"
            agreed = [c.people for c in self.consents.values() if c.counts(call, self.policy)]
            wanted = needed(self.policy, call)
            assert len(set().union(*agreed)) >= wanted, (
                f"{call} ran without consent under {self.policy!r}: {self.consents}"
            )
            self.seen[f"ran, {wanted} needed"] += 1

    def _decidable(self, request: Any, kind: str, person: str, *, asked: bool = False) -> bool:
        """Say whether a decision counts; one in reply to the question counts anew, if need be."""
        consent = self.consents[request["id"]]
        in_time = self.desk.clock.now < consent.expires
        again = kind == "approve" and person in consent.people and consent.open
        return (consent.open or asked) and not consent.withdrawn and in_time and not again

    def _repeats(self, request: Any, kind: str, person: str) -> bool:
        consent = self.consents[request["id"]]
        return kind == "approve" and consent.open and person in consent.people

    def _edited_to(self, request: Any) -> bool:
        """Say whether it may be somebody's edit, whose author has agreed to it by making it."""
        return request["args"] in self.offered

    def _take(self, request: Any, kind: str, person: str, args: Any = None) -> None:
        """Note a decision that was rightly given."""
        consent = self.consents[request["id"]]
        if not consent.open:
            consent.people.clear()
        if kind == "approve":
            consent.people.add(person)
            consent.open = len(consent.people) < request.get("quorum", 1)
            return
        consent.open = False
        if kind == "edit":
            self._edited(consent, person, args)

    def _edited(self, consent: Consent, person: str, args: Any) -> None:
        until = self.desk.clock.now + SECONDS
        for policy in POLICIES:
            # Whichever policy is in force when the gate reads the edit: it is one consent to it.
            key = f"edit {next(self.numbers)}"
            self.consents[key] = Consent(run=consent.run, policy=policy, args=args, expires=until)
            self.consents[key].people.add(person)

    # ---- what people, operators and time do ------------------------------------------------

    @precondition(lambda self: self.question)
    @rule(kinds=st.lists(DECISION, min_size=1, max_size=3), form=st.integers(0, 3), add=AMOUNT)
    def decide_over_the_wire(self, kinds: list[str], form: int, add: float) -> None:
        """Decide over the wire, in any documented form, some or all of what is asked."""
        requests = self._asked()[: len(kinds)]
        pairs = [(r, k) for r, k in zip(requests, kinds, strict=False) if k != "silence"]
        edits = {r["id"]: {**r["args"], "amount": r["args"]["amount"] + add} for r, _ in pairs}
        if form == 3:
            requests, pairs = requests[:1], pairs[:1]
        if not pairs:
            return
        # What the same person has said of a request already, said again, is no news of it.
        news = [(r, k) for r, k in pairs if not self._repeats(r, k, "local")]
        taken = all(self._decidable(r, k, "local", asked=True) for r, k in news)
        settled = any(not self.consents[r["id"]].open for r, _ in pairs)
        self.offered += [edits[r["id"]] for r, k in pairs if k == "edit"]
        given = [self._worded(r, k, edits[r["id"]], old=form == 1) for r, k in pairs]
        if [r for r, _ in pairs] == requests:
            # Nothing was left out, so the position says what is meant.
            given = [{k: v for k, v in g.items() if k != "approval_id"} for g in given]
        if taken:
            for request, kind in news:
                self._take(request, kind, "local", edits[request["id"]])
        self.seen[f"resume {'taken' if taken else 'late'}"] += 1
        self._invoke(Command(resume=self._formed(given, form)))
        refused = self.question[0]["error"] if self.question else ""
        surely = taken and not settled and not any(self._edited_to(r) for r, _ in pairs)
        # A quorum that is not met yet is no refusal.
        assert not surely or refused in ("", NOTHING_RECORDED), f"{pairs} was refused: {refused}"

    @staticmethod
    def _worded(request: Any, kind: str, edited: Any, *, old: bool) -> Any:
        named = {"approval_id": request["id"]}
        if old:
            kinds = {"approve": "accept", "respond": "response", "reject": "ignore"}
            value = {"action": "pay", "args": edited} if kind == "edit" else "words"
            return {**named, "type": kinds.get(kind, kind), "args": value}
        if kind == "edit":
            return {**named, "type": kind, "edited_action": {"name": "pay", "args": edited}}
        return {**named, "type": kind, "message": "words"}

    def _formed(self, given: list[Any], form: int) -> Any:
        if form == 1:
            return given
        if form == 3:
            return given[0]
        if form == 2:
            state = self._do(self.agent.aget_state(self.at))
            return {state.interrupts[0].id: {"decisions": given}}
        return {"decisions": given}

    @precondition(lambda self: self.question)
    @rule(value=BROKEN)
    def resume_badly(self, value: Any) -> None:
        """Send what is no decision."""
        undecided = any(self.consents[r["id"]].open for r in self._asked())
        before = len(self.desk.calls)
        if value is not None:
            self._invoke(Command(resume=value))
        assert len(self.desk.calls) == before or not undecided

    @precondition(lambda self: self.question)
    @rule(
        who=st.sampled_from(["bea", "carl", "dave"]),
        kind=DECISION.filter(lambda kind: kind != "silence"),
        which=st.integers(0, 2),
        add=AMOUNT,
        resume=st.booleans(),
    )
    def decide(self, who: str, kind: str, which: int, add: float, resume: bool) -> None:
        """Have somebody else decide through the store, and perhaps go on."""
        requests = self._asked()
        request = requests[which % len(requests)]
        args = {**request["args"], "amount": request["args"]["amount"] + add}
        rightly = self._decidable(request, kind, who)
        self.offered += [args] if kind == "edit" else []
        said = self._worded(request, kind, args, old=False)
        try:
            self._do(self.desk.decide(self.agent, request["id"], said, who, _role(who)))
        except DecisionError:
            surely = rightly and not self._edited_to(request)
            refusable = not surely or (who == "dave" and kind in ("approve", "edit"))
            self.seen["decision refused" if refusable else "decision wrongly refused"] += 1
        else:
            assert rightly
            assert who != "dave" or kind in ("reject", "respond")
            self._take(request, kind, who, args)
            self.seen["decision taken"] += 1
        if resume:
            self.go_on()

    @precondition(lambda self: self.question)
    @rule(then=st.sampled_from(["", "time", *sorted(POLICIES), "withdrawal", "freeze"]))
    def agree(self, then: str) -> None:
        """Have two people approve all that is asked, and something happen before it runs."""
        for which in range(len(self._asked())):
            self.decide("bea", "approve", which, 0.0, resume=False)
            self.decide("carl", "approve", which, 0.0, resume=False)
        if then == "time":
            self.wait(SECONDS + 1)
        elif then == "withdrawal":
            self.withdraw(0)
        elif then == "freeze":
            self.freeze_or_thaw()
        elif then:
            self.change_policy(then)
        self.go_on()

    @precondition(lambda self: self.question)
    @rule()
    def go_on(self) -> None:
        """Resume with whatever the store holds."""
        self._invoke(Command(resume=RECORDED))

    @rule(which=st.integers(0, 9))
    def withdraw(self, which: int) -> None:
        """Take a request or an approval back."""
        ids = [key for key in self.consents if key.startswith("ap_")]
        if not ids:
            return
        chosen = ids[which % len(ids)]
        try:
            self._do(self.desk.store.approvals.withdraw(chosen, "second thoughts"))
        except DecisionError:
            return
        self.consents[chosen].withdrawn = True
        self.seen["withdrawn"] += 1

    @rule(seconds=st.sampled_from([7, 140, SECONDS + 1]))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.desk.clock.now += seconds

    @rule(name=st.sampled_from(sorted(POLICIES)))
    def change_policy(self, name: str) -> None:
        """Deploy other policies."""
        self.policy = name

    @rule()
    def freeze_or_thaw(self) -> None:
        """Turn the operators' switch."""
        switches = self.desk.store.switches
        if self.frozen:
            self._do(switches.clear("freeze_tool", "pay"))
        else:
            self._do(self.desk.switch("freeze_tool", "pay"))
        self.frozen = not self.frozen

    @rule(back=st.integers(0, 12), fork=st.booleans())
    def replay(self, back: int, fork: bool) -> None:
        """Run an earlier checkpoint again, as it is or as a fork."""
        earlier = [s for s in self._history() if s.next]
        if not earlier:
            return
        config = earlier[back % len(earlier)].config
        if fork:
            config = self._do(self.agent.aupdate_state(config, None, as_node="__copy__"))
        self.seen["forked" if fork else "replayed"] += 1
        self._invoke(None, config)

    def _history(self) -> list[Any]:
        async def collect() -> list[Any]:
            return [s async for s in self.agent.aget_state_history(self.at)]

        return self._do(collect())

    @precondition(lambda self: self.question)
    @rule(which=st.integers(0, 2), add=AMOUNT)
    def forge(self, which: int, add: float) -> None:
        """Write into the state that a person agreed, perhaps to something else."""
        requests = self._asked()
        request = requests[which % len(requests)]
        args = {**request["args"], "amount": request["args"]["amount"] + add}
        result = {
            "step": request["step"],
            "status": "cleared",
            "approval": {**request, "args": args},
        }
        update = {"results": {request["step"]: result}}
        self._do(self.agent.aupdate_state(self.at, update, as_node="lane"))
        self.seen["forged"] += 1
        self._invoke(None)

    @precondition(lambda self: self.turns < 3)
    @rule()
    def another_turn(self) -> None:
        """Ask again in the same thread, whatever still waits."""
        self._turn()

    @invariant()
    def nothing_ran_behind_our_back(self) -> None:
        """Deciding, withdrawing and switching run nothing by themselves."""
        assert self.checked == len(self.desk.calls)

    def teardown(self) -> None:
        """Leave the shared store's switches off."""
        if self.frozen:
            self._do(self.desk.store.switches.clear("freeze_tool", "pay"))


def _role(who: str) -> str:
    return "user" if who == "dave" else "admin"


@pytest.mark.timeout(600)
def test_no_path_leads_to_a_call_that_nobody_approved(desk: Any) -> None:
    """Over all examples, and the machine did get everywhere it should."""
    with asyncio.Runner() as runner:
        Paths.desk, Paths.runner, Paths.agents, Paths.parts = desk, runner, {}, {}
        for name, text in POLICIES.items():
            Paths.agents[name] = desk.agent(
                planner=Payments(), policy=text, limits={"max_revisions": 0, "max_turns": 100}
            )
            Paths.parts[name] = desk.dependencies
        run_state_machine_as_test(
            Paths,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=12,
                deadline=None,
                derandomize=EXAMPLES == 75,
                database=None,
                phases=PHASES,
                report_multiple_bugs=False,
                suppress_health_check=cast("list[HealthCheck]", list(HealthCheck)),
            ),
        )
    print(dict(Paths.seen))
    assert set(Paths.seen) >= EXPECTED
    assert "decision wrongly refused" not in Paths.seen
