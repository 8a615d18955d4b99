"""Ground: all that a sentence may stand on, and what of it a sentence's citations name."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from .clauses import SpokenClause, clauses_of
from .dates import WrittenDate
from .effects import DoneEffect, EffectCall, read_effects
from .evidence import Held, Indexed, Row, index
from .identifiers import compact
from .kinds import alike
from .names import name_key
from .records import Listing
from .relative import Weekday, implied_days, relative_days
from .tables import tables_of
from .times import TimeOfDay
from .units import UNITS
from .words import fold, folded_words

_FULL_NAME = re.compile(r"[^\W\d_a-z][^\W\d_]{1,24} [^\W\d_a-z][^\W\d_]{1,24}")

REQUEST = "request"
"""Id of the request among what needs no citation."""

WORKED = "worked out"
"""Id of what expressions worked out, among what a sentence cites."""


@dataclass(frozen=True)
class Holding:
    """Several pieces of evidence taken together."""

    items: tuple[Indexed, ...]

    @cached_property
    def held(self) -> list[Held]:
        """All quantities."""
        return [h for item in self.items for h in item.held]

    @cached_property
    def rows(self) -> list[Row]:
        """All records."""
        return [row for item in self.items for row in item.rows]

    @cached_property
    def tables(self) -> list[list[Row]]:
        """Rows that belong together: of one list, of one tool, or with a field in common."""
        return tables_of(self.items)

    @cached_property
    def clauses(self) -> list[SpokenClause]:
        """What each clause of it says."""
        return [clause for item in self.items for clause in clauses_of(item)]

    @cached_property
    def listings(self) -> list[tuple[Indexed, Listing]]:
        """All lists, with the evidence they stand in."""
        return [(item, listing) for item in self.items for listing in item.listings]

    @cached_property
    def dates(self) -> list[WrittenDate]:
        """All dates."""
        return [d for item in self.items for d in item.dates]

    @cached_property
    def times(self) -> list[TimeOfDay]:
        """All times of day."""
        return [t for item in self.items for t in item.times]

    @cached_property
    def weekdays(self) -> list[Weekday]:
        """All weekdays by name."""
        return [w for item in self.items for w in item.weekdays]

    @cached_property
    def words(self) -> frozenset[str]:
        """All folded tokens."""
        return frozenset[str]().union(*(item.words for item in self.items))

    @cached_property
    def stems(self) -> frozenset[str]:
        """Stems of all tokens."""
        return frozenset[str]().union(*(item.stems for item in self.items))

    @cached_property
    def names(self) -> frozenset[str]:
        """All tokens as names are compared."""
        return frozenset(name_key(word) for word in self.words)

    @cached_property
    def full_names(self) -> frozenset[tuple[str, str]]:
        """First and last word of each field that holds a name of two words, folded."""
        pairs = [
            words
            for item in self.items
            for leaf in item.leaves
            if isinstance(leaf.value, str) and _FULL_NAME.fullmatch(leaf.value)
            for words in [leaf.value.split()]
        ]
        return frozenset((fold(first), fold(last)) for first, last in pairs)

    @cached_property
    def keys(self) -> frozenset[str]:
        """All identifiers and addresses."""
        return frozenset[str]().union(*(item.keys for item in self.items))

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Hosts that addresses are at."""
        return frozenset[str]().union(*(item.hosts for item in self.items))

    @cached_property
    def digits(self) -> frozenset[str]:
        """Runs of digits inside identifiers."""
        return frozenset[str]().union(*(item.digits for item in self.items))

    @cached_property
    def currencies(self) -> frozenset[str]:
        """Dimensions of money that occur."""
        named = {h.quantity.dimension for h in self.held if h.quantity.dimension[:6] == "money:"}
        return frozenset(named | {f"money:{h.currency}" for h in self.held if h.currency})

    @cached_property
    def seen_in_part(self) -> Holding:
        """What of it was seen only in part by who wrote about it."""
        return Holding(tuple(item for item in self.items if item.in_part))

    @cached_property
    def seen_whole(self) -> Holding:
        """The rest of it."""
        return Holding(tuple(item for item in self.items if not item.in_part))

    @cached_property
    def asserted(self) -> Holding:
        """What says how things are: not the user's words, which ask for things."""
        return Holding(tuple(item for item in self.items if item.id != REQUEST))

    @property
    def cut(self) -> int:
        """Characters or fields of its evidence that were not read."""
        return sum(item.cut for item in self.items)

    def __add__(self, other: Holding) -> Holding:
        """Join two holdings."""
        return Holding((*self.items, *other.items))


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Evidence, request, instructions, effects and date, each read once for all sentences."""

    evidence: Mapping[str, Indexed]
    today: date
    request: str = ""
    instructions: str = ""
    told: Sequence[str] = ()
    """What the agent said in earlier turns, which was checked then; the request holds it too."""
    effects: Sequence[EffectCall] = ()
    _cited: dict[frozenset[str], Holding] = field(
        default_factory=dict[frozenset[str], Holding], init=False, repr=False, compare=False
    )

    @cached_property
    def context(self) -> Holding:
        """What needs no citation: the request, the instructions and what was done."""
        said = [index(REQUEST, "", self.request), index("instructions", "", self.instructions)]
        return Holding((*said, *(done.whole for done in self.done)))

    @cached_property
    def said_before(self) -> Holding:
        """What the agent said in earlier turns."""
        return Holding((index("told", "", "\n".join(self.told)),))

    @cached_property
    def done(self) -> tuple[DoneEffect, ...]:
        """What was done, read."""
        return read_effects([*self.effects])

    def done_of(self, kinds: frozenset[str]) -> list[DoneEffect]:
        """Return what was done of some kinds: just these, else what one tool may do with them."""
        exact = [done for done in self.done if kinds & done.kinds]
        return exact or [d for d in self.done if alike(kinds, d.kinds) or kinds & d.told_kinds]

    @cached_property
    def all(self) -> Holding:
        """Every piece of evidence, cited or not, with the context."""
        return Holding(tuple(self.evidence.values())) + self.context

    def seen_in_part(self, ids: Collection[str]) -> Ground:
        """Return this ground for somebody who saw only a part of some of the evidence."""
        evidence = {
            id_: replace(item, in_part=item.in_part or id_ in ids)
            for id_, item in self.evidence.items()
        }
        return replace(self, evidence=evidence)

    def with_worked(self, values: Sequence[str]) -> Ground:
        """Return this ground for a sentence with values that were worked out from evidence."""
        return replace(
            self, evidence={**self.evidence, WORKED: index(WORKED, "", "\n".join(values))}
        )

    def read_numbers(self) -> frozenset[Decimal]:
        """Return the numbers of what needs no citation."""
        return frozenset(v for held in self.context.held for v in held.quantity.values)

    @cached_property
    def currencies(self) -> frozenset[str]:
        """Currencies of amounts that do not say theirs: the instructions', else any that occurs."""
        words = index("instructions", "", self.instructions).words
        units = [UNITS[word] for word in words if word in UNITS]
        named = {u.dimension for u in units if u.dimension.startswith("money:")} - {"money:?"}
        return frozenset(named) or self.all.currencies

    def cited(self, ids: Sequence[str]) -> Holding:
        """Return the evidence that a sentence cites."""
        key = frozenset(ids)
        if key not in self._cited:
            items = [self.evidence[id_] for id_ in dict.fromkeys(ids) if id_ in self.evidence]
            self._cited[key] = Holding(tuple(items))
        return self._cited[key]

    def names_beside(self, keys: frozenset[str]) -> frozenset[str]:
        """Return the names that stand beside some identifiers in a record: `S-2041` is Freya."""
        found: set[str] = set()
        for item in self.evidence.values():
            of_key = {
                leaf.path[:-1]
                for leaf in item.leaves
                if isinstance(leaf.value, str) and compact(leaf.value) in keys
            }
            beside = (leaf.value for leaf in item.leaves if leaf.path[:-1] in of_key)
            found.update(name_key(w) for v in beside if isinstance(v, str) for w in folded_words(v))
        return frozenset(found)

    def implied(self, holding: Holding) -> frozenset[date]:
        """Return the days that words such as `tomorrow` name in evidence, by its own dates."""
        days: set[date] = set()
        for item in holding.items:
            written = [d for w in item.dates[:3] for d in w.readings(self.years)[:1]]
            bases = written or [self.today]
            read = item.facts
            days |= set(implied_days(read.text, bases, read.quantities, read.weekdays))
        return frozenset(days)

    @cached_property
    def asked_days(self) -> frozenset[date]:
        """The days that the request names by today: `tomorrow`, `on Friday`."""
        asked = index(REQUEST, "", self.request).facts
        named = relative_days(asked.text, self.today, asked.quantities, asked.weekdays)
        near = [self.today + timedelta(days=n) for n in range(-7, 8)]
        weekdays = {w.day for w in asked.weekdays}
        days = [d for days in named for d in days.days]
        return frozenset([*days, *(d for d in near if d.weekday() in weekdays)])

    @property
    def next_month(self) -> date:
        """The first day of the month to come."""
        return (self.today.replace(day=28) + timedelta(days=4)).replace(day=1)

    @cached_property
    def years(self) -> frozenset[int]:
        """Years that a date without one may lie in."""
        named = {d.year for d in self.all.dates if d.year}
        return frozenset(named | {(self.today + timedelta(days=s)).year for s in (-60, 0, 60)})
