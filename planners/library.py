"""The library of playbooks: YAML files, checked as a whole when they are loaded."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pydantic import ValidationError

from ..errors import ConfigError, PlanError
from ..state.yaml_text import read_yaml
from .patterns import check
from .template import Playbook, check_template, parts


def load_playbooks(folder: Path, *, tools: Collection[str] | None = None) -> tuple[Playbook, ...]:
    """Load every `*.yaml` of a folder, in the order of their names.

    Args:
        folder: The folder.
        tools: Names of the tools that exist; `None` leaves the names unchecked.

    Raises:
        ConfigError: The folder has no playbooks, two have one name, or one is not valid; names
            the file and the field.
    """
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise ConfigError(
            "There is no playbook (*.yaml) in this folder.",
            where=str(folder),
            fix="Add one, or leave `playbooks` out of the settings.",
        )
    loaded: dict[str, Playbook] = {}
    for file in files:
        playbook = load_playbook(file, tools=tools)
        if playbook.name in loaded:
            raise ConfigError(
                f"Another playbook is named {playbook.name!r} too.",
                where=f"{file.name}: name",
                fix="Give each playbook its own name.",
            )
        loaded[playbook.name] = playbook
    return tuple(loaded.values())


def load_playbook(file: Path, *, tools: Collection[str] | None = None) -> Playbook:
    """Load and check one playbook.

    Raises:
        ConfigError: It is not valid; names the file and the field.
    """
    playbook = _parse(file)
    if found := playbook.problem():
        where, message = found
        raise _error(
            file, where, message, fix=f"Arguments: {sorted(playbook.arguments) or 'none'}."
        )
    _check_patterns(file, playbook)
    _check_tools(file, playbook, tools)
    for where, form, part in parts(playbook):
        try:
            form.from_json(part)
        except ValidationError as error:
            raise _invalid(file, error, under=where) from None
    try:
        check_template(playbook)
    except PlanError as error:
        where = error.where.removeprefix("q1_")
        raise _error(file, f"steps ({where})", error.message, fix=error.fix) from None
    return playbook


def _parse(file: Path) -> Playbook:
    try:
        content = read_yaml(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _error(file, "", f"It is not YAML: {error}", fix="Correct the file.") from None
    try:
        return Playbook.model_validate(content)
    except ValidationError as error:
        raise _invalid(file, error) from None


def _check_patterns(file: Path, playbook: Playbook) -> None:
    for index, expression in enumerate(playbook.requires):
        _compile(file, f"requires.{index}", expression)
    for name, argument in playbook.arguments.items():
        _compile(file, f"arguments.{name}.pattern", argument.shape)
        for index, context in enumerate(argument.context):
            where = f"arguments.{name}.context.{index}"
            if "{value}" not in context and "(?P<value>" not in context:
                raise _error(file, where, f"{context!r} has no {{value}}.", fix="Add it.")
            _compile(file, where, context.replace("{value}", f"(?P<value>{argument.shape})"))


def _compile(file: Path, where: str, expression: str) -> None:
    try:
        check(expression)
    except ValueError as error:
        raise _error(file, where, f"{expression!r}: {error}.", fix="Correct it.") from None


def _check_tools(file: Path, playbook: Playbook, known: Collection[str] | None) -> None:
    if known is not None and (unknown := sorted(set(playbook.tools) - set(known))):
        raise _error(
            file, "tools", f"There is no tool {unknown[0]!r}.", fix=f"There are {sorted(known)}."
        )
    for index, step in enumerate(playbook.steps):
        used = (step.model_extra or {}).get("tool")
        if used and used not in playbook.tools:
            raise _error(
                file,
                f"steps.{index}.tool",
                f"{used!r} is not among the playbook's own `tools`.",
                fix="Add it there, or use another.",
            )


def _invalid(file: Path, error: ValidationError, *, under: str = "") -> ConfigError:
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in ((under,) if under else ()) + first["loc"])
    return _error(file, field, f"{first['msg']}.", fix="See docs/playbooks.md for the format.")


def _error(file: Path, field: str, message: str, *, fix: str) -> ConfigError:
    return ConfigError(message, where=f"{file.name}: {field}" if field else file.name, fix=fix)
