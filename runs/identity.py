"""Identity: who acts, from authentication; never from a model or from what a caller sends."""

from __future__ import annotations

from langgraph.runtime import BaseUser, Runtime

from ..policy.people import without_credential
from ..policy.roles import LOCAL
from ..settings import Settings
from ..state.context import AgentContext
from ..state.run import Principal
from ..state.values import JsonObject


def credential_holder(runtime: Runtime[AgentContext]) -> BaseUser | None:
    """Return the user that a credential vouches for; in local use there is none."""
    user = runtime.server_info.user if runtime.server_info else None
    return user if user is not None and user.is_authenticated else None


def principal_of(runtime: Runtime[AgentContext], settings: Settings) -> Principal:
    """Return who acts: the server's authenticated user, else the principal of the settings."""
    user = credential_holder(runtime)
    if user is None:
        own = settings.principal
        return own if own.id == LOCAL else without_credential(own)
    facts: JsonObject = {
        key: user[key]
        for key in ("role", "scopes", "tenant", "session", "token", "key", "accountable")
        if key in user
    }
    return Principal(
        id=user.identity,
        role=str(facts.get("role") or "user"),
        scopes=tuple(facts.get("scopes") or ()),
        tenant=str(facts.get("tenant") or ""),
        session=str(facts.get("session") or ""),
        token=str(facts.get("token") or ""),
        key=str(facts.get("key") or ""),
        accountable=str(facts.get("accountable") or ""),
    )
