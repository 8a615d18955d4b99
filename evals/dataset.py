"""Dataset: cases of what is asked, what a person decides, and what must be true then.

`datasets/support_desk.yaml` describes each field where it is used first: at its top.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, StringConstraints, ValidationError

from ..errors import ConfigError, NotFoundError
from ..settings import settings_error
from ..state.answer import AnswerStatus
from ..state.approval import DecisionType
from ..state.values import Json, JsonObject, Record, digest
from ..state.yaml_text import MAX_DATA_CHARACTERS, read_yaml

SUPPORT_DESK = Path(__file__).parent / "datasets" / "support_desk.yaml"
"""The dataset that comes with the package."""

CaseKind = Literal["clean", "edge", "failure"]
KINDS: tuple[CaseKind, ...] = get_args(CaseKind)

CaseId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,79}$")]


class ExpectedCall(Record):
    """A tool call that must have succeeded."""

    tool: str
    args: JsonObject = {}
    """The arguments that matter; others may have any value."""


class Query(Record):
    """A query to the database after the run, and what it must bring."""

    sql: str
    rows: list[list[Json]]


class Expected(Record):
    """What must be true after a case; what is left out is not judged."""

    status: AnswerStatus | None = None
    tools: tuple[ExpectedCall, ...] | None = None
    """The calls that succeeded, in plan order; nothing else may have been called."""
    asked: tuple[str, ...] | None = None
    """Tools put before a person, in order."""
    database: tuple[Query, ...] = ()
    answer_contains: tuple[str, ...] = ()
    answer_lacks: tuple[str, ...] = ()
    answer_cites: tuple[str, ...] = ()
    """Sources that the citations must include."""


class ScriptedDecision(Record):
    """What the approver of a case decides on every request of one tool."""

    type: DecisionType
    message: str = ""
    """For `reject` and `respond`."""
    args: JsonObject = {}
    """For `edit`: merged into the requested arguments."""


class Inputs(Record):
    """What the agent and its approver are given."""

    task: str
    attachments: tuple[JsonObject, ...] = ()
    approvals: dict[str, ScriptedDecision] = {}
    """By tool; a tool that is not listed is approved."""


class Case(Inputs):
    """One case of a dataset."""

    id: CaseId
    kind: CaseKind
    attacked: bool = False
    """What the agent reads gives orders of its own: a ticket, a file, a page."""
    expected: Expected

    @property
    def inputs(self) -> Inputs:
        """What is given, apart from what is expected."""
        return Inputs(task=self.task, attachments=self.attachments, approvals=self.approvals)


class Dataset(Record):
    """A file of cases."""

    name: str
    cases: tuple[Case, ...] = Field(min_length=1)
    database: str = "support_desk.db"
    """The SQLite file under the agent's home folder that `expected.database` asks."""

    @property
    def version(self) -> str:
        """Digest of the content, shortened: two files of one name and other cases differ in it."""
        return digest(self.model_dump(mode="json", exclude_defaults=True))[:8]

    def only(self, ids: Sequence[str]) -> Dataset:
        """Keep the cases of these ids, in the dataset's order; no ids keep all.

        Raises:
            NotFoundError: There is no such case.
        """
        known = [case.id for case in self.cases]
        if unknown := [id_ for id_ in ids if id_ not in known]:
            raise NotFoundError(
                f"There is no case {', '.join(unknown)}.",
                where=f"dataset {self.name}",
                fix=f"The cases are {', '.join(known)}.",
            )
        kept = tuple(case for case in self.cases if not ids or case.id in ids)
        return self.model_copy(update={"cases": kept})


def load_dataset(file: Path) -> Dataset:
    """Read a YAML file of cases.

    Raises:
        ConfigError: The file cannot be read, a field is not valid, or an id is used twice.
    """
    try:
        content = read_yaml(file.read_text(encoding="utf-8"), limit=MAX_DATA_CHARACTERS)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"It is not a readable YAML file: {error}", where=str(file), fix="Name a dataset."
        ) from error
    if not isinstance(content, dict):
        raise ConfigError("It is not a mapping with `cases`.", where=str(file))
    try:
        dataset = Dataset.model_validate({"name": file.stem, **content})
    except ValidationError as error:
        problem = settings_error(error)
        raise ConfigError(problem.message, where=str(file), fix=problem.fix) from None
    ids = Counter(case.id for case in dataset.cases)
    if twice := [id_ for id_, count in ids.items() if count > 1]:
        raise ConfigError(
            f"Two cases have the id {twice[0]}.", where=str(file), fix="Give each its own."
        )
    return dataset
