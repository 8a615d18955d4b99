"""Actions: what a sentence says the agent has done or will do, and whether the run did it.

A performed effect is the only evidence for `I have cancelled it`. Looking something up is no such
action, and a promise stands only where the evidence or the instructions speak of its kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

from .evidence import Held
from .facts import StatedFacts, read
from .first_person import negated_before, own_deeds
from .ground import Ground, Holding
from .kinds import kinds_of
from .lexicon.reading import lexicon
from .matching import carries
from .opposites import concept_of
from .passives import PassiveStatement, is_carrying, is_moving, passive_statements
from .quantities import Quantity
from .records import Leaf
from .tables import named_rows
from .words import fold, folded_words, key_words, listed

_CONDITION = listed(lexicon("actions")["condition"])
_OWED = listed(
    """open due owed owing outstanding balance unpaid remaining arrears offen offene offener
    fallig restbetrag saldo ruckstand du dus impaye restant solde pendiente pendientes debe
    deuda adeudado"""
)
_PARTICIPLE = 6
_HELD = listed(
    """held retained suspended stuck stopped zurückgehalten einbehalten angehalten festgehalten
    retenu retenue arrêté arrêtée retenido retenida detenido detenida parado parada"""
)
"""What a record or message says of something that is blocked."""
_NOUNS = listed(lexicon("passives")["nouns"]["cancel"])
"""Words that name a deed which may never be done: a rule speaks of it too."""
_UNDONE = {("blocked", -1), ("registered", -1)}
"""States that come about by undoing their contrary."""
_LABEL = 4
"""Words of the longest text field that names a state rather than telling of something."""
_FUTURE = re.compile(
    r"\b(?:i|we)(?:\s?['’]ll|\swill|(?:\s(?:am|are)|\s?['’](?:m|re)) going to)\s"
    r"(?:also\s|now\s|then\s)*(\w+)"
    r"|\b(?:ich werde|wir werden|werde ich|werden wir)\b[^.!?;]*?\b(\w+en)(?=\s*(?:[.!?;,]|$))"
    r"|\b(?:je|nous)\s(?:te\s|t['’]|vous\s|l['’]|les\s|le\s)*(?:vais\s|allons\s)?"
    r"(?:te\s|vous\s|le\s|la\s|les\s)*(\w+(?:rai|rons|er|ir|re))\b"
    r"|\b(?:voy a|vamos a)\s(\w+)|\b(?:le|te|les|lo|la)\s(\w+r(?:é|emos))\b",
    re.I,
)  # fmt: skip


def unperformed(facts: StatedFacts, cited: Holding, ground: Ground) -> str:
    """Return an action that a sentence claims and nothing carries, or an empty string."""
    return (
        _claimed(facts, ground)
        or _happened(facts, cited, ground)
        or _promised(facts, cited, ground)
    )


def _happened(facts: StatedFacts, cited: Holding, ground: Ground) -> str:
    """Return what it says was done, by whomever, that was not done and stands nowhere.

    What the user asks for or takes for done is no ground, unless the sentence only repeats it.
    """
    money = [q for q in facts.quantities if q.dimension.startswith("money")]
    for statement in passive_statements(facts.text, names_money=bool(money)):
        kinds = statement.kinds or kinds_of(statement.word)
        if not kinds or ground.done_of(kinds):
            continue
        if statement.is_told and _spoken_of(kinds, ground.context):
            continue
        if not (
            _found(kinds, statement, money, facts, cited)
            if cited.items
            else _stated(kinds, statement, facts, ground)
        ):
            return statement.word
    return ""


def _found(
    kinds: frozenset[str],
    statement: PassiveStatement,
    money: Sequence[Quantity],
    facts: StatedFacts,
    cited: Holding,
) -> bool:
    """Return whether cited evidence speaks of it, or records the amount that was booked."""
    denied = _denied(cited)
    if not statement.is_lasting and _undoes(statement.word, denied):
        return False
    words = cited.words - denied
    named = {word for word in words if (kinds | kinds_of(statement.word)) & kinds_of(word)}
    if named and (named - _NOUNS or _has_taken_place(named, cited)):
        return True
    if _says(statement.word, words) and not denied:
        return True
    if statement.is_moving and any(map(is_moving, words)):
        return True
    if statement.is_lasting and "block" in kinds and _HELD & words:
        return True
    if statement.is_lasting and _stands_so(statement.word, cited):
        return True
    if statement.is_lasting and "pay" in kinds and any(map(_nothing_owed, cited.held)):
        return True
    if "pay" in kinds and not money and _is_booked(facts, cited):
        return True
    booked = [h for h in cited.held if h.path and (h.quantity.negative or statement.is_charge)]
    return (
        "pay" in kinds
        and any(
            carries(h, amount, statement.word, cited.currencies) for h in booked for amount in money
        )
    ) or ("pay" in kinds and _are_booked_together(money, cited))


def _says(word: str, words: frozenset[str]) -> bool:
    """Whether evidence has the participle itself, as a line of a log does: `payment ordered`."""
    return len(word) >= _PARTICIPLE and fold(word) in words


def _are_booked_together(money: Sequence[Quantity], cited: Holding) -> bool:
    """Whether an amount is what all that went out comes to."""
    totals = [
        sum(h.quantity.value for row in rows for h in row.held if h.path and h.quantity.negative)
        for rows in cited.tables
    ]
    return any(amount.value == total for amount in money for total in totals)


def _is_booked(facts: StatedFacts, cited: Holding) -> bool:
    """Whether a record that the sentence names has an amount that went out."""
    named = [row for rows in cited.tables for row in named_rows(rows, facts)]
    return any(h.path and h.quantity.negative for row in named for h in row.held)


def _has_taken_place(nouns: frozenset[str] | set[str], cited: Holding) -> bool:
    """Whether evidence that only names a deed says that it was done, or how much came of it.

    `cancellation: free until 3 May` cancels nothing.
    """
    for item in cited.items:
        if not item.leaves:
            # What prose says of it is left to meaning.
            return bool(nouns & item.words)
        for leaf in item.leaves:
            own = frozenset(key_words(leaf.key))
            text = folded_words(leaf.value) if isinstance(leaf.value, str) else frozenset[str]()
            done = isinstance(leaf.value, Decimal) and leaf.value != 0
            if own & nouns and (leaf.value is True or done or any(map(is_carrying, text))):
                return True
            if text & nouns and len(text) > _LABEL:
                return True
    return False


def _undoes(word: str, denied: frozenset[str]) -> bool:
    """Whether it undoes what nothing says was ever so: `unblocked` over `blocked: false`."""
    concept = concept_of(fold(word))
    return concept in _UNDONE and any((concept_of(d) or ("",))[0] == concept[0] for d in denied)


def _stands_so(word: str, cited: Holding) -> bool:
    """Whether a record says that it stands so: `is unblocked` over `blocked: false`."""
    concept = concept_of(fold(word))
    told = {(m.name, m.sign) for clause in cited.clauses for m in clause.concepts}
    return concept in told


def _nothing_owed(held: Held) -> bool:
    """Whether a record says that nothing is left to be paid: `balance: 0`."""
    return held.quantity.values[0] == 0 and bool(_OWED.intersection(key_words(held.key)))


def _denied(cited: Holding) -> frozenset[str]:
    """Return the words that only name what is not so: `card_blocked: false` blocks nothing."""
    leaves = [leaf for item in cited.items for leaf in item.leaves]
    names = {word for leaf in leaves if leaf.value is False for word in key_words(leaf.key)}
    told = {word for leaf in leaves if leaf.value is not False for word in key_words(leaf.key)}
    texts = [leaf.value for leaf in leaves if isinstance(leaf.value, str)]
    return frozenset(names) - told - frozenset[str]().union(*map(folded_words, texts))


def _stated(
    kinds: frozenset[str], statement: PassiveStatement, facts: StatedFacts, ground: Ground
) -> bool:
    """Return whether the instructions say so, or a record of what the sentence identifies."""
    said = passive_statements(ground.instructions)
    if any(
        c.is_lasting == statement.is_lasting
        and not c.is_told
        and kinds & (c.kinds or kinds_of(c.word))
        for c in said
    ):
        return True
    if _told(kinds, ground):
        return True
    named = {i.key for i in facts.identifiers}
    records = [item for item in ground.evidence.values() if named & item.keys]
    words = [word for item in records for leaf in item.leaves for word in _told_by(leaf)]
    return any(kinds & kinds_of(word) for word in words)


def reported(text: str) -> frozenset[str]:
    """Return the kinds of what an earlier answer said to be done."""
    return frozenset[str]().union(*reported_one_by_one(text))


def reported_one_by_one(text: str) -> list[frozenset[str]]:
    """Return of each deed that a text tells of the kinds that its word may name."""
    passive = [c.kinds or kinds_of(c.word) for c in passive_statements(text)]
    return passive + [kinds_of(deed.word) for deed in own_deeds(read(text))]


def _told_by(leaf: Leaf) -> Iterable[str]:
    """Return the words of a field that tells a state: `status: cancelled`, `cancelled: true`."""
    if leaf.value is True:
        return key_words(leaf.key)
    words = folded_words(leaf.value) if isinstance(leaf.value, str) else frozenset[str]()
    return words if len(words) <= _LABEL else ()


def _promised(facts: StatedFacts, cited: Holding, ground: Ground) -> str:
    """Return what the agent says it will do, of which nothing that it may stand on speaks."""
    if any(token.folded in _CONDITION for token in facts.tokens):
        return ""
    for match in _FUTURE.finditer(facts.text):
        word = next((group for group in match.groups() if group), "")
        if negated_before(facts, match.start(match.lastindex or 0)):
            continue
        kinds = kinds_of(word)
        if (
            kinds
            and not ground.done_of(kinds)
            and not _spoken_of(kinds, cited if cited.items else ground.context)
        ):
            return word
    return ""


def _claimed(facts: StatedFacts, ground: Ground) -> str:
    """Return what the agent says it did itself, but did not."""
    for deed in own_deeds(facts):
        kinds = kinds_of(deed.word)
        if not (ground.done_of(kinds) if kinds else ground.done) and not _told(kinds, ground):
            return deed.word
    return ""


def _told(kinds: frozenset[str], ground: Ground) -> bool:
    return any(kinds & reported(text) for text in ground.told)


def _spoken_of(kinds: frozenset[str], holding: Holding) -> bool:
    return any(kinds & kinds_of(word) for word in holding.words)
