"""Rows that SQL can read: text as text and JSON as JSON, instead of packed bytes.

What was packed is unpacked row by row and stored as the UTF-8 of its readable form; then the
columns get their new type.
"""

from __future__ import annotations

import json
import re
import uuid
import zlib
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

# Table → primary key, packed text, packed JSON.
TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "payloads": (("digest",), ("digest", "media_type"), ()),
    "outcomes": (("seq",), ("run_id", "thread_id", "step", "output_digest"), ("body",)),
    "notes": (("seq",), ("run_id", "thread_id", "kind"), ("body",)),
    "effects": (
        ("seq",),
        (
            *("key", "run_id", "thread_id", "step", "tool", "args_digest"),
            *("owner", "output_digest", "error", "note"),
        ),
        ("output",),
    ),
    "business_keys": (("digest",), ("digest", "effect_key"), ()),
    "approvals": (("seq",), ("id", "run_id", "thread_id", "reason"), ("request",)),
    "decisions": (("seq",), ("approval_id", "approver"), ("body",)),
    "audit": (
        ("seq",),
        ("kind", "thread_id", "run_id", "actor", "previous", "hash"),
        ("body",),
    ),
    "audit_head": (("id",), ("hash",), ()),
    "attempts": (("seq",), ("run_id", "id"), ("body",)),
    "balances": (("scope", "key"), ("key",), ()),
    "reservations": (("id",), ("id",), ()),
    "reservation_caps": (("reservation_id", "scope", "key"), ("reservation_id", "key"), ()),
    "switches": (("kind", "target"), ("target", "reason", "actor"), ()),
    "leases": (("name",), ("name", "owner"), ()),
}

# Table, constraint, columns, referred table, its columns, what happens on deletion.
FOREIGN_KEYS: tuple[tuple[str, str, list[str], str, list[str], str | None], ...] = (
    ("outcomes", "outcomes_output_digest_fk", ["output_digest"], "payloads", ["digest"], None),
    ("effects", "effects_output_digest_fk", ["output_digest"], "payloads", ["digest"], None),
    ("decisions", "decisions_approval_id_fk", ["approval_id"], "approvals", ["id"], None),
    (
        *("reservation_caps", "reservation_caps_reservation_id_fk", ["reservation_id"]),
        *("reservations", ["id"], "CASCADE"),
    ),
    (
        *("reservation_caps", "reservation_caps_scope_key_fk", ["scope", "key"]),
        *("balances", ["scope", "key"], None),
    ),
)


def upgrade() -> None:
    """Unpack every row, then change the columns' types."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        _unpack_rows(connection, str)
        _retype_in_sqlite(connection)
        return
    for table, name, *_ in FOREIGN_KEYS:
        op.drop_constraint(_name(name), _name(table), type_="foreignkey")
    _unpack_rows(connection, str.encode)
    for table, (_, texts, values) in TABLES.items():
        for column in (*texts, *values):
            op.execute(
                f"ALTER TABLE {_name(table)} ALTER COLUMN {column} "
                f"TYPE TEXT USING convert_from({column}, 'UTF8')"
            )
    for table, name, columns, referred, others, cascade in FOREIGN_KEYS:
        op.create_foreign_key(
            _name(name), _name(table), _name(referred), columns, others, ondelete=cascade
        )


def _name(table: str) -> str:
    return f"pointsman_{table}"


def _unpack_rows(connection: sa.Connection, stored: Callable[[str], Any]) -> None:
    for name, (keys, texts, values) in TABLES.items():
        data = ("data",) if name == "payloads" else ()
        columns = dict.fromkeys((*keys, *texts, *values, *data))
        table = sa.table(_name(name), *(sa.column(column) for column in columns))
        key_columns = [table.c[key] for key in keys]
        for key in connection.execute(sa.select(*key_columns)).all():
            here = sa.and_(*(c == part for c, part in zip(key_columns, key, strict=True)))
            row = dict(connection.execute(sa.select(table).where(here)).mappings().one())
            changed = {c: stored(_text(row[c])) for c in texts if row[c] is not None}
            changed |= {c: stored(_json(row[c])) for c in values if row[c] is not None}
            if data:
                changed["data"] = _payload(row["data"], is_json=row["media_type"] is None)
            connection.execute(sa.update(table).where(here).values(changed))


def _retype_in_sqlite(connection: sa.Connection) -> None:
    """Change declared types only, as SQLite's manual has it: the rows are as they should be."""
    current = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    for name, (_, texts, values) in TABLES.items():
        sql = connection.execute(
            sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name"),
            {"name": _name(name)},
        ).scalar_one()
        for column in (*texts, *values):
            sql = re.sub(rf'(?m)^(\s*"?{column}"?) BLOB', r"\1 TEXT", sql)
        connection.execute(
            sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :name"),
            {"sql": sql, "name": _name(name)},
        )
    connection.exec_driver_sql(f"PRAGMA schema_version = {current + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")


# What follows reads the form of before, as it was, and writes that of this revision.

_MARK = "\ufdd0json:"
_REFUSED = re.compile("[\0\ud800-\udfff]")
_COMMON = (
    b'"message":"","kind":"tool_error","retryable":true,"failure":{"allowed":["approve","edit",'
    b'"approval_id":"ap_","args":{"requested_at":,"expires_at":,"requester":"approver":"decided_at"'
    b'"model":"","endpoint":"","outcome":"ok","prompt":"","reply":"","role":"","started_at":,"step"'
    b'"cached_input_tokens":,"reasoning_tokens":,"first_token_seconds":0.,"reserved_usd":0.0'
    b'"taint":["untrusted"],"payload":"","excerpt":"","usage":{"estimated":true,"input_tokens":,'
    b'"model_calls":1,"output_tokens":,"usd":0.0,"tool_calls":1},"verdict":{"action":"accept",'
    b'"confidence":1.0,"reason":""},"why":""},{"attempts":[{"number":1,"performed_by":"",'
    b'"replayed":true,"seconds":0.0,"usage":{"tool_calls":1}],"evidence":[{"id":"s1","path":"",'
    b'"source":"","step":"s1","trust":"untrusted"}],"status":"accepted","usage":{"tool_calls":1}}'
)


def _text(data: bytes) -> str:
    data = bytes(data)
    tag, rest = data[:1], data[1:]
    if tag == b"\x01":
        text = rest.hex()
    elif tag == b"\x02":
        text = str(uuid.UUID(bytes=rest))
    else:
        text = (rest if tag == b"\x00" else data).decode("utf-8", "surrogatepass")
    return _MARK + json.dumps(text) if _REFUSED.search(text) else text


def _json(data: bytes) -> str:
    text = _inflated(data).decode("utf-8", "surrogatepass")
    if not _REFUSED.search(text):
        return text
    return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))


def _payload(data: bytes, *, is_json: bool) -> bytes:
    plain = _inflated(data)
    if not is_json or len(plain) < 1000:
        return plain
    return min(plain, zlib.compress(plain), key=len)


def _inflated(data: bytes) -> bytes:
    data = bytes(data)
    if data[:1] == b"\x00":
        return data[1:]
    decompressor = zlib.decompressobj(zdict=_COMMON)
    return decompressor.decompress(data[1:]) + decompressor.flush()
