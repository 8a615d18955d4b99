"""Tracking: LangSmith where there is a key, and a client that stays silent where there is none."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime

from langsmith import Client
from langsmith.schemas import Example, ExampleCreate
from langsmith.utils import LangSmithError

from ..errors import OperatorError
from ..state.values import JsonObject
from .dataset import Case, Dataset
from .grading import ATTACKED, CASE, KIND

KEY = "LANGSMITH_API_KEY"
_NAMESPACE = uuid.UUID("6f7c3a52-0e0b-4c56-9a5c-5d0f1f3c6a10")


def uploads() -> bool:
    """Say whether experiments are uploaded."""
    return bool(os.environ.get(KEY, "").strip())


def local_client() -> Client:
    """Return a client that sends nothing.

    LangSmith records the target of an experiment as a trace even when nothing is to be uploaded, so
    it needs a client; at a sampling rate of zero this one drops every trace before its queue.
    """
    return Client(
        api_url="http://127.0.0.1:9",
        api_key="",
        tracing_sampling_rate=0.0,
        auto_batch_tracing=False,
        info={},
    )


def local_examples(dataset: Dataset) -> list[Example]:
    """Return the cases as examples of no dataset in particular."""
    dataset_id = uuid.uuid5(_NAMESPACE, dataset.name)
    return [_example(case, dataset_id) for case in dataset.cases]


async def uploaded_examples(client: Client, dataset: Dataset, chosen: Dataset) -> list[Example]:
    """Put the dataset into LangSmith unless it is there; return the chosen cases as its examples.

    Its name holds the version, so that experiments that are compared there had the same cases.
    """
    dataset_id = await asyncio.to_thread(_uploaded, client, dataset)
    return [_example(case, dataset_id) for case in chosen.cases]


def _uploaded(client: Client, dataset: Dataset) -> uuid.UUID:
    name = f"{dataset.name}-{dataset.version}"
    if client.has_dataset(dataset_name=name):
        stored = client.read_dataset(dataset_name=name).id
        present = {e.id for e in client.list_examples(dataset_id=stored)}
    else:
        stored, present = client.create_dataset(name).id, set[uuid.UUID]()
    # An upload that was cut off left a part of the examples; only the others are missing.
    if missing := [c for c in dataset.cases if _example_id(c, stored) not in present]:
        client.create_examples(dataset_id=stored, examples=[_upload(c, stored) for c in missing])
    return stored


def _example_id(case: Case, dataset_id: uuid.UUID) -> uuid.UUID:
    return uuid.uuid5(dataset_id, case.id)


def _upload(case: Case, dataset_id: uuid.UUID) -> ExampleCreate:
    return ExampleCreate(
        id=_example_id(case, dataset_id),
        inputs=case.inputs.model_dump(mode="json", exclude_defaults=True),
        reference_outputs=case.expected.model_dump(mode="json", exclude_defaults=True),
        metadata=_metadata(case),
    )


def _example(case: Case, dataset_id: uuid.UUID) -> Example:
    return Example(
        id=_example_id(case, dataset_id),
        dataset_id=dataset_id,
        created_at=datetime.now(UTC),
        inputs=case.inputs.model_dump(mode="json", exclude_defaults=True),
        outputs=case.expected.model_dump(mode="json", exclude_defaults=True),
        metadata=_metadata(case),
    )


def _metadata(case: Case) -> JsonObject:
    return {CASE: case.id, KIND: case.kind, ATTACKED: case.attacked}


@contextmanager
def explained() -> Generator[None]:
    """Turn LangSmith's errors into ours.

    Raises:
        OperatorError: LangSmith cannot be reached or refuses.
    """
    try:
        yield
    except LangSmithError as error:
        # The first line says what happened; the others describe the request.
        raise OperatorError(
            f"LangSmith did not take the experiment: {str(error).splitlines()[0]}",
            where="LangSmith",
            fix=f"Correct {KEY} and LANGSMITH_ENDPOINT, or unset {KEY} to run locally.",
        ) from error
