"""Names of secrets: told in whatever form they are written, and ordinary names are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.runs.telling import given_in_words, told_apart
from pointsman.state.secret_names import is_secret_name


def split(text: str) -> list[str]:
    """Write a list in short."""
    return text.split()


SECRETS = split(
    "pin cvv cvc csc otp totp tan puk pwd pass passcode password passphrase secret token"
    " credential auth key signature session cookie"
)
PAIRS = [
    ("security", "code"), ("verification", "code"), ("access", "code"), ("api", "key"),
    ("one", "time", "code"), ("one", "time", "password"), ("pin", "code"), ("otp", "code"),
    ("private", "key"), ("client", "secret"), ("confirmation", "code"),
]  # fmt: skip
BEFORE = ["", "card", "user", "my", "old", "new", "sim", "bank", "x"]
AFTER = ["", "value", "again", "text"]
ORDINARY = split(
    """
    opinion opinions shopping tangible pinned spin spins spinning pinterest titan tank standard
    tandem passenger passengers passage compass bypass author authors monkey turkey keyword
    keyboard design assign signal sight obsession obsessions postcode zip_code country_code
    currency_code status_code code codes promo_code error_code sessions_id token_type key_id
    pint pine pink tanning capture option otpions pinpoint city amount to order mechanic
    shipping_address happiness stand Spin OPINION shoppingList tangibleAssets pinnedItems
    spinCount userOpinion
    """
)


def written(words: list[str], form: str) -> str:
    """Write words as names are written."""
    match form:
        case "camel":
            return words[0] + "".join(word.capitalize() for word in words[1:])
        case "pascal":
            return "".join(word.capitalize() for word in words)
        case "upper":
            return "_".join(words).upper()
        case _:
            return form.join(words)


FORMS = st.sampled_from(["camel", "pascal", "upper", "_", "-", ".", " "])


@given(
    st.sampled_from([*((word,) for word in SECRETS), *PAIRS]),
    st.sampled_from(BEFORE),
    st.sampled_from(AFTER),
    st.booleans(),
    FORMS,
)
def test_names_of_secrets_are_told(
    secret: tuple[str, ...], before: str, after: str, plural: bool, form: str
) -> None:
    """Short names, with words around them, in the plural, in each way of writing names."""
    last = secret[-1] + "s" * (plural and secret[-1] != "pass")
    words = [word for word in (before, *secret[:-1], last, after) if word]

    assert is_secret_name(written(words, form))


@pytest.mark.parametrize("name", ["PIN", "CVV", "OTPs", "cardCVV", "PINCode", "apikey", "userpin"])
def test_capitals_and_words_run_together(name: str) -> None:
    """As they stand in real schemas."""
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_names_are_no_secrets(name: str) -> None:
    """The letters of a short name stand in many words."""
    assert not is_secret_name(name)


@pytest.mark.parametrize("name", ["pin", "cardCvv", "OTP", "tans", "security-code", "passcode"])
def test_what_was_done_is_told_without_them(name: str) -> None:
    """Neither the arguments of one call nor what tells several apart."""
    assert given_in_words({name: "4711", "opinion": "good"}) == "opinion good"
    assert (
        told_apart([{name: "4711", "city": "Bonn"}, {name: "4712", "city": "Ulm"}]) == "Bonn, Ulm"
    )
