"""Calls of unknown outcome: found out, never guessed, and never made twice meanwhile."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from pointsman.errors import ToolError
from pointsman.state.run import Principal, Run
from pointsman.state.values import digest
from pointsman.stores import SqlStore
from pointsman.stores.records import EffectClaim
from pointsman.tools import Runner, Tool, ToolContract, ToolOutcome, effect_key, tool

SCHEMA = {
    "type": "object",
    "properties": {"invoice": {"type": "string"}},
    "required": ["invoice"],
}


class Bank:
    """Pays late, and honestly says what it has paid so far."""

    def __init__(self, *, after: float, how: str) -> None:
        self.after, self.how = after, how
        self.paid: list[str] = []
        self.background: set[asyncio.Task[None]] = set()

    async def pay(self, args: dict[str, Any], _call: Any) -> Any:
        """Pay once the time has come, whatever happens to the caller."""
        if self.how == "server":
            task = asyncio.create_task(self._later(args))
            self.background.add(task)
            await asyncio.sleep(3600)
        try:
            await asyncio.sleep(self.after)
        except asyncio.CancelledError:
            await asyncio.sleep(self.after)
        self.paid.append(args["invoice"])
        return {"paid": args["invoice"]}

    async def _later(self, args: dict[str, Any]) -> None:
        await asyncio.sleep(self.after)
        self.paid.append(args["invoice"])

    async def look(self, _key: str, args: dict[str, Any]) -> tuple[bool, Any]:
        """Say what is in the books now."""
        return args["invoice"] in self.paid, {"paid": args["invoice"]}


def pay_tool(run: Any, reconcile: Any = None, **contract: Any) -> Tool:
    """A tool that moves money and cannot be repeated."""
    options: dict[str, Any] = {"effect": "money", "timeout": 0.2, **contract}
    return Tool(
        contract=ToolContract(name="pay", description="Pays.", args_schema=SCHEMA, **options),
        run=run,
        reconcile=reconcile,
    )


async def pay(runner: Runner, run: Run, *, step: str = "s1", **options: Any) -> ToolOutcome:
    """Pay one invoice."""
    return await runner.call(
        "pay", {"invoice": "INV-1"}, run=run, step=step, attempt=1, timeout=None, **options
    )


@pytest.mark.parametrize("how", ["swallows its cancellation", "server"])
async def test_a_call_that_outlives_its_timeout_pays_once(
    make_runner: Any, run: Run, how: str
) -> None:
    """A check that honestly says "not yet" is no licence to pay again."""
    bank = Bank(after=1.5, how=how)
    runner = make_runner(pay_tool(bank.pay, bank.look, in_flight=2.5))
    outcome = await pay(runner, run)
    while outcome.retryable:
        outcome = await pay(runner, run)
    await asyncio.sleep(0.2)
    assert bank.paid == ["INV-1"]
    assert (outcome.status, outcome.output) == ("done", {"paid": "INV-1"})


async def test_a_thread_that_outlives_its_timeout_is_waited_for(make_runner: Any, run: Run) -> None:
    """A thread cannot be stopped; what it returns in the end is what happened."""
    paid: list[str] = []

    def slowly(args: dict[str, Any]) -> Any:
        time.sleep(1.6)
        paid.append(args["invoice"])
        return {"paid": args["invoice"]}

    async def in_thread(args: dict[str, Any], _call: Any) -> Any:
        from pointsman.tools.threads import TOOL_THREADS

        return await TOOL_THREADS.run(slowly, args)

    async def look(_key: str, args: dict[str, Any]) -> tuple[bool, Any]:
        return args["invoice"] in paid, {"paid": args["invoice"]}

    runner = make_runner(pay_tool(in_thread, look, in_flight=0))
    outcome = await pay(runner, run)
    assert (outcome.status, paid) == ("done", ["INV-1"])
    assert (await pay(runner, run)).replayed
    assert paid == ["INV-1"]


async def test_a_late_end_is_recorded_where_no_check_exists(
    make_runner: Any, run: Run, store: SqlStore
) -> None:
    """The call went before a person; that it came to its end is known all the same."""
    bank = Bank(after=1.3, how="swallows its cancellation")
    runner = make_runner(pay_tool(bank.pay))
    assert (await pay(runner, run)).status == "unknown"
    await asyncio.sleep(1.0)
    again = await pay(runner, run)
    assert (again.status, again.replayed, bank.paid) == ("done", True, ["INV-1"])


async def test_a_no_is_believed_once_nothing_can_be_on_its_way(make_runner: Any, run: Run) -> None:
    """Then the call may be made again."""
    asked: list[float] = []

    async def fails(_args: Any, _call: Any) -> Any:
        raise ConnectionError("cut")

    async def look(_key: str, _args: Any) -> tuple[bool, Any]:
        asked.append(time.monotonic())
        return False, None

    runner = make_runner(pay_tool(fails, look, in_flight=0.6))
    started = time.monotonic()
    outcome = await pay(runner, run)
    assert (outcome.status, outcome.retryable) == ("failed", True)
    assert asked[-1] - started >= 0.6


async def test_a_doubt_that_outlives_the_deadline_goes_before_a_person(
    make_runner: Any, run: Run
) -> None:
    """Waiting has an end, and an early no is still not believed."""

    async def fails(_args: Any, _call: Any) -> Any:
        raise ConnectionError("cut")

    async def look(_key: str, _args: Any) -> tuple[bool, Any]:
        return False, None

    runner = make_runner(pay_tool(fails, look))
    short = run.model_copy(update={"deadline_at": time.time() + 0.5})
    assert (await pay(runner, short)).status == "unknown"


class SlowCredentials:
    """Fetches slowly, and lets somebody take over meanwhile."""

    def __init__(self, meanwhile: Any, seconds: float = 0.0) -> None:
        self.meanwhile, self.seconds = meanwhile, seconds

    async def fetch(self, names: Any, *, scopes: Any, principal: Any) -> dict[str, str]:
        """Return a value for each name."""
        await self.meanwhile()
        await asyncio.sleep(self.seconds)
        return dict.fromkeys(names, "secret-value")


@pytest.mark.parametrize("idempotency", ["none", "key", "natural"])
async def test_a_worker_that_was_overtaken_before_its_call_does_not_call(
    run: Run, store: SqlStore, idempotency: Any
) -> None:
    """The fence is checked right before the call leaves."""
    calls: list[str] = []

    async def act(_args: Any, _call: Any) -> Any:
        calls.append("called")
        return {"ok": True}

    key = effect_key(run.id, "pay", {"invoice": "INV-1"})

    async def overtake() -> None:
        record = await store.effects.get(key)
        assert record is not None
        await store.effects.settle(key, fence=record.fence, state="failed", error="Overtaken.")
        taken = await store.effects.claim(record.claim, owner="elsewhere/1/1", lease_seconds=60)
        await store.effects.settle(key, fence=taken.fence, state="done", output={"by": "other"})

    tool = pay_tool(act, credentials=("bank",), idempotency=idempotency)
    runner = Runner({"pay": tool}, store, credentials=SlowCredentials(overtake))
    outcome = await pay(runner, run)
    assert calls == []
    assert (outcome.status, outcome.output, outcome.replayed) == ("done", {"by": "other"}, True)


async def test_fetching_a_credential_has_an_end(
    run: Run, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider that hangs is a failure before the call, not a hanging run."""
    monkeypatch.setattr("pointsman.tools.admission.CREDENTIAL_SECONDS", 0.1)

    async def nothing() -> None: ...

    async def act(_args: Any, _call: Any) -> Any:
        raise AssertionError

    runner = Runner(
        {"pay": pay_tool(act, credentials=("bank",))},
        store,
        credentials=SlowCredentials(nothing, seconds=30),
    )
    outcome = await pay(runner, run)
    assert (outcome.status, outcome.kind) == ("failed", "credentials")


async def test_another_workers_call_is_waited_for(run: Run, store: SqlStore) -> None:
    """What it comes to is what happened; nothing is reported as failed."""

    async def act(_args: Any, _call: Any) -> Any:
        raise AssertionError

    key = effect_key(run.id, "pay", {"invoice": "INV-1"})
    claim = EffectClaim(
        key=key, run_id=run.id, step="s1", tool="pay", args_digest="d", effect="money"
    )
    record = await store.effects.claim(claim, owner="elsewhere/1/1", lease_seconds=20)

    async def end() -> None:
        await asyncio.sleep(0.3)
        await store.effects.settle(key, fence=record.fence, state="done", output={"by": "other"})

    ending = asyncio.create_task(end())
    outcome = await pay(Runner({"pay": pay_tool(act)}, store), run)
    await ending
    assert (outcome.status, outcome.output, outcome.replayed) == ("done", {"by": "other"}, True)


async def test_a_call_of_a_vanished_worker_goes_before_a_person(run: Run, store: SqlStore) -> None:
    """Another machine's worker was killed after its call: its lease ends, and nobody can say."""

    async def act(_args: Any, _call: Any) -> Any:
        raise AssertionError

    claim = EffectClaim(
        key=effect_key(run.id, "pay", {"invoice": "INV-1"}),
        run_id=run.id,
        step="s1",
        tool="pay",
        args_digest="d",
        effect="money",
    )
    await store.effects.claim(claim, owner="elsewhere/1/1", lease_seconds=0.7)
    assert (await pay(Runner({"pay": pay_tool(act)}, store), run)).status == "unknown"


async def test_a_worker_that_was_stopped_inside_its_call_is_waited_for(
    run: Run, store: SqlStore, make_runner: Any
) -> None:
    """Its claim has expired and the books say no, but it goes on where it was once it is woken."""
    script = "from pointsman.tools.owner import this_process as p; print(p(), flush=True); input()"
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert worker.stdout is not None
    owner = (await worker.stdout.readline()).decode().strip()
    worker.send_signal(signal.SIGSTOP)
    paid: list[str] = []

    async def act(args: dict[str, Any], _call: Any) -> Any:
        paid.append(args["invoice"])
        return {"paid": args["invoice"]}

    async def look(_key: str, args: dict[str, Any]) -> tuple[bool, Any]:
        return args["invoice"] in paid, {"paid": args["invoice"]}

    args = {"invoice": "INV-1"}
    claim = EffectClaim(
        key=effect_key(run.id, "pay", args),
        run_id=run.id,
        step="s1",
        tool="pay",
        args_digest=digest(args),
        effect="money",
        idempotency="none",
    )
    await store.effects.claim(claim, owner=owner, lease_seconds=0.0)
    runner = make_runner(pay_tool(act, look, in_flight=0))
    soon = run.model_copy(update={"deadline_at": time.time() + 1.0})

    asked = await pay(runner, soon)
    worker.kill()
    await worker.wait()
    after = await pay(runner, run)

    assert (asked.status, after.status) == ("unknown", "done")
    assert paid == ["INV-1"]


async def test_equal_changes_of_one_run_are_one_effect(make_runner: Any, run: Run) -> None:
    """A revised plan that asks again under another step gets the recorded result."""
    bank = Bank(after=0, how="plain")
    runner = make_runner(pay_tool(bank.pay))
    first, second = await pay(runner, run), await pay(runner, run, step="pay_again")
    assert (first.status, second.status, second.replayed) == ("done", "done", True)
    assert bank.paid == ["INV-1"]


async def test_a_person_may_let_an_equal_change_happen_again(make_runner: Any, run: Run) -> None:
    """Their approval keeps the two apart, and holds for one more."""
    bank = Bank(after=0, how="plain")
    runner = make_runner(pay_tool(bank.pay))
    await pay(runner, run)
    again = [await pay(runner, run, step="s2", again="ap_7") for _ in range(2)]
    assert [outcome.replayed for outcome in again] == [False, True]
    assert bank.paid == ["INV-1", "INV-1"]


def of(run: Run, number: int, *, tenant: str = "") -> Run:
    """Another run."""
    principal = Principal(tenant=tenant)
    return run.model_copy(update={"id": f"run-{number}", "principal": principal})


async def test_a_business_key_holds_over_all_runs(make_runner: Any, run: Run) -> None:
    """Two threads were approved to pay one invoice; the second hears that it was done."""
    bank = Bank(after=0, how="plain")
    runner = make_runner(pay_tool(bank.pay, business_key=("invoice",)))
    first, second = await asyncio.gather(pay(runner, of(run, 1)), pay(runner, of(run, 2)))
    assert sorted([first.kind, second.kind]) == ["", "duplicate"]
    assert bank.paid == ["INV-1"]
    third = await pay(runner, of(run, 3))
    assert (third.status, third.retryable) == ("failed", False)
    assert "already" in third.error
    assert (await pay(runner, of(run, 4, tenant="other"))).status == "done"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param("INV-1", " inv-1\n", id="case-and-space"),
        pytest.param("INV-1", "ＩＮＶ-1", id="wide-characters"),
        pytest.param("caf\u00e9 7", "cafe\u0301  7", id="accents"),
        pytest.param("INV-1", "INV\u200b-\ufe0f1\u3164", id="unseen"),
        *(
            pytest.param("INV-1", f"INV{dash}1", id=f"dash-{ord(dash):x}")
            for dash in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
        ),
        pytest.param("O'Neil 7", "O\u2019Neil 7", id="apostrophe"),
        pytest.param("1001", "\u0661\u0660\u0660\u0661", id="arabic-digits"),
        pytest.param("1001", "\u0967\u0966\u0966\u0967", id="devanagari-digits"),
        pytest.param(1001, 1001.0, id="whole-numbers"),
    ],
)
async def test_a_business_key_is_the_same_however_it_is_written(
    make_runner: Any, run: Run, first: Any, second: Any
) -> None:
    """Two runs read the invoice's number in different places."""
    paid: list[Any] = []

    @tool(effect="money", business_key=("invoice",))
    async def settle(invoice: str | float) -> str:
        """Pay."""
        paid.append(invoice)
        return "ok"

    runner = make_runner(settle)
    kinds: list[str] = []
    for number, invoice in enumerate((first, second)):
        args = {"invoice": invoice}
        outcome = await runner.call(
            "settle", args, run=of(run, number), step="s", attempt=1, timeout=None
        )
        kinds.append(outcome.kind)

    assert paid == [first]
    assert kinds == ["", "duplicate"]


async def test_a_failed_call_gives_its_business_key_back(make_runner: Any, run: Run) -> None:
    """What did not happen stands in nobody's way."""
    tries: list[str] = []

    async def act(args: dict[str, Any], call: Any) -> Any:
        tries.append(call.run_id)
        if len(tries) == 1:
            raise ToolError("No funds.")
        return {"paid": args["invoice"]}

    runner = make_runner(pay_tool(act, business_key=("invoice",)))
    assert (await pay(runner, of(run, 1))).status == "failed"
    assert (await pay(runner, of(run, 2))).status == "done"
    assert (await pay(runner, of(run, 1))).kind == "duplicate"


async def test_a_doubtful_call_keeps_its_business_key(make_runner: Any, run: Run) -> None:
    """It may have happened."""

    async def act(_args: Any, _call: Any) -> Any:
        raise ConnectionError("cut")

    runner = make_runner(pay_tool(act, business_key=("invoice",)))
    assert (await pay(runner, of(run, 1))).status == "unknown"
    assert (await pay(runner, of(run, 2))).kind == "duplicate"


async def test_a_hanging_thread_does_not_keep_the_process(make_runner: Any, run: Run) -> None:
    """Cancelled twice, the wait for a thread ends although the thread does not."""
    from pointsman.tools.threads import TOOL_THREADS

    go = threading.Event()
    task = asyncio.create_task(TOOL_THREADS.run(go.wait))
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.sleep(0.05)
    assert not task.done()
    task.cancel()
    await asyncio.wait({task}, timeout=1)
    assert task.cancelled()
    go.set()


def exits(_key: str, _args: Any) -> Any:
    """Check as a script does that finds nothing to check."""
    raise SystemExit(1)


def cancelled(_key: str, _args: Any) -> Any:
    """Check with what was cancelled."""
    raise asyncio.CancelledError


def says(told: Any) -> Any:
    """Write a check that says something."""

    async def look(_key: str, _args: Any) -> Any:
        return told

    return look


@pytest.mark.parametrize(
    "check",
    [
        *(
            exits,
            cancelled,
            says(None),
            says("no"),
            says(("no", None)),
            says((1, None)),
            says((None, None)),
        ),
        *(says(([], "x")), says((True,)), says({"happened": True})),
    ],
)
async def test_a_check_that_does_not_say_is_no_answer(
    make_runner: Any, run: Run, check: Any
) -> None:
    """Neither yes nor no is guessed of it, and it ends nothing but itself."""
    paid: list[int] = []

    async def act(_args: Any, _call: Any) -> Any:
        paid.append(1)
        raise ConnectionError("cut")

    runner = make_runner(pay_tool(act, check, in_flight=0))
    for step in ("s1", "s2"):
        assert (await pay(runner, run, step=step)).status == "unknown"
    assert paid == [1]


async def test_a_check_without_async_is_asked_beside_the_loop(make_runner: Any, run: Run) -> None:
    """It blocks nobody while it looks, and is believed."""
    beats = 0

    def look(_key: str, args: Any) -> tuple[bool, Any]:
        time.sleep(0.5)
        return True, {"paid": args["invoice"]}

    async def act(_args: Any, _call: Any) -> Any:
        raise ConnectionError("cut")

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.02)
            beats += 1

    beating = asyncio.create_task(beat())
    outcome = await pay(make_runner(pay_tool(act, look, timeout=5, in_flight=0)), run)
    beating.cancel()
    assert (outcome.status, outcome.output) == ("done", {"paid": "INV-1"})
    assert beats > 5
