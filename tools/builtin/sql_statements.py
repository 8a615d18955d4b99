"""Which SQL may run: one statement that reads, with functions that only compute."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal

from ...errors import ToolError
from .sql_parser import SqlglotError, exp, sqlglot

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

GROWING = frozenset(
    {"format", "group_concat", "lpad", "printf", "regexp_replace", "replace", "rpad", "string_agg"}
)
"""Those that make long text of little. SQLite bounds each value by itself; PostgreSQL does not."""

_FORMS = frozenset({"cast", "exists", "case", "array", "if", "and", "or", "not", "row", "xor"})
"""What looks like a function and is the language's own."""
MAX_JOINED = 10
"""Most concatenations in a statement for PostgreSQL: each can double what it is given."""

_TYPES = frozenset({"cidr", "citext", "jsonpath", "macaddr", "tsquery", "tsvector", "varbit"})
"""Types that compute and that the parser has no word for."""
_CATALOG_TYPES = (exp.ObjectIdentifier, exp.PseudoType)
MAX_PADDED = 1_000
"""Longest text or bits that a cast may pad a value to."""
_PADDED = (exp.DType.CHAR, exp.DType.NCHAR, exp.DType.BPCHAR, exp.DType.BIT)
_WHO = frozenset(
    {"user", "current_user", "session_user", "system_user", "current_role"}
    | {"current_catalog", "current_schema", "current_database"}
)
"""What PostgreSQL calls as a function without brackets."""

_WRITES = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Into, exp.Lock, exp.Command)
_CALL = re.compile(r"([a-z_]\w*)(?:\(|$)", re.IGNORECASE)
_CATALOG_PREFIXES = ("pg_", "pragma_", "sqlite_", "dbstat", "information_schema")
_READABLE_CATALOG = frozenset({"sqlite_master", "sqlite_schema"})


def functions_of(dialect: Dialect) -> frozenset[str]:
    """Return the functions that may be called unless somebody says otherwise."""
    return FUNCTIONS if dialect == "sqlite" else FUNCTIONS - GROWING


def check_statement(
    sql: str,
    *,
    dialect: Dialect,
    functions: Collection[str] | None = None,
    tables: Collection[str] | None = None,
    schemas: Collection[str] = ("public", "main"),
) -> exp.Query:
    """Return the statement, parsed, if it is one `SELECT`, with or without `WITH`.

    This is the first wall and the one that explains itself. The second is the database: a
    read-only connection, and for SQLite an authorizer.

    Args:
        sql: What a model wrote.
        dialect: The database it is for.
        functions: Names of the functions that may be called; by default those that only compute.
        tables: Names of the tables that may be read; `None` for all but the catalogs.
        schemas: The schemas whose tables a name may mean.

    Raises:
        ToolError: The statement does more than read; nothing was run.
    """
    tree = _parse(sql, dialect)
    allowed = functions_of(dialect) if functions is None else functions
    try:
        for node in tree.walk():
            _check_node(node, dialect, allowed)
        _check_tables(tree, dialect, tables, schemas)
        if dialect == "postgres":
            _check_growth(tree)
            for node in tree.walk():
                _check_postgres(node)
    except RecursionError:
        raise refused("It is nested too deeply.") from None
    return tree


def _check_node(node: exp.Expr, dialect: Dialect, functions: Collection[str]) -> None:
    if isinstance(node, _WRITES):
        raise refused(f"{node.key.upper()} is not allowed.")
    if isinstance(node, exp.Func | exp.AnonymousAggFunc):
        name = _spelled(node, dialect)
        if name and name not in functions and name not in _FORMS:
            raise refused(f"The function {name[:80]} is not allowed.")
    if isinstance(node, exp.Dot) and node.find(exp.Func) is not None:
        raise refused("A function of a named schema is not allowed.")


def _check_postgres(node: exp.Expr) -> None:
    """Refuse what calls a function, or asks a catalogue, without looking like it."""
    if isinstance(node, exp.DataType | exp.ObjectIdentifier | exp.PseudoType):
        _check_type(node)
    if isinstance(node, exp.Operator):
        raise refused("An operator of a named schema is not allowed.")
    name: object = node.this if isinstance(node, exp.Column | exp.Table) else None
    qualified = bool(node.args.get("table") or node.args.get("db"))
    if not isinstance(name, exp.Identifier) or name.quoted or qualified:
        return
    if name.this.lower() in _WHO:
        raise refused(f"{name.this.upper()} is not allowed; a column's name goes in quotes.")


def _check_type(kind: exp.Expr) -> None:
    """Refuse types of somebody's own, and those that look a name up in a catalogue."""
    named = str(kind.args.get("kind") or "").lower()
    unknown = kind.this in (exp.DType.USERDEFINED, exp.DType.XML) and named not in _TYPES
    if isinstance(kind, _CATALOG_TYPES) or unknown:
        raise refused(f"The type {kind.sql('postgres')[:80]} is not allowed.")
    lengths = [literal.this for literal in kind.find_all(exp.Literal)]
    if kind.this in _PADDED and any(not n.isdigit() or int(n) > MAX_PADDED for n in lengths):
        raise refused(f"A cast may not pad to more than {MAX_PADDED} characters.")


def attributes(tree: exp.Expr) -> set[str]:
    """Return the names after a dot: columns, and functions in the guise of columns."""
    names = [column.this for column in tree.find_all(exp.Column) if column.args.get("table")]
    names += [dot.expression for dot in tree.find_all(exp.Dot)]
    return {_identifier(name, "postgres") for name in names} - {""}


def tables_of(tree: exp.Expr) -> set[str]:
    """Return the names of the tables that a statement for PostgreSQL reads."""
    return {_identifier(table.this, "postgres") for table in tree.find_all(exp.Table)}


def _spelled(node: exp.Expr, dialect: Dialect) -> str:
    """Return the name by which a function is called; empty for operators."""
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
        return node.name.lower()
    found = _CALL.match(node.sql(dialect))
    return found[1].lower() if found else ""


def _check_growth(tree: exp.Expr) -> None:
    """Refuse what doubles its input often enough to fill the server's memory."""
    joined = list(tree.find_all(exp.DPipe, exp.Concat, exp.ConcatWs, exp.Array))
    joined += [call for call in tree.find_all(exp.Anonymous) if call.name.lower() == "row"]
    if len(joined) > MAX_JOINED:
        raise refused(f"It joins texts more than {MAX_JOINED} times.")
    if any(_is_recursive(node) for node in joined):
        raise refused("It joins texts in a recursive query.")


def _is_recursive(node: exp.Expr) -> bool:
    inside = node.find_ancestor(exp.With)
    return inside is not None and bool(inside.args.get("recursive"))


def _parse(sql: str, dialect: Dialect) -> exp.Select | exp.SetOperation:
    try:
        trees = sqlglot.parse(sql, read=dialect)
    except (SqlglotError, RecursionError) as error:
        raise refused(f"It cannot be parsed: {_without_colours(error)[:300]}") from None
    tree = trees[0] if len(trees) == 1 else None
    if tree is None:
        raise refused(f"It holds {len(trees)} statements.")
    if not isinstance(tree, exp.Select | exp.SetOperation):
        raise refused(f"{tree.key.upper()} is not allowed.")
    return tree


def _without_colours(error: Exception) -> str:
    # The parser underlines the place for a terminal.
    return str(error).replace("\033[4m", "").replace("\033[0m", "")


def _check_tables(
    tree: exp.Expr,
    dialect: Dialect,
    tables: Collection[str] | None,
    schemas: Collection[str],
) -> None:
    for table in tree.find_all(exp.Table):
        name = _identifier(table.this, dialect)
        if not name or (not table.db and name in _visible(table, dialect)):
            continue
        schema = _identifier(table.args.get("db"), dialect)
        named = tables is not None and f"{schema}.{name}" in tables
        readable = is_readable(name, None) if tables is None else name in tables
        usual = readable and schema in ("", *schemas)
        if table.catalog or not (named or usual):
            raise refused(f"The table {table.sql()[:80]} may not be read.")


def _identifier(node: exp.Expr | None, dialect: Dialect) -> str:
    """Return a name as the database reads it: PostgreSQL keeps the case of a quoted one."""
    if not isinstance(node, exp.Identifier):
        return ""
    return node.this if node.quoted and dialect == "postgres" else node.this.lower()


def _visible(table: exp.Expr, dialect: Dialect) -> set[str]:
    """Return the names of the common table expressions that a table's name may mean.

    An expression of `WITH` sees those before it, all of them in `WITH RECURSIVE`; a query sees all
    of its own. So the inner name in `WITH t AS (SELECT * FROM t)` means the table.
    """
    names: set[str] = set()
    inner: exp.Expr = table
    while (outer := inner.parent) is not None:
        if isinstance(outer, exp.With):
            all_seen = bool(outer.args.get("recursive"))
            seen = outer.expressions if all_seen else outer.expressions[: inner.index]
        else:
            held = outer.args.get("with_")
            seen = held.expressions if held is not None and held is not inner else ()
        names |= {_identifier(cte.args["alias"].this, dialect) for cte in seen}
        inner = outer
    return names


def is_readable(table: str, tables: Collection[str] | None) -> bool:
    """Whether a table may be read."""
    name = table.lower()
    if tables is not None:
        return name in tables
    return name in _READABLE_CATALOG or not name.startswith(_CATALOG_PREFIXES)


def refused(message: str) -> ToolError:
    """Say that a statement is not run, and what would be."""
    return ToolError(message, where="sql", fix="Write one SELECT that only reads.")
