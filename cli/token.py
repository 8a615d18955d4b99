"""`token`: short-lived tokens for people and services, and the keys that sign them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import CredentialError
from ..policy.keyring import Keyring, new_key, new_keyring, read_keyring, write_keyring
from ..policy.people import tokens_of_key
from ..policy.tokens import TokenIssuer
from ..settings import Settings
from ..stores.records import Switch
from .exits import DONE, finish
from .given.options import DEFAULT_CONFIG, Config, JsonOption, command_line
from .opened.caller import ISSUE, administrator, token_settings
from .opened.store import open_records
from .show.amounts import moment
from .show.output import Output, visible
from .show.tables import table

if TYPE_CHECKING:
    from ..stores.store import SqlStore

app = typer.Typer(
    name="token",
    no_args_is_help=True,
    help="Tokens for the Agent Server, and for commands (POINTSMAN_TOKEN).",
)


@app.command("issue")
def token_issue(
    subject: Annotated[str, typer.Argument(help="Id of the person or service.")],
    role: Annotated[str, typer.Option(help="user, admin or super_admin; or 1, 10, 100.")] = "user",
    scope: Annotated[list[str] | None, typer.Option(help="A scope; may be repeated.")] = None,
    tenant: Annotated[str, typer.Option(help="Whose data it belongs to.")] = "",
    session: Annotated[str, typer.Option(help="The task session; by default a new one.")] = "",
    lifetime: Annotated[int | None, typer.Option(min=1, help="Seconds until it expires.")] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Issue a token. It is printed alone on standard output, once, and kept nowhere."""
    output = Output(as_json=as_json)
    work = _issue(
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


@app.command("list")
def token_list(
    expired: Annotated[bool, typer.Option("--expired", help="Also those that expired.")] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """List what was issued, never the tokens themselves."""
    output = Output(as_json=as_json)
    finish(_list(output, config, expired=expired), output)


@app.command("revoke")
def token_revoke(
    jti: Annotated[str, typer.Argument(metavar="ID", help="The token's id, as `list` shows it.")],
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Revoke a token, effective within a second in every process."""
    output = Output(as_json=as_json)
    finish(_revoke(output, config, jti, reason), output)


@app.command("rotate")
def token_rotate(config: Config = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Make a new signing key active; the first one makes the keyring. Old tokens stay good."""
    output = Output(as_json=as_json)
    finish(_rotate(output, config), output)


@app.command("retire")
def token_retire(
    kid: Annotated[str, typer.Argument(metavar="KEY", help="The key's id.")],
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Drop an old signing key; its tokens, and what they decided, count no more."""
    output = Output(as_json=as_json)
    finish(_retire(output, config, kid), output)


async def _issue(
    output: Output,
    config: str,
    subject: str,
    *,
    role: str,
    scopes: tuple[str, ...],
    tenant: str,
    session: str,
    lifetime_seconds: int | None,
) -> int:
    """Issue a token and print it.

    Raises:
        CredentialError: The caller may not, or there is no keyring.
        ConfigError: A value is not usable.
    """
    async with open_records(config) as (settings, store):
        by = await administrator(settings, store, ISSUE)
        issued = await _issuer(config, settings, store).issue(
            subject,
            role=role,
            scopes=scopes,
            tenant=tenant,
            session=session,
            lifetime_seconds=lifetime_seconds,
            issued_by=by.id,
            accountable=by.accountable,
        )
    secret, record = issued.token.get_secret_value(), issued.record
    if output.json:
        output.document({"token": secret, **record.model_dump(mode="json")})
        return DONE
    # Alone on standard output, so that a shell can take it: TOKEN=$(pointsman token issue …).
    output.line(secret)
    output.aside(f"id {record.jti}, for {subject} as {role}, until {moment(record.expires_at)}")
    return DONE


async def _list(output: Output, config: str, *, expired: bool) -> int:
    """Print what was issued."""
    async with open_records(config) as (settings, store):
        listed = await _issuer(config, settings, store).listed(expired=expired)
    if output.json:
        output.document({"tokens": [record.model_dump(mode="json") for record in listed]})
        return DONE
    shown = table("id", "for", "role", "scopes", "tenant", "issued", "by", "until", "key", "state")
    for r in listed:
        p = r.principal
        state = "revoked" if r.revoked else "good"
        person = (r.jti, p.id, p.role, ", ".join(p.scopes), p.tenant)
        cells = (*person, moment(r.issued_at), r.issued_by, moment(r.expires_at), r.kid, state)
        shown.add_row(*(visible(cell) for cell in cells))
    output.show(shown)
    return DONE


async def _revoke(output: Output, config: str, jti: str, reason: str) -> int:
    """Revoke a token.

    Raises:
        NotFoundError: No such token is good.
        CredentialError: The caller may not.
    """
    async with open_records(config) as (settings, store):
        by = await administrator(settings, store, "revoke_token")
        issuer = _issuer(config, settings, store)
        record = await issuer.revoke(jti, reason=reason, revoked_by=by.id)
    if output.json:
        output.document(record.model_dump(mode="json"))
    else:
        output.line(visible(f"Revoked: {jti} of {record.principal.id}"))
    return DONE


async def _rotate(output: Output, config: str) -> int:
    """Add a key that signs from now on."""
    async with open_records(config) as (settings, store):
        by = await administrator(settings, store, ISSUE)
        path = token_settings(settings).keyring
        ring = read_keyring(path).rotated(new_key()) if path.exists() else new_keyring()
        write_keyring(path, ring)
        await store.audit.append("key_rotated", actor=by.id, body={"kid": ring.active})
    return _tell_ring(output, ring, str(path))


async def _retire(output: Output, config: str, kid: str) -> int:
    """Drop a key. Raises `CredentialError` for the active one."""
    async with open_records(config) as (settings, store):
        by = await administrator(settings, store, ISSUE)
        path = token_settings(settings).keyring
        ring = read_keyring(path).without(kid)
        # First, so that what was decided with its tokens counts no more wherever it is carried out.
        await store.switches.set(
            Switch(kind="revoke_token", target=tokens_of_key(kid), reason="Its key was retired.")
        )
        write_keyring(path, ring)
        await store.audit.append("key_retired", actor=by.id, body={"kid": kid})
    return _tell_ring(output, ring, str(path))


def _tell_ring(output: Output, ring: Keyring, path: str) -> int:
    kids = [key.kid for key in ring.keys]
    if output.json:
        output.document({"keyring": path, "active": ring.active, "keys": kids})
    else:
        old = [kid for kid in kids if kid != ring.active]
        also = f"; still good: {', '.join(old)}" if old else ""
        output.line(f"{path}: key {ring.active} signs{also}")
    return DONE


def _issuer(config: str, settings: Settings, store: SqlStore) -> TokenIssuer:
    known = token_settings(settings)
    if not known.keyring.exists():
        raise CredentialError(
            "There is no keyring.",
            where=str(known.keyring),
            fix=f"Make one: {command_line(config, 'token', 'rotate')}",
        )
    ring = read_keyring(known.keyring)
    return TokenIssuer(ring, known, audit=store.audit, switches=store.switches)
