"""Matching: whether a number in a sentence is a number that evidence holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from .evidence import Held
from .quantities import Quantity
from .times import TimeOfDay
from .units import names_amount
from .words import fold, key_words, listed

_SIGNED_FIELDS = listed("balance saldo solde kontostand temp temperature temperatur temperatura")
_RATE_FIELDS = listed(
    """rate share discount percentage pct tax vat interest quote anteil rabatt zins satz steuer mwst
    prozent taux part remise tva tasa tipo descuento iva porcentaje cuota change"""
)
_CHANGE_FIELDS = listed(
    "change aenderung veranderung variation evolution cambio variacion delta difference differenz"
)
RISING = re.compile(
    r"\b(?:r[io]se[sn]?|rising|went up|gone up|goes up|increas\w+|grew|grown|higher|up by|steig\w*"
    r"|gestiegen|stieg|erhöh\w*|höher|augment\w*|hausse|progress\w*|sub[ei]\w*|aument\w*|crec\w*)\b",
    re.IGNORECASE,
)
FALLING = re.compile(
    r"\b(?:f[ea]ll(?:s|en|ing)?|went down|gone down|goes down|decreas\w+|dropp\w+|drops?|declin\w+"
    r"|lower\w*|down by|less|cheaper|sank|sink\w*|gesunken|senk\w*|niedriger|weniger|günstiger"
    r"|baiss\w*"
    r"|diminu\w*|recul\w*|moins|baj\w*|disminu\w*|menos|refund\w*|credit\w*|back|erstatt\w*|zurück)\b",
    re.IGNORECASE,
)
_NEGATIVE_WORDS = re.compile(
    r"\b(?:minus|below|negative|overdrawn|overdraft|debt|owes?|owed|in the red|unter null|im minus"
    r"|überzogen|im soll|schulden|moins|découvert|n[ée]gatif\w*|en dessous|doit|devez"
    r"|sous z[ée]ro|negativ[oa]s?|descubierto|números rojos|bajo cero|debe|menos|frost\w*)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_HOUR = listed("hour stunde uhrzeit heure hora")
_TOLERANCE = Decimal("0.05")
_PERIODS = {
    fold(word): period
    for period, words in {
        "hour": "hour hours hourly stunde heure hora std",
        "day": "day days daily tag tage jour día dia diario",
        "night": "night nuit nacht noche",
        "week": "week weekly woche semaine semana semanal",
        "month": "month monthly monat monatlich mois mensuel mes mensual",
        "year": "year yearly annual annually jahr jährlich an année annuel año anual",
    }.items()
    for word in words.split()
}
_EACH = re.compile(
    r"\s?(?:an?|per|each|every|pro|je|die|im|par|la|l[’']|por|al|cada|/)\s?([^\W\d_]{2,10})\b",
    re.IGNORECASE,
)


def carries(
    held: Held, said: Quantity, sentence: str, currencies: frozenset[str] = frozenset()
) -> bool:
    """Return whether a held quantity is the one said: number, unit and sign.

    Args:
        held: The quantity of the evidence.
        said: The quantity of the sentence.
        sentence: The whole sentence, whose words may tell the sign.
        currencies: Dimensions of money that occur in the evidence; an amount without a currency
            is one of these where there are any.
    """
    if not _sign_agrees(held, said, sentence) or not _period_agrees(held, said, sentence):
        return False
    pairs = list(_comparable(held, said, currencies))
    return any(agrees(value, mine, said, converted=c) for value, mine, c in pairs)


def _sign_agrees(held: Held, said: Quantity, sentence: str) -> bool:
    if said.negative:
        return held.quantity.negative
    if said.positive:
        return not held.quantity.negative
    if _CHANGE_FIELDS.intersection(key_words(held.key)):
        up, down = bool(RISING.search(sentence)), bool(FALLING.search(sentence))
        return up == down or (down if held.quantity.negative else up)
    if not held.quantity.negative or not _is_signed(held):
        return True
    return bool(_NEGATIVE_WORDS.search(sentence))


def _period_agrees(held: Held, said: Quantity, sentence: str) -> bool:
    """`14 euros an hour` is wrong where `price_day` is 14."""
    if not said.dimension.startswith("money:") or not held.path:
        return True
    own = {word for word in key_words(held.key) if word in _PERIODS}
    match = _EACH.match(sentence[said.end : said.end + 24])
    period = _PERIODS.get(fold(match[1])) if match else None
    return not own or period is None or period in {_PERIODS[word] for word in own}


def _is_signed(held: Held) -> bool:
    """A minus counts where it is a state, as for a balance; before a charge it is a direction."""
    return held.quantity.dimension == "celsius" or bool(
        _SIGNED_FIELDS.intersection(key_words(held.key))
    )


def _comparable(
    held: Held, said: Quantity, currencies: frozenset[str]
) -> Iterable[tuple[Decimal, Decimal, bool]]:
    """Yield (held value, said value, whether units were converted) where both count one thing."""
    theirs, mine = held.quantity.dimension, said.dimension
    if not mine:
        for value in held.quantity.values:
            yield from ((value, own, False) for own in said.values)
    elif theirs == mine:
        unit = held.quantity.unit
        converted = unit is not None and said.unit is not None and unit.factor != said.unit.factor
        for value in held.quantity.base:
            yield from ((value, own, converted) for own in said.base)
    elif "money:?" in (theirs, mine) and theirs[:6] == mine[:6]:
        yield from ((value, own, False) for value in held.quantity.base for own in said.base)
    elif not theirs:
        yield from _unitless(held, said, currencies)


def _unitless(
    held: Held, said: Quantity, currencies: frozenset[str]
) -> Iterable[tuple[Decimal, Decimal, bool]]:
    """A number without a unit may be an amount, a share or a measure, as its field tells."""
    in_field = bool(held.path) and not held.in_name
    number = held.quantity.values[0]
    if said.dimension.startswith("money:"):
        if said.dimension == "money:?":
            possible = True
        elif held.currency:
            possible = said.dimension == f"money:{held.currency}"
        else:
            possible = not currencies or said.dimension in currencies
        # A bare number of prose is no price: `5 items` is not `$5`.
        if possible and in_field:
            yield from ((number, own, False) for own in said.base)
    elif said.dimension == "percent":
        # A field between zero and one is a share: `0.64` is 64 %, not 0.64 %.
        if Decimal(0) < number <= 1:
            yield from ((number * 100, own, False) for own in said.values)
        elif in_field and not is_amount(held) and (not held.currency or _is_rate(held)):
            yield from ((number, own, False) for own in said.values)
    elif in_field and not is_amount(held):
        yield from ((number, own, False) for own in said.values)


def _is_rate(held: Held) -> bool:
    """Among amounts a number is a percentage where its field says so."""
    return bool(_RATE_FIELDS.intersection(key_words(held.key)))


def is_hour(held: Held, fact: TimeOfDay) -> bool:
    """Return whether a field `hour` holds a time of day: `hour: 10` is 10 o'clock."""
    of_hour = bool(_HOUR.intersection(key_words(held.key))) and not held.quantity.end
    return of_hour and held.quantity.values[0] * 60 == fact.minutes


def is_year(key: str) -> bool:
    """Return whether a field is named by a year."""
    return bool(_YEAR.fullmatch(key))


def is_amount(held: Held) -> bool:
    """Return whether a field's name says that its number is money."""
    return names_amount(held.key)


def agrees(value: Decimal, own: Decimal, said: Quantity, *, converted: bool = False) -> bool:
    """Return whether a value is what a sentence says, rounded only where it says so.

    A sentence rounds openly with `about`, with a magnitude (`2.3 million`), or by giving a
    converted unit with at least two figures.
    """
    if value == own:
        return True
    if said.approximate and _is_about(value, own):
        return True
    if said.worded or (converted and len(re.sub(r"\D", "", said.text).lstrip("0")) >= 2):
        return rounds_to(value, own, said)
    return False


def _is_about(value: Decimal, own: Decimal) -> bool:
    """Within a twentieth, or rounded to the figures that are written, within a tenth."""
    gap = abs(value - own)
    if gap <= _TOLERANCE * abs(value):
        return True
    step = Decimal(1).scaleb(own.normalize().adjusted()) if own else Decimal(0)
    return gap <= step / 2 and gap <= 2 * _TOLERANCE * abs(value)


def rounds_to(value: Decimal, own: Decimal, said: Quantity) -> bool:
    """Return whether a value rounds to what is written, by the decimals that are written."""
    factor = (own / said.values[0]) if said.values[0] else Decimal(1)
    return abs(value - own) <= factor * Decimal(10) ** -said.decimals / 2
