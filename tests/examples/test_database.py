"""The desk's database: the same everywhere, created once, apart from every other."""

from __future__ import annotations

import multiprocessing
import sqlite3
from contextlib import closing
from pathlib import Path

from pointsman.examples.support_desk.database import create


def dump(home: Path) -> list[str]:
    """Return the whole content as text."""
    with closing(sqlite3.connect(create(home))) as db:
        return list(db.iterdump())


def test_two_folders_hold_the_same_and_share_nothing(tmp_path: Path) -> None:
    """The content depends on nothing but the seed, and a change stays in its folder."""
    first, second = tmp_path / "a", tmp_path / "b"
    assert dump(first) == dump(second)

    with closing(sqlite3.connect(create(first))) as db, db:
        db.execute("UPDATE customers SET name = 'X' WHERE id = 'CUS-0001'")

    assert dump(first) != dump(second)


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    """It stands in the agent's home, where everything is its owner's alone."""
    assert create(tmp_path).stat().st_mode & 0o777 == 0o600


def test_there_are_a_few_hundred_records_in_every_situation(tmp_path: Path) -> None:
    """Every status occurs, and so do refunds, disputes, voided payments and late deliveries."""
    with closing(sqlite3.connect(create(tmp_path))) as db:
        counts = dict(db.execute("SELECT status, count(*) FROM orders GROUP BY 1"))
        payments = dict(db.execute("SELECT status, count(*) FROM payments GROUP BY 1"))
        [[customers]] = db.execute("SELECT count(*) FROM customers")
        [[refunds]] = db.execute("SELECT count(*) FROM refunds")

    assert customers == 240
    assert set(counts) == {"delivered", "shipped", "processing", "cancelled"}
    assert set(payments) == {"captured", "disputed", "voided"}
    assert min(*counts.values(), *payments.values(), refunds) >= 5


def test_records_agree_with_each_other(tmp_path: Path) -> None:
    """Payments equal the items, refunds stay below them, and dates are in order."""
    wrong = {
        "payment": "SELECT p.id FROM payments p WHERE p.cents <> "
        "(SELECT sum(quantity * unit_cents) FROM order_items i WHERE i.order_id = p.order_id)",
        "refund": "SELECT p.id FROM payments p WHERE p.cents < (SELECT sum(cents) FROM refunds r "
        "WHERE r.order_id = p.order_id)",
        "dates": "SELECT id FROM orders WHERE delivered_on < shipped_on OR shipped_on < placed_on",
        "delivered": "SELECT id FROM orders "
        "WHERE (status = 'delivered') <> (delivered_on NOT NULL)",
        "voided": "SELECT p.id FROM payments p JOIN orders o ON o.id = p.order_id "
        "WHERE (p.status = 'voided') <> (o.status = 'cancelled')",
    }
    with closing(sqlite3.connect(create(tmp_path))) as db:
        found = {name: db.execute(query).fetchall() for name, query in wrong.items()}
        broken = db.execute("PRAGMA foreign_key_check").fetchall()

    assert found == {name: [] for name in wrong}
    assert broken == []


def test_processes_may_create_it_together(tmp_path: Path) -> None:
    """Three processes that start at once end up with one whole database."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=create, args=(tmp_path,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    with closing(sqlite3.connect(tmp_path / "support_desk.db")) as db:
        assert db.execute("SELECT count(*) FROM orders").fetchone() == (420,)


def test_deleting_the_folder_is_a_clean_start(tmp_path: Path) -> None:
    """A database that is gone is created again, as it was."""
    before = dump(tmp_path)
    for file in tmp_path.iterdir():
        file.unlink()

    assert dump(tmp_path) == before
