"""Counting: whether a number of things is how many the evidence lists."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from decimal import Decimal

from . import cues
from .clauses import denies, read_clauses
from .evidence import Indexed, Row
from .facts import StatedFacts
from .fullness import LEFT, full_trait, places_left
from .ground import Holding
from .labels import NUMBER_FIELDS, label_columns, label_traits, saying, subjects
from .mixing import speaks_of_others
from .quantities import Quantity
from .records import Listing
from .tables import (
    MOST_ROWS,
    columns,
    dimension_of,
    holds_numbers,
    is_of_weekday,
    named_rows,
    stems_of,
)
from .traits import traits
from .units import unit_of
from .words import fold, key_words, stem, stems, tokens

MOST = 60
"""Largest number that counts entries of a list."""

_NOUN_TOKENS = 4
_OUT = re.compile(
    r"\b(?:charges?|debits?|payments?|expenses?|outgoing|withdrawals?|abbuchung\w*|ausgaben?|belastung\w*"
    r"|d[ée]bits?|d[ée]penses?|pr[ée]l[èe]vements?|cargos?|gastos?|pagos?)\b",
    re.IGNORECASE,
)
_IN = re.compile(
    r"\b(?:credits?|deposits?|incoming|income|refunds?|eing[äa]ng\w*|gutschrift\w*|einnahmen?"
    r"|cr[ée]dits?|recettes?|versements?|ingresos?|abonos?|devoluci\w*)\b",
    re.IGNORECASE,
)
_ALL = re.compile(
    r"(?<!\bof )(?<!\bde )(?<!\bder )\b(?:all(?: of the| the)?|alle|sämtliche"
    r"|tous les|toutes les|todos los|todas las|los|las)\s$"
    r"|(?<!\bof )(?<!\bde )(?<!\bdes )(?<!\bvon )(?<!\bentre )(?<!\bsur )"
    r"\b(?:your|ihre|deine|eure|vos|tes|sus|tus)\s$",
    re.IGNORECASE,
)
_BOTH = re.compile(r"both|beide[nrs]?|les deux|tous les deux|ambos|ambas", re.IGNORECASE)
_OF = re.compile(
    r"\b(?:of|among|de|des|d['’]entre|parmi|entre|der|von|unter)\s"
    r"(?:(?:the|your|los|las|sus|tus|les|vos|den|diesen|ihren|deinen)\s)?$"
    r"|\b(?:ihrer|deiner|eurer|unserer|dieser)\s$",
    re.IGNORECASE,
)
_PART = re.compile(r"\s(?:of|de|des|der|von|d['’]entre|ihrer|deiner|eurer|dieser)\b", re.IGNORECASE)
_NO_COUNT = re.compile(r"(?:#|\bn[ro]\.?|\boption|\bnumber|\bnummer|\bnuméro|\bnúmero)\s?$", re.I)


def is_count(said: Quantity, facts: StatedFacts) -> bool:
    """Return whether a number may say how many things there are."""
    value = said.values[0]
    before = facts.text[max(0, said.start - 12) : said.start]
    return (
        not said.dimension
        and not said.negative
        and value == int(value)
        and 2 <= value <= MOST
        and not _NO_COUNT.search(before)
    )


def counts_part(said: Quantity, facts: StatedFacts) -> bool:
    """Whether a number says of how many of several things something is so: `two of your orders`."""
    return is_count(said, facts) and bool(_PART.match(facts.text[said.end :]))


def noun_after(said: Quantity, facts: StatedFacts) -> frozenset[str]:
    """Return the stems of the words that a number may count: the next few."""
    clause = re.split(r"[,.;:()!?]", facts.text[said.end : said.end + 60])[0]
    words = [t.folded for t in tokens(clause) if t.folded.isalpha()]
    return frozenset(stem(w) for w in words[:_NOUN_TOKENS] if len(w) > 2)


def contradicted(
    said: Quantity, facts: StatedFacts, cited: Holding, days: Collection[date] = ()
) -> bool:
    """Return whether a list is named by what is counted, and has another number of entries.

    Args:
        said: The number.
        facts: The sentence it stands in.
        cited: What the sentence rests on.
        days: The days that it names by today, such as `tomorrow`: entries of other days are not
            counted.
    """
    noun = noun_after(said, facts)
    if _is_another_number(said, facts, cited):
        return True
    numbered = set(_numbers_of(noun, cited))
    if numbered and said.values[0] not in numbered:
        return True
    if _is_all_of(said, facts, cited):
        return True
    about = list(_lists_of(noun, cited))
    if not about or _stands_in_field(said, noun, cited):
        return False
    if of_days := [n for rows in cited.tables if (n := _on_days(rows, days))]:
        return int(said.values[0]) not in of_days
    if of_part := _of_named_part(said, facts, cited):
        return int(said.values[0]) not in of_part
    possible = {n for item, listing in about for n in _counts(item, listing, facts)}
    possible |= {len(about)} if len(about) > 1 else set()
    possible.add(sum(bool(_tool_words(item) & noun) for item in cited.items))
    possible |= set(_value_counts(noun, cited)) | set(_filtered(facts, cited))
    if any(item.facts.language != facts.language for item, _ in about):
        # What its fields are called in another language, a sentence does not say.
        possible |= set(_flag_counts(cited))
    return int(said.values[0]) not in possible


def _is_another_number(said: Quantity, facts: StatedFacts, cited: Holding) -> bool:
    """`Three of the Urbana are free`, where the field `free` of it holds another number."""
    numbers = [q for q in facts.quantities if not q.dimension]
    if len(numbers) > 1 or speaks_of_others(facts) or denies(facts.text):
        return False
    words = frozenset(stem(t.folded) for t in facts.tokens if len(t.folded) > 3)
    for rows in cited.tables:
        named = subjects(rows, facts)
        if len(named) != 1 or (LEFT.search(facts.text) and places_left(named[0]) is not None):
            continue
        fields = [h for h in named[0].held if h.path and h.words and h.words <= words]
        if len(fields) == 1 and not dimension_of(fields[0]):
            return said.values[0] not in fields[0].quantity.values
    noun = noun_after(said, facts)
    if LEFT.search(facts.text):
        return False
    of_record = [
        h
        for row in cited.rows
        if not row.path
        for h in row.held
        if h.words and h.words == noun & h.words and not (h.quantity.end or dimension_of(h))
    ]
    return len(of_record) == 1 and said.values[0] not in of_record[0].quantity.values


def _of_named_part(said: Quantity, facts: StatedFacts, cited: Holding) -> set[int]:
    """Return how many rows there may be of the part of a table that a sentence names.

    `Dr Berg has three slots` counts the rows with that name; `on Saturday`, those of the day.
    """
    if counts_part(said, facts) or speaks_of_others(facts) or _counts_twice(said, facts):
        return set()
    found: set[int] = set()
    for rows in cited.tables:
        for part in _named_parts(rows, facts):
            found |= {len(part), *_filters(part, facts)}
    return found


def _counts_twice(said: Quantity, facts: StatedFacts) -> bool:
    """`Of the four, three are Ann's`: one of the numbers is that of the whole."""
    return any(is_count(q, facts) for q in facts.quantities if q is not said)


def _named_parts(rows: Sequence[Row], facts: StatedFacts) -> Iterator[list[Row]]:
    """Yield the rows of a label that several have and that alone is said, or of a day."""
    for column in label_columns(rows):
        if not column.names or column.is_distinct:
            continue
        said = [label for label in {v for _, v in column.cells} if saying(label, facts)]
        part = [row for row, value in column.cells if value in said]
        if len(said) == 1 and 1 < len(part) < len(rows):
            yield part
    months = {d.month for d in facts.dates if d.month and not d.day}
    of_month = [row for row in rows if any(d.month in months for d in row.dates)]
    if 0 < len(of_month) < len(rows) and all(row.dates for row in rows):
        yield of_month
    of_day = [row for row in rows if is_of_weekday(row, facts.weekdays)]
    if 0 < len(of_day) < len(rows):
        yield of_day


def _on_days(rows: Sequence[Row], days: Collection[date]) -> int:
    """Return how many rows are of some days, where others are of other ones."""
    found = sum(any(d.day and d.is_day(day) for d in row.dates for day in days) for row in rows)
    return found if found < len(rows) else 0


def _numbers_of(noun: frozenset[str], cited: Holding) -> Iterator[Decimal]:
    """Yield how many of what is counted there are, where its record has a field that says so."""
    for rows in cited.tables:
        picked = [row for row in rows if stems_of(row.texts) & noun]
        if not picked or len(picked) == len(rows):
            continue
        numbers = [h.quantity.values[0] for r in picked for h in r.held if holds_numbers(h.key)]
        yield from numbers
        if numbers:
            yield from (sum(numbers, Decimal(0)), Decimal(len(picked)))


def _is_all_of(said: Quantity, facts: StatedFacts, cited: Holding) -> bool:
    """`All three are open`, where the field `open` of one of three says that it is not."""
    if not _ALL.search(facts.text[: said.start]) and not _BOTH.fullmatch(said.text.strip()):
        return False
    for rows in cited.tables:
        if said.values[0] != len(rows):
            continue
        states = (t for t in label_traits(rows, facts) if t.key in _states(rows))
        divided = [*traits(rows, facts), *full_trait(rows, facts), *states]
        if any(0 < len(trait.meant) < len(rows) for trait in divided):
            return True
    return False


def _states(rows: Sequence[Row]) -> set[str]:
    return {column.key for column in label_columns(rows) if column.tells_state}


def counted(said: Quantity, facts: StatedFacts, cited: Holding, *, any_list: bool) -> bool:
    """Return whether entries of a list, or those of them of one kind, are that many.

    Args:
        said: The number.
        facts: The sentence it stands in.
        cited: What the sentence rests on.
        any_list: Whether a list may be meant that no word of the sentence names.
    """
    value = int(said.values[0])
    noun = noun_after(said, facts)
    by_value = set(_value_counts(noun, cited))
    if by_value:
        return value in by_value or _is_whole(said, facts, cited)
    if any(value == n for n in _filtered(facts, cited)):
        return True
    divided = [(rows, t) for rows in cited.tables for t in traits(rows, facts)]
    if divided:
        return any(
            value == len(t.meant) or (value == len(rows) and _tells_rows_apart(rows, said, facts))
            for rows, t in divided
        )
    return any_list and any(value == n for n in _any_counts(cited))


def _tells_rows_apart(rows: Sequence[Row], said: Quantity, facts: StatedFacts) -> bool:
    """Whether a sentence says more of a list than what a field of its rows divides.

    `Three groups have places left` counts those that have; `There are three groups; Judo has none`
    counts them all.
    """
    numbers = [q for q in facts.quantities if not q.dimension]
    several = len(read_clauses(facts.text)) > 1
    of_all = bool(_OF.search(facts.text[: said.start]))
    return several or of_all or len(numbers) > 1 or bool(named_rows(rows, facts))


def _is_whole(said: Quantity, facts: StatedFacts, cited: Holding) -> bool:
    """`Three of the four payments are booked`: the latter counts all entries, not the booked."""
    parted = _OF.search(facts.text[max(0, said.start - 24) : said.start])
    return bool(parted) and any(said.values[0] == len(rows) for rows in cited.tables)


def counts_periods(said: Quantity, cited: Holding) -> bool:
    """`Over the three months`: so many rows, each of which is of a month of its own."""
    return any(
        said.values[0] == len(rows) and all(_is_of_period(row, said) for row in rows)
        for rows in cited.tables
    )


def _is_of_period(row: Row, said: Quantity) -> bool:
    keys = [*(key for key, _ in row.labels), *(h.key for h in row.held)]
    return said.unit is not None and any(
        unit_of(word) == said.unit for key in keys for word in key_words(key)
    )


def _stands_in_field(said: Quantity, noun: frozenset[str], cited: Holding) -> bool:
    """A field of that name holds the number, or a text does."""
    texts = {leaf.path: leaf.value for item in cited.items for leaf in item.leaves}
    for held in cited.held:
        if said.values[0] in held.quantity.values:
            text = texts.get(held.path)
            if isinstance(text, str) and text[:1].isalpha() and not stems_of([text]) & noun:
                # `hall 3` holds no three of anything.
                continue
            in_text = not held.path or held.quantity.end > 0
            if in_text or noun & held.words or NUMBER_FIELDS.intersection(key_words(held.key)):
                return True
    return False


def _lists_of(noun: frozenset[str], cited: Holding) -> Iterator[tuple[Indexed, Listing]]:
    for item, listing in cited.listings:
        if listing.length < 2:
            continue
        if noun & _numbered(item, listing):
            continue
        if listing.words & noun or (not listing.path and _tool_words(item) & noun):
            yield item, listing


def _numbered(item: Indexed, listing: Listing) -> frozenset[str]:
    """Return the names of fields that hold a number in each entry: they are summed, not counted."""
    size = len(listing.path)
    fields = [
        h
        for h in item.held
        if h.path[:size] == listing.path and len(h.path) == size + 2 and not h.quantity.end
    ]
    return frozenset[str]().union(*(h.words for h in fields))


def _tool_words(item: Indexed) -> frozenset[str]:
    tool = re.split(r"[\s{(]", item.source, maxsplit=1)[0]
    return frozenset(stem(w) for w in key_words(tool))


def _counts(item: Indexed, listing: Listing, facts: StatedFacts) -> Iterator[int]:
    yield listing.length
    rows = [r for r in item.rows if r.path[:-1] == listing.path and r.path][:MOST_ROWS]
    yield from _filters(rows, facts)
    for column in columns(rows):
        if holds_numbers(column.key) or column.cells[0].held.words & stems(facts.text):
            yield int(sum(cell.value for cell in column.cells))


def _filtered(facts: StatedFacts, cited: Holding) -> Iterator[int]:
    for rows in cited.tables:
        yield from _filters(rows, facts)


def _filters(rows: Sequence[Row], facts: StatedFacts) -> Iterator[int]:
    """Yield how many rows a word, flag, sign, date or threshold of the sentence picks."""
    if not rows:
        return
    yield from (len(trait.meant) for trait in traits(rows, facts))
    yield from (len(trait.meant) for trait in label_traits(rows, facts))
    yield from (len(trait.meant) for trait in full_trait(rows, facts))
    said = frozenset(stem(t.folded) for t in facts.tokens if len(t.folded) > 2)
    picks = Counter(w for row in rows for w in stems_of(row.texts) & said)
    yield from (n for n in picks.values() if n < len(rows))
    if denies(facts.text) or speaks_of_others(facts):
        yield from (len(rows) - n for n in picks.values() if n < len(rows))
    yield from _by_sign(rows, facts)
    yield from _by_threshold(rows, facts)
    for written in facts.dates:
        yield sum(any(d.is_part_of(written) for d in row.dates) for row in rows)


def _by_sign(rows: Sequence[Row], facts: StatedFacts) -> Iterator[int]:
    for column in columns(rows):
        negative = sum(cell.value < 0 for cell in column.cells)
        if negative and _OUT.search(facts.text):
            yield negative
        if negative and _IN.search(facts.text):
            yield len(column.cells) - negative


def _by_threshold(rows: Sequence[Row], facts: StatedFacts) -> Iterator[int]:
    more, less = cues.MORE_THAN.search(facts.text), cues.LESS_THAN.search(facts.text)
    if not (more or less):
        return
    limits = [q.value for q in facts.quantities]
    for column in columns(rows):
        for limit in limits:
            yield sum(abs(cell.value) > limit for cell in column.cells)
            yield sum(abs(cell.value) >= limit for cell in column.cells)
            yield sum(abs(cell.value) < limit for cell in column.cells)
            yield sum(abs(cell.value) <= limit for cell in column.cells)


def _value_counts(noun: frozenset[str], cited: Holding) -> Iterator[int]:
    """Yield how many rows hold a counted word in their texts: `two TER`."""
    for rows in cited.tables:
        picks = Counter(w for row in rows for w in stems_of(row.texts) & noun)
        yield from (n for n in picks.values() if n < len(rows))


def _flag_counts(cited: Holding) -> Iterator[int]:
    for rows in cited.tables:
        for key in {key for row in rows for key in row.flags}:
            held = sum(row.flags.get(key) is True for row in rows)
            yield from (held, len(rows) - held)


def _any_counts(cited: Holding) -> Iterator[int]:
    """Yield what may be counted where the noun is of another language than the evidence."""
    yield from (listing.length for _, listing in cited.listings)
    yield from _flag_counts(cited)
    for rows in cited.tables:
        if len({(row.source if row.path else "", row.path[:-1]) for row in rows}) == 1:
            # Rows of several places are compared with one another, not counted.
            yield len(rows)
        yield from Counter(fold(text) for row in rows for text in row.texts).values()
        for column in columns(rows):
            yield sum(cell.value < 0 for cell in column.cells)
            yield sum(cell.value > 0 for cell in column.cells)
            yield sum(cell.value == Decimal(0) for cell in column.cells)
    yield len(cited.items)
