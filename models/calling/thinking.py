"""Thinking that a model writes into its reply: told from what it answers, and left out.

Reasoning models behind a server without a reasoning parser send their thinking as text, between
marks that differ by family. A draft in there is not the answer, whatever it looks like.
"""

from __future__ import annotations

import re

_WORDS = "think|thought|reasoning|reflection|scratchpad|monologue"
INDENT = 80
"""Characters beside a mark that are looked at for the edge of its line."""

MARK = re.compile(
    # <think>, </thinking>, <seed:think>, <|START_THINKING|>, <|end_of_thought|>, ◁think▷
    rf"[<◁]\|?(?P<slash>/?)(?P<name>[\w:.-]{{0,32}}(?:{_WORDS})[\w:.-]{{0,32}})(?:\s[^<>]{{0,200}})?\|?[>▷]"
    r"|\[(?P<bracket>/?)THINK\]"  # Magistral
    r"|(?P<harmony><\|channel\|>(?:analysis|commentary)\b[^<]{0,64}<\|message\|>)"  # gpt-oss
    r"|(?P<final><\|channel\|>final\b[^<]{0,64}<\|message\|>)"
    r"|(?P<unused><unused9(?P<which>[45])>)",  # MedGemma
    re.IGNORECASE,
)
"""Where thinking begins or ends, in the words of the families that are known to write it."""

_SPACE = re.compile(r"\s*")
_ENDS = ("end_", "end-", "end.")


def ends_thinking(mark: re.Match[str]) -> bool:
    """Say whether a mark ends thinking; any other begins it."""
    if mark["slash"] or mark["bracket"] or mark["final"] or mark["which"] == "5":
        return True
    return (mark["name"] or "").lower().startswith(_ENDS)


def without_thinking(text: str) -> str:
    """Return a reply in prose without its thinking.

    Thinking begins on a line of its own, so that a sentence about such a mark stays. What stands
    before an end without a beginning is thinking too: templates may begin it in the prompt.
    Thinking that never ends leaves nothing.
    """
    kept: list[str] = []
    begun, since = 0, 0
    for mark in MARK.finditer(text):
        ends = ends_thinking(mark)
        if not begun and not (_begins_line(text, mark) or (ends and _ends_line(text, mark))):
            continue
        if not ends:
            if not begun:
                kept.append(text[since : mark.start()])
            begun += 1
            continue
        if not begun:
            kept.clear()
        begun = max(0, begun - 1)
        since = _SPACE.match(text, mark.end()).end()  # pyright: ignore[reportOptionalMemberAccess]
    if not begun:
        kept.append(text[since:])
    spoken = "".join(kept)
    return spoken if spoken == text else spoken.strip()


def _begins_line(text: str, mark: re.Match[str]) -> bool:
    before = text[max(0, mark.start() - INDENT) : mark.start()]
    return not before.rpartition("\n")[2].strip()


def _ends_line(text: str, mark: re.Match[str]) -> bool:
    after = text[mark.end() : mark.end() + INDENT]
    return not after.partition("\n")[0].strip()
