"""Tokens: whom they let in, and everything that they do not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pointsman.errors import ConfigError, CredentialError, NotFoundError
from pointsman.policy.keyring import Key, Keyring, new_key, new_keyring
from pointsman.policy.people import tokens_of_key
from pointsman.policy.settings import TokenSettings
from pointsman.policy.switches import SwitchBoard
from pointsman.policy.tokens import TokenIssuer, TokenVerifier
from pointsman.stores import SqlStore, open_store
from pointsman.stores.records import Switch

SETTINGS = TokenSettings(keyring=Path("unused"), audience="desk")
RING = new_keyring()
KEY = RING.keys[0]

Claims = dict[str, Any]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    """Open a real store."""
    async with open_store(tmp_path / "store.db") as opened:
        yield opened


@pytest.fixture
def issuer(store: SqlStore) -> TokenIssuer:
    """Build an issuer over the store."""
    return TokenIssuer(RING, SETTINGS, audit=store.audit, switches=store.switches)


@pytest.fixture
def verifier(store: SqlStore) -> TokenVerifier:
    """Build a verifier that reads revocations at once."""
    return TokenVerifier(RING, SETTINGS, SwitchBoard(store.switches, max_age_seconds=0))


def claims(**changes: Any) -> Claims:
    """Return what a good token says, with changes; `None` leaves a claim out."""
    now = int(time.time())
    good: Claims = {
        "iss": "pointsman",
        "aud": "desk",
        "sub": "alice",
        "iat": now,
        "nbf": now,
        "exp": now + 60,
        "jti": "0" * 32,
        "role": "user",
        "scopes": [],
        "tenant": "",
        "session": "s",
    }
    return {key: value for key, value in {**good, **changes}.items() if value is not None}


def signed(body: Claims, *, key: Key = KEY, **header: Any) -> str:
    """Sign claims with a key of the ring."""
    return jwt.encode(
        body, key.signing(), algorithm=key.algorithm, headers={"kid": key.kid, **header}
    )


def assembled(header: Claims, body: Claims, signature: str = "") -> str:
    """Put a token together by hand."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in (header, body)]
    return ".".join([*(part.rstrip(b"=").decode() for part in parts), signature])


async def test_an_issued_token_comes_back_as_its_principal(issuer, verifier) -> None:
    """Role, scopes, tenant and session survive the round trip."""
    issued = await issuer.issue(
        "alice", role="Super Admin", scopes=("refunds",), tenant="acme", session="s1"
    )

    principal = await verifier.verify(issued.token.get_secret_value())

    assert principal == issued.record.principal
    assert (principal.id, principal.role, principal.scopes) == (
        "alice",
        "super_admin",
        ("refunds",),
    )
    assert (principal.tenant, principal.session) == ("acme", "s1")


async def test_a_token_lasts_a_quarter_of_an_hour(issuer) -> None:
    """Tokens are short-lived unless asked otherwise, and each is its own session."""
    first, second = await issuer.issue("alice"), await issuer.issue("alice")

    assert first.record.expires_at - first.record.issued_at == 900
    assert first.record.principal.session != second.record.principal.session


NOW = int(time.time())
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC_PEM = KEY.verifying().public_bytes(  # type: ignore[union-attr]
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


def hmac_with_public_key() -> str:
    """Sign with HS256, our public key as the secret: the classic confusion."""
    unsigned = assembled({"alg": "HS256", "typ": "JWT", "kid": KEY.kid}, claims())[:-1]
    mac = hmac.new(PUBLIC_PEM, unsigned.encode(), hashlib.sha256).digest()
    return f"{unsigned}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


HOSTILE: dict[str, Callable[[], str]] = {
    "expired": lambda: signed(claims(iat=NOW - 100, nbf=NOW - 100, exp=NOW - 1)),
    "not-yet-valid": lambda: signed(claims(nbf=NOW + 3600, exp=NOW + 7200)),
    "issued-in-the-future": lambda: signed(claims(iat=NOW + 3600, exp=NOW + 7200)),
    "wrong-audience": lambda: signed(claims(aud="other")),
    "list-of-audiences": lambda: signed(claims(aud=["desk", "other"])),
    "wrong-issuer": lambda: signed(claims(iss="evil")),
    "lives-too-long": lambda: signed(claims(exp=NOW + 10**8)),
    "local": lambda: signed(claims(sub="local")),
    "nobody": lambda: signed(claims(sub="")),
    "number-as-subject": lambda: signed(claims(sub=None)),
    "undefined-role": lambda: signed(claims(role="root")),
    "role-as-number": lambda: signed(claims(role=100)),
    "scopes-as-text": lambda: signed(claims(scopes="all")),
    "further-claim": lambda: signed(claims(admin=True)),
    "jti-of-another-form": lambda: signed(claims(jti="*")),
    "forged-by-other-key": lambda: signed(claims(), key=new_key(), kid=KEY.kid),
    "unknown-kid": lambda: signed(claims(), kid="nope"),
    "path-as-kid": lambda: signed(claims(), kid="../../etc/passwd"),
    "kid-as-list": lambda: assembled({"alg": "EdDSA", "kid": [KEY.kid]}, claims(), "x"),
    "no-kid": lambda: jwt.encode(claims(), KEY.signing(), algorithm="EdDSA"),
    "alg-none": lambda: assembled({"alg": "none", "kid": KEY.kid}, claims()),
    "alg-None": lambda: assembled({"alg": "None", "kid": KEY.kid}, claims(), "x"),
    "hs256-with-public-key": hmac_with_public_key,
    "rs256": lambda: jwt.encode(claims(), RSA_KEY, algorithm="RS256", headers={"kid": KEY.kid}),
    "embedded-key": lambda: signed(
        claims(), key=new_key(), kid=KEY.kid, jwk={"kty": "OKP", "crv": "Ed25519", "x": "AA"}
    ),
    "critical-extension": lambda: signed(claims(), crit=["b64"], b64=False),
    "changed-body": lambda: ".".join(
        [signed(claims()).split(".")[0], assembled({}, claims(role="admin")).split(".")[1],
         signed(claims()).split(".")[2]]
    ),
    "no-signature": lambda: signed(claims()).rsplit(".", 1)[0] + ".",
    "two-parts": lambda: signed(claims()).rsplit(".", 1)[0],
    "empty": lambda: "",
    "garbage": lambda: "\x00\ud800…..",
    "deep-json": lambda: base64.urlsafe_b64encode(b'{"kid":' + b"[" * 5000).decode() + ".e30.x",
    "a-megabyte": lambda: "a" * 1_000_000,
    **{
        f"no-{name}": lambda name=name: signed(claims(**{name: None}))
        for name in claims()
    },
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_token_is_refused_and_not_repeated(name: str, verifier) -> None:
    """Every such token is refused with a reason that holds none of it."""
    token = HOSTILE[name]()

    with pytest.raises(CredentialError) as refused:
        await verifier.verify(token)

    text = f"{refused.value!r}{refused.value}{refused.value.__cause__}"
    assert all(part not in text for part in token.split(".") if len(part) > 8)


def test_the_good_token_of_these_tests_is_good(verifier) -> None:
    """What the hostile tokens vary is accepted as it is."""
    assert verifier.claims(signed(claims())).sub == "alice"


@given(st.text() | st.binary().map(lambda b: b.decode("latin-1")))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_gets_in(verifier, text: str) -> None:
    """Whatever is sent, the answer is a CredentialError."""
    with pytest.raises(CredentialError):
        verifier.claims(text)


@given(st.integers(0, 10_000), st.integers(1, 127))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_changed_character_gets_in(verifier, at: int, by: int) -> None:
    """A token that was changed anywhere is refused, or decodes to the very same bytes."""
    token = signed(claims())
    at %= len(token)
    changed = token[:at] + chr((ord(token[at]) + by) % 128) + token[at + 1 :]

    try:
        found = verifier.claims(changed)
    except CredentialError:
        return
    # The last base64 character of a signature has bits that decoding ignores.
    assert at == len(token) - 1
    assert found == verifier.claims(token)


async def test_hs256_keys_work_and_keep_their_algorithm(store: SqlStore) -> None:
    """A shared secret signs HS256, and a token of the EdDSA key is not its."""
    ring = new_keyring("HS256")
    verifier = TokenVerifier(ring, SETTINGS, SwitchBoard(store.switches))

    assert verifier.claims(signed(claims(), key=ring.keys[0])).sub == "alice"
    with pytest.raises(CredentialError):
        verifier.claims(signed(claims(), kid=ring.active))


async def test_a_verifier_needs_no_private_key(store: SqlStore) -> None:
    """The public half verifies, and cannot issue."""
    public = Key(kid=KEY.kid, algorithm="EdDSA", key=PUBLIC_PEM.decode())  # type: ignore[arg-type]
    ring = Keyring(active=KEY.kid, keys=(public,))

    assert TokenVerifier(ring, SETTINGS, SwitchBoard(store.switches)).claims(signed(claims()))
    with pytest.raises(CredentialError, match="not sign"):
        await TokenIssuer(ring, SETTINGS, audit=store.audit, switches=store.switches).issue("a")


async def test_rotation_keeps_old_tokens_until_the_key_is_retired(store: SqlStore) -> None:
    """New tokens use the new key; old ones end with their key."""
    old = signed(claims())
    rotated = RING.rotated(new_key())
    board = SwitchBoard(store.switches)
    issuer = TokenIssuer(rotated, SETTINGS, audit=store.audit, switches=store.switches)

    issued = await issuer.issue("alice")

    assert issued.record.kid == rotated.active != KEY.kid
    assert TokenVerifier(rotated, SETTINGS, board).claims(old)
    with pytest.raises(CredentialError):
        TokenVerifier(rotated.without(KEY.kid), SETTINGS, board).claims(old)


async def test_a_revoked_token_is_refused(issuer, verifier) -> None:
    """Revocation ends a token before its time, and the list says so."""
    issued, other = await issuer.issue("alice"), await issuer.issue("alice")

    await issuer.revoke(issued.record.jti, reason="lost laptop", revoked_by="ada")

    with pytest.raises(CredentialError, match="revoked"):
        await verifier.verify(issued.token.get_secret_value())
    assert await verifier.verify(other.token.get_secret_value())
    assert [record.revoked for record in await issuer.listed()] == [True, False]


async def test_a_token_says_which_it_is_and_who_is_behind_it(issuer, verifier) -> None:
    """So that what is said with it can be taken back, and counted as one person's."""
    issued = await issuer.issue("alice", accountable="os:zoe")
    vouched = await issuer.issue("alice")

    token, plain = [(await verifier.verify(i.token.get_secret_value())) for i in (issued, vouched)]

    assert (token.token, token.accountable) == (issued.record.jti, "os:zoe")
    assert (plain.token, plain.accountable) == (vouched.record.jti, "")


async def test_an_expired_token_can_still_be_revoked(issuer, monkeypatch) -> None:
    """What was decided with it may wait longer than it lasts."""
    issued = await issuer.issue("alice", lifetime_seconds=1)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 10)

    assert (await issuer.revoke(issued.record.jti)).revoked


async def test_a_revoked_principal_is_refused(issuer, verifier, store: SqlStore) -> None:
    """Revoking a principal ends all its tokens."""
    issued = await issuer.issue("alice")

    await store.switches.set(Switch(kind="revoke_principal", target="alice"))

    with pytest.raises(CredentialError, match="principal"):
        await verifier.verify(issued.token.get_secret_value())


async def test_the_register_never_holds_the_token(issuer, store: SqlStore) -> None:
    """The audit log knows who, until when and by whom; not the credential."""
    issued = await issuer.issue("alice", issued_by="ada")

    [entry] = await store.audit.entries()

    assert (entry.kind, entry.actor) == ("token_issued", "ada")
    assert entry.body["jti"] == issued.record.jti
    token = issued.token.get_secret_value()
    assert token not in entry.model_dump_json() + repr(issued) + issued.model_dump_json()


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"subject": "local"}, "subject"),
        ({"subject": ""}, "subject"),
        ({"subject": "a" * 300}, "sub"),
        ({"subject": "a", "role": "root"}, "role"),
        ({"subject": "a", "lifetime_seconds": 0}, "lifetime_seconds"),
        ({"subject": "a", "lifetime_seconds": 10**9}, "lifetime_seconds"),
    ],
)
async def test_what_cannot_be_issued(arguments: Claims, field: str, issuer, store) -> None:
    """The error names the field, and nothing is registered."""
    with pytest.raises(ConfigError) as refused:
        await issuer.issue(**arguments)

    assert refused.value.where == field
    assert await store.audit.entries() == []


async def test_only_an_issued_token_can_be_revoked(issuer) -> None:
    """A mistyped id is an error, not a revocation of nothing."""
    with pytest.raises(NotFoundError):
        await issuer.revoke("f" * 32)


async def test_a_switch_ends_all_tokens_of_a_key(issuer, verifier, store: SqlStore) -> None:
    """A server that still has a retired key in its ring refuses its tokens within a second."""
    issued = await issuer.issue("ada")
    assert (await verifier.verify(issued.token.get_secret_value())).key == KEY.kid
    await store.switches.set(Switch(kind="revoke_token", target=tokens_of_key(KEY.kid)))

    with pytest.raises(CredentialError, match="was revoked"):
        await verifier.verify(issued.token.get_secret_value())
    assert [record.revoked for record in await issuer.listed()] == [True]


@pytest.mark.parametrize(("leeway", "accepted"), [(0, False), (30, True)])
def test_clocks_may_differ_by_so_much(store: SqlStore, leeway: int, accepted: bool) -> None:
    """A token that ended ten seconds ago passes within the leeway of the settings."""
    tolerant = SETTINGS.model_copy(update={"leeway_seconds": leeway})
    verifier = TokenVerifier(RING, tolerant, SwitchBoard(store.switches, max_age_seconds=0))
    now = int(time.time())
    ended = signed(claims(iat=now - 60, nbf=now - 60, exp=now - 10))

    if accepted:
        assert verifier.claims(ended).sub == "alice"
    else:
        with pytest.raises(CredentialError, match="expired"):
            verifier.claims(ended)


@pytest.mark.parametrize(("longest", "accepted"), [(3600, True), (600, False)])
async def test_no_token_lasts_longer_than_set(
    store: SqlStore, longest: int, accepted: bool
) -> None:
    """Neither is one issued, nor is one accepted that somebody else has signed with the key."""
    strict = SETTINGS.model_copy(update={"max_lifetime_seconds": longest})
    issuer = TokenIssuer(RING, strict, audit=store.audit, switches=store.switches)
    verifier = TokenVerifier(RING, strict, SwitchBoard(store.switches, max_age_seconds=0))
    signed_elsewhere = signed(claims(exp=int(time.time()) + 1800))

    if accepted:
        assert verifier.claims(signed_elsewhere).sub == "alice"
        assert await issuer.issue("alice", lifetime_seconds=1800)
    else:
        with pytest.raises(CredentialError):
            verifier.claims(signed_elsewhere)
        with pytest.raises(ConfigError, match="600"):
            await issuer.issue("alice", lifetime_seconds=1800)
