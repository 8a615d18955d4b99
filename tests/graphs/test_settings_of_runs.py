"""Settings that change what a run keeps of what it has."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.testing import ScriptedModel

VAGUE = {"sentences": [{"text": "The owner seems to be content.", "cites": ["a"]}]}


@pytest.mark.parametrize(
    ("risk", "setting", "kept"),
    [
        ("high", "drop", False),
        ("high", "keep", True),
        ("low", "drop", True),
    ],
)
async def test_what_only_meaning_can_judge_is_kept_at_high_risk_only_where_settings_say_so(
    bench: Any, write: dict[str, Any], risk: str, setting: str, kept: bool
) -> None:
    """`unverified_at_high_risk` is about plans with a step of high risk, and no others."""
    step = {**write["step"]("a", "look", item="A"), "risk": risk}
    agent = bench.agent(
        write["plan"](step),
        models={"generator": ScriptedModel(replies=[VAGUE] if kept else [VAGUE, VAGUE])},
        unverified_at_high_risk=setting,
    )

    out = await agent.ainvoke({"task": "How is A?"}, write["thread"]())

    assert ("content" in out["answer"]["text"]) is kept
    assert bool(out["answer"].get("unverified")) is kept


@pytest.mark.parametrize(("most", "inline"), [(256, False), (4096, True)])
async def test_a_larger_result_stays_out_of_the_state(
    bench: Any, write: dict[str, Any], most: int, inline: bool
) -> None:
    """Above `max_inline_bytes` the state holds a digest, and the answer is written all the same."""
    agent = bench.agent(
        write["plan"](write["step"]("a", "look", item="A" * 400)), max_inline_bytes=most
    )

    out = await agent.ainvoke({"task": "What does A cost?"}, write["thread"]())

    assert bool(out["results"]["a"].get("payload")) is not inline
    assert "49.9" in out["answer"]["text"]
