"""Units: what a number counts, in words, symbols and the names of fields.

A unit has a dimension and a factor to that dimension's base, so that `8,4 km` and `length_m: 8400`
are one length. Working days and months are dimensions of their own: neither is a number of days.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from .words import fold, key_words, listed


class Unit(NamedTuple):
    """A dimension, and the factor that leads to its base unit."""

    dimension: str
    factor: Decimal


_CURRENCIES = {
    "EUR": "€ eur euro euros",
    "USD": "$ us$ usd dollar dollars dollarn dólar dólares us-dollar us-dollars",
    "GBP": "£ gbp pound pounds pfund",
    "CHF": "chf sfr franken francs franc franco francos",
    "JPY": "¥ jpy yen",
    "INR": "₹ inr rupee rupees rupien roupies rupias",
    "PLN": "zł pln zloty złoty",
    "SEK": "sek",
    "NOK": "nok",
    "DKK": "dkk",
    "CZK": "czk kč",
    "HUF": "huf forint",
    "CAD": "cad ca$",
    "AUD": "aud au$",
    "MXN": "mxn peso pesos",
    "BRL": "brl r$ reais real",
    "CNY": "cny rmb yuan",
    "KRW": "krw ₩",
    "RUB": "rub ₽",
    "TRY": "₺",
}
_SCALES: dict[str, dict[str, str]] = {
    "percent": {
        "1": "% percent pct per_cent prozent pourcent pourcents porciento v.h.",
        "0.1": "‰ promille permille",
    },
    "point": {"1": "prozentpunkt prozentpunkte prozentpunkten"},
    "time": {
        "0.001": "ms millisecond milliseconds millisekunden millisecondes milisegundos",
        "1": "s sec secs second seconds sekunde sekunden seconde secondes segundo segundos sek",
        "60": "min mins minute minutes minuten minuto minutos",
        "3600": "h hr hrs hour hours stunde stunden std heure heures hora horas",
        "86400": "day days tag tage tagen tages jour jours día días dias",
        "604800": "week weeks woche wochen semaine semaines semana semanas",
    },
    "working day": {
        "1": "arbeitstag arbeitstage arbeitstagen werktag werktage werktagen bankarbeitstage "
        "bankarbeitstagen geschäftstage geschäftstagen",
    },
    "month": {
        "1": "month months monat monate monaten monats mois mes meses",
        "3": "quarter quarters quartal quartale quartalen trimestre trimestres",
        "12": "year years yr yrs jahr jahre jahren jahres an ans année années año años",
    },
    "night": {"1": "night nights nacht nächte nächten nuit nuits nuitée nuitées noche noches"},
    "length": {
        "0.001": "mm millimetre millimetres millimeter millimeters millimètres milímetros",
        "0.01": "cm centimetre centimetres centimeter centimeters centimètres centímetros",
        "0.0254": "inch inches zoll",
        "0.3048": "ft foot feet",
        "1": "m metre metres meter meters metern mètre mètres metro metros",
        "1000": "km kilometre kilometres kilometer kilometers kilometern kilomètre kilomètres "
        "kilómetro kilómetros",
        "1609.344": "mi mile miles meile meilen milles millas",
    },
    "mass": {
        "0.001": "mg",
        "1": "g gram grams gramme grammes gramm gramo gramos",
        "1000": "kg kilo kilos kilogram kilograms kilogramm kilogramme kilogrammes kilogramos",
        "1000000": "t tonne tonnes tonnen toneladas",
        "453.59237": "lb lbs",
        "28.349523125": "oz ounce ounces unzen",
    },
    "volume": {
        "0.001": "ml millilitre millilitres milliliter milliliters mililitros",
        "0.01": "cl",
        "1": "l litre litres liter liters litern litro litros",
    },
    "area": {
        "1": "m² m2 sqm quadratmeter quadratmetern",
        "10000": "ha hectare hectares hektar hectáreas",
    },
    "speed": {"1": "km/h kmh kph", "1.609344": "mph"},
    "celsius": {"1": "°c celsius degree degrees grad degré degrés grado grados ° °"},
    "fahrenheit": {"1": "°f fahrenheit"},
    "data": {
        "1": "byte bytes octets",
        "1000": "kb",
        "1000000": "mb megabyte megabytes mo",
        "1000000000": "gb gigabyte gigabytes go",
        "1000000000000": "tb terabyte terabytes",
        "1024": "kib",
        "1048576": "mib",
        "1073741824": "gib",
    },
    "rate": {"1": "kbit/s kbps", "1000": "mbit/s mbps mbit", "1000000": "gbit/s gbps gbit"},
    "power": {"1": "w watt watts", "1000": "kw kilowatt"},
    "energy": {"1": "wh", "1000": "kwh", "1000000": "mwh"},
}


def _by_word() -> dict[str, Unit]:
    units = {
        fold(word): Unit(dimension, Decimal(factor))
        for dimension, scale in _SCALES.items()
        for factor, words in scale.items()
        for word in words.split()
    }
    money = {
        fold(word): Unit(f"money:{code}", Decimal(1))
        for code, words in _CURRENCIES.items()
        for word in words.split()
    }
    cents = dict.fromkeys(listed("cent cents centime centimes céntimo céntimos"), Decimal("0.01"))
    # A hundredth that has one currency only.
    money["pence"] = Unit("money:GBP", Decimal("0.01"))
    money["rappen"] = Unit("money:CHF", Decimal("0.01"))
    return units | money | {word: Unit("money:?", factor) for word, factor in cents.items()}


UNITS = _by_word()
"""Folded word or symbol → unit."""

CURRENCY_SIGNS = "€$£¥₹₩₽₺"

_MONEY_FIELDS = listed(
    """price prix preis precio amount betrag importe montant balance saldo solde kontostand cost
    costs kosten acompte anzahlung anticipo arrhes coste costo fee
    fees gebuhr gebuehr charge total subtotal paid billed refund
    deductible premium prime pramie rent miete loyer alquiler salary gehalt salaire deposit kaution
    caution tarif tariff tarifa fare discount_amount summe suma somme
    overdraft beitrag contribution cotisation cuota depense gasto tax taxe taxes tasa
    steuer impuesto maut toll surcharge zuschlag supplement suplemento ausgabe reembolso
    brutto netto bruto neto ttc ht facture facturado facturado factura facturé"""
)
_MONEY_ENDINGS = ("preis", "betrag", "gebuhr", "kosten", "price", "saldo", "miete", "summe")

_KEY_ONLY = {
    "ct": Unit("money:?", Decimal("0.01")),
    "cts": Unit("money:?", Decimal("0.01")),
    "c": Unit("celsius", Decimal(1)),
    "eur": UNITS["eur"],
    "percentage": UNITS["percent"],
    "prozent": UNITS["percent"],
    "porcentaje": UNITS["percent"],
    "pourcentage": UNITS["percent"],
}
_AMBIGUOUS_KEYS = {"an", "real", "go", "mo", "t", "l", "w", "point", "second", "cl"}
_SYMBOLS = {"t", "l", "w"}
"""Ambiguous alone, and units at the end of a longer name: `landed_t`."""
_CALENDAR = listed(
    """year jahr an annee ano month monat mois mes day tag jour dia quarter quartal trimestre
    week woche"""
)
"""A field of such a name, in the singular, holds a part of a date."""

_PERIODS = {"month", "night"}


def unit_of(word: str) -> Unit | None:
    """Return the unit that a word or symbol names."""
    return UNITS.get(fold(word.strip(".")))


def names_amount(key: str) -> bool:
    """Return whether a field's name says that its number is money."""
    words = key_words(key)
    return any(w in _MONEY_FIELDS or w.endswith(_MONEY_ENDINGS) for w in words)


def unit_of_field(key: str) -> Unit | None:
    """Return the unit that the last word of a field's name tells: `snow_mm`, `temp_max_c`."""
    words = key_words(key)
    amount = names_amount(key)
    for word in reversed(words[-2:]) if len(words) > 1 else words:
        unit = _KEY_ONLY.get(word) or UNITS.get(word)
        if unit is None or (word in _AMBIGUOUS_KEYS and not (word in _SYMBOLS and words[1:])):
            continue
        if word in _CALENDAR and not (word == "mois" and len(words) > 1):
            continue
        if amount and not unit.dimension.startswith("money:"):
            # `price_day` and `preis_kwh` are prices of something, not so much of it.
            continue
        if unit.dimension in _PERIODS and len(words) > 1 and not word.endswith(("s", "e", "es")):
            # `gebuehr_monat` is the price of a period.
            continue
        if len(word) == 1 and len(words) == 1:
            continue
        return unit
    return None


def currency_of(code: str) -> str | None:
    """Return the currency's code that a value such as `EUR` or `€` names."""
    unit = UNITS.get(fold(code)) if len(code) <= 12 else None
    if unit is None or not unit.dimension.startswith("money:"):
        return None
    return unit.dimension.removeprefix("money:")
