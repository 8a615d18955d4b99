"""Budget ledger: reservations under caps that hold, whatever runs in parallel or dies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Update, bindparam, delete, insert, select, tuple_, update

from ..errors import StoreError
from .database import Database
from .money import MOST, dollars, limit_nano, reserved_nano, spent_nano
from .records import Balance, Cap
from .schema import balances, reservation_caps, reservations
from .statements import insert_if_absent

Account = tuple[str, str]
"""Scope and key of what is limited."""


_KEPT = insert(reservations)
_KEPT_UNDER = insert(reservation_caps)
_OF_ID = select(reservations).where(reservations.c.id == bindparam("reserved")).with_for_update()
_ACCOUNTS_OF = (
    select(reservation_caps.c.scope, reservation_caps.c.key)
    .where(reservation_caps.c.reservation_id == bindparam("reserved"))
    .order_by(reservation_caps.c.scope, reservation_caps.c.key)
)
_CLOSED = delete(reservations).where(reservations.c.id == bindparam("reserved"))
_EXPIRED = (
    select(reservations.c.id)
    .where(reservations.c.expires_at <= bindparam("now"), reservations.c.state == "held")
    # Another process may be settling it at this moment, or sweeping too.
    .with_for_update(skip_locked=True)
)


@cache
def _growing(*, usd: bool = False, tokens: bool = False) -> Update:
    """Return the change of one account, as far as its limits of money and tokens leave room."""
    c = balances.c
    statement = update(balances).where(c.scope == bindparam("of"), c.key == bindparam("named"))
    if usd:
        statement = statement.where(c.spent_nano + c.reserved_nano <= bindparam("nano_room"))
    if tokens:
        statement = statement.where(c.spent_tokens + c.reserved_tokens <= bindparam("token_room"))
    grown = ("spent_nano", "reserved_nano", "spent_tokens", "reserved_tokens")
    return statement.values({name: c[name] + bindparam(f"more_{name}") for name in grown})


@dataclass(frozen=True, kw_only=True)
class Amount:
    """Money in billionths of a US dollar, and tokens."""

    nano: int = 0
    tokens: int = 0

    def __neg__(self) -> Amount:
        return Amount(nano=-self.nano, tokens=-self.tokens)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(nano=self.nano - other.nano, tokens=self.tokens - other.tokens)


@dataclass(frozen=True, kw_only=True)
class OpenReservation:
    """A reservation that was neither settled nor released yet."""

    id: str
    amount: Amount
    accounts: list[Account]
    lapsed: bool
    """It expired and counts as spent, because the provider may have billed it."""


class SqlBudgetLedger:
    """Money and tokens reserved before calls and settled after them, under every cap at once.

    A reservation that expires, because its process died, counts as spent in full: the provider may
    have billed it. A late settlement still corrects that, and a late release gives it back.

    Args:
        database: Where to.
        clock: Unix time in seconds.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def reserve(
        self,
        reservation_id: str,
        caps: Sequence[Cap],
        *,
        usd: float,
        tokens: int,
        expires_at: float,
    ) -> Cap | None:
        """Reserve under every cap, all or none. Reserving an id that is held changes nothing.

        Returns:
            `None` if granted, else the first of `caps` that refuses.
        """
        amount = _amount(reserved_nano(usd), tokens)

        def work(connection: Connection) -> Cap | None:
            _sweep(connection, self._clock())
            if _find(connection, reservation_id) is not None:
                return None
            with connection.begin_nested() as savepoint:
                refused = _take(connection, caps, amount)
                if refused:
                    savepoint.rollback()
                    return min(refused, key=caps.index)
                _keep(connection, reservation_id, caps, amount, expires_at)
            return None

        return await self._database.write(work)

    async def settle(self, reservation_id: str, *, usd: float, tokens: int) -> bool:
        """Replace a reservation by what was used, once; say whether this was the time."""
        used = _amount(spent_nano(usd), tokens)
        return await self._database.write(
            lambda connection: _close(connection, reservation_id, used)
        )

    async def release(self, reservation_id: str) -> None:
        """Give a reservation back unused."""
        await self._database.write(lambda connection: _close(connection, reservation_id, Amount()))

    async def balance(self, scope: str, key: str) -> Balance:
        """Return what a scope has used and holds."""
        query = select(balances).where(balances.c.scope == scope, balances.c.key == key)

        def work(connection: Connection) -> Balance:
            row = connection.execute(query).one_or_none()
            if row is None:
                return Balance()
            return Balance(
                spent_usd=dollars(row.spent_nano),
                reserved_usd=dollars(row.reserved_nano),
                spent_tokens=row.spent_tokens,
                reserved_tokens=row.reserved_tokens,
            )

        return await self._database.read(work)


def _amount(nano: int, tokens: int) -> Amount:
    if tokens < 0:
        raise StoreError(f"{tokens} is no number of tokens.", where="tokens", fix="Give 0 or more.")
    if max(nano, tokens) >= MOST:
        raise StoreError(
            f"${dollars(nano):,.2f} or {tokens:,} tokens are more than can be counted.",
            where="reservation",
            fix="Give the amount of one call.",
        )
    return Amount(nano=nano, tokens=tokens)


def _take(connection: Connection, caps: Sequence[Cap], amount: Amount) -> list[Cap]:
    """Add `amount` to every account that has room for it; return the caps that have not."""
    # In one order everywhere, so that two transactions cannot wait for each other.
    ordered = sorted(caps, key=_account)
    for cap in ordered:
        _open_account(connection, _account(cap))
    _lock(connection, [_account(cap) for cap in ordered])
    taken: set[Account] = set()
    refused: list[Cap] = []
    for cap in ordered:
        # Two limits on one account are two conditions, but one reservation.
        extra = Amount() if _account(cap) in taken else amount
        if _fits(connection, cap, extra):
            taken.add(_account(cap))
        else:
            refused.append(cap)
    return refused


def _fits(connection: Connection, cap: Cap, amount: Amount) -> bool:
    room: dict[str, int] = {}
    if cap.usd is not None:
        room["nano_room"] = limit_nano(cap.usd) - amount.nano
    if cap.tokens is not None:
        room["token_room"] = min(cap.tokens, MOST) - amount.tokens
    statement = _growing(usd=cap.usd is not None, tokens=cap.tokens is not None)
    changed = connection.execute(statement, {**_growth(_account(cap), reserved=amount), **room})
    return changed.rowcount == 1


def _keep(
    connection: Connection,
    reservation_id: str,
    caps: Sequence[Cap],
    amount: Amount,
    expires_at: float,
) -> None:
    held = {"nano": amount.nano, "tokens": amount.tokens, "expires_at": expires_at, "state": "held"}
    connection.execute(_KEPT, {"id": reservation_id, **held})
    for scope, key in sorted({_account(cap) for cap in caps}):
        under = {"reservation_id": reservation_id, "scope": scope, "key": key}
        connection.execute(_KEPT_UNDER, under)


def _close(connection: Connection, reservation_id: str, used: Amount) -> bool:
    """Put `used` in the place of a reservation, if that is still open."""
    found = _find(connection, reservation_id)
    if found is None:
        return False
    if found.lapsed:
        _grow(connection, found.accounts, spent=used - found.amount)
    else:
        _grow(connection, found.accounts, spent=used, reserved=-found.amount)
    connection.execute(_CLOSED, {"reserved": reservation_id})
    return True


def _sweep(connection: Connection, now: float) -> None:
    """Count what has expired by `now` as spent."""
    expired = list(connection.execute(_EXPIRED, {"now": now}).scalars())
    found = [_find(connection, reservation_id) for reservation_id in expired]
    held = [reservation for reservation in found if reservation is not None]
    _lock(connection, [account for reservation in held for account in reservation.accounts])
    for reservation in held:
        amount = reservation.amount
        _grow(connection, reservation.accounts, spent=amount, reserved=-amount)
    if held:
        connection.execute(
            update(reservations).where(reservations.c.id.in_(expired)).values(state="lapsed")
        )


def _find(connection: Connection, reservation_id: str) -> OpenReservation | None:
    row = connection.execute(_OF_ID, {"reserved": reservation_id}).one_or_none()
    if row is None:
        return None
    accounts = connection.execute(_ACCOUNTS_OF, {"reserved": reservation_id})
    return OpenReservation(
        id=reservation_id,
        amount=Amount(nano=row.nano, tokens=row.tokens),
        accounts=[(scope, key) for scope, key in accounts],
        lapsed=row.state == "lapsed",
    )


def _open_account(connection: Connection, account: Account) -> None:
    scope, key = account
    insert_if_absent(
        connection,
        balances,
        scope=scope,
        key=key,
        spent_nano=0,
        reserved_nano=0,
        spent_tokens=0,
        reserved_tokens=0,
    )


def _lock(connection: Connection, accounts: Sequence[Account]) -> None:
    """Lock accounts in one order. SQLite's writing transaction has locked them all already."""
    if connection.dialect.name == "sqlite" or not accounts:
        return
    c = balances.c
    query = select(c.scope).where(tuple_(c.scope, c.key).in_(set(accounts)))
    connection.execute(query.order_by(c.scope, c.key).with_for_update()).all()


def _grow(
    connection: Connection,
    accounts: Sequence[Account],
    *,
    spent: Amount,
    reserved: Amount | None = None,
) -> None:
    _lock(connection, accounts)
    for account in accounts:
        grown = _growth(account, spent=spent, reserved=reserved or Amount())
        connection.execute(_growing(), grown)


def _growth(account: Account, *, reserved: Amount, spent: Amount | None = None) -> dict[str, Any]:
    """Return the values of `_growing`."""
    spent = spent or Amount()
    scope, key = account
    return {
        "of": scope,
        "named": key,
        "more_spent_nano": spent.nano,
        "more_reserved_nano": reserved.nano,
        "more_spent_tokens": spent.tokens,
        "more_reserved_tokens": reserved.tokens,
    }


def _account(cap: Cap) -> Account:
    return cap.scope, cap.key
