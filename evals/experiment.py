"""Experiment: every case of a dataset through the real graph, graded, by `langsmith.aevaluate`."""

from __future__ import annotations

import asyncio
import tempfile
import time
import warnings
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langsmith import Client, aevaluate
from langsmith.run_helpers import tracing_context
from langsmith.schemas import Example

from ..state.values import JsonObject
from .dataset import Dataset, Inputs
from .evaluators import EVALUATORS, Evaluator
from .grading import CASE, Graded, read_case
from .report import CaseReport, EvaluationReport
from .running import RunningCases
from .tracking import explained, local_client, local_examples, uploaded_examples, uploads
from .trial import run_trial

if TYPE_CHECKING:
    from .langsmith_results import AsyncExperimentResults

AT_ONCE = 4
"""Cases that go on side by side; most of a run is waiting for the disk."""

CASE_SECONDS = 600.0
"""After this a case is given up, which is an error."""

FLUSH_SECONDS = 30.0
"""Longest wait for the last of an upload."""


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """What is run and how.

    Each case gets a folder of its own under a temporary one: home, store and database. The
    settings' own files are not touched; other systems that the tools reach are.
    """

    config: Path
    dataset: Dataset
    cases: tuple[str, ...] = ()
    """Only the cases of these ids; all if there are none."""
    evaluators: Mapping[str, Evaluator] = field(default_factory=lambda: EVALUATORS)
    at_once: int = AT_ONCE
    case_seconds: float = CASE_SECONDS

    @property
    def chosen(self) -> Dataset:
        """The dataset with the chosen cases. Raises `NotFoundError`."""
        return self.dataset.only(self.cases)


async def run_experiment(
    experiment: Experiment, *, on_case: Callable[[CaseReport], None] = lambda _: None
) -> EvaluationReport:
    """Run an experiment. It is uploaded if `LANGSMITH_API_KEY` is set, else nothing leaves.

    Args:
        experiment: What to run.
        on_case: Told of each case as it ends.

    Raises:
        NotFoundError: There is no such case.
        OperatorError: LangSmith cannot be reached or refuses.
    """
    chosen, started = experiment.chosen, time.perf_counter()
    with explained(), tempfile.TemporaryDirectory(prefix="pointsman-eval-") as folder:
        async with _started(experiment, chosen, Path(folder)) as results:
            found: dict[str, CaseReport] = {}
            async for row in results:
                case = read_case(row)
                found[case.id] = case
                on_case(case)
            url = await _url(results)
    return EvaluationReport(
        experiment=results.experiment_name if uploads() else "",
        dataset=experiment.dataset.name,
        dataset_version=experiment.dataset.version,
        config=str(experiment.config),
        url=url,
        seconds=time.perf_counter() - started,
        cases=tuple(found[case.id] for case in chosen.cases),
    )


@asynccontextmanager
async def _started(
    experiment: Experiment, chosen: Dataset, folder: Path
) -> AsyncGenerator[AsyncExperimentResults]:
    """Start the experiment, and see to it that nothing of it goes on after a cancellation."""
    running = RunningCases()

    async def target(inputs: JsonObject, metadata: JsonObject) -> JsonObject:
        running.enter()
        return await _outcome(experiment, folder / metadata[CASE], inputs)

    def database(example: Example) -> Path:
        return folder / str((example.metadata or {})[CASE]) / experiment.dataset.database

    client = Client() if uploads() else local_client()
    try:
        evaluators = [
            Graded(name, running.counted(evaluator), database=database)
            for name, evaluator in experiment.evaluators.items()
        ]
        results = await _start(experiment, chosen, client, target, evaluators)
        ending = asyncio.ensure_future(results.wait())
        try:
            yield results
        finally:
            ending.cancel()
            await running.close()
            await asyncio.gather(ending, return_exceptions=True)
    finally:
        await asyncio.to_thread(client.close, FLUSH_SECONDS)


async def _outcome(experiment: Experiment, home: Path, inputs: JsonObject) -> JsonObject:
    # Uploaded, the steps of the run are part of its trace; locally no tracer needs to be made.
    with tracing_context(enabled=uploads()):
        outcome = await run_trial(
            experiment.config, home, Inputs.model_validate(inputs), timeout=experiment.case_seconds
        )
    return outcome.model_dump(mode="json", exclude_defaults=True)


async def _start(
    experiment: Experiment,
    chosen: Dataset,
    client: Client,
    target: Any,
    evaluators: Sequence[Graded],
) -> AsyncExperimentResults:
    upload = uploads()
    examples = (
        await uploaded_examples(client, experiment.dataset, chosen)
        if upload
        else local_examples(chosen)
    )
    if not upload:
        # It is what the API offers for experiments that stay here.
        warnings.filterwarnings("ignore", message=".*in beta", module="langsmith")
    return await aevaluate(
        target,
        data=examples,
        evaluators=evaluators,
        experiment_prefix=experiment.dataset.name,
        metadata={"config": str(experiment.config), "dataset": experiment.dataset.version},
        max_concurrency=experiment.at_once,
        client=client,
        blocking=False,
        upload_results=upload,
    )


async def _url(results: AsyncExperimentResults) -> str:
    return (await results.get_comparison_url() or "") if uploads() else ""
