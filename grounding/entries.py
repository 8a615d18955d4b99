"""Entries: what identifies a record, in evidence or in what was done."""

from __future__ import annotations

import re

from .evidence import Held, Indexed, Row
from .matching import is_amount
from .records import Leaf
from .words import key_words, tokens

_MOMENT = re.compile(r"[\d.:/T+-]{4,32}Z?")
_ID_FIELDS = frozenset({"id", "ids", "number", "nr", "no", "nummer", "numero"})


def is_id(held: Held) -> bool:
    """Return whether a number counts nothing: it identifies something, or is money."""
    return bool(_ID_FIELDS & set(key_words(held.key))) or is_amount(held)


def own_keys(row: Row) -> frozenset[str]:
    """Return the identifiers of a record: what of its texts and numbers holds a digit."""
    own = [text for text in row.texts if not _MOMENT.fullmatch(text)]
    texts = {t.folded for text in own for t in tokens(text) if any(map(str.isdigit, t.text))}
    texts |= {text.casefold() for text in row.texts if "@" in text}
    numbers = {str(h.quantity.values[0]) for h in row.held if is_id(h) and not is_amount(h)}
    return frozenset(texts | numbers)


def records_of(item: Indexed) -> list[Row]:
    """Return the records of an item of evidence; a text is one record."""
    if item.rows:
        return item.rows
    return [
        Row(
            path=(),
            source=item.id,
            words=item.words,
            flags={},
            labels=frozenset(),
            held=item.held,
            dates=item.dates,
            times=item.times,
            leaves=(Leaf(path=("text",), value=item.text),),
        )
    ]
