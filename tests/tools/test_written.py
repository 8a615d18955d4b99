"""What tools return besides JSON: written as pydantic writes it, or done and unreadable."""

from __future__ import annotations

import array
import json
from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.tools import StructuredTool
from pydantic import BaseModel, ConfigDict, HttpUrl, SecretStr, computed_field

from pointsman.state.run import Run
from pointsman.state.values import carried
from pointsman.stores import SqlStore
from pointsman.tools import tool
from pointsman.tools.plain import NotJsonError, plain_json
from pointsman.tools.written import MAX_ENTRIES, as_written


class Colour(StrEnum):
    """A text that is one of several."""

    RED = "red"


class Level(IntEnum):
    """A number that is one of several."""

    HIGH = 3


class Shape(Enum):
    """Something else that is one of several."""

    ROUND = ("r", 1)


class Item(BaseModel):
    """A model with a field that only it computes."""

    price: Decimal
    colour: Colour = Colour.RED

    @computed_field
    @property
    def label(self) -> str:
        """A computed field."""
        return f"{self.colour} {self.price}"


class Loose(BaseModel):
    """A model that may hold anything."""

    note: Any


class Open(BaseModel):
    """A model that takes further fields."""

    model_config = ConfigDict(extra="allow")


@dataclass
class Point:
    """A dataclass."""

    x: int
    at: date


class Pair(NamedTuple):
    """A named tuple."""

    left: str
    right: int


ITEM = {"price": "1.50", "colour": "red", "label": "red 1.50"}
WRITTEN: list[tuple[Any, Any]] = [
    ([Item(price=Decimal("1.50"))], [ITEM]),
    ({"deep": {"items": (Item(price=Decimal("1.50")),)}}, {"deep": {"items": [ITEM]}}),
    (Decimal("20.10"), "20.10"),
    (date(2026, 1, 2), "2026-01-02"),
    (datetime(2026, 1, 2, 3, 4, tzinfo=timezone.utc), "2026-01-02T03:04:00Z"),  # noqa: UP017
    (time(3, 4), "03:04:00"),
    (timedelta(hours=1), "PT1H"),
    (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
    (Point(1, date(2026, 1, 2)), {"x": 1, "at": "2026-01-02"}),
    (Pair("a", 1), ["a", 1]),
    ({1}, [1]),
    (frozenset({"a"}), ["a"]),
    (deque([1, 2]), [1, 2]),
    (range(3), [0, 1, 2]),
    (Colour.RED, "red"),
    ({Colour.RED: Level.HIGH}, {"red": 3}),
    (Shape.ROUND, ["r", 1]),
    ({1: "a", None: "b", date(2026, 1, 2): "c"}, {"1": "a", "null": "b", "2026-01-02": "c"}),
    (OrderedDict(a=1), {"a": 1}),
    (float("nan"), None),
    ([float("inf"), -float("inf"), 1.5], [None, None, 1.5]),
    (b"text", "text"),
    ("half \ud83d an emoji", "half \ufffd an emoji"),
    ("two halves \ud83d\ude00", "two halves \U0001f600"),
    (Loose(note="half \ud83d"), {"note": "half \ufffd"}),
    ({"\udc00": 1}, {"\ufffd": 1}),
    (Path("/a/b"), "/a/b"),
    (HttpUrl("https://a.example/"), "https://a.example/"),
    (Loose(note=[SecretStr("x")]), {"note": ["**********"]}),
    (Open.model_validate({"rows": np.array([1])}), {"rows": [1]}),
    (array.array("i", [1, 2]), [1, 2]),
    (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    ([np.int64(5), np.float32(0.5), np.bool_(True)], [5, 0.5, True]),
]


@pytest.mark.parametrize(("value", "expected"), WRITTEN, ids=lambda value: repr(value)[:40])
@pytest.mark.parametrize("kind", ["ours", "langchain"])
async def test_standard_types_are_written_as_pydantic_writes_them(
    value: Any, expected: Any, kind: str, make_runner: Any, run: Run, store: SqlStore
) -> None:
    """The payment is done, its receipt can be read, and both still hold on replay."""

    def pay() -> Any:
        """Pay."""
        return value

    made = tool(effect="money")(pay) if kind == "ours" else StructuredTool.from_function(pay)
    runner = make_runner(made)
    for replayed in (False, True):
        outcome = await runner.call("pay", {}, run=run, step="s", attempt=1, timeout=None)
        assert (outcome.status, outcome.warning, outcome.replayed) == ("done", "", replayed)
        assert _text(outcome.output) == _text(expected)


def _text(value: Any) -> str:
    # As text, because 1 == True and 1.0 == 1.
    return json.dumps(value, sort_keys=True)


class Broken:
    """Nothing that could be written."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


class BrokenMapping(dict[str, Any]):
    """A mapping whose own code fails, though it is one of the kinds that JSON knows."""

    def items(self) -> Any:
        """Fail."""
        raise RuntimeError("no")


class BrokenHash(str):
    """A text whose own code fails as a key."""

    def __str__(self) -> str:
        """Fail."""
        raise RuntimeError("no")


class Unbound:
    """A proxy outside of its context: every question fails, also what it is."""

    def __getattribute__(self, name: str) -> Any:
        """Fail."""
        raise RuntimeError(f"{name} outside of its context")


class BrokenArray:
    """It says that it is an array."""

    def tolist(self) -> Any:
        """Fail."""
        raise RuntimeError("no")


class BrokenRow(dict[str, Any]):
    """A row of a database whose session has been closed."""

    def items(self) -> Any:
        """Fail."""
        raise RuntimeError("no")

    def __len__(self) -> int:
        return 1


class BrokenList(list[Any]):
    """A list that is fetched when it is read."""

    def __iter__(self) -> Any:
        raise RuntimeError("no")


def _endless() -> Any:
    while True:
        yield 1


def _cyclic() -> Any:
    cyclic: dict[str, Any] = {}
    cyclic["self"] = [cyclic]
    return cyclic


def _cyclic_model() -> Any:
    model = Loose(note=None)
    model.note = model
    return model


def _deep() -> Any:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    return deep


UNREADABLE = [
    *(Broken, BrokenArray, BrokenRow, BrokenList),
    *(_endless, _cyclic, _cyclic_model, _deep, lambda: b"\xff"),
    *(Unbound, lambda: BrokenMapping(a=1), lambda: {BrokenHash("a"): 1}),
]


@pytest.mark.parametrize("make", UNREADABLE)
@pytest.mark.parametrize("effect", ["money", "read"])
async def test_what_cannot_be_written(
    make: Any, effect: Any, make_runner: Any, run: Run, store: SqlStore
) -> None:
    """A payment is done and its result unreadable; a reading without a result has failed."""
    calls = 0

    @tool(effect=effect)
    def pay() -> Any:
        """Pay."""
        nonlocal calls
        calls += 1
        return [1, make()]

    runner = make_runner(pay)
    outcome = await runner.call("pay", {}, run=run, step="s", attempt=1, timeout=None)
    assert outcome.kind == "output_not_json"
    if effect == "read":
        assert (outcome.status, outcome.retryable) == ("failed", False)
        return
    assert (outcome.status, outcome.output["result"]) == ("done", "unreadable")
    again = await runner.call("pay", {}, run=run, step="s", attempt=1, timeout=None)
    assert (again.status, again.output, calls) == ("done", outcome.output, 1)


class Endless(Mapping[str, int]):
    """A mapping that makes its entries up, and says that there is one."""

    made = 0

    def __getitem__(self, key: str) -> int:
        """Return anything."""
        return 1

    def __iter__(self) -> Iterator[str]:
        for Endless.made in range(3_000_000):
            yield str(Endless.made)

    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize(
    "make", [Endless, lambda: range(10**12), lambda: Open.model_validate({"a": Endless()})]
)
async def test_what_never_ends_is_too_large(make: Any, make_runner: Any, run: Run) -> None:
    """It is left before it fills the memory; the payment is done."""
    Endless.made = 0

    @tool(effect="money")
    def pay() -> Any:
        """Pay."""
        return {"rows": make()}

    outcome = await make_runner(pay).call("pay", {}, run=run, step="s", attempt=1, timeout=None)
    assert (outcome.status, outcome.output["result"]) == ("done", "unreadable")
    assert Endless.made <= MAX_ENTRIES


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.characters(categories=["Cs"])
    | st.binary(max_size=4)
    | st.decimals()
    | st.dates()
    | st.uuids()
    | st.sampled_from([Colour.RED, Level.HIGH, Shape.ROUND]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=2) | st.integers() | st.dates(), inner, max_size=3)
        | st.builds(Loose, note=inner)
        | st.builds(Point, x=inner, at=inner)
    ),
    max_leaves=10,
)


@given(ANYTHING)
def test_anything_becomes_json_or_is_named(value: Any) -> None:
    """What comes out can be stored; writing it again changes nothing."""
    try:
        copied = carried(plain_json(value, limit=100_000, other=as_written)[0])
    except NotJsonError:
        return
    stored = json.dumps(copied, allow_nan=False, ensure_ascii=False).encode()
    assert json.loads(stored) == copied
    assert plain_json(copied, limit=100_000)[0] == copied
