"""What tools return besides JSON, written as pydantic writes it."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from .plain import NotJsonError, TooLargeError

MAX_ENTRIES = 1_000_000
"""Most entries of what makes them as it is opened: each takes memory before it can be measured."""


def as_written(value: Any) -> Any:
    """Turn a value of a standard type into JSON, or into something nearer to it.

    Containers are opened and not serialized as a whole, so that the caller can bound what comes.

    Raises:
        NotJsonError: It is of no type that has a usual form.
        TooLargeError: It would never end, or nearly so.
    """
    try:
        return _written(value)
    except TooLargeError:
        raise
    except Exception as error:  # noqa: BLE001 - foreign code: properties, iteration, serializers
        raise NotJsonError(
            f"a {type(value).__name__} cannot be written ({type(error).__name__})."
        ) from None


def _written(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _written_model(value)
    if isinstance(value, Mapping):
        keys: list[Any] = _opened(value)
        return {key: value[key] for key in keys}
    if isinstance(value, set | frozenset | deque | range):
        return _opened(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if callable(listed := getattr(value, "tolist", None)):
        return listed()  # arrays and their scalars (numpy, array.array)
    if isinstance(value, Iterator):
        raise TypeError("it may have no end")
    return to_jsonable_python(value)


def _opened(entries: Iterable[Any]) -> list[Any]:
    """Return what a container holds; one whose entries are made up may say anything of its size."""
    opened = list(islice(entries, MAX_ENTRIES + 1))
    if len(opened) > MAX_ENTRIES:
        raise TooLargeError(f"It has more than {MAX_ENTRIES} entries.")
    return opened


def _written_model(model: BaseModel) -> Any:
    try:
        return model.model_dump(mode="json")
    except (ValueError, TypeError):
        # One field cannot be written: opened, the walk over the fields says which, or can.
        fields = {name: getattr(model, name) for name in type(model).model_fields}
        return {**fields, **(model.model_extra or {})}
