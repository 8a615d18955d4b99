"""Errors keep what they say on their way through other processes."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from pointsman import errors
from pointsman.errors import PointsmanError

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, PointsmanError)
]
VALUES: dict[str, Any] = {"message": "It broke.", "where": "a.b", "fix": "Mend it."}


def made(kind: type[PointsmanError]) -> PointsmanError:
    """Make an error with something in every field that must be given."""
    parameters = inspect.signature(kind).parameters.values()
    needed = {p.name: "unknown" for p in parameters if p.default is p.empty and p.name != "message"}
    common = {name: v for name, v in VALUES.items() if name in {p.name for p in parameters}}
    message = common.pop("message", None)
    return kind(*([message] if message else []), **{**needed, **common})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("copied", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy])  # noqa: S301
def test_an_error_is_the_same_in_another_process(
    kind: type[PointsmanError], copied: Callable[[PointsmanError], PointsmanError]
) -> None:
    """A pool of processes brings it back, with its facts."""
    error = made(kind)
    again = copied(error)
    assert type(again) is kind
    assert str(again) == str(error)
    assert again.__dict__ == error.__dict__
    assert again.args == error.args
