"""Claims of processes that died: taken over at once, and never performed blindly."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from pointsman.state.run import Run
from pointsman.state.values import digest
from pointsman.stores import SqlStore
from pointsman.stores.records import EffectClaim
from pointsman.tools import Tool, ToolCall, ToolContract, effect_key
from pointsman.tools.owner import has_ended, this_process

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"n": {"type": "integer"}}}


def owner_of_a_dead_process() -> str:
    """Name a process that ran and ended."""
    script = "from pointsman.tools.owner import this_process; print(this_process())"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    return ended.stdout.decode().strip()


def test_a_living_process_has_not_ended() -> None:
    """Neither this one, nor one of another machine, nor what is no process name at all."""
    assert not has_ended(this_process())
    assert not has_ended("elsewhere/1/1")
    assert not has_ended("worker-7")
    assert not has_ended("")


def test_a_process_that_ended_is_recognised() -> None:
    """Also when its number has been given to another process since."""
    assert has_ended(owner_of_a_dead_process())
    place, pid, _ = this_process().rsplit("/", 2)
    assert has_ended(f"{place}/{pid}/1")


async def test_the_call_of_a_dead_process(make_runner: Any, run: Run, store: SqlStore) -> None:
    """With a key it is made again at once; without one it goes before a person."""
    calls: list[str] = []

    async def act(args: dict[str, Any], call: ToolCall) -> str:
        calls.append(call.idempotency_key)
        return "ok"

    dead = owner_of_a_dead_process()
    statuses: list[str] = []
    for name, idempotency in (("keyed", "key"), ("plain", "none"), ("reading", "none")):
        effect: Any = "read" if name == "reading" else "money"
        contract = ToolContract(
            name=name,
            description="Acts.",
            args_schema=SCHEMA,
            effect=effect,
            idempotency=idempotency,  # type: ignore[arg-type]
        )
        apart = "s1" if effect == "read" else ""
        key = effect_key(run.id, name, {}, apart=apart)
        claim = EffectClaim(
            key=key,
            run_id=run.id,
            step="s1",
            tool=name,
            args_digest=digest({}),
            effect=effect,
            idempotency=idempotency,  # type: ignore[arg-type]
        )
        await store.effects.claim(claim, owner=dead, lease_seconds=3600)
        runner = make_runner(Tool(contract=contract, run=act))
        outcome = await runner.call(name, {}, run=run, step="s1", attempt=1, timeout=None)
        statuses.append(outcome.status)
    assert statuses == ["done", "unknown", "done"]
    assert calls == [effect_key(run.id, "keyed", {}), effect_key(run.id, "reading", {}, apart="s1")]


@pytest.mark.parametrize("idempotency", ["key", "none"])
async def test_the_claim_of_a_living_process_is_respected(
    make_runner: Any, run: Run, store: SqlStore, idempotency: Any
) -> None:
    """Its lease has not run out, so the call may be under way: it is no failure."""

    async def act(args: dict[str, Any], call: ToolCall) -> str:
        raise AssertionError

    contract = ToolContract(
        name="act", description="Acts.", args_schema=SCHEMA, idempotency=idempotency
    )
    claim = EffectClaim(
        key=effect_key(run.id, "act", {}),
        run_id=run.id,
        step="s1",
        tool="act",
        args_digest=digest({}),
        effect="write",
        idempotency=idempotency,
    )
    await store.effects.claim(claim, owner="elsewhere/1/1", lease_seconds=3600)
    runner = make_runner(Tool(contract=contract, run=act))
    outcome = await runner.call("act", {}, run=run, step="s1", attempt=1, timeout=None)
    assert (outcome.status, outcome.kind) == ("unknown", "busy")
