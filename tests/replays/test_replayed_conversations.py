"""Every run of every conversation is the same when it is replayed under the same rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from pointsman import Settings, build_agent, open_store, replay, trace
from pointsman.evals.conversations import Conversation, hold, load_conversations
from pointsman.testing import ScriptedModel

DESK = Path(__file__).parents[2] / "examples" / "support_desk"
LOADED = load_conversations()


@pytest.mark.parametrize("conversation", LOADED.conversations, ids=lambda c: c.id)
async def test_each_run_comes_out_the_same(conversation: Conversation, tmp_path: Path) -> None:
    """Plans, approvals, results, answer and cost; and no model is called for it."""
    home = tmp_path / "home"
    home.mkdir()
    planner = ScriptedModel(replies=conversation.replies("planner"))
    writer = ScriptedModel(replies=conversation.replies("writer"))
    async with open_store(home / "pointsman.db") as store:
        saver = InMemorySaver()
        agent = build_agent(
            Settings.load(
                DESK,
                home=home,
                playbooks=None,
                instructions=LOADED.instructions,
                principal={
                    "id": "local",
                    "scopes": ["refunds:write", "accounts:write", "messages:send"],
                },
            ),
            models={"planner": planner, "generator": writer},
            checkpointer=saver,
            store=store,
        )
        for _turn in [turn async for turn in hold(conversation, agent, store)]:
            pass
        [thread] = saver.storage
        runs = (await trace(agent, thread)).runs
        found = [await replay(agent, thread, turn=run.run.turn) for run in runs]

    assert [(r.comparison.differences(), r.missing, r.unused) for r in found] == [
        ((), (), ()) for _ in runs
    ]
    planner.assert_complete()
    writer.assert_complete()
