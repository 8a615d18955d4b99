"""What of a credential is secret by itself: the password of a database's address, a token's rest.

A credential is often a whole address, header, connection string or file of keys, and an error
quotes only the part that it is about.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import unquote, unquote_plus

from .json_text import json_in
from .secret_names import is_secret_name
from .values import Json

SHORTEST_PART = 6
"""Characters of a part that is looked for by itself: shorter ones stand in other words."""
_DEPTH = 8
_LONGEST = 16_384
_MOST = 32
"""Parts that are looked for, each of which costs a search."""

_USER_INFO = re.compile(r"://([^\s/?#@:]{0,512})(?::([^\s/?#]{1,512}))?@")
_NAMED = re.compile(
    r"(?<![\w.\-])([A-Za-z_][\w.\-]{0,63})"
    r"(?=[\"']?(?:[ \t]{0,8}[:=][ \t]{0,8}|[ \t]{1,8})(?:(?:Bearer|Basic|Token|ApiKey)[ ]{1,4})?"
    r"(?:\"([^\"\r\n]{1,512})\"|'([^'\r\n]{1,512})'|([^\s;,&\"']{1,4096})))",
    re.IGNORECASE,
)
"""A name and its value, as in headers, connection strings, queries, cookies and settings."""
_PAIR = re.compile(r"([^\s:/={}\[\]]{1,128}):(?!//)([^\s{}\[\]]{1,512})")
_SIGNED = re.compile(r"[\w-]{4,}\.[\w-]{4,}\.([\w-]{16,})")


def parts_of(secret: str) -> set[str]:
    """Return the parts of a credential that are secret wherever they stand.

    Args:
        secret: The credential, in whatever form it is kept.
    """
    found: list[str] = []
    pending = [secret[:_LONGEST].strip()]
    for text in pending:
        for part in islice(_direct(text), _MOST - len(found)):
            if len(part) >= SHORTEST_PART and part not in found:
                found.append(part)
                pending.append(part)  # a header may hold a pair, and a key file an address
    return set(found)


def _direct(text: str) -> Iterator[str]:
    if text.startswith(("{", "[")):
        yield from _of_json(text)
    for user, password in (found.groups("") for found in _USER_INFO.finditer(text)):
        # Who is called as the password is ("postgres") would be hidden wherever he is named.
        if (said := password or user) != user or not password:
            yield from (said, unquote(said))
    for name, double, single, bare in (found.groups("") for found in _NAMED.finditer(text)):
        if is_secret_name(name):
            value = double or single or bare
            yield from (value, unquote_plus(value), *_decoded(name, value))
    if pair := _PAIR.fullmatch(text):
        yield pair[2]
    if signed := _SIGNED.fullmatch(text):
        yield signed[1]


def _of_json(text: str) -> Iterator[str]:
    try:
        value: Json = json_in(text)
    except ValueError:
        return
    yield from _secret_leaves(value, named=False, depth=_DEPTH)


def _secret_leaves(value: Json, *, named: bool, depth: int) -> Iterator[str]:
    if isinstance(value, str) and named:
        yield value
    elif isinstance(value, dict) and depth:
        for key, item in value.items():
            yield from _secret_leaves(item, named=is_secret_name(key), depth=depth - 1)
    elif isinstance(value, list) and depth:
        for item in value:
            yield from _secret_leaves(item, named=named, depth=depth - 1)


def _decoded(name: str, value: str) -> Iterator[str]:
    """Yield what basic authentication says: a name and a password."""
    if name.lower() not in ("basic", "authorization"):
        return
    try:
        yield base64.b64decode(value, validate=True).decode()
    except ValueError:
        return
