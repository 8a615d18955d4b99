"""SQL queries: they read what they may, and nothing makes them do more."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import ToolError
from pointsman.tools.builtin.sql_query import sql_query
from pointsman.tools.builtin.sql_sqlite import query_sqlite
from pointsman.tools.builtin.sql_statements import FUNCTIONS, check_statement


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Orders and secrets."""
    path = tmp_path / "shop %20#1.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "CREATE TABLE orders (id TEXT, total REAL, note BLOB);"
            "CREATE TABLE secrets (value TEXT);"
            "INSERT INTO orders VALUES ('A', 5.5, x'00ff'), ('B', 7, NULL), ('C', 9e999, 'x');"
            "INSERT INTO secrets VALUES ('s3cret');"
        )
    connection.close()
    return path


async def test_rows_come_back_as_objects(database: Path, execute: Any) -> None:
    """Parameters stay values, and what JSON cannot hold is told in words."""
    output = await execute(
        sql_query(database),
        sql="SELECT id, total AS t, note, upper(id) AS id FROM orders WHERE id >= ? ORDER BY id",
        parameters=["A"],
    )
    assert output == {
        "columns": ["id", "t", "note", "id_2"],
        "rows": [
            {"id": "A", "t": 5.5, "note": "<2 bytes>", "id_2": "A"},
            {"id": "B", "t": 7.0, "note": None, "id_2": "B"},
            {"id": "C", "t": "inf", "note": "x", "id_2": "C"},
        ],
        "truncated": False,
    }


READS = [
    "WITH a AS (SELECT * FROM orders) SELECT count(*), sum(total) FROM a",
    "SELECT id FROM orders UNION ALL SELECT id FROM orders",
    "SELECT CASE WHEN total > 6 THEN 'big' ELSE 'small' END FROM orders -- comment",
    "SELECT strftime('%Y', 'now'), coalesce(NULL, 1), row_number() OVER (ORDER BY id) FROM orders",
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 5) SELECT x FROM n",
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'o%'",
    "SELECT json_extract('{\"a\": 1}', '$.a'), value FROM json_each('[1, 2]')",
    "SELECT EXISTS (SELECT 1 FROM orders WHERE id IN ('A', 'B')), id || 'x' FROM orders;",
    "SELECT 'DROP TABLE orders; --'",
]


@pytest.mark.parametrize("sql", READS)
async def test_ordinary_queries_run(database: Path, execute: Any, sql: str) -> None:
    """The walls leave room for work."""
    assert (await execute(sql_query(database), sql=sql, parameters=[]))["rows"]


ATTACKS = [
    ";",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE orders",
    "INSERT INTO orders VALUES ('D', 1, NULL)",
    "WITH a AS (SELECT 1) INSERT INTO orders SELECT 1, 2, 3 FROM a",
    "WITH a AS (DELETE FROM orders RETURNING *) SELECT * FROM a",
    "UPDATE orders SET total = 0",
    "REPLACE INTO orders VALUES ('A', 1, NULL)",
    "DELETE FROM orders",
    "DROP TABLE orders",
    "CREATE TABLE x (a)",
    "CREATE TEMP TABLE x AS SELECT * FROM secrets",
    "ALTER TABLE orders RENAME TO x",
    "PRAGMA writable_schema = ON",
    "PRAGMA table_info(orders)",
    "SELECT * FROM pragma_database_list",
    "SELECT * FROM pragma_table_info('orders')",
    "SELECT * FROM main.pragma_database_list",
    "ATTACH DATABASE '/tmp/x.db' AS x",
    "DETACH DATABASE main",
    "VACUUM INTO '/tmp/copy.db'",
    "EXPLAIN SELECT 1",
    "BEGIN",
    "SELECT load_extension('/tmp/x.so')",
    "SELECT LOAD_EXTENSION('/tmp/x.so')",
    "SELECT \"load_extension\"('/tmp/x.so')",
    "SELECT randomblob(900000000)",
    "SELECT writefile('/tmp/x', 'y')",
    "SELECT readfile('/etc/passwd')",
    "SELECT edit('x')",
    "SELECT fts3_tokenizer('x')",
    "SELECT * FROM sqlite_dbpage",
    "SELECT * FROM dbstat('main')",
    "SELECT " + "(" * 4000 + "1" + ")" * 4000,
    "SELECT $$",
    "/* unclosed SELECT 1",
]


@pytest.mark.parametrize("sql", ATTACKS)
async def test_everything_else_is_refused(database: Path, execute: Any, sql: str) -> None:
    """Nothing happened, and the message says what would be taken."""
    before = database.read_bytes()
    with pytest.raises(ToolError) as raised:
        await execute(sql_query(database), sql=sql, parameters=[])
    assert raised.value.happened == "no"
    assert database.read_bytes() == before


# The engine runs the first of several statements, explains, and finds nothing in a lone comment.
HARMLESS_THERE = (";", "EXPLAIN SELECT 1", "/* unclosed SELECT 1")


@pytest.mark.parametrize("sql", [sql for sql in ATTACKS if sql not in HARMLESS_THERE])
def test_the_engine_refuses_by_itself(database: Path, sql: str) -> None:
    """Should the parser ever be fooled, the second wall stands alone."""
    before = database.read_bytes()
    with pytest.raises(ToolError):
        query_sqlite(database, sql, [], limit=10, seconds=1, tables=None, functions=FUNCTIONS)
    assert database.read_bytes() == before


async def test_full_text_tables_are_read(tmp_path: Path, execute: Any) -> None:
    """The authorizer lets a virtual table do its own reading."""
    path = tmp_path / "fts.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE VIRTUAL TABLE notes USING fts5(text)")
        connection.execute("INSERT INTO notes VALUES ('a zebra'), ('a lion')")
    connection.close()
    sql = "SELECT text FROM notes WHERE notes MATCH ? ORDER BY rank"
    for tool in (sql_query(path), sql_query(path, tables=["notes"])):
        output = await execute(tool, sql=sql, parameters=["zebra"])
        assert output["rows"] == [{"text": "a zebra"}]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM secrets",
        "SELECT * FROM main.secrets",
        "SELECT (SELECT value FROM secrets)",
        "WITH orders AS (SELECT * FROM secrets) SELECT * FROM orders",
        "SELECT * FROM orders JOIN secrets",
        "SELECT * FROM sqlite_master",
    ],
)
async def test_tables_off_the_list_are_not_read(database: Path, execute: Any, sql: str) -> None:
    """Whatever they are called on the way."""
    tool = sql_query(database, tables=["orders"])
    with pytest.raises(ToolError):
        await execute(tool, sql=sql, parameters=[])
    assert await execute(tool, sql="SELECT id FROM Orders", parameters=[])


async def test_rows_are_limited_and_it_says_so(database: Path, execute: Any) -> None:
    """The rest is cut."""
    output = await execute(
        sql_query(database, max_rows=2), sql="SELECT id FROM orders", parameters=[]
    )
    assert (len(output["rows"]), output["truncated"]) == (2, True)


async def test_time_is_limited(database: Path, execute: Any) -> None:
    """An endless query is interrupted in the engine."""
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"
    started = time.monotonic()
    with pytest.raises(ToolError, match=r"longer than 0\.1 seconds"):
        await execute(sql_query(database, query_seconds=0.1), sql=endless, parameters=[])
    assert time.monotonic() - started < 5


async def test_a_value_bomb_is_refused(database: Path, execute: Any) -> None:
    """Allowed functions cannot fill the memory either."""
    long = "printf('%.*c', 900000, 'x')"
    with pytest.raises(ToolError, match="too big"):
        await execute(
            sql_query(database), sql=f"SELECT replace({long}, 'x', {long})", parameters=[]
        )


async def test_errors_are_the_models_to_correct(database: Path, execute: Any) -> None:
    """The engine's words come back."""
    with pytest.raises(ToolError, match="no such column: totl"):
        await execute(sql_query(database), sql="SELECT totl FROM orders", parameters=[])
    with pytest.raises(ToolError, match="bindings"):
        await execute(sql_query(database), sql="SELECT ?", parameters=[])


async def test_a_missing_database_is_not_created(tmp_path: Path, execute: Any) -> None:
    """Reading leaves no file behind."""
    with pytest.raises(ToolError):
        await execute(sql_query(tmp_path / "none.db"), sql="SELECT 1", parameters=[])
    assert not list(tmp_path.glob("none*"))


async def test_rows_can_be_cited(database: Path, execute: Any) -> None:
    """Each row is evidence."""
    tool = sql_query(database)
    args = {"sql": "SELECT id FROM orders"}
    assert tool.cite is not None
    cited = tool.cite(args, await execute(tool, **args, parameters=[]))
    assert [c.path for c in cited] == ["rows.0", "rows.1", "rows.2"]


POSTGRES_ATTACKS = [
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_catalog.pg_read_file('/etc/passwd')",
    "SELECT \"pg_read_file\"('/etc/passwd')",
    "SELECT U&\"pg\\005fread_file\"('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT query_to_xml('DELETE FROM orders', true, true, '')",
    "SELECT set_config('a', 'b', false)",
    "SELECT pg_sleep(100)",
    "SELECT nextval('s')",
    "SELECT dblink('x', 'y')",
    "SELECT * INTO x FROM orders",
    "SELECT * FROM orders FOR UPDATE",
    "WITH x AS (DELETE FROM orders RETURNING *) SELECT * FROM x",
    "WITH x AS (UPDATE orders SET id = 1 RETURNING *) SELECT * FROM x",
    "SELECT * FROM pg_shadow",
    "SELECT * FROM pg_catalog.pg_authid",
    "COPY orders TO PROGRAM 'sh'",
    "DO $$ BEGIN DELETE FROM orders; END $$",
    "EXPLAIN ANALYZE DELETE FROM orders",
    "CALL x()",
    "SET ROLE postgres",
    "LISTEN x",
    "SELECT 1; DELETE FROM orders",
    "SELECT 1) AS bounded; DELETE FROM orders; --",
]


@pytest.mark.parametrize("sql", POSTGRES_ATTACKS)
def test_postgres_statements_beyond_reading_are_refused(sql: str) -> None:
    """They do not reach the server."""
    with pytest.raises(ToolError):
        check_statement(sql, dialect="postgres")


@given(st.text(max_size=60) | st.lists(st.sampled_from(" ".join(ATTACKS).split())).map(" ".join))
def test_any_text_is_taken_or_refused(sql: str) -> None:
    """The check itself cannot be made to fail otherwise."""
    for dialect in ("sqlite", "postgres"):
        try:
            check_statement(sql, dialect=dialect)  # type: ignore[arg-type]
        except ToolError as error:
            assert error.happened == "no"  # noqa: PT017 - either may happen


async def test_postgres_for_real(execute: Any, postgres_server: str) -> None:
    """Rows, limits, and the read-only transaction of a server."""
    import psycopg

    url = postgres_server
    with psycopg.connect(url) as connection:
        connection.execute("CREATE SEQUENCE IF NOT EXISTS pointsman_tools_test")
    output = await execute(
        sql_query(url, max_rows=2),
        sql="SELECT x, $1::text AS t, 1.5 AS n, now() AS at FROM (VALUES (1), (2), (3)) v(x); ",
        parameters=["it's"],
    )
    assert output["truncated"]
    assert {**output["rows"][0], "at": ""} == {"x": 1, "t": "it's", "n": 1.5, "at": ""}
    careless = sql_query(url, functions=["pg_sleep", "nextval"], query_seconds=0.1)
    for sql, says in (
        ("SELECT pg_sleep(5)", "statement timeout"),
        ("SELECT nextval('pointsman_tools_test')", "read-only"),
    ):
        with pytest.raises(ToolError, match=says):
            await execute(careless, sql=sql, parameters=[])


SHADOWED = [
    "WITH secrets AS (SELECT * FROM secrets) SELECT * FROM secrets",
    "WITH a AS (SELECT 1), secrets AS (SELECT * FROM secrets) SELECT * FROM secrets",
    "WITH a AS (SELECT * FROM secrets), secrets AS (SELECT 1) SELECT * FROM a",
    "SELECT * FROM (WITH secrets AS (SELECT 1 AS x) SELECT x FROM secrets) a, secrets",
    "WITH secrets AS (WITH secrets AS (SELECT * FROM secrets) SELECT * FROM secrets)"
    " SELECT * FROM secrets",
    "WITH orders AS (SELECT * FROM secrets) SELECT * FROM orders",
    "SELECT * FROM orders WHERE EXISTS (WITH a AS (SELECT * FROM secrets) SELECT * FROM a)",
    "WITH secrets AS (SELECT 1) SELECT * FROM public.secrets",
    "SELECT 1 UNION SELECT value FROM secrets",
    "TABLE secrets",
    "SELECT (SELECT s FROM secrets s)::text",
    "SELECT * FROM orders, LATERAL (SELECT * FROM secrets) x",
    "SELECT id, (TABLE secrets) FROM orders",
]
ELSEWHERE = [
    "SELECT * FROM hidden.orders",
    'SELECT * FROM "Orders"',
    "SELECT * FROM pg_class",
    "SELECT * FROM pg_catalog.pg_class",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM pg_stat_activity",
    "SELECT * FROM pg_temp.orders",
    "SELECT * FROM postgres.public.orders",
    "SELECT current_user",
    "SELECT version()",
    "SELECT current_setting('data_directory')",
    "SELECT 'secrets'::regclass",
    "SELECT regclass 'secrets'",
    "SELECT CAST(16384 AS regclass)",
    "SELECT 10::regrole",
    "SELECT 'public'::regnamespace",
    "SELECT 'pg_sleep'::pg_catalog.regproc",
    "SELECT ARRAY['secrets']::regclass[]",
    "SELECT tableoid::regclass FROM orders",
    "SELECT id::secrets FROM orders",
    "SELECT id::public.secrets FROM orders",
    "SELECT user",
    "SELECT id FROM orders WHERE CURRENT_ROLE = 'postgres'",
    "SELECT * FROM session_user",
    "SELECT id OPERATOR(public.~~~) id FROM orders",
    "SELECT orders.tell FROM orders",
    "SELECT (o).tell FROM orders o",
    "SELECT (SELECT o FROM orders o LIMIT 1).tell",
    'SELECT o."tell" FROM orders o',
    "WITH t(tell) AS (SELECT 1) SELECT o.tell FROM orders o, t",
    "SELECT o.row_to_json FROM orders o",
]
BOMBS = [
    "SELECT repeat('x', 900000000)",
    "SELECT lpad('x', 900000000)",
    "SELECT rpad('x', 900000000)",
    "SELECT format('%900000000s', 'x')",
    "SELECT replace('xxxx', 'x', 'yyyy')",
    "SELECT regexp_replace('xxxx', 'x', 'yyyy', 'g')",
    "SELECT * FROM generate_series(1, 900000000)",
    "SELECT generate_series(1, 900000000)",
    "SELECT string_agg(id, ',') FROM orders",
    "SELECT array_agg(id) FROM orders",
    "SELECT json_agg(o) FROM orders o",
    "SELECT xmlelement(name foo, id) FROM orders",
    "SELECT xmlagg(x) FROM orders",
    "SELECT unnest(array_fill(1, ARRAY[90000, 90000]))",
    "SELECT encode(x::bytea, 'hex') FROM orders",
    f"SELECT {' || '.join(['id'] * 20)}",
    "WITH RECURSIVE t(x) AS (SELECT 'a' UNION ALL SELECT x || x FROM t) SELECT x FROM t",
    "WITH RECURSIVE t(x) AS (SELECT 'a' UNION ALL SELECT concat(x, x) FROM t) SELECT x FROM t",
    "SELECT 'x'::char(10000000)",
    "SELECT CAST(id AS bpchar(9999999)) FROM orders",
    "SELECT B'1'::bit(80000000)",
    "SELECT '<a/>'::xml",
]


@pytest.fixture
def shop(postgres_server: str) -> str:
    """Orders and secrets on a real server, and a schema beside."""
    import psycopg

    with psycopg.connect(postgres_server) as connection:
        connection.execute(
            "DROP SCHEMA IF EXISTS hidden CASCADE;"
            'DROP TABLE IF EXISTS orders, secrets, "Orders" CASCADE;'
            "CREATE TABLE orders (id text, body text); CREATE TABLE secrets (value text);"
            'CREATE TABLE "Orders" (id text); CREATE SCHEMA hidden;'
            "CREATE TABLE hidden.orders (id text); INSERT INTO hidden.orders VALUES ('hidden');"
            "CREATE FUNCTION tell(orders) RETURNS text LANGUAGE sql AS 'SELECT value FROM secrets';"
            "INSERT INTO secrets VALUES ('s3cret'); INSERT INTO \"Orders\" VALUES ('quoted');"
            "INSERT INTO orders SELECT 'A' || n, repeat('x', 1000) FROM generate_series(1, 50) n"
        )
    return postgres_server


@pytest.mark.parametrize("sql", SHADOWED + ELSEWHERE)
async def test_postgres_names_mean_what_the_server_takes_them_for(
    shop: str, execute: Any, sql: str
) -> None:
    """A common table expression does not lend its name to the table that it reads."""
    with pytest.raises(ToolError, match=r"may not be read|not allowed|cannot be parsed"):
        await execute(sql_query(shop, tables=["orders"]), sql=sql, parameters=[])


ALLOWED_THERE = [
    "WITH a AS (SELECT * FROM orders), b AS (SELECT id FROM a) SELECT id FROM b ORDER BY id",
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 5) SELECT x FROM n",
    "SELECT o.id FROM public.orders AS o WHERE o.id IN (SELECT id FROM orders WHERE id LIKE 'A1%')",
    "SELECT upper(id), count(*) FROM orders GROUP BY 1 HAVING count(*) > 0",
    "SELECT date_trunc('day', now()), extract(year FROM now()), to_char(now(), 'YYYY')",
    "SELECT coalesce(id, 'none') || 'x', CASE WHEN id = 'A1' THEN 1 END, id::text FROM Orders",
    "WITH secrets AS (SELECT 1 AS x) SELECT x FROM secrets",
    "SELECT position('x' IN body), substring(body FROM 1 FOR 2), row_number() OVER () FROM orders",
    "SELECT o.id, (o).body, o.* FROM orders o WHERE o.id::varchar(5) = ANY(ARRAY['A1']::text[])",
    "WITH t AS (SELECT id AS name, 1 AS count FROM orders) SELECT t.name, t.count FROM t",
    'SELECT "user" FROM (SELECT id AS "user" FROM orders) x',
    "SELECT '10.0.0.1'::inet, '1 day'::interval, '{}'::jsonb -> 'a', '7'::cidr, 'x'::char(3)",
]


@pytest.mark.parametrize("sql", ALLOWED_THERE)
async def test_postgres_ordinary_queries_run(shop: str, execute: Any, sql: str) -> None:
    """The walls leave room for work on a server, too."""
    tool = sql_query(shop, tables=["orders"])
    assert (await execute(tool, sql=sql, parameters=[]))["rows"]


async def test_postgres_tables_of_other_schemas_are_named(shop: str, execute: Any) -> None:
    """An allowed table, or an allowed schema, may be another one."""
    for tool in (
        sql_query(shop, tables=["hidden.orders"]),
        sql_query(shop, schemas=["public", "hidden"]),
    ):
        output = await execute(tool, sql="SELECT id FROM hidden.orders", parameters=[])
        assert output["rows"] == [{"id": "hidden"}]


async def test_postgres_functions_that_gather_rows_are_known_in_disguise(
    shop: str, execute: Any
) -> None:
    """`row.function` is a call, too."""
    with pytest.raises(ToolError, match="json_agg is not allowed"):
        await execute(sql_query(shop), sql="SELECT o.json_agg FROM orders o", parameters=[])


async def test_postgres_backslashes_are_read_as_they_were_checked(shop: str, execute: Any) -> None:
    """Whatever the database's own setting says of them."""
    import psycopg

    with psycopg.connect(shop, autocommit=True) as connection:
        connection.execute("ALTER DATABASE postgres SET standard_conforming_strings = off")
    try:
        tool = sql_query(shop, tables=["orders"])
        sql = r"SELECT '\', ' || (SELECT value FROM secrets) || ' -- '"
        assert "s3cret" not in str(await execute(tool, sql=sql, parameters=[]))
    finally:
        with psycopg.connect(shop, autocommit=True) as connection:
            connection.execute("ALTER DATABASE postgres RESET standard_conforming_strings")


async def test_postgres_amounts_keep_their_digits(shop: str, execute: Any) -> None:
    """What a float cannot hold stays text."""
    sql = "SELECT 12345678901234567.89 AS a, 5.50 AS b, 'NaN'::numeric AS c, 10::numeric ^ 400 > 1"
    [row] = (await execute(sql_query(shop), sql=sql, parameters=[]))["rows"]
    assert (row["a"], row["b"], row["c"]) == ("12345678901234567.89", 5.5, "NaN")


@pytest.mark.parametrize("sql", BOMBS)
def test_postgres_functions_that_build_gigabytes_are_refused(sql: str) -> None:
    """They do not reach the server."""
    with pytest.raises(ToolError, match=r"not allowed|joins texts|may not pad"):
        check_statement(sql, dialect="postgres")


@pytest.mark.parametrize("sql", ["SELECT randomblob(9)", "SELECT zeroblob(9)", "SELECT char(65)"])
def test_sqlite_functions_that_build_bytes_are_refused(sql: str) -> None:
    """Whether the parser knows them or not."""
    with pytest.raises(ToolError, match="not allowed"):
        check_statement(sql, dialect="sqlite")


async def test_bytes_are_bounded_as_well_as_rows(shop: str, database: Path, execute: Any) -> None:
    """What does not fit is cut and it says so; a row that is too large alone is an error."""
    with sqlite3.connect(database) as connection:
        connection.execute("DELETE FROM orders")
        connection.executemany(
            "INSERT INTO orders VALUES (?, 1, ?)", [(f"A{n}", "x" * 1000) for n in range(50)]
        )
    connection.close()
    for target, column in ((shop, "body"), (database, "note")):
        sql = f"SELECT id, {column} FROM orders"  # noqa: S608
        output = await execute(sql_query(target, max_bytes=10_000), sql=sql, parameters=[])
        assert (len(output["rows"]), output["truncated"]) == (9, True)
        with pytest.raises(ToolError, match="larger than 900 bytes"):
            await execute(sql_query(target, max_bytes=900), sql=sql, parameters=[])
        output = await execute(sql_query(target), sql=sql, parameters=[])
        assert (len(output["rows"]), output["truncated"]) == (50, False)
