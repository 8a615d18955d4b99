"""Channels: delta reducers must not depend on how writes are batched."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pointsman.state.channels import last, merge

writes = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.none() | st.integers(), max_size=3),
    min_size=1,
    max_size=6,
)


@given(writes, st.integers(1, 5))
def test_merge_is_the_same_however_writes_are_batched(
    values: list[dict[str, Any]], cut: int
) -> None:
    """LangGraph replays writes in larger batches than they were made in."""
    cut = min(cut, len(values))
    at_once = merge({}, values)
    in_two = merge(merge({}, values[:cut]), values[cut:])

    assert at_once == in_two
    assert None not in at_once.values()


@given(writes, st.integers(1, 5))
def test_last_is_the_same_however_writes_are_batched(
    values: list[dict[str, Any]], cut: int
) -> None:
    """The newest write wins."""
    head, tail = values[:cut], values[cut:]
    first = last({}, head)

    assert (last(first, tail) if tail else first) == last({}, values) == values[-1]
