"""Which SQL may run: one statement that reads, with functions that only compute."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ...errors import ToolError

Dialect = Literal["sqlite", "postgres"]

_NAMES = """
abs age avg ceil ceiling char_length coalesce concat concat_ws count cume_dist current_date
current_time current_timestamp date date_part date_trunc datetime dense_rank extract
first_value floor format glob greatest group_concat hex ifnull iif initcap instr json_array
json_array_length json_each json_extract json_extract_path_text json_group_array
json_group_object json_object json_tree json_type json_valid jsonb_array_length
jsonb_extract_path_text julianday lag last_value lead least left length like ln localtime
localtimestamp log lower lpad ltrim make_date match max md5 min mod nth_value ntile now nullif
octet_length percent_rank position power printf quote rank regexp_replace replace right round
row_number rpad rtrim sign split_part sqrt strftime string_agg strpos substr substring sum time
timediff to_char to_date to_number to_timestamp total trim trunc typeof unicode unixepoch upper
bm25 highlight match snippet -> ->>
"""

FUNCTIONS = frozenset(_NAMES.split())
"""Functions by the names that SQLite and PostgreSQL give them: they compute, and touch nothing."""

_WRITES = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Into, exp.Lock, exp.Command)
_CATALOG_PREFIXES = ("pg_", "pragma_", "sqlite_", "dbstat")
_READABLE_CATALOG = frozenset({"sqlite_master", "sqlite_schema"})


def check_statement(
    sql: str,
    *,
    dialect: Dialect,
    functions: Collection[str] = FUNCTIONS,
    tables: Collection[str] | None = None,
) -> None:
    """Refuse everything but one `SELECT`, with or without `WITH`.

    This is the first wall and the one that explains itself. The second is the database: a
    read-only connection, and for SQLite an authorizer.

    Args:
        sql: What a model wrote.
        dialect: The database it is for.
        functions: Names of the functions that may be called.
        tables: Names of the tables that may be read; `None` for all but the catalogs.

    Raises:
        ToolError: The statement does more than read; nothing was run.
    """
    tree = _parse(sql, dialect)
    for node in tree.walk():
        if isinstance(node, _WRITES):
            raise refused(f"{node.key.upper()} is not allowed.")
        if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
            name = node.name.lower()
            if name not in functions:
                raise refused(f"The function {name[:80]} is not allowed.")
        if isinstance(node, exp.Dot) and node.find(exp.Func) is not None:
            raise refused("A function of a named schema is not allowed.")
    _check_tables(tree, tables)


def _parse(sql: str, dialect: Dialect) -> exp.Select | exp.SetOperation:
    try:
        trees = sqlglot.parse(sql, read=dialect)
    except (SqlglotError, RecursionError) as error:
        raise refused(f"It cannot be parsed: {str(error)[:300]}") from None
    tree = trees[0] if len(trees) == 1 else None
    if tree is None:
        raise refused(f"It holds {len(trees)} statements.")
    if not isinstance(tree, exp.Select | exp.SetOperation):
        raise refused(f"{tree.key.upper()} is not allowed.")
    return tree


def _check_tables(tree: exp.Select | exp.SetOperation, tables: Collection[str] | None) -> None:
    named = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        name = table.name.lower()
        if not name or (name in named and not table.db):
            continue
        if not is_readable(name, tables) or table.db.lower() == "pg_catalog":
            raise refused(f"The table {name[:80]} may not be read.")


def is_readable(table: str, tables: Collection[str] | None) -> bool:
    """Whether a table may be read."""
    name = table.lower()
    if tables is not None:
        return name in tables
    return name in _READABLE_CATALOG or not name.startswith(_CATALOG_PREFIXES)


def refused(message: str) -> ToolError:
    """Say that a statement is not run, and what would be."""
    return ToolError(message, where="sql", fix="Write one SELECT that only reads.")
