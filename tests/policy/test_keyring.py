"""The keyring file."""

from __future__ import annotations

from pathlib import Path

import pytest

from pointsman.errors import CredentialError
from pointsman.policy.keyring import new_key, new_keyring, read_keyring, write_keyring


def test_a_keyring_is_private_and_comes_back(tmp_path: Path) -> None:
    """What is written is readable by its owner only, and is what is read."""
    path = tmp_path / "keys" / "ring.json"
    ring = new_keyring("HS256").rotated(new_key())

    write_keyring(path, ring)

    assert path.stat().st_mode & 0o777 == 0o600
    assert read_keyring(path) == ring
    assert [file.name for file in path.parent.iterdir()] == ["ring.json"]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_keyring_that_others_can_reach_is_refused(mode: int, tmp_path: Path) -> None:
    """Any right for group or others is one too many."""
    path = tmp_path / "ring.json"
    write_keyring(path, new_keyring())
    path.chmod(mode)

    with pytest.raises(CredentialError, match=f"{mode:04o}"):
        read_keyring(path)


SECRET = "sixteen-byte-key"
BROKEN_PEM = "-----BEGIN PRIVATE KEY-----\\nsixteen-byte-key\\n-----END PRIVATE KEY-----"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("[]", id="list"),
        pytest.param(f'{{"active": "a", "keys": ["{SECRET}"]}}', id="no-key"),
        pytest.param(
            f'{{"active": "a", "keys": [{{"kid": "a", "algorithm": "HS256", "key": "{SECRET}"}}]}}',
            id="short-secret",
        ),
        pytest.param(
            f'{{"active": "a", "keys": [{{"kid": "a", "algorithm": "none", "key": "{SECRET}"}}]}}',
            id="alg-none",
        ),
        pytest.param(
            '{"active": "a", "keys": '
            f'[{{"kid": "a", "algorithm": "EdDSA", "key": "{BROKEN_PEM}"}}]}}',
            id="broken-pem",
        ),
    ],
)
def test_a_broken_keyring_is_refused_without_its_secrets(text: str, tmp_path: Path) -> None:
    """The error names the file and quotes no key."""
    path = tmp_path / "ring.json"
    path.write_text(text)
    path.chmod(0o600)

    with pytest.raises(CredentialError) as refused:
        read_keyring(path)

    assert str(path) in str(refused.value)
    assert SECRET not in f"{refused.value}{refused.value.__cause__}"


def test_a_missing_or_odd_file_is_refused(tmp_path: Path) -> None:
    """No file, and a folder, are no keyring."""
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(CredentialError):
            read_keyring(path)


def test_a_keyring_does_not_show_its_keys() -> None:
    """Keys stay out of what is printed by accident."""
    ring = new_keyring("HS256")

    assert ring.keys[0].key.get_secret_value() not in f"{ring!r}{ring}"


def test_the_active_key_cannot_be_retired() -> None:
    """A ring always has a key to sign with."""
    ring = new_keyring()

    with pytest.raises(CredentialError, match="active"):
        ring.without(ring.active)
    with pytest.raises(CredentialError, match="no such key"):
        ring.without("other")
