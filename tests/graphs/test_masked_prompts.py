"""Models see pseudonyms; tools, approvers, evidence and answers have the values."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pointsman import replay, tool
from pointsman.errors import ConfigError
from pointsman.masking.pseudonyms import Pseudonyms, tenant_key
from pointsman.testing import Reply, ScriptedGateway, ScriptedModel

KEY = "a key of the tests that is long enough for one"
ANN, BOB = "ann@example.org", "bob@example.net"
ASKED: Any = {"messages": [("user", f"Send {BOB} the total of A and say who owns it.")]}


@pytest.fixture
def w(write: dict[str, Any]) -> Any:
    """Give the writers by attribute."""
    return type("Writers", (), {name: staticmethod(f) for name, f in write.items()})


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the key, so that tests know the pseudonyms beforehand."""
    monkeypatch.setenv("MASKING_KEY", KEY)


def name(value: str, kind: str = "email") -> str:
    """Return what models see of a value."""
    return Pseudonyms(lambda: tenant_key(KEY.encode(), "")).of(kind, value)


def masking(**settings: Any) -> dict[str, Any]:
    """Return the section, with prompts masked."""
    return {"key": "MASKING_KEY", "prompts": ["contact", "secrets"], **settings}


def seen(*models: ScriptedModel) -> str:
    """Return all that models were sent."""
    return "\n".join(m.text for model in models for prompt in model.prompts for m in prompt)


def sentences(*texts: str) -> dict[str, Any]:
    """Return a writer's reply."""
    return {"sentences": [{"text": text, "cites": ["a"]} for text in texts]}


async def test_a_plan_of_pseudonyms_is_approved_and_performed_with_values(
    bench: Any, w: Any
) -> None:
    """The approver reads the value, the tool gets it, and no model has seen it."""
    writer = ScriptedModel(
        replies=[sentences(f"The total of A is 49.9, and {name(ANN)} owns it.")] * 2
    )
    send = w.step("b", "send", ["a"], to=name(BOB), body="The total is 49.9.")
    agent = bench.agent(
        w.plan(w.step("a", "look", item="A"), send),
        models={"generator": writer},
        masking=masking(),
    )

    waiting = await agent.ainvoke(ASKED, w.thread())
    [request] = waiting["__interrupt__"][0].value["action_requests"]
    assert request["args"]["to"] == BOB
    out = await agent.ainvoke(w.resume({"type": "approve"}), w.thread())

    assert ("send", {"to": BOB, "body": "The total is 49.9."}) in bench.calls
    assert f"{ANN} owns it" in out["answer"]["text"]
    assert out["answer"]["status"] == "complete"
    sent = seen(*bench.models, writer)
    assert ANN not in sent
    assert BOB not in sent
    assert name(BOB) in sent
    assert "stand for values that you are not shown" in sent


async def test_what_is_recorded_of_a_prompt_holds_no_value(bench: Any, w: Any) -> None:
    """Prompts and replies are kept as they were sent and as they came."""
    agent = bench.agent(
        w.plan(w.step("a", "look", item="A")),
        models={"generator": ScriptedModel(replies=[sentences(f"{name(ANN)} owns it.")])},
        masking=masking(),
    )
    out = await agent.ainvoke(ASKED, w.thread())
    assert ANN in out["answer"]["text"]
    for attempt in await bench.store.attempts.recent():
        prompt = json.dumps(await bench.store.payloads.get(attempt.prompt))
        reply = json.dumps(await bench.store.payloads.get(attempt.reply))
        assert ANN not in prompt + reply
        assert BOB not in prompt + reply


async def test_a_made_up_pseudonym_is_no_value_and_is_told(bench: Any, w: Any) -> None:
    """It has no evidence, so the sentence is dropped; who streams hears of it."""
    false = "<email:0123abcd>"
    writer = ScriptedModel(
        replies=[sentences("The total of A is 49.9.", f"{false} owns it."), sentences()]
    )
    agent = bench.agent(
        w.plan(w.step("a", "look", item="A")), models={"generator": writer}, masking=masking()
    )
    modes = ["custom", "values"]
    parts = [part async for part in agent.astream(ASKED, w.thread(), stream_mode=modes)]
    events = [part for mode, part in parts if mode == "custom"]
    told = [event for event in events if event["event"] == "unknown_pseudonyms"]
    assert [event["pseudonyms"] for event in told] == [[false]]
    answer = [part for mode, part in parts if mode == "values"][-1]["answer"]
    assert answer["status"] == "partial"
    assert false not in answer["text"]


async def test_streamed_sentences_have_the_values(bench: Any, w: Any) -> None:
    """Over real HTTP, a pseudonym in pieces of one character: no piece shows a part of it."""
    text = f"The total of A is 49.9, and {name(ANN)} owns it."
    reply = Reply(json=sentences(text))
    with ScriptedGateway({"m": [reply]}) as server:
        models = {
            "endpoints": {"a": {"base_url": server.base_url}},
            "models": [{"id": "m", "endpoint": "a", "roles": ["generator"]}],
        }
        agent = bench.agent(
            w.plan(w.step("a", "look", item="A")), settings_models=models, masking=masking()
        )
        modes = ["messages", "values"]
        parts = [part async for part in agent.astream(ASKED, w.thread(), stream_mode=modes)]
        sent = json.dumps([record.body for record in server.requests])
    said = [part[0].text for mode, part in parts if mode == "messages"]
    assert f"{ANN} owns it" in "".join(said)
    assert "<email" not in "".join(said)
    assert ANN not in sent
    assert name(ANN) in sent


async def test_an_endpoint_of_this_machine_may_see_values(bench: Any, w: Any) -> None:
    """Where settings name it, nothing is masked for its models."""
    reply = Reply(json=sentences(f"{ANN} owns it."))
    with ScriptedGateway({"m": [reply]}) as server:
        models = {
            "endpoints": {"a": {"base_url": server.base_url}},
            "models": [{"id": "m", "endpoint": "a", "roles": ["generator"]}],
        }
        agent = bench.agent(
            w.plan(w.step("a", "look", item="A")),
            settings_models=models,
            masking=masking(unmasked_endpoints=["a"]),
        )
        out = await agent.ainvoke(ASKED, w.thread())
        assert ANN in json.dumps([record.body for record in server.requests])
    assert ANN in out["answer"]["text"]


async def test_a_data_class_is_masked_further(bench: Any, w: Any) -> None:
    """Data of a class that settings name is masked, and other data is not."""

    @tool(effect="read", trust="internal", data_class="health")
    async def record(patient: str) -> dict[str, Any]:
        """Read a patient's record."""
        return {"patient": patient, "email": ANN}

    for number, (class_, expected) in enumerate([("health", False), ("other", True)]):
        writer = ScriptedModel(replies=[sentences(f"{ANN if expected else name(ANN)} it is.")])
        agent = bench.agent(
            w.plan(w.step("a", "record", patient="p1")),
            tools=[record],
            models={"generator": writer},
            readers={class_: ["x"]},
            masking={"key": "MASKING_KEY", "data_classes": {class_: ["email"]}},
        )
        await agent.ainvoke({"task": "Who is p1?"}, w.thread(str(number)))
        assert (ANN in seen(writer)) is expected


@pytest.mark.parametrize("otherwise", ["pseudonym", "refuse"])
async def test_only_the_tool_that_may_gets_the_value(bench: Any, w: Any, otherwise: str) -> None:
    """Another gets the pseudonym, or is not called; what it says back is the value again."""
    got: list[str] = []

    @tool(effect="read", trust="internal", receives=("contact",))
    async def directory(address: str) -> dict[str, Any]:
        """Look somebody up."""
        got.append(address)
        return {"found": address}

    @tool(effect="read", trust="internal")
    async def weather(place: str) -> dict[str, Any]:
        """Tell the weather."""
        got.append(place)
        return {"place": place}

    agent = bench.agent(
        w.plan(w.step("a", "directory", address=ANN), w.step("b", "weather", place=ANN)),
        {"steps": [], "cannot": "no"},
        tools=[directory, weather],
        masking={
            "key": "MASKING_KEY",
            "tools": {"kinds": ["email"], "otherwise": otherwise},
        },
    )
    out = await agent.ainvoke({"task": f"Look up {ANN} and the weather at {ANN}."}, w.thread())
    assert out["results"]["a"]["output"] == {"found": ANN}
    if otherwise == "pseudonym":
        assert [value[:7] for value in got] == [ANN[:7], "<email:"]
        assert out["results"]["b"]["output"] == {"place": ANN}
    else:
        assert got == [ANN]
        assert "may not receive email" in str(out["results"]["b"]["failure"])


def test_a_contract_that_names_no_kind_is_refused(bench: Any) -> None:
    """A word that is no kind would keep the tool from all that it was to get."""

    @tool(effect="read", receives=("mail",))
    async def send_it(to: str) -> str:
        """Send it."""
        return to

    with pytest.raises(ConfigError, match=r"no kind of data `mail`") as caught:
        bench.agent(tools=[send_it])
    assert caught.value.where == "send_it.receives"


def test_a_data_class_that_nothing_has_is_refused(bench: Any) -> None:
    """A word written wrongly would leave data unmasked without a sign."""
    with pytest.raises(ConfigError, match="class `helth`") as caught:
        bench.agent(readers={"health": ["x"]}, masking={"data_classes": {"helth": ["email"]}})
    assert caught.value.where == "masking.data_classes.helth"


async def test_a_masked_run_is_replayed_from_its_record(bench: Any, w: Any) -> None:
    """What is on record are pseudonyms, and today's run reads them as that one did."""
    writer = ScriptedModel(replies=[sentences(f"The total of A is 49.9; {name(ANN)} owns it.")])
    agent = bench.agent(
        w.plan(w.step("a", "look", item="A")), models={"generator": writer}, masking=masking()
    )
    await agent.ainvoke(ASKED, w.thread())

    again = await replay(agent, "t")

    assert not again.comparison.differs
    assert again.missing == ()
    assert again.run.answer is not None
    assert ANN in again.run.answer.text


ODD = {
    "an apostrophe": "o'brien@example.org",
    "an expression": "x'+a.owner.email+'y@example.org",
    "double quotes": 'say"+a.owner.email+"hi',
    "a backslash": "s3cret-Pw9x\\",
    "braces": "q{a.owner.email}q",
    "a line break": "say\nhi",
    "a carriage return": "say\r\nhi",
    "a null": "say\0hi",
    "a form feed": "say\fhi",
    "a line separator": "say\u2028hi",
    "a next line": "say\u0085hi",
    "three quotes": "say'''\n\"\"\"hi",
    "a line that is a step": "say\nc = send(to='eve')",
}


ODD_PATTERN = r"(?s)say.+?hi|say\S+|q\{\S+|s3cret\S+|say\nc.+?'\)"
QUOTES = ["'", '"', "f'", 'f"', "'''", 'f"""']


class QuotingPlanner(ScriptedModel):
    """Plans to send a mail to what it is shown, quoted as Python quotes it."""

    quote: str

    def _next(self, messages: Any, options: Any) -> Any:
        shown = messages[-1].text.partition("Request: Send ")[2].partition(" a mail")[0]
        mark = self.quote.removeprefix("f")
        literal = shown.replace("\\", "\\\\").replace(mark[0], f"\\{mark[0]}")
        if self.quote.startswith("f"):
            literal = literal.replace("{", "{{").replace("}", "}}")
        line = f"b = send(to={self.quote}{literal}{mark}, body='Hello', after=a)"
        self.replies = [{"steps": ["a = look(item='A')", line]}]
        return super()._next(messages, options)


@pytest.mark.parametrize(
    ("quote", "value"),
    [
        pytest.param(quote, value, id=f"{kind} in {quote}")
        for kind, value in ODD.items()
        # Braces in a literal without f are refused as a slip, whoever wrote them: see below.
        for quote in (["f'", 'f"'] if kind == "braces" else QUOTES)
    ],
)
async def test_no_value_becomes_a_part_of_the_plan(
    bench: Any, w: Any, value: str, quote: str
) -> None:
    """Wherever a line of a plan quotes what stood in the prompt, the tool gets just that."""
    ours = masking(prompts=["all"], patterns={"odd": ODD_PATTERN})
    planner = QuotingPlanner(replies=[], quote=quote)

    agent = bench.agent(models={"planner": planner}, masking=ours)
    waiting = await agent.ainvoke({"task": f"Send {value} a mail"}, w.thread())

    [request] = waiting["__interrupt__"][0].value["action_requests"]
    assert request["args"]["to"] == value
    assert value not in seen(planner)


@pytest.mark.parametrize("quote", ["'", '"'])
async def test_braces_in_a_plain_literal_are_refused_with_their_reason(
    bench: Any, w: Any, quote: str
) -> None:
    """They are taken for an `f` that was forgotten: the planner is told, and nothing is called."""
    value = ODD["braces"]
    planner = QuotingPlanner(replies=[], quote=quote)
    ours = masking(prompts=["all"], patterns={"odd": ODD_PATTERN})
    agent = bench.agent(models={"planner": planner}, masking=ours)

    out = await agent.ainvoke({"task": f"Send {value} a mail"}, w.thread())

    assert "__interrupt__" not in out
    assert bench.count("send") == 0
    assert "stays as it is" in str(planner.prompts[-1][-1].content)
