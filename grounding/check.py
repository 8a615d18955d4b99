"""Check: whether what stands behind a sentence carries it, sentence by sentence.

A fact of a sentence must stand in the evidence that it cites, or be computed from it; without a
citation in the request, the instructions or what was done, or follow from today's date.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from . import (
    actions,
    attributes,
    bare,
    comparison,
    fields,
    fullness,
    in_part,
    ledger,
    only,
    overdue,
    polarity,
    raw,
    speech,
    states,
    universals,
)
from .facts import StatedFacts, read
from .ground import Ground, Holding
from .standing import Standing, parts_known

LONGEST = 2000
"""Characters of a sentence; a longer one is failed, with the advice to split it."""

MOST_FACTS = 40
"""Facts of a sentence that are checked; one with more is failed, with the advice to split it."""

Status: TypeAlias = Literal["carried", "unverified", "failed"]


@dataclass(frozen=True, kw_only=True)
class SentenceVerdict:
    """What the rules say of a sentence.

    `carried`: each of its facts stands in what it may stand on, or it claims nothing.
    `unverified`: it holds no fact that rules can decide; only its meaning can be judged.
    `failed`: a fact is missing or turned round; `missing` names it and `reason` says why.
    """

    status: Status
    reason: str
    missing: tuple[str, ...] = ()


def check(
    sentence: str, cites: Sequence[str], ground: Ground, *, quotes: bool = False
) -> SentenceVerdict:
    """Return whether the evidence that a sentence cites carries it.

    Args:
        sentence: One sentence of an answer, without its citation marks.
        cites: Ids of the evidence it cites; ids that the ground does not have count as none.
        ground: All that may be cited, and what needs no citation.
        quotes: Whether it may repeat words of the evidence in which somebody else says `I`.
    """
    if len(sentence) > LONGEST:
        return _failed(f"it is longer than {LONGEST} characters: write shorter sentences")
    if raw.is_data(sentence):
        return _failed("it is data: say it in words")
    if unknown := [path for path in raw.paths(sentence) if not _is_spoken_of(path, ground)]:
        return _failed(f"nothing holds {', '.join(unknown)}", *unknown)
    if speech.is_question(sentence) or speech.restates_question(sentence):
        return _asked(sentence, ground)
    facts = read(sentence)
    if len(facts.texts) > MOST_FACTS:
        return _failed(f"it holds more than {MOST_FACTS} facts: write shorter sentences")
    facts = bare.with_request(sentence, facts, ground.request, ground.cited(cites))
    standing = Standing(facts, ground, ground.cited(cites), quotes=quotes)
    if speech.is_offer(sentence) and not standing.cited.items:
        standing = Standing(facts, ground, ground.all)
    return _verdict(standing)


def _is_spoken_of(path: str, ground: Ground) -> bool:
    """Whether evidence, request or instructions name a path, as of a file that was asked for."""
    return any(path in item.text for item in ground.all.items)


def _failed(reason: str, *missing: str) -> SentenceVerdict:
    return SentenceVerdict(status="failed", reason=reason, missing=missing)


def _asked(sentence: str, ground: Ground) -> SentenceVerdict:
    """A question claims nothing, but an identifier or address in it must not be invented."""
    facts = read(sentence)
    invented = [
        i.text
        for i in (*facts.identifiers, *facts.addresses)
        if i.key not in ground.all.keys
        and not parts_known(i, ground.all)
        and not speech.names_example(sentence, i.start)
    ]
    if invented:
        return _failed(f"nothing holds {', '.join(invented)}", *invented)
    return SentenceVerdict(status="carried", reason="it asks and claims nothing")


def _verdict(standing: Standing) -> SentenceVerdict:
    """Try each kind of rule, the plainest first."""
    facts, ground, basis = standing.facts, standing.ground, standing.basis
    if missing := [f.text.strip() for f in standing.stated() if not standing.stands(f)]:
        return _missing(standing, missing)
    if unknown := [n.text for n in standing.names if standing.is_unknown(n)]:
        return _missing(standing, unknown)
    if word := in_part.spoken_of_all(facts, standing.cited):
        return _failed(f"“{word}” {in_part.NOT_COUNTED}", word)
    if not standing.quoted and (word := actions.unperformed(facts, standing.cited, ground)):
        return _failed(f"nothing done or found says “{word}”", word)
    if not standing.quoted and (word := ledger.contradicted(standing)):
        return _failed(f"what was done does not say “{word}”", word)
    if not ledger.settles(standing) and standing.is_miscited():
        return _failed("what it says stands elsewhere than in the evidence it cites")
    if word := fields.contradicted(facts, standing.placed(), standing.cited, ground.context):
        return _failed(f"the evidence holds “{word}” of something else", word)
    if word := _contradicted(facts, basis):
        return _failed(f"the evidence does not make it “{word}”", word)
    if ledger.settles(standing):
        return _passed(standing)
    if word := fullness.contradicted(facts, basis):
        return _failed(f"the evidence does not make it “{word}”", word)
    if word := overdue.contradicted(facts, basis, ground.today):
        return _failed(f"by its day and today it is not “{word}”", word)
    if overdue.is_so(facts, basis, ground.today):
        return _passed(standing)
    if word := attributes.contradicted(facts, basis):
        return _failed(f"the evidence holds “{word}” of another record", word)
    if word := states.contradicted(facts, basis):
        return _failed(f"the evidence says “{word}” of another record", word)
    if word := polarity.contradicted(facts, standing.asserted):
        return _failed(f"the evidence says the contrary about “{word}”", word)
    return _passed(standing)


def _contradicted(facts: StatedFacts, basis: Holding) -> str:
    """Return the word by which it compares, sets apart or takes together what is not so."""
    rules = (only.contradicted, universals.contradicted, comparison.contradicted)
    return next((word for rule in rules if (word := rule(facts, basis))), "")


def _passed(standing: Standing) -> SentenceVerdict:
    if standing.stated():
        return SentenceVerdict(status="carried", reason="its facts stand in what it rests on")
    if speech.is_courtesy(standing.text) or speech.is_offer(standing.text):
        return SentenceVerdict(status="carried", reason="it claims nothing")
    return SentenceVerdict(status="unverified", reason="only its meaning can be judged")


def _missing(standing: Standing, missing: list[str]) -> SentenceVerdict:
    numbers = {q.text.strip() for q in standing.facts.quantities}
    if standing.basis.seen_in_part.items and numbers & set(missing):
        return _failed(f"{', '.join(missing)} {in_part.NOT_COUNTED}", *missing)
    where = "the evidence it cites" if standing.cited.items else "request, instructions and effects"
    reason = f"{where} does not hold {', '.join(missing)}"
    if made := [item.id for item in standing.cited.items if item.is_input]:
        # Who writes has seen what the model said, and would not know what is amiss with it.
        reason += f": of {', '.join(made)} only what it was made from counts, not a model's words"
    if cut := standing.basis.cut:
        # What was not read may hold it: rules cannot say that it does not.
        reason += f", as far as it was read ({cut} characters were cut)"
        return SentenceVerdict(status="unverified", reason=reason, missing=tuple(missing))
    return _failed(reason, *missing)
