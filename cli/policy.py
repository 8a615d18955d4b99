"""`policy`: what the policies in force mean."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from .exits import finish
from .options import DEFAULT_CONFIG, Config, Json
from .output import Output

policy = typer.Typer(no_args_is_help=True, help="What the policies in force mean.")


@policy.command("check")
def policy_check(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Validate the policies and print roles × tools × decisions, and what is odd about them."""
    from .ruling import check_policy

    output = Output(as_json=as_json)
    finish(check_policy(output, config), output)


@policy.command("explain")
def policy_explain(
    tool: Annotated[str, typer.Argument(help="The tool.")],
    args: Annotated[str, typer.Option(help="Arguments of the call, a JSON object.")] = "{}",
    role: Annotated[str, typer.Option(help="Role of the caller; by default yours.")] = "",
    scope: Annotated[list[str] | None, typer.Option(help="A scope; may be repeated.")] = None,
    taint: Annotated[
        list[str] | None, typer.Option(help="An untrusted source the call was planned after.")
    ] = None,
    tainted_arg: Annotated[
        list[str] | None, typer.Option(help="An argument computed from an untrusted source.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Say what is decided about a call, by which policies and why. Nothing is called."""
    from .ruling import explain_call

    output = Output(as_json=as_json)
    finish(
        explain_call(
            output,
            config,
            tool,
            _object(args),
            role=role,
            scopes=None if scope is None else tuple(scope),
            taint=tuple(taint or ()),
            tainted_args=tuple(tainted_arg or ()),
        ),
        output,
    )


def _object(text: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"It is not JSON: {error}.", param_hint="--args") from None
    if not isinstance(parsed, dict):
        raise typer.BadParameter("It is not a JSON object.", param_hint="--args")
    return parsed
