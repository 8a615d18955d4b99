"""Identifiers and addresses: order numbers, IBANs, telephone numbers, e-mail addresses, URLs."""

from __future__ import annotations

import re
from typing import NamedTuple

from .spans import Taken

# Each pattern starts where a run of its own characters starts, so that no text is scanned twice.
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}")
_URL = re.compile(r"\b(?:https?://|www\.)[^\s<>\"'`{}|\\^\[\]]{1,500}", re.IGNORECASE)
_DOMAIN = re.compile(
    r"(?<![\w.@-])(?:[a-z0-9-]{1,63}\.){1,6}(?:com|org|net|example|io|eu|de|fr|es|uk|us|ch|at|app"
    r"|dev|info|test|co)(?:/[^\s<>\"'`]{0,300})?(?![\w-])",
    re.IGNORECASE,
)
_FILE = re.compile(
    r"(?<![\w.-])[\w-]{1,80}\.(?:csv|xlsx?|docx?|pptx?|pdf|txt|md|json|xml|ya?ml|py|js|ts|png|jpe?g|gif|zip|tar|gz|log"
    r"|sql|html?|mp3|mp4|wav|ics|eml)(?![\w-])",
    re.IGNORECASE,
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[\dA-Z]{4}){2,8}(?: ?[\dA-Z]{1,3})?\b")
_PHONE = re.compile(r"(?<![\w.,+-])(?:\+\d|\(0|0\d)(?:[ ()/.-]{0,2}\d){6,14}(?![\w-])")
_DASHED = re.compile(r"(?<![\w.,:+/-])\d{2,6}(?:-\d{2,6}){1,4}(?![\w:-])")
_DOTTED = re.compile(r"(?<![\w.,/-])\d{1,4}(?:\.\d{1,4}){2,3}(?![\w/-]|[.,]\d)")
_GROUPED = re.compile(r"\d{1,3}(?:\.\d{3})+")
_RUN = re.compile(r"(?<![^\W])[^\W_]{1,64}(?:[-_/.#][^\W_]{1,64}){0,8}")
_ENDS = ".,;:!?)]}'\""


class Identifier(NamedTuple):
    """An identifier or address as written, and in the form that is compared."""

    text: str
    start: int
    end: int
    key: str


def addresses(text: str) -> list[Identifier]:
    """Return the e-mail addresses and URLs of a text."""
    taken = Taken(len(text))
    return [
        _trimmed(match)
        for pattern in (_EMAIL, _URL, _DOMAIN, _FILE)
        for match in pattern.finditer(text)
        if taken.take(*match.span())
    ]


def _trimmed(match: re.Match[str]) -> Identifier:
    text = match[0].rstrip(_ENDS)
    key = re.sub(r"^(?:https?://)?(?:www\.)?", "", text.casefold()).rstrip("/")
    return Identifier(text, match.start(), match.start() + len(text), key)


def host(key: str) -> str:
    """Return the host that an address is at: of `a@b.com` and of `b.com/c` it is `b.com`."""
    return key.rpartition("@")[2].partition("/")[0]


def compact(text: str) -> str:
    """Return an identifier without case and separators."""
    return re.sub(r"[\W_]", "", text.casefold())


def prefix(key: str) -> str:
    """Return the letters that an identifier begins with: those of one kind share them."""
    return key[: next((at for at, c in enumerate(key) if c.isdigit()), len(key))]


def long_numbers(text: str) -> list[Identifier]:
    """Return IBANs, telephone numbers, numbers grouped with dashes, and versions (`4.18.1`)."""
    taken = Taken(len(text))
    return [
        Identifier(match[0], match.start(), match.end(), compact(match[0]))
        for pattern in (_IBAN, _PHONE, _DASHED, _DOTTED)
        for match in pattern.finditer(text)
        if not _GROUPED.fullmatch(match[0]) and taken.take(*match.span())
    ]


def identifiers(text: str) -> list[Identifier]:
    """Return the runs that mix letters and digits: `ORD-1001`, `BR4471`, `gift_card_77`."""
    found: list[Identifier] = []
    for match in _RUN.finditer(text):
        run = match[0]
        if any(c.isdecimal() for c in run) and any(c.isalpha() for c in run):
            found.append(Identifier(run, match.start(), match.end(), compact(run)))
    return found
