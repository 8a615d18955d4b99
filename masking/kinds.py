"""Kinds of data that are recognised, and the groups by which settings name several at once."""

from __future__ import annotations

import functools

from .recognisers import contact, identity, network, payment, secrets
from .recognisers.recogniser import Recogniser

RECOGNISERS: tuple[Recogniser, ...] = (
    *secrets.RECOGNISERS,
    *payment.RECOGNISERS,
    *identity.RECOGNISERS,
    *contact.RECOGNISERS,
    *network.RECOGNISERS,
)
"""Those that prove themselves by a check digit stand before those that go by form alone: what both
find is of the first kind."""

ALL = "all"

GROUPS: dict[str, tuple[str, ...]] = {
    name: tuple(dict.fromkeys(recogniser.kind for recogniser in theme.RECOGNISERS))
    for name, theme in {
        "secrets": secrets,
        "payment": payment,
        "identity": identity,
        "contact": contact,
        "network": network,
    }.items()
}

KINDS: tuple[str, ...] = tuple(dict.fromkeys(recogniser.kind for recogniser in RECOGNISERS))


@functools.lru_cache(maxsize=256)
def kinds_named(names: tuple[str, ...], own: tuple[str, ...] = ()) -> frozenset[str]:
    """Return the kinds that names of kinds and groups stand for.

    Args:
        names: Of kinds, of groups, or `all`.
        own: Kinds that a tenant has added.

    Raises:
        LookupError: A name is none; its argument is the name.
    """
    found: set[str] = set()
    for name in names:
        if name == ALL:
            found |= {*KINDS, *own}
        elif name in GROUPS:
            found |= {*GROUPS[name]}
        elif name in KINDS or name in own:
            found.add(name)
        else:
            raise LookupError(name)
    return frozenset(found)
