"""Failure texts: a user hears that something is not done, an operator why, in four languages."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman import tool
from pointsman.errors import EndpointError, ToolError
from pointsman.testing import ScriptedModel

REQUESTS = {
    "en": "Please look up what A costs for me.",
    "de": "Bitte sieh für mich nach, was A kostet.",
    "fr": "Regardez pour moi ce que coûte A, s'il vous plaît.",
    "es": "Por favor, mire cuánto cuesta A para mí.",
}
FAILED = {
    "en": "This did not work",
    "de": "Das hat nicht funktioniert",
    "fr": "Cela n'a pas fonctionné",
    "es": "Esto no ha funcionado",
}
TROUBLE = {
    "en": "Something on our side did not work.",
    "de": "Bei uns hat etwas nicht funktioniert.",
    "fr": "Quelque chose n'a pas fonctionné de notre côté.",
    "es": "Algo no ha funcionado por nuestra parte.",
}
STOPPED = {
    "en": "I had to stop",
    "de": "Ich musste aufhören",
    "fr": "J'ai dû m'arrêter",
    "es": "Tuve que parar",
}
REFUSED = {
    "en": "I am not allowed to do this",
    "de": "Das darf ich nicht tun",
    "fr": "Je ne suis pas autorisé à faire cela",
    "es": "No me está permitido hacer esto",
}
SECRET = "db.internal:5432 at /srv/desk/orders.db, key sk-abcdef123456"
INTERNALS = ("db.internal", "5432", "/srv", "orders.db", "sk-abcdef", "Error", "{", "policy", "$")

languages = pytest.mark.parametrize("language", REQUESTS)


@pytest.fixture
def w(write: dict[str, Any]) -> Any:
    """Give the writers by attribute."""
    return type("Writers", (), {name: staticmethod(f) for name, f in write.items()})


def heard(out: Any) -> str:
    """Return what the user read, which names nothing of the operators'."""
    text: str = out["messages"][-1].text
    assert not [word for word in INTERNALS if word in text], text
    return text


def asked(language: str) -> Any:
    """Write the user's message."""
    return {"messages": [("user", REQUESTS[language])]}


@tool(effect="read", trust="internal")
async def fetch(item: str) -> dict[str, Any]:
    """Fail with all that a user must not read."""
    raise ToolError(f"ConnectionError: no answer from {SECRET}")


@languages
async def test_a_tool_that_failed(bench: Any, w: Any, language: str) -> None:
    """The report names the host; the user reads that it did not work."""
    agent = bench.agent(
        w.plan(w.step("price", "fetch", item="A")), tools=[fetch], limits={"max_revisions": 0}
    )

    out = await agent.ainvoke(asked(language), w.thread())

    assert heard(out).startswith(FAILED[language])
    assert "db.internal" in str(out["answer"]["report"])


@languages
async def test_a_provider_that_is_gone(bench: Any, w: Any, language: str) -> None:
    """No plan can be had: no endpoint is named to the user."""
    gone = EndpointError(f"The provider at {SECRET} does not answer.", failure="connection")
    agent = bench.agent(*[gone] * 6)

    out = await agent.ainvoke(asked(language), w.thread())

    assert heard(out).startswith(TROUBLE[language])
    assert out["stop"]["detail"]


@languages
async def test_a_writer_that_is_gone(bench: Any, w: Any, language: str) -> None:
    """The evidence's own words are the answer; no provider is in it."""
    generator = ScriptedModel(replies=[EndpointError(f"Gone: {SECRET}", failure="connection")] * 4)
    agent = bench.agent(w.plan(w.step("price", "look", item="A")), models={"generator": generator})

    out = await agent.ainvoke(asked(language), w.thread())

    assert "49.9" in heard(out)


@languages
async def test_turns_that_are_used_up(bench: Any, w: Any, language: str) -> None:
    """A limit is the operators' business."""
    agent = bench.agent(
        w.plan(w.step("price", "fetch", item="A")),
        *[w.plan(w.step(f"price{n}", "fetch", item="A")) for n in range(6)],
        tools=[fetch],
        limits={"max_turns": 1},
    )

    out = await agent.ainvoke(asked(language), w.thread())

    assert STOPPED[language] in heard(out)
    assert "turns" in out["stop"]["reason"]


@languages
async def test_a_call_that_policy_forbids(bench: Any, w: Any, language: str, tmp_path: Any) -> None:
    """The rule is named in the report."""
    rules = tmp_path / "rules.cedar"
    rules.write_text(
        '@id("no_prices") @reason("Rule 7 of /srv/desk/rules forbids it.")\n'
        'forbid (principal, action == Action::"call", resource);\n',
        "utf-8",
    )
    agent = bench.agent(
        w.plan(w.step("price", "look", item="A")),
        policy={"additions": [rules]},
        limits={"max_revisions": 0},
    )

    out = await agent.ainvoke(asked(language), w.thread())

    assert heard(out).startswith(REFUSED[language])
    assert not bench.calls
