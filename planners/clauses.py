"""Clauses: the single requests inside a message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

ClauseKind = Literal["request", "background", "filler"]

MAX_CLAUSES = 8
"""A longer message is not a request that a fixed playbook should guess at."""

_IMPERATIVES = (
    "add|apply|approve|arrange|ask|book|buy|call|cancel|change|charge|check|close|compare|confirm|"
    "connect|contact|correct|create|credit|delete|deliver|draft|email|escalate|exchange|explain|"
    "export|file|find|forward|get|give|help|increase|inform|initiate|investigate|issue|let|list|"
    "look|make|merge|move|notify|open|order|pause|pay|process|pull|put|reactivate|refund|reimburse|"
    "remove|rename|reopen|replace|reply|report|reset|resolve|return|review|schedule|send|set|ship|"
    "show|start|stop|subscribe|suggest|summari[sz]e|switch|tell|track|transfer|translate|triage|"
    "unsubscribe|update|upgrade|use|verify|waive|wipe|write"
)
_REQUEST_START = (
    r"(?:please|kindly|also|then|just)?\s*(?:"
    r"(?:what|where|when|why|who|how|which|whose)\b|"
    r"(?:can|could|would|will|may|do|does|did|is|are|has|have|was|were)\s+"
    r"(?:you|i|we|it|they|there|the|my|this|that)\b|"
    r"(?:i|we)(?:'d| would)?\s+(?:want|need|like|wish|demand|expect)\b|"
    rf"(?:{_IMPERATIVES})\b|the [\w-]+(?: [\w-]+)? to\b)"
)
_SENTENCE = re.compile(r"(?<=[.?!;])\s+|\n+")
_SPACES = re.compile(r"[^\S\n]+")
_JOINT = re.compile(
    rf",?\s(?:and|but|plus|then)\s(?={_REQUEST_START})|,\s(?=(?:also|then|please)\s)",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|greetings)\b(?:\W+[\w'-]+){0,3}"
    r"|(?:many )?(?:thanks|thank you|thx|cheers|regards|best|sincerely|kind regards|best regards"
    r"|best wishes|warm regards)\b(?:\W+[\w'-]+){0,5}"
    r"|(?:i )?hope (?:you|this|all)\b.{0,60}|sorry (?:to|for) (?:bother|trouble|the).{0,40}"
    r"|(?:i have )?(?:a |one )?quick question|please|kindly|asap|ok|okay|so|urgent",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"^(?:hi|hello|hey|dear|good (?:morning|afternoon|evening))(?: (?:there|team|all|support))?"
    r"\s*[,!:-]\s+",
    re.IGNORECASE,
)
_NARRATIVE = re.compile(
    r"(?:i|we|it|he|she|they|the|my|our|this|that|these|those|a|an|one|when|after|since|because"
    r"|unfortunately|yesterday|today|last|her|his|their|there)\b",
    re.IGNORECASE,
)
_WISH = re.compile(
    r"\b(?:want|need|like to|please|should|must|could|can|would|shall|wish|demand|expect|have to"
    r"|has to|let's)\b|\?",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Clause:
    """A part of a message that may be a request of its own."""

    text: str
    kind: ClauseKind
    """`request`: somebody must answer it; `background`: it tells what happened; `filler`:
    greetings, thanks and the like."""


def clauses(text: str) -> tuple[Clause, ...]:
    """Cut a message into clauses, in order.

    It is cut after sentences, and at "and", "then" or a comma where a new request begins:
    "damaged and late items" stays whole.
    """
    # Single spaces: patterns that skip runs of them would take quadratic time on a hostile text.
    text = _SPACES.sub(" ", text.replace("’", "'"))
    return tuple(
        Clause(text=part, kind=_kind(part, continued=position > 0))
        for sentence in _SENTENCE.split(text)
        for position, raw in enumerate(_JOINT.split(_OPENING.sub("", sentence.strip())))
        if (part := raw.strip(" \t,;-")).strip(".?!")
    )


def joined(parts: Sequence[Clause]) -> str:
    """Put clauses together again, so that each remains a sentence of its own."""
    return " ".join(p.text if p.text[-1] in ".?!;" else f"{p.text};" for p in parts).rstrip(";")


def _kind(part: str, *, continued: bool) -> ClauseKind:
    if _FILLER.fullmatch(part.strip(" .,!?;:-")):
        return "filler"
    # What follows an "and" was cut off because a request begins there.
    if not continued and _NARRATIVE.match(part) and not _WISH.search(part):
        return "background"
    return "request"
