"""Issuing: tokens made, listed and revoked, keys rotated. Policy says who may."""

from __future__ import annotations

from rich.table import Table

from ..errors import CredentialError
from ..policy.keyring import Keyring, new_key, new_keyring, read_keyring, write_keyring
from ..policy.tokens import TokenIssuer
from ..settings import Settings
from ..stores.protocols import Store
from .amounts import moment
from .caller import administrator, token_settings
from .exits import DONE
from .options import command_line
from .output import Output, visible
from .session import open_records

ISSUE = "issue_token"
"""The operation that policy is asked about."""


async def issue(
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
    """Issue a token and print it; return the exit code.

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


async def list_tokens(output: Output, config: str, *, expired: bool) -> int:
    """Print what was issued; return the exit code."""
    async with open_records(config) as (settings, store):
        listed = await _issuer(config, settings, store).listed(expired=expired)
    if output.json:
        output.document({"tokens": [record.model_dump(mode="json") for record in listed]})
        return DONE
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("id", "for", "role", "scopes", "tenant", "until", "key", "state"):
        table.add_column(column, overflow="fold")
    for r in listed:
        p = r.principal
        state = "revoked" if r.revoked else "good"
        cells = (r.jti, p.id, p.role, ", ".join(p.scopes), p.tenant, moment(r.expires_at), r.kid)
        table.add_row(*(visible(cell) for cell in cells), state)
    output.show(table)
    return DONE


async def revoke(output: Output, config: str, jti: str, reason: str) -> int:
    """Revoke a token; return the exit code.

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


async def rotate(output: Output, config: str) -> int:
    """Add a key that signs from now on; return the exit code."""
    async with open_records(config) as (settings, store):
        by = await administrator(settings, store, ISSUE)
        path = token_settings(settings).keyring
        ring = read_keyring(path).rotated(new_key()) if path.exists() else new_keyring()
        write_keyring(path, ring)
        await store.audit.append("key_rotated", actor=by.id, body={"kid": ring.active})
    return _tell_ring(output, ring, str(path))


async def retire(output: Output, config: str, kid: str) -> int:
    """Drop a key; return the exit code. Raises `CredentialError` for the active one."""
    async with open_records(config) as (settings, store):
        by = await administrator(settings, store, ISSUE)
        path = token_settings(settings).keyring
        ring = read_keyring(path).without(kid)
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


def _issuer(config: str, settings: Settings, store: Store) -> TokenIssuer:
    known = token_settings(settings)
    if not known.keyring.exists():
        raise CredentialError(
            "There is no keyring.",
            where=str(known.keyring),
            fix=f"Make one: {command_line(config, 'token', 'rotate')}",
        )
    ring = read_keyring(known.keyring)
    return TokenIssuer(ring, known, audit=store.audit, switches=store.switches)
