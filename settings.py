"""Settings: one validated object, from YAML or from Python.

Unknown keys are refused and every error names the field. Secrets are never in here: settings name
the environment variables that hold them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import ConfigError
from .masking.settings import MaskingSettings
from .models.catalog.settings import ModelsSettings
from .policy.settings import PolicySettings
from .state.lifetimes import Lifetime
from .state.names import VariableName
from .state.run import Limits, Principal
from .state.values import JsonObject
from .state.yaml_text import read_yaml
from .tools.mcp_server import McpServer

CONFIG_FILE = "pointsman.yaml"

MAX_INSTRUCTIONS = 50_000
"""Characters: they stand in every prompt."""


def default_home() -> Path:
    """Return where a run writes: `POINTSMAN_HOME`, or `.pointsman` in the working directory."""
    return Path(os.environ.get("POINTSMAN_HOME", "").strip() or ".pointsman").absolute()


class TaskSettings(BaseModel):
    """What a task may bring."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    max_characters: int = Field(default=50_000, gt=0)
    """Longest task text."""
    max_attachments: int = Field(default=16, ge=0)
    max_attachment_bytes: int = Field(default=10_000_000, gt=0)
    """Largest single attachment, decoded."""
    max_conversation_messages: int = Field(default=12, ge=0)
    """Earlier messages of the thread that planners may read."""


class CredentialSettings(BaseModel):
    """Where tools' credentials are fetched for each call. Settings never hold a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    environment: dict[str, VariableName] = {}
    """Credential name → environment variable."""
    file: Path | None = None
    """JSON object or `NAME=value` lines, readable by its owner only; instead of `environment`."""


class RetentionLoopSettings(BaseModel):
    """How workers see to what is past its lifetime; one of them at a time over a store."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    every: Lifetime = 3600.0
    """How often, as `1h`."""
    threads: int = Field(default=100, gt=0)
    """Most threads, and most entries of the audit log, at a time."""


class TextFile(BaseModel):
    """Text that stands in a file of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    file: Path
    """Relative to the settings file."""


class Settings(BaseModel):
    """Everything that an agent is built from, except code."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str = Field(default="pointsman", pattern=r"^[a-zA-Z][a-zA-Z0-9_-]{0,63}$")
    description: str = ""
    """What the agent is for, in a line: `config check` shows it to whoever is to use it."""
    instructions: str | TextFile = ""
    """Who the agent is and what it must keep to, as text or `{file: persona.md}`: trusted, part of
    every prompt of planner, steps and answer, and evidence for what it says."""
    home: Path = Field(default_factory=default_home)
    """Folder of everything that a run writes."""
    store_url: str = ""
    """Database of journal, effects, approvals, budgets and audit; default: a file under `home`.
    PostgreSQL holds the checkpoints of the command line too."""
    tools: tuple[str, ...] = ()
    """`package.module:name` or `./file.py:name`: a tool, a list of tools, or a function that
    returns one and may take the `home` folder."""
    tool_contracts: dict[str, JsonObject] | Path = {}
    """Contracts for tools whose code is not ours, by tool name, or the file that they stand in."""
    credentials: CredentialSettings = CredentialSettings()
    """Where tools' credentials come from."""
    mcp: tuple[McpServer, ...] = ()
    """MCP servers whose tools the agent gets."""
    mcp_pins: Path = Path("mcp-pins.json")
    """File of the tool definitions that were accepted, relative to `home`; made on first use. A
    server that changes a tool later is refused until its entry is removed."""
    playbooks: Path | None = None
    """Folder of plan templates."""
    models: ModelsSettings = ModelsSettings()
    local_model: bool = False
    """Whether the embedded model serves the extractor role; `make local` installs it."""
    policy: PolicySettings = PolicySettings()
    readers: dict[str, tuple[str, ...]] = {}
    """Class of data → who may read data of this class, in files and in what tools return."""
    retention: dict[Annotated[str, Field(min_length=1)], Lifetime] = {}
    """Class of data → how long it is kept, as `30d`; `conversation` is the class of every thread,
    `audit` that of the audit log's entries. What no class names is kept."""
    retention_loop: RetentionLoopSettings = RetentionLoopSettings()
    """How workers see to that."""
    masking: MaskingSettings = MaskingSettings()
    """Personal data and secrets: what is recognised, and where a pseudonym stands for it."""
    limits: Limits = Limits()
    deadline_seconds: float | None = Field(default=900.0, gt=0, allow_inf_nan=False)
    """Working time of a run in seconds; time spent waiting for a person does not count."""
    task: TaskSettings = TaskSettings()
    principal: Principal = Principal()
    """Who local runs act for. A server takes the principal from authentication instead."""
    questions: Literal["message", "interrupt"] = "message"
    """How the agent asks the user, where the run's context does not say: in the conversation, which
    every client can reply to, or as an interrupt."""
    unverified_at_high_risk: Literal["drop", "keep"] = "drop"
    """What happens to a sentence that no rule and no verifier can judge, in an answer to a plan
    with a step of high risk; otherwise it is kept and marked."""
    max_inline_bytes: int = Field(default=4096, ge=256)
    """Larger results live in the payload store; state holds their digest and beginning."""
    file: Path | None = Field(default=None, exclude=True)
    """The file they were read from; its `models` section may change while a server runs."""
    folder: Path = Field(default_factory=Path.cwd, exclude=True)
    """Folder that relative paths of this file are relative to."""

    @classmethod
    def load(cls, path: str | Path, **overrides: Any) -> Self:
        """Read a YAML file, or the `pointsman.yaml` of a folder.

        Args:
            path: The file or folder.
            overrides: Top-level settings that replace what the file says.

        Raises:
            ConfigError: The file is absent, is not YAML, or holds an unknown or invalid field.
        """
        file = Path(path)
        file = file / CONFIG_FILE if file.is_dir() else file
        try:
            content = read_yaml(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ConfigError(
                "There is no such file.",
                where=str(file),
                fix=f"Name a settings file, or a folder that holds {CONFIG_FILE}.",
            ) from None
        except (ValueError, OSError) as error:
            raise ConfigError(
                f"It is not readable YAML: {error}.", where=str(file), fix="Correct the file."
            ) from None
        if not isinstance(content, dict | None):
            raise ConfigError("It is not a mapping of settings.", where=str(file))
        found = {"folder": file.parent.absolute(), "file": file.absolute(), **(content or {})}
        return cls.parse(
            {**found, **({"file": None} if "models" in overrides else {}), **overrides}
        )

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Self:
        """Validate settings given as plain values.

        Raises:
            ConfigError: An unknown or invalid field; the message names each.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise settings_error(error) from None

    def path(self, path: Path) -> Path:
        """Return a path of the settings file as an absolute one."""
        return path if path.is_absolute() else self.folder / path

    def instructed(self) -> str:
        """Return the text of the instructions.

        Raises:
            ConfigError: Their file cannot be read, or they are too long.
        """
        given, where = self.instructions, "instructions"
        if isinstance(given, TextFile):
            where = str(self.path(given.file))
            try:
                given = self.path(given.file).read_text(encoding="utf-8")
            except (OSError, ValueError) as error:
                raise ConfigError(
                    f"The instructions cannot be read: {error}.",
                    where=where,
                    fix="Name a text file, relative to the settings file.",
                ) from None
        if len(given) > MAX_INSTRUCTIONS:
            raise ConfigError(
                f"{len(given):,} characters are more than the limit of {MAX_INSTRUCTIONS:,}.",
                where=where,
                fix="Keep what every answer needs, and give the rest to a tool that searches it.",
            )
        return given.strip()

    @property
    def database_url(self) -> str:
        """Where the store is: a URL, or a path that means SQLite."""
        return self.store_url or str(self.home / "pointsman.db")


def settings_error(error: ValidationError) -> ConfigError:
    """Turn a validation error into one that names each field, without echoing values."""
    problems = error.errors(include_input=False, include_url=False)
    fields = [".".join(str(part) for part in problem["loc"]) or "settings" for problem in problems]
    described = [f"{field}: {p['msg']}" for field, p in zip(fields, problems, strict=True)]
    unknown = any(problem["type"] == "extra_forbidden" for problem in problems)
    return ConfigError(
        "; ".join(described[:10]),
        where=fields[0],
        fix="Remove or correct the unknown keys." if unknown else "Correct the value.",
    )
