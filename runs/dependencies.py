"""Dependencies: what nodes use and state never holds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..masking.masker import Masker
from ..policy.switches import SwitchBoard
from ..settings import Settings

if TYPE_CHECKING:
    from ..models.gateway import Gateway
    from ..planners.protocols import Planner
    from ..policy.cedar import CedarPolicy
    from ..stores.store import SqlStore
    from ..tools.runner import Runner
    from .uploads import Uploads


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """Clients, stores and catalogs; shared by all runs of one agent."""

    settings: Settings
    store: SqlStore
    tools: Runner
    models: Gateway
    policy: CedarPolicy
    planner: Planner
    planner_over: Callable[[Gateway, Runner], Planner]
    """Makes the same planner over other models and tools, such as those of a replay."""
    switches: SwitchBoard
    masker: Masker
    uploads: Uploads
    instructions: str = ""
    """Those of the settings, read."""
    clock: Callable[[], float] = field(default=time.time)
    """Unix time in seconds."""
