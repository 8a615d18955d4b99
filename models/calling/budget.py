"""Money and tokens, reserved before each attempt and settled after it.

What a reservation covers is an upper bound, so the caps hold whatever the provider reports later.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from ...errors import BudgetExceededError, ConfigError
from ...state.run import Run
from ...stores.budgets import SqlBudgetLedger
from ...stores.records import Cap
from ..catalog.prices import ModelPrice
from ..catalog.settings import BudgetSettings, CapSettings
from ..routing.router import SpendLeft

_Number = TypeVar("_Number", int, float)

RACES = 4
"""Times that a reservation is recomputed after other runs took what was left."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """What one attempt may use at most."""

    model: str
    """`model@endpoint`, for messages."""
    price: ModelPrice | None
    input_tokens: int
    output_tokens: int
    """The output limit that is wanted."""
    min_output_tokens: int
    """The least output limit that is of use."""
    choices: int = 1
    """Replies that are written, each within the limit."""
    at: float
    """Unix time."""
    expires_at: float
    """Unix time after which the store may drop the reservation of a dead process."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What an attempt was granted."""

    id: str
    usd: float | None
    """US dollars held; `None` where the price is unknown."""
    tokens: int
    output_tokens: int
    """The output limit that fits, at most the one that was wanted."""
    expires_at: float = 0.0
    """Unix time after which the store may drop it."""
    caps: tuple[Cap, ...] = ()
    """What it is held against; without caps the ledger does not know of it."""


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What was put in the place of a reservation."""

    usd: float | None
    tokens: int


def _in_tenant(run: Run, name: str) -> str:
    """Return what is capped under a name that two tenants may both use."""
    tenant = run.principal.tenant
    return f"{tenant}\n{name}" if tenant and name else name


def caps_for(run: Run, step: str, settings: BudgetSettings, *, now: float) -> tuple[Cap, ...]:
    """Return the caps that a model call of a run must fit under, the narrowest scope first."""
    limits = CapSettings(usd=run.limits.budget_usd, tokens=run.limits.budget_tokens)
    day = datetime.fromtimestamp(now, tz=UTC).date().isoformat()
    scopes = (
        ("step", f"{run.id}/{step}", settings.step),
        ("run", run.id, _tighter(limits, settings.run)),
        ("thread", _in_tenant(run, run.thread_id), settings.thread),
        ("principal", _in_tenant(run, run.principal.id), settings.principal),
        ("day", day, settings.day),
    )
    return tuple(
        Cap.model_validate({"scope": scope, "key": key, "usd": caps.usd, "tokens": caps.tokens})
        for scope, key, caps in scopes
        if key and (caps.usd is not None or caps.tokens is not None)
    )


def _tighter(one: CapSettings, other: CapSettings) -> CapSettings:
    return CapSettings(usd=_least([one.usd, other.usd]), tokens=_least([one.tokens, other.tokens]))


def _least(values: Sequence[_Number | None]) -> _Number | None:
    return min((value for value in values if value is not None), default=None)


def affordable_output(need: Need, left: SpendLeft) -> int:
    """Return the largest output limit that fits what is left; 0 if the prompt does not fit."""
    limit = need.output_tokens
    if left.tokens is not None:
        limit = min(limit, (left.tokens - need.input_tokens) // need.choices)
    if left.usd is None or need.price is None:
        return max(0, limit)
    low, high = 0, max(0, limit)
    while low < high:  # prices come in tiers, so the largest fit is searched, not computed
        middle = (low + high + 1) // 2
        cost = need.price.ceiling(need.input_tokens, middle * need.choices, at=need.at)
        if cost <= left.usd:
            low = middle
        else:
            high = middle - 1
    return low


class Budget:
    """Reservations under caps, in the store that all processes share."""

    def __init__(self, ledger: SqlBudgetLedger) -> None:
        self._ledger = ledger

    async def left(self, caps: Sequence[Cap]) -> SpendLeft:
        """Return what the tightest caps leave now."""
        usd: list[tuple[float, str]] = []
        tokens: list[tuple[int, str]] = []
        for cap in caps:
            balance = await self._ledger.balance(cap.scope, cap.key)
            name = f"{cap.scope} {cap.key}"
            if cap.usd is not None:
                usd.append((max(0.0, cap.usd - balance.spent_usd - balance.reserved_usd), name))
            if cap.tokens is not None:
                used = balance.spent_tokens + balance.reserved_tokens
                tokens.append((max(0, cap.tokens - used), name))
        money, money_cap = min(usd, default=(None, ""))
        count, count_cap = min(tokens, default=(None, ""))
        return SpendLeft(usd=money, tokens=count, usd_cap=money_cap, tokens_cap=count_cap)

    async def reserve(self, need: Need, caps: Sequence[Cap]) -> Grant:
        """Reserve for one attempt, with a smaller output limit where little is left.

        Raises:
            ConfigError: A money cap applies and the model's price is not known.
            BudgetExceededError: Nothing useful fits; names the cap.
        """
        if need.price is None and any(cap.usd is not None for cap in caps):
            raise unpriced(need.model)
        output = need.output_tokens
        if not caps:
            return _reservation(need, output, caps)
        refusal: Cap | None = None
        for _ in range(RACES):
            reservation = _reservation(need, output, caps)
            refusal = await self._ledger.reserve(
                reservation.id,
                caps,
                usd=reservation.usd or 0.0,
                tokens=reservation.tokens,
                expires_at=need.expires_at,
            )
            if refusal is None:
                return reservation
            output = min(output, affordable_output(need, await self.left(caps)))
            if output < need.min_output_tokens:
                break
        raise _exceeded(need, refusal)

    async def settle(self, reservation: Grant, *, usd: float | None, tokens: int) -> Settled:
        """Replace a reservation by what was used, and return what was settled.

        What was used beyond the reservation is reserved like everything else, so that it never
        passes a cap: where the caps have no room for it, what room they have is taken.
        """
        if not reservation.caps:
            return Settled(usd=usd, tokens=tokens)
        held_usd = reservation.usd or 0.0
        within = Settled(
            usd=None if usd is None else min(usd, held_usd), tokens=min(tokens, reservation.tokens)
        )
        open_ = await self._ledger.settle(
            reservation.id, usd=within.usd or 0.0, tokens=within.tokens
        )
        more_usd, more_tokens = max(0.0, (usd or 0.0) - held_usd), tokens - within.tokens
        if not open_ or not (more_usd or more_tokens):
            return within
        extra = await self._beyond(reservation, more_usd, more_tokens)
        return Settled(
            usd=None if within.usd is None else within.usd + (extra.usd or 0.0),
            tokens=within.tokens + extra.tokens,
        )

    async def _beyond(self, reservation: Grant, usd: float, tokens: int) -> Settled:
        extra_id, caps = f"{reservation.id}+", reservation.caps
        for _ in range(RACES):
            refusal = await self._ledger.reserve(
                extra_id, caps, usd=usd, tokens=tokens, expires_at=reservation.expires_at
            )
            if refusal is None:
                await self._ledger.settle(extra_id, usd=usd, tokens=tokens)
                return Settled(usd=usd, tokens=tokens)
            left = await self.left(caps)
            usd = usd if left.usd is None else min(usd, left.usd)
            tokens = tokens if left.tokens is None else min(tokens, left.tokens)
        return Settled(usd=0.0, tokens=0)

    async def release(self, reservation: Grant) -> None:
        """Give a reservation back unused."""
        if not reservation.caps:
            return
        await self._ledger.release(reservation.id)


def unpriced(model: str) -> ConfigError:
    """Return the error for a model without a price under a money cap."""
    return ConfigError(
        f"The price of {model} is not known, and a money cap applies.",
        where="models.models",
        fix=f"Give {model} `prices`, or lift the cap.",
    )


def _reservation(need: Need, output: int, caps: Sequence[Cap]) -> Grant:
    usd = None
    if need.price is not None:
        usd = need.price.ceiling(need.input_tokens, output * need.choices, at=need.at)
    return Grant(
        id=uuid.uuid4().hex,
        usd=usd,
        tokens=need.input_tokens + output * need.choices,
        output_tokens=output,
        expires_at=need.expires_at,
        caps=tuple(caps),
    )


def _exceeded(need: Need, cap: Cap | None) -> BudgetExceededError:
    scope = "a cap" if cap is None else f"{cap.scope} {cap.key}"
    limits = [] if cap is None else _limits(cap)
    return BudgetExceededError(
        f"The budget of {scope} ({' and '.join(limits)}) leaves no room for a useful reply of "
        f"{need.model}.",
        where=f"budget {scope}",
        fix="Raise the cap, or choose a cheaper model.",
    )


def _limits(cap: Cap) -> list[str]:
    money = [] if cap.usd is None else [f"${cap.usd:g}"]
    return money if cap.tokens is None else [*money, f"{cap.tokens} tokens"]
