"""Answering: from checked sentences to the text a person reads, with numbered citations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from ..errors import ExpressionError
from .answer import Answer, AnswerStatus, Citation, Sentence
from .plan import Plan
from .references import Reference, as_text, at_path, resolve
from .relevance import most_relevant
from .results import Evidence, StepResult
from .run import Stop
from .values import Json, Record

QUOTE = 240
"""Characters of cited text that a citation shows."""

SENTENCES = 12
"""Longest extractive answer; all results stand in the state."""

LISTED = 12
"""Fields of structured evidence that a plain listing shows."""

EXTRACTED = 4
"""Sentences that an extractive answer takes from one piece of evidence."""


class Evidenced(Record):
    """A piece of evidence with its text."""

    evidence: Evidence
    text: str
    output: Json
    """The whole output it is part of."""
    data_class: tuple[str, ...] = ()
    """Classes of the data in it."""


def prepared(
    plan: Plan,
    results: Mapping[str, StepResult],
    outputs: Mapping[str, Json],
    *,
    now: datetime | None = None,
) -> list[Sentence]:
    """Fill in the plan's own answer, leaving out what does not apply or has no value."""
    accepted = {step_id for step_id, result in results.items() if result.status == "accepted"}

    def lookup(ref: Reference) -> Json:
        return at_path(outputs[ref.step], ref.path)

    sentences: list[Sentence] = []
    for template in plan.answer:
        if (template.when and template.when not in accepted) or template.unless in accepted:
            continue
        try:
            text = as_text(resolve(template.text, lookup, now=now))
        except (KeyError, ExpressionError):
            continue
        cites = [
            e.id for step in template.cites if step in accepted for e in results[step].evidence
        ]
        sentences.append(Sentence(text=text, cites=tuple(cites)))
    return sentences


def extractive(task: str, evidence: Mapping[str, Evidenced]) -> list[Sentence]:
    """Answer with the evidence's own sentences that have most to do with the task.

    Where none has, what was found is listed plainly: an answer must not hide verified results.
    """
    relevant = [
        Sentence(text=_ended(text), cites=(id_,))
        for id_, item in evidence.items()
        for text in most_relevant(task, item.text, limit=EXTRACTED)
    ]
    listed = [
        Sentence(text=_ended(line), cites=(id_,))
        for id_, item in evidence.items()
        if (line := _listed(item))
    ]
    return (relevant or listed)[:SENTENCES]


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _listed(item: Evidenced) -> str:
    """Return the evidence's fields in words: `From order 7: total 49.90, owner email ann@…`."""
    fields = [f"{_in_words(at)} {text}".strip() for at, text in _leaves(item.output)]
    more = len(fields) - LISTED
    shown = fields[:LISTED] + ([f"and {more} more"] if more > 0 else [])
    return f"From {item.evidence.source}: {', '.join(shown)}" if shown else ""


def _in_words(path: str) -> str:
    """Return a field's name as words; a place in a list is none."""
    words = re.split(r"[._\s-]+|(?<=[a-z])(?=[A-Z])", path)
    return " ".join(word.lower() for word in words if word and not word.isdecimal())


def _leaves(value: Json, at: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{at}.{key}" if at else str(key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _leaves(inner, f"{at}.{position}" if at else str(position))
    elif value is not None:
        yield at, as_text(value)[:QUOTE]


def report(plan: Plan, results: Mapping[str, StepResult], stop: Stop | None) -> list[str]:
    """Say what did not happen and why, in plan order. These are facts of the run itself."""
    lines: list[str] = []
    for step in plan.steps:
        result = results.get(step.id)
        what = step.goal or step.tool or step.kind
        if stop is not None and result is not None and result.status == "cleared":
            lines.append(f"Approved and not done: {what}.")
        if result is None or result.failure is None or step.optional:
            continue
        match result.status:
            case "rejected":
                lines.append(f"Not done: {what}. {result.failure.message}")
            case "failed":
                lines.append(f"Failed: {what}. {result.failure.message}")
            case "blocked":
                lines.append(f"Not reached: {what}. {result.failure.message}")
            case "skipped" | "accepted":
                lines.append(f"Failed, and went on without: {what}. {result.failure.message}")
            case _:
                pass
    if stop is not None:
        lines.append(stop.detail if stop.reason == "planning" else f"Stopped: {stop.detail}")
    return lines


def compose(
    sentences: Sequence[Sentence],
    problems: Sequence[str],
    evidence: Mapping[str, Evidenced],
    *,
    complete: bool,
    dropped: Sequence[str],
    unverified: Sequence[str] = (),
    written_by: str,
    note: str,
) -> Answer:
    """Number the citations and join the text. Without a carried sentence it is a safe response."""
    numbers: dict[str, int] = {}
    lines: list[str] = []
    for sentence in sentences:
        marks = [numbers.setdefault(id_, len(numbers) + 1) for id_ in sentence.cites]
        lines.append(sentence.text + "".join(f" [{n}]" for n in marks))
    text = "\n".join([" ".join(lines), *problems]).strip()
    status: AnswerStatus = "complete" if complete and not dropped else "partial"
    if not sentences:
        status = "safe_response"
        text = text or "I could not verify anything that answers this, so I am not guessing."
    return Answer(
        text=text,
        status=status,
        citations=tuple(_citation(n, id_, evidence[id_]) for id_, n in numbers.items()),
        dropped=tuple(dropped),
        unverified=tuple(unverified),
        written_by=written_by if sentences else "",
        note=note,
    )


def _citation(number: int, id_: str, item: Evidenced) -> Citation:
    quote = item.text if len(item.text) <= QUOTE else item.text[: QUOTE - 1] + "…"
    return Citation(
        number=number,
        evidence=id_,
        source=item.evidence.source,
        quote=quote,
        trust=item.evidence.trust,
    )
