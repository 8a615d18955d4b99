"""Answering: from checked sentences to the text a person reads, with numbered citations."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ..errors import ExpressionError
from .answer import Answer, AnswerStatus, Citation, Sentence
from .doubts import items_in_doubt
from .instances import parts_of
from .json_text import json_in
from .plan import AnswerSentence, Plan
from .references import Reference, as_text, at_path, read_by, references, resolve
from .relevance import most_relevant
from .results import Evidence, StepResult
from .run import Stop
from .values import Json, Record
from .worked import worked_out

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
    taint: tuple[str, ...] = ()
    """Untrusted sources that flowed into it, whoever brought it."""


def prepared(
    plan: Plan,
    results: Mapping[str, StepResult],
    outputs: Mapping[str, Json],
    *,
    now: datetime | None = None,
    numbers: Set[Decimal] = frozenset(),
) -> list[Sentence]:
    """Fill in the plan's own answer, leaving out what does not apply or has no value.

    Args:
        plan: The plan.
        results: Results of its steps.
        outputs: Outputs of the accepted ones.
        now: The time of the run.
        numbers: Those that its expressions may count with: of the request, for instance.
    """
    accepted = {step_id for step_id, result in results.items() if result.status == "accepted"}

    def lookup(ref: Reference) -> Json:
        return at_path(outputs[ref.step], ref.path)

    sentences: list[Sentence] = []
    for template in applicable(plan, accepted):
        try:
            text = as_text(resolve(template.text, lookup, now=now))
        except (KeyError, ExpressionError):
            continue
        read = [ref.step for ref in references(template.text) if ref.step]
        named = dict.fromkeys(template.cites or [*read, *_behind(plan, template, read)])
        carried = [
            id_ for step in named if step in accepted for id_ in _bearing(plan, step, results)
        ]
        cites = [evidence.id for id_ in carried for evidence in results[id_].evidence]
        worked = worked_out(template.text, plan, lookup, numbers=numbers, now=now)
        sentences.append(Sentence(text=text, cites=tuple(cites), worked=worked))
    return sentences


def _behind(plan: Plan, template: AnswerSentence, read: Collection[str]) -> Iterator[str]:
    """Yield the steps that a sentence rests on without reading them.

    One of a branch rests on the step that must have run, and on what that step's condition read;
    one that repeats a draft, on the call that the draft was given to.
    """
    if template.when:
        yield template.when
        branch = plan.step(template.when)
        yield from (
            (ref.step for ref in read_by(branch.when, "when") if ref.step) if branch.when else ()
        )
    for step in plan.steps:
        drafts = [id_ for id_ in step.needs() & {*read} if plan.step(id_).kind == "draft"]
        if step.kind == "tool" and drafts:
            yield step.id


def _bearing(plan: Plan, step_id: str, results: Mapping[str, StepResult]) -> list[str]:
    """Return the results that a step's evidence stands in: of a loop those of its items."""
    inside = {step.id for step in plan.step(step_id).every()} - {step_id}
    items = [id_ for id_ in results if inside and parts_of(id_)[0] in inside]
    return [id_ for id_ in items if results[id_].status == "accepted"] or [step_id]


def applicable(plan: Plan, accepted: Collection[str]) -> list[AnswerSentence]:
    """Return the prepared sentences whose conditions hold."""
    return [
        template
        for template in plan.answer
        if (not template.when or template.when in accepted) and template.unless not in accepted
    ]


@dataclass(frozen=True, kw_only=True)
class Framing:
    """The words of ours around what was found, in the user's language."""

    source: Callable[[str], str]
    """Says where fields come from."""
    more: Callable[[str], str]
    """Says how many are not shown."""


def extractive(task: str, evidence: Mapping[str, Evidenced], framing: Framing) -> list[Sentence]:
    """Answer with the evidence's own sentences that have most to do with the task.

    Where none has, what was found is listed plainly: an answer must not hide verified results.
    """
    relevant = [
        Sentence(text=_ended(text), cites=(id_,))
        for id_, item in evidence.items()
        for text in most_relevant(task, _prose(item.text), limit=EXTRACTED)
    ]
    listed = [
        Sentence(text=_ended(line), cites=(id_,))
        for id_, item in evidence.items()
        if (line := _listed(item, framing))
    ]
    return (relevant or listed)[:SENTENCES]


def _prose(text: str) -> str:
    """Return what of a text is written for people: of JSON, the texts in it."""
    try:
        value = json_in(text)
    except ValueError:
        return text
    return "\n".join(leaf for _, leaf in _leaves(value)) if isinstance(value, dict | list) else text


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _listed(item: Evidenced, framing: Framing) -> str:
    """Return the evidence's fields in words: `From order 7: total 49.90, owner email ann@…`."""
    fields = [f"{_in_words(at)} {text}".strip() for at, text in _leaves(item.output)]
    more = len(fields) - LISTED
    shown = fields[:LISTED] + ([framing.more(str(more))] if more > 0 else [])
    return f"{framing.source(_named(item.evidence.source))}: {', '.join(shown)}" if shown else ""


def _named(source: str) -> str:
    """Return a source as a person reads it: a call by its tool, its arguments left out."""
    name, braced, _ = source.partition(" {")
    return _in_words(name) if braced else source


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
    """Say for operators what did not happen and why, in plan order.

    These are facts of the run itself, with causes that are no user's business.
    """
    lines: list[str] = []
    for step in plan.steps:
        for name, doubt in items_in_doubt(step, results).items():
            said = doubt.failure.message if doubt.failure else ""
            lines.append(f"Not known whether it was done: {name}. {said}".rstrip())
        result = results.get(step.id)
        what = step.goal or step.tool or step.kind
        if stop is not None and result is not None and result.status == "cleared":
            lines.append(f"Approved and not done: {what}.")
        if result is None or result.failure is None:
            continue
        if step.optional and not result.is_in_doubt:
            continue
        match result.status:
            case "rejected":
                said = "Not known whether it was done" if result.is_in_doubt else "Not done"
                lines.append(f"{said}: {what}. {result.failure.message}")
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


def marked(sentence: Sentence, numbers: dict[str, int]) -> str:
    """Return a sentence with the numbers of its citations; new ones are numbered in `numbers`."""
    marks = [numbers.setdefault(id_, len(numbers) + 1) for id_ in sentence.cites]
    return sentence.text + "".join(f" [{n}]" for n in marks)


def compose(
    sentences: Sequence[Sentence],
    problems: Sequence[str],
    evidence: Mapping[str, Evidenced],
    *,
    complete: bool,
    dropped: Sequence[str],
    unverified: Sequence[str] = (),
    written_by: str,
    report: Sequence[str] = (),
    note: str = "",
    safe: bool = False,
    begun: bool = False,
) -> Answer:
    """Number the citations and join the text. Without a carried sentence it is a safe response.

    `safe` makes it one although sentences say why nothing could be done; it is none where the user
    has heard a part of the answer before, for which `begun` stands.
    """
    numbers: dict[str, int] = {}
    lines = [marked(sentence, numbers) for sentence in sentences]
    text = "\n".join([" ".join(lines), *problems]).strip()
    status: AnswerStatus = "complete" if complete and not dropped else "partial"
    return Answer(
        text=text,
        status=status if (sentences or begun) and not safe else "safe_response",
        citations=tuple(_citation(n, id_, evidence[id_]) for id_, n in numbers.items()),
        dropped=tuple(dropped),
        unverified=tuple(unverified),
        written_by=written_by if sentences else "",
        report=tuple(report),
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
