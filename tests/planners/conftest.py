"""What the tests of planners share: the support desk's playbooks, and a request."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pointsman.examples import support_desk
from pointsman.examples.support_desk.tools import build_tools
from pointsman.planners.library import load_playbooks
from pointsman.planners.playbook import PlaybookPlanner
from pointsman.planners.protocols import PlanRequest
from pointsman.planners.template import Playbook
from pointsman.state.run import Run
from pointsman.state.task import Task
from pointsman.tools.contract import ToolContract

DESK = Path(str(support_desk.__file__)).parent


@pytest.fixture(scope="session")
def run() -> Run:
    """A run that nothing is charged to."""
    return Run(id="run", started_at=0.0)


@pytest.fixture(scope="session")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> list[ToolContract]:
    """The support desk's tools."""
    return [tool.contract for tool in build_tools(tmp_path_factory.mktemp("desk"))]


@pytest.fixture(scope="session")
def playbooks(contracts: list[ToolContract]) -> tuple[Playbook, ...]:
    """The support desk's playbooks."""
    return load_playbooks(DESK / "playbooks", tools=[contract.name for contract in contracts])


@pytest.fixture(scope="session")
def planner(playbooks: tuple[Playbook, ...]) -> PlaybookPlanner:
    """A planner without a model."""
    return PlaybookPlanner(playbooks)


@pytest.fixture(scope="session")
def ask(contracts: list[ToolContract], run: Run) -> Callable[[str], PlanRequest]:
    """Make a request of a text."""
    return lambda text: PlanRequest(task=Task(text=text), run=run, tools=contracts)
