"""The graph that `langgraph dev` and the Agent Server serve.

Importing this module builds it. The server imports in a thread before it takes requests, so no file
is read on its event loop, and wrong settings stop it at the start instead of failing each request.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from ..agent import Agent, build_agent
from ..errors import ConfigError
from ..home import masker_of, masking_key
from ..masking.logs import MaskingFilter, filter_handlers
from ..settings import Settings

CONFIG_VARIABLE = "POINTSMAN_CONFIG"


def build_served(environment: Mapping[str, str]) -> Agent:
    """Build the agent that `POINTSMAN_CONFIG` names.

    No checkpointer is given: the server brings its own.

    Raises:
        ConfigError: The variable is not set, or the settings are not valid.
    """
    path = environment.get(CONFIG_VARIABLE)
    if not path:
        raise ConfigError(
            "It is not set, so there is no agent to serve.",
            where=CONFIG_VARIABLE,
            fix="Set it to a settings file or a folder, such as examples/support_desk.",
        )
    settings = Settings.load(path)
    if settings.masking.at("logs"):
        # Before there is a loop, in which the first line to be masked would read the key's file.
        masking_key(settings)
    filter_handlers(MaskingFilter(masker_of(settings), settings.principal.tenant))
    return build_agent(settings)


agent = build_served(os.environ)
