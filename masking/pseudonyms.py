"""Pseudonyms: what stands in a text for a value, and turns back: `<email:7f3a91c2>`.

A pseudonym is a keyed digest of the value. Within a tenant the same value has the same one, so that
a model can tell two people apart and follow one; without the key nobody can work out which value it
stands for, nor what another tenant's would be. What it stands for is nowhere written down: whoever
masks a text knows, for as long as the reply takes, what stood there.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Sequence

from .finding import Found

NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
"""How kinds are named."""
_SHORT, _LONG = 8, 32
"""Hexadecimal digits; the longer form is for two values of one text that share the shorter."""
_MARK = re.compile(
    r"(?:<|&lt;|\\u003[cC])(?P<kind>[A-Za-z][A-Za-z0-9_]{0,31}):(?P<digest>[0-9a-fA-F]{8,32})"
    r"(?:>|&gt;|\\u003[eE])"
)
"""A pseudonym as models write it back: as it was, in capitals, escaped for a page or JSON."""
_QUOTING = re.compile(r"([\\'\"{}]+)")
"""Signs that end a literal of a plan, or begin an expression in one."""
LONGEST = 32 + 1 + 32 + 2 * len("\\u003c")
"""Characters of the longest one."""


class Pseudonyms:
    """Gives values their pseudonyms, and takes back those that it gave.

    Args:
        key: Gives the tenant's key, when there is something to name; see `tenant_key`.
    """

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._key = key
        self._values: dict[str, str] = {}

    @property
    def values(self) -> dict[str, str]:
        """Pseudonym → value, of all that were given."""
        return dict(self._values)

    def __bool__(self) -> bool:
        return bool(self._values)

    def __repr__(self) -> str:
        return f"Pseudonyms({len(self._values)} given)"

    def of(self, kind: str, value: str) -> str:
        """Return the pseudonym of a value."""
        said = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
        digest = hmac.new(self._key(), said, hashlib.sha256).hexdigest()
        for length in (_SHORT, _LONG):
            pseudonym = f"<{kind}:{digest[:length]}>"
            if self._values.setdefault(pseudonym, value) == value:
                break
        return pseudonym

    def replace(self, text: str, found: Sequence[Found]) -> str:
        """Return a text with pseudonyms for what was found in it."""
        kept: list[str] = []
        at = 0
        for piece in found:
            kept += [
                text[at : piece.start],
                self._quotable(piece.kind, text[piece.start : piece.end]),
            ]
            at = piece.end
        return "".join([*kept, text[at:]])

    def _quotable(self, kind: str, value: str) -> str:
        """Return what stands for a value, with the signs in it that a quotation must escape.

        Whoever quotes a pseudonym in a plan cannot escape what it stands for: an address with an
        apostrophe would end the quotation, and what follows would be read as code.
        """
        parts = _QUOTING.split(value)
        return "".join(
            part if number % 2 else self.of(kind, part) for number, part in enumerate(parts) if part
        )

    def restore(self, text: str, *, as_json: bool = False) -> str:
        """Return a text with the values of those pseudonyms that were given; others stay as text.

        Args:
            text: What came back.
            as_json: Whether it is JSON, in whose strings a value must be escaped.
        """

        def value(mark: re.Match[str]) -> str:
            known = self._values.get(_plain(mark))
            if known is None:
                return mark[0]
            return json.dumps(known, ensure_ascii=False)[1:-1] if as_json else known

        return _MARK.sub(value, text)

    def unknown(self, text: str) -> tuple[str, ...]:
        """Return what reads like a pseudonym of a text and was never given."""
        found = (_plain(mark) for mark in _MARK.finditer(text))
        return tuple(dict.fromkeys(one for one in found if one not in self._values))


def _plain(mark: re.Match[str]) -> str:
    return f"<{mark['kind'].lower()}:{mark['digest'].lower()}>"


def tenant_key(key: bytes, tenant: str) -> bytes:
    """Return the key of one tenant, from which no other tenant's can be worked out."""
    return hmac.new(key, b"tenant\0" + tenant.encode("utf-8", "surrogatepass"), "sha256").digest()
