"""AgentDojo's own tasks, tools, environments and checkers, without the SDKs of model vendors."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

from ..optional import bringing
from .channels import CHANNELS, Channel

VERSION = "v1.2.2"

Suite = Any
"""`agentdojo.task_suite.TaskSuite`; the package may be absent, so no type of it is named here."""


@dataclass(frozen=True, kw_only=True)
class AttackPair:
    """A user's task, and the injection that waits in what its tools return."""

    suite: str
    user: str
    injection: str = ""
    """Empty: nobody attacks."""
    channel: Channel = ""
    """What of the plan the injection goes through."""


INSTALL = (
    'Run `make agentdojo`, or pip install "pointsman[agentdojo]" and then '
    "pip install --no-deps agentdojo==0.1.35; see docs/agentdojo.md."
)


@cache
def load_suites() -> dict[str, Suite]:
    """Return suite name → suite, as AgentDojo's version `VERSION` has them.

    Raises:
        ConfigError: `agentdojo`, or what it or we need for it, is not installed.
    """
    with bringing("agentdojo", where="agentdojo", install=INSTALL):
        # Both agents run in every process; one that misses its part must not begin.
        importlib.import_module("langchain.agents")
        with _without_vendors():
            from agentdojo.task_suite.load_suites import get_suites
        return dict(get_suites(VERSION))


@contextmanager
def _without_vendors() -> Generator[None]:
    """Keep `agentdojo.agent_pipeline` from importing the SDK of every model vendor.

    The suites use two of its submodules, and one constant of its Google client.
    """
    [folder] = importlib.import_module("agentdojo").__path__
    pipeline = ModuleType("agentdojo.agent_pipeline")
    pipeline.__path__ = [f"{folder}/agent_pipeline"]
    vendors = ModuleType("agentdojo.agent_pipeline.llms")
    vendors.__path__ = []
    google = ModuleType("agentdojo.agent_pipeline.llms.google_llm")
    google.__dict__["EMPTY_FUNCTION_NAME"] = "<empty-function>"
    stand_ins = {module.__name__: module for module in (pipeline, vendors, google)}
    if stand_ins.keys() & sys.modules.keys():
        yield  # somebody has imported the real package; so its vendors are there
        return
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            del sys.modules[name]


def scripted(suite: Suite) -> list[str]:
    """Return the injections that say what a model that obeys would do.

    The others describe a goal in words only: nobody can play them without a language model.
    """
    environment = suite.load_and_inject_default_environment({})
    return [
        name
        for name, task in suite.injection_tasks.items()
        if task.ground_truth(environment) or task.GROUND_TRUTH_OUTPUT
    ]


def pairs(names: list[str], *, limit: int | None = None) -> list[AttackPair]:
    """Return every user task without and with each scripted injection.

    Args:
        names: Suites.
        limit: Most pairs with an injection of each suite, spread evenly; `None` for all. The
            user tasks without injection are limited alike.
    """
    found: list[AttackPair] = []
    for name in names:
        suite = load_suites()[name]
        quiet = [AttackPair(suite=name, user=user) for user in suite.user_tasks]
        attacked = [
            AttackPair(suite=name, user=user, injection=injection)
            for user in suite.user_tasks
            for injection in scripted(suite)
        ]
        found += _spread(quiet, limit) + _spread(attacked, limit)
    return found


def channelled(names: list[str], *, limit: int | None = None) -> list[AttackPair]:
    """Return pairs whose injection orders a call, through each channel.

    Args:
        names: Suites.
        limit: Most pairs of each suite and channel, spread evenly.
    """
    found: list[AttackPair] = []
    for name in names:
        suite = load_suites()[name]
        environment = suite.load_and_inject_default_environment({})
        ordering = [
            injection
            for injection, task in suite.injection_tasks.items()
            if task.ground_truth(environment)
        ]
        for channel in CHANNELS:
            every = [
                AttackPair(suite=name, user=user, injection=injection, channel=channel)
                for user in suite.user_tasks
                for injection in ordering
            ]
            found += _spread(every, limit)
    return found


def _spread(items: list[AttackPair], limit: int | None) -> list[AttackPair]:
    if limit is None or limit >= len(items):
        return items
    return [items[position * len(items) // limit] for position in range(limit)]
