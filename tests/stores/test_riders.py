"""What goes with the next write goes once, and before everything that follows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from pointsman.errors import StoreError
from pointsman.stores.database import Database

WRITES = 200


def saying(word: str) -> Callable[[Connection], None]:
    """Return work that writes a word down."""

    def work(connection: Connection) -> None:
        connection.execute(text("INSERT INTO said (word) VALUES (:word)"), {"word": word})

    return work


def refused(connection: Connection) -> None:
    """Write what the database refuses."""
    connection.execute(text("INSERT INTO nowhere (word) VALUES ('x')"))


async def words(database: Database) -> list[str]:
    """Return what was written down."""
    return await database.read(lambda c: list(c.execute(text("SELECT word FROM said")).scalars()))


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """Give a database with a table of words."""
    made = Database(url)
    await made.write(lambda c: c.execute(text("CREATE TABLE said (word TEXT)")) and None)
    yield made
    await made.close()


async def test_it_goes_before_what_is_written_next(database: Database) -> None:
    """And not before that is."""
    await database.with_next_write("r", saying("rider"))
    assert await words(database) == []

    await database.write(saying("next"))
    await database.write(saying("last"))

    assert await words(database) == ["rider", "next", "last"]


async def test_it_waits_on_where_the_write_fails(database: Database) -> None:
    """What was not durable is carried by the one after."""
    await database.with_next_write("r", saying("rider"))
    with pytest.raises(StoreError):
        await database.write(refused)

    await database.write(saying("next"))

    assert await words(database) == ["rider", "next"]


async def test_many_writes_at_once_do_not_repeat_it(
    tmp_path: Path,
) -> None:
    """However many wait for the one thread that writes, a rider is run once a transaction."""
    database = Database(tmp_path / "store.db")
    await database.write(lambda c: c.execute(text("CREATE TABLE said (word TEXT)")) and None)
    ran: list[int] = []

    def rider(_: Connection) -> None:
        ran.append(1)

    async def one(number: int) -> None:
        await database.with_next_write(f"r{number}", rider)
        await database.write(saying(str(number)))

    await asyncio.gather(*(one(number) for number in range(WRITES)))
    await database.close()

    assert WRITES <= len(ran) <= 2 * WRITES


async def test_one_failure_among_many_undoes_its_own_work_only(database: Database) -> None:
    """Those that were committed together with it are written once."""
    pieces = [saying(str(number)) for number in range(20)]
    pieces.insert(7, refused)

    ended = await asyncio.gather(*map(database.write, pieces), return_exceptions=True)

    assert [number for number, end in enumerate(ended) if end is not None] == [7]
    assert isinstance(ended[7], StoreError)
    assert sorted(await words(database), key=int) == [str(number) for number in range(20)]


async def test_the_newest_of_a_key_goes(database: Database) -> None:
    """A second one takes the first one's place, also while the first is on its way."""
    await database.with_next_write("r", saying("old"))
    await database.with_next_write("r", saying("new"))

    await database.write(saying("next"))

    assert await words(database) == ["new", "next"]


async def test_it_is_written_by_itself_where_nothing_comes_in_time(database: Database) -> None:
    """Nobody has to write anything else for it."""
    await database.with_next_write("r", saying("rider"), within=0.02)
    assert await words(database) == []

    async with asyncio.timeout(20):
        while await words(database) != ["rider"]:
            await asyncio.sleep(0.02)
