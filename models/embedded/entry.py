"""The embedded model as an entry of the catalog, so that it is reached like any provider."""

from __future__ import annotations

from pydantic import SecretStr

from ..catalog.settings import EndpointSettings, ModelSettings, ModelsSettings, Tariff
from .local import CONTEXT_TOKENS, local_model

ENDPOINT = "embedded"


def with_embedded_model(settings: ModelsSettings) -> ModelsSettings:
    """Start the embedded model and add it for the extractor role, which is all that it can do.

    It starts here and not at the first call: loading holds the interpreter for about half a second.

    Raises:
        ConfigError: It is not installed; the message says how to install it.
    """
    running = local_model()
    endpoint = EndpointSettings(
        base_url=running.base_url,
        api_key=SecretStr(running.api_key),
        provider=ENDPOINT,
        max_concurrency=1,
    )
    model = ModelSettings(
        id=running.model,
        endpoint=ENDPOINT,
        quality=1,
        roles=("extractor",),
        context_window=CONTEXT_TOKENS,
        max_output=256,
        prices=Tariff(input=0.0, output=0.0),
        parameters={"temperature": 0},
    )
    return settings.model_copy(
        update={
            "endpoints": {**settings.endpoints, ENDPOINT: endpoint},
            "models": (*settings.models, model),
        }
    )
