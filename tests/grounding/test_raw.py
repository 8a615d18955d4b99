"""Data and paths of files are no sentences for a user, whatever carries them."""

from __future__ import annotations

from datetime import date

import pytest

from pointsman.grounding.check import check
from pointsman.grounding.evidence import index
from pointsman.grounding.ground import Ground

TEXT = '{"id": "A", "total": 49.9, "file": "/home/ann/notes.txt", "note": "set {x}"}'


def status(sentence: str) -> str:
    """Return what is said of a sentence that cites a record of an order."""
    ground = Ground(evidence={"e": index("e", "look", TEXT)}, today=date(2026, 5, 4))
    return check(sentence, ["e"], ground).status


@pytest.mark.parametrize(
    "sentence",
    [
        '{"id": "A", "total": 49.9}',
        '[{"id": "A"}]',
        "{'id': 'A'}",
        '```json {"id": "A"}',
        'The order is {"id": "A", "total": 49.9}.',
        'Die Bestellung: {"id": "A", "total": 49.9}',
        "result: {id: A, total: 49.9}",
        '["A", 49.9]',
        "[]",
        "{}",
        "<table><tr><td>49.9</td></tr></table>",
        "It lies in /var/lib/desk/orders.db for now.",
        "Es liegt unter /var/lib/desk.",
        "See ~/desk/orders for more.",
        "It is at ../secrets/key.",
        "It is at C:\\Users\\svc\\desk.",
        "It is at \\\\server\\share.",
        "Open file:///etc/passwd for it.",
    ],
)
def test_data_and_unknown_paths_are_dropped(sentence: str) -> None:
    """Also where every fact in them is right."""
    assert status(sentence) == "failed"


@pytest.mark.parametrize(
    "sentence",
    [
        "Order A comes to 49.90 by card and/or cash.",
        "Your file is /home/ann/notes.txt.",
        "[A] The total is 49.9.",
        "It comes to 49.90 (total: 49.90).",
    ],
)
def test_prose_and_a_path_that_was_found_are_kept(sentence: str) -> None:
    """A user may be told where the file is that was asked for."""
    assert status(sentence) != "failed"
