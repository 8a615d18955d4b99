"""Scripts as YAML, for agents under test that run in another process or language."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Discriminator, Tag, ValidationError

from ..errors import ConfigError
from ..state.values import Json
from ..state.yaml_text import MAX_DATA_CHARACTERS, read_yaml
from .gateway import ScriptedGateway
from .records import Price
from .replies import Fault, Reply


class _FaultEntry(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    fault: Fault


def _form(entry: Json) -> str:
    if isinstance(entry, str):
        return "text"
    if isinstance(entry, _FaultEntry) or (isinstance(entry, dict) and "fault" in entry):
        return "fault"
    return "reply"


Entry = Annotated[
    Annotated[str, Tag("text")]
    | Annotated[_FaultEntry, Tag("fault")]
    | Annotated[Reply, Tag("reply")],
    Discriminator(_form),
]


class _ScriptFile(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    models: dict[str, list[Entry]] = {}
    default: Entry | None = None
    faults: list[Fault] = []
    prices: dict[str, Price] = {}
    api_key: str = ""
    seed: int = 0


def load_gateway(path: Path, *, host: str = "127.0.0.1", port: int = 0) -> ScriptedGateway:
    """Build a gateway from a YAML script; it is not started yet.

    Raises:
        ConfigError: The file cannot be read or breaks the format; it names the field.
    """
    try:
        script = _ScriptFile.model_validate(
            read_yaml(path.read_text(encoding="utf-8"), limit=MAX_DATA_CHARACTERS) or {}
        )
    except ValidationError as error:
        raise ConfigError(
            _first_problem(error), where=str(path), fix="See docs/testing.md for the format."
        ) from error
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"Cannot read the script: {error}.", where=str(path), fix="Give a readable YAML file."
        ) from None
    return ScriptedGateway(
        {name: [_item(entry) for entry in entries] for name, entries in script.models.items()},
        default=None if script.default is None else _item(script.default),
        faults=script.faults,
        prices=script.prices,
        api_key=script.api_key,
        seed=script.seed,
        host=host,
        port=port,
    )


def _item(entry: Entry) -> str | Fault | Reply:
    return entry.fault if isinstance(entry, _FaultEntry) else entry


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}."
