"""The routing table: which calls get which quality, objective, guards and fallbacks."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ...state.run import Latency
from ...state.task import Modality
from ...state.yaml_text import read_yaml
from ..requests import Risk, Role, Signals

Guard = Literal["strict_output", "basic_safety", "media_validation"]
Fallback = Literal["alternate_provider", "backup_model", "stronger_model", "convert_to_text"]
Goal = Literal["cheapest", "fastest", "best"]


def _as_tuple(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


class _Section(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True
    )


class RouteMatch(_Section):
    """What a row is for. Every condition given must hold; a list means any of its values."""

    role: Annotated[tuple[Role, ...], BeforeValidator(_as_tuple)] | None = None
    task_type: Annotated[tuple[str, ...], BeforeValidator(_as_tuple)] | None = None
    modalities: Annotated[tuple[Modality, ...], BeforeValidator(_as_tuple)] | None = None
    risk: Annotated[tuple[Risk, ...], BeforeValidator(_as_tuple)] | None = None
    latency: Annotated[tuple[Latency, ...], BeforeValidator(_as_tuple)] | None = None
    data_class: Annotated[tuple[str, ...], BeforeValidator(_as_tuple)] | None = None
    needs_schema: bool | None = None

    def holds(self, signals: Signals) -> bool:
        """Say whether the row is for this call."""
        conditions = (
            self.role is None or signals.role in self.role,
            self.task_type is None or signals.task_type in self.task_type,
            self.modalities is None or not set(self.modalities).isdisjoint(signals.modalities),
            self.risk is None or signals.risk in self.risk,
            self.latency is None or signals.latency in self.latency,
            self.data_class is None or not set(self.data_class).isdisjoint(signals.data_class),
            self.needs_schema is None or signals.needs_schema == self.needs_schema,
        )
        return all(conditions)


class Weights(_Section):
    """Relative importance of cost, speed and quality."""

    cost: float = Field(default=0.0, ge=0)
    latency: float = Field(default=0.0, ge=0)
    quality: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _weighs_something(self) -> Self:
        if self.cost + self.latency + self.quality == 0:
            raise ValueError("at least one weight must be above zero")
        return self


class RoutingRow(_Section):
    """One line of the routing table."""

    name: str
    match: RouteMatch = RouteMatch()
    quality_floor: int = Field(default=1, ge=1, le=5)
    """Lowest quality tier that will do."""
    objective: Goal | Weights = "cheapest"
    guards: Annotated[tuple[Guard, ...], BeforeValidator(_as_tuple)] = ()
    fallback: Annotated[tuple[Fallback, ...], BeforeValidator(_as_tuple)] = ("backup_model",)
    """Kinds of further candidates, in the order in which they are tried."""


class RoutingSettings(_Section):
    """How candidates are chosen."""

    table: tuple[RoutingRow, ...] | None = None
    """Rows, the first that matches decides; `None` is the default table."""
    regions: Annotated[tuple[str, ...], BeforeValidator(_as_tuple)] = ()
    """Where models may run; empty means anywhere."""
    router: str = ""
    """`module:Class` of a router of your own."""
    options: dict[str, Any] = {}
    """Keyword arguments for that class."""

    @property
    def rows(self) -> tuple[RoutingRow, ...]:
        """The table in force."""
        return default_table() if self.table is None else self.table


UNMATCHED = RoutingRow(name="unmatched")
"""What applies when no row of a custom table matches."""


@cache
def default_table() -> tuple[RoutingRow, ...]:
    """Return the table that ships with the package, `routes.yaml`."""
    text = files("pointsman.models.catalog").joinpath("routes.yaml").read_text(encoding="utf-8")
    return tuple(RoutingRow.model_validate(row) for row in read_yaml(text)["table"])


def matching_row(rows: tuple[RoutingRow, ...], signals: Signals) -> RoutingRow:
    """Return the first row that is for this call."""
    return next((row for row in rows if row.match.holds(signals)), UNMATCHED)
