"""Comparison: whether what a sentence calls the cheapest, latest or longest is so."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from . import cues
from .clauses import denies
from .elapsed import duration
from .evidence import Row
from .facts import StatedFacts
from .fullness import LEFT, places_left
from .ground import Holding
from .labels import NUMBER_FIELDS, subjects
from .language import is_function_word
from .lexicon.reading import any_of, lexicon
from .matching import FALLING, RISING, agrees, carries, is_amount, is_year
from .nearest import nearest_row, scores_of
from .tables import (
    Column,
    columns,
    distinctive,
    joined_words,
    named_rows,
    said_words,
)
from .times import TimeOfDay
from .traits import flagged_rows
from .words import key_words, listed, stem, stems, tokens


class Scale(NamedTuple):
    """What a comparing word compares, and which end it names: 1 for most, -1 for least."""

    attribute: str
    end: int


_WORDS = lexicon("comparisons")


def _scales(name: str) -> list[tuple[re.Pattern[str], Scale]]:
    return [
        (
            re.compile(rf"\b(?:{any_of(entry['words'])})", re.IGNORECASE),
            Scale(entry["attribute"], entry["end"]),
        )
        for entry in _WORDS[name]
    ]


_SUPERLATIVE = _scales("superlatives")
_COMPARATIVE = _scales("comparatives")
_YEAR_FIELDS = listed("year jahr annee ano")
_PERIODS = listed(
    """hour day week month quarter stunde tag woche monat quartal heure jour semaine mois trimestre
    hora dia semana mes zone zona line linie ligne linea"""
)
_RATING_FIELDS = listed(
    "rating note bewertung score puntuacion valoracion stars sterne nota avis grade"
)
_PRICE_FIELDS = listed("price preis prix precio cost costs kosten cout coste costo rate tarif fare")
_DURATION_FIELDS = listed("duration dauer duree duracion time zeit temps minutes min length lange")
_SIZE_FIELDS = listed(
    """size area surface volume groesse flache wohnflache grundflache taille superficie tamano
    capacity capacidad capacite liter litre litros square sqm m2"""
)
_DISTANCE_FIELDS = listed("distance entfernung distancia length lange km m")


def contradicted(facts: StatedFacts, cited: Holding) -> str:
    """Return what a sentence compares wrongly, or an empty string."""
    if word := _wrong_trend(facts, cited):
        return word
    read: list[range] = []
    for pattern, scale in _COMPARATIVE:
        match = pattern.search(facts.text)
        # `plus léger que` compares weights: that it begins like `plus de … que` says nothing more.
        if match is None or any(match.start() in span for span in read):
            continue
        if _wrong_pair(match, scale, facts, cited):
            return match[0]
        read.append(range(*match.span()))
    for pattern, scale in _SUPERLATIVE:
        if match := pattern.search(facts.text):
            return match[0] if _wrong_extreme(scale, facts, cited) else ""
    return ""


def _wrong_trend(facts: StatedFacts, cited: Holding) -> str:
    """Return the word by which a record's number is said to rise that falls over the years."""
    up, down = RISING.search(facts.text), FALLING.search(facts.text)
    word = up or down
    if word is None or (up and down) or denies(facts.text):
        return ""
    for rows in cited.tables:
        named = named_rows(rows, facts)
        if len(named) != 1:
            continue
        by_year = sorted((int(h.key), h.quantity.value) for h in named[0].held if is_year(h.key))
        values = [value for _, value in by_year]
        if len(values) == 2 and (values[1] > values[0]) != bool(up):
            return word[0]
    return ""


def _wrong_extreme(scale: Scale, facts: StatedFacts, cited: Holding) -> bool:
    """A row that is named must be at the end of the scale, among all or those spoken of."""
    checked = False
    lenient = _is_translated(facts, cited)
    for rows in cited.tables:
        named = _spoken_of(rows, facts, cited)
        if not named or len(named) == len(rows):
            continue
        for measure in _measures(rows, scale, facts, foreign=_is_foreign(facts, cited)):
            checked = True
            groups = [
                g for g in _among(rows, facts, cited.tables, lenient=lenient) if len(g) > len(named)
            ]
            if any(_is_extreme(named, group, measure, scale.end) for group in groups):
                return False
    return checked


def _is_foreign(facts: StatedFacts, cited: Holding) -> bool:
    """Whether some of the evidence is in another language than the sentence."""
    return any(item.facts.language != facts.language for item in cited.items)


def _is_translated(facts: StatedFacts, cited: Holding) -> bool:
    """Whether words that may pick a part of the rows are of another language than these."""
    if not _is_foreign(facts, cited):
        return False
    rest = facts.text
    for pattern, _ in _SUPERLATIVE:
        rest = pattern.sub(" ", rest)
    words = {t.folded for t in tokens(rest) if len(t.folded) > 3 and not t.text[0].isupper()}
    unknown = [w for w in words if stem(w) not in cited.stems and not is_function_word(w)]
    return len(unknown) > 1


def _spoken_of(rows: Sequence[Row], facts: StatedFacts, cited: Holding) -> list[Row]:
    """Rows that the sentence names, or whose amount it says."""
    named = named_rows(rows, facts)
    measured = [q for q in facts.quantities if q.dimension]
    by_value = [
        row
        for row in rows
        if any(carries(h, q, facts.text, cited.currencies) for h in row.held for q in measured)
    ]
    both = [row for row in named if any(row is other for other in by_value)]
    few = _fewest(rows, facts)
    return both or few or named or subjects(rows, facts) or by_value


def _fewest(rows: Sequence[Row], facts: StatedFacts) -> list[Row]:
    """Rows that most of the sentence's words name: `TGV 6107` is one train, not every TGV."""
    said = said_words(facts)
    scores = scores_of(rows, said | joined_words(rows, said))
    best = max(scores, default=Fraction(0))
    if not best:
        return []
    return [row for row, score in zip(rows, scores, strict=True) if score == best]


def _among(
    rows: Sequence[Row], facts: StatedFacts, every: Sequence[Sequence[Row]], *, lenient: bool
) -> Iterator[Sequence[Row]]:
    """The whole table, and the parts of it that the sentence may mean.

    In another language than the evidence's, the words that pick a part cannot be matched.
    """
    yield rows
    if lenient:
        for key in {key for row in rows for key in row.flags}:
            yield [row for row in rows if row.flags.get(key)]
    yield from (group for group in flagged_rows(rows, facts) if len(group) > 1)
    yield from (group for group in _within_limit(rows, facts, every) if len(group) > 1)
    said = frozenset(stem(t.folded) for t in facts.tokens if len(t.folded) >= 3)
    owns = distinctive(rows)
    said -= _parts_of_names(facts, owns)
    for word in frozenset[str]().union(*owns) & said:
        group = [row for row, own in zip(rows, owns, strict=True) if word in own]
        if 1 < len(group) < len(rows):
            yield group


def _parts_of_names(facts: StatedFacts, owns: Sequence[frozenset[str]]) -> frozenset[str]:
    """`TGV 6107` names one train: `TGV` does not pick all of its kind there."""
    spread = Counter(word for own in owns for word in own)
    parts: set[str] = set()
    for one, other in pairwise(facts.tokens):
        if facts.text[one.end : other.start] == " ":
            first, second = stem(one.folded), stem(other.folded)
            if spread[second] == 1 and spread[first] > 1:
                parts.add(first)
            elif spread[first] == 1 and spread[second] > 1:
                parts.add(second)
    return frozenset(parts)


def _within_limit(
    rows: Sequence[Row], facts: StatedFacts, every: Sequence[Sequence[Row]]
) -> Iterator[Sequence[Row]]:
    """`The hotels under 210`: rows whose own numbers, or a namesake's elsewhere, keep the limit."""
    limits = [q.value for q in facts.quantities if cues.LIMIT.search(facts.text[: q.start])]
    less = bool(cues.LESS_THAN.search(facts.text))
    for limit in limits:
        for others in every:
            names = {
                row.texts[0]
                for row in others
                if row.texts
                and row.held
                and all((h.quantity.value <= limit) == less for h in row.held)
            }
            yield [row for row in rows if row.texts and row.texts[0] in names]


Measure: TypeAlias = Callable[[Row], Decimal | None]


def _measures(
    rows: Sequence[Row], scale: Scale, facts: StatedFacts, *, foreign: bool
) -> list[Measure]:
    """Return the fields that a comparing word may compare; none where rows lack such a field.

    What the fields are called in another language, a sentence does not say.
    """
    if scale.attribute == "moment":
        # Whether the beginning or the end is meant, a sentence seldom says.
        moments: list[Measure] = [_moment, _last_moment]
        return [m for m in moments if sum(m(row) is not None for row in rows) > 1]
    if LEFT.search(facts.text) and sum(places_left(row) is not None for row in rows) > 1:
        return [places_left]
    found = _foremost([c for c in columns(rows) if _is_of(c, scale.attribute)], scale)
    if scale.attribute == "size" and not found:
        return _measures(rows, Scale("", scale.end), facts, foreign=foreign)
    if scale.attribute in ("time", "extent") and not found:
        return [duration] if sum(duration(row) is not None for row in rows) > 1 else []
    if scale.attribute == "":
        said = stems(facts.text)
        by_name = [c for c in found if _is_named(c, said) and not _names_rows(c)]
        amounts = [] if foreign else [c for c in found if _is_of(c, "money")]
        found = by_name or amounts or found
    return [_cell_of(column) for column in found]


def _is_named(column: Column, said: frozenset[str]) -> bool:
    """Whether a word of a field is said, be it within another: `Akku` in `Akkustand`."""
    words = column.cells[0].held.words
    return any(
        own == word or (len(own) > 3 and word.startswith(own)) for own in words for word in said
    )


def _names_rows(column: Column) -> bool:
    """Whether its numbers tell of which hour, week or line each row is."""
    return bool((_PERIODS | NUMBER_FIELDS).intersection(key_words(column.key)))


def _foremost(found: list[Column], scale: Scale) -> list[Column]:
    """What is cheap has a low price: its fees and deposits are asked where it has no price."""
    if scale.attribute != "money":
        return found
    priced = [c for c in found if _PRICE_FIELDS.intersection(key_words(c.key))]
    return priced or found


def _is_of(column: Column, attribute: str) -> bool:
    held = column.cells[0].held
    words = frozenset(key_words(held.key))
    match attribute:
        case "money":
            return is_amount(held) or column.dimension.startswith("money:")
        case "rating":
            return bool(words & _RATING_FIELDS)
        case "time":
            return column.dimension == "time" or bool(words & _DURATION_FIELDS)
        case "length":
            return column.dimension == "length" or bool(words & _DISTANCE_FIELDS)
        case "extent":
            measured = column.dimension in ("time", "length", "month", "night")
            return measured or bool(words & (_DURATION_FIELDS | _DISTANCE_FIELDS))
        case "mass":
            return column.dimension == "mass"
        case "size":
            return column.dimension in ("area", "volume", "data") or bool(words & _SIZE_FIELDS)
        case _:
            return "id" not in words


def _cell_of(column: Column) -> Measure:
    def value(row: Row) -> Decimal | None:
        return next((cell.value for cell in column.cells if cell.row is row), None)

    return value


def _moment(row: Row) -> Decimal | None:
    """Return when a row is, in days, by its first time of day."""
    return _when(row, row.times[:1])


def _last_moment(row: Row) -> Decimal | None:
    """Return when a row is, in days, by its last time of day."""
    return _when(row, row.times[-1:])


def _when(row: Row, times: Sequence[TimeOfDay]) -> Decimal | None:
    for held in row.held:
        if _YEAR_FIELDS.intersection(key_words(held.key)):
            return held.quantity.values[0] * 372
    part = Decimal(times[0].minutes) / (24 * 60) if times else Decimal(0)
    for written in row.dates:
        if written.year and written.month and written.day:
            return written.year * 372 + written.month * 31 + written.day + part
    return part if times else None


def _is_extreme(named: Sequence[Row], group: Sequence[Row], measure: Measure, end: int) -> bool:
    """Charges are below zero: the highest charge is the lowest number, so both readings count."""
    values = [v for row in group if (v := measure(row)) is not None]
    own = [v for row in named if (v := measure(row)) is not None and any(row is g for g in group)]
    if len(values) < 2 or not own:
        return False
    negative = [v for v in values if v < 0]
    readings = [values, [abs(v) for v in negative]] if negative else [values]
    mine = [own, [abs(v) for v in own if v < 0]] if negative else [own]
    return any(
        v == (max(all_) if end > 0 else min(all_))
        for all_, some in zip(readings, mine, strict=True)
        for v in some
    )


def _wrong_pair(match: re.Match[str], scale: Scale, facts: StatedFacts, cited: Holding) -> bool:
    """`X is cheaper than Y`: the row named before, and the one named behind, must be so."""
    checked = False
    for rows in cited.tables:
        left = nearest_row(rows, facts, 0, match.end())
        right = nearest_row(rows, facts, match.end(), len(facts.text))
        if left is None or right is None or left is right:
            continue
        for measure in _measures(rows, scale, facts, foreign=False):
            one, other = measure(left), measure(right)
            if one is not None and other is not None:
                checked = True
                if (abs(one) - abs(other)) * scale.end > 0 and _is_gap(one, other, match, facts):
                    return False
    return checked


def _is_gap(one: Decimal, other: Decimal, match: re.Match[str], facts: StatedFacts) -> bool:
    """`15 euros dearer than`: an amount right before the comparison is what lies between both."""
    before = [
        q for q in facts.quantities if q.dimension.startswith("money:") and q.end <= match.start()
    ]
    if not before or facts.text[before[-1].end : match.start()].count(" ") > 2:
        return True
    gap = abs(abs(one) - abs(other))
    return any(agrees(gap, own, before[-1]) for own in before[-1].values)
