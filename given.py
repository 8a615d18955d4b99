"""What `build_agent` is given: taken as it is meant, or refused with what to give instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable
from langgraph.checkpoint.base import BaseCheckpointSaver

from .errors import ConfigError
from .models.calling.named import named_model
from .models.catalog.settings import TEXT_ROLES
from .models.requests import Role
from .settings import Settings
from .state.lifetimes import AUDIT, CONVERSATION, unknown_class
from .tools.contract import Tool


def given_models(
    model: BaseChatModel | str | None, models: Mapping[Role, BaseChatModel | str]
) -> dict[Role, BaseChatModel]:
    """Return the caller's chat models by role, those that are named made.

    Raises:
        ConfigError: A role does not exist, a named model cannot be made, or something is no model.
    """
    given: Any = models
    if not isinstance(given, Mapping):
        raise _refused(given, "models", "Give a dictionary of roles, or one model as `model`.")
    known = (*TEXT_ROLES, "transcriber")
    if unknown := sorted(set(models) - set(known)):
        raise ConfigError(
            f"There is no role `{unknown[0]}`.", where="models", fix=f"Use: {', '.join(known)}."
        )
    everywhere: dict[Role, BaseChatModel | str] = (
        {} if model is None else dict.fromkeys(TEXT_ROLES, model)
    )
    everywhere.update(models)
    return {role: _chat_model(each, f"models.{role}") for role, each in everywhere.items()}


def _chat_model(given: Any, where: str) -> BaseChatModel:
    if isinstance(given, str):
        return named_model(given, where=where)
    if isinstance(given, BaseChatModel):
        return given
    if isinstance(given, type) and issubclass(given, BaseChatModel):
        fix = f"Give an instance: {given.__name__}(…)."
    elif isinstance(given, Runnable):
        fix = (
            "Give the chat model itself, made with its parameters: tools, structure, retries and "
            "fallbacks are added here."
        )
    else:
        fix = "Give a LangChain chat model, or its name as `provider:model`."
    raise _refused(given, where, fix)


def check_given(settings: Any, checkpointer: Any, store: Any) -> None:
    """Refuse what would only fail at the first turn, or with somebody else's words.

    Raises:
        ConfigError: The message says what to give.
    """
    if not isinstance(settings, Settings):
        fix = "Give Settings.load(path of the file or its folder), or Settings.parse({…})."
        raise _refused(settings, "settings", fix)
    if checkpointer is not None and not isinstance(checkpointer, BaseCheckpointSaver):
        raise _refused(checkpointer, "checkpointer", _saver_instead(checkpointer))
    if store is not None and not hasattr(store, "payloads"):
        fix = "Give what `open_store(url)` returns, or leave it out: it is no store of LangGraph's."
        raise _refused(store, "store", fix)


def check_classes(settings: Settings, tools: Iterable[Tool]) -> None:
    """Refuse a class of data in settings that no tool, reader or model of this agent has.

    Raises:
        ConfigError: It names the class, and those that there are.
    """
    listed = [model.data_classes for model in settings.models.models]
    known = {*settings.readers, *(name for names in listed for name in names)}
    known |= {name for tool in tools for name in tool.contract.classes()}
    _check_named("masking.data_classes", settings.masking.data_classes, known)
    _check_named("retention", settings.retention, known | {CONVERSATION, AUDIT})


def _check_named(section: str, named: Iterable[str], known: set[str]) -> None:
    unknown = unknown_class(named, known)
    if unknown is None:
        return
    near = f"Do you mean `{unknown.near}`? " if unknown.near else ""
    raise ConfigError(
        f"No tool, reader or model has data of the class `{unknown.name}`.",
        where=f"{section}.{unknown.name}",
        fix=f"{near}Use: {', '.join(sorted(known)) or 'none here'}; files may bring classes that "
        "`readers` names.",
    )


def _saver_instead(given: Any) -> str:
    entered = hasattr(given, "__enter__") or hasattr(given, "__aenter__")
    if entered and not isinstance(given, type):
        return "Enter it first: `with …from_conn_string(…) as saver:`, and give the saver."
    return "Give an instance, such as InMemorySaver(), AsyncSqliteSaver or AsyncPostgresSaver."


def _refused(given: Any, where: str, fix: str) -> ConfigError:
    kind = f"the class {given.__name__}" if isinstance(given, type) else type(given).__name__
    return ConfigError(f"This cannot be used: {kind}.", where=where, fix=fix)
