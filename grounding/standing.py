"""Standing: whether each fact of a sentence stands in what the sentence may stand on.

A fact stands where evidence holds it, or where it can be computed from what is held.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from . import (
    arithmetic,
    boundaries,
    counting,
    cues,
    elapsed,
    frequency,
    fullness,
    in_part,
    means,
    mixing,
    overdue,
    passages,
    speech,
)
from .clauses import denies
from .dates import MONTHS, WrittenDate
from .deeds import deeds
from .effects import DoneEffect
from .facts import StatedFacts
from .ground import Ground, Holding
from .identifiers import Identifier, compact, prefix
from .labels import is_field_number
from .matching import carries, is_hour
from .names import Name, is_swapped, name_key, names, starts_sentence
from .quantities import Quantity
from .relative import (
    FIRST_OF_MONTH,
    MONTH_ENDS,
    MONTH_STARTS,
    WEEKDAYS,
    RelativeDays,
    Weekday,
    relative_days,
)
from .times import TimeOfDay, is_maybe_duration
from .units import Unit

_BESIDE = 16
"""Characters between a day and the time of day that belongs to it."""

_AS_OF = re.compile(
    r"\b(?:as of|as at|stand(?:\s|:)|per|à ce jour|en date du|a (?:día|fecha) de|today|heute"
    r"|aujourd['’]hui|hoy|now|jetzt|currently|aktuell)\b",
    re.IGNORECASE,
)
_HAS = re.compile(
    r"\b(?:have|has|had|leaves?|gaps?|breaks?|pauses?|spans?|between|habe[n]?|hast|hat|bleib(?:t|en)|pause|lücke|zwischen"
    r"|avez|avons|ai|as|reste(?:nt)?|intervalle|entre|tien(?:e|es|en)|tenemos|tengo|quedan?|intervalo|hueco)\b"
    r"[^.;:!?]{0,40}$",
    re.IGNORECASE,
)
"""What comes before how long something is."""
_AT = re.compile(
    r"\b(?:at|from|since|until|till|by|um|ab|seit|bis|gegen|à|vers|dès|jusqu['’]à|las?|desde|hasta)\s$",
    re.IGNORECASE,
)
"""What comes before a time of day."""
_LEFT = re.compile(
    r"\s?(?:h(?:rs?)?\b|left|free|remaining|long|later|frei|übrig|später|lang|de libre|libres?"
    r"|restant|plus tard|más tarde)",
    re.IGNORECASE,
)
"""What comes behind it."""
AnyFact: TypeAlias = Identifier | WrittenDate | TimeOfDay | Weekday | RelativeDays | Quantity | Name


def parts_known(identifier: Identifier, holding: Holding) -> bool:
    """Return whether a holding has each part of an identifier that holds a digit."""
    parts = [compact(p) for p in identifier.text.replace("/", "-").split("-")]
    digits = [p for p in parts if any(c.isdigit() for c in p)]
    numbers = {str(h.quantity.values[0]) for h in holding.held}
    return bool(digits) and all(
        p in holding.keys or (p.isdecimal() and p in numbers) or p in holding.words for p in digits
    )


class Standing:
    """One sentence before what it may stand on: the evidence it cites, or else the context."""

    def __init__(
        self, facts: StatedFacts, ground: Ground, cited: Holding, *, quotes: bool = False
    ) -> None:
        self.facts = facts
        self.text = facts.text
        self.ground = ground
        self.quoted = quotes and any(facts.text in item.facts.text for item in cited.items)
        self.cited = cited
        self.context = ground.context
        self.basis = cited if cited.items else ground.context
        """What the facts must stand in: what is cited, or without a citation the context."""
        self.asserted = self.basis.asserted
        if not cited.items and not speech.is_refusal(facts.text):
            self.asserted += ground.said_before
        """What of it says how things are: to refuse a wish is no contradiction of it, nor of what
        was told before."""
        self.relative = relative_days(facts.text, ground.today, facts.quantities, facts.weekdays)
        self.names = names(facts.text, facts.tokens, facts.language)

    def stated(self) -> list[AnyFact]:
        """Return the sentence's facts; a number inside `three days ago` is a part of that."""
        facts = self.facts
        counted = [q for q in facts.quantities if not any(_inside(q, r) for r in self.relative)]
        return [
            *facts.addresses,
            *facts.identifiers,
            *facts.dates,
            *facts.times,
            *facts.weekdays,
            *self.relative,
            *counted,
        ]

    def placed(self) -> list[Quantity | WrittenDate | RelativeDays | TimeOfDay]:
        """Return those of its facts that a field of a record may hold: numbers, days and times."""
        counted = [f for f in self.stated() if isinstance(f, Quantity | RelativeDays | TimeOfDay)]
        return [*counted, *(d for d in self.facts.dates if d.day)]

    def stands(self, fact: AnyFact) -> bool:
        """Return whether a fact stands in what the sentence rests on."""
        match fact:
            case Identifier():
                return self._identifier(fact)
            case WrittenDate():
                return self._date(fact)
            case RelativeDays():
                return self._relative(fact)
            case Weekday():
                return self._weekday(fact)
            case TimeOfDay():
                return self._time(fact)
            case Quantity():
                return self._quantity(fact)
            case _:
                return True

    def _identifier(self, fact: Identifier) -> bool:
        if fact in self.facts.addresses and fact.key not in self.basis.keys | self.context.keys:
            # An address leads where it says or nowhere: that a part of it is known helps nobody.
            # Only its host may be told by itself.
            return fact.key in self.basis.hosts | self.context.hosts
        if fact.key in self.basis.keys or parts_known(fact, self.basis):
            return True
        if fact.key not in self.context.keys and not parts_known(fact, self.context):
            return False
        # What was asked about is known, but a record of another one of its kind says nothing of it.
        # What something was done to or where, the deed says.
        return (
            not self._holds_another(fact)
            or denies(self.text)
            or any(fact.key in done.given.keys for done in self._done_by(fact))
        )

    def _holds_another(self, fact: Identifier) -> bool:
        if "." in fact.text:
            ending = fact.key.rpartition(".")[2]
            return any("." in key and len(ending) <= 5 for key in self.cited.keys)
        return any(
            prefix(key) == prefix(fact.key) and len(key) == len(fact.key) for key in self.cited.keys
        )

    def _date(self, fact: WrittenDate) -> bool:
        if fact.day and fact.month and not self._weekday_fits(fact):
            return False
        held = [*self.basis.dates, *self.context.dates]
        if any(self._names_date(fact, other) for other in held):
            exact = fact.day or (fact.month and fact.year)
            return not exact or not mixing.is_of_another(fact, self.facts, self.basis)
        if fact.is_day(self.ground.today) and not self._has_other_days():
            return True
        if self._is_edge(fact) or any(fact.is_day(d) for d in self.ground.implied(self.basis)):
            return True
        if fact.day and any(fact.is_day(d) for d in self.ground.asked_days):
            return True
        if fact.day == 1 and fact.is_day(self.ground.next_month) and self._speaks_of_first():
            return True
        return bool(cues.DEADLINE.search(self.text)) and elapsed.follows(
            fact, self.basis, self.context, self.ground.today, self.ground.years
        )

    def _has_other_days(self) -> bool:
        """Whether what is cited tells when something is, and the sentence does not say `today`."""
        said = any(r.day == self.ground.today for r in self.relative if r.day)
        days = [d for item in self.cited.items for d in item.dates if d.day]
        return bool(days) and not (said or _AS_OF.search(self.text))

    def _speaks_of_first(self) -> bool:
        """Whether something is so on the first of each month: the next one is told by today."""
        held = (*self.basis.items, *self.context.items)
        return any(FIRST_OF_MONTH.search(item.text) for item in held)

    def _is_edge(self, fact: WrittenDate) -> bool:
        """`The last day of March` names a day that the evidence may hold."""
        before = self.text[max(0, fact.start - 24) : fact.start]
        if fact.day is not None or fact.month is None:
            return False
        last, first = MONTH_ENDS.search(before), MONTH_STARTS.search(before)
        days = [d for d in self.basis.dates if d.month == fact.month and d.day is not None]
        return bool(
            (last and any((d.day or 0) > 27 for d in days))
            or (first and any(d.day == 1 for d in days))
        )

    def _names_date(self, fact: WrittenDate, other: WrittenDate) -> bool:
        if fact.day is None:
            return other.is_part_of(fact) or (not fact.year and self._month_in_words(fact.month))
        return fact.matches(other)

    def _month_in_words(self, month: int | None) -> bool:
        """Fields such as `kwh_august` name a month too."""
        return any(MONTHS.get(word) == month for word in self.basis.words)

    def _weekday_fits(self, fact: WrittenDate) -> bool:
        """`Samstag, 13. Juni` must be a Saturday, in some year that it can lie in."""
        beside = [
            w
            for w in self.facts.weekdays
            if 0 <= fact.start - w.end <= 6 or 0 <= w.start - fact.end <= 3
        ]
        days = self._likely_days(fact)
        return all(any(d.weekday() == w.day for d in days) for w in beside)

    def _likely_days(self, fact: WrittenDate) -> list[date]:
        """The days it may name: in the year that the evidence gives it, else in the nearest."""
        held = [d for d in (*self.basis.dates, *self.context.dates) if d.year and d.matches(fact)]
        years = frozenset(d.year for d in held if d.year)
        if years:
            return fact.readings(years)
        days = fact.readings(self.ground.years)
        return sorted(days, key=lambda day: abs((day - self.ground.today).days))[:1]

    def _relative(self, fact: RelativeDays) -> bool:
        if any(fact.holds(day) for day in self.ground.implied(self.basis)):
            return True
        if any(map(self._is_weekday_of, fact.days)):
            return True
        dates = [d for d in self.basis.dates if d.day is not None]
        if not dates and not any(d.day for d in self.context.dates):
            return True
        if any(map(fact.is_of, (*dates, *self.context.dates))):
            return not mixing.is_of_another_day(fact, self.facts, self.basis)
        if any(map(fact.is_of, self.facts.dates)) or self._lies_within(fact):
            return True
        return (
            elapsed.follows(fact, self.basis, Holding(()), self.ground.today, self.ground.years)
            and fact.day != self.ground.today
        )

    def _lies_within(self, fact: RelativeDays) -> bool:
        """`This week` lies in what a record says to last from one day to another."""
        if fact.day:
            return False
        spans = [
            [d for w in row.dates for d in w.readings(self.ground.years)] for row in self.basis.rows
        ]
        return any(days and min(days) <= d <= max(days) for days in spans for d in fact.days)

    def _is_weekday_of(self, day: date) -> bool:
        """`Tomorrow` is a Tuesday, and what recurs on Tuesdays is tomorrow."""
        ahead = 0 <= (day - self.ground.today).days < len(set(WEEKDAYS.values()))
        return ahead and any(w.day == day.weekday() for w in self.basis.weekdays)

    def _weekday(self, fact: Weekday) -> bool:
        both = self.basis + self.context
        if any(w.day == fact.day for w in both.weekdays):
            return True
        if any(WEEKDAYS.get(word) == fact.day for word in self.basis.words):
            return True
        said = [d for d in self.facts.dates if d.day]
        days = [day for d in (*said, *both.dates) for day in self._likely_days(d)]
        days += [*(d for r in self.relative for d in r.days), *self.ground.implied(self.basis)]
        return any(day.weekday() == fact.day for day in days)

    def _time(self, fact: TimeOfDay) -> bool:
        held = [*self.basis.times, *self.context.times]
        if any(t.is_at(fact) for t in held):
            return not (
                self._is_of_another_day(fact)
                or boundaries.is_end(fact, self.facts, self.basis + self.context)
                or mixing.is_of_another(fact, self.facts, self.basis)
            )
        if any(is_hour(held, fact) for held in self.basis.held):
            return True
        if is_maybe_duration(fact.text, lasts=self._may_last(fact)) and self._quantity(
            _as_duration(fact)
        ):
            return True
        spoken = cues.DIFFERENCE.search(self.text) or boundaries.speaks_of_end(self.text)
        return bool(spoken) and elapsed.clock_follows(
            fact.minutes, self.facts, self.basis, self.context
        )

    def _may_last(self, fact: TimeOfDay) -> bool:
        """`You have 01:30 left`: sentence, request or the words before speak of how long it is."""
        before, behind = self.text[: fact.start], self.text[fact.end :]
        if _AT.search(before):
            return False
        asked = cues.LENGTH.search(self.facts.cue_text) or cues.LENGTH.search(self.ground.request)
        return bool(asked or _HAS.search(before) or _LEFT.match(behind))

    def _is_of_another_day(self, fact: TimeOfDay) -> bool:
        """`on July 10 at 9:20` is wrong where 9:20 is of July 11 only."""
        near = [r for r in self.relative if r.day and 0 <= fact.start - r.end <= _BESIDE]
        if near and self._is_of_other_days(fact, [r.days[0] for r in near]):
            return True
        beside = [d for d in self.facts.dates if d.day and 0 <= fact.start - d.end <= _BESIDE]
        if not beside:
            return False
        # A day that was reckoned, a duration before one that is held, has the time of that one.
        beside = [d for d in beside if any(d.matches(held) for held in self.basis.dates)]
        found = [m for i in self.basis.items for m in elapsed.moments(i, self.ground.years)]
        days = [m.day for m in found if m.minutes == fact.minutes]
        last = [d for d in beside if d.end == beside[-1].end]
        return bool(days) and not any(d is None or w.is_day(d) for d in days for w in last)

    def _is_of_other_days(self, fact: TimeOfDay, days: list[date]) -> bool:
        """`Today at noon` is wrong where noon is of tomorrow only."""
        found = [m for i in self.basis.items for m in elapsed.moments(i, self.ground.years)]
        of_time = [m.day for m in found if m.minutes == fact.minutes]
        return bool(of_time) and not any(day is None or day in days for day in of_time)

    def _quantity(self, fact: Quantity) -> bool:
        if not self.basis.seen_in_part.items:
            return self._follows(fact)
        whole = Standing(self.facts, self.ground, self.basis.seen_whole)
        if whole.cited.items and whole._follows(fact):
            return True
        return in_part.is_told(fact, self.facts, self.basis.seen_in_part, self._held)

    def _follows(self, fact: Quantity) -> bool:
        if self._counts_effects(fact) or self._was_done_with(fact):
            return True
        if self._is_foreign(fact):
            return False
        if not fact.dimension and is_field_number(fact, self.facts, self.basis.rows):
            return not mixing.is_of_another(fact, self.facts, self.basis)
        late = overdue.counts(fact, self.facts, self.basis, self.ground.today)
        if late is not None and counting.is_count(fact, self.facts):
            return late
        if counting.is_count(fact, self.facts) and counting.contradicted(
            fact, self.facts, self.basis, [r.day for r in self.relative if r.day]
        ):
            return self._is_operand(fact) or arithmetic.counts_summands(
                fact, self.facts, self.basis, self.context
            )
        if means.contradicted(fact, self.facts, self.basis):
            return False
        if fullness.wrong_number_left(fact, self.facts, self.basis):
            return False
        if self._held(fact, self.basis):
            return self._is_operand(fact) or not (
                mixing.is_of_another(fact, self.facts, self.basis)
                or passages.is_of_another(fact, self.facts, self.basis)
            )
        if self._from_context(fact) or frequency.recurs(fact, self.text, self.basis):
            return True
        if arithmetic.is_beyond(fact, self.facts, self.basis):
            return True
        # A sentence that cites nothing has request and instructions beside it, whose lists of two
        # would carry two of anything.
        cites = bool(self.cited.items)
        if counting.is_count(fact, self.facts) and counting.counted(
            fact, self.facts, self.basis, any_list=cites
        ):
            return True
        if self._is_operand(fact) or counting.counts_periods(fact, self.basis):
            return True
        if elapsed.is_length_of_month(fact, self.facts):
            return True
        return elapsed.spans(
            fact, self.facts, self.basis, self.ground.today, self.ground.years
        ) or arithmetic.derives(fact, self.facts, self.basis, self.context)

    def _is_foreign(self, fact: Quantity) -> bool:
        """An amount in a currency that nothing names, where something names another."""
        both = self.basis.currencies | self.context.currencies
        known = both or self.ground.currencies
        unknown = {"money:?", "money:*"} & known or fact.dimension == "money:?"
        return (
            fact.dimension.startswith("money:")
            and bool(known)
            and not unknown
            and fact.dimension not in known
        )

    def _counts_effects(self, fact: Quantity) -> bool:
        """`I have cancelled two of your orders`: so many things were done."""
        done = len(self.ground.done)
        if not 1 < fact.values[0] <= done or not counting.is_count(fact, self.facts):
            return False
        return any(d.tells(fact.start) for d in deeds(self.facts) if not d.is_denied)

    def _was_done_with(self, fact: Quantity) -> bool:
        """`I sent Ann 5 euros`: what was done needs no citation, whatever is cited beside it."""
        return any(self._held(fact, Holding((done.given,))) for done in self._done_by(fact))

    def _done_by(self, fact: Identifier | Quantity) -> Iterator[DoneEffect]:
        """Yield what was done that may be the deed which the sentence tells with a fact."""
        for deed in deeds(self.facts):
            if deed.is_own and not deed.is_denied and deed.tells(fact.start):
                yield from self.ground.done_of(deed.kinds)

    def _is_operand(self, fact: Quantity) -> bool:
        """`Three hours cost 45 euros`: the hours are assumed, and what they cost is computed."""
        return arithmetic.is_operand(fact, self.facts, self.basis, self.context, self._held)

    def _held(self, fact: Quantity, holding: Holding) -> bool:
        currencies = holding.currencies or self.ground.currencies
        if any(carries(h, fact, self.text, currencies) for h in holding.held):
            return True
        if fact.dimension:
            return False
        number = str(fact.values[0])
        return (
            _is_year_of(fact, holding)
            or (len(number) == 4 and number in holding.words)
            or (len(number) >= 3 and _ends(number, holding))
        )

    def _from_context(self, fact: Quantity) -> bool:
        """A number of the request or the instructions, beside another that is cited."""
        if not self.cited.items or not self._held(fact, self.context):
            return False
        if cues.LIMIT.search(self.text[: fact.start]):
            return True
        others = [q for q in self.facts.quantities if q is not fact]
        return bool(self.facts.dates) or any(
            self._held(q, self.cited) or arithmetic.derives(q, self.facts, self.cited, self.context)
            for q in others
        )

    def is_unknown(self, name: Name) -> bool:
        """A name that nothing cited holds; a doubtful one only if other evidence has it."""
        key = name_key(name.folded)
        known = self.basis.names | self.context.names | self.ground.names_beside(self.basis.keys)
        if not self.cited.items and speech.is_courtesy(self.text):
            # Whom a greeting addresses, any record may tell.
            known |= self.ground.all.names
        if key in known or any(key in t or t in key for t in known if len(t) >= 5 <= len(key)):
            return False
        if name.certain or is_swapped(name, self.text, self.facts.tokens, self.basis.full_names):
            return True
        elsewhere = any(key in item.value_names for item in self.ground.evidence.values())
        return (
            elsewhere
            and self.facts.language != "de"
            and starts_sentence(
                self.text, next(t for t in self.facts.tokens if t.start == name.start)
            )
        )

    def _is_limit(self, fact: AnyFact) -> bool:
        return isinstance(fact, Quantity) and bool(cues.LIMIT.search(self.text[: fact.start]))

    def is_miscited(self) -> bool:
        """Cited evidence that holds none of the facts carries none of them."""
        if not self.cited.items:
            return False
        alone = Standing(self.facts, self.ground, self.cited)
        alone.context = Holding(())
        facts = [f for f in alone.stated() if not self._is_limit(f)]
        return bool(facts) and not any(alone.stands(f) or self._is_computed(f) for f in facts)

    def _is_computed(self, fact: AnyFact) -> bool:
        """What is computed of something cited and something that needs no citation."""
        if isinstance(fact, Quantity):
            return arithmetic.derives(fact, self.facts, self.cited, self.context)
        if isinstance(fact, TimeOfDay):
            return elapsed.clock_follows(fact.minutes, self.facts, self.cited, self.context)
        return isinstance(fact, WrittenDate) and elapsed.follows(
            fact, self.cited, self.context, self.ground.today, self.ground.years
        )


def _as_duration(fact: TimeOfDay) -> Quantity:
    unit = Unit("time", Decimal(60))
    return Quantity(
        text=fact.text, start=fact.start, end=fact.end, values=(Decimal(fact.minutes),), unit=unit
    )


def _inside(quantity: Quantity, days: RelativeDays) -> bool:
    return days.start <= quantity.start < days.end


def _is_year_of(fact: Quantity, holding: Holding) -> bool:
    return any(d.year == fact.values[0] for d in holding.dates if d.year)


def _ends(number: str, holding: Holding) -> bool:
    """`ending in 4471` stands in an identifier that ends so."""
    return any(digits.endswith(number) or number == digits for digits in holding.digits)
