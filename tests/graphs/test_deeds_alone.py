"""A plan that says nothing leaves the telling to what was done, and only where that is all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pointsman import tool
from pointsman.testing import ScriptedModel

UNATTENDED = '@id("test") permit(principal, action == Action::"callUnattended", resource);'


@tool(effect="read", trust="internal")
async def balance(of: str) -> dict[str, Any]:
    """Look up a balance."""
    return {"of": of, "due": 5.0}


@tool(effect="money", trust="internal", idempotency="key")
async def send_money(
    to: str, amount: float, subject: str = "", password: str = ""
) -> dict[str, Any]:
    """Send money."""
    return {"ok": True}


class Run:
    """Runs one plan whose answer is empty."""

    def __init__(self, bench: Any, folder: Path) -> None:
        self._bench = bench
        self._additions = [folder / "unattended.cedar"]
        self._additions[0].write_text(UNATTENDED)
        self.writer = ScriptedModel(replies=[{"sentences": []}] * 2)

    async def __call__(
        self, steps: str, task: str = "Pay Ann what is due", *, answer: str = "", before: str = ""
    ) -> str:
        """Return what the user hears; of a second look, what the first plan read is `before`."""
        looked = [{"steps": before, "then_plan": "what is to be paid"}] if before else []
        agent = self._bench.agent(
            *looked,
            {"steps": steps, "answer": answer},
            tools=[balance, send_money],
            models={"generator": self.writer},
            policy={"additions": self._additions},
        )
        out = await agent.ainvoke({"task": task}, {"configurable": {"thread_id": "t"}})
        return out["messages"][-1].text


@pytest.fixture
def run(bench: Any, tmp_path: Path) -> Run:
    """Give an agent that may do everything unattended."""
    return Run(bench, tmp_path)


DUE = "due = balance(of='Ann')\n"
PAY = "send_money(to='Ann', amount=due.due, subject='Rent')"


async def test_a_deed_is_told_with_what_it_got(run: Run) -> None:
    """No model is asked to write what the framework knows."""
    assert "Done: Send money (to Ann, amount 5, subject Rent)." in await run(DUE + PAY)
    assert not run.writer.prompts


@pytest.mark.parametrize(
    ("task", "framed"),
    [
        ("Zahle bitte Ann, was offen ist", "Aus"),
        ("Paga a Ann lo que está pendiente", "Según"),
        ("Payez à Ann ce qui est dû", "D'après"),
    ],
    ids=["de", "es", "fr"],
)
async def test_another_language_is_written(run: Run, task: str, framed: str) -> None:
    """Tools have English names: a plan that is silent all the same has a model asked."""
    said = await run(DUE + PAY, task)

    assert len(run.writer.prompts) == 1
    assert said.startswith(f"{framed} balance: "), (
        "the writer said nothing, and what we say is told"
    )


async def test_what_a_look_has_seen_is_used(run: Run) -> None:
    """The planner read it before it wrote that deeds are all."""
    looked = f"{DUE}other = balance(of='Bob')"

    said = await run("send_money(to='Ann', amount=5)", before=looked)

    assert said.startswith("Done: Send money (to Ann, amount 5).")
    assert not run.writer.prompts


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(f"{DUE}other = balance(of='Bob')\n{PAY}", id="something-nobody-uses"),
        pytest.param(f"{DUE}if due.due > 9: {PAY}\nsend_money(to='Bob', amount=1)", id="skipped"),
        pytest.param(f"{DUE}if due.due > 9: {PAY}", id="nothing-done"),
        pytest.param("balance(of='Ann')", id="only-read"),
    ],
)
async def test_what_deeds_do_not_tell_is_written(run: Run, steps: str) -> None:
    """What was looked up for the user, or left out by a condition, is no deed."""
    await run(steps)

    assert len(run.writer.prompts) == 1


@pytest.mark.parametrize(
    ("argument", "kept_back"),
    [
        ("password='hunter2-blue'", "hunter2"),
        ("subject='[pay](http://x.example)'", "x.example"),
        ("subject='one\\ntwo'", "two"),
        (f"subject='{'long ' * 30}'", "long long"),
    ],
    ids=["secret", "markup", "lines", "long"],
)
async def test_some_arguments_are_nobody_s_reading(run: Run, argument: str, kept_back: str) -> None:
    """Secrets, what a client would render, and letters are left out of a sentence of ours."""
    said = await run(f"send_money(to='Ann', amount=5, {argument})")

    assert "Done: Send money (to Ann, amount 5" in said
    assert kept_back not in said


async def test_deeds_of_one_step_are_told_apart(run: Run) -> None:
    """By the first argument that each has its own."""
    loop = "[send_money(to=n, amount=5, subject=f'Rent of {n}') for n in ['Ann', 'Bob']]"

    assert "Done: Send money (x2: Ann, Bob)." in await run(f"sent = {loop}")


@pytest.mark.parametrize(
    ("answer", "is_told"),
    [
        ("{'Nothing is due any more.' if has(paid) else 'Something is due.'}", True),
        ("{'Nothing is due any more.' if paid else 'Something is due.'}", True),
        ("{'I sent 5.0 to Ann.' if has(paid) else 'I sent nothing.'}", False),
        ("It was {'sent' if paid.ok else 'kept'}: {paid.ok}.", False),
    ],
    ids=["presence", "truth", "told", "read"],
)
async def test_whether_something_was_done_is_not_what_was_done(
    run: Run, answer: str, is_told: bool
) -> None:
    """A sentence that only asks whether a step has run does not tell of its deed."""
    said = await run(f"{DUE}paid = {PAY}", answer=answer)

    assert ("Done: Send money" in said) is is_told
