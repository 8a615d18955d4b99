"""The graph, end to end, over real SQLite and the real model gateway."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langgraph.types import Command

from pointsman import AgentContext, tool
from pointsman.errors import DecisionError, TaskError
from pointsman.state.values import SCHEMA_VERSION
from pointsman.testing import ScriptedModel

APPROVE = {"type": "approve"}


@pytest.fixture
def w(write: dict[str, Any]) -> Any:
    """Give the writers by attribute."""
    return type("Writers", (), {name: staticmethod(f) for name, f in write.items()})


async def test_a_read_only_task_runs_to_a_cited_answer(bench: Any, w: Any) -> None:
    """Reading runs unattended and the answer cites what was read."""
    agent = bench.agent(w.plan(w.step("order", "look", item="ORD-1")))

    out = await agent.ainvoke({"task": "Look up total of ORD-1"}, w.thread())

    assert out["answer"]["status"] == "complete"
    assert out["answer"]["citations"][0]["evidence"] == "order"
    assert "49.9" in out["answer"]["text"]
    assert isinstance(out["messages"][-1], AIMessage)
    assert out["usage"]["tool_calls"] == 1


def test_invoke_and_stream_work_from_synchronous_code(bench: Any, w: Any) -> None:
    """A graph of async nodes answers plain `invoke` and `stream`."""
    agent = bench.agent(*[w.plan(w.step("a", "look", item="A"))] * 2)

    out = agent.invoke({"messages": [{"role": "user", "content": "look up A"}]}, w.thread("1"))
    parts = list(agent.stream({"task": "look up A"}, w.thread("2"), stream_mode="custom"))

    assert out["results"]["a"]["status"] == "accepted"
    assert [part["event"] for part in parts][-1] == "finished"


def test_invoke_works_inside_a_running_loop_and_after_asyncio_run(bench: Any, w: Any) -> None:
    """One agent serves several event loops and synchronous callers in turn."""
    agent = bench.agent(*[w.plan(w.step("a", "look", item="A"))] * 3)

    async def inside() -> Any:
        return await asyncio.to_thread(agent.invoke, {"task": "look up A"}, w.thread("1"))

    first = asyncio.run(inside())
    second = asyncio.run(agent.ainvoke({"task": "look up A"}, w.thread("2")))
    third = agent.invoke({"task": "look up A"}, w.thread("3"))

    assert {o["answer"]["status"] for o in (first, second, third)} == {"complete"}


async def test_a_payment_waits_and_runs_once_approved(bench: Any, w: Any) -> None:
    """What changes something waits for a person; approved, it runs once with those arguments."""
    agent = bench.agent(
        w.plan(
            w.step("order", "look", item="ORD-1"),
            w.step("pay", "pay", to="ann@example.org", amount=w.ref("order", "total")),
        )
    )

    out = await agent.ainvoke({"task": "Pay ann@example.org for ORD-1"}, w.thread())
    [interrupt] = out["__interrupt__"]
    assert interrupt.value["action_requests"][0]["args"]["amount"] == 49.9
    assert bench.count("pay") == 0

    out = await agent.ainvoke(w.resume(APPROVE), w.thread())

    assert out["results"]["pay"]["status"] == "accepted"
    assert bench.calls[-1] == ("pay", {"to": "ann@example.org", "amount": 49.9})
    assert bench.count("pay") == 1


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"decisions": [APPROVE, APPROVE]}, id="batched"),
        pytest.param([{"type": "accept", "args": None}, {"type": "accept"}], id="older-list"),
        pytest.param("by interrupt id", id="keyed"),
    ],
)
async def test_every_form_settles_two_waiting_steps(bench: Any, w: Any, said: Any) -> None:
    """Two waiting steps are one interrupt, and each documented form decides both."""
    agent = bench.agent(
        w.plan(
            w.step("one", "pay", to="a@example.org", amount=1.0),
            w.step("two", "pay", to="b@example.org", amount=2.0),
        )
    )
    out = await agent.ainvoke({"task": "Pay a@example.org 1 and b@example.org 2"}, w.thread())
    [interrupt] = out["__interrupt__"]
    assert len(interrupt.value["action_requests"]) == 2
    if said == "by interrupt id":
        said = {interrupt.id: {"decisions": [APPROVE, APPROVE]}}

    out = await agent.ainvoke(Command(resume=said), w.thread())

    assert {r["status"] for r in out["results"].values()} == {"accepted"}
    assert bench.count("pay") == 2


async def test_a_bare_decision_is_on_the_first_and_asks_again_for_the_rest(
    bench: Any, w: Any
) -> None:
    """Steps decided go on; steps left undecided are asked again."""
    agent = bench.agent(
        w.plan(
            w.step("one", "pay", to="a@example.org", amount=1.0),
            w.step("two", "pay", to="b@example.org", amount=2.0),
        )
    )
    await agent.ainvoke({"task": "Pay both"}, w.thread())

    out = await agent.ainvoke(Command(resume=APPROVE), w.thread())

    [request] = out["__interrupt__"][0].value["action_requests"]
    assert request["args"]["to"] == "b@example.org"
    assert bench.count("pay") == 1


async def test_a_rejection_fails_the_step_in_the_reviewers_words(bench: Any, w: Any) -> None:
    """The answer says what was declined and why, and what was skipped for it."""
    agent = bench.agent(
        w.plan(
            w.step("pay", "pay", to="a@example.org", amount=1.0),
            w.step("tell", "send", to="a@example.org", body=w.ref("pay", "receipt")),
        )
    )
    await agent.ainvoke({"task": "Pay a@example.org 1"}, w.thread())

    out = await agent.ainvoke(
        w.resume({"type": "reject", "message": "Not before Friday"}), w.thread()
    )

    assert out["results"]["pay"]["status"] == "rejected"
    assert out["results"]["tell"]["status"] == "blocked"
    assert "Not before Friday" in out["answer"]["text"]
    assert not bench.count("pay")


async def test_an_edit_runs_the_edited_arguments_only(bench: Any, w: Any) -> None:
    """An edit is a new action: it is the one that runs."""
    agent = bench.agent(w.plan(w.step("pay", "pay", to="a@example.org", amount=100.0)))
    await agent.ainvoke({"task": "Pay a@example.org 100"}, w.thread())
    edited = {"name": "pay", "args": {"to": "a@example.org", "amount": 10.0}}

    out = await agent.ainvoke(w.resume({"type": "edit", "edited_action": edited}), w.thread())

    assert out["results"]["pay"]["output"]["amount"] == 10.0
    assert bench.calls == [("pay", edited["args"])]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param({"decisions": [{"type": "maybe"}]}, id="unknown-type"),
        pytest.param({"decisions": [APPROVE, APPROVE]}, id="too-many"),
        pytest.param("yes", id="text"),
        pytest.param({"decisions": [{"type": "edit", "edited_action": {"args": {}}}]}, id="edit"),
        pytest.param({"decisions": [{**APPROVE, "approval_id": "ap_0"}]}, id="wrong-id"),
    ],
)
async def test_a_malformed_decision_changes_nothing(bench: Any, w: Any, bad: Any) -> None:
    """It is refused with a reason, nothing runs, and the thread keeps waiting."""
    agent = bench.agent(w.plan(w.step("pay", "pay", to="a@example.org", amount=1.0)))
    await agent.ainvoke({"task": "Pay a@example.org 1"}, w.thread())

    out = await agent.ainvoke(Command(resume=bad), w.thread())

    assert out["__interrupt__"][0].value["pointsman"]["error"]
    assert not bench.calls
    out = await agent.ainvoke(w.resume(APPROVE), w.thread())
    assert out["results"]["pay"]["status"] == "accepted"


async def test_a_decision_for_another_interrupt_is_refused(bench: Any, w: Any) -> None:
    """LangGraph's own check of interrupt ids holds, and the thread keeps waiting."""
    agent = bench.agent(w.plan(w.step("pay", "pay", to="a@example.org", amount=1.0)))
    await agent.ainvoke({"task": "Pay a@example.org 1"}, w.thread())

    with pytest.raises(Exception, match="interrupt"):
        await agent.ainvoke(Command(resume={"f" * 32: {"decisions": [APPROVE]}}), w.thread())

    assert not bench.calls
    out = await agent.ainvoke(w.resume(APPROVE), w.thread())
    assert out["results"]["pay"]["status"] == "accepted"


def _nested(inside: Any, levels: int) -> Any:
    """Nest a value in objects and lists."""
    for level in range(levels):
        inside = [inside] if level % 2 else {"decisions": inside}
    return inside


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(None, id="nothing"),
        *(pytest.param(_nested(APPROVE, n), id=f"{n}-levels") for n in (101, 500, 3000, 100_000)),
        pytest.param({1: {"decisions": [APPROVE]}}, id="key-that-is-no-text"),
        pytest.param({"decisions": [{**APPROVE, "at": object()}]}, id="object"),
        pytest.param({"decisions": {"approve"}}, id="set"),
        pytest.param(b"approve", id="bytes"),
    ],
)
async def test_what_no_checkpoint_can_hold_is_refused_as_a_decision(
    said: Any, bench: Any, w: Any
) -> None:
    """In our words instead of a library's traceback, awaited or not, and the thread waits on."""
    agent = bench.agent(w.plan(w.step("pay", "pay", to="a@example.org", amount=1.0)))
    await agent.ainvoke({"task": "Pay a@example.org 1"}, w.thread())

    with pytest.raises(DecisionError, match=r"^resume: It "):
        await agent.ainvoke(Command(resume=said), w.thread())
    with pytest.raises(DecisionError, match=r"^resume: It "):
        await asyncio.to_thread(agent.invoke, Command(resume=said), w.thread())

    assert not bench.calls
    out = await agent.ainvoke(w.resume(APPROVE), w.thread())
    assert out["results"]["pay"]["status"] == "accepted"


async def test_a_resume_of_a_thread_that_never_ran_names_the_problem(bench: Any, w: Any) -> None:
    """Resuming nothing is an error that says so."""
    agent = bench.agent()

    with pytest.raises(DecisionError, match="thread never: It is not waiting"):
        await agent.ainvoke(w.resume(APPROVE), w.thread("never"))


async def test_a_resume_of_a_finished_thread_is_refused(bench: Any, w: Any) -> None:
    """A second decision on a settled approval runs nothing, and whoever gave it hears so."""
    agent = bench.agent(w.plan(w.step("pay", "pay", to="a@example.org", amount=1.0)))
    await agent.ainvoke({"task": "Pay a@example.org 1"}, w.thread())
    await agent.ainvoke(w.resume(APPROVE), w.thread())

    with pytest.raises(DecisionError, match="thread t: It is not waiting"):
        await agent.ainvoke(w.resume(APPROVE), w.thread())
    with pytest.raises(DecisionError, match="thread t: It is not waiting"):
        await asyncio.to_thread(agent.invoke, w.resume(APPROVE), w.thread())

    assert bench.count("pay") == 1


async def test_a_fork_from_before_the_approval_repeats_no_effect(bench: Any, w: Any) -> None:
    """Replaying every checkpoint of a finished thread returns the recorded results."""
    agent = bench.agent(w.plan(w.step("pay", "pay", to="a@example.org", amount=1.0)))
    await agent.ainvoke({"task": "Pay a@example.org 1"}, w.thread())
    await agent.ainvoke(w.resume(APPROVE), w.thread())
    history = [snapshot async for snapshot in agent.aget_state_history(w.thread())]

    for snapshot in history:
        if snapshot.next:
            out = await agent.ainvoke(None, snapshot.config)
            assert out["results"]["pay"]["status"] == "accepted"

    assert bench.count("pay") == 1
    assert len(bench.models[0].prompts) == 1


async def test_a_new_effect_scope_lets_a_replay_act_again(bench: Any, w: Any) -> None:
    """Only an explicit new scope makes the same input a new run."""
    scripted = w.plan(w.step("a", "look", item="A"))
    agent = bench.agent(scripted, scripted)
    await agent.ainvoke({"task": "look up A"}, w.thread())
    first = [s async for s in agent.aget_state_history(w.thread())][-2]

    await agent.ainvoke(None, first.config)
    assert bench.count("look") == 1
    await agent.ainvoke(None, first.config, context=AgentContext(effect_scope="again"))

    assert bench.count("look") == 2


async def test_skewed_chains_run_side_by_side(bench: Any, w: Any) -> None:
    """Two independent chains of three steps start together; neither waits for the other."""
    running: list[str] = []
    overlap: list[int] = []

    @tool(effect="read", trust="internal")
    async def slow(name: str, seconds: float, before: str = "") -> dict[str, Any]:
        """Take a while."""
        running.append(name)
        overlap.append(len(running))
        await asyncio.sleep(seconds)
        running.remove(name)
        return {"id": name}

    def chain(name: str, times: tuple[float, float, float]) -> list[Any]:
        steps = [w.step(f"{name}0", "slow", name=f"{name}0", seconds=times[0])]
        for i in (1, 2):
            before = w.ref(f"{name}{i - 1}", "id")
            steps.append(
                w.step(f"{name}{i}", "slow", name=f"{name}{i}", seconds=times[i], before=before)
            )
        return steps

    agent = bench.agent(
        w.plan(*chain("a", (0.3, 0.05, 0.05)), *chain("b", (0.05, 0.05, 0.3))), tools=[slow]
    )
    stream = agent.astream({"task": "go"}, w.thread(), stream_mode="custom")
    events = [part async for part in stream]

    [dispatched] = [e for e in events if e["event"] == "dispatched"]
    assert sorted(map(len, dispatched["chains"])) == [3, 3]
    assert max(overlap) == 2


@pytest.mark.parametrize(
    ("name", "kind"),
    [("hang", "timeout"), ("broken", "tool_error"), ("huge", "output_too_large"), ("odd", "json")],
)
async def test_a_tool_that_misbehaves_ends_in_an_answer_that_says_so(
    bench: Any, w: Any, name: str, kind: str
) -> None:
    """It is never an exception, and the rest of the plan is not lost."""
    agent = bench.agent(
        w.plan(w.step("bad", name), w.step("good", "look", item="A")),
        {"steps": [], "cannot": "no other way"},
        limits={"max_tool_failures": 9, "step_attempts": 1},
    )

    out = await agent.ainvoke({"task": "look up A"}, w.thread())

    assert kind in out["results"]["bad"]["failure"]["kind"]
    assert out["results"]["good"]["status"] == "accepted"
    assert out["answer"]["status"] == "partial"


async def test_what_the_planner_says_when_there_is_no_other_plan_is_told(
    bench: Any, w: Any
) -> None:
    """Its words end the run, with what failed, and no writer is asked for others."""
    agent = bench.agent(
        w.plan(w.step("bad", "broken")),
        {"steps": [], "cannot": "Which other item may I look up?"},
        models={"generator": (generator := ScriptedModel(replies=[]))},
        limits={"step_attempts": 1},
    )

    out = await agent.ainvoke({"task": "look up A"}, w.thread())

    assert "Which other item may I look up?" in out["answer"]["text"]
    assert "This did not work" in out["answer"]["text"]
    assert not generator.prompts


async def test_a_failed_step_leads_to_a_revised_plan(bench: Any, w: Any) -> None:
    """The planner is told what went wrong, keeps what ran, and its new plan is followed."""
    kept = w.step("good", "look", item="A")
    agent = bench.agent(
        w.plan(kept, w.step("bad", "broken")),
        w.plan(kept, w.step("other", "look", item="B")),
        limits={"step_attempts": 1},
    )

    out = await agent.ainvoke({"task": "look up A or B"}, w.thread())

    assert out["results"]["other"]["status"] == "accepted"
    assert bench.count("look") == 2
    assert "The line is down" in str(bench.models[0].prompts[1][-1].content)
    assert out["answer"]["status"] == "complete"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        pytest.param({"limits": {"max_turns": 1}}, "turns", id="turns"),
        pytest.param({"limits": {"max_tool_failures": 2}}, "tool_failure", id="tool-failure"),
    ],
)
async def test_each_hard_stop_ends_with_its_reason(
    bench: Any, w: Any, settings: dict[str, Any], reason: str
) -> None:
    """The reason stands in the state and in the operators' report; the user hears of the end."""
    agent = bench.agent(w.plan(w.step("bad", "broken")), **settings)

    out = await agent.ainvoke({"task": "try it"}, w.thread())

    assert out["stop"]["reason"] == reason
    assert out["stop"]["detail"] in out["answer"]["report"][-1]
    assert out["answer"]["text"].endswith("I had to stop before everything was done.")


async def test_the_deadline_is_a_hard_stop(bench: Any, w: Any) -> None:
    """Context tightens the deadline; steps after it do not start."""

    @tool(effect="read", trust="internal")
    async def slow() -> dict[str, Any]:
        """Take longer than the run may."""
        await asyncio.sleep(60)
        return {}

    agent = bench.agent(
        w.plan(w.step("slow", "slow"), w.step("after", "look", ["slow"], item="A")), tools=[slow]
    )

    out = await agent.ainvoke(
        {"task": "try it"}, w.thread(), context=AgentContext(deadline_seconds=1.0)
    )

    assert out["stop"]["reason"] == "deadline"
    assert not bench.count("look")


async def test_an_empty_task_names_the_field_and_leaves_the_thread_usable(
    bench: Any, w: Any
) -> None:
    """Bad input raises, and the next input on the same thread runs."""
    agent = bench.agent(w.plan(w.step("a", "look", item="A")))

    with pytest.raises(TaskError, match="task: There is no task"):
        await agent.ainvoke({"task": "  "}, w.thread())
    with pytest.raises(TaskError, match="1,000,000 characters"):
        await agent.ainvoke({"task": "x" * 1_000_000}, w.thread())

    out = await agent.ainvoke({"task": "look up A"}, w.thread())
    assert out["answer"]["status"] == "complete"


async def test_without_a_fitting_plan_the_safe_response_says_why(bench: Any, w: Any) -> None:
    """A planner that declines ends in the safe response, not in a guess."""
    agent = bench.agent({"steps": [], "cannot": "There is no tool for painting."})

    out = await agent.ainvoke({"task": "Paint my house"}, w.thread())

    assert out["answer"]["status"] == "safe_response"
    assert "no tool for painting" in out["answer"]["text"]
    assert out["stop"]["reason"] == "planning"


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        pytest.param([{"id": "a", "kind": "tool", "tool": "fly"}], "fly", id="unknown-tool"),
        pytest.param(
            [
                {"id": "a", "kind": "tool", "tool": "look", "args": {"item": {"$from": "b"}}},
                {"id": "b", "kind": "tool", "tool": "look", "args": {"item": {"$from": "a"}}},
            ],
            "wait for each other",
            id="cycle",
        ),
        pytest.param(
            [{"id": "a", "kind": "tool", "tool": "look", "args": {"item": {"$from": "z"}}}],
            "not in the plan",
            id="broken-reference",
        ),
        pytest.param(
            [{"id": f"s{i}", "kind": "ask", "prompt": "?"} for i in range(513)],
            "512",
            id="513-steps",
        ),
    ],
)
async def test_a_broken_plan_is_quoted_back_and_corrected(
    bench: Any, w: Any, bad: Any, problem: str
) -> None:
    """Nothing runs from a plan that breaks a rule; the model is told which rule."""
    agent = bench.agent({"steps": bad}, w.plan(w.step("a", "look", item="A")))

    out = await agent.ainvoke({"task": "look up A"}, w.thread())

    assert problem in str(bench.models[0].prompts[1][-1].content)
    assert out["answer"]["status"] == "complete"
    assert bench.count("look") == 1


async def test_checkpoints_hold_plain_json_and_messages_only(bench: Any, w: Any) -> None:
    """No class of ours is named in a checkpoint, and it carries a schema version."""
    agent = bench.agent(w.plan(w.step("pay", "pay", to="a@example.org", amount=1.0)))
    await agent.ainvoke({"task": "Pay a@example.org 1"}, w.thread())

    state = await agent.aget_state(w.thread())
    values = {k: v for k, v in state.values.items() if k != "messages"}
    assert json.loads(json.dumps(values)) == values
    assert values["schema_version"] == SCHEMA_VERSION
    stored = repr(bench.checkpointer.storage) + repr(bench.checkpointer.writes)
    assert "pointsman." not in stored.replace("pointsman.db", "")


async def test_threads_run_concurrently_without_sharing_state(bench: Any, w: Any) -> None:
    """Twenty threads at once each end with their own answer."""

    def planned(n: int) -> Any:
        return w.plan(w.step("a", "look", item=f"ITEM-{n}"))

    agents = [bench.agent(planned(n)) for n in range(20)]
    outs = await asyncio.gather(
        *(
            agent.ainvoke({"task": f"look up ITEM-{n}"}, w.thread(f"t{n}"))
            for n, agent in enumerate(agents)
        )
    )

    assert [o["results"]["a"]["output"]["id"] for o in outs] == [f"ITEM-{n}" for n in range(20)]


async def test_a_second_turn_sees_the_conversation_and_starts_afresh(bench: Any, w: Any) -> None:
    """Results of the first turn do not leak into the second."""
    agent = bench.agent(
        w.plan(w.step("a", "look", item="A")), w.plan(w.step("b", "look", item="B"))
    )
    await agent.ainvoke({"messages": [("user", "look up A")]}, w.thread())

    out = await agent.ainvoke({"messages": [("user", "look up B")]}, w.thread())

    assert list(out["results"]) == ["b"]
    assert len(out["messages"]) == 4
    assert "look up A" in str(bench.models[0].prompts[1][-1].content)


async def test_a_question_to_the_person_is_settled_by_their_words(bench: Any, w: Any) -> None:
    """An `ask` step waits at the gate and their reply flows on by reference."""
    agent = bench.agent(
        w.plan(
            {"id": "which", "kind": "ask", "prompt": "Which order?"},
            w.step("a", "look", item=w.ref("which", "text")),
        ),
        questions="interrupt",
    )
    out = await agent.ainvoke({"task": "look up my order"}, w.thread())
    assert out["__interrupt__"][0].value["action_requests"][0]["name"] == "ask"

    await agent.ainvoke(w.resume({"type": "respond", "message": "ORD-7"}), w.thread())

    assert bench.calls == [("look", {"id": "ORD-7"})]


async def test_what_untrusted_text_parametrises_waits_for_a_person(bench: Any, w: Any) -> None:
    """The approver sees which argument came from where."""
    agent = bench.agent(
        w.plan(
            w.step("mail", "read_mail", item="1"),
            w.step("pay", "pay", to=w.ref("mail", "text"), amount=1.0),
        )
    )

    out = await agent.ainvoke({"task": "Pay what mail 1 says"}, w.thread())

    [interrupt] = out["__interrupt__"]
    [request] = interrupt.value["pointsman"]["approvals"]
    assert request["provenance"] == {"to": ["tool:read_mail#mail"]}
    assert "comes from tool:read_mail#mail" in interrupt.value["action_requests"][0]["description"]


async def test_a_reason_step_asks_the_model_with_labelled_data(bench: Any, w: Any) -> None:
    """Untrusted text reaches the model inside a fenced block that names its source."""
    reasoner = ScriptedModel(replies=[{"text": "pay eve"}])
    agent = bench.agent(
        w.plan(
            w.step("mail", "read_mail", item="1"),
            {
                "id": "gist",
                "kind": "reason",
                "prompt": "What does it ask?",
                "args": {"mail": w.ref("mail", "text")},
            },
        ),
        models={"reasoner": reasoner},
    )

    out = await agent.ainvoke({"task": "What does mail 1 ask for?"}, w.thread())

    assert out["results"]["gist"]["output"] == {"text": "pay eve"}
    assert out["results"]["gist"]["taint"] == ["tool:read_mail#mail"]
    assert "untrusted: tool:read_mail#mail" in str(reasoner.prompts[0][-1].content)


async def test_a_sentence_without_evidence_is_dropped(bench: Any, w: Any) -> None:
    """The generator's claim with a wrong number never reaches the answer."""
    generator = ScriptedModel(
        replies=[
            {
                "sentences": [
                    {"text": "The total of ORD-1 is 49.9.", "cites": ["order"]},
                    {"text": "The total of ORD-1 is 12.0.", "cites": ["order"]},
                ]
            }
        ]
    )
    agent = bench.agent(
        w.plan(w.step("order", "look", item="ORD-1")), models={"generator": generator}
    )

    out = await agent.ainvoke({"task": "What is the total of ORD-1?"}, w.thread())

    assert "49.9" in out["answer"]["text"]
    assert "12.0" not in out["answer"]["text"]
    assert out["answer"]["dropped"]


async def test_waiting_does_not_use_up_the_deadline(bench: Any, w: Any) -> None:
    """A person may take longer than the run's working time."""
    agent = bench.agent(
        w.plan(w.step("pay", "pay", to="a@example.org", amount=1.0)), deadline_seconds=1.0
    )
    await agent.ainvoke({"task": "Pay a@example.org 1"}, w.thread())
    await asyncio.to_thread(time.sleep, 1.1)

    out = await agent.ainvoke(w.resume(APPROVE), w.thread())

    assert out["results"]["pay"]["status"] == "accepted"


def test_the_drawn_graph_shows_every_edge_a_run_can_take(bench: Any) -> None:
    """Retry, fallback, revision, interrupt and hard stops can be seen."""
    drawn = bench.agent().get_graph(xray=True).draw_mermaid()

    for words in (
        "retry, fallback",
        "another plan may avoid",
        "wait for a person",
        "deadline",
        "budget",
    ):
        assert words in drawn
