"""What the runner promises of one call: once, in time, bounded, recorded."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from pointsman.errors import ToolError
from pointsman.state.run import Run
from pointsman.stores import SqlStore
from pointsman.tools import Runner, Tool, ToolCall, ToolContract, ToolOutcome, effect_key, tool

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


class Counter:
    """A tool that counts its calls and plays a script: an exception is raised, a value returned."""

    def __init__(self, *script: Any) -> None:
        self.script = list(script)
        self.keys: list[str] = []

    async def __call__(self, args: dict[str, Any], call: ToolCall) -> Any:
        """Play the next step of the script."""
        self.keys.append(call.idempotency_key)
        step = self.script.pop(0) if self.script else {"n": args["n"]}
        if isinstance(step, Exception):
            raise step
        return step

    @property
    def calls(self) -> int:
        """How often the tool was really called."""
        return len(self.keys)


def a_tool(run: Any, *, reconcile: Any = None, **contract: Any) -> Tool:
    """A tool called `act`, writing and not repeatable unless the contract says otherwise."""
    return Tool(
        contract=ToolContract(name="act", description="Acts.", args_schema=SCHEMA, **contract),
        run=run,
        reconcile=reconcile,
    )


async def call(
    runner: Runner, run: Run, *, timeout: float | None = None, n: int = 1
) -> ToolOutcome:
    """Call `act` in step `s1`."""
    return await runner.call("act", {"n": n}, run=run, step="s1", attempt=1, timeout=timeout)


async def state_of(store: SqlStore, run: Run, n: int = 1, *, apart: str = "") -> str:
    """What the ledger says of the call."""
    key = effect_key(run.id, "act", {"n": n}, apart=apart)
    [record] = [r for r in await store.effects.of_run(run.id) if r.claim.key == key]
    return record.state


def test_runner_keeps_the_protocol(make_runner: Any) -> None:
    """The graph's protocol is what the runner implements."""
    runner: Runner = make_runner()
    assert runner.tools == {}


async def test_a_done_call_is_never_made_again(make_runner: Any, run: Run) -> None:
    """The second call of the same step returns the recorded result."""
    counter = Counter()
    runner = make_runner(a_tool(counter))
    first = await call(runner, run)
    second = await call(runner, run)
    assert (first.status, first.output, first.replayed) == ("done", {"n": 1}, False)
    assert (second.status, second.output, second.replayed) == ("done", {"n": 1}, True)
    assert counter.calls == 1


async def test_other_arguments_are_another_call(make_runner: Any, run: Run) -> None:
    """The key binds the arguments."""
    counter = Counter()
    runner = make_runner(a_tool(counter))
    await call(runner, run, n=1)
    await call(runner, run, n=2)
    assert len(set(counter.keys)) == 2


async def test_bad_arguments_touch_no_ledger(make_runner: Any, run: Run, store: SqlStore) -> None:
    """Arguments are refused before anything is claimed."""
    counter = Counter()
    runner = make_runner(a_tool(counter))
    outcome = await runner.call("act", {"n": "1"}, run=run, step="s1", attempt=1, timeout=None)
    missing = await runner.call("nope", {}, run=run, step="s1", attempt=1, timeout=None)
    assert (outcome.kind, missing.kind) == ("arguments", "not_found")
    assert "act.n" in outcome.error
    assert "act" in missing.error
    assert not await store.effects.of_run(run.id)
    assert counter.calls == 0


@pytest.mark.parametrize("idempotency", ["key", "natural"])
async def test_an_unknown_call_of_a_repeatable_tool_is_repeated_with_its_key(
    make_runner: Any, run: Run, store: SqlStore, idempotency: str
) -> None:
    """After an exception that says nothing of the effect, the same key is used again."""
    counter = Counter(ConnectionError("cut"))
    runner = make_runner(a_tool(counter, idempotency=idempotency))
    first = await call(runner, run)
    assert (first.status, first.kind, first.retryable) == ("failed", "tool_error", True)
    assert await state_of(store, run) == "unknown"
    second = await call(runner, run)
    assert (second.status, second.replayed) == ("done", False)
    assert len(set(counter.keys)) == 1


async def test_an_unknown_call_of_a_tool_without_key_is_never_repeated(
    make_runner: Any, run: Run
) -> None:
    """Nobody can say whether it happened, so it goes before a person."""
    counter = Counter(ConnectionError("cut"))
    runner = make_runner(a_tool(counter))
    assert (await call(runner, run)).status == "unknown"
    again = await call(runner, run)
    assert (again.status, again.retryable) == ("unknown", False)
    assert counter.calls == 1


async def test_reconciliation_finds_that_it_happened(
    make_runner: Any, run: Run, store: SqlStore
) -> None:
    """The tool's own check turns an unknown call into a done one, and it stays done."""

    async def reconcile(key: str, args: dict[str, Any]) -> tuple[bool, Any]:
        return True, {"found": key}

    counter = Counter(ConnectionError("cut"))
    runner = make_runner(a_tool(counter, reconcile=reconcile))
    first = await call(runner, run)
    assert (first.status, first.output) == ("done", {"found": first.key})
    assert (await call(runner, run)).replayed
    assert counter.calls == 1
    assert await state_of(store, run) == "done"


async def test_reconciliation_finds_that_it_did_not_happen(make_runner: Any, run: Run) -> None:
    """Then the call may be made again."""

    async def reconcile(key: str, args: dict[str, Any]) -> tuple[bool, Any]:
        return False, None

    counter = Counter(ConnectionError("cut"))
    runner = make_runner(a_tool(counter, reconcile=reconcile, in_flight=0))
    first = await call(runner, run)
    assert (first.status, first.retryable) == ("failed", True)
    assert (await call(runner, run)).status == "done"


async def test_a_broken_reconciliation_leaves_the_call_unknown_until_it_works(
    make_runner: Any, run: Run
) -> None:
    """It is asked again on the next claim."""
    answers: list[Any] = [OSError("down"), (True, "found")]

    async def reconcile(key: str, args: dict[str, Any]) -> tuple[bool, Any]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    counter = Counter(ConnectionError("cut"))
    runner = make_runner(a_tool(counter, reconcile=reconcile))
    assert (await call(runner, run)).status == "unknown"
    assert (await call(runner, run)).output == "found"
    assert counter.calls == 1


@pytest.mark.parametrize(
    ("contract", "error"),
    [
        pytest.param({"effect": "money"}, ToolError("No funds."), id="tool says: not happened"),
        pytest.param({"effect": "read"}, ValueError("odd"), id="reading changes nothing"),
    ],
)
async def test_a_failure_without_effect_may_be_tried_again(
    make_runner: Any, run: Run, store: SqlStore, contract: dict[str, Any], error: Exception
) -> None:
    """The ledger says failed, and a later attempt is granted."""
    counter = Counter(error)
    runner = make_runner(a_tool(counter, **contract))
    outcome = await call(runner, run)
    assert (outcome.status, outcome.kind) == ("failed", "tool_error")
    apart = "s1" if contract["effect"] == "read" else ""
    assert await state_of(store, run, apart=apart) == "failed"
    assert (await call(runner, run)).status == "done"


@pytest.mark.parametrize(
    ("output", "kind"),
    [
        pytest.param("x" * 5_000, "output_too_large", id="too large"),
        pytest.param({"x": object()}, "output_not_json", id="an object"),
        pytest.param({1: "x", "1": "y"}, "output_not_json", id="two keys that are one"),
        pytest.param(b"\xff\xfe", "output_not_json", id="bytes that are no text"),
        pytest.param({"total": "5"}, "output_schema", id="breaks the schema"),
    ],
)
@pytest.mark.parametrize("effect", ["read", "money"])
async def test_output_that_cannot_be_used(
    make_runner: Any, run: Run, store: SqlStore, output: Any, kind: str, effect: str
) -> None:
    """A reading failed; an effect happened, and it is never made to happen again."""
    counter = Counter(output)
    schema = {"properties": {"total": {"type": "number"}}}
    runner = make_runner(
        a_tool(counter, effect=effect, max_output_bytes=1_000, output_schema=schema)
    )
    first = await call(runner, run)
    assert (first.kind, first.retryable) == (kind, False)
    second = await call(runner, run)
    if effect == "read":
        assert (first.status, second.status, counter.calls) == ("failed", "done", 2)
    else:
        assert (first.status, second.status, second.replayed) == ("done", "done", True)
        assert first.output == second.output
        assert first.output["result"] == "unreadable"
        assert first.warning == second.warning == first.output["why"]
        assert (await state_of(store, run), counter.calls) == ("done", 1)


async def test_an_endless_structure_is_not_json(make_runner: Any, run: Run) -> None:
    """A list that holds itself is refused, not followed."""
    endless: list[Any] = []
    endless.append(endless)
    outcome = await call(make_runner(a_tool(Counter(endless), effect="read")), run)
    assert outcome.kind == "output_not_json"


async def test_50_megabytes_do_not_hold_up_the_loop(make_runner: Any, run: Run) -> None:
    """Other work goes on while a huge result is refused."""
    huge = [{"row": i, "text": "x" * 90} for i in range(500_000)]
    runner = make_runner(a_tool(Counter(huge), effect="read", max_output_bytes=10_000_000))
    longest = 0.0

    async def heartbeat() -> None:
        nonlocal longest
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.005)
            longest = max(longest, time.monotonic() - before)

    beating = asyncio.create_task(heartbeat())
    outcome = await call(runner, run)
    beating.cancel()
    assert outcome.kind == "output_too_large"
    assert longest < 0.5


async def test_timeout_of_a_read_and_of_a_write(
    make_runner: Any, run: Run, store: SqlStore
) -> None:
    """A reading that hangs failed; whether a hanging write happened is unknown."""

    async def hang(args: dict[str, Any], call: ToolCall) -> Any:
        await asyncio.Event().wait()

    reading = await call(make_runner(a_tool(hang, effect="read")), run, timeout=0.02)
    writing = await call(make_runner(a_tool(hang)), run, timeout=0.02, n=2)
    assert (reading.status, reading.kind, reading.retryable) == ("failed", "timeout", True)
    assert (writing.status, writing.kind) == ("unknown", "timeout")
    read, written = await state_of(store, run, apart="s1"), await state_of(store, run, 2)
    assert (read, written) == ("failed", "unknown")


async def test_a_tool_that_swallows_its_cancellation_is_left_behind(
    make_runner: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timeout holds for tools that do not cooperate, too."""
    monkeypatch.setattr("pointsman.tools.waiting.GRACE_SECONDS", 0.05)
    release = asyncio.Event()

    async def stubborn(args: dict[str, Any], call: ToolCall) -> Any:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    outcome = await asyncio.wait_for(
        call(make_runner(a_tool(stubborn, effect="read")), run, timeout=0.02), 5
    )
    release.set()
    assert outcome.kind == "timeout"


async def test_a_synchronous_tool_that_hangs_times_out(make_runner: Any, run: Run) -> None:
    """Its thread is left behind, the caller is not."""
    release = threading.Event()

    @tool(effect="read", name="act")
    def hang(n: int) -> int:
        """Hang."""
        release.wait(10)
        return n

    outcome = await call(make_runner(hang), run, timeout=0.05)
    release.set()
    assert outcome.kind == "timeout"


@pytest.mark.parametrize(("effect", "state"), [("read", "failed"), ("money", "unknown")])
async def test_cancellation_settles_and_goes_on(
    make_runner: Any, run: Run, store: SqlStore, effect: str, state: str
) -> None:
    """The call is cancelled, the ledger knows, and the caller is cancelled as asked."""
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def hang(args: dict[str, Any], call: ToolCall) -> Any:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    calling = asyncio.create_task(call(make_runner(a_tool(hang, effect=effect)), run))
    await started.wait()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert cancelled.is_set()
    assert await state_of(store, run, apart="s1" if effect == "read" else "") == state


async def test_cancellation_at_any_moment_leaves_no_claim(
    make_runner: Any, run: Run, store: SqlStore
) -> None:
    """However early or late the cancellation comes, the call is settled or was never claimed."""

    async def quick(args: dict[str, Any], call: ToolCall) -> Any:
        await asyncio.sleep(0.001)
        return "ok"

    runner = make_runner(a_tool(quick))
    for n in range(25):
        calling = asyncio.create_task(call(runner, run, n=n))
        await asyncio.sleep(0.0004 * n)
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
    states = {record.state for record in await store.effects.of_run(run.id)}
    assert "claimed" not in states


async def test_two_workers_never_perform_one_call_together(make_runner: Any, run: Run) -> None:
    """While one holds the claim, the others wait, and get what it came to."""
    entered, release = asyncio.Event(), asyncio.Event()
    calls: list[str] = []

    async def slow(args: dict[str, Any], call: ToolCall) -> Any:
        calls.append(call.idempotency_key)
        entered.set()
        await release.wait()
        return "ok"

    one, other = (make_runner(a_tool(slow, idempotency="key"), owner=o) for o in ("a", "b"))
    calling = asyncio.create_task(call(one, run))
    await entered.wait()
    waiting = [asyncio.create_task(call(runner, run)) for runner in (other, one)]
    await asyncio.sleep(0.2)
    assert not any(task.done() for task in waiting)
    release.set()
    assert (await calling).status == "done"
    assert [(o.status, o.replayed) for o in await asyncio.gather(*waiting)] == [("done", True)] * 2
    assert len(calls) == 1
    assert (await call(other, run)).replayed


async def test_one_runner_serves_several_event_loops(make_runner: Any, run: Run) -> None:
    """Nothing in it belongs to the loop that made it."""
    counter = Counter()
    runner = make_runner(a_tool(counter))
    outcome = await asyncio.to_thread(lambda: asyncio.run(call(runner, run, n=7)))
    assert outcome.output == {"n": 7}
    assert (await call(runner, run, n=7)).replayed


async def test_a_long_error_is_cut(make_runner: Any, run: Run) -> None:
    """What a tool says when it fails is bounded."""
    runner = make_runner(a_tool(Counter(ValueError("x" * 10_000)), effect="read"))
    assert len((await call(runner, run)).error) == 2_000


async def test_rate_limit(make_runner: Any, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit a call waits a little, and is refused if that does not help."""
    monkeypatch.setattr("pointsman.tools.admission.RATE_PATIENCE", 0.01)
    runner = make_runner(a_tool(Counter(), effect="money", rate_per_minute=2))
    outcomes = [await call(runner, run, n=n) for n in range(3)]
    assert [o.kind for o in outcomes] == ["", "", "rate_limited"]
    assert outcomes[2].retryable


async def test_preview_is_shown_or_left_out(make_runner: Any, run: Run) -> None:
    """A preview that fails costs the approver the preview, nothing else."""

    async def works(args: dict[str, Any], call: ToolCall) -> Any:
        return {"would": args["n"]}

    async def fails(args: dict[str, Any], call: ToolCall) -> Any:
        raise OSError

    for preview, expected in ((works, {"would": 3}), (fails, None), (None, None)):
        contract = ToolContract(name="act", description="Acts.", args_schema=SCHEMA)
        runner = make_runner(Tool(contract=contract, run=Counter(), preview=preview))
        assert await runner.preview("act", {"n": 3}, run=run, step="s1") == expected
