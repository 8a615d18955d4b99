"""Masker: the one way to pseudonyms, for every place where text leaves."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Collection, Iterable
from typing import Any

from ..state.values import Json
from .finding import MANY_CHARACTERS, find
from .kinds import RECOGNISERS, kinds_named
from .own_patterns import own_recognisers
from .pseudonyms import Pseudonyms, tenant_key
from .settings import Destination, MaskingSettings

_SMALLEST_NUMBER = 10**7
"""Smaller numbers are of no kind."""
_LONGEST_NAME = 64
"""Characters of a key that is remembered as a mere name."""


class Masker:
    """Recognises by the settings, and replaces by pseudonyms.

    Args:
        settings: Which kinds where.
        key: Gives the key of the pseudonyms; asked when the first one is needed.
    """

    def __init__(self, settings: MaskingSettings, key: Callable[[], bytes]) -> None:
        self.settings = settings
        self._key = key
        self._recognisers = (*own_recognisers(settings.patterns), *RECOGNISERS)
        # The same few keys stand in every record.
        self._is_name = functools.lru_cache(maxsize=4096)(self._finds_nothing)

    def kinds(self, names: Iterable[str]) -> frozenset[str]:
        """Return the kinds that names stand for."""
        return kinds_named(tuple(names), tuple(self.settings.patterns))

    def kinds_at(self, place: Destination, *, data_class: Collection[str] = ()) -> frozenset[str]:
        """Return the kinds that are masked at a place.

        Args:
            place: The place.
            data_class: Classes of the data that stands in a prompt.
        """
        more = (self.settings.data_classes.get(name, ()) for name in data_class)
        named = self.settings.at(place)
        return self.kinds([*named, *(kind for kinds in more for kind in kinds)])

    def pseudonyms(self, tenant: str = "") -> Pseudonyms:
        """Return what gives a tenant's values their pseudonyms, and takes these back."""
        return Pseudonyms(lambda: tenant_key(self._key(), tenant))

    def masked(
        self, value: Json, kinds: Collection[str], pseudonyms: Pseudonyms, *, field: str = ""
    ) -> Any:
        """Return a JSON value with pseudonyms in all its texts, keys and long numbers."""
        if not kinds:
            return value
        if isinstance(value, str):
            found = find(value, self._recognisers, kinds, field=field)
            return pseudonyms.replace(value, found) if found else value
        if isinstance(value, dict):
            return {
                self._masked_key(key, kinds, pseudonyms): self.masked(
                    part, kinds, pseudonyms, field=key[:_LONGEST_NAME]
                )
                for key, part in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.masked(part, kinds, pseudonyms, field=field) for part in value]
        if isinstance(value, int) and abs(value) >= _SMALLEST_NUMBER:
            text = str(value)
            masked = self.masked(text, kinds, pseudonyms, field=field)
            return value if masked == text else masked
        return value

    def _masked_key(self, key: str, kinds: Collection[str], pseudonyms: Pseudonyms) -> str:
        if len(key) <= _LONGEST_NAME and self._is_name(key, frozenset(kinds)):
            return key
        return self.masked(key, kinds, pseudonyms)

    def _finds_nothing(self, text: str, kinds: frozenset[str]) -> bool:
        return not find(text, self._recognisers, kinds)

    def at(self, place: Destination, value: Json, *, tenant: str = "") -> Any:
        """Return a JSON value as it may stand at a place."""
        kinds = self.kinds_at(place)
        return self.masked(value, kinds, self.pseudonyms(tenant)) if kinds else value

    async def at_length(self, value: Json, kinds: Collection[str], pseudonyms: Pseudonyms) -> Any:
        """Like `masked`, without holding up the event loop however long the texts are."""
        if not kinds or is_short(value):
            return self.masked(value, kinds, pseudonyms)
        return await asyncio.to_thread(self.masked, value, kinds, pseudonyms)


def is_short(value: Json, most: int = MANY_CHARACTERS) -> bool:
    """Say whether the texts of a value are so short that they are searched at once."""
    left = most
    rest: list[Json] = [value]
    while rest and left > 0:
        part = rest.pop()
        if isinstance(part, str):
            left -= len(part)
        elif isinstance(part, dict):
            rest += [*part, *part.values()]
        elif isinstance(part, list | tuple):
            rest += part
        left -= 1
    return left > 0


def restored(value: Json, pseudonyms: Pseudonyms) -> Any:
    """Return a JSON value with the values of the pseudonyms that were given."""
    if isinstance(value, str):
        return pseudonyms.restore(value)
    if isinstance(value, dict):
        return {pseudonyms.restore(key): restored(part, pseudonyms) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [restored(part, pseudonyms) for part in value]
    return value
