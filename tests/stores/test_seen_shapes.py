"""Seen shapes are kept by tenant, tool and principal; names reach others only if two had them."""

from __future__ import annotations

import asyncio
from typing import Any

from pointsman.state.seen import seen_in
from pointsman.state.shapes import shape_of
from pointsman.stores import SqlStore, open_store
from pointsman.stores.seen_shapes import MOST_WITNESSES

from .conftest import Clock

ORDER = {"id": "A", "total": 9.5}


async def learn(store: SqlStore, output: Any, *, principal: str = "ann", tenant: str = "a") -> None:
    """Learn from one output of `get`."""
    await store.seen_shapes.learn("get", seen_in(output), tenant=tenant, principal=principal)


async def known(store: SqlStore, *, principal: str = "ann", tenant: str = "a") -> str:
    """Return what somebody may know of `get`."""
    shapes = await store.seen_shapes.of_tools(["get", "put"], tenant=tenant, principal=principal)
    return str(shapes.get("get", "nothing"))


async def test_it_outlives_the_process(url: str, clock: Clock) -> None:
    """Another store over the same database knows it, and adds to it."""
    async with open_store(url, clock=clock) as first:
        await learn(first, ORDER)
    async with open_store(url, clock=clock) as second:
        assert await known(second) == "{id: text, total: number}"
        await learn(second, {**ORDER, "note": "x"})
        assert await known(second) == "{id: text, note?: text, total: number}"


async def test_nothing_reaches_another_tenant(store: SqlStore) -> None:
    """Not by a name, not by a structure, whoever bears the same id there."""
    for principal in ("ann", "bob", "carl"):
        await learn(store, ORDER, principal=principal)

    assert await known(store, tenant="b") == "nothing"
    assert await known(store, tenant="") == "nothing"
    assert await known(store, principal="dora", tenant="b") == "nothing"


async def test_a_name_reaches_others_once_two_had_it(store: SqlStore) -> None:
    """What one customer's calls alone brought may be about that customer."""
    await learn(store, {**ORDER, "anns_cat": "x"}, principal="ann")
    assert await known(store, principal="carl") == "object"
    assert await known(store, principal="ann") == "{anns_cat: text, id: text, total: number}"

    await learn(store, {**ORDER, "bobs_dog": "y"}, principal="bob")
    assert await known(store, principal="carl") == "{id: text, total: number, any name: any}"


async def test_what_teaches_nothing_costs_no_statement(store: SqlStore, monkeypatch: Any) -> None:
    """The same again is known to be stored."""
    await learn(store, ORDER)
    monkeypatch.setattr(store.database, "write", None)
    monkeypatch.setattr(store.database, "read", None)
    await learn(store, {"id": "B", "total": 1})


async def test_a_tenants_tool_is_known_by_a_few(store: SqlStore, clock: Clock) -> None:
    """A thousand customers leave no thousand rows: the newest few stay."""
    for number in range(3 * MOST_WITNESSES):
        clock.now += 1
        await learn(store, ORDER, principal=f"p{number}")
    rows = await store.database.read(
        lambda c: c.exec_driver_sql("SELECT principal FROM pointsman_seen_shapes").all()
    )
    assert len(rows) == MOST_WITNESSES
    assert all("p" not in row.principal for row in rows)
    assert await known(store, principal="new") == "{id: text, total: number}"


async def test_workers_that_learn_at_once_lose_nothing(url: str, clock: Clock) -> None:
    """What is known is read and written in one transaction."""
    async with open_store(url, clock=clock) as one, open_store(url, clock=clock) as two:
        names = [f"f{chr(97 + n)}" for n in range(10)]
        await asyncio.gather(
            *(learn(store, {"id": 1, name: 1}) for name in names for store in (one, two))
        )
        shapes = await one.seen_shapes.of_tools(["get"], tenant="a", principal="ann")
    assert shapes["get"].fields.keys() == {"id", *names}


async def test_its_rows_hold_no_value(store: SqlStore) -> None:
    """Neither a text of an output nor the name of whom it was for."""
    await learn(store, {"iban": "DE89", "ann@example.org": {"age": 44}}, principal="ann")
    [row] = await store.database.read(
        lambda c: c.exec_driver_sql("SELECT * FROM pointsman_seen_shapes").all()
    )
    assert not any(word in str(row) for word in ("DE89", "44", "example", "'ann'"))
    assert shape_of({}) != row.shape
