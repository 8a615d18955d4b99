"""Channels: delta reducers must not depend on how writes are batched."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import HumanMessage, RemoveMessage
from langgraph.graph.message import add_messages

from pointsman.state.channels import appended, last, merge

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


def _message(write: tuple[str, str | None]) -> Any:
    name, text = write
    return RemoveMessage(id=name) if text is None else HumanMessage(text, id=name)


messages = st.lists(
    st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.text(max_size=3)), max_size=3),
    min_size=1,
    max_size=6,
)


@given(messages, st.integers(1, 5))
def test_messages_are_the_same_however_writes_are_batched(
    values: list[list[tuple[str, str | None]]], cut: int
) -> None:
    """The reducer is LangGraph's own and experimental: it must keep what its channel asks of it."""
    writes = [[_message(write) for write in value] for value in values]
    cut = min(cut, len(writes))
    reduce = appended().reducer

    assert reduce([], writes) == reduce(reduce([], writes[:cut]), writes[cut:])


@given(messages)
def test_messages_are_what_the_plain_reducer_makes_of_them(
    values: list[list[tuple[str, str | None]]],
) -> None:
    """A channel that stores writes holds the messages that LangGraph's usual channel holds."""
    known: set[str] = set()
    usual: Any = []
    writes: list[list[Any]] = []
    for value in values:
        # The usual reducer refuses to remove what is not there.
        kept = [_message(write) for write in value if write[1] is not None or write[0] in known]
        names = {name: text is not None for name, text in value}
        if len(names) != len(value):
            continue
        known = (known | {n for n, there in names.items() if there}) - {
            n for n, there in names.items() if not there
        }
        usual = add_messages(usual, kept)
        writes.append(kept)

    assert appended().reducer([], writes) == usual


def test_what_was_remembered_as_a_list_is_kept() -> None:
    """A thread of version 3 of the schema is written to by name from its next turn on."""
    stored: Any = [{"step": {"id": "t1_order"}, "at": 1.0}]

    assert list(merge(stored, [{"t2_order": {"at": 2.0}}])) == ["t1_order", "t2_order"]
