"""The section `masking` of the settings: which kinds of data are masked where."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..state.names import VariableName
from .kinds import ALL, GROUPS, KINDS, kinds_named
from .own_patterns import own_recognisers

Destination = Literal["prompts", "traces", "logs", "exports", "audit"]
"""Where text goes that others read."""

KindNames = tuple[Annotated[str, Field(min_length=1)], ...]
"""Kinds (`email`), groups of them (`contact`), or `all`."""


class ToolMasking(BaseModel):
    """Which tools get values, where others get pseudonyms."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    kinds: KindNames = ()
    """Kept from tools whose contract does not name them in `receives`."""
    otherwise: Literal["pseudonym", "refuse"] = "pseudonym"
    """What becomes of a call that such a value stands in."""


class MaskingSettings(BaseModel):
    """What is recognised, and where a pseudonym stands for it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    prompts: KindNames = ()
    """Masked in what models are sent. Their replies have the values again."""
    data_classes: dict[str, KindNames] = {}
    """Masked in prompts besides, where data of the class stands in them."""
    unmasked_endpoints: tuple[str, ...] = ()
    """Endpoints whose models are sent the values, such as one of this machine."""
    tools: ToolMasking = ToolMasking()
    traces: KindNames = (ALL,)
    """Masked in what goes to LangSmith and OpenTelemetry."""
    hide: tuple[Literal["inputs", "outputs"], ...] = ()
    """What is left out of traces as a whole."""
    logs: KindNames = (ALL,)
    """Masked in what is logged."""
    exports: KindNames = (ALL,)
    """Masked in what `pointsman trace` shows of others' runs."""
    audit: KindNames = (ALL,)
    """Masked in what runs note in the audit log; what people decide stands there as it is."""
    seal_checkpoints: bool = False
    """Whether the state of threads is encrypted in its SQLite file: it holds values."""
    patterns: dict[str, str] = {}
    """Kinds of your own: name → regular expression, in RE2's syntax."""
    key: VariableName | None = None
    """Environment variable that holds the key of the pseudonyms; by default it is a file under
    `home`. The same key gives the same pseudonyms on every machine."""

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        own_recognisers(self.patterns)
        for where, names in self._named().items():
            try:
                kinds_named(names, tuple(self.patterns))
            except LookupError as error:
                raise ValueError(
                    f"{where}: there is no kind or group `{error.args[0]}`. Kinds: "
                    f"{', '.join((*KINDS, *self.patterns))}. Groups: {', '.join(GROUPS)}, {ALL}."
                ) from None
        return self

    def _named(self) -> dict[str, KindNames]:
        places = {place: self.at(place) for place in ("prompts", "traces", "logs", "audit")}
        classes = {f"data_classes.{name}": names for name, names in self.data_classes.items()}
        return {**places, "exports": self.exports, "tools.kinds": self.tools.kinds, **classes}

    def at(self, place: Destination) -> KindNames:
        """Return what is masked at a place, as it is named."""
        match place:
            case "prompts":
                return self.prompts
            case "traces":
                return self.traces
            case "logs":
                return self.logs
            case "exports":
                return self.exports
            case "audit":
                return self.audit
