"""Chat models that the caller gave: how the catalog sees them."""

from __future__ import annotations

from collections.abc import Mapping

from langchain_core.language_models import BaseChatModel

from ...state.task import MODALITIES
from ..requests import Role
from .settings import ModelSettings, ModelsSettings, StructuredOutput


def given_settings(
    models: Mapping[Role, BaseChatModel], settings: ModelsSettings
) -> dict[Role, ModelSettings]:
    """Describe the caller's models by role.

    What the catalog says of a model with the same id (prices, structured output, context) counts
    for the given one too.
    """
    return {role: _describe(role, chat, settings) for role, chat in models.items()}


def _describe(role: Role, chat: BaseChatModel, settings: ModelsSettings) -> ModelSettings:
    name = model_name(chat)
    place = f"given.{role}"
    known = next((model for model in settings.models if model.id == name), None)
    if known is not None:
        changes = {"endpoint": place, "langchain": "", "roles": (role,)}
        return known.model_copy(update=changes)
    return ModelSettings(
        id=name,
        endpoint=place,
        roles=(role,),
        modalities=MODALITIES,
        structured_output=_structured_output(chat),
    )


def model_name(chat: BaseChatModel) -> str:
    """Return the name that prices know a chat model by; its class where it has none."""
    for attribute in ("model_name", "model", "model_id"):
        value = getattr(chat, attribute, None)
        if isinstance(value, str) and value:
            return value.removeprefix("models/")
    return type(chat).__name__


def _structured_output(chat: BaseChatModel) -> StructuredOutput:
    binds = type(chat).bind_tools is not BaseChatModel.bind_tools
    return "tool_call" if binds else "prompt"
