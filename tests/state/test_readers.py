"""Readers join by intersection, and admit nobody whom they do not name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.state.readers import admits, meet

PEOPLE = ["ann@a.org", "bob@a.org", "eve@b.org", "carl", "@a.org", "@b.org"]
READERS = st.one_of(st.none(), st.lists(st.sampled_from(PEOPLE), max_size=4).map(tuple))
PERSONS = st.sampled_from(["ann@a.org", "bob@a.org", "eve@b.org", "carl", "dan@a.org", "x@c.org"])


@pytest.mark.parametrize(
    ("readers", "person", "may"),
    [
        (None, "anybody", True),
        ((), "anybody", False),
        (("ann",), "ann", True),
        (("ann",), "Ann", False),
        (("ann",), "ann ", False),
        (("@a.org",), "ann@a.org", True),
        (("@a.org",), "ann@x.a.org", False),
        (("@a.org",), "ann@b.org,x@a.org", False),
        (("@a.org",), "eve@b.org x@a.org", False),
        (("@a.org",), "a@b@a.org", False),
        (("@a.org",), "<eve@b.org>ann@a.org", False),
        (("@a.org",), "a.org", False),
        (("@a.org",), "@a.org", True),
        (("@a.org",), "ann@A.org", False),
    ],
)
def test_whom_readers_admit(readers: tuple[str, ...] | None, person: str, *, may: bool) -> None:
    """Exact names, and plain single addresses of a domain."""
    assert admits(readers, person) == may


@given(st.lists(READERS, max_size=5), PERSONS)
def test_who_may_read_all_may_read_each(groups: list[tuple[str, ...] | None], person: str) -> None:
    """The readers of what is made of several values are those who may read every one."""
    assert admits(meet(groups), person) == all(admits(readers, person) for readers in groups)


@given(READERS, READERS, READERS, PERSONS)
def test_the_order_of_joining_does_not_matter(
    a: tuple[str, ...] | None,
    b: tuple[str, ...] | None,
    c: tuple[str, ...] | None,
    person: str,
) -> None:
    """Step by step or at once, in whichever order."""
    assert admits(meet([meet([a, b]), c]), person) == admits(meet([c, meet([b, a])]), person)
    assert (meet([a, b, c]) is None) == (a is None and b is None and c is None)
