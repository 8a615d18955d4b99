"""Chat models by their LangChain name, `provider:model`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import openai
from langchain_core.language_models import BaseChatModel

from ...errors import ConfigError
from .parameters import without_limits

WHERE = "models.models.langchain"


def named_model(
    name: str, parameters: Mapping[str, Any] | None = None, *, where: str = WHERE
) -> BaseChatModel:
    """Make a chat model by its name.

    Args:
        name: `provider:model`, as `init_chat_model` takes it.
        parameters: Further fields of the model.
        where: The setting or argument that names it, for errors.

    Raises:
        ConfigError: A package or a key is missing, or LangChain does not know the provider.
    """
    if not name.strip():
        raise ConfigError(
            "The model has no name.", where=where, fix="Write it as `provider:model`."
        )
    try:
        from langchain.chat_models import init_chat_model
    except ImportError:
        raise ConfigError(
            f"`{name}` needs the package langchain.",
            where=where,
            fix='Install it with: pip install "pointsman[langchain]"',
        ) from None
    make = cast("Callable[..., BaseChatModel]", init_chat_model)
    fields = without_limits(parameters or {})
    try:
        chat = make(name, **fields)
        # Retries are ours: visible and budgeted.
        if "max_retries" in type(chat).model_fields:
            chat = make(name, **{**fields, "max_retries": 0})
        return chat
    except (ImportError, ValueError, openai.OpenAIError) as error:
        raise ConfigError(
            f"LangChain cannot make `{name}`: {error}",
            where=where,
            fix="Write it as `provider:model`, install the provider's package and set its key "
            "variable; or give a chat model itself.",
        ) from error
