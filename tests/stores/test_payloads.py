"""Payloads are stored once and come back as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from pointsman.errors import NotFoundError
from pointsman.state.values import digest
from pointsman.stores import SqlStore
from pointsman.stores.packing import (
    compress,
    expand,
    json_bytes,
    pack_text,
    parse_json,
    unpack_text,
)
from pointsman.stores.schema import payloads


async def test_value_comes_back(store: SqlStore) -> None:
    """A JSON value is returned under the digest of its canonical form."""
    value = {"b": [1, 2.5, None, True], "a": "ü" * 500}

    key = await store.payloads.put(value)

    assert key == digest(value)
    assert await store.payloads.get(key) == value


async def test_equal_values_are_stored_once(store: SqlStore) -> None:
    """Putting an equal value again adds no row."""
    await store.payloads.put({"a": 1, "b": 2})
    await store.payloads.put({"b": 2, "a": 1})

    query = select(func.count()).select_from(payloads)
    assert await store.database.read(lambda connection: connection.scalar(query)) == 1


async def test_bytes_come_back_with_their_media_type(store: SqlStore) -> None:
    """The same bytes under two media types are two payloads."""
    data = bytes(range(256)) * 10
    image = await store.payloads.put_bytes(data, "image/png")
    other = await store.payloads.put_bytes(data, "application/octet-stream")

    assert await store.payloads.get_bytes(image) == (data, "image/png")
    assert await store.payloads.get_bytes(other) == (data, "application/octet-stream")


async def test_unknown_digest_is_not_found(store: SqlStore) -> None:
    """An unknown digest, and bytes asked for as JSON, are not found."""
    image = await store.payloads.put_bytes(b"x", "image/png")

    for key in ("0" * 64, "anything", image):
        with pytest.raises(NotFoundError, match=key):
            await store.payloads.get(key)


async def test_text_that_databases_refuse_comes_back(store: SqlStore) -> None:
    """NUL and lone surrogates, which a tool may return, survive both databases."""
    value = {"nul": "a\x00b", "surrogate": "\ud800"}

    assert await store.payloads.get(await store.payloads.put(value)) == value


ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.from_regex(
    r"\A[0-9a-f]{8,70}\Z|\A[0-9a-f-]{36}\Z|\A[\x00-\x03].*\Z"
)


@given(ANY_TEXT | st.uuids().map(str))
def test_packed_text_is_read_back(text: str) -> None:
    """Any text at all is the same after packing."""
    assert unpack_text(pack_text(text)) == text


@given(ANY_TEXT, ANY_TEXT)
def test_different_texts_stay_different(one: str, other: str) -> None:
    """Packing keeps keys apart."""
    assert (pack_text(one) == pack_text(other)) == (one == other)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | ANY_TEXT,
        lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
        max_leaves=20,
    )
)
def test_packed_json_is_read_back(value: object) -> None:
    """Any JSON value is the same after packing."""
    assert parse_json(expand(compress(json_bytes(value)))) == value
