"""An error quotes the password alone: parts of a credential that are secret by themselves."""

from __future__ import annotations

import base64
import json
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.state.redaction import Redaction
from pointsman.state.secret_parts import SHORTEST_PART, parts_of

WORD = "p4ss/Wörd-9x"
LINES = [base64.b64encode(bytes(range(n, n + 48))).decode() for n in (0, 48)]
PEM = "\n".join(["-----BEGIN PRIVATE KEY-----", *LINES, "-----END PRIVATE KEY-----", ""])
SIGNATURE = "c2lnbmF0dXJlLW9mLWFubi0xMjM0NTY"
FORMS = [
    pytest.param(f"postgresql://app:{quote(WORD, safe='')}@db:5432/x", WORD, id="database"),
    pytest.param("mysql://app:p@ss@word@db/x", "p@ss@word", id="at-signs-in-it"),
    pytest.param("redis://:s3cret-red1s@cache:6379/0", "s3cret-red1s", id="without-a-user"),
    pytest.param("https://ghp-0123456789@git.example/r", "ghp-0123456789", id="user-alone"),
    pytest.param("https://api.example/v1?x=1&api_key=k3y-abc9", "k3y-abc9", id="query"),
    pytest.param("https://b.example/x?sig=Abc%2Bdef%3D", "Abc+def=", id="escaped-query"),
    pytest.param("host=db user=app password=s3cret-dsn9", "s3cret-dsn9", id="dsn"),
    pytest.param("host=db password='s3cret dsn9' user=a", "s3cret dsn9", id="quoted-dsn"),
    pytest.param("AccountName=a;AccountKey=QWJjZGVm==;X=y", "QWJjZGVm==", id="connection-string"),
    pytest.param("Driver={x};UID=a;PWD=s3cret-odbc1;", "s3cret-odbc1", id="odbc"),
    pytest.param(json.dumps({"client_secret": "cs-77aa88bb"}), "cs-77aa88bb", id="oauth"),
    pytest.param(json.dumps({"web": {"tokens": ["rt-12345678"]}}), "rt-12345678", id="nested"),
    pytest.param(json.dumps({"private_key": PEM}), LINES[1], id="line-of-a-key-file"),
    pytest.param("Bearer tok-99887766", "tok-99887766", id="bearer"),
    pytest.param("Authorization: Bearer tok-99887766", "tok-99887766", id="header"),
    pytest.param(
        f"Basic {base64.b64encode(b'desk:open-sesame').decode()}", "open-sesame", id="basic"
    ),
    pytest.param("desk:open-sesame", "open-sesame", id="pair"),
    pytest.param("API_TOKEN=tok-99887766", "tok-99887766", id="environment"),
    pytest.param("client_id: a\nclient_secret: cs-77aa88bb\n", "cs-77aa88bb", id="yaml"),
    pytest.param("session=ses-123456; theme=dark", "ses-123456", id="cookie"),
    pytest.param("machine x login a password s3cret-netrc", "s3cret-netrc", id="netrc"),
    pytest.param(f"eyJhbGciOiJI.eyJzdWIiOiJh.{SIGNATURE}", SIGNATURE, id="signature-of-a-token"),
]


@pytest.mark.parametrize(("credential", "secret"), FORMS)
def test_the_secret_part_is_replaced_by_itself(credential: str, secret: str) -> None:
    """Plain, quoted, in another address, and as JSON."""
    redact = Redaction([credential])
    for said in (
        f"the word {secret} was refused",
        repr((secret, 1)),
        json.dumps({"error": secret}),
        f"x://y:{quote(secret, safe='')}@z",
    ):
        left = redact(said)
        assert "[credential]" in left
        assert secret not in left
        assert quote(secret, safe="") not in left


@pytest.mark.parametrize(
    ("credential", "said"),
    [
        ("postgresql://app:s3cret-9@db:5432/orders", "app cannot reach db:5432, table orders"),
        ("postgresql://postgres:postgres@db/x", "the server postgres is away"),
        ("mongodb://u:s3cret-9@h/?authSource=administrators", "not among the administrators"),
        (json.dumps({"client_id": "customers", "token_uri": "https://a.example"}), "customers"),
        ("SharedAccessKeyName=RootManage;SharedAccessKey=abcdefgh9", "RootManage is unknown"),
    ],
)
def test_what_is_no_secret_in_it_is_left(credential: str, said: str) -> None:
    """Users, hosts, tables and ids are what an error is about."""
    assert Redaction([credential])(said) == said


@given(st.text(max_size=200))
def test_any_credential_has_parts_of_its_own(credential: str) -> None:
    """Nothing is raised, and nothing is looked for that is too short to say anything."""
    assert all(len(part) >= SHORTEST_PART for part in parts_of(credential))


@pytest.mark.parametrize("piece", ["a", "token=", 'key="', "://", "{", '{"key":', "x:", "a.", "\\"])
def test_a_long_credential_takes_no_long_time(piece: str) -> None:
    """Whoever sets one cannot stop the loop with it."""
    began = time.process_time()
    parts_of(piece * (200_000 // len(piece)))
    assert time.process_time() - began < 1.0
