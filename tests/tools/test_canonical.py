"""What validation makes of arguments is what is checked, approved, and run."""

from __future__ import annotations

import base64
import itertools
from dataclasses import InitVar, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.tools import StructuredTool
from pydantic import (
    AfterValidator,
    AliasChoices,
    AwareDatetime,
    Base64Bytes,
    Base64Str,
    Base64UrlBytes,
    Base64UrlStr,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Json,
    SecretStr,
    StringConstraints,
    create_model,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import TypedDict

from pointsman.errors import ArgumentError, ConfigError
from pointsman.state.run import Run
from pointsman.tools import Arguments, Tool, from_langchain, tool
from pointsman.tools.adoption import each_tool


class Kind(StrEnum):
    """Kinds of payment."""

    CARD = "card"
    CASH = "cash"


Upper = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True)]


class Money(BaseModel):
    """An amount, with a currency that is put in."""

    model_config = ConfigDict(extra="forbid")

    amount: Decimal
    currency: Upper = "EUR"


class Account(BaseModel):
    """Another member of a union."""

    model_config = ConfigDict(extra="forbid")

    account: Upper
    limits: list[Money] = Field(default_factory=lambda: [Money(amount=Decimal(5))])


class Payment(BaseModel):
    """Every place where a default or a coercion can hide."""

    model_config = ConfigDict(extra="forbid")

    to: Upper = Field(alias="recipient")
    money: Money | None = None
    source: Account | Money | None = None
    parts: dict[str, Money] = {}
    steps: list[Money] = Field(default_factory=list)
    labels: set[str] = Field(default_factory=lambda: {"b", "a"})
    kind: Kind = Kind.CARD
    on: date = date(2026, 1, 2)
    pair: tuple[int, Money] | None = None


ran: list[Payment] = []


@tool(effect="money")
def pay(payment: Payment, note: Upper = "none") -> str:
    """Pay."""
    ran.append(payment)
    return note


def pay_by_langchain(**payment: Any) -> str:
    """Pay."""
    ran.append(Payment.model_construct(**payment))
    return "paid"


LANGCHAIN_PAY = from_langchain(
    StructuredTool.from_function(
        lambda to, money, source, parts, steps, labels, kind, on, pair: pay_by_langchain(
            to=to,
            money=money,
            source=source,
            parts=parts,
            steps=steps,
            labels=labels,
            kind=kind,
            on=on,
            pair=pair,
        ),
        name="langchain_pay",
        description="Pay.",
        args_schema=Payment,
    )
)


def checked(made: Tool, args: dict[str, Any]) -> dict[str, Any]:
    """Check arguments as the runner does."""
    return Arguments.of(made).check(args)


def test_every_default_and_coercion_is_written_out() -> None:
    """In optional models, unions, values of a mapping, items, and from factories."""
    args = {
        "recipient": " anna ",
        "money": {"amount": 20},
        "source": {"account": "x"},
        "parts": {"a": {"amount": 1.5, "currency": " usd"}},
        "steps": [{"amount": "2"}],
        "pair": [1, {"amount": 3}],
    }
    expected = {
        "recipient": "ANNA",
        "money": {"amount": 20, "currency": "EUR"},
        "source": {"account": "X", "limits": [{"amount": "5", "currency": "EUR"}]},
        "parts": {"a": {"amount": 1.5, "currency": "USD"}},
        "steps": [{"amount": "2", "currency": "EUR"}],
        "labels": ["a", "b"],
        "kind": "card",
        "on": "2026-01-02",
        "pair": [1, {"amount": 3, "currency": "EUR"}],
    }
    assert checked(pay, {"payment": args}) == {"payment": expected, "note": "NONE"}
    assert checked(LANGCHAIN_PAY, args) == expected


MONEY = st.fixed_dictionaries(
    {"amount": st.integers(0, 99) | st.decimals(0, 99, places=2).map(str)},
    optional={"currency": st.sampled_from(["eur", " usd ", "GBP"])},
)
ACCOUNT = st.fixed_dictionaries(
    {"account": st.text("ab ", max_size=4)}, optional={"limits": st.lists(MONEY, max_size=2)}
)
PAYMENT = st.fixed_dictionaries(
    {"recipient": st.text("xY ", max_size=5)},
    optional={
        "money": st.none() | MONEY,
        "source": st.none() | MONEY | ACCOUNT,
        "parts": st.dictionaries(st.text(max_size=3), MONEY, max_size=2),
        "steps": st.lists(MONEY, max_size=2),
        "labels": st.lists(st.text(max_size=3), max_size=3, unique=True),
        "kind": st.sampled_from(["card", "cash"]),
        "on": st.dates().map(str),
        "pair": st.none() | st.tuples(st.integers(0, 9), MONEY).map(list),
    },
)


@given(PAYMENT)
async def test_what_was_checked_is_what_runs(args: dict[str, Any]) -> None:
    """Checking again changes nothing, and the tool's own values say just what was checked."""
    for made, given_args in ((pay, {"payment": args}), (LANGCHAIN_PAY, args)):
        approved = checked(made, given_args)
        assert checked(made, approved) == approved
        ran.clear()
        await made.run(approved, _call())
        shown = approved["payment"] if made is pay else approved
        [payment] = ran
        assert payment.to == shown["recipient"]
        assert payment.labels == set(shown["labels"])
        for model, form in ((payment.money, shown["money"]), (payment.source, shown["source"])):
            assert (model is None) == (form is None)
            if isinstance(model, Money):
                assert (model.amount, model.currency) == (
                    Decimal(str(form["amount"])),
                    form["currency"],
                )


def _call() -> Any:
    from pointsman.state.run import Principal
    from pointsman.tools import ToolCall

    return ToolCall(
        idempotency_key="k", run_id="r", thread_id="t", step="s", attempt=1, principal=Principal()
    )


def test_a_coercion_that_never_ends_is_refused() -> None:
    """Nobody can approve a value that changes each time it is read."""

    @tool(effect="money")
    def shout(text: Annotated[str, AfterValidator(lambda text: text + "!")]) -> str:
        """Shout."""
        return text

    with pytest.raises(ArgumentError, match="each time") as raised:
        checked(shout, {"text": "x"})
    assert raised.value.where == "shout"


def test_a_default_that_validation_would_change() -> None:
    """Pydantic takes it unread; written out it is read, so it is shown as it is then."""

    class Place(BaseModel):
        country: Upper = "de"

    def move(to: Any) -> str:
        """Move."""
        return to.country

    move.__annotations__["to"] = Place
    [made] = each_tool(move)
    assert checked(made, {"to": {}}) == {"to": {"country": "DE"}}


def test_types_that_are_not_read_from_what_they_become_stay_as_given() -> None:
    """A JSON text stays the text; a secret is still the secret, for the tool."""

    @tool(effect="write")
    def odd(data: Json[dict[str, int]], key: SecretStr) -> str:
        """Take odd types."""
        return f"{data} {key.get_secret_value()}"

    args = {"data": '{"a": 1}', "key": "s3cret"}
    assert checked(odd, args) == args


class Wire(BaseModel):
    """A JSON text beside what validation changes, and with such in it."""

    order: Json[Money]
    note: Upper = "none"


@pydantic_dataclass
class Parcel:
    """A dataclass with an alias, a factory, and what follows from the rest."""

    to: Annotated[str, Field(alias="recipient")]
    note: Upper = "none"
    key: str = field(default_factory=lambda: str(next(TICKS)))
    weight: int = field(default=1, init=False)


class Named(TypedDict):
    """A dictionary that is read under another name than it has afterwards."""

    to: Annotated[str, Field(alias="recipient")]


TICKS = itertools.count()
ODD_FORMS = [
    pytest.param(
        Json[dict[str, int]], '{"a": 1}', '{"a": 1}', lambda seen: seen == {"a": 1}, id="json"
    ),
    pytest.param(
        Json[Money],
        '{"amount": 5, "currency": " usd"}',
        '{"amount":"5","currency":"USD"}',
        lambda seen: seen.currency == "USD",
        id="json-with-a-coercion",
    ),
    pytest.param(
        Wire,
        {"order": '{"amount":"5","currency":"EUR"}', "note": " x "},
        {"order": '{"amount":"5","currency":"EUR"}', "note": "X"},
        lambda seen: (seen.note, seen.order.currency) == ("X", "EUR"),
        id="json-beside-a-coercion",
    ),
    pytest.param(
        list[Wire],
        [{"order": '{"amount":"5"}'}],
        [{"order": '{"amount":"5","currency":"EUR"}', "note": "NONE"}],
        lambda seen: seen[0].order.currency == "EUR",
        id="json-in-items",
    ),
    pytest.param(
        Parcel,
        {"recipient": "ann", "note": " x ", "key": "k"},
        {"recipient": "ann", "note": "X", "key": "k"},
        lambda seen: (seen.to, seen.note, seen.key, seen.weight) == ("ann", "X", "k", 1),
        id="dataclass-with-an-alias",
    ),
    pytest.param(
        Named,
        {"recipient": "ann"},
        {"recipient": "ann"},
        lambda seen: seen == {"to": "ann"},
        id="dictionary-with-an-alias",
    ),
]


@dataclass
class Crate:
    """A plain dataclass with what it gives itself: from a default, a factory, and the rest."""

    a: int
    weight: int = field(default=1, init=False)
    parts: list[int] = field(default_factory=list, init=False)
    twice: int = field(init=False)

    def __post_init__(self) -> None:
        self.twice = 2 * self.a


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        pytest.param(Crate, {"a": 1}, id="itself"),
        pytest.param(list[Crate], [{"a": 1}], id="in-a-list"),
        pytest.param(Crate | None, {"a": 1}, id="optional"),
        pytest.param(dict[str, Crate], {"x": {"a": 1}}, id="in-a-mapping"),
    ],
)
async def test_what_a_dataclass_gives_itself_is_no_argument(kind: Any, sent: Any) -> None:
    """It is not asked for, not filled in, and there when the tool runs."""
    seen: list[Any] = []
    for made in taking(kind, seen):
        assert "weight" not in str(made.contract.args_schema)
        approved = checked(made, {"value": sent})
        assert approved == {"value": sent}
        await made.run(approved, _call())
    assert len(seen) == 2
    assert all("weight=1, parts=[], twice=2" in repr(value) for value in seen)


def taking(kind: Any, seen: list[Any], **default: Any) -> list[Tool]:
    """Give one tool of ours and one of LangChain's that keep what they are called with."""

    def take(value: Any = None) -> str:
        """Take it."""
        seen.append(value)
        return "ok"

    model = create_model("Taken", value=(kind, default.get("default", ...)))
    theirs = StructuredTool.from_function(take, name="take", description="d", args_schema=model)
    take.__annotations__["value"] = kind
    take.__defaults__ = tuple(default.values())
    return [tool(effect="money")(take), from_langchain(theirs)]


ENCODED = [
    pytest.param(Base64Str, str, base64.b64encode, id="text"),
    pytest.param(Base64Bytes, bytes, base64.b64encode, id="bytes"),
    pytest.param(Base64UrlStr, str, base64.urlsafe_b64encode, id="text-for-urls"),
    pytest.param(Base64UrlBytes, bytes, base64.urlsafe_b64encode, id="bytes-for-urls"),
]


@pytest.mark.parametrize(("kind", "as_type", "encode"), ENCODED)
@given(data=st.data())
async def test_base64_is_approved_as_it_was_given(
    kind: Any, as_type: Any, encode: Any, data: Any
) -> None:
    """Whatever is in it, base64 once more included, and wherever it stands."""
    value = data.draw(st.text() if as_type is str else st.binary())
    raw = value.encode() if isinstance(value, str) else value
    once = encode(raw).decode()
    twice = encode(once.encode()).decode()
    seen: list[Any] = []
    for text, inner in ((once, value), (twice, once if as_type is str else once.encode())):
        for around in (kind, list[kind], dict[str, kind], kind | None):
            sent = _around(around, text)
            for made in taking(around, seen):
                approved = checked(made, {"value": sent})
                assert approved == {"value": sent}
                await made.run(approved, _call())
                assert seen.pop() == _around(around, inner)


def _around(kind: Any, value: Any) -> Any:
    return {list: [value], dict: {"a": value}}.get(getattr(kind, "__origin__", None), value)


@pytest.mark.parametrize(
    ("kind", "default", "shown"),
    [
        pytest.param(Base64Bytes, b"abcd", "YWJjZA==", id="text"),
        pytest.param(Base64Bytes, b"hello", "aGVsbG8=", id="that-is-no-base64-itself"),
        pytest.param(Base64Str, "abcd", "YWJjZA==", id="of-text"),
    ],
)
async def test_a_default_that_is_read_from_base64_is_shown_as_such(
    kind: Any, default: Any, shown: str
) -> None:
    """It is what the tool runs with, not what one would get by decoding it."""
    seen: list[Any] = []
    for made in taking(kind, seen, default=default):
        approved = checked(made, {})
        assert approved in ({"value": shown}, {"value": str(shown)})
        await made.run(approved, _call())
    assert seen == [default, default]


OURS = SecretStr("s3cret-of-ours")


class Keyed(BaseModel):
    """A secret that the program brings itself."""

    key: SecretStr = SecretStr("s3cret-of-ours")


@dataclass
class KeyedData:
    """The same as a dataclass."""

    key: SecretStr = OURS


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        pytest.param(Keyed, {"value": {}}, id="model"),
        pytest.param(KeyedData, {"value": {}}, id="dataclass"),
        pytest.param(list[Keyed], {"value": [{}]}, id="in-a-list"),
    ],
)
async def test_a_secret_default_is_neither_shown_nor_replaced(kind: Any, sent: Any) -> None:
    """Pydantic's schema gives asterisks as the default, which a tool must not be run with."""
    seen: list[Any] = []
    for made in taking(kind, seen):
        assert "**" not in str(made.contract.args_schema)
        approved = checked(made, sent)
        assert approved == sent
        await made.run(approved, _call())
    for value in seen:
        [keyed] = value if isinstance(value, list) else [value]
        assert keyed.key.get_secret_value() == "s3cret-of-ours"
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("kind", "default"),
    [(SecretStr, SecretStr("s3cret-of-ours")), (Keyed, Keyed())],
    ids=["itself", "model"],
)
async def test_a_parameter_that_is_secret_by_default(kind: Any, default: Any) -> None:
    """The same for a tool's own parameters."""
    seen: list[Any] = []
    for made in taking(kind, seen, default=default):
        assert "s3cret" not in str(checked(made, {}))
        assert "**" not in str(checked(made, {}))
        await made.run(checked(made, {}), _call())
    assert seen == [default, default]


@pytest.mark.parametrize(("kind", "sent", "shown", "is_what_was_shown"), ODD_FORMS)
async def test_types_that_are_written_otherwise_than_they_are_read(
    kind: Any, sent: Any, shown: Any, is_what_was_shown: Any
) -> None:
    """They are shown as they are read, and everything beside and inside them as it runs."""
    seen: list[Any] = []

    def take(value: Any, note: Upper) -> str:
        """Take it."""
        seen.append((value, note))
        return "ok"

    take.__annotations__["value"] = kind
    made = tool(effect="money")(take)
    approved = checked(made, {"value": sent, "note": " y"})

    assert approved == {"value": shown, "note": "Y"}
    assert checked(made, approved) == approved
    await made.run(approved, _call())
    [(value, note)] = seen
    assert is_what_was_shown(value)
    assert note == "Y"


def test_a_factory_in_a_dataclass_is_written_out() -> None:
    """What it gave is what is approved."""

    def take(parcel: Any) -> str:
        """Take it."""
        return parcel.key

    take.__annotations__["parcel"] = Parcel
    made = tool(effect="money")(take)
    first = checked(made, {"parcel": {"recipient": "ann"}})
    assert first["parcel"]["key"].isdigit()
    assert checked(made, first) == first


def test_what_cannot_be_shown_as_it_runs_is_refused() -> None:
    """A name of its own and a coercion at once: nobody could read what would run."""

    class Both(TypedDict):
        to: Annotated[Upper, Field(alias="recipient")]

    def take(value: Any) -> str:
        """Take it."""
        return str(value)

    take.__annotations__["value"] = Both
    made = tool(effect="money")(take)
    assert checked(made, {"value": {"recipient": "ANN"}}) == {"value": {"recipient": "ANN"}}
    with pytest.raises(ArgumentError, match="nobody could approve it"):
        checked(made, {"value": {"recipient": " ann"}})


@dataclass
class Sealed:
    """A dataclass that is made with what it does not keep."""

    known: ClassVar[str] = "all"
    to: str = ""
    cents: InitVar[int] = 5

    def __post_init__(self, cents: int) -> None:
        self.to = f"{self.to}:{cents}" if cents > 1000 else self.to


@pytest.mark.parametrize("kind", ["ours", "langchain"])
def test_what_a_dataclass_is_only_made_with_is_not_lost(kind: str) -> None:
    """Nobody could read it of what was made, so what runs would have the default in its place."""

    def take(value: Sealed) -> str:
        """Take it."""
        return str(value)

    made = (
        tool(effect="money")(take)
        if kind == "ours"
        else from_langchain(StructuredTool.from_function(take))
    )
    with pytest.raises(ArgumentError, match="does not keep 'cents'"):
        checked(made, {"value": {"to": "ann", "cents": 900}})


def test_a_factory_is_asked_once() -> None:
    """What it gave when the call was checked is what is approved and run."""
    numbers = itertools.count()

    class Numbered(BaseModel):
        number: int = Field(default_factory=lambda: next(numbers))

    def count(n: Any) -> int:
        """Count."""
        return n.number

    count.__annotations__["n"] = Numbered
    [made] = each_tool(count)
    first = checked(made, {"n": {}})
    assert checked(made, first) == first


@pytest.mark.parametrize("default", [None, 5, "x", [], {"a": 1}, False])
async def test_a_default_that_does_not_fit_its_own_type(
    default: Any, make_runner: Any, run: Run
) -> None:
    """It is what absence means: filled in for everybody to see, and taken again."""

    def find(city: str, category: Any = default) -> list[Any]:
        """Find."""
        return [city, category]

    find.__annotations__["category"] = Literal["only this"]

    class Nested(BaseModel):
        category: Literal["only this"] = default

    def nested(inner: Any, other: Any = None) -> Any:
        """Take a model."""
        return [inner.category, other and other.category]

    nested.__annotations__.update(inner=Nested, other=Nested | None)

    tools = [
        *each_tool([find, nested]),
        from_langchain(StructuredTool.from_function(find, name="langchain_find")),
        from_langchain(StructuredTool.from_function(nested, name="langchain_nested")),
    ]
    runner = make_runner(*tools)
    for name in ("find", "langchain_find"):
        args = runner.check(name, {"city": "Ulm"})
        assert args == {"city": "Ulm", "category": default}
        assert runner.check(name, args) == args
        with pytest.raises(ArgumentError):
            runner.check(name, {"city": "Ulm", "category": "something else"})
        outcome = await runner.call(name, args, run=run, step="s", attempt=1, timeout=None)
        assert outcome.output == ["Ulm", default]
    for name in ("nested", "langchain_nested"):
        args = runner.check(name, {"inner": {}, "other": {}})
        assert args == {"inner": {"category": default}, "other": {"category": default}}
        outcome = await runner.call(name, args, run=run, step="s", attempt=1, timeout=None)
        assert outcome.output == [default, default]


def test_defaults_of_a_plain_schema_are_filled_through_alternatives() -> None:
    """A server's schema has no model behind it; its defaults are seen all the same."""
    part = {"type": "object", "properties": {"n": {"type": "integer", "default": 1}}}
    arguments = Arguments(
        "served",
        {
            "type": "object",
            "$defs": {"Part": part},
            "properties": {
                "maybe": {"anyOf": [{"$ref": "#/$defs/Part"}, {"type": "null"}]},
                "one": {"oneOf": [{"type": "string"}, {"$ref": "#/$defs/Part"}]},
                "all": {"allOf": [part, {"type": "object"}]},
                "many": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Part"}},
                "pair": {"prefixItems": [{"type": "string"}, part]},
                "given": {**part, "default": {}},
                "maybe_text": {"type": "string", "nullable": True},
            },
        },
    )
    assert arguments.check(
        {
            "maybe": {},
            "one": {},
            "all": {},
            "many": {"a": {}},
            "pair": ["x", {}],
            "maybe_text": None,
        }
    ) == {
        "maybe": {"n": 1},
        "one": {"n": 1},
        "all": {"n": 1},
        "many": {"a": {"n": 1}},
        "pair": ["x", {"n": 1}],
        "given": {"n": 1},
        "maybe_text": None,
    }


class Aliased(BaseModel):
    """Aliases in every way in which pydantic takes them."""

    model_config = ConfigDict(populate_by_name=True)

    plain: str = Field(alias="plainName")
    into: str = Field(validation_alias="intoName", serialization_alias="outName")
    out: str = Field(serialization_alias="shown")
    either: str = Field(validation_alias=AliasChoices("first", "second"))


async def test_aliases_are_advertised_as_they_are_read(make_runner: Any, run: Run) -> None:
    """And the function gets the values under its own names."""

    def aliased(plain: str, into: str, out: str, either: str) -> list[str]:
        return [plain, into, out, either]

    def annotated(
        order: Annotated[str, Field(alias="orderId", description="The order.")],
        amount: int = Field(default=3, alias="howMuch"),
    ) -> list[Any]:
        """Take aliases."""
        return [order, amount]

    runner = make_runner(
        StructuredTool.from_function(
            aliased, name="aliased", description="Take.", args_schema=Aliased
        ),
        annotated,
    )
    args = {"plainName": "a", "intoName": "b", "out": "c", "first": "d"}
    schema = runner.get("aliased").contract.args_schema
    assert schema["required"] == list(schema["properties"]) == list(args)
    assert runner.check("aliased", args) == args
    outcome = await runner.call("aliased", args, run=run, step="s", attempt=1, timeout=None)
    assert outcome.output == ["a", "b", "c", "d"]

    assert set(runner.get("annotated").contract.args_schema["properties"]) == {"orderId", "howMuch"}
    outcome = await runner.call(
        "annotated", {"orderId": "A"}, run=run, step="s", attempt=1, timeout=None
    )
    assert outcome.output == ["A", 3]


def test_a_langchain_model_is_asked_before_anybody_else() -> None:
    """Its refusal is an error of the arguments: nothing happened, nobody was asked."""

    def even(n: int) -> int:
        if n % 2:
            raise ValueError("must be even")
        return n

    class Half(BaseModel):
        n: Annotated[int, BeforeValidator(even)]

    halve = from_langchain(
        StructuredTool.from_function(
            lambda n: n // 2, name="halve", description="Halve.", args_schema=Half
        )
    )
    assert checked(halve, {"n": 4}) == {"n": 4}
    with pytest.raises(ArgumentError, match=r"halve\.n.*must be even"):
        checked(halve, {"n": 3})


def test_an_alias_that_is_a_path_cannot_be_described() -> None:
    """It is refused when the tool is made, not when it is called."""
    from pydantic import AliasPath

    class Deep(BaseModel):
        n: int = Field(validation_alias=AliasPath("a", "b"))

    deep = StructuredTool.from_function(
        lambda n: n, name="deep", description="Deep.", args_schema=Deep
    )
    with pytest.raises(ConfigError, match="path"):
        from_langchain(deep)


def test_an_alias_that_is_not_read_is_no_name() -> None:
    """The schema would name it, and the model would miss its field at every call."""

    class Unread(BaseModel):
        model_config = ConfigDict(validate_by_alias=False, validate_by_name=True)
        n: int = Field(alias="number")

    unread = StructuredTool.from_function(
        lambda n: n, name="unread", description="Reads.", args_schema=Unread
    )
    with pytest.raises(ConfigError, match="not read by it"):
        from_langchain(unread)


class Meeting(BaseModel):
    """Times as Python makes them, without an offset."""

    at: datetime = Field(default_factory=lambda: datetime(2026, 1, 2, 3, 4, 5, 600))
    opens: time = time(9, 30)
    lasts: timedelta = timedelta(minutes=5)
    aware: AwareDatetime | None = None


@tool(effect="write")
def meet(meeting: Meeting) -> str:
    """Meet."""
    return str(meeting)


MEET_BY_LANGCHAIN = from_langchain(
    StructuredTool.from_function(
        lambda at, opens, lasts, aware: f"{at} {opens} {lasts} {aware}",
        name="meet_by_langchain",
        description="Meet.",
        args_schema=Meeting,
    )
)


@given(at=st.none() | st.datetimes() | st.datetimes(timezones=st.just(UTC)), opens=st.times())
def test_times_without_an_offset_are_times(at: datetime | None, opens: time) -> None:
    """As given, by default, and from a factory; a type that wants an offset refuses it itself."""
    told = {"opens": opens.isoformat(), **({} if at is None else {"at": at.isoformat()})}

    form = checked(meet, {"meeting": told})["meeting"]

    assert form == checked(MEET_BY_LANGCHAIN, told)
    read = Meeting.model_validate(form)
    assert read == Meeting.model_validate(told)
    assert form["lasts"] == "PT5M"
    with pytest.raises(ArgumentError, match="timezone"):
        checked(meet, {"meeting": {**told, "aware": "2026-01-02T03:04:05"}})


def as_number(value: Any) -> int:
    """Read what `int` reads; of anything else it says so by a TypeError."""
    return int(value)


NOTHING: Any = None


@tool(effect="write")
def count(number: Annotated[int, BeforeValidator(as_number)] = NOTHING, unit: str = "cm") -> str:
    """Count."""
    return f"{number} {unit}"


def test_a_validator_that_is_not_made_for_the_default_is_not_asked_about_it() -> None:
    """It may raise anything; the tool is built, and the default passes as what it is."""
    assert checked(count, {"number": 3}) == {"number": 3, "unit": "cm"}
    assert checked(count, {"unit": "m"}) == {"number": None, "unit": "m"}
