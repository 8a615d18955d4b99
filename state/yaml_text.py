"""YAML that people write: read strictly, and with errors that repeat nothing of it.

A parser's own errors quote the line, and that may be the one with a key in it. A key that stands
twice in a mapping would silently win over the first.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from .text import whole

MAX_CHARACTERS = 200_000
"""Of settings, playbooks and their like: the parser takes up to two seconds for so many."""
MAX_DATA_CHARACTERS = 5_000_000
"""Of data sets, which nobody waits for."""
MAX_NAME = 60
_WORDS = re.compile(r"[A-Za-z]{1,20}\d{0,2}(?:[_. -][A-Za-z]{0,20}\d{0,2})*+")
"""Words of letters, as names of settings are; keys have long parts, or digits among the letters."""
_QUOTED = re.compile(r"\s?(?:'[^']*'|\"[^\"]*\")")


def read_yaml(text: str, *, limit: int = MAX_CHARACTERS) -> Any:
    """Return the value of one YAML document.

    Args:
        text: The document.
        limit: Most characters of it.

    Raises:
        ValueError: It is none or too long, or a key stands twice in a mapping; the message has the
            place only.
    """
    if len(text) > limit:
        raise ValueError(f"it is longer than {limit:,} characters")
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        # From None, here and below: the cause quotes the text.
        raise ValueError(_described(error, text)) from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


class _StrictLoader(yaml.SafeLoader):
    """PyYAML's safe loader, which refuses a key that stands twice."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Return a mapping as it is written, before anything is merged into it."""
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            form = _MERGED if key.tag == _MERGE else _as_text(self.construct_object(key))
            if form in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{_named(key.value)} stands twice", problem_mark=key.start_mark
                )
            seen.add(form)
        return node

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> str:
        """Return the text of a scalar, without halves of an emoji."""
        return whole(super().construct_scalar(node))


_MERGE = "tag:yaml.org,2002:merge"
_MERGED = "\0merge"
"""No text in YAML holds this character."""


def _as_text(key: Any) -> str:
    """Return a key as JSON has it: 1, 1.0, 0x1 and "1" are one there."""
    if key is None or isinstance(key, bool):
        return {None: "null", True: "true", False: "false"}[key]
    return str(int(key) if isinstance(key, float) and key.is_integer() else key)


def _named(key: str) -> str:
    """Name a key of a mapping, unless it may be a secret in the wrong place."""
    return f"the key {key}" if len(key) <= MAX_NAME and _WORDS.fullmatch(key) else "a key"


def _described(error: yaml.YAMLError, text: str) -> str:
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return f"line {line}: a character is not allowed"
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    # What stands in quotes is from the text: an alias, a tag, a character.
    problem = _QUOTED.sub("", getattr(error, "problem", None) or "it cannot be read")
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else problem
