"""Arithmetic: whether a number follows from numbers that the evidence holds.

What may be computed is bounded by what the sentence says: `all three` adds three numbers, a row
that is named takes part and another does not, and a small number, which some sum or other would
always yield, needs a word that says what was done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import combinations

from . import cues
from .column_sums import column_values, line_totals
from .derived import Derived, meets
from .evidence import Held
from .facts import StatedFacts
from .ground import Holding
from .matching import is_year
from .orders import is_ordered, order_totals
from .proportions import (
    MOST,
    has_factor,
    is_factor,
    neighbours,
    of_subject,
    parts,
    products,
    rates,
    ratios,
    same_kind,
    shares,
    told_shares,
)
from .quantities import Quantity
from .tables import Column, columns, dimension_of, holds_numbers, is_undeclared, signed
from .words import fold, stems

_TIMES = re.compile(
    r"\s(?:times|mal|fois|veces)\b(?!\s(?:as|so|plus|más|a|per|pro|par|al)\b)", re.IGNORECASE
)
_MULTIPLE = re.compile(
    r"twice|double|doubled|doppelt\w*|zweimal|dreimal|thrice|triple|dreifach\w*|doble|duplo|triples?"
)
_UNCUED_FIGURES = 3
"""Significant figures from which a sum is no coincidence."""


def derives(said: Quantity, facts: StatedFacts, cited: Holding, context: Holding) -> bool:
    """Return whether a sentence's quantity can be computed from what is held."""
    return any(meets(derived, said) for derived in _candidates(said, facts, cited, context))


def _candidates(
    said: Quantity, facts: StatedFacts, cited: Holding, context: Holding
) -> Iterator[Derived]:
    text = facts.cue_text
    figures = len(str(said.values[0].normalize()).replace(".", "").rstrip("0").lstrip("0"))
    telling = figures >= _UNCUED_FIGURES or said.decimals > 0
    for rows in cited.tables:
        for column in _spoken_of(columns(rows), stems(text)):
            yield from column_values(column, rows, facts, telling=telling)
        yield from line_totals(rows)
    nearby = list(neighbours(cited))
    yield from _pieces(nearby)
    whole, nearby = nearby, [_named(group, stems(text)) for group in nearby]
    if cues.SUM.search(text) or telling:
        yield from _sums(nearby)
    if cues.DIFFERENCE.search(text) or telling:
        yield from _differences(nearby)
        yield from _possible_amounts(whole)
        yield from _across(cited, context, stems(text))
    # `Nine times` counts what happened and multiplies nothing.
    factors = text if not _TIMES.match(facts.text[said.end :]) else ""
    if (
        cues.PRODUCT.search(factors)
        or cues.BOTH_WAYS.search(factors)
        or telling
        or has_factor(said, facts)
    ):
        yield from products(said, facts, cited, context)
    elif said.dimension.startswith("money:"):
        yield from rates(said, facts, cited)
    if said.dimension == "percent" and cues.SHARE.search(text):
        yield from shares(nearby, cited, text)
    if said.dimension == "percent":
        yield from told_shares(cited)
    if said.dimension or telling:
        yield from parts(cited, context, facts)
    if _MULTIPLE.fullmatch(fold(said.text.strip())):
        yield from ratios(nearby, cited)
    yield from _operands(said, facts)
    if said.dimension.startswith("money:"):
        yield from order_totals(facts, cited)


def _spoken_of(found: list[Column], said: frozenset[str]) -> list[Column]:
    """Return the columns whose whole name is said, before others that count the same."""
    named = [c for c in found if (own := c.cells[0].held.words) and own <= said]
    counted = {c.dimension for c in named}
    return [c for c in found if c in named or c.dimension not in counted]


def _named(group: list[Held], said: frozenset[str]) -> list[Held]:
    """Fields that a sentence names are the ones it computes with, where it names several."""
    named = [h for h in group if h.path and h.words & said]
    return named if len(named) > 1 else group


def _pieces(groups: Sequence[list[Held]]) -> Iterator[Derived]:
    """`4 × mug, 1 × press` are five things."""
    for group in groups:
        pieces = [h.quantity.value for h in group if h.quantity.times]
        if len(pieces) > 1:
            yield Derived(sum(pieces, Decimal(0)), "")


def _sums(groups: Sequence[list[Held]]) -> Iterator[Derived]:
    for group in groups:
        for one, other in combinations(group[:MOST], 2):
            if same_kind(one, other):
                yield Derived(one.quantity.value + other.quantity.value, dimension_of(one))
                yield Derived(signed(one) + signed(other), dimension_of(one))
        for three in combinations(group[:16], 3):
            if same_kind(three[0], three[1]) and same_kind(three[1], three[2]):
                total = sum((h.quantity.value for h in three), Decimal(0))
                yield Derived(total, dimension_of(three[0]))
        dimensions = {dimension_of(h) for h in group}
        for dimension in dimensions:
            whole = [h.quantity.value for h in group if dimension_of(h) == dimension]
            yield Derived(sum(whole, Decimal(0)), dimension)


def _differences(groups: Sequence[list[Held]]) -> Iterator[Derived]:
    for group in groups:
        for one, other in combinations(group, 2):
            if not _may_differ(one, other, group):
                continue
            if same_kind(one, other) and not (_is_span(one) and not one.path):
                yield Derived(signed(one) - signed(other), dimension_of(one))
        yield from _rests(group)
        yield from _of_one_unit(group)


def _of_one_unit(group: Sequence[Held]) -> Iterator[Derived]:
    """`claim_days: 30` less `taken: 11`: the unit stands in one field's name for both."""
    whole = [h for h in group if h.path and not h.quantity.end and not holds_numbers(h.key)]
    for one, other in combinations(whole[:16], 2):
        kinds = {one.quantity.dimension, other.quantity.dimension}
        is_money = any(dimension_of(held).startswith("money:") for held in (one, other))
        if len(kinds) == 2 and "" in kinds and "percent" not in kinds and not is_money:
            yield Derived(one.quantity.values[0] - other.quantity.values[0], "")


def _may_differ(one: Held, other: Held, group: Sequence[Held]) -> bool:
    """Of numbers that do not say that they are amounts, a part is taken from the whole."""
    if not (is_undeclared(one) and is_undeclared(other)):
        return True
    largest = max(signed(h) for h in group if is_undeclared(h))
    return largest in (signed(one), signed(other))


def _rests(group: Sequence[Held]) -> Iterator[Derived]:
    """What the largest amount of a record holds besides the others: the tax of a total."""
    for dimension in {dimension_of(h) for h in group if h.path} - {""}:
        values = sorted(signed(h) for h in group if h.path and dimension_of(h) == dimension)
        if len(values) > 2:
            yield Derived(values[-1] - sum(values[:-1], Decimal(0)), dimension)


def _possible_amounts(groups: Sequence[list[Held]]) -> Iterator[Derived]:
    """Numbers of a record, one of which does not say that it is an amount.

    A record that names no currency has amounts where a field says so or is written in cents.
    """
    for group in groups:
        held = [h for h in group if _may_be_amount(h)]
        largest = max((signed(h) for h in held), default=Decimal(0))
        for one, other in combinations(held[:MOST], 2):
            if not one.currency and largest not in (signed(one), signed(other)):
                # Nothing says that both are amounts: a part is taken from the whole.
                continue
            if one.path[:-1] != other.path[:-1]:
                # What stands in another object counts something else.
                continue
            dimension = f"money:{one.currency or '*'}"
            marked = one.currency or _is_priced(one) or _is_priced(other)
            marked = marked or (is_year(one.key) and is_year(other.key))
            if marked and not (dimension_of(one) and dimension_of(other)):
                yield Derived(signed(one) - signed(other), dimension)
                yield Derived(signed(one) + signed(other), dimension)


def _may_be_amount(held: Held) -> bool:
    own = dimension_of(held) in ("", f"money:{held.currency or '*'}")
    written = bool(held.path) and not held.quantity.end
    return (written or bool(held.currency)) and own and not holds_numbers(held.key)


def _is_priced(held: Held) -> bool:
    return bool(dimension_of(held)) or int(held.quantity.values[0].as_tuple().exponent) < 0


def _is_span(held: Held) -> bool:
    """Spans of prose are terms of rules: two of them have no difference that means anything."""
    return dimension_of(held) in ("time", "month", "working day", "night", "")


def _across(cited: Holding, context: Holding, said: frozenset[str]) -> Iterator[Derived]:
    """Differences and sums between pieces of evidence, and with what was asked for.

    A field that a sentence names, and that several of them have, is what it compares.
    """
    ours = _amounts(cited)
    named = [h for h in ours if h.path and h.words and h.words <= said]
    if len({h.source for h in named}) > 1:
        ours = [h for h in ours if not h.path or any(h is own for own in named)]
    theirs = [*ours, *_amounts(context)]
    for one in ours:
        for other in theirs:
            if one is other or not same_kind(one, other):
                continue
            if one.source == other.source and one.path[:-1] == other.path[:-1]:
                continue
            if one.path and other.path and one.source == other.source and one.key != other.key:
                continue
            yield Derived(signed(one) - signed(other), dimension_of(one))
            if one.source != other.source:
                yield Derived(signed(one) + signed(other), dimension_of(one))


def _amounts(holding: Holding) -> list[Held]:
    """Return what may be compared across evidence; times and bare numbers make any difference."""
    held = [(h, dimension_of(h)) for h in holding.held]
    return [h for h, d in held if d and d not in ("time", "month", "night", "working day")][:MOST]


def counts_summands(fact: Quantity, facts: StatedFacts, cited: Holding, context: Holding) -> bool:
    """`The two new items come to 518.17`: so many numbers add up to another of the sentence."""
    measured = [q for q in facts.quantities if q is not fact and q.dimension]
    if not cues.SUM.search(facts.text):
        return False
    return any(derives(q, facts, cited, context) for q in measured)


def is_beyond(said: Quantity, facts: StatedFacts, cited: Holding) -> bool:
    """`Fewer than one in ten`: a held number of that kind lies a little on the said side of it."""
    before = facts.text[: said.start]
    if not said.dimension or not cues.BEYOND.search(before):
        return False
    less = bool(cues.LESS_THAN.search(before[-24:]))
    own = said.value
    low, high = (own * Decimal("0.8"), own) if less else (own, own * Decimal("1.25"))
    values = [abs(signed(h)) for h in cited.held if dimension_of(h) == said.dimension]
    return any(low <= value <= high for value in values)


def is_operand(
    fact: Quantity,
    facts: StatedFacts,
    cited: Holding,
    context: Holding,
    held: Callable[[Quantity, Holding], bool],
) -> bool:
    """Return whether another number of the sentence is this one times a number that is held.

    The other is an amount; beside a number of nights or hours it need not say so.
    """
    if is_ordered(fact):
        totals = list(order_totals(facts, cited))
        amounts = [q for q in facts.quantities if q.dimension.startswith("money:")]
        if any(meets(total, amount) for total in totals for amount in amounts):
            return True
    if not is_factor(fact):
        return False
    known = (*of_subject(cited, facts), *context.held)
    others = [
        q
        for q in facts.quantities
        if (q.dimension.startswith("money:") or (fact.dimension and not q.dimension))
        and not held(q, cited)
    ]
    for other in others:
        for item in known:
            product = signed(item) * fact.values[0]
            if meets(Derived(product, dimension_of(item)), other):
                return True
    return False


def _left_over(said: Quantity, facts: StatedFacts) -> Iterator[Derived]:
    """`Of 28 days 9 are taken and 6 planned, which leaves 13`."""
    kinds = ("", "time") if said.dimension in ("", "time") else (said.dimension,)
    numbers = sorted(
        q.values[0] for q in facts.quantities if q is not said and q.dimension in kinds
    )
    if len(numbers) > 2:
        yield Derived(numbers[-1] - sum(numbers[:-1], Decimal(0)), "")


def _operands(said: Quantity, facts: StatedFacts) -> Iterator[Derived]:
    """What the sentence itself adds up, subtracts or multiplies.

    `Seven items: four mugs, three bags`, `six days at $0.25 make $1.50`.
    """
    factors = [q for q in facts.quantities if is_factor(q) and q.dimension != said.dimension][:8]
    if said.dimension.startswith("money:"):
        priced = [q for q in facts.quantities if q is not said and q.dimension == said.dimension]
        yield from (
            Derived(p.value * f.values[0], said.dimension) for p in priced[:8] for f in factors
        )
    others = [q for q in facts.quantities if q is not said and q.dimension == said.dimension][:8]
    for size in range(2, len(others) + 1):
        for group in combinations(others, size):
            yield Derived(sum((q.value for q in group), Decimal(0)), said.dimension)
    if cues.DIFFERENCE.search(facts.cue_text):
        yield from _left_over(said, facts)
    for one, other in combinations(others, 2):
        yield Derived(one.value - other.value, said.dimension)
        yield Derived(one.value * other.value, said.dimension)
