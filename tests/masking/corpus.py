"""A labelled corpus of personal data and secrets: made with a seed, in four languages.

`python tests/masking/corpus.py` prints recall and precision of each kind. Numbers are made by rules
written down here anew, so that a mistake in a recogniser's arithmetic shows.
"""

from __future__ import annotations

import random
import string
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pointsman.masking.finding import find
from pointsman.masking.kinds import KINDS, RECOGNISERS

SEED = 12
EACH = 60
"""Values of a kind and language."""
LANGUAGES = ("en", "de", "fr", "es")

FIRST = ["ana", "jörg", "zoë", "m.lopez", "o'brien", "li_wei", "info+shop", "k-schmidt", "x"]
HOSTS = ["example.com", "mail.example.co.uk", "büro.example", "sub.domain.example.org", "a-b.es"]


@dataclass(frozen=True)
class Case:
    """A text, and what of it is to be found."""

    text: str
    language: str
    kind: str = ""
    """Empty: nothing of it is."""
    value: str = ""


Draw = random.Random


def digits(draw: Draw, many: int) -> str:
    """Return so many digits."""
    return "".join(draw.choice(string.digits) for _ in range(many))


def grouped(text: str, sizes: tuple[int, ...], mark: str) -> str:
    """Return a text in groups."""
    parts, at = [], 0
    for size in sizes:
        parts.append(text[at : at + size])
        at += size
    return mark.join([*parts, *([text[at:]] if text[at:] else [])])


def email(draw: Draw, _: str) -> str:
    """Return an address, also an internationalised one."""
    name = f"{draw.choice(FIRST)}{draw.choice(['', digits(draw, 2), '.' + draw.choice('abc')])}"
    address = f"{name}@{draw.choice(HOSTS)}"
    return draw.choice([address, address, address.upper()])


def phone(draw: Draw, language: str) -> str:
    """Return a number as the language's country writes it, or as the world does."""
    local = {
        "en": f"({draw.randint(201, 989)}) {draw.randint(220, 989)}-{digits(draw, 4)}",
        "de": f"0{draw.choice(['30', '89', '171', '2203'])}/{draw.randint(1000000, 99999999)}",
        "fr": f"0{draw.randint(1, 7)} " + grouped(digits(draw, 8), (2, 2, 2), " "),
        "es": f"{draw.choice('67')}{digits(draw, 2)} " + grouped(digits(draw, 6), (2, 2), " "),
    }[language]
    code = {"en": "1", "de": "49", "fr": "33", "es": "34"}[language]
    rest = f"{draw.randint(201, 989)}{digits(draw, 7 if language == 'en' else 6)}"
    forms = [f"+{code}{rest}", f"+{code} {grouped(rest, (3, 3), ' ')}", f"00{code} {rest}"]
    forms.append(f"+{code}-{grouped(rest, (3, 3), '-')}")
    return draw.choice([local, *forms])


def luhn_digit(body: str) -> str:
    """Return the digit that makes a card's number."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        number = int(digit) * (2 if place % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return str(-total % 10)


def card(draw: Draw, _: str) -> str:
    """Return a card's number, written in any usual way."""
    start, size = draw.choice([("4", 16), ("51", 16), ("2221", 16), ("37", 15), ("6011", 16)])
    body = start + digits(draw, size - len(start) - 1)
    number = body + luhn_digit(body)
    sizes = (4, 6) if size == 15 else (4, 4, 4)
    return draw.choice([number, grouped(number, sizes, " "), grouped(number, sizes, "-")])


def iban(draw: Draw, language: str) -> str:
    """Return an account's number of the language's country."""
    country, size = {"en": ("GB", 22), "de": ("DE", 22), "fr": ("FR", 27), "es": ("ES", 24)}[
        language
    ]
    letters = "NWBK" if country == "GB" else ""
    account = letters + digits(draw, size - 4 - len(letters))
    as_number = "".join(str(int(c, 36)) for c in account + country + "00")
    number = f"{country}{98 - int(as_number) % 97:02}{account}"
    return draw.choice([number, grouped(number, (4,) * (size // 4), " ").strip(), number.lower()])


def us_ssn(draw: Draw, _: str) -> str:
    """Return a number that may have been given out."""
    area = draw.choice([n for n in range(1, 900) if n != 666])
    return f"{area:03}-{draw.randint(1, 99):02}-{draw.randint(1, 9999):04}"


def de_steuer_id(draw: Draw, _: str) -> str:
    """Return a number with one repeated digit and its check digit."""
    chosen = draw.sample(string.digits, 9)
    body = [*chosen, draw.choice(chosen)]
    while body[0] == "0":
        draw.shuffle(body)
    state = 10
    for digit in body:
        total = (state + int(digit)) % 10
        state = (2 * (total or 10)) % 11
    number = "".join(body) + str((11 - state) % 10)
    return draw.choice([number, grouped(number, (2, 3, 3), " ")])


def fr_nir(draw: Draw, _: str) -> str:
    """Return a number with its key, also of somebody from Corsica."""
    place = draw.choice(["75", "13", "2A", "2B"])
    month, commune = draw.randint(1, 12), digits(draw, 6)
    body = f"{draw.choice('12')}{digits(draw, 2)}{month:02}{place}{commune}"
    number = int(body.replace("2A", "19").replace("2B", "18"))
    whole = f"{body}{97 - number % 97:02}"
    return draw.choice([whole, grouped(whole, (1, 2, 2, 2, 3, 3), " ")])


def es_dni(draw: Draw, _: str) -> str:
    """Return a citizen's or a foreigner's number with its letter."""
    letters = "TRWAGMYFPDXBNJZSQVHLCKE"
    if draw.random() < 0.5:
        body = digits(draw, 8)
        return body + draw.choice(["", "-"]) + letters[int(body) % 23]
    first, body = draw.choice("XYZ"), digits(draw, 7)
    return f"{first}{body}{letters[int(str('XYZ'.index(first)) + body) % 23]}"


def uk_nino(draw: Draw, _: str) -> str:
    """Return a number with an allowed prefix."""
    body = digits(draw, 6)
    prefix = draw.choice(["AB", "JG", "CE", "PW", "SH"])
    joined = draw.choice([body, f" {grouped(body, (2, 2), ' ')} "])
    return f"{prefix}{joined}{draw.choice('ABCD')}"


MONTHS = {
    "en": ["January", "March", "May", "December"],
    "de": ["Januar", "März", "Mai", "Dezember"],
    "fr": ["janvier", "mars", "août", "décembre"],
    "es": ["enero", "marzo", "mayo", "diciembre"],
}


def birth_date(draw: Draw, language: str) -> str:
    """Return a date as the language writes it."""
    day, month, year = draw.randint(1, 28), draw.randint(1, 12), draw.randint(1930, 2010)
    word = draw.choice(MONTHS[language])
    said = {"en": f"{word} {day}, {year}", "de": f"{day}. {word} {year}"}
    said |= {"fr": f"{day} {word} {year}", "es": f"{day} de {word} de {year}"}
    mark = {"en": "/", "de": ".", "fr": "/", "es": "-"}[language]
    numbers = f"{day:02}{mark}{month:02}{mark}{year}"
    return draw.choice([said[language], numbers, f"{year}-{month:02}-{day:02}"])


def ip(draw: Draw, _: str) -> str:
    """Return an address of either version."""
    four = ".".join(str(draw.randint(1, 223)) for _ in range(4)).removeprefix("127.")
    four = four if four.count(".") == 3 else f"10.{four}"
    six = ":".join(f"{draw.randint(1, 65535):x}" for _ in range(8))
    return draw.choice([four, six, f"2001:db8::{draw.randint(1, 9)}:{draw.randint(10, 99)}"])


def mac(draw: Draw, _: str) -> str:
    """Return an address of a network card."""
    parts = [f"{draw.randint(0, 255):02x}" for _ in range(6)]
    text = draw.choice(":-").join(parts)
    return draw.choice([text, text.upper()])


ADDRESSES = [
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    "bc1p5d7rjq7g6rdk2yhzks9smlaqtedr4dekq08ge8ztwac72sfr9rusxg3297",
]


def crypto(draw: Draw, _: str) -> str:
    """Return an address that is known, or any of Ethereum's form."""
    return draw.choice([*ADDRESSES, "0x" + "".join(draw.choices("0123456789abcdef", k=40))])


def characters(draw: Draw, many: int) -> str:
    """Return letters and digits, of each at least one."""
    text = "".join(draw.choices(string.ascii_letters + string.digits, k=many - 2))
    return text + draw.choice(string.digits) + draw.choice(string.ascii_letters)


def secret(draw: Draw, _: str) -> str:
    """Return a key of a service, as services mark theirs."""
    return draw.choice(
        [
            "sk-" + characters(draw, 40),
            "sk_live_" + characters(draw, 24),
            "ghp_" + characters(draw, 36),
            "xoxb-" + digits(draw, 12) + "-" + characters(draw, 24),
            "AKIA" + "".join(draw.choices(string.ascii_uppercase + string.digits, k=16)),
            "lsv2_pt_" + characters(draw, 32) + "_" + characters(draw, 10),
            f"eyJ{characters(draw, 20)}.eyJ{characters(draw, 60)}.{characters(draw, 43)}",
        ]
    )


def password(draw: Draw, _: str) -> str:
    """Return what only the word before it tells to be secret."""
    return characters(draw, draw.randint(8, 16)) + draw.choice(["", "!", "#", "$x"])


MAKERS: dict[str, Callable[[Draw, str], str]] = {
    "email": email,
    "phone": phone,
    "card": card,
    "iban": iban,
    "us_ssn": us_ssn,
    "de_steuer_id": de_steuer_id,
    "fr_nir": fr_nir,
    "es_dni": es_dni,
    "uk_nino": uk_nino,
    "birth_date": birth_date,
    "ip": ip,
    "mac": mac,
    "crypto": crypto,
    "secret": secret,
}

AROUND: dict[str, list[str]] = {
    "en": ["Please use {} from now on.", "{}", "It was ({}), I think.", '{{"value": "{}"}}'],
    "de": ["Bitte nehmen Sie {}, danke.", "Es war „{}“.", "wert={}; ende", "Siehe {}."],
    "fr": ["Veuillez utiliser {} désormais.", "C'est « {} ».", "valeur : {}", "({})"],
    "es": ["Por favor use {} desde ahora.", "Es «{}».", "valor: {}, gracias", "¿Es {}?"],
}
"""Sentences that say nothing of what stands in them."""

BESIDE: dict[str, dict[str, list[str]]] = {
    "birth_date": {
        "en": ["She was born on {}.", "DOB: {}", '{{"date_of_birth": "{}"}}'],
        "de": ["geboren am {}", "Geburtsdatum: {}", "Herr Ott, geb. {}, wohnt hier"],
        "fr": ["née le {}", "Date de naissance : {}", "il est né le {} à Lyon"],
        "es": ["nacida el {}", "Fecha de nacimiento: {}", "nació el {} en Vigo"],
    },
    "de_steuer_id": {
        language: ["Steuer-ID: {}", "Steueridentifikationsnummer {}", "tax id {} (DE)"]
        for language in LANGUAGES
    },
    "secret": {
        "en": ["password: {}", "the API key is {}", '"api_key": "{}"', "Authorization: Bearer {}"],
        "de": ["Passwort: {}", "Das Kennwort ist {}", "token={}", "https://ana:{}@host.example/x"],
        "fr": ["mot de passe : {}", "secret={}", "https://api.example/x?token={}&a=1"],
        "es": ["contraseña: {}", "la clave es {}", "access_token={}", "password={}"],
    },
}
"""Words by which a kind is told that is no other text by itself."""

HARD: dict[str, list[str]] = {
    "en": [
        "Order ORD-{d4} of 2026-11-{m} costs {d2}.{d2} dollars.",
        "Version 1.{d1}.{d1}.{d1} was released at 12:{m}:{m}.",
        "See section 4.2.1.3 and page {d3}.",
        "The invoice number is {d6}, of {d2} October 2026.",
        "It weighs 1,{d3},{d3} grams; part no. {d3}-{d3}.",
        "user@localhost has no domain, and @ana is a handle.",
        "std::vector<a::b> holds {d4} items.",
        "Your password is wrong. The token has expired. Enter a password: thanks",
        "The meeting is on 12/05/2026, born out by the facts.",
        "sha256:{h64}",
        "{h8}-{h4}-4{h3}-a{h3}-{h12}",
        "ratio 12:30:45, id={d5}, tokens: {d4}, max_tokens={d3}",
        "The card {badcard} was mistyped.",
        "IBAN {badiban} is wrong.",
        "127.0.0.1:{d4} and ::1 are this machine",
    ],
    "de": [
        "Bestellung {d6} vom {m}.11.2026, Betrag {d3},{d2} EUR",
        "Kapitel 3.1.4.1, Seite {d3}; Stand 27.11.2026",
        "Auftrag Nr. {d8}, Kunde {d5}",
        "Das Passwort ist falsch, das Token abgelaufen.",
        "10.{d3}.{d3},00 EUR Umsatz, {d2} %",
    ],
    "fr": [
        "Commande n° {d6} du {m}/11/2026, {d3},{d2} €",
        "Le mot de passe est incorrect. Article 1.2.3.4 bis",
        "Total {d3} {d3} {d3} euros pour {d2} pièces",
        "né d'une idée simple en 2019",
    ],
    "es": [
        "Pedido {d7}, fecha {m}/11/2026, total {d3},{d2} €",
        "La contraseña es incorrecta; la clave es importante",
        "El total es {d3} {d3} {d3} euros",
        "Referencia {d8}{bad_letter} caducada",
    ],
}
"""What looks like it and is none."""


def hard(draw: Draw, template: str) -> str:
    """Fill in a template of what is none."""
    values = {f"d{n}": digits(draw, n) for n in range(1, 9)}
    values |= {f"h{n}": "".join(draw.choices("0123456789abcdef", k=n)) for n in (3, 4, 8, 12, 64)}
    body = "4" + digits(draw, 14)
    values["badcard"] = body + str((int(luhn_digit(body)) + draw.randint(1, 9)) % 10)
    good = iban(draw, "de").replace(" ", "").upper()
    values["badiban"] = good[:-1] + str((int(good[-1]) + draw.randint(1, 9)) % 10)
    number = int(values["d8"])
    values["bad_letter"] = "TRWAGMYFPDXBNJZSQVHLCKE"[(number + draw.randint(1, 22)) % 23]
    return template.format(m=f"{draw.randint(10, 28)}", **values)


def corpus(seed: int = SEED, each: int = EACH) -> Iterator[Case]:
    """Yield the cases."""
    draw = random.Random(seed)
    for kind, make in MAKERS.items():
        for language in LANGUAGES:
            frames = BESIDE.get(kind, {}).get(language) or AROUND[language]
            for _ in range(each):
                value = make(draw, language)
                frame = draw.choice(frames)
                if kind == "secret":
                    marked = draw.random() < 0.5
                    frame = draw.choice(AROUND[language]) if marked else frame
                    value = value if marked else password(draw, language)
                yield Case(frame.format(value), language, kind, value)
    for language, templates in HARD.items():
        for template in templates:
            for _ in range(each):
                yield Case(hard(draw, template), language)


@dataclass(frozen=True)
class Score:
    """How well one kind is found."""

    wanted: int
    found: int
    """Of those wanted, masked from their first to their last character."""
    named: int
    """Of those found, under the right kind."""
    wrong: int
    """Pieces that are none of what was wanted."""

    @property
    def recall(self) -> float:
        """The part of what is there that is found."""
        return self.found / self.wanted if self.wanted else 1.0

    @property
    def precision(self) -> float:
        """The part of what is found that is there."""
        return self.found / (self.found + self.wrong) if self.found + self.wrong else 1.0


def scores(cases: Iterator[Case]) -> tuple[dict[str, Score], list[str]]:
    """Return the scores by kind, and what went wrong."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    wrong: list[str] = []
    for case in cases:
        pieces = find(case.text, RECOGNISERS, KINDS)
        start = case.text.find(case.value) if case.kind else -1
        end = start + len(case.value)
        hits = [p for p in pieces if case.kind and p.start <= start and p.end >= end]
        close = [p for p in hits if p.end - p.start <= len(case.value) + 8]
        if case.kind:
            counts[case.kind]["wanted"] += 1
            counts[case.kind]["found"] += bool(close)
            counts[case.kind]["named"] += any(p.kind == case.kind for p in close)
            if not close:
                wrong.append(f"missed {case.kind}: {case.text}")
        for piece in pieces:
            if piece not in close:
                counts[piece.kind]["wrong"] += 1
                wrong.append(f"{piece.kind} in: {case.text}")
    keys = ("wanted", "found", "named", "wrong")
    return {kind: Score(*(counts[kind][key] for key in keys)) for kind in MAKERS}, wrong


def main() -> None:
    """Print the table, and some of what went wrong."""
    found, wrong = scores(corpus())
    print(f"{'kind':<14}{'wanted':>8}{'recall':>9}{'precision':>11}{'named':>8}")
    for kind, score in found.items():
        named = score.named / score.found if score.found else 0.0
        print(
            f"{kind:<14}{score.wanted:>8}{score.recall:>9.3f}{score.precision:>11.3f}{named:>8.3f}"
        )
    for line in random.Random(0).sample(wrong, min(20, len(wrong))):
        print(" ", line[:120])


if __name__ == "__main__":
    main()
