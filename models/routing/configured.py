"""The router that the settings name: the routing table's, or a class of somebody's own."""

from __future__ import annotations

import importlib

from ...errors import ConfigError
from ..catalog.settings import ModelsSettings
from .router import Router, TableRouter


def load_router(settings: ModelsSettings) -> Router:
    """Return the router that the settings name, by default the routing table's.

    Raises:
        ConfigError: The class cannot be imported or made.
    """
    path = settings.routing.router
    if not path:
        return TableRouter()
    module, _, name = path.partition(":")
    try:
        return getattr(importlib.import_module(module), name)(**settings.routing.options)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise ConfigError(
            f"The router `{path}` cannot be made: {error}",
            where="models.routing.router",
            fix="Name an importable class as `module:Class`.",
        ) from error
