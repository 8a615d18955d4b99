"""Admission: what a call waits for before it leaves, its tool's rate and its credentials."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from ..errors import CredentialError
from ..stores.rates import SqlRates
from .contract import Tool, ToolCall, ToolContract
from .credentials import CredentialProvider
from .endings import NoCredentialError, RateLimitedError
from .redaction import Redaction
from .waiting import at_most

RATE_PATIENCE = 5.0
"""Seconds that a call waits for its rate limit before it gives up."""
CREDENTIAL_SECONDS = 10.0
"""How long fetching a call's credentials may take."""


class Admission:
    """Lets calls leave.

    Args:
        credentials: Where tools' credentials come from.
        rates: Count the calls of all processes.
    """

    def __init__(self, credentials: CredentialProvider, rates: SqlRates) -> None:
        self._credentials = credentials
        self._rates = rates

    async def admitted(self, tool: Tool, call: ToolCall) -> tuple[ToolCall, Redaction]:
        """Wait for the tool's rate; return the call with credentials, and what hides them.

        Raises:
            RateLimitedError: No call is allowed in time.
            NoCredentialError: The credentials cannot be had.
        """
        await self._wait_for_rate(tool.contract)
        call = await self.with_credentials(tool.contract, call)
        return call, Redaction((*tool.secrets, *call.credentials.values()))

    async def with_credentials(self, contract: ToolContract, call: ToolCall) -> ToolCall:
        """Return the call with its tool's credentials.

        Raises:
            NoCredentialError: They cannot be had.
        """
        if not contract.credentials:
            return call
        try:
            fetching = self._credentials.fetch(
                contract.credentials, scopes=contract.scopes, principal=call.principal
            )
            values = await at_most(CREDENTIAL_SECONDS, fetching)
            named = {name: _text(name, values[name]) for name in contract.credentials}
            return replace(call, credentials=named)
        except CredentialError as error:
            raise NoCredentialError(error.message, where=error.where, fix=error.fix) from error
        except Exception as error:  # noqa: BLE001 - foreign code, whose words may hold a secret
            raise NoCredentialError(
                f"The provider of credentials failed ({type(error).__name__}).",
                where=contract.name,
                fix="Look into the provider.",
            ) from None

    async def _wait_for_rate(self, contract: ToolContract) -> None:
        if contract.rate_per_minute is None:
            return
        wait = await self._rates.take(
            f"tool:{contract.name}", per_minute=contract.rate_per_minute, patience=RATE_PATIENCE
        )
        if wait > RATE_PATIENCE:
            raise RateLimitedError
        await asyncio.sleep(wait)


def _text(name: str, value: object) -> str:
    """Return a credential that is a text: nothing else could be found again to be redacted."""
    if not isinstance(value, str):
        raise CredentialError(
            f"The provider gave a {type(value).__name__} for it.",
            where=name,
            fix="Have the provider return texts.",
        )
    return value
