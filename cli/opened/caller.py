"""Caller: who gives this command, from a token if there is one, else from the settings."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import CredentialError
from ...policy.people import without_credential
from ...policy.settings import TokenSettings
from ...settings import Settings
from ...state.run import Principal

if TYPE_CHECKING:
    from ...stores.store import SqlStore

TOKEN_VARIABLE = "POINTSMAN_TOKEN"  # noqa: S105 - the name of a variable, not its content
KEYRING = "keyring.json"
ISSUE = "issue_token"
"""The operation of whoever makes keys and tokens, as policy calls it."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who gives the command."""

    principal: Principal
    authenticated: bool
    """Whether a token vouches for them."""


async def caller_of(settings: Settings, store: SqlStore) -> Caller:
    """Return who gives the command.

    `POINTSMAN_TOKEN` decides if it is set; it is verified as the Agent Server verifies tokens.

    Raises:
        CredentialError: The token is not good, or there is no keyring to check it with.
    """
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token:
        return Caller(principal=without_credential(settings.principal), authenticated=False)
    # Only with a token: its signature takes a library of cryptography to check.
    from ...policy.keyring import read_keyring
    from ...policy.switches import SwitchBoard
    from ...policy.tokens import TokenVerifier

    known = token_settings(settings)
    verifier = TokenVerifier(read_keyring(known.keyring), known, SwitchBoard(store.switches))
    return Caller(principal=await verifier.verify(token), authenticated=True)


async def administrator(settings: Settings, store: SqlStore, operation: str) -> Principal:
    """Return who gives the command, if policy lets them operate the agent.

    Args:
        settings: Whose policies decide.
        store: Where revocations are.
        operation: A switch's kind, or `issue_token`.

    Raises:
        CredentialError: It does not; the message is the policy's reason.
    """
    # What only lists asks nobody.
    from ...policy.cedar import CedarPolicy

    caller = await caller_of(settings, store)
    policy = CedarPolicy(settings.policy, folder=settings.folder)
    decision = policy.may_administer(caller.principal, operation)
    if decision.outcome != "run":
        raise CredentialError(
            decision.reason, where=operation, fix="Ask somebody who may operate the agent."
        )
    return caller.principal


def token_settings(settings: Settings) -> TokenSettings:
    """Return what tokens must say here, from the variables that the Agent Server reads too."""
    names = {"issuer": "POINTSMAN_ISSUER", "audience": "POINTSMAN_AUDIENCE"}
    given = {field: os.environ[name] for field, name in names.items() if os.environ.get(name)}
    keyring = Path(os.environ.get("POINTSMAN_KEYRING") or settings.home / KEYRING)
    return TokenSettings.model_validate({"keyring": keyring, **given})
