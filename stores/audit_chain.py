"""Arithmetic of the audit chains: what is hashed, and whether a chain is whole.

It needs nothing but Python's standard library, as whoever checks an export has nothing else.

An entry commits to its actor and body by a salted digest, so that the body can be forgotten and the
chain still holds. What an entry says is digested apart from its place in the chain, so that a chain
can be shown in which all but some entries are digests.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, NoReturn

FORGOTTEN = "forgotten"
"""Kind of the entry that names those whose bodies were removed."""
NAMED = "entries"
"""Where its body names them."""
CLOSED = "older_log_closed"
"""Kind of the entry that closes the one chain of earlier releases."""


class EntryBody(NamedTuple):
    """What an entry commits to."""

    salt: bytes
    actor: str
    body: Any


class Link(NamedTuple):
    """One entry of a chain."""

    tenant: str
    seq: int
    at: float
    kind: str
    thread_id: str
    run_id: str
    commitment: str
    previous: str
    hash: str
    body: EntryBody | None
    """`None`: it is not there."""

    def facts_digest(self) -> str:
        """Return the digest of what it says, apart from its place in the chain."""
        title = "pointsman audit entry"
        return _sha256(canonical([title, *self[: Link._fields.index("previous")]]))


class BrokenChainError(Exception):
    """An entry is not as it was written."""

    def __init__(self, seq: int, message: str) -> None:
        super().__init__(message)
        self.seq = seq
        self.message = message


def canonical(value: Any) -> bytes:
    """Return the one form of a JSON value that is hashed: keys sorted, no spaces, UTF-8."""
    return _CANONICAL.encode(value).encode("utf-8", "surrogatepass")


_CANONICAL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def commitment(body: EntryBody) -> str:
    """Return what an entry says of its body; who does not know the salt cannot guess the body."""
    return _sha256(body.salt + canonical([body.actor, body.body]))


def chain_hash(previous: str, facts_digest: str) -> str:
    """Return the hash of an entry and, through `previous`, of everything before it."""
    return _sha256(f"pointsman audit chain\n{previous}\n{facts_digest}".encode())


def check_chain(links: Iterable[Link], signed: Mapping[int, str]) -> tuple[int, str]:
    """Check one chain from its first entry on, and return its last entry's number and hash.

    Args:
        links: The entries in order.
        signed: Number → hash of those of which a signature tells.

    Raises:
        BrokenChainError: It names the first entry that is missing or not as it was written.
    """
    seq, previous = 0, ""
    absent: set[int] = set()

    def broken(at: int, message: str) -> NoReturn:
        # What comes behind a broken entry excuses nothing that is missing before it.
        if absent and min(absent) < at:
            raise _unexcused(absent)
        raise BrokenChainError(at, message)

    for link in links:
        _check_link(link, seq, previous, signed, broken)
        if link.body is None:
            absent.add(link.seq)
        if link.kind == FORGOTTEN:
            _excuse(link, absent, broken)
        seq, previous = link.seq, link.hash
    if signed and max(signed) > seq:
        broken(seq + 1, f"The tail is missing: the log reached entry {max(signed)}.")
    if absent:
        raise _unexcused(absent)
    return seq, previous


def _unexcused(absent: set[int]) -> BrokenChainError:
    return BrokenChainError(
        min(absent), "The body is missing, and no entry says that it was forgotten."
    )


def _check_link(
    link: Link,
    seq: int,
    previous: str,
    signed: Mapping[int, str],
    broken: Callable[[int, str], NoReturn],
) -> None:
    if link.seq != seq + 1:
        broken(seq + 1, "The entry is missing.")
    if link.previous != previous:
        broken(link.seq, "The entry does not follow the one before it.")
    if link.hash != chain_hash(previous, link.facts_digest()):
        broken(link.seq, "The entry was changed.")
    if signed.get(link.seq, link.hash) != link.hash:
        broken(link.seq, "The chain was rewritten: another entry was signed.")
    if link.body is not None and link.commitment != commitment(link.body):
        broken(link.seq, "The body was changed.")


def _excuse(link: Link, absent: set[int], broken: Callable[[int, str], NoReturn]) -> None:
    """Take what an entry names as forgotten from what is missing."""
    named = link.body.body.get(NAMED) if link.body and isinstance(link.body.body, dict) else None
    if not isinstance(named, list):
        broken(link.seq, "It does not name what was forgotten.")
    for number in named:
        if number not in absent:
            broken(number, f"Entry {link.seq} says that the body was forgotten, and it is there.")
        absent.discard(number)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
