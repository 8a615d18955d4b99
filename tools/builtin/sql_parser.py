"""sqlglot, which reads SQL before a database does; the extra `sql` brings it."""

from __future__ import annotations

from ...errors import ConfigError

try:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError
except ModuleNotFoundError as error:
    raise ConfigError(
        "Queries need sqlglot.", where="sql_query", fix="Install the extra: pointsman[sql]."
    ) from error

__all__ = ["SqlglotError", "exp", "sqlglot"]
