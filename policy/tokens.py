"""Tokens: short-lived JWTs that say who a caller is, in which role, for one task session."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar
from uuid import uuid4

import jwt
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError

from ..errors import ConfigError, CredentialError, NotFoundError
from ..state.run import Principal
from ..state.values import Record
from ..stores.audit import SqlAuditLog
from ..stores.bodies import body_of, record_in
from ..stores.records import Switch
from ..stores.switches import SqlSwitches
from .keyring import Keyring
from .people import credentials_of, tokens_of_key
from .roles import ROLES, is_authenticated, role_name
from .settings import TokenSettings
from .switches import SwitchBoard

MAX_TOKEN_CHARS = 8192
"""Longer ones are refused unread; ours have a few hundred characters."""

TOKENS = "tokens"
"""Thread id under which the audit log keeps what concerns tokens and no thread."""

MAX_LISTED = 10_000

_Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_Text = Annotated[str, StringConstraints(max_length=200)]


class TokenClaims(BaseModel):
    """What a token says, exactly."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, strict=True, hide_input_in_errors=True
    )

    iss: str
    aud: str
    sub: _Name
    iat: int
    nbf: int
    exp: int
    jti: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    role: str
    scopes: Annotated[list[_Name], Field(max_length=100)]
    tenant: _Text
    session: _Name
    accountable: _Text = ""
    """The person who issued it to themselves: see `policy/people.py`."""

    @property
    def principal(self) -> Principal:
        """Who the token is about."""
        return Principal(
            id=self.sub,
            role=self.role,
            scopes=tuple(self.scopes),
            tenant=self.tenant,
            session=self.session,
            token=self.jti,
            accountable=self.accountable,
        )


class TokenRecord(Record):
    """What is remembered of an issued token: never the token."""

    jti: str
    principal: Principal
    kid: str = ""
    issued_at: float
    expires_at: float
    issued_by: str = ""
    revoked: bool = False


class IssuedToken(Record):
    """A new token, shown once."""

    token: SecretStr
    record: TokenRecord


class TokenVerifier:
    """Says whose a token is, or that it is none.

    Args:
        keyring: Keys that are trusted; a key fixes the algorithm.
        settings: Issuer, audience and lifetimes that are accepted.
        switches: Where revocations are found.
    """

    def __init__(self, keyring: Keyring, settings: TokenSettings, switches: SwitchBoard) -> None:
        self._keyring = keyring
        self._settings = settings
        self._switches = switches

    async def verify(self, token: str) -> Principal:
        """Return the principal.

        Raises:
            CredentialError: The token is forged, expired, not yet valid, revoked, or not for us.
                The message never repeats any of it.
            StoreError: Revocations cannot be read, so nobody is let in.
        """
        principal = self.claims(token).principal
        kid = jwt.get_unverified_header(token)["kid"]
        principal = principal.model_copy(update={"key": kid})
        state = await self._switches.snapshot()
        if any(state.revoked_token(given) for given in credentials_of(principal)):
            raise _refused("The token was revoked.")
        if state.revoked(principal):
            raise _refused("The principal was revoked.")
        return principal

    def claims(self, token: str) -> TokenClaims:
        """Return what a genuine token says, revoked or not. Raises `CredentialError`."""
        if len(token) > MAX_TOKEN_CHARS:
            raise _refused("The token is too long.")
        try:
            claims = TokenClaims.model_validate(self._decoded(token))
        except jwt.PyJWTError as error:
            # From None, here and below: a parser's message may quote the token.
            raise _refused(_problem(error)) from None
        except (ValidationError, ValueError, RecursionError):
            raise _refused("The token is malformed.") from None
        if claims.role not in ROLES or not is_authenticated(claims.principal):
            raise _refused("The token is malformed.")
        if claims.exp - claims.iat > self._settings.max_lifetime_seconds:
            raise _refused("The token's lifetime is longer than is accepted.")
        return claims

    def _decoded(self, token: str) -> dict[str, Any]:
        kid = jwt.get_unverified_header(token).get("kid")
        key = self._keyring.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise _refused("The token is not signed with a key of ours.")
        return jwt.decode(
            token,
            key.verifying(),
            algorithms=[key.algorithm],
            issuer=self._settings.issuer,
            audience=self._settings.audience,
            leeway=self._settings.leeway_seconds,
            options={
                "require": ["iss", "aud", "sub", "iat", "nbf", "exp", "jti"],
                "strict_aud": True,
            },
        )


class TokenIssuer:
    """Issues, lists and revokes tokens. Whether somebody may is the policy's `administer`.

    Args:
        keyring: The ring whose active key signs.
        settings: Issuer, audience and lifetimes.
        audit: Where issued tokens are registered, without the token itself.
        switches: Where revocations are kept.
    """

    def __init__(
        self,
        keyring: Keyring,
        settings: TokenSettings,
        *,
        audit: SqlAuditLog,
        switches: SqlSwitches,
    ) -> None:
        self._keyring = keyring
        self._settings = settings
        self._audit = audit
        self._switches = switches

    async def issue(
        self,
        subject: str,
        *,
        role: str = "user",
        scopes: Sequence[str] = (),
        tenant: str = "",
        session: str = "",
        lifetime_seconds: int | None = None,
        issued_by: str = "",
        accountable: str = "",
    ) -> IssuedToken:
        """Issue a token; it is registered before it is handed out.

        Args:
            subject: The principal's id.
            role: Name or number of the role.
            scopes: What it may use.
            tenant: Whose data it belongs to.
            session: The task session; a new one if empty.
            lifetime_seconds: Seconds until it expires.
            issued_by: Who asked for it.
            accountable: The person who will count as its holder, where nobody vouches that it
                reaches the subject: `Principal.accountable` of who asked.

        Raises:
            ConfigError: A value is not usable; names the field.
            CredentialError: The active key cannot sign.
        """
        claims = self._claims(subject, role, scopes, tenant, session, lifetime_seconds)
        claims = claims.model_copy(update={"accountable": accountable})
        key = self._keyring.get(self._keyring.active)
        assert key is not None  # noqa: S101 - a ring without its active key does not validate
        token = jwt.encode(
            # Without what is empty, so that earlier releases can read it.
            claims.model_dump(exclude_defaults=True),
            key.signing(),
            algorithm=key.algorithm,
            headers={"kid": key.kid},
        )
        record = TokenRecord(
            jti=claims.jti,
            principal=claims.principal.model_copy(update={"key": key.kid}),
            kid=key.kid,
            issued_at=claims.iat,
            expires_at=claims.exp,
            issued_by=issued_by,
        )
        await self._audit.append(
            "token_issued", thread_id=TOKENS, actor=issued_by, body=body_of(record)
        )
        return IssuedToken(token=SecretStr(token), record=record)

    def _claims(
        self,
        subject: str,
        role: str,
        scopes: Sequence[str],
        tenant: str,
        session: str,
        lifetime_seconds: int | None,
    ) -> TokenClaims:
        lifetime = self._settings.lifetime_seconds if lifetime_seconds is None else lifetime_seconds
        if not 0 < lifetime <= self._settings.max_lifetime_seconds:
            raise ConfigError(
                f"{lifetime} is not a lifetime.",
                where="lifetime_seconds",
                fix=f"From 1 to {self._settings.max_lifetime_seconds} seconds.",
            )
        if not is_authenticated(Principal(id=subject)):
            raise ConfigError(
                "That id stands for whoever has no token.", where="subject", fix="Choose another."
            )
        now = int(time.time())
        try:
            return TokenClaims(
                iss=self._settings.issuer,
                aud=self._settings.audience,
                sub=subject,
                iat=now,
                nbf=now,
                exp=now + lifetime,
                jti=uuid4().hex,
                role=role_name(role),
                scopes=list(scopes),
                tenant=tenant,
                session=session or secrets.token_hex(8),
            )
        except ValidationError as error:
            first = error.errors()[0]
            raise ConfigError(first["msg"], where=str(first["loc"][0])) from error

    async def listed(self, *, expired: bool = False) -> tuple[TokenRecord, ...]:
        """Return the issued tokens, oldest first; those that expired only if asked for."""
        entries = await self._audit.entries(TOKENS, limit=MAX_LISTED)
        active = await self._switches.active()
        revoked = {switch.target for switch in active if switch.kind == "revoke_token"}
        issued = (e for e in entries if e.kind == "token_issued")
        records = (record_in(TokenRecord, e.body, where=f"audit entry {e.seq}") for e in issued)
        now = time.time()
        return tuple(
            record.model_copy(
                update={"revoked": bool({record.jti, tokens_of_key(record.kid)} & revoked)}
            )
            for record in records
            if expired or record.expires_at > now
        )

    async def revoke(self, jti: str, *, reason: str = "", revoked_by: str = "") -> TokenRecord:
        """Revoke a token, effective within a second in every process.

        Raises:
            NotFoundError: No such token was issued.
        """
        # An expired one too: what was decided with it may still be waiting to run.
        found = [record for record in await self.listed(expired=True) if record.jti == jti]
        if not found:
            raise NotFoundError(
                "No token has this id.", where="token", fix="See pointsman token list."
            )
        switch = Switch(
            kind="revoke_token", target=jti, reason=reason, actor=revoked_by, at=time.time()
        )
        await self._switches.set(switch)
        await self._audit.append(
            "token_revoked",
            thread_id=TOKENS,
            actor=revoked_by,
            body={"jti": jti, "reason": reason},
        )
        return found[0].model_copy(update={"revoked": True})


_PROBLEMS: tuple[tuple[type[jwt.PyJWTError], str], ...] = (
    (jwt.ExpiredSignatureError, "The token has expired."),
    (jwt.ImmatureSignatureError, "The token is not valid yet."),
    (jwt.InvalidAudienceError, "The token is for somebody else."),
    (jwt.InvalidIssuerError, "The token was not issued by us."),
    (jwt.InvalidSignatureError, "The token's signature is wrong."),
    (jwt.InvalidAlgorithmError, "The token's algorithm is not its key's."),
    (jwt.MissingRequiredClaimError, "The token lacks a claim."),
)


def _problem(error: jwt.PyJWTError) -> str:
    return next((text for kind, text in _PROBLEMS if isinstance(error, kind)), "It is no token.")


def _refused(message: str) -> CredentialError:
    return CredentialError(message, where="authorization", fix="Get a new one: pointsman token.")
