"""Text from outside, made fit to be stored, shown and named."""

from __future__ import annotations

import re
import unicodedata

from .values import Json

MAX_LABEL_CHARS = 120

_HALF = re.compile("[\ud800-\udfff]")
_PAIRS = re.compile("(?:[\ud800-\udbff][\udc00-\udfff])+")
_REPLACED = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def whole(text: str) -> str:
    """Return the text with U+FFFD for each half of an emoji (a lone surrogate).

    JSON and most clients let it through, and neither a database nor an HTTP body can hold it.
    Two halves that belong together become the character that they are.
    """
    if text.isascii() or not _HALF.search(text):
        return text
    joined = _PAIRS.sub(lambda found: _joined(found[0]), text)
    return joined.translate(_REPLACED)


def _joined(pairs: str) -> str:
    return pairs.encode("utf-16", "surrogatepass").decode("utf-16")


def whole_json(value: Json) -> Json:
    """Return a JSON value with every string made `whole`, keys included."""
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, list):
        return [whole_json(item) for item in value]
    if isinstance(value, dict):
        return {whole(str(key)): whole_json(item) for key, item in value.items()}
    return value


def label(text: str, *, limit: int = MAX_LABEL_CHARS) -> str:
    """Return somebody else's name for something as one short line.

    A name stands in prompts and in front of people. Line breaks and control characters could make
    it look like more than a name, and invisible ones (zero width, direction) like another name.
    """
    kept = "".join(" " if _is_gap(char) else char for char in whole(text[: 4 * limit]))
    line = " ".join(kept.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _is_gap(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Co", "Cn", "Zl", "Zp")
