"""`switch`: what operators pull in an incident.

Nothing of the agent is built, so that it can be handled when tools or models are broken.
"""

from __future__ import annotations

import time
from typing import Annotated, Literal, get_args

import typer
from rich.text import Text

from ..errors import NotFoundError
from ..state.values import JsonObject
from ..stores.records import Switch
from .exits import DONE, finish
from .given.options import DEFAULT_CONFIG, Config, JsonOption
from .opened.caller import administrator
from .opened.store import open_records
from .show.amounts import moment
from .show.output import Output, visible
from .show.tables import table

SwitchKind = Literal["pause", "freeze-tool", "freeze-endpoint", "revoke-principal"]
KindArgument = Annotated[SwitchKind, typer.Argument(help="What to switch.")]
Target = Annotated[
    str, typer.Argument(help="Tool, endpoint or principal; * for all. A pause has none.")
]

StoredKind = Literal["pause", "freeze_tool", "freeze_endpoint", "revoke_principal"]
_STORED: dict[SwitchKind, StoredKind] = dict(
    zip(get_args(SwitchKind), get_args(StoredKind), strict=True)
)

app = typer.Typer(
    name="switch",
    no_args_is_help=True,
    help="Global switches, effective at the next step of every running process.",
)


@app.command("list")
def switch_list(config: Config = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """List the switches that are on."""
    output = Output(as_json=as_json)
    finish(_list(output, config), output)


@app.command("set")
def switch_set(
    kind: KindArgument,
    target: Target = "",
    reason: Annotated[str, typer.Option(help="Why; people whom it stops will read it.")] = "",
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Turn a switch on."""
    _check_target(kind, target)
    output = Output(as_json=as_json)
    finish(_set(output, config, kind, target, reason), output)


@app.command("clear")
def switch_clear(
    kind: KindArgument,
    target: Target = "",
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Turn a switch off."""
    _check_target(kind, target)
    output = Output(as_json=as_json)
    finish(_clear(output, config, kind, target), output)


def _check_target(kind: SwitchKind, target: str) -> None:
    if (kind == "pause") == bool(target):
        wrong = "A pause has no target." if target else f"{kind} needs a target."
        raise typer.BadParameter(wrong, param_hint="TARGET")


async def _list(output: Output, config: str) -> int:
    """Print the switches that are on."""
    async with open_records(config) as (_settings, store):
        active = await store.switches.active()
    if output.json:
        output.document({"switches": [switch.model_dump(mode="json") for switch in active]})
        return DONE
    shown = table("switch", "target", "since", "by", "reason")
    for s in active:
        kind = s.kind.replace("_", "-")
        cells = (kind, s.target, moment(s.at), s.actor, s.reason)
        shown.add_row(*(visible(cell) for cell in cells))
    if active:
        output.show(shown)
    else:
        output.line("No switch is on.")
    return DONE


async def _set(output: Output, config: str, kind: SwitchKind, target: str, reason: str) -> int:
    """Turn a switch on, and write down who did."""
    async with open_records(config) as (settings, store):
        switch = Switch(
            kind=_STORED[kind],
            target=target,
            reason=reason,
            actor=(await administrator(settings, store, _STORED[kind])).id,
            at=time.time(),
        )
        await store.switches.set(switch)
        await store.audit.append(
            "switch_set",
            actor=switch.actor,
            body=_body(switch),
        )
    _tell(output, switch, on=True)
    return DONE


async def _clear(output: Output, config: str, kind: SwitchKind, target: str) -> int:
    """Turn a switch off, and write down who did.

    Raises:
        NotFoundError: It is not on.
    """
    async with open_records(config) as (settings, store):
        actor = (await administrator(settings, store, _STORED[kind])).id
        wanted = (_STORED[kind], target)
        found = [s for s in await store.switches.active() if (s.kind, s.target) == wanted]
        if not found:
            raise NotFoundError("It is not on.", where=f"switch {kind} {target}".strip())
        [switch] = found
        await store.switches.clear(*wanted)
        await store.audit.append(
            "switch_cleared",
            actor=actor,
            body=_body(switch),
        )
    _tell(output, switch, on=False)
    return DONE


def _body(switch: Switch) -> JsonObject:
    return switch.model_dump(mode="json", exclude_defaults=True)


def _tell(output: Output, switch: Switch, *, on: bool) -> None:
    if output.json:
        output.document({"on": on, **switch.model_dump(mode="json")})
        return
    name = f"{switch.kind.replace('_', '-')} {switch.target}".strip()
    output.line(Text(visible(f"{name}: {'on' if on else 'off'}")))
