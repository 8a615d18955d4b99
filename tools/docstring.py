"""Google-style docstrings, as far as a tool's description needs them."""

from __future__ import annotations

import inspect
import re

_SECTION = re.compile(
    r"^(Args|Arguments|Returns|Return|Raises|Yields|Examples?|Notes?|Attributes|Warnings?):\s*$"
)
_ENTRY = re.compile(r"^(\w+)(?:\s*\([^)]*\))?:\s*(.*)$")


def read_docstring(text: str | None) -> tuple[str, dict[str, str]]:
    """Split a docstring into what comes before its sections, and its parameters' descriptions."""
    sections = _sections(inspect.cleandoc(text or "").splitlines())
    arguments = [*sections.get("Args", []), *sections.get("Arguments", [])]
    return "\n".join(sections[""]).strip(), _entries(arguments)


def _sections(lines: list[str]) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {"": []}
    name = ""
    for line in lines:
        if found := _SECTION.match(line):
            name = found[1]
            sections.setdefault(name, [])
        else:
            sections[name].append(line)
    return sections


def _entries(lines: list[str]) -> dict[str, str]:
    entries: dict[str, str] = {}
    current = ""
    # Lines that are indented deeper than a parameter's name continue its description.
    for line in inspect.cleandoc("\n".join(["", *lines])).splitlines():
        if (found := _ENTRY.match(line)) and not line.startswith(" "):
            current = found[1]
            entries[current] = found[2].strip()
        elif current and line.strip():
            entries[current] = f"{entries[current]} {line.strip()}".strip()
    return entries
