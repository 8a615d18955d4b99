"""Check digits: the arithmetic by which numbers of banks and offices prove themselves. Pure."""

from __future__ import annotations

import hashlib
import string
from collections import Counter

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32_ENDS = (1, 0x2BC830A3)
"""Bech32 for the first version of addresses, Bech32m for the later ones."""
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_ALPHANUMERIC = string.digits + string.ascii_uppercase


def luhn(digits: str) -> bool:
    """Check the last digit of a card's number (ISO/IEC 7812)."""
    odd = sum(int(digit) for digit in digits[-1::-2])
    even = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (odd + even) % 10 == 0


def iban(text: str) -> bool:
    """Check a bank account's number without spaces, in capitals (ISO 13616): remainder 1 of 97."""
    moved = text[4:] + text[:4]
    return int("".join(str(_ALPHANUMERIC.index(character)) for character in moved)) % 97 == 1


def steuer_id(digits: str) -> bool:
    """Check a German tax identification number: ISO 7064 mod 11,10, and its rule of repetition.

    Of the first ten digits exactly one stands there twice, or three times but not in a row.
    """
    if len(digits) != 11 or digits[0] == "0":
        return False
    repeated = [digit for digit, many in Counter(digits[:10]).items() if many > 1]
    counts = Counter(digits[:10])
    if len(repeated) != 1 or counts[repeated[0]] > 3 or repeated[0] * 3 in digits[:10]:
        return False
    product = 10
    for digit in digits[:10]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(digits[10])


def nir(text: str) -> bool:
    """Check the key of a French social security number, Corsica's letters included."""
    body, key = text[:13].upper(), text[13:]
    number = int(body.replace("2A", "19", 1) if "2A" in body[5:7] else body.replace("2B", "18", 1))
    return 97 - number % 97 == int(key)


def dni(text: str) -> bool:
    """Check the letter of a Spanish identity number (DNI), or of a foreigner's (NIE)."""
    number = text[:-1].upper()
    if number[0] in "XYZ":
        number = "XYZ".index(number[0]).__str__() + number[1:]
    return _DNI_LETTERS[int(number) % 23] == text[-1].upper()


def base58(address: str) -> bool:
    """Check the four bytes at the end of a Bitcoin address of the older form."""
    number = 0
    for character in address:
        number = number * 58 + _BASE58.index(character)
    if number >= 1 << 200:
        return False
    data = number.to_bytes(25, "big")
    return hashlib.sha256(hashlib.sha256(data[:-4]).digest()).digest()[:4] == data[-4:]


def bech32(address: str) -> bool:
    """Check the six characters at the end of a Bitcoin address of the newer form."""
    prefix, _, data = address.lower().rpartition("1")
    values = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    values += [_BECH32.index(c) for c in data]
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_BECH32_GENERATOR):
            check ^= generator if top >> bit & 1 else 0
    return check in _BECH32_ENDS
