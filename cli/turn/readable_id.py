"""Thread ids that can be read out over the telephone."""

from __future__ import annotations

import secrets

_QUALITIES = "amber brisk calm clear early even fair gentle keen late level quiet steady swift"
_PLACES = "bridge crossing curve depot halt junction platform siding signal station switch tunnel"


def readable_id() -> str:
    """Return a new thread id that can be read out over the telephone: `quiet-siding-48213`."""
    words = [secrets.choice(words.split()) for words in (_QUALITIES, _PLACES)]
    return f"{'-'.join(words)}-{secrets.randbelow(90_000) + 10_000}"
