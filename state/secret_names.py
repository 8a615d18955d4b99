"""Names of what is secret: whether a value that stands under a name may be shown.

A name is read in words, however it is written (`cardPin`, `card_pin`, `CARD-PIN`), because the
short names of secrets stand inside ordinary ones: a `pin` in an opinion, a `key` in a monkey.
"""

from __future__ import annotations

import re
from itertools import pairwise

_WORD = re.compile(r"[A-Z]+s?(?![a-z])|[A-Z]?[a-z]+")
_LONGEST = 200
_STEMS = re.compile(
    r"secret|passw|passphrase|passcode|passport|passkey|token|credential|cookie|bearer|signature"
    r"|authori[sz]ation|authenticat|apikey|accesskey|privatekey"
)
"""Long enough to be told wherever they stand in a word."""
_WORDS = re.compile(
    r"auth|basic|cred|csc|csrf|cv[cv]|key|mfa|oauth|t?otp|pass|pin|puk|pwd?|psw|session|sig|tan|xsrf"
)
_ENDINGS = re.compile(
    r"(?:key|pass|pwd|auth|(?:card|user|account|atm|sim|login|door)(?:pin|code))$"
)
"""Of words that were run together."""
_ORDINARY = re.compile(
    r"bypass|compass|donkey|encompass|hockey|jockey|monkey|overpass|surpass|trespass|turkey|underpass"
    r"|whiskey"
)
_CODES = re.compile(
    r"access|auth|card|confirmation|cv[cv]|door|login|mfa|one|onetime|t?otp|pin|recovery|reset|security"
    r"|sms|time|unlock|verification"
)
"""What makes a secret of the word `code` behind it."""
_PLAIN = re.compile(
    r"(?:name|id|source|type|ur[il]|mechanism|expir\w{0,8}|version|algorithm)$", re.IGNORECASE
)


def is_secret_name(name: str) -> bool:
    """Say whether what stands under a name is secret."""
    if _PLAIN.search(name):
        return False
    words = [_singular(found.lower()) for found in _WORD.findall(name[:_LONGEST])]
    if any(map(_is_secret_word, words)):
        return True
    return any(word == "code" and _CODES.fullmatch(before) for before, word in pairwise(words))


def _is_secret_word(word: str) -> bool:
    if _ORDINARY.fullmatch(word):
        return False
    return bool(_WORDS.fullmatch(word) or _STEMS.search(word) or _ENDINGS.search(word))


def _singular(word: str) -> str:
    plural = word.endswith("s") and not word.endswith("ss")
    return word[:-1] if plural and len(word) > 2 else word
