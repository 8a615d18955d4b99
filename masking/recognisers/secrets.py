"""Secrets: keys of services, passwords, private keys, and what a URL carries of them."""

from __future__ import annotations

from .recogniser import Recogniser, if_true

# Services mark their keys, so that scanners find them.
_MARKED = (
    r"sk-[A-Za-z0-9_-]{20,}|(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{16,120}"
    r"|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,}|glpat-[A-Za-z0-9_-]{20,64}"
    r"|xox[abeprs]-[A-Za-z0-9-]{10,120}|(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}"
    r"|lsv2_[a-z]{2}_[A-Za-z0-9_]{16,120}|hf_[A-Za-z0-9]{30,64}|npm_[A-Za-z0-9]{36}"
    r"|pypi-[A-Za-z0-9_-]{40,}|SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"
)
_NAMED = (
    r"password|passwd|passphrase|pwd|passwort|kennwort|mot de passe|contraseña|clave"
    r"|secret|client[_ -]?secret|(?:api|access)[_ -]?key|(?:auth|access|refresh)[_ -]?token|token"
    r"|api-schlüssel|clé (?:d')?api"
)


def _is_secret(text: str) -> bool:
    """Say whether a value looks made up: a word alone is none, and neither is a pseudonym."""
    if text.startswith(("<", "${", "{{", "[")):
        return False
    digit = any(c.isdigit() for c in text)
    letter = any(c.isalpha() for c in text)
    other = any(not c.isalnum() for c in text.strip(".:,;!?"))
    cases = text != text.lower() and text != text.upper() and text[1:] != text[1:].lower()
    return letter and sum((digit, other, cases)) >= 1 and len(set(text)) >= 5


RECOGNISERS = (
    Recogniser(kind="secret", pattern=_MARKED),
    Recogniser(
        kind="secret",
        pattern=r"-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY-----[A-Za-z0-9+/=\s\\,:-]{16,}?"
        r"-----END (?:[A-Z]{2,10} ){0,2}PRIVATE KEY-----",
        needs=b"-",
        whole=False,
    ),
    Recogniser(
        kind="secret",
        pattern=rf"(?i)\b(?:{_NAMED})\b[\"'”]?\s{{0,4}}(?:[:=]|\bis\b|\bist\b|\best\b|\bes\b)\s{{0,4}}[\"'“]?"
        r"([^\s\"'“”,;&<>(){}\[\]]{6,})",
        whole=False,
        narrow=if_true(_is_secret),
    ),
    Recogniser(
        kind="secret",
        pattern=r"(?i)\b(?:bearer|basic) ([^\s\"',;<>]{8,})",
        whole=False,
        narrow=if_true(_is_secret),
    ),
    Recogniser(
        kind="secret",
        pattern=r"(?i)\b[a-z][a-z0-9+.-]{1,20}://([^\s/:@\"'<>]*:[^\s/@\"'<>]+)@",
        needs=b"@",
        whole=False,
    ),
    Recogniser(
        kind="secret",
        pattern=r"(?i)[?&](?:token|key|api_?key|access_token|signature|sig|password|secret|x-amz-signature)="
        r"([^&\s#\"'<>]{6,})",
        needs=b"=",
        whole=False,
    ),
)
