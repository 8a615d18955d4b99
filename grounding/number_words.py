"""Number words: `twenty-five`, `fünfundzwanzig`, `vingt-cinq` and `veinticinco`.

`one` is left out: it is an article in three of the four languages, and claims nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from .language import Language
from .words import Token, fold

LONGEST = 4
"""Tokens of the longest number word: `treinta y cinco mil`."""

_ENGLISH = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen""".split()  # noqa: SIM905
_GERMAN = """null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn
fünfzehn sechzehn siebzehn achtzehn neunzehn""".split()  # noqa: SIM905
_FRENCH = """zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze
seize dix-sept dix-huit dix-neuf""".split()  # noqa: SIM905
_SPANISH = """cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce
quince dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro
veinticinco veintiséis veintisiete veintiocho veintinueve""".split()  # noqa: SIM905
_TENS: dict[Language, dict[int, str]] = {
    "en": dict(
        zip(
            range(20, 100, 10),
            "twenty thirty forty fifty sixty seventy eighty ninety".split(),  # noqa: SIM905
            strict=True,
        )
    ),
    "de": dict(
        zip(
            range(20, 100, 10),
            "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split(),  # noqa: SIM905
            strict=True,
        )
    ),
    "fr": {20: "vingt", 30: "trente", 40: "quarante", 50: "cinquante", 60: "soixante"},
    "es": dict(
        zip(
            range(30, 100, 10),
            "treinta cuarenta cincuenta sesenta setenta ochenta noventa".split(),  # noqa: SIM905
            strict=True,
        )
    ),
}
_OTHER: dict[Language, dict[str, int]] = {
    "en": {
        "hundred": 100,
        "a hundred": 100,
        "one hundred": 100,
        "thousand": 1000,
        "a thousand": 1000,
        "one thousand": 1000,
        "a dozen": 12,
        "dozen": 12,
        "both": 2,
        "twice": 2,
        "third": 3,
        "fourth": 4,
        "fifth": 5,
        "sixth": 6,
        "tenth": 10,
        "two hundred": 200,
        "three hundred": 300,
        "five hundred": 500,
    },
    "de": {
        "hundert": 100,
        "einhundert": 100,
        "tausend": 1000,
        "eintausend": 1000,
        "beide": 2,
        "beiden": 2,
        "zweimal": 2,
        "dreimal": 3,
        "dutzend": 12,
        "zweihundert": 200,
        "dreihundert": 300,
        "fünfhundert": 500,
        "dritte": 3,
        "dritten": 3,
        "vierte": 4,
        "vierten": 4,
    },
    "fr": {
        "cent": 100,
        "mille": 1000,
        "douzaine": 12,
        "troisième": 3,
        "quatrième": 4,
        "deux cents": 200,
        "trois cents": 300,
        "cinq cents": 500,
        "soixante dix": 70,
        "quatre vingts": 80,
        "quatre vingt": 80,
        "quatre vingt dix": 90,
    },
    "es": {
        "cien": 100,
        "mil": 1000,
        "ambos": 2,
        "ambas": 2,
        "docena": 12,
        "doscientos": 200,
        "trescientos": 300,
        "quinientos": 500,
        "tercer": 3,
        "tercera": 3,
        "tercero": 3,
        "cuarto": 4,
    },
}


def _compound(language: Language, ten: str, unit: str) -> tuple[str, ...]:
    match language:
        case "en":
            return (f"{ten} {unit}",)
        case "de":
            return (f"{unit}und{ten}",)
        case "fr":
            return (f"{ten} {unit}", f"{ten} et {unit}")
        case "es":
            return (f"{ten} y {unit}",)


def _table(language: Language, units: Sequence[str]) -> dict[str, int]:
    words = {fold(word).replace("-", " "): value for value, word in enumerate(units) if value != 1}
    for value, ten in _TENS[language].items():
        words[fold(ten)] = value
        for unit in range(1, 10):
            for form in _compound(language, ten, units[unit]):
                words[fold(form)] = value + unit
    return words | {fold(word): value for word, value in _OTHER[language].items()}


_FRENCH_TENS = {
    fold(f"{ten} {unit}").replace("-", " "): base + value
    for ten, base in (("soixante", 60), ("quatre-vingt", 80))
    for value, unit in enumerate(_FRENCH[1:], start=1)
}
_WORDS: dict[Language, dict[str, int]] = {
    "en": _table("en", _ENGLISH),
    "de": _table("de", _GERMAN),
    "fr": _table("fr", _FRENCH) | _FRENCH_TENS,
    "es": _table("es", _SPANISH),
}


_MEANING_OTHERS: dict[str, Language] = {
    "once": "es",
    "cent": "fr",
    "neuf": "fr",
    "sept": "fr",
    "cuarto": "es",
    "third": "en",
    "both": "en",
    "elf": "de",
    "acht": "de",
    "dos": "es",
    "ten": "en",
    "quinze": "fr",
}
"""Words that count in one language and mean another thing in some other."""

_ANY = {word: value for words in _WORDS.values() for word, value in words.items()}
_COMMON = {word: value for word, value in _ANY.items() if word not in _MEANING_OTHERS}


def small_number_words(most: int) -> list[str]:
    """Return the words of all languages for numbers up to a number, `one` included."""
    ones = ["one", "ein", "eine", "einer", "un", "une", "una", "uno"]
    return ones + [word for word, value in _ANY.items() if 2 <= value <= most]


def number_words(tokens: list[Token], language: Language) -> list[tuple[int, int, int]]:
    """Return (value, first token, token after the last) of each number word, longest first."""
    # Which language a short sentence is in is a guess: what counts in one only, counts in all.
    known = _COMMON | _WORDS[language]
    found: list[tuple[int, int, int]] = []
    at = 0
    while at < len(tokens):
        value, after = _longest(tokens, at, known)
        if value is not None:
            found.append((value, at, after))
        at = after
    return found


def _longest(tokens: list[Token], at: int, known: dict[str, int]) -> tuple[int | None, int]:
    for length in range(min(LONGEST, len(tokens) - at), 0, -1):
        words = " ".join(token.folded for token in tokens[at : at + length])
        if words in known:
            return known[words], at + length
    return None, at + 1
