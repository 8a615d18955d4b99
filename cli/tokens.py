"""`token`: short-lived tokens for people and services, and the keys that sign them."""

from __future__ import annotations

from typing import Annotated

import typer

from .exits import finish
from .options import DEFAULT_CONFIG, Config, Json
from .output import Output

token = typer.Typer(
    no_args_is_help=True,
    help="Tokens for the Agent Server, and for commands (POINTSMAN_TOKEN).",
)


@token.command("issue")
def token_issue(
    subject: Annotated[str, typer.Argument(help="Id of the person or service.")],
    role: Annotated[str, typer.Option(help="user, admin or super_admin; or 1, 10, 100.")] = "user",
    scope: Annotated[list[str] | None, typer.Option(help="A scope; may be repeated.")] = None,
    tenant: Annotated[str, typer.Option(help="Whose data it belongs to.")] = "",
    session: Annotated[str, typer.Option(help="The task session; by default a new one.")] = "",
    lifetime: Annotated[int | None, typer.Option(min=1, help="Seconds until it expires.")] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Issue a token. It is printed alone on standard output, once, and kept nowhere."""
    from .issuing import issue

    output = Output(as_json=as_json)
    work = issue(
        output,
        config,
        subject,
        role=role,
        scopes=tuple(scope or ()),
        tenant=tenant,
        session=session,
        lifetime_seconds=lifetime,
    )
    finish(work, output)


@token.command("list")
def token_list(
    expired: Annotated[bool, typer.Option("--expired", help="Also those that expired.")] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """List what was issued, never the tokens themselves."""
    from .issuing import list_tokens

    output = Output(as_json=as_json)
    finish(list_tokens(output, config, expired=expired), output)


@token.command("revoke")
def token_revoke(
    jti: Annotated[str, typer.Argument(metavar="ID", help="The token's id, as `list` shows it.")],
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Revoke a token, effective within a second in every process."""
    from .issuing import revoke

    output = Output(as_json=as_json)
    finish(revoke(output, config, jti, reason), output)


@token.command("rotate")
def token_rotate(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Make a new signing key active; the first one makes the keyring. Old tokens stay good."""
    from .issuing import rotate

    output = Output(as_json=as_json)
    finish(rotate(output, config), output)


@token.command("retire")
def token_retire(
    kid: Annotated[str, typer.Argument(metavar="KEY", help="The key's id.")],
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Drop an old signing key; its tokens are refused from then on."""
    from .issuing import retire

    output = Output(as_json=as_json)
    finish(retire(output, config, kid), output)
