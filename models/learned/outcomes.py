"""Graded replies: which model did well at which request, from a table or from our own log."""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ...errors import ConfigError, NotFoundError
from ...state.results import StepResult
from ...state.values import Record
from ...stores.records import ModelAttempt
from ..calling.transcript import prompt_text

if TYPE_CHECKING:
    from ...stores.store import SqlStore

WEAK, STRONG = "weak", "strong"
COLUMNS = ("prompt", "weak_correct", "strong_correct")


class GradedReply(Record):
    """How one model did at one request."""

    prompt: str
    model: str
    good: bool
    usd: float | None = None
    """US dollars."""
    seconds: float | None = None


class ReplyPair(Record):
    """How the weak and the strong model did at the same request."""

    prompt: str
    weak: bool
    strong: bool


def is_held_out(prompt: str, share: float) -> bool:
    """Say whether a request belongs to the part that no fitting may see.

    The split is by hash of the text, so that equal requests are always on the same side.
    """
    head = hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).digest()[:8]
    return int.from_bytes(head, "big") < share * 2**64


def read_table(path: str | Path) -> tuple[GradedReply, ...]:
    """Read a CSV table, compressed or not, with columns prompt, weak_correct and strong_correct.

    Raises:
        ConfigError: The file cannot be read, lacks a column, or a cell is neither 0 nor 1.
    """
    file = Path(path)
    try:
        with _opened(file) as lines:
            return tuple(_table(csv.DictReader(lines), str(file)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(
            f"The outcomes cannot be read: {error}", where=str(file), fix="Give a CSV file."
        ) from error


def _opened(file: Path) -> TextIO:
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding="utf-8", newline="")
    return file.open(encoding="utf-8", newline="")


def _table(rows: csv.DictReader[str], where: str) -> Iterator[GradedReply]:
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise ConfigError(
            f"There is no column {', '.join(missing)}.",
            where=where,
            fix=f"The columns are {', '.join(COLUMNS)}.",
        )
    for number, row in enumerate(rows, start=2):
        for model in (WEAK, STRONG):
            cell = row[f"{model}_correct"]
            if cell not in ("0", "1"):
                raise ConfigError(
                    f"{model}_correct is `{cell}`.", where=f"{where}:{number}", fix="Use 0 or 1."
                )
            yield GradedReply(prompt=row["prompt"], model=model, good=cell == "1")


async def read_log(store: SqlStore, *, limit: int = 10_000) -> tuple[GradedReply, ...]:
    """Read the newest attempts of our own log, judged by the verdicts of their steps.

    An attempt counts as good if the result of its model was accepted. Attempts without a verdict,
    such as those of planners, are left out.
    """
    attempts = await store.attempts.recent(limit=limit)
    found: list[GradedReply] = []
    for run_id in dict.fromkeys(attempt.run_id for attempt in attempts):
        verdicts = _verdicts(await store.journal.outcomes(run_id))
        for attempt in (a for a in attempts if a.run_id == run_id and a.prompt):
            good = verdicts.get((attempt.step, f"{attempt.model}@{attempt.endpoint}"))
            if good is None or attempt.outcome != "ok":
                continue
            try:
                prompt = prompt_text(await store.payloads.get(attempt.prompt))
            except NotFoundError:  # deleted for retention
                continue
            found.append(_logged(attempt, prompt, good=good))
    return tuple(found)


def _logged(attempt: ModelAttempt, prompt: str, *, good: bool) -> GradedReply:
    name = f"{attempt.model}@{attempt.endpoint}"
    return GradedReply(
        prompt=prompt, model=name, good=good, usd=attempt.usd, seconds=attempt.seconds
    )


def _verdicts(results: Iterable[StepResult]) -> Mapping[tuple[str, str], bool]:
    return {
        (result.step, attempt.performed_by): attempt.verdict.action == "accept"
        for result in results
        for attempt in result.attempts
        if attempt.verdict is not None
    }


def pairs_of(outcomes: Sequence[GradedReply], *, weak: str, strong: str) -> tuple[ReplyPair, ...]:
    """Return the requests for which the outcome of both models is known, one pair for each."""
    rivals: dict[str, dict[str, list[bool]]] = {}
    for outcome in outcomes:
        if outcome.model in (weak, strong):
            seen = rivals.setdefault(outcome.prompt, {weak: [], strong: []})
            seen[outcome.model].append(outcome.good)
    return tuple(
        ReplyPair(prompt=prompt, weak=one, strong=other)
        for prompt, seen in rivals.items()
        for one, other in zip(seen[weak], seen[strong], strict=False)
    )
