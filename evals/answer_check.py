"""Answer check: the product's own checker over one labelled sentence, with no model configured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from ..grounding.check import SentenceVerdict, check
from ..grounding.effects import EffectCall
from ..grounding.evidence import index
from ..grounding.ground import Ground
from ..state.relevance import sentences


def keeps(item: Mapping[str, Any]) -> bool:
    """Return whether the checker keeps the sentence of an item, at low and medium risk."""
    return verdict(item).status != "failed"


def verdict(item: Mapping[str, Any]) -> SentenceVerdict:
    """Check the sentence of an item.

    Args:
        item: `sentence` and `cites`, with `evidence` (id, source, text, in_part), `request`,
            `instructions`, `today` (ISO) and `effects` (tool, args, output) where there are any.
    """
    return check(item["sentence"], item.get("cites", ()), ground_of(item))


def verdicts(item: Mapping[str, Any]) -> Iterator[tuple[str, SentenceVerdict]]:
    """Check the sentence of an item, or each sentence of its `text`.

    A text without `cites` may stand on all the evidence there is.
    """
    ground = ground_of(item)
    cites = item.get("cites", () if "sentence" in item else list(ground.evidence))
    for sentence in [item["sentence"]] if "sentence" in item else sentences(item["text"]):
        yield sentence, check(sentence, cites, ground)


def ground_of(item: Mapping[str, Any]) -> Ground:
    """Read what the sentences of an item may stand on."""
    evidence = [index(e["id"], e.get("source", ""), e["text"]) for e in item.get("evidence", ())]
    ground = Ground(
        evidence={e.id: e for e in evidence},
        today=date.fromisoformat(item["today"]),
        request=item.get("request", ""),
        instructions=item.get("instructions", ""),
        effects=[
            EffectCall(tool=e["tool"], args=e.get("args") or {}, output=e.get("output"))
            for e in item.get("effects", ())
        ],
    )
    return ground.seen_in_part([e["id"] for e in item.get("evidence", ()) if e.get("in_part")])
