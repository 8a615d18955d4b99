"""PolicySettings: the policies in force, and what the operator knows better than a contract."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from ..state.values import Trust
from ..tools.contract import Effect, ToolContract


class ToolOverride(BaseModel):
    """Corrections to one tool's contract, as policy sees it. What is left out stays as declared.

    For tools that the operator does not own: a server may call a tool read-only that is not.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True
    )

    effect: Effect | None = None
    trust: Trust | None = None
    egress: bool | None = None
    scopes: tuple[str, ...] | None = None
    risk: tuple[str, ...] | None = None
    consequential: tuple[str, ...] | None = None
    amount: str | None = None
    readers: tuple[str, ...] | None = None
    recipients: tuple[str, ...] | None = None
    frozen: bool = False
    """Refuse every call, as the switch `freeze_tool` does, for as long as the setting stands."""

    def apply(self, contract: ToolContract) -> ToolContract:
        """Return the contract as corrected."""
        changes: dict[str, Any] = self.model_dump(exclude_none=True, exclude={"frozen"})
        return replace(contract, **changes) if changes else contract


class PolicySettings(BaseModel):
    """The `policy` section of the settings."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True
    )

    file: Path | None = None
    """A Cedar file that replaces the default policies as a whole."""
    additions: tuple[Path, ...] = ()
    """Cedar files appended to it. An added permit never overrides a forbid."""
    schema_file: Path | None = None
    """A Cedar schema that replaces the default one and accepts the same requests."""
    environment: str = Field(default="", max_length=100)
    """`context.environment` of every request; empty: what the caller states."""
    approval_expiry_seconds: float | None = Field(default=86_400, gt=0)
    """Seconds an approval request stays open and its approval good, unless an `@expires`
    annotation is stricter; `None`: no limit of its own."""
    endorsement_expiry_seconds: float | None = Field(default=2_592_000, gt=0)
    """Seconds that an endorsed value stays good at most; `None`: until it is revoked."""
    tools: dict[str, ToolOverride] = {}
    """Tool name → corrections."""


class TokenSettings(BaseModel):
    """The `tokens` section of the settings: what tokens say and how long they last."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True
    )

    keyring: Path
    """JSON file of keys, readable by its owner only."""
    issuer: str = Field(default="pointsman", min_length=1, max_length=200)
    audience: str = Field(default="pointsman", min_length=1, max_length=200)
    """One deployment. A token for another one is refused."""
    lifetime_seconds: int = Field(default=900, gt=0, le=86_400)
    """Lifetime of a token that is issued without one."""
    max_lifetime_seconds: int = Field(default=86_400, gt=0, le=2_592_000)
    """Longest lifetime that is issued or accepted."""
    leeway_seconds: int = Field(default=0, ge=0, le=60)
    """Difference between clocks that verification forgives."""
