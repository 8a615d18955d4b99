"""Dependencies: what nodes use and state never holds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ..models.protocols import ModelGateway
from ..planners.protocols import Planner
from ..policy.protocols import PolicyEngine
from ..policy.switches import SwitchBoard
from ..settings import Settings
from ..stores.interface import Store
from ..tools.protocols import ToolRunner


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """Clients, stores and catalogs; shared by all runs of one agent."""

    settings: Settings
    store: Store
    tools: ToolRunner
    models: ModelGateway
    policy: PolicyEngine
    planner: Planner
    switches: SwitchBoard
    instructions: str = ""
    """Those of the settings, read."""
    clock: Callable[[], float] = field(default=time.time)
    """Unix time in seconds."""
