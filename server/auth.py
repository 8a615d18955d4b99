"""The Agent Server's `auth` object: who is asking, and which threads are theirs.

`langgraph.json` names it as `"auth": {"path": "pointsman.server.auth:auth"}`. It reads:

    POINTSMAN_KEYRING   the keyring whose tokens are let in
    POINTSMAN_CONFIG    the agent's settings, which name the store that holds revocations
    POINTSMAN_AUDIENCE, POINTSMAN_ISSUER   which tokens are for this server; default: pointsman
    POINTSMAN_AUTH      `off`: `langgraph dev` needs no keyring, wherever it listens;
                        `on`: it needs one everywhere
    POINTSMAN_ALLOWED_ORIGINS, POINTSMAN_ALLOWED_HOSTS   without a keyring: web pages and names of
                        this server that are let in beside this machine's own and Studio

With a keyring, everybody needs a token. Without one, `langgraph dev` serves whoever reaches this
machine's loopback as the local person, but no web page of somebody else's (`origins.py`), and any
other server does not start. Nothing in a request's body says who asks.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from langgraph_sdk import Auth

from ..errors import ConfigError, CredentialError
from ..policy.keyring import read_keyring
from ..policy.roles import LOCAL, ROLES, role_number
from ..policy.settings import TokenSettings
from ..policy.switches import SwitchBoard
from ..policy.tokens import MAX_TOKEN_CHARS, TokenVerifier
from ..settings import Settings
from ..state.run import Principal
from ..state.values import digest
from ..stores.store import open_store
from .origins import AllowedCallers, is_loopback

OWNER, TENANT = "owner", "tenant"
"""Metadata keys by which threads, runs and assistants are told apart."""

_INTERNAL = "__pregel"
"""How LangGraph's own keys begin."""

Filter = dict[str, str]

logger = logging.getLogger(__name__)


def build_open_auth(allowed: AllowedCallers) -> Auth:
    """Return the `auth` object that asks nobody for a token, and keeps web pages out."""
    auth = Auth()

    @auth.authenticate
    async def authenticate(headers: Mapping[bytes, bytes]) -> Auth.types.MinimalUserDict:
        if problem := allowed.refusal(headers):
            raise Auth.exceptions.HTTPException(status_code=403, detail=problem)
        # Vouched for by nothing: runs act for the principal of the settings.
        return {"identity": LOCAL, "is_authenticated": False}

    @auth.on
    async def checked(ctx: Auth.types.AuthContext, value: Any) -> None:  # noqa: ARG001
        if isinstance(ctx.user, Auth.types.StudioUser):
            # The server takes a header's word for this user and then skips `authenticate`.
            raise Auth.exceptions.HTTPException(status_code=403, detail=_STUDIO_AUTH)

    return auth


_STUDIO_AUTH = (
    'Set "disable_studio_auth": true under "auth" in langgraph.json. Studio works without it, and '
    "web pages could pass for Studio."
)


def build_auth(verifier: TokenVerifier) -> Auth:
    """Return the `auth` object that asks everybody for a token."""
    auth = Auth()

    @auth.authenticate
    async def authenticate(authorization: str | None) -> Auth.types.MinimalUserDict:
        try:
            return _user(await verifier.verify(_bearer(authorization)))
        except CredentialError as error:
            raise Auth.exceptions.HTTPException(
                status_code=401, detail=str(error), headers={"WWW-Authenticate": "Bearer"}
            ) from None

    restrict(auth)
    return auth


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "")[: MAX_TOKEN_CHARS + 100].partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise CredentialError(
            "There is no bearer token.",
            where="authorization",
            fix="Send Authorization: Bearer TOKEN; pointsman token issue makes one.",
        )
    return token.strip()


def _user(principal: Principal) -> Auth.types.MinimalUserDict:
    """Return the user that the server carries into runs, where nodes read the principal from it."""
    facts: dict[str, Any] = {
        "identity": principal.id,
        "display_name": principal.id,
        "is_authenticated": True,
        "permissions": list(principal.scopes),
        **principal.model_dump(mode="json", exclude={"id"}),
    }
    return facts  # pyright: ignore[reportReturnType] - the server keeps further keys


def restrict(auth: Auth) -> None:
    """Register who may do what with the server's resources; what is not named is refused."""

    @auth.on
    async def deny(ctx: Auth.types.AuthContext, value: Any) -> bool:  # noqa: ARG001 - server's names
        return False

    @auth.on.threads
    async def threads(ctx: Auth.types.AuthContext, value: Any) -> Filter:
        principal = _verified(ctx.user)
        if writes_state(value, action=ctx.action) and not _is_super_admin(principal):
            raise Auth.exceptions.HTTPException(
                status_code=403,
                detail="Only super administrators write a thread's state. Send input or an answer.",
            )
        if key := internal_key(value):
            raise Auth.exceptions.HTTPException(
                status_code=403,
                detail=f"config.configurable.{key} is the server's own. Leave it out.",
            )
        return own(value, principal, action=ctx.action)

    @auth.on.assistants
    async def assistants(ctx: Auth.types.AuthContext, value: Any) -> bool:  # noqa: ARG001
        role = role_number(_verified(ctx.user).role)
        # An assistant carries settings for everybody who uses it.
        return role >= ROLES["user" if ctx.action in ("read", "search") else "super_admin"]

    @auth.on.store
    async def store(ctx: Auth.types.AuthContext, value: Any) -> None:
        value["namespace"] = own_namespace(value.get("namespace"), _verified(ctx.user))


def writes_state(value: Any, *, action: str) -> bool:
    """Say whether a request writes a thread's state itself, past the graph's input.

    State says for whom a run acts, with which scopes, and who asked for an approval.
    """
    if action == "update":
        # Of all updates, only those of state name neither metadata nor what to do with a run.
        return "metadata" not in value and "action" not in value
    command = (value.get("kwargs") or {}).get("command") or {}
    return action == "create_run" and bool(command.get("update") or command.get("goto"))


def internal_key(value: Any) -> str:
    """Return the first key of a run's config that LangGraph takes for a part of its own, if any.

    By such keys it hands checkpointers and resume values to itself.
    """
    config = (value.get("kwargs") or {}).get("config") or {}
    known = config.get("configurable") or {}
    return next((key for key in known if str(key).startswith(_INTERNAL)), "")


def _is_super_admin(principal: Principal) -> bool:
    return role_number(principal.role) >= ROLES["super_admin"]


def own(value: Any, principal: Principal, *, action: str) -> Filter:
    """Mark what is made as the caller's, and return the filter that hides everybody else's.

    Users see their own threads, administrators their tenant's, super administrators all.
    """
    marks = {OWNER: principal.id, TENANT: principal.tenant}
    if action in ("create", "create_run"):
        # In place: the server keeps the very dict that it shows here.
        metadata = value.get("metadata")
        if metadata is None:
            metadata = value["metadata"] = {}
        metadata.update(marks)
    elif action == "update":
        # A thread is never handed to somebody else.
        for mark in marks:
            (value.get("metadata") or {}).pop(mark, None)
    number = role_number(principal.role)
    if number >= ROLES["super_admin"]:
        return {}
    return {TENANT: principal.tenant} if number >= ROLES["admin"] else marks


def own_namespace(namespace: Any, principal: Principal) -> tuple[str, ...]:
    """Return a store namespace under the caller's own root."""
    # A digest, because labels may hold neither periods nor nothing.
    root = digest([principal.tenant, principal.id])[:32]
    given = tuple(str(label) for label in namespace or ())
    return given if given[:1] == (root,) else (root, *given)


def _verified(user: Any) -> Principal:
    """Return the principal that our `authenticate` vouched for; Studio's own user is not one."""
    if isinstance(user, Auth.types.StudioUser) or not all(
        field in user for field in ("identity", "role", "scopes", "tenant", "session")
    ):
        raise Auth.exceptions.HTTPException(
            status_code=403, detail="Send a token; this server takes no other credential."
        )
    return Principal(
        id=user["identity"],
        role=user["role"],
        scopes=tuple(user["scopes"]),
        tenant=user["tenant"],
        session=user["session"],
        token=user.get("token", ""),
        key=user.get("key", ""),
        accountable=user.get("accountable", ""),
    )


def auth_from_environment(environment: Mapping[str, str]) -> Auth:
    """Return the `auth` object that the environment describes.

    Raises:
        ConfigError: It does not say clearly who is let in.
        CredentialError: The keyring cannot be used.
    """
    keyring, switch = environment.get("POINTSMAN_KEYRING", ""), environment.get("POINTSMAN_AUTH")
    if switch not in (None, "", "on", "off") or (keyring and switch == "off"):
        raise _unclear()
    if keyring:
        return build_auth(_verifier(keyring, environment))
    open_to_all = switch == "off" or (switch != "on" and _on_loopback(environment))
    if not (open_to_all and _is_development(environment)):
        raise _unclear()
    logger.warning(
        "No authentication: whoever reaches this server acts as the local person of the settings. "
        "Set POINTSMAN_KEYRING to ask for tokens."
    )
    return build_open_auth(AllowedCallers.from_environment(environment))


def _unclear() -> ConfigError:
    return ConfigError(
        "It must be clear who is let in.",
        where="POINTSMAN_KEYRING",
        fix="Set it to a keyring. Only langgraph dev runs without one: on loopback, or with "
        "POINTSMAN_AUTH=off. The two exclude each other.",
    )


def _is_development(environment: Mapping[str, str]) -> bool:
    """Say whether this is `langgraph dev`, which sets both variables itself."""
    return (
        environment.get("LANGGRAPH_RUNTIME_EDITION") == "inmem"
        and environment.get("LANGSMITH_LANGGRAPH_API_VARIANT") == "local_dev"
    )


def _on_loopback(environment: Mapping[str, str]) -> bool:
    """Say whether `langgraph dev` is bound to loopback; a tunnel's address is not."""
    return is_loopback(urlsplit(environment.get("LANGGRAPH_API_URL", "")).hostname or "")


def _verifier(keyring: str, environment: Mapping[str, str]) -> TokenVerifier:
    names = {"issuer": "POINTSMAN_ISSUER", "audience": "POINTSMAN_AUDIENCE"}
    given = {field: environment[name] for field, name in names.items() if environment.get(name)}
    settings = TokenSettings.model_validate({"keyring": keyring, **given})
    config = environment.get("POINTSMAN_CONFIG")
    store = open_store((Settings.load(Path(config)) if config else Settings()).database_url)
    return TokenVerifier(read_keyring(settings.keyring), settings, SwitchBoard(store.switches))


def __getattr__(name: str) -> Auth:
    """Build `auth` when the server asks for it, so that importing this module decides nothing."""
    if name != "auth":
        raise AttributeError(name)
    auth = auth_from_environment(os.environ)
    globals()["auth"] = auth
    return auth
