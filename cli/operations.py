"""`audit` and `switch`: what operators look at and pull in an incident."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from .exits import finish
from .options import DEFAULT_CONFIG, Config, Json
from .output import Output

SwitchKind = Literal["pause", "freeze-tool", "freeze-endpoint", "revoke-principal"]
Kind = Annotated[SwitchKind, typer.Argument(help="What to switch.")]
Target = Annotated[
    str, typer.Argument(help="Tool, endpoint or principal; * for all. A pause has none.")
]

audit = typer.Typer(no_args_is_help=True, help="The hash-chained log of who did what.")
switch = typer.Typer(
    no_args_is_help=True,
    help="Global switches, effective at the next step of every running process.",
)


@audit.command("list")
def audit_list(
    thread: Annotated[str | None, typer.Option(help="Only entries of this thread.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Most entries, newest kept.")] = 50,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """List entries, oldest first."""
    from .operating import list_audit

    output = Output(as_json=as_json)
    finish(list_audit(output, config, thread, limit), output)


@audit.command("verify")
def audit_verify(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Check that no entry was changed, removed or inserted."""
    from .operating import verify_audit

    output = Output(as_json=as_json)
    finish(verify_audit(output, config), output)


@switch.command("list")
def switch_list(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """List the switches that are on."""
    from .operating import list_switches

    output = Output(as_json=as_json)
    finish(list_switches(output, config), output)


@switch.command("set")
def switch_set(
    kind: Kind,
    target: Target = "",
    reason: Annotated[str, typer.Option(help="Why; people whom it stops will read it.")] = "",
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Turn a switch on."""
    from .operating import set_switch

    _check_target(kind, target)
    output = Output(as_json=as_json)
    finish(set_switch(output, config, kind, target, reason), output)


@switch.command("clear")
def switch_clear(
    kind: Kind, target: Target = "", config: Config = DEFAULT_CONFIG, as_json: Json = False
) -> None:
    """Turn a switch off."""
    from .operating import clear_switch

    _check_target(kind, target)
    output = Output(as_json=as_json)
    finish(clear_switch(output, config, kind, target), output)


def _check_target(kind: SwitchKind, target: str) -> None:
    if (kind == "pause") == bool(target):
        wrong = "A pause has no target." if target else f"{kind} needs a target."
        raise typer.BadParameter(wrong, param_hint="TARGET")
