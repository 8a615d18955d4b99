"""Rows are readable to SQL, and rows of before come to be so."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
import zlib
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from pointsman.stores import open_store
from pointsman.stores.engines import Pool, store_url
from pointsman.stores.migrate import SCRIPTS, upgrade
from pointsman.stores.packing import json_text, pack_text, unpack_text
from pointsman.stores.records import EffectClaim

ODD = "odd \0 and half an emoji \ud83d and ünïcode"
RUN = "0123456789abcdef0123456789abcdef"
THREAD = str(uuid.UUID(int=7))
DIGEST = "ab" * 32


def frozen() -> Any:
    """The migration, which knows the form of before."""
    path = SCRIPTS / "versions" / "0003_readable_rows.py"
    spec = spec_from_file_location("readable_rows", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def old_text(value: str) -> bytes:
    """Pack text as the first releases did."""
    if re.fullmatch("(?:[0-9a-f]{2}){8,}", value):
        return b"\x01" + bytes.fromhex(value)
    if re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
        return b"\x02" + uuid.UUID(value).bytes
    data = value.encode("utf-8", "surrogatepass")
    return b"\x00" + data if data[:1] in (b"\x00", b"\x01", b"\x02") else data


def old_bytes(data: bytes) -> bytes:
    """Deflate as the first releases did."""
    if len(data) < 100:
        return b"\x00" + data
    compressor = zlib.compressobj(zdict=frozen()._COMMON)
    return b"\x01" + compressor.compress(data) + compressor.flush()


def old_json(value: Any) -> bytes:
    """Pack JSON as the first releases did."""
    plain = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return old_bytes(plain.encode("utf-8", "surrogatepass"))


def test_a_database_of_before_is_read_as_it_was(url: str) -> None:
    """Every kind of text and value survives the migration, and the tables are those of today."""
    large = {"words": "large " * 1000, "odd": ODD}
    pool = Pool(store_url(url), connections=1, timeout_seconds=5)
    with pool.writing.begin() as connection:
        upgrade(connection, None, "0002")
        connection.execute(
            text("INSERT INTO pointsman_payloads (digest, data, media_type) VALUES (:d, :b, :m)"),
            [
                {"d": old_text(DIGEST), "b": old_json(large), "m": None},
                {"d": old_text("cd" * 32), "b": old_bytes(b"x" * 5000), "m": old_text("image/png")},
            ],
        )
        connection.execute(
            text(
                "INSERT INTO pointsman_effects (key, run_id, thread_id, step, tool, args_digest, "
                "effect, idempotency, state, fence, owner, lease_expires_at, attempts, output, "
                "output_digest, error, note, claimed_at) VALUES (:key, :run, :thread, :step, "
                ":tool, :digest, 'write', 'none', 'done', 1, :none, 0, 1, :output, :payload, "
                ":error, :none, 5)"
            ),
            [
                {
                    "key": old_text(key),
                    "run": old_text(RUN),
                    "thread": old_text(THREAD),
                    "step": old_text("s1"),
                    "tool": old_text("pay"),
                    "none": old_text(""),
                    "digest": old_text(DIGEST),
                    "error": old_text(ODD),
                    "output": output,
                    "payload": payload,
                }
                for key, output, payload in (
                    ("k" * 8, old_json({"odd": ODD}), None),
                    ("ef" * 32, None, old_text(DIGEST)),
                )
            ],
        )
        upgrade(connection, "0002")
    pool.close()

    async def check() -> None:
        async with open_store(url) as store:
            assert await store.payloads.get(DIGEST) == large
            assert await store.payloads.get_bytes("cd" * 32) == (b"x" * 5000, "image/png")
            short, long = await store.effects.of_run(RUN)
            assert (short.claim.thread_id, short.output, short.error) == (THREAD, {"odd": ODD}, ODD)
            assert (long.claim.key, long.output) == ("ef" * 32, large)

    asyncio.run(check())


async def test_sql_reads_what_a_row_holds(url: str) -> None:
    """An operator asks the database itself, in its own JSON functions."""
    async with open_store(url) as store:
        claim = EffectClaim(
            key=DIGEST, run_id=RUN, step="s1", tool="pay", args_digest="d", effect="money"
        )
        record = await store.effects.claim(claim, owner="w", lease_seconds=60)
        await store.effects.settle(DIGEST, fence=record.fence, state="done", output={"paid": 20})
        path = "output::json ->> 'paid'" if "postgres" in url else "output ->> '$.paid'"
        query = text(f"SELECT tool, {path} FROM pointsman_effects WHERE run_id = '{RUN}'")  # noqa: S608
        row = await store.database.read(lambda connection: connection.execute(query).one())
    assert (row[0], int(row[1])) == ("pay", 20)


@given(st.text(st.characters()))
def test_any_text_comes_back(value: str) -> None:
    """What a text column takes is stored as it is; the rest is marked."""
    assert unpack_text(pack_text(value)) == value
    pack_text(value).encode()
    assert "\0" not in pack_text(value)


@pytest.mark.parametrize("value", [ODD, [ODD], {ODD: 1}, "\ufdd0json:", "plain"])
def test_any_json_comes_back(value: Any) -> None:
    """A column of JSON holds valid UTF-8 without NUL."""
    stored = json_text(value)
    assert json.loads(stored) == value
    assert b"\0" not in stored.encode()
