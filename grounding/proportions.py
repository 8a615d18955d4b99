"""Proportions: products, quotients and percentages of what the evidence holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations, islice, pairwise, product

from . import cues
from .derived import Derived
from .elapsed import days_between
from .evidence import Held, Row
from .facts import StatedFacts
from .ground import Holding
from .labels import subjects
from .matching import is_amount
from .mixing import speaks_of_others
from .quantities import Quantity
from .tables import (
    columns,
    dimension_of,
    signed,
)
from .units import unit_of
from .words import stems

_OF_ALL = re.compile(
    r"(?<![\d.,])(\d{1,6}) (?:out of|of|von|sur|de)(?: the| den| las| los| les)?"
    r" (\d{1,6})(?![\d.,]\d)"
)
_WITH = re.compile(
    r"\b(?:with|including|plus|mit|inklusive|samt|avec|compris\w*|con|incluid\w+|incluyendo)\b",
    re.IGNORECASE,
)
_HALF = re.compile(r"\b(?:half|hälfte|moitié|mitad)\b", re.IGNORECASE)
_SUMMANDS = 16
_LARGE = 100
"""From which two numbers of prose are hardly in a proportion by chance."""
_NEAR = 60
"""Characters between two numbers of prose of which one tells what became of the other."""
MOST = 60
"""Quantities that are paired with one another."""


def neighbours(holding: Holding) -> Iterator[list[Held]]:
    """Quantities that stand in one record, or in one piece of prose."""
    for item in holding.items:
        prose = [h for h in item.held if not h.path]
        if prose:
            yield prose[:MOST]
    for row in holding.rows:
        if len(row.held) > 1:
            yield row.held[:MOST]


def same_kind(one: Held, other: Held) -> bool:
    """Return whether two held numbers count one thing."""
    mine, theirs = dimension_of(one), dimension_of(other)
    return mine == theirs or (mine[:6] == theirs[:6] == "money:" and "money:*" in (mine, theirs))


def products(
    said: Quantity, facts: StatedFacts, cited: Holding, context: Holding
) -> Iterator[Derived]:
    """A quantity times or by a number: per year, per person, for so many nights."""
    multipliers = _multipliers(said, facts, cited, context)
    for held in of_subject(cited, facts)[: 4 * MOST]:
        dimension = dimension_of(held)
        if dimension in ("percent",):
            continue
        for multiplier in multipliers:
            yield Derived(signed(held) * multiplier, dimension)
            yield Derived(signed(held) / multiplier, dimension, rounded=True)
    yield from rates(said, facts, cited)
    own = {q.values[0] for q in facts.quantities if q is not said and is_factor(q)}
    if _WITH.search(facts.text):
        for group in neighbours(cited):
            amounts = [h for h in group if dimension_of(h) == said.dimension][:_SUMMANDS]
            for one, two in combinations(amounts, 2):
                yield from (Derived((signed(one) + signed(two)) * n, said.dimension) for n in own)
    lengths = {q.values[0] for q in facts.quantities if q is not said and _is_measure(q)}
    for held in cited.held[:MOST]:
        if dimension_of(held).startswith("money:"):
            # `4.7 hours at 95.00`, whatever the hours add up from.
            yield from (Derived(signed(held) * n, dimension_of(held)) for n in lengths)
    twice = {Decimal(2)} if cues.BOTH_WAYS.search(facts.text) else set[Decimal]()
    for held in context.held[:MOST]:
        if dimension_of(held).startswith("money:"):
            # `12 euros a night` of the instructions, for the nights that the sentence says.
            yield from (Derived(signed(held) * n, dimension_of(held)) for n in own | twice)
    for group in neighbours(cited):
        total = [h for h in group if is_amount(h)]
        if len(total) > 1:
            yield from _divided(sum((signed(h) for h in total), Decimal(0)), total, multipliers)
    for row in cited.rows[:MOST]:
        yield from _stay(row)
    for rows in cited.tables:
        for column in columns(rows):
            whole = sum((cell.value for cell in column.cells), Decimal(0))
            for multiplier in multipliers:
                yield Derived(whole / multiplier, column.dimension, rounded=True)
                yield Derived(whole * multiplier, column.dimension)


def of_subject(cited: Holding, facts: StatedFacts) -> list[Held]:
    """Return what may be multiplied: of a table of which one record is named, only its own."""
    if speaks_of_others(facts):
        return cited.held
    others: set[int] = set()
    for rows in cited.tables:
        named = subjects(rows, facts)
        if len(named) == 1:
            others |= {id(h) for row in rows if row is not named[0] for h in row.held}
    return [held for held in cited.held if id(held) not in others]


def rates(said: Quantity, facts: StatedFacts, cited: Holding) -> Iterator[Derived]:
    """`11.34 euros a square metre`: an amount by the measure whose unit a sentence names."""
    if not said.dimension.startswith("money:"):
        return
    named = {unit for t in facts.tokens if (unit := unit_of(t.text))}
    for group in neighbours(cited):
        measures = [h for h in group if any(h.quantity.dimension == u.dimension for u in named)]
        for held in [h for h in group if dimension_of(h).startswith("money:")]:
            for measure, unit in product(measures, named):
                if measure.quantity.dimension == unit.dimension != said.dimension:
                    number = measure.quantity.value / unit.factor
                    if number:
                        yield Derived(signed(held) / number, dimension_of(held), rounded=True)


def _stay(row: Row) -> Iterator[Derived]:
    """A price a night times the nights of the record, with one or two more of its amounts."""
    amounts = [h for h in row.held if dimension_of(h).startswith("money:")][:8]
    for held in amounts:
        others = [h for h in amounts if h is not held and same_kind(h, held)]
        more = [signed(h) for h in others]
        both = [one + two for one, two in combinations(more, 2)]
        apart = [one - two for one, two in combinations(more, 2)]
        changes = {s * m for s in (1, -1) for m in (Decimal(0), *more, *both, *apart)}
        for number in days_between(row):
            for change in changes:
                yield Derived(signed(held) * number + change, dimension_of(held))


def _divided(
    total: Decimal, parts: Sequence[Held], multipliers: frozenset[Decimal]
) -> Iterator[Derived]:
    for multiplier in multipliers:
        yield Derived(total / multiplier, dimension_of(parts[0]), rounded=True)


def _multipliers(
    said: Quantity, facts: StatedFacts, cited: Holding, context: Holding
) -> frozenset[Decimal]:
    text = facts.cue_text
    found = (
        {Decimal(2)} if cues.PRODUCT.search(text) or cues.BOTH_WAYS.search(text) else set[Decimal]()
    )
    if cues.YEAR.search(text):
        found |= {Decimal(12), Decimal(4), Decimal(52)}
    if cues.MONTH.search(text):
        found.add(Decimal(12))
    if cues.WEEK.search(text):
        found |= {Decimal(7), Decimal(5)}
    if cues.DAY.search(text):
        found |= {Decimal(365), Decimal(30)}
    found |= {q.values[0] for q in facts.quantities if q is not said and is_factor(q)}
    found |= {h.quantity.values[0] for h in context.held if is_factor(h.quantity)}
    months = {d.month for d in facts.dates if d.month and not d.day}
    if len(months) > 1:
        # `February and March`, at so much a month.
        found.add(Decimal(len(months)))
    if cues.PRODUCT.search(text):
        found |= {Decimal(listing.length) for _, listing in cited.listings if listing.length > 1}
        found |= {
            h.quantity.values[0]
            for h in cited.held
            if not (h.quantity.dimension or h.in_name or is_amount(h)) and is_factor(h.quantity)
        }
    return frozenset(list(found)[:MOST])


def _is_measure(quantity: Quantity) -> bool:
    """Whether a number with decimals measures what is paid for: hours, kilometres, kilograms."""
    broken = quantity.values[0] != int(quantity.values[0])
    return (
        broken and quantity.dimension not in ("", "percent") and quantity.dimension[:6] != "money:"
    )


def has_factor(said: Quantity, facts: StatedFacts) -> bool:
    """`Three hours cost 45 euros`: an amount beside a number of other things."""
    return said.dimension.startswith("money:") and any(
        q.dimension != said.dimension and is_factor(q) for q in facts.quantities if q is not said
    )


def is_factor(quantity: Quantity) -> bool:
    """Return whether a number is a whole one that may multiply or divide."""
    value = quantity.values[0]
    return value == int(value) and 2 <= value <= 1000 and quantity.dimension != "percent"


def told_shares(cited: Holding) -> Iterator[Derived]:
    """`38 of 40 attended` is 95%, and 5% did not; half of it is 50%."""
    for item in cited.items:
        if _HALF.search(item.text):
            yield Derived(Decimal(50), "percent")
        for match in islice(_OF_ALL.finditer(item.text), MOST):
            part, whole = Decimal(match[1]), Decimal(match[2])
            if whole and part <= whole:
                yield Derived(100 * part / whole, "percent", rounded=True)
                yield Derived(100 * (whole - part) / whole, "percent", rounded=True)


def ratios(groups: Sequence[list[Held]], cited: Holding) -> Iterator[Derived]:
    """How many times one number is another one of its record or of its column."""
    pairs = [pair for group in groups for pair in combinations(group[:24], 2)]
    for rows in cited.tables:
        for column in columns(rows):
            pairs += combinations([cell.held for cell in column.cells[:24]], 2)
    for one, other in pairs:
        low, high = sorted((abs(signed(one)), abs(signed(other))))
        if low and same_kind(one, other):
            yield Derived(high / low, "")


def shares(groups: Sequence[list[Held]], cited: Holding, text: str) -> Iterator[Derived]:
    """One number as a share of another, and the change from one to the other."""
    said = stems(text)
    pairs = [
        pair
        for group in groups
        for pair in combinations(
            [h for h in group if dimension_of(h) or h.currency or h.words & said][:24], 2
        )
    ]
    for rows in cited.tables:
        for column in columns(rows):
            held = [cell.held for cell in column.cells[:24]]
            if not (column.dimension or held[0].words & said):
                continue
            pairs += combinations(held, 2)
            whole = sum((signed(h) for h in held), Decimal(0))
            if whole:
                for item in held:
                    yield Derived(100 * signed(item) / whole, "percent", rounded=True)
    for group in groups:
        told = [h for h in group if not h.path and max(h.quantity.values) >= _LARGE]
        pairs += [(a, b) for a, b in pairwise(told) if b.quantity.start - a.quantity.end < _NEAR]
    for one, other in pairs:
        if not same_kind(one, other) or dimension_of(one) == "percent":
            continue
        for part, whole in ((signed(one), signed(other)), (signed(other), signed(one))):
            if whole:
                yield Derived(100 * part / whole, "percent", rounded=True)
                yield Derived(100 * (part - whole) / whole, "percent", rounded=True)


def parts(cited: Holding, context: Holding, facts: StatedFacts) -> Iterator[Derived]:
    """A percentage of an amount, an amount less or more by it, and the rest to a hundred."""
    percentages = [*_percentages(cited), *_percentages(context)][:MOST]
    amounts = [h for h in (*cited.held, *context.held) if h.quantity.dimension != "percent"]
    for percent in percentages:
        if cues.REST.search(facts.text):
            yield Derived(100 - percent, "percent")
        told = [(q.value, q.dimension) for q in facts.quantities if q.dimension[:6] == "money:"]
        held = [(signed(h), dimension_of(h)) for h in amounts[:MOST]]
        for value, dimension in (*held, *told):
            for factor in (percent, 100 - percent, 100 + percent):
                yield Derived(value * factor / 100, dimension, rounded=True)


def _percentages(holding: Holding) -> Iterator[Decimal]:
    for held in holding.held:
        value = held.quantity.values[0]
        if held.quantity.dimension == "percent":
            yield value
        elif held.path and not held.quantity.dimension and 0 < value < 1:
            yield value * 100
