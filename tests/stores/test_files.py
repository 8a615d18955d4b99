"""Nobody but the owner reads what a run writes; what cannot be written says why."""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from pointsman.errors import ConfigError, StoreError
from pointsman.settings import default_home
from pointsman.stores import open_store
from pointsman.stores.checkpoints import open_checkpoints
from pointsman.stores.engines import store_url
from pointsman.stores.files import private_file, private_home, write_private

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """Have everything be created as open as can be."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    """Return a path's permissions."""
    return stat.S_IMODE(path.stat().st_mode)


async def use(file: Path) -> dict[str, int]:
    """Write to a store, and return the modes of its files while it is open."""
    async with open_store(file) as store:
        await store.audit.append("x", body={})
        return {path.name: mode(path) for path in file.parent.glob("store.db*")}


async def test_a_store_and_its_side_files_are_private(tmp_path: Path) -> None:
    """Database and write-ahead log, also in folders that it makes."""
    found = await use(tmp_path / "a" / "b" / "store.db")

    assert {"store.db", "store.db-wal"} <= set(found)
    assert set(found.values()) == {0o600}
    assert mode(tmp_path / "a") == mode(tmp_path / "a" / "b") == 0o700


async def test_files_that_were_open_are_closed_to_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A store of an earlier release is tightened, and that is said; its folder is its owner's."""
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    await use(folder / "store.db")
    (folder / "store.db").chmod(0o666)
    (folder / "store.db-wal").write_bytes(b"")
    (folder / "store.db-wal").chmod(0o644)

    with caplog.at_level(logging.WARNING):
        found = await use(folder / "store.db")

    assert set(found.values()) == {0o600}
    assert "store.db was open to others (mode 0666)" in caplog.text
    assert mode(folder) == 0o755


async def test_checkpoints_are_private(tmp_path: Path) -> None:
    """While they are open and afterwards, new or old."""
    file = tmp_path / "home" / "checkpoints.db"
    for _ in range(2):
        async with open_checkpoints(file):
            assert {mode(path) for path in file.parent.iterdir()} == {0o600}
        file.chmod(0o666)


def test_a_home_is_closed_to_others(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """New, or from before; what it holds needs no mode of its own then."""
    assert mode(private_home(tmp_path / "new" / "home")) == 0o700
    old = tmp_path / "old"
    old.mkdir(mode=0o777)

    with caplog.at_level(logging.WARNING):
        assert mode(private_home(old)) == 0o700

    assert "old was open to others" in caplog.text


def test_a_folder_of_everybody_is_left_alone(tmp_path: Path) -> None:
    """Somebody who calls /tmp their home must not close it to the machine."""
    shared = tmp_path / "tmp"
    shared.mkdir()
    shared.chmod(0o1777)

    private_home(shared)

    assert mode(shared) == 0o1777


def test_an_export_is_private_and_whole(tmp_path: Path) -> None:
    """It replaces what was there, also where that was open."""
    file = tmp_path / "pins.json"
    file.write_text("old")
    file.chmod(0o666)

    write_private(file, "new")

    assert (file.read_text(), mode(file)) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("file", id="a-file"),
        pytest.param("file/below", id="below-a-file"),
        pytest.param("/proc/pointsman", id="where-nothing-can-be-made"),
        pytest.param("x" * 300, id="name-too-long"),
    ],
)
async def test_a_home_that_cannot_be_is_a_clear_error(tmp_path: Path, place: str) -> None:
    """Home, store and checkpoints name the path and the way out."""
    (tmp_path / "file").write_text("")
    home = tmp_path / place

    with pytest.raises(StoreError, match=r"(?s)POINTSMAN_HOME"):
        private_home(home)
    with pytest.raises(StoreError, match=place[:20]):
        async with open_checkpoints(home / "checkpoints.db"):
            pass
    async with open_store(home / "store.db") as store:
        with pytest.raises(StoreError, match=place[:20]):
            await store.switches.active()


def spoil(file: Path, how: str) -> None:
    """Damage a database."""
    data = file.read_bytes()
    if how == "garbled":
        file.write_bytes(data[:4096] + os.urandom(len(data) - 4096))
    elif how == "truncated":
        file.write_bytes(data[: len(data) // 2 + 100])
    else:
        file.write_bytes(b"This is no database. " * 400)


@pytest.mark.parametrize("how", ["garbled", "truncated", "text"])
async def test_a_damaged_file_is_named(tmp_path: Path, how: str) -> None:
    """Store and checkpoints say that they are damaged, which file, and what to do."""
    config = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
    checkpoints, store_file = tmp_path / "checkpoints.db", tmp_path / "store.db"
    await use(store_file)
    async with open_checkpoints(checkpoints) as saver:
        assert await saver.aget_tuple(CONFIG) is None
    spoil(store_file, how)
    spoil(checkpoints, how)

    with pytest.raises(StoreError, match=r"(?s)checkpoints.db.*damaged.*backup"):
        async with open_checkpoints(checkpoints) as saver:
            await saver.aget_tuple(config)  # pyright: ignore[reportArgumentType]
    async with open_store(store_file) as store:
        with pytest.raises(StoreError, match=r"(?s)store.db.*damaged.*backup"):
            await store.audit.verify()


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:s3cret@host/db",
        "postgresql+asyncpg://u:s3cret@host/db",
        "postgresql://u:s3cret@host:port/db",
        "postgresql://u:s3cret@[::1/db",
        "postgresql:/u:s3cret@host/db",
        "postgresql:u:s3cret@host",
        "redis://:s3cret@host",
        "s3cret://host",
        "sqlite://",
        "sqlite:///:memory:",
        "file:s3cret?mode=memory",
        "://s3cret",
        "",
        "   ",
        "sqlite:///  ",
        "a\0s3cret",
    ],
)
def test_a_store_url_that_is_none_is_a_clear_error(url: str) -> None:
    """It says what to write and repeats nothing that may be a password."""
    with pytest.raises(ConfigError, match="Give a file path") as raised:
        store_url(url)

    assert "s3cret" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("path", ["C:\\desk\\store.db", "./a:b/store.db", "~/store.db", "store.db"])
def test_paths_are_no_urls(path: str) -> None:
    """A drive letter, a colon further on, a home."""
    assert store_url(path).get_backend_name() == "sqlite"


async def test_a_spoilt_value_in_a_whole_database_is_a_clear_error(tmp_path: Path) -> None:
    """The database's own checks pass; what stands in the row does not read."""
    await use(tmp_path / "store.db")
    with closing(sqlite3.connect(tmp_path / "store.db")) as database, database:
        database.execute("UPDATE pointsman_audit_bodies SET body = '{\"half'")

    async with open_store(tmp_path / "store.db") as store:
        with pytest.raises(StoreError, match=r"cannot be read.*backup"):
            await store.audit.entries()


async def test_a_store_that_is_a_folder_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    """Closed like a file, nobody could have entered it any more."""
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o755)
    async with open_store(folder) as store:
        with pytest.raises(StoreError, match="not a file"):
            await store.switches.active()
    with pytest.raises(StoreError, match="not a file"):
        async with open_checkpoints(folder):
            pass
    assert mode(folder) == 0o755


@pytest.mark.parametrize("given", ["", "  ", "\t"])
def test_a_blank_home_is_none(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be a folder of spaces."""
    monkeypatch.setenv("POINTSMAN_HOME", given)
    assert default_home() == Path.cwd() / ".pointsman"


WHOLE: Any = {"v": 4, "id": "1", "ts": "", "channel_values": {"n": 123456, "text": "Pay 100.00"}}
CONFIG: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}


async def saved(file: Path) -> None:
    """Write a checkpoint with a value pending."""
    async with open_checkpoints(file) as saver:
        checkpoint = {**WHOLE, "channel_versions": {}, "versions_seen": {}}
        metadata: Any = {"source": "loop", "step": 1}
        written = await saver.aput(CONFIG, checkpoint, metadata, {})  # type: ignore[arg-type]
        await saver.aput_writes(written, [("n", {"amount": 100})], "task")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize(
    ("table", "column"), [("checkpoints", "checkpoint"), ("writes", "value")], ids=str
)
async def test_no_value_of_a_checkpoint_is_read_as_another(
    table: str, column: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """One bit is enough: the database's own checks see none of it."""
    file = tmp_path_factory.mktemp("home") / "checkpoints.db"
    await saved(file)
    with closing(sqlite3.connect(file)) as database, database:
        read = f"SELECT {column} FROM {table}"  # noqa: S608 - names of ours
        [(value,)] = database.execute(read).fetchall()
        spoilt = bytearray(value)
        spoilt[data.draw(st.integers(0, len(value) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        write = f"UPDATE {table} SET {column} = ?"  # noqa: S608
        database.execute(write, [bytes(spoilt)])
    async with open_checkpoints(file) as saver:
        with pytest.raises(StoreError, match=r"checkpoints.db.*damaged"):
            await saver.aget_tuple(CONFIG)


@pytest.mark.parametrize(
    "change",
    [
        "metadata = '{'",
        "metadata = '{}'",
        "metadata = '3'",
        "metadata = X'ff'",
        "checkpoint = NULL",
        "type = 'bytes'",
        "type = 'null'",
        "type = 'nonsense'",
        "checkpoint = (SELECT value FROM writes), type = (SELECT type FROM writes)",
    ],
)
async def test_what_stands_for_a_checkpoint_and_is_none_is_named(
    change: str, tmp_path: Path
) -> None:
    """It was told as an attribute that is missing, from deep within the graph."""
    file = tmp_path / "checkpoints.db"
    await saved(file)
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(f"UPDATE checkpoints SET {change}")  # noqa: S608 - words of ours
    async with open_checkpoints(file) as saver:
        with pytest.raises(StoreError, match=r"checkpoints.db.*damaged"):
            await saver.aget_tuple(CONFIG)


async def test_checkpoints_of_an_earlier_release_are_read(tmp_path: Path) -> None:
    """Their values have no checksum."""
    file = tmp_path / "checkpoints.db"
    async with AsyncSqliteSaver.from_conn_string(str(file)) as plain:
        metadata: Any = {"source": "loop", "step": 1}
        checkpoint = {**WHOLE, "channel_versions": {}, "versions_seen": {}}
        await plain.aput(CONFIG, checkpoint, metadata, {})  # type: ignore[arg-type]
    async with open_checkpoints(file) as saver:
        found = await saver.aget_tuple(CONFIG)
    assert found is not None
    assert found.checkpoint["channel_values"] == WHOLE["channel_values"]


def test_what_a_link_leads_to_is_made_private_too(tmp_path: Path) -> None:
    """A database that is kept on another disk by a link, which is not there yet."""
    (tmp_path / "disk").mkdir()
    link = tmp_path / "store.db"
    link.symlink_to(tmp_path / "disk" / "store.db")

    private_file(link)

    assert stat.S_IMODE((tmp_path / "disk" / "store.db").stat().st_mode) == 0o600


def test_a_name_that_no_disk_takes_is_said_to_be_one(tmp_path: Path) -> None:
    """A clear error, as for every other place that cannot be used."""
    with pytest.raises(StoreError, match="cannot be made or written"):
        private_file(tmp_path / ("x" * 300))
