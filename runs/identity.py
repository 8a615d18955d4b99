"""Identity: who acts, from authentication; never from a model or from what a caller sends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.runtime import BaseUser, Runtime

from ..policy.people import without_credential
from ..policy.roles import LOCAL
from ..settings import Settings
from ..state.context import AgentContext
from ..state.run import Principal
from ..state.values import JsonObject
from ..stores.records import Requester
from .outer_graph import AUTHENTICATED_USER
from .thread import with_entry


class OnBehalf:
    """Who asked for what another process does, in the form in which LangGraph hands users to nodes.

    Only code of this process can make one: no request's body becomes an object of this class.

    Args:
        requester: Who asked, as it was recorded then.
    """

    def __init__(self, requester: Requester) -> None:
        self.principal = requester.principal
        self.is_authenticated = requester.authenticated
        self.identity = self.display_name = requester.principal.id
        self.permissions = requester.principal.scopes
        self._facts: JsonObject = requester.principal.to_json()

    def __getitem__(self, key: str) -> Any:
        return self._facts[key]

    def __contains__(self, key: object) -> bool:
        return key in self._facts

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)


def with_requester(config: RunnableConfig, requester: Requester) -> RunnableConfig:
    """Return a config whose run is for somebody who asked elsewhere."""
    return with_entry(config, AUTHENTICATED_USER, value=OnBehalf(requester))


def credential_holder(runtime: Runtime[AgentContext]) -> BaseUser | None:
    """Return the user that a credential vouches for; in local use there is none."""
    user = runtime.server_info.user if runtime.server_info else None
    return user if user is not None and user.is_authenticated else None


def principal_of(runtime: Runtime[AgentContext], settings: Settings) -> Principal:
    """Return who acts: the server's authenticated user, else the principal of the settings.

    Of what was asked for elsewhere, it is who asked.
    """
    user: Any = runtime.server_info.user if runtime.server_info else None
    if isinstance(user, OnBehalf):
        return user.principal
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
