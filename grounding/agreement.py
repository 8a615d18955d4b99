"""Agreement: one deed of a sentence before the effects that it can be about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations
from typing import TypeGuard

from . import counting
from .dates import WrittenDate
from .deeds import Deed
from .effects import DoneEffect
from .entries import is_id, own_keys, records_of
from .evidence import Held, Row, index
from .ground import Holding
from .identifiers import Identifier, prefix
from .kinds import kinds_of
from .lexicon.reading import any_of, lexicon
from .matching import carries, is_amount
from .names import name_key
from .quantities import Quantity
from .recipients import Recipients
from .relative import RelativeDays, Weekday
from .standing import AnyFact, Standing
from .times import TimeOfDay
from .words import key_words, listed, tokens

_WORDS = lexicon("deeds")
_MONEY_KINDS = frozenset({"refund", "pay"})
_TIMED_KINDS = frozenset({"book", "change", "make"})
_AMOUNTS = listed(_WORDS["amounts"])
_NOTED = listed(_WORDS["noted"])
_PART = re.compile(
    rf"(?:^|\b(\w{{1,24}})[)\s]\s?)(?:{_WORDS['part']})(?:\s(?:{any_of(_WORDS['determiners'])}))?"
    r"\s[$€£]?$",
    re.IGNORECASE,
)
_INSTEAD = re.compile(rf"\b(?:{_WORDS['instead']})\s(?:\w{{1,24}}\s){{0,2}}?[$€£]?$", re.IGNORECASE)
_BEFORE_CHANGE = re.compile(
    rf"\b(?:{_WORDS['before_change']})\s(?:\w{{1,24}},?\s)?[$€£]?$", re.IGNORECASE
)
_COUNTED = re.compile(
    rf"(?:\b(?:{any_of(_WORDS['counted_before'])})|^|\b\w{{2,24}}(?:ed|t|en|é|ado|ido)|made|sent)\s?$",
    re.IGNORECASE,
)
_JOINED = re.compile(
    r"^\s?(?:,|and|und|et|y|&|\+|as well as|sowie|bis|to|/)\s?(?:\w{1,24}\s){0,2}?#?$"
)
_TOWARDS = re.compile(
    r"\b(?:to|onto|at|named|called|auf|unter|namens|sur|vers|nommée?|hacia|llamad[oa])\s['\"“„«‘]?$",
    re.IGNORECASE,
)
"""What comes before the place or the name that a deed was done to."""
_ELSE = listed(_WORDS["else"])
_NEAR = 32
"""Characters before a fact that tell what it is to the deed."""
_SHORT = 3
"""Characters up to which a text of a record may stand anywhere by chance."""
_ID_DIGITS = 3
"""Digits from which a bare number is rather an identifier than a count."""


class Agreement:
    """One deed that a sentence tells of, and what was done of its kind."""

    def __init__(
        self, deed: Deed, done: Sequence[DoneEffect], told: Holding, standing: Standing
    ) -> None:
        self._deed = deed
        self._told = told
        self._sentence = standing
        self._text = standing.text
        self._count = len(done)
        self._given = Holding(tuple(d.given for d in done))
        self._whole = Holding(tuple(d.whole for d in done))
        self._evidence = Holding(tuple(standing.ground.evidence.values()))
        self._facts = [f for f in standing.stated() if deed.tells(f.start)]
        self._names = [n for n in standing.names if deed.tells(n.start)]

    def wrong(self) -> str:
        """Return what of it was not done so."""
        if self._is_on_record():
            return ""
        for fact in self._facts:
            if not self._describes(fact) and not self._agrees(fact):
                return fact.text.strip()
        recipients = Recipients(self._given, self._whole, self._told, self._evidence)
        return recipients.wrong(self._names, self._text)

    def denied(self) -> str:
        """Return the word that denies what was done."""
        words = {t.folded for t in self._sentence.facts.tokens}
        exact = [d for d in self._sentence.ground.done if self._deed.kinds & d.kinds]
        if not exact or words & _ELSE:
            return ""
        facts = [f for f in self._facts if not isinstance(f, RelativeDays)]
        if not facts and self._sentence.cited.items:
            return ""
        whole = Holding(tuple(d.whole for d in exact))
        names = [n for n in self._names if n.certain]
        if any(name_key(n.folded) not in whole.names for n in names):
            return ""
        return self._deed.word if all(self._is_of(f, whole) for f in facts) else ""

    def _is_of(self, fact: AnyFact, whole: Holding) -> bool:
        """Whether deeds hold a fact; a number that may be an identifier is worked out from none."""
        if not _may_be_id(fact):
            return self._stands(fact, whole)
        keys, held = whole.keys, [h.quantity for h in whole.held]
        return any(str(v) in keys or any(v in q.values for q in held) for v in fact.values)

    def _is_on_record(self) -> bool:
        """Whether cited evidence tells of such a deed, of whomever, with the amounts said."""
        cited = self._sentence.cited
        rows = [row for item in cited.items for row in records_of(item) if self._records(row)]
        if self._deed.is_own or not rows:
            return False
        amounts = [f for f in self._facts if isinstance(f, Quantity) and _is_money(f)]
        held = [h for row in rows for h in row.held]
        return all(any(f.values[0] in h.quantity.values for h in held) for f in amounts)

    def _records(self, row: Row) -> bool:
        words = {*row.words, *(w for h in row.held for w in key_words(h.key))}
        booked = bool(self._deed.kinds & _MONEY_KINDS) and any(
            h.quantity.negative for h in row.held
        )
        return booked or any(self._deed.kinds & kinds_of(word) for word in words)

    def _agrees(self, fact: AnyFact) -> bool:
        if self._stands(fact, self._told):
            return True
        match fact:
            case Quantity() if _is_money(fact):
                return self._amount(fact)
            case Quantity() if not fact.dimension:
                return self._number(fact)
            case Quantity():
                return self._measure(fact)
            case WrittenDate() | RelativeDays() | Weekday():
                return self._day(fact)
            case TimeOfDay():
                return self._time(fact)
            case Identifier():
                return self._identifier(fact)
            case _:
                return True

    def _stands(self, fact: AnyFact, holding: Holding) -> bool:
        if not holding.items:
            return False
        alone = Standing(self._sentence.facts, self._sentence.ground, holding)
        alone.context = Holding(())
        return alone.stands(fact)

    def _describes(self, fact: AnyFact) -> bool:
        """`50 of your 120 euros`, `instead of 120 euros`, `your 120-euro order`."""
        before = self._text[max(0, fact.start - _NEAR) : fact.start]
        if _INSTEAD.search(before):
            return True
        if "change" in self._deed.kinds and _BEFORE_CHANGE.search(before):
            return True
        if not isinstance(fact, Quantity):
            return False
        part = _PART.search(before)
        word = (part[1] or "") if part else None
        if _is_money(fact):
            own = re.search(r"\d-", self._text[fact.start : fact.end + 1])
            return bool(own) or (word is not None and not set(_folded(word)) & _AMOUNTS)
        # `two of your three orders`
        return bool(word) and any(q.text == word for q in self._sentence.facts.quantities)

    def _amount(self, fact: Quantity) -> bool:
        amounts = [h for h in self._given.held if _is_sum(h)]
        basis = self._given if amounts else self._whole
        if self._is_held(fact, basis) or any(total in fact.base for total in _totals(amounts)):
            return True
        if any(self._is_of_kind(h) and fact.values[0] in h.quantity.values for h in self._output()):
            return True
        if self._deed.kinds and not self._deed.kinds & _MONEY_KINDS:
            return not any(map(_is_sum, basis.held))
        if any(map(_is_sum, basis.held)) or not self._count:
            return False
        return self._stands(fact, self._evidence)

    def _is_held(self, fact: Quantity, holding: Holding) -> bool:
        currencies = holding.currencies or self._sentence.ground.all.currencies
        return any(carries(held, fact, self._text, currencies) for held in holding.held)

    def _output(self) -> list[Held]:
        return [h for h in self._whole.held if h.path[:1] == ("output",)]

    def _is_of_kind(self, held: Held) -> bool:
        kinds = frozenset[str]().union(*map(kinds_of, key_words(held.key)))
        return bool(kinds & (self._deed.kinds or _MONEY_KINDS)) and _is_sum(held)

    def _measure(self, fact: Quantity) -> bool:
        """A length of time or another measure that the effects hold differs from theirs."""
        same = [h for h in self._given.held if h.quantity.dimension == fact.dimension]
        return not same or self._stands(fact, self._given)

    def _number(self, fact: Quantity) -> bool:
        value = fact.values[0]
        if any(_is_sum(h) and value in h.quantity.values for h in self._given.held):
            return True
        if self._is_counted(fact):
            return self._counts(fact)
        if self._stands(fact, self._given) or self._stands(fact, self._whole):
            return True
        if len(str(value)) >= _ID_DIGITS:
            return self._is_other_id(fact, str(value))
        return not self._small_numbers() or self._stands(fact, self._evidence)

    def _small_numbers(self) -> list[Held]:
        held = [h for h in self._given.held if h.path and not h.quantity.dimension]
        return [h for h in held if not is_id(h) and len(str(h.quantity.values[0])) < _ID_DIGITS]

    def _is_counted(self, fact: Quantity) -> bool:
        """Whether a number says to how many things the deed was done."""
        before = self._text[max(0, fact.start - _NEAR) : fact.start]
        facts = self._sentence.facts
        named = bool(counting.noun_after(fact, facts))
        return named and counting.is_count(fact, facts) and bool(_COUNTED.search(before))

    def _counts(self, fact: Quantity) -> bool:
        value = fact.values[0]
        possible = {Decimal(self._count)}
        possible |= {Decimal(listing.length) for _, listing in self._whole.listings}
        for item in self._whole.items:
            fields = [h for h in item.held if h.path and not is_id(h)]
            possible |= {v for h in fields for v in h.quantity.values}
        numbers = [h.quantity.values[0] for h in self._given.held if h.path and not is_id(h)]
        possible.add(sum(numbers, Decimal(0)))
        return value in possible or self._is_untouched(value) or value in self._named_entries()

    def _named_entries(self) -> set[Decimal]:
        """`The two cheapest hotels`: how many entries of a list the texts given name."""
        texts = [leaf.value for i in self._given.items for leaf in i.leaves]
        given = _in_words("\n".join(text for text in texts if isinstance(text, str)))
        return {
            Decimal(named)
            for item in self._sentence.ground.evidence.values()
            for listing in item.listings
            if (named := sum(_is_in(r, given) for r in item.rows if r.path[:-1] == listing.path))
        }

    def _is_untouched(self, value: Decimal) -> bool:
        """`Its three items`: so many of something in evidence, none of which the deed was done to.

        Where it was done to some entries of a list, it was done to these and to no others.
        """
        keys = self._whole.keys | self._whole.words
        for item in self._sentence.ground.evidence.values():
            linked = item.keys.union(*map(own_keys, item.rows)) & keys
            for listing in item.listings:
                if not linked or listing.length != value:
                    continue
                entries = [r for r in item.rows if r.path[:-1] == listing.path and r.path]
                touched = [r for r in entries if own_keys(r) & keys]
                return not touched or len(touched) == len(entries)
        return False

    def _is_other_id(self, fact: Identifier | Quantity, key: str) -> bool:
        """Whether an identifier that no effect holds may be of another kind than those they hold.

        Beside one of theirs it may be, unless it is joined to it: `orders 4471 and 4472`.
        """
        mine = [f for f in self._facts if f is not fact and self._holds(f)]
        alike = [k for k in self._ids() if len(k) == len(key) and prefix(k) == prefix(key)]
        if not alike:
            return True
        return bool(mine) and not any(self._is_joined(f, fact) for f in mine)

    def _ids(self) -> set[str]:
        numbers = {
            str(h.quantity.values[0])
            for h in self._given.held
            if not h.quantity.dimension and not is_amount(h)
        }
        return {*self._given.keys, *numbers} or {*self._whole.keys}

    def _holds(self, fact: AnyFact) -> bool:
        is_id = isinstance(fact, Identifier) or _may_be_id(fact)
        return is_id and self._stands(fact, self._given)

    def _is_joined(self, one: AnyFact, other: AnyFact) -> bool:
        first, last = sorted((one, other), key=lambda f: f.start)
        return bool(_JOINED.match(self._text[first.end : last.start]))

    def _identifier(self, fact: Identifier) -> bool:
        if self._stands(fact, self._whole):
            return True
        if "@" in fact.text:
            return not any("@" in key for key in self._given.keys)
        if "." in fact.text and self._is_target(fact):
            return not any("." in key for key in self._given.keys)
        return self._is_other_id(fact, fact.key)

    def _is_target(self, fact: Identifier) -> bool:
        """`I created a.docx`, `posted it to www.a.example`: what a deed was done to, or where."""
        before = self._text[: fact.start]
        told = before.rpartition(self._deed.word)[2] if self._deed.word in before else "?"
        return not told.strip(" '\"“„«‘") or bool(_TOWARDS.search(before))

    def _day(self, fact: WrittenDate | RelativeDays | Weekday) -> bool:
        basis = self._dated()
        if not basis.items or not self._deed.kinds & _TIMED_KINDS:
            return True
        today = self._sentence.ground.today
        if isinstance(fact, WrittenDate) and fact.is_day(today):
            return any(fact.matches(d) for d in basis.dates)
        return self._stands(fact, basis) or (isinstance(fact, RelativeDays) and fact.holds(today))

    def _dated(self) -> Holding:
        """Return what says when it is: the arguments, else results that do not say when it was."""
        if any(d.day for d in self._given.dates):
            return self._given
        leaves = [leaf for item in self._whole.items for leaf in item.leaves]
        own = [leaf for leaf in leaves if not _NOTED & set(key_words(leaf.key))]
        texts = [leaf.value for leaf in own if isinstance(leaf.value, str)]
        found = Holding((index("results", "", "\n".join(texts)),))
        return found if any(d.day for d in found.dates) else Holding(())

    def _time(self, fact: TimeOfDay) -> bool:
        basis = self._given if self._given.times else self._dated()
        if not self._deed.kinds & _TIMED_KINDS or not basis.times:
            return True
        others = [f for f in self._facts if isinstance(f, TimeOfDay) and f is not fact]
        return self._stands(fact, basis) or any(self._stands(f, basis) for f in others)


def _may_be_id(fact: AnyFact) -> TypeGuard[Quantity]:
    if not isinstance(fact, Quantity) or fact.dimension:
        return False
    return len(str(fact.values[0])) >= _ID_DIGITS


def _is_money(fact: Quantity) -> bool:
    return fact.dimension.startswith("money:")


def _is_sum(held: Held) -> bool:
    return held.quantity.dimension.startswith("money:") or is_amount(held)


def _totals(amounts: Sequence[Held]) -> list[Decimal]:
    """Return what several amounts come to, some of them or all."""
    values = [h.quantity.value for h in amounts]
    some = [sum(two, Decimal(0)) for two in combinations(values[:20], 2)]
    return [*some, sum(values, Decimal(0))]


def _is_in(row: Row, text: str) -> bool:
    """Whether a text, in words, holds a record's name or number; short words stand in any."""
    names = (own for own in row.texts if len(own) > _SHORT or any(map(str.isdigit, own)))
    return any(_in_words(name) in text for name in names)


def _in_words(text: str) -> str:
    return f" {' '.join(_folded(text))} "


def _folded(word: str) -> list[str]:
    return [t.folded for t in tokens(word)]
