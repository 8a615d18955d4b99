"""Evaluators: pure functions from what was given, expected and done to a grade.

Each asks one question: was the task done, were the right tools called, is every sentence carried by
what it cites. An evaluator that raises is an error of the evaluation, never a low score.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from ..state.values import Json
from .citing import cited_sentences, ground_of, uncited_lines, ungrounded
from .dataset import Expected, ExpectedCall, Inputs, Query
from .outcome import AcceptedCall, RunOutcome


@dataclass(frozen=True, kw_only=True)
class EvaluatorContext:
    """All that an evaluator sees."""

    inputs: Inputs
    outputs: RunOutcome
    reference: Expected
    database: Path
    """The case's own SQLite file, after the run."""


@dataclass(frozen=True, kw_only=True)
class Grade:
    """What an evaluator says."""

    score: float
    """From 0 to 1; a case passes with nothing less than 1."""
    comment: str = ""
    """What does not hold, one line a problem."""


Evaluator = Callable[[EvaluatorContext], Grade]


def task_success(context: EvaluatorContext) -> Grade:
    """Judge the end: the status and text of the answer, and the state of the database."""
    answer, expected = context.outputs.answer, context.reference
    text = "\n".join([*context.outputs.meanwhile, answer.text]).casefold()
    sources = {c.source for c in answer.citations}
    problems = [
        _differs("status", expected.status or answer.status, answer.status),
        *(
            "" if words.casefold() in text else f"the answer lacks {words!r}"
            for words in expected.answer_contains
        ),
        *(
            f"the answer has {words!r}" if words.casefold() in text else ""
            for words in expected.answer_lacks
        ),
        *(
            "" if source in sources else f"the answer does not cite {source!r}"
            for source in expected.answer_cites
        ),
        *_database_problems(context.database, expected.database),
    ]
    return _share(problems)


def _differs(what: str, expected: Json, actual: Json) -> str:
    return "" if expected == actual else f"{what}: expected {expected}, got {actual}"


def _database_problems(file: Path, queries: Sequence[Query]) -> list[str]:
    if not queries:
        return []
    # Not `mode=ro`: a reader of a WAL file may have to create its index. Writing is refused below.
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True)) as database:
        database.execute("PRAGMA query_only = ON")
        return [
            _differs(q.sql, q.rows, [list(row) for row in database.execute(q.sql)]) for q in queries
        ]


def tool_accuracy(context: EvaluatorContext) -> Grade:
    """Judge the way: which tools were called with which arguments in which order, and asked for."""
    expected, outputs = context.reference, context.outputs
    problems: list[str] = []
    if expected.tools is not None:
        pairs = zip_longest(expected.tools, outputs.calls)
        problems += [_call_problem(*pair) for pair in pairs]
    if expected.asked is not None:
        problems.append(_differs("asked", list(expected.asked), list(outputs.asked)))
    hidden = Counter(outputs.performed) - Counter(call.tool for call in outputs.calls)
    problems += [f"{tool} happened, and no accepted result says so" for tool in hidden.elements()]
    return _share(problems)


def _call_problem(expected: ExpectedCall | None, call: AcceptedCall | None) -> str:
    if expected is None or call is None or expected.tool != call.tool:
        wanted = expected.tool if expected else "no further call"
        return f"expected {wanted}, got {f'{call.tool} as {call.step}' if call else 'no call'}"
    wrong = {name: value for name, value in expected.args.items() if call.args.get(name) != value}
    got = {name: call.args.get(name) for name in wrong}
    return f"{call.tool}: expected {wrong}, got {got}" if wrong else ""


def groundedness(context: EvaluatorContext) -> Grade:
    """Judge the words: each sentence's citations exist, and the cited texts carry its facts."""
    outputs = context.outputs
    ground = ground_of(outputs)
    cited = cited_sentences(outputs.answer.text)
    return _share(
        [
            *(ungrounded(sentence, outputs, ground) for sentence in cited),
            *uncited_lines(outputs),
        ]
    )


def _share(problems: Sequence[str]) -> Grade:
    """Grade by the share of checks that hold; each check is a problem or an empty string."""
    found = [problem for problem in problems if problem]
    score = 1 - len(found) / len(problems) if problems else 1.0
    return Grade(score=score, comment="\n".join(found))


EVALUATORS: Mapping[str, Evaluator] = {
    "task_success": task_success,
    "tool_accuracy": tool_accuracy,
    "groundedness": groundedness,
}
"""What `pointsman eval run` asks, by the name under which scores are reported."""
