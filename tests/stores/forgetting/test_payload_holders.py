"""Who has stored a payload decides whether it goes, without a look at anybody else."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert

from pointsman.stores.forgetting.payload_references import held_payloads
from pointsman.stores.payloads import (
    EVERYBODY,
    content_of,
    holder_of_run,
    holder_of_thread,
    insert_content,
)
from pointsman.stores.schema import payloads

MINE = (holder_of_thread("t"), holder_of_run("r"))
THEIRS = (holder_of_thread("other"), EVERYBODY)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stored=st.lists(
        st.tuples(
            st.sets(st.sampled_from([*MINE, *THEIRS, ""]), min_size=1),
            st.sets(st.integers(0, 6), max_size=2),
        ),
        min_size=1,
        max_size=7,
    )
)
def test_what_nobody_else_has_stored_goes(
    connection: Connection, stored: list[tuple[set[str], set[int]]]
) -> None:
    """What others have, and what that names, stays; of whom nobody knows makes all be read."""
    made: list[str] = []
    stays: set[int] = set()
    with connection.begin() as transaction:
        for number, (holders, named) in enumerate(stored):
            value = [number, *(made[other] for other in sorted(named) if other < number)]
            content = content_of(value)
            made.append(content.digest)
            for holder in sorted(holders):
                insert_content(connection, content, by=holder)
        for number in reversed(range(len(stored))):
            holders, named = stored[number]
            if number in stays or holders - {*MINE}:
                stays |= {number, *(other for other in named if other < number)}

        held = held_payloads(connection, frozenset(made), frozenset(MINE))
        transaction.rollback()

    assert held.own == {made[n] for n in range(len(made)) if n not in stays}
    assert held.others == {made[n] for n in stays}
    assert held.is_known == all("" not in holders for holders, _ in stored)


def test_a_row_of_before_is_of_whoever_it_may_be(connection: Connection) -> None:
    """A payload without any note of who stored it is looked for everywhere."""
    content = content_of("slartibartfast " * 20)
    with connection.begin() as transaction:
        connection.execute(insert(payloads).values(digest=content.digest, data=content.data))

        held = held_payloads(connection, frozenset({content.digest}), frozenset(MINE))
        transaction.rollback()

    assert not held.is_known
    assert held.own == frozenset()
