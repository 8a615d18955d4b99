"""`policy`: what the policies in force mean."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..policy.cedar import CedarPolicy
from ..policy.facts import CallFacts
from ..policy.matrix import explain, matrix
from ..policy.roles import role_name
from ..settings import Settings
from ..state.json_text import json_in
from ..state.values import JsonObject
from ..toolbox import inspect_tools
from ..tools.arguments import Arguments
from ..tools.contract import Tool
from ..tools.registry import find
from .exits import DONE, finish
from .given.options import DEFAULT_CONFIG, Config, JsonOption
from .opened.caller import caller_of
from .opened.store import open_records
from .show.output import Output
from .show.policy import show_explanation, show_matrix

app = typer.Typer(name="policy", no_args_is_help=True, help="What the policies in force mean.")


@app.command("check")
def policy_check(config: Config = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Validate the policies and print roles × tools × decisions, and what is odd about them."""
    output = Output(as_json=as_json)
    finish(_check(output, config), output)


@app.command("explain")
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
    as_json: JsonOption = False,
) -> None:
    """Say what is decided about a call, by which policies and why. Nothing is called."""
    output = Output(as_json=as_json)
    finish(
        _explain(
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
        parsed = json_in(text)
    except ValueError as error:
        raise typer.BadParameter(f"It is not JSON: {error}.", param_hint="--args") from None
    if not isinstance(parsed, dict):
        raise typer.BadParameter("It is not a JSON object.", param_hint="--args")
    return parsed


async def _check(output: Output, config: str) -> int:
    """Print the matrix of roles, tools and decisions.

    Raises:
        ConfigError: The policies do not fit the schema.
    """
    settings = Settings.load(config)
    with inspect_tools(settings) as tools:
        contracts = [tool.contract for tool in tools.values()]
    found = matrix(_policy(settings), contracts, environment=_environment(settings))
    if output.json:
        output.document(found.model_dump(mode="json"))
    else:
        show_matrix(output, found)
    return DONE


async def _explain(
    output: Output,
    config: str,
    tool: str,
    args: JsonObject,
    *,
    role: str,
    scopes: tuple[str, ...] | None,
    taint: tuple[str, ...],
    tainted_args: tuple[str, ...],
) -> int:
    """Print how a decision about a call comes to be.

    Raises:
        NotFoundError: There is no such tool.
        ArgumentError: The arguments do not fit it.
    """
    async with open_records(config) as (settings, store):
        principal = (await caller_of(settings, store)).principal
    with inspect_tools(settings) as tools:
        asked = find(tools, tool)
        checked = _checked(asked, args) if args else {}
    changes = {"role": role_name(role)} if role else {}
    given = {} if scopes is None else {"scopes": scopes}
    facts = CallFacts(
        principal=principal.model_copy(update={**changes, **given}),
        tool=tool,
        args=checked,
        taint=taint,
        tainted_args=dict.fromkeys(tainted_args, taint or ("untrusted",)),
        environment=_environment(settings),
    )
    found = explain(_policy(settings), asked.contract, facts)
    if output.json:
        output.document(found.model_dump(mode="json"))
    else:
        show_explanation(output, found)
    return DONE


def _checked(tool: Tool, args: JsonObject) -> JsonObject:
    return Arguments.of(tool).check(args)


def _policy(settings: Settings) -> CedarPolicy:
    return CedarPolicy(settings.policy, folder=settings.folder)


def _environment(settings: Settings) -> str:
    return settings.policy.environment or CallFacts.model_fields["environment"].default
