"""The graph that `langgraph dev` and the Agent Server serve."""

from __future__ import annotations

import os
from functools import cache

from ..agent import Agent, build_agent
from ..errors import ConfigError
from ..settings import Settings

CONFIG_VARIABLE = "POINTSMAN_CONFIG"


@cache
def make_agent() -> Agent:
    """Build the agent that `POINTSMAN_CONFIG` names, once per process.

    No checkpointer is given: the server brings its own.

    Raises:
        ConfigError: The variable is not set, or the settings are not valid.
    """
    path = os.environ.get(CONFIG_VARIABLE)
    if not path:
        raise ConfigError(
            "It is not set, so there is no agent to serve.",
            where=CONFIG_VARIABLE,
            fix="Set it to a settings file or a folder, such as examples/support_desk.",
        )
    return build_agent(Settings.load(path))
