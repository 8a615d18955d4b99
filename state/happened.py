"""What a person says of a call whose outcome is unknown: it happened, it did not, or neither.

A sentence must not be taken for its opposite: "it did not happen" is no confirmation. What says
neither plainly is asked again.
"""

from __future__ import annotations

import re
from typing import Literal

Happened = Literal["yes", "no", "unclear"]

_DOUBT = re.compile(
    r"\b(?:idea|know|knows|sure|unclear|unknown|uncertain|maybe|perhaps|possibly|might|whether|"
    r"wei(?:ß|ss)|sicher|vielleicht|sais|peut-être|quizás?|seguro)\b|\?",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"^\W*(?:no|nope|nein|non)\b"
    r"|\b(?:did|do|does|has|have|had|was|were|is|are|could|can)(?:\s+not|n[’']t)\b"
    r"|\b(?:not|never)\s+(?:\w+\s+)?"
    r"(?:happen|happened|sent|paid|made|done|booked|executed|received|arrived|found|there|gone)\b"
    r"|\bnever\b|\b(?:ist|wurde|hat)\s+(?:\w+\s+)?nicht\b|\bn[’']a pas\b|\bno se\b",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:not|no|none|nothing|nicht|nichts|kein\w*|nie|pas|rien|jamais|nunca|nada|ningun\w*)\b"
    r"|n[’']t\b",
    re.IGNORECASE,
)


def what_happened(message: str) -> Happened:
    """Say what a person's words mean for the call.

    Args:
        message: The words; empty words say that it happened, as responding by itself does.
    """
    text = message[:2000]
    if _DOUBT.search(text):
        return "unclear"
    if _DENIAL.search(text):
        return "no"
    return "unclear" if _NEGATION.search(text) else "yes"
