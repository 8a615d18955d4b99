"""No value reaches a recipient outside of its readers unattended."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pointsman import tool
from pointsman.state.consent import ConsentScope
from pointsman.state.run import Principal

from .test_endorsements import given as endorse

ALONE = '@id("alone") permit (principal, action == Action::"callUnattended", resource);'
"""Only labels make a call wait."""


@tool(effect="read", trust="trusted", readers=("@corp.org", "output:owner"))
async def record(item: str) -> dict[str, Any]:
    """Read a record of the company."""
    return {"item": item, "owner": "ann@home.org", "note": f"secret of {item}", "due": 5}


@tool(effect="read", trust="trusted", readers=("output:mails.*.to",))
async def inbox(folder: str) -> dict[str, Any]:
    """Read mails."""
    mails = [{"to": ["ann@home.org", "bob@corp.org"], "text": "a"}, {"to": ["bob@corp.org"]}]
    return {"folder": folder, "mails": mails}


@tool(effect="read", trust="trusted", data_class="health")
async def chart(patient: str) -> dict[str, Any]:
    """Read a patient's chart."""
    return {"patient": patient, "finding": "secret finding"}


@tool(effect="read", trust="trusted")
async def notice(name: str) -> dict[str, Any]:
    """Read what everybody may."""
    return {"text": f"notice {name}", "people": ["bob@corp.org", "eve@evil.org"]}


class Post:
    """A message service that notes what it sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, str]] = []

    def tools(self, **contract: Any) -> list[Any]:
        """Return its tools; `contract` changes that of `mail`."""
        declared: dict[str, Any] = {"effect": "message", "trust": "trusted", "recipients": ("to",)}

        @tool(**{**declared, **contract})
        async def mail(to: Any, body: str) -> dict[str, Any]:
            """Send a mail."""
            self.sent.append((to, body))
            return {"sent": True}

        return [mail, record, inbox, chart, notice]


@pytest.fixture
def post() -> Post:
    """Give a message service."""
    return Post()


def mailing(w: Any, *sources: Any, to: Any, body: Any) -> Any:
    """Plan to mail somebody what was read."""
    return w.plan(*sources, w.step("m", "mail", to=to, body=body))


def read(w: Any) -> Any:
    """Read a record."""
    return w.step("r", "record", item="A")


@pytest.mark.parametrize(
    ("to", "waits"),
    [
        ("bob@corp.org", False),
        ("ann@home.org", False),
        (["bob@corp.org", "ann@home.org"], False),
        ("eve@evil.org", True),
        ("Bob@Corp.org", True),
        (["bob@corp.org", "eve@evil.org"], True),
        ("eve@evil.org, bob@corp.org", True),
        ({"address": "bob@corp.org"}, True),
        ([["eve@evil.org"]], True),
    ],
)
async def test_outsiders_are_asked_about(
    desk: Any, w: Any, post: Post, to: Any, *, waits: bool
) -> None:
    """Whoever the record names may be told alone; anybody else takes a person's consent."""
    agent = desk.agent(
        mailing(w, read(w), to=to, body=w.ref("r", "note")), policy=ALONE, tools=post.tools()
    )

    requests = w.requests(await desk.ask(agent, "Mail it"))

    assert bool(requests) == waits
    assert bool(post.sent) == (not waits)
    if waits:
        assert "may read" in requests[0]["why"]
        assert list(requests[0]["leaks"]) == ["body"]


async def test_without_a_declaration_everything_is_as_before(desk: Any, w: Any, post: Post) -> None:
    """Neither readers nor recipients: nobody is asked, and nothing is stored."""
    source = w.step("n", "notice", name="x")
    agent = desk.agent(
        mailing(w, source, to="eve@evil.org", body=w.ref("n", "text")),
        policy=ALONE,
        tools=post.tools(recipients=None),
    )

    out = await desk.ask(agent, "Mail it")

    assert post.sent
    assert all("readers" not in result for result in out["results"].values())


async def test_a_change_that_names_no_recipients_shows_it_to_nobody_knows_whom(
    desk: Any, w: Any, post: Post
) -> None:
    """What carries a secret into a system that does not say who reads it takes consent."""
    agent = desk.agent(
        mailing(w, read(w), to="bob@corp.org", body=w.ref("r", "note")),
        policy=ALONE,
        tools=post.tools(recipients=None),
    )

    [request] = w.requests(await desk.ask(agent, "Mail it"))

    assert request["leaks"] == {"body": ["somebody unknown"]}


async def test_a_change_that_shows_nothing_to_anybody_is_declared_so(
    desk: Any, w: Any, post: Post
) -> None:
    """`recipients=()`: the tool keeps what it is given."""
    agent = desk.agent(
        mailing(w, read(w), to="eve@evil.org", body=w.ref("r", "note")),
        policy=ALONE,
        tools=post.tools(recipients=()),
    )

    assert not w.requests(await desk.ask(agent, "Note it"))


DERIVED = [
    pytest.param(lambda w: {"$join": ["About: ", w.ref("r", "note")]}, id="joined"),
    pytest.param(lambda _: {"$expr": "text(r.due * 2)"}, id="worked out"),
    pytest.param(lambda _: {"$expr": "'yes' if r.due > 3 else 'no'"}, id="chosen by it"),
    pytest.param(lambda w: {"$first_of": [w.ref("r", "note"), w.ref("n", "text")]}, id="first of"),
]


@pytest.mark.parametrize("body", DERIVED)
async def test_what_is_made_of_it_has_its_readers(desk: Any, w: Any, post: Post, body: Any) -> None:
    """However the value was computed."""
    sources = (read(w), w.step("n", "notice", name="x"))
    agent = desk.agent(
        mailing(w, *sources, to="eve@evil.org", body=body(w)), policy=ALONE, tools=post.tools()
    )

    assert w.requests(await desk.ask(agent, "Mail it"))
    assert not post.sent


async def test_the_address_is_shown_to_everybody_too(desk: Any, w: Any, post: Post) -> None:
    """A secret in the recipient's own place leaves with the message."""
    to = {"$join": [w.ref("r", "item"), "@evil.org"]}
    agent = desk.agent(mailing(w, read(w), to=to, body="hi"), policy=ALONE, tools=post.tools())

    [request] = w.requests(await desk.ask(agent, "Mail it"))

    assert request["leaks"] == {"to": ["A@evil.org"]}


async def test_a_condition_tells_what_it_read(desk: Any, w: Any, post: Post) -> None:
    """That the mail comes at all says what the record holds; no value could be endorsed."""
    plan = mailing(w, read(w), to="eve@evil.org", body="hi")
    plan["steps"][1]["when"] = "r.due > 3"
    agent = desk.agent(plan, policy=ALONE, tools=post.tools())

    [request] = w.requests(await desk.ask(agent, "Mail it"))

    assert request["leaks"] == {"": ["eve@evil.org"]}


async def test_items_of_a_list_have_the_lists_readers(desk: Any, w: Any, post: Post) -> None:
    """In a loop each item, and how many there are."""
    loop = {
        "items": "[r.note]",
        "max": 3,
        "steps": [w.step("m", "mail", to="eve@evil.org", body="hi")],
    }
    agent = desk.agent(
        w.plan(read(w), {"id": "l", "kind": "each", "for_each": loop}),
        policy=ALONE,
        tools=post.tools(),
    )

    assert w.requests(await desk.ask(agent, "Mail it"))


async def test_a_plan_made_after_reading_may_repeat_what_it_read(
    desk: Any, w: Any, post: Post
) -> None:
    """A look's planner has seen the record: its literals are the record's."""
    first = {**w.plan(read(w)), "then_plan": "whom to tell", "later_tools": ["mail"]}
    second = w.plan(w.step("m", "mail", to="eve@evil.org", body="secret of A"))
    agent = desk.agent(first, second, policy=ALONE, tools=post.tools())

    assert w.requests(await desk.ask(agent, "Mail it"))
    assert not post.sent


async def test_the_next_turn_of_the_thread_has_heard_it(desk: Any, w: Any, post: Post) -> None:
    """The answer stands in the conversation, and the next plan is made from it."""
    again = w.plan(w.step("m", "mail", to="eve@evil.org", body="secret of A"))
    agent = desk.agent(w.plan(read(w)), again, again, policy=ALONE, tools=post.tools())
    await desk.ask(agent, "What is A?")

    assert w.requests(await desk.ask(agent, "Mail that to eve@evil.org"))
    assert not w.requests(await desk.ask(agent, "Mail secret of A to eve", thread="other"))


async def test_a_list_is_read_by_those_who_may_read_every_entry(
    desk: Any, w: Any, post: Post
) -> None:
    """Ann got the first mail, and bob both."""
    for to, waits in (("bob@corp.org", False), ("ann@home.org", True)):
        plan = mailing(
            w, w.step("i", "inbox", folder="x"), to=to, body={"$expr": "i.mails[0].text"}
        )
        agent = desk.agent(plan, policy=ALONE, tools=post.tools())
        assert bool(w.requests(await desk.ask(agent, "Mail it", thread=to))) == waits


@pytest.mark.parametrize(("to", "waits"), [("doc@clinic.org", False), ("bob@corp.org", True)])
async def test_a_class_of_data_has_readers(
    desk: Any, w: Any, post: Post, to: str, *, waits: bool
) -> None:
    """The settings say who may read health data, whichever tool brings it."""
    agent = desk.agent(
        mailing(w, w.step("c", "chart", patient="p"), to=to, body=w.ref("c", "finding")),
        tools=post.tools(),
        policy=ALONE,
        readers={"health": ["@clinic.org"]},
    )

    assert bool(w.requests(await desk.ask(agent, "Mail it"))) == waits


async def test_a_policy_may_refuse_a_leak(desk: Any, w: Any, post: Post) -> None:
    """Cedar sees recipients, readers and leaks; a refusal is asked of nobody."""
    never = (
        ALONE
        + """@id("never") @reason("{outsiders} may not read it.")
        forbid (principal, action == Action::"call", resource)
        when { context has leaks && context.leaks.contains("eve@evil.org") };
        @id("known") forbid (principal, action == Action::"call", resource)
        when { context has readers && !context.readers.contains("@corp.org") };
        @id("to") forbid (principal, action == Action::"call", resource)
        when { context has recipients && context.recipients.contains("mallory") };"""
    )
    agent = desk.agent(
        mailing(w, read(w), to="eve@evil.org", body=w.ref("r", "note")),
        policy=never,
        tools=post.tools(),
    )

    out = await desk.ask(agent, "Mail it")

    assert not w.requests(out)
    assert out["results"]["m"]["failure"]["message"] == "eve@evil.org may not read it."


async def test_a_released_value_reaches_whom_it_was_released_to(
    desk: Any, w: Any, post: Post
) -> None:
    """An endorsement for recipients is for exactly this value and these people."""
    plans = [
        mailing(w, read(w), to=to, body=w.ref("r", path))
        for to, path in (
            ("eve@evil.org", "note"),
            ("eve@evil.org", "note"),
            ("mallory@evil.org", "note"),
            ("eve@evil.org", "item"),
        )
    ]
    agent = desk.agent(*plans, policy=ALONE, tools=post.tools())
    [first] = w.requests(await desk.ask(agent, "Mail it", thread="t0"))
    await desk.resume(agent, {"type": "approve", "endorse": ["body"]}, thread="t0")

    asked = [bool(w.requests(await desk.ask(agent, "Mail it", thread=f"t{i}"))) for i in (1, 2, 3)]

    assert first["leaks"] == {"body": ["eve@evil.org"]}
    assert asked == [False, True, True]
    [one] = await desk.store.endorsements.every()
    assert one.recipients == ("eve@evil.org",)


async def test_a_value_that_is_no_order_may_still_be_secret(desk: Any, w: Any, post: Post) -> None:
    """Vouching for where a value comes from releases it to nobody."""
    agent = desk.agent(
        mailing(w, read(w), to="eve@evil.org", body=w.ref("r", "note")),
        policy=ALONE,
        tools=post.tools(),
    )
    await endorse(
        desk,
        "secret of A",
        by=Principal(id="root", role="super_admin"),
        tool="mail",
        argument="body",
        scope=ConsentScope().model_dump(),
    )

    assert w.requests(await desk.ask(agent, "Mail it"))


PEOPLE = ("ann@home.org", "bob@corp.org", "carl@corp.org", "eve@evil.org")
SOURCES = {"s0": ("ann@home.org",), "s1": ("@corp.org",), "s2": None, "s3": ("bob@corp.org",)}
"""What may be read, and by whom; every value holds a word that occurs nowhere else."""

EXPRESSIONS = st.sampled_from(
    [
        "s0.word",
        "s1.word + s2.word",
        "s2.word if len(s3.word) > 3 else s0.word",
        "[s1.word, s3.word][0]",
    ]
)
BODIES = st.recursive(
    st.one_of(
        st.builds(lambda s: {"$from": s, "path": "word"}, st.sampled_from([*SOURCES, "d0"])),
        st.builds(lambda e: {"$expr": e}, EXPRESSIONS),
        st.just("hello"),
    ),
    lambda parts: st.builds(lambda some: {"$join": some}, st.lists(parts, min_size=1, max_size=3)),
    max_leaves=4,
)
THREADS = itertools.count()
MAILS = st.lists(
    st.tuples(st.sampled_from(PEOPLE), BODIES, st.sampled_from(["", "len(s1.word) > 0"])),
    min_size=1,
    max_size=4,
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(mails=MAILS, relayed=st.sampled_from([*SOURCES]))
async def test_no_word_reaches_an_outsider_unattended(
    desk: Any, w: Any, mails: list[Any], relayed: str
) -> None:
    """Random plans over random values: each word that left alone went to one of its readers."""
    post = Post()
    sources = [_source(name, readers) for name, readers in SOURCES.items()]
    steps = [w.step(name, f"get_{name}", item="x") for name in SOURCES]
    steps.append(w.step("d0", "relay", value={"$from": relayed, "path": "word"}))
    for i, (to, body, when) in enumerate(mails):
        steps.append(
            {**w.step(f"m{i}", "mail", to=to, body=body), **({"when": when} if when else {})}
        )
    agent = desk.agent(w.plan(*steps), policy=ALONE, tools=[*post.tools(), relay, *sources])

    await desk.ask(agent, "Mail them", thread=f"t{next(THREADS)}")

    for to, body in post.sent:
        for name, readers in SOURCES.items():
            if f"word-of-{name}" in str(body) and readers is not None:
                assert to in readers or f"@{to.split('@')[1]}" in readers


def _source(name: str, readers: Any) -> Any:
    async def get(item: str) -> dict[str, Any]:
        """Read something."""
        return {"word": f"word-of-{name}", "item": item}

    return tool(name=f"get_{name}", effect="read", trust="trusted", readers=readers)(get)


@tool(effect="read", trust="trusted")
async def relay(value: str) -> dict[str, Any]:
    """Repeat what it is given."""
    return {"word": value}
