"""Which classes of data each thread holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, select

from .schema import thread_classes
from .statements import insert_if_absent


def insert_classes(connection: Connection, thread: str, classes: Iterable[str]) -> None:
    """Note that a thread holds data of some classes; without a thread nothing is kept of it."""
    for name in classes if thread else ():
        insert_if_absent(connection, thread_classes, thread_id=thread, data_class=name)


def classes_of_threads(
    connection: Connection, threads: Collection[str]
) -> dict[str, frozenset[str]]:
    """Return the classes of each thread's data; of one without any there is no entry."""
    found: dict[str, set[str]] = {}
    query = select(thread_classes).where(thread_classes.c.thread_id.in_(threads))
    for row in connection.execute(query):
        found.setdefault(row.thread_id, set()).add(row.data_class)
    return {thread: frozenset(classes) for thread, classes in found.items()}
