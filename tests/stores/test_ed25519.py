"""Ed25519 in pure Python says what RFC 8032 and the `cryptography` library say."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.stores.ed25519 import is_signed

ORDER = 2**252 + 27742317777372353535851937790883648493
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
]
"""Section 7.1, tests 1 to 3: key, message, signature."""


@pytest.mark.parametrize("vector", VECTORS)
def test_the_vectors_of_the_standard_hold(vector: tuple[str, str, str]) -> None:
    """And no other message does."""
    key, message, signature = map(bytes.fromhex, vector)

    assert is_signed(key, message, signature)
    assert not is_signed(key, message + b"!", signature)


@settings(max_examples=30, deadline=None)
@given(secret=st.binary(min_size=32, max_size=32), message=st.binary(), bit=st.integers(0, 511))
def test_it_agrees_with_the_library(secret: bytes, message: bytes, bit: int) -> None:
    """What that has signed holds, and with one bit of the signature flipped it does not."""
    private = Ed25519PrivateKey.from_private_bytes(secret)
    key, signature = private.public_key().public_bytes_raw(), private.sign(message)
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8

    assert is_signed(key, message, signature)
    assert not is_signed(key, message, bytes(flipped))


def test_a_scalar_beyond_the_order_is_refused() -> None:
    """It would make a second signature of the same message."""
    key, message, signature = map(bytes.fromhex, VECTORS[1])
    scalar = int.from_bytes(signature[32:], "little") + ORDER

    assert not is_signed(key, message, signature[:32] + scalar.to_bytes(32, "little"))


@pytest.mark.parametrize("key", [b"", b"x" * 31, b"\xff" * 32, b"\x02" + b"\x00" * 31])
def test_what_is_no_key_signs_nothing(key: bytes) -> None:
    """Too short, too large, or no point of the curve."""
    assert not is_signed(key, b"", bytes.fromhex(VECTORS[0][2]))
