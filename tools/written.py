"""What tools return besides JSON, written as pydantic writes it."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from .plain import NotJsonError


def as_written(value: Any) -> Any:
    """Turn a value of a standard type into JSON, or into something nearer to it.

    Containers are opened and not serialized as a whole, so that the caller can bound what comes.

    Raises:
        NotJsonError: It is of no type that has a usual form.
    """
    try:
        return _written(value)
    except Exception as error:  # noqa: BLE001 - foreign code: properties, iteration, serializers
        raise NotJsonError(
            f"a {type(value).__name__} cannot be written ({type(error).__name__})."
        ) from None


def _written(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _written_model(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset | deque | range):
        return list(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if callable(listed := getattr(value, "tolist", None)):
        return listed()  # arrays and their scalars (numpy, array.array)
    if isinstance(value, Iterator):
        raise TypeError("it may have no end")
    return to_jsonable_python(value)


def _written_model(model: BaseModel) -> Any:
    try:
        return model.model_dump(mode="json")
    except (ValueError, TypeError):
        # One field cannot be written: opened, the walk over the fields says which, or can.
        return {name: getattr(model, name) for name in type(model).model_fields}
