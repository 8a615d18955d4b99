"""What an expression reads is known before it runs."""

from __future__ import annotations

import pytest

from pointsman.state.expressions.reading import Read, filled, reads, renamed


def paths(source: str) -> set[str]:
    """Return the paths that an expression reads, as text."""
    return {".".join([read.name, *read.parts]) for read in reads(source).values}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 1", set()),
        ("order.total", {"order.total"}),
        ("order['the total'][0]", {"order.the total.0"}),
        ("orders[-1].id", {"orders"}),
        ("orders[n].id", {"orders", "n"}),
        ("orders[1:].id", {"orders"}),
        ("[o.id for o in orders.list]", {"orders.list"}),
        ("[o for o in o]", {"o"}),
        ("[o + p for o in a for p in o.b]", {"a"}),
        ("sorted(a.b, key=lambda x: x.y + z)", {"a.b", "z"}),
        ("a if b.c else d", {"a", "b.c", "d"}),
        ("a.text.lower().split(b)[0]", {"a.text", "b"}),
        ("f'{a.b:.2f} of {c}'", {"a.b", "c"}),
        ("true and null == a", {"a"}),
        ("sum(sum)", {"sum"}),
        ("{a: b for c in d}", {"a", "b", "d"}),
    ],
)
def test_every_path_that_can_matter_is_named(source: str, expected: set[str]) -> None:
    """In every branch, up to the first key that is known only at run time."""
    assert paths(source) == expected


def test_names_that_may_be_absent_are_told_apart() -> None:
    """A step whose presence is asked for need not have run."""
    found = reads("default(a.x, b.y) if has(c) else d")

    assert found.asked == {"a", "b", "c"}
    assert found.names == {"a", "b", "c", "d"}


def test_attachments_and_the_clock_are_reads() -> None:
    """So that their labels are known, and a constant is told from what changes."""
    found = reads("attachment('a.txt') + text(today())")

    assert (found.attachments, found.clock, found.constant) == ({"a.txt"}, True, False)
    assert reads("1 < 2").constant


def test_reads_can_be_sorted() -> None:
    """Their order in a message is always the same."""
    assert sorted({Read("b"), Read("a", ("x",))}) == [Read("a", ("x",)), Read("b")]


def test_names_are_replaced_where_they_are_free() -> None:
    """A name of a loop or a function that is spelled alike stays."""
    source = "[a.x for a in a] + [sum(sum)]"

    assert renamed(source, {"a": "q1_a", "sum": "s"}) == "[a.x for a in q1_a] + [sum(s)]"
    assert renamed("b + 1", {"a": "q1_a"}) == "b + 1"


def test_literals_take_the_place_of_names() -> None:
    """Whatever JSON they are."""
    values = {"a": {"x": [None, True, -1.5, "it's"]}}

    assert filled("a.x[2] + b", values) == "{'x': [None, True, -1.5, \"it's\"]}.x[2] + b"
