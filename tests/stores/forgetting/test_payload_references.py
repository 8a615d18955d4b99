"""Which payloads nothing names any more, once those are gone that named them."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert

from pointsman.state.values import Json
from pointsman.stores.forgetting.payload_references import digests_in, unneeded
from pointsman.stores.payloads import Content, content_of, content_of_bytes, insert_content
from pointsman.stores.schema import effects, notes, outcomes

ABSENT = "0" * 64


@st.composite
def graphs(draw: st.DrawFn) -> list[list[int]]:
    """Draw payloads by which earlier ones each names: a digest is known when its value is."""
    size = draw(st.integers(1, 8))
    return [
        draw(st.lists(st.integers(0, n - 1), max_size=3, unique=True)) if n else []
        for n in range(size)
    ]


def contents(graph: list[list[int]]) -> list[Content]:
    """Return payloads whose values name others as records do: alone, in keys and within text."""
    made: list[Content] = []
    for n, named in enumerate(graph):
        forms: list[Json] = []
        for index, other in enumerate(named):
            digest = made[other].digest
            whole: list[Json] = [digest, {digest: n}, f"see {digest}, of {n}"]
            forms.append(whole[(n + index) % 3])
        made.append(content_of({"n": n, "named": forms, "filling": "x" * 300}))
    return made


def insert_name(connection: Connection, n: int, digest: str) -> None:
    """Have a row of some table name a payload."""
    row: dict[str, Any] = {"run_id": f"r{n}", "thread_id": f"t{n}"}
    if n % 2:
        row |= {"kind": "plan", "version": 0, "body": {"said": f"as in {digest}"}, "at": 0.0}
        connection.execute(insert(notes).values(row))
        return
    row |= {"plan_version": 1, "step": "s", "body": {}, "output_digest": digest}
    connection.execute(insert(outcomes).values(row))


def reached(graph: list[list[int]], roots: set[int]) -> set[int]:
    """Return what roots lead to, themselves included."""
    found = {*roots}
    for n in range(len(graph) - 1, -1, -1):
        if n in found:
            found |= {*graph[n]}
    return found


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), graph=graphs())
def test_what_is_removed_is_just_what_nothing_leads_to(
    connection: Connection, data: st.DataObject, graph: list[list[int]]
) -> None:
    """Whatever rows, checkpoints and other payloads lead to stays; all the rest of it goes."""
    some = st.sets(st.integers(0, len(graph) - 1))
    asked, by_rows, by_checkpoints = (data.draw(some) for _ in range(3))
    made = contents(graph)
    with connection.begin() as transaction:
        for content in made:
            insert_content(connection, content)
        for n in by_rows:
            insert_name(connection, n, made[n].digest)

        gone = unneeded(
            connection,
            frozenset({made[n].digest for n in asked} | {ABSENT}),
            frozenset({made[n].digest for n in by_checkpoints}),
        )
        transaction.rollback()

    own = reached(graph, asked)
    elsewhere = by_rows | by_checkpoints | ({*range(len(graph))} - own)
    assert gone == {made[n].digest for n in own - reached(graph, elsewhere)}


def test_bytes_name_nothing(connection: Connection) -> None:
    """A picture in which a digest happens to stand keeps no payload."""
    value = content_of("slartibartfast " * 20)
    with connection.begin() as transaction:
        insert_content(connection, value)
        insert_content(connection, content_of_bytes(value.digest.encode(), "text/plain"))

        gone = unneeded(connection, frozenset({value.digest}), frozenset())
        transaction.rollback()

    assert gone == {value.digest}


def test_a_short_output_names_too(connection: Connection) -> None:
    """What stands in a row itself, as a call's short output does, counts like all else."""
    value = content_of("slartibartfast " * 20)
    row = dict.fromkeys(("key", "run_id", "thread_id", "step", "tool", "args_digest"), "k")
    row |= dict.fromkeys(("effect", "idempotency", "state", "owner", "error", "note"), "")
    numbers = dict.fromkeys(("fence", "lease_expires_at", "attempts", "claimed_at"), 0)
    with connection.begin() as transaction:
        insert_content(connection, value)
        connection.execute(insert(effects).values({**row, **numbers, "output": value.digest}))

        gone = unneeded(connection, frozenset({value.digest}), frozenset())
        transaction.rollback()

    assert gone == frozenset()


@given(
    st.text("0123456789abcdef", min_size=64, max_size=64), st.sampled_from(["", " ", "é", "z", "G"])
)
def test_a_digest_is_seen_between_whatever_is_no_part_of_one(digest: str, around: str) -> None:
    """Neither a longer run of digits nor a part of one is taken for a digest."""
    assert digests_in(f"{around}{digest}{around}") == {digest}
    assert digests_in(f"{digest}0") == digests_in(digest[1:]) == frozenset()
