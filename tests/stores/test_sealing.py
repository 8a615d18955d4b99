"""Sealed checkpoints: nothing of them can be read in the file, and everything with the key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.base import empty_checkpoint

from pointsman.errors import ConfigError, StoreError
from pointsman.stores.checkpoints import open_checkpoints
from pointsman.stores.sealing import Seal

CONFIG: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
WORDS = "ana@example.org pays"


def seal(key: bytes = b"k" * 32, *, closes: bool = True) -> Seal:
    """Return a seal."""
    return Seal(lambda: key, closes=closes)


async def write(file: Path, seal: Seal | None) -> None:
    """Write one checkpoint, and what a node has written."""
    async with open_checkpoints(file, seal=seal) as saver:
        checkpoint = empty_checkpoint() | {"channel_values": {"said": WORDS}}
        config = await saver.aput(CONFIG, checkpoint, {"step": 1}, {})  # pyright: ignore
        await saver.aput_writes(config, [("said", WORDS)], "task")


async def read(file: Path, seal: Seal | None) -> Any:
    """Return what stands there."""
    async with open_checkpoints(file, seal=seal) as saver:
        found = await saver.aget_tuple(CONFIG)
    assert found is not None
    return found.checkpoint["channel_values"]["said"], found.pending_writes


def raw(file: Path) -> bytes:
    """Return all bytes of the database."""
    return b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))


async def test_the_file_tells_nothing_and_the_key_everything(tmp_path: Path) -> None:
    """Neither of a checkpoint nor of what nodes have written since."""
    file = tmp_path / "checkpoints.db"
    await write(file, seal())
    assert WORDS.encode() not in raw(file)
    said, writes = await read(file, seal())
    assert said == WORDS
    assert writes[0][1:] == ("said", WORDS)


@pytest.mark.parametrize("closes", [True, False])
async def test_what_was_written_before_or_is_no_longer_sealed_is_read(
    tmp_path: Path, closes: bool
) -> None:
    """The setting may change while threads wait."""
    file = tmp_path / "checkpoints.db"
    await write(file, seal(closes=not closes))
    said, _ = await read(file, seal(closes=closes))
    assert said == WORDS


@pytest.mark.parametrize("other", [seal(b"o" * 32), None])
async def test_another_key_opens_nothing(tmp_path: Path, other: Seal | None) -> None:
    """It is told as a file that cannot be read, not as another state."""
    file = tmp_path / "checkpoints.db"
    await write(file, seal())
    with pytest.raises(StoreError, match="checkpoints"):
        await read(file, other)


async def test_a_file_without_sealed_values_needs_no_key(tmp_path: Path) -> None:
    """Nobody asks for a key before there is something to open."""

    def none() -> bytes:
        raise AssertionError("asked")

    file = tmp_path / "checkpoints.db"
    await write(file, Seal(none, closes=False))
    assert (await read(file, Seal(none, closes=False)))[0] == WORDS


async def test_postgresql_is_refused_with_the_way_out() -> None:
    """LangGraph writes short values into its rows as they are."""
    with pytest.raises(ConfigError, match="not sealed") as caught:
        async with open_checkpoints("postgresql://me@127.0.0.1:1/none", seal=seal()):
            pass
    assert caught.value.where == "masking.seal_checkpoints"
