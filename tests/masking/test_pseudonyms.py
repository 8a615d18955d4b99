"""Pseudonyms stand for values, and turn back into them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.masking.masker import Masker, restored
from pointsman.masking.pseudonyms import Pseudonyms, tenant_key
from pointsman.masking.settings import MaskingSettings
from pointsman.masking.streaming import RestoringStream

KEY = b"k" * 32


def masker(**settings: object) -> Masker:
    """Return a masker with a key of its own."""
    return Masker(MaskingSettings.model_validate(settings), lambda: KEY)


def test_the_same_value_has_the_same_pseudonym_within_a_tenant() -> None:
    """So that a model, and a reader of logs, can follow one person."""
    one, other = masker().pseudonyms("acme"), masker().pseudonyms("acme")
    assert one.of("email", "ana@x.example") == other.of("email", "ana@x.example")
    assert one.of("email", "ana@x.example") != one.of("email", "bob@x.example")
    assert one.of("email", "ana@x.example").startswith("<email:")


def test_another_tenant_has_other_pseudonyms() -> None:
    """What one tenant sees tells nothing of another one's people."""
    one, other = masker().pseudonyms("acme"), masker().pseudonyms("umbrella")
    assert one.of("email", "ana@x.example") != other.of("email", "ana@x.example")
    assert tenant_key(KEY, "acme") != tenant_key(KEY, "umbrella")


def test_two_values_that_share_the_short_form_are_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Eight digits may be shared; then the second value has all of them."""
    digests = {"a": "1" * 8 + "a" * 56, "b": "1" * 8 + "b" * 56}

    class Digest:
        def __init__(self, message: bytes) -> None:
            self.message = message.decode()

        def hexdigest(self) -> str:
            return digests[self.message[-1]]

    monkeypatch.setattr("hmac.new", lambda _key, message, _digest: Digest(message))
    given = Pseudonyms(lambda: KEY)
    both = [given.of("x", "a"), given.of("x", "b"), given.of("x", "a")]
    assert both[0] == both[2] != both[1]
    assert [given.restore(pseudonym) for pseudonym in both] == ["a", "b", "a"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20)
        | st.sampled_from(["ana@example.com", "call +49 30 1234567", "4111 1111 1111 1111"]),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5) | st.just("x@y.example"), inner, max_size=3),
        max_leaves=12,
    )
)  # fmt: skip
def test_what_is_masked_turns_back(value: object) -> None:
    """Whatever its shape; and of what is recognised nothing is left."""
    used, given = masker(), masker().pseudonyms()
    masked = used.masked(value, used.kinds(["all"]), given)
    text = json.dumps(masked)
    assert not any(secret in text for secret in ("ana@example", "1234567", "4111 1111"))
    back = restored(masked, given)
    assert json.dumps(back).replace('"', "") == json.dumps(value).replace('"', "") or back == value


def test_a_long_number_is_masked_as_the_text_that_it_is() -> None:
    """A card's number in a table is a number all the same."""
    given = masker().pseudonyms()
    used = masker()
    masked = used.masked({"card": 4111111111111111, "n": 12}, used.kinds(["card"]), given)
    assert masked == {"card": given.of("card", "4111111111111111"), "n": 12}


@pytest.mark.parametrize(
    "written",
    ["{}", "**{}**", "&lt;{inner}&gt;", "\\u003c{inner}\\u003e", "(see {})", "{upper}"],
)
def test_it_turns_back_however_a_model_writes_it(written: str) -> None:
    """Models put it in bold, escape it or write it in capitals."""
    given = Pseudonyms(lambda: KEY)
    name = given.of("email", "ana@x.example")
    text = written.format(name, inner=name[1:-1], upper=name.upper())
    assert "ana@x.example" in given.restore(text)
    assert name[1:-1] not in given.restore(text).lower()


def test_one_that_nobody_gave_stays_as_text() -> None:
    """A model that makes one up gets no value for it, and it can be told."""
    given = Pseudonyms(lambda: KEY)
    name = given.of("email", "ana@x.example")
    said = f"write to {name} or <email:00000000>"
    assert given.restore(said) == "write to ana@x.example or <email:00000000>"
    assert given.unknown(said) == ("<email:00000000>",)


def test_in_json_a_value_is_escaped() -> None:
    """A secret of several lines does not end the string that it stands in."""
    given = Pseudonyms(lambda: KEY)
    value = 'a"b\\c\nd'
    name = given.of("secret", value)
    assert json.loads(given.restore(json.dumps({"x": name}), as_json=True)) == {"x": value}


@given(
    st.lists(
        st.sampled_from(
            ["NAME", "<email:", "<", "&lt;", "\\u003c", "a < b", "text ", ">", "<b>", "7f"]
        )
    ),
    st.lists(st.integers(1, 7), min_size=1),
)  # fmt: skip
def test_a_stream_shows_what_the_whole_shows(parts: list[str], sizes: list[int]) -> None:
    """However it is cut; and no piece shows a part of a pseudonym that was given."""
    given = Pseudonyms(lambda: KEY)
    name = given.of("email", "ana@x.example")
    text = "".join(parts).replace("NAME", name)
    stream, shown, at, turn = RestoringStream(given), [], 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        shown.append(stream.add(text[at : at + size]))
        at, turn = at + size, turn + 1
    shown.append(stream.end())
    assert "".join(shown) == given.restore(text)
    assert not any(name[:9] in piece for piece in shown)


def test_a_stream_holds_back_no_more_than_may_be_one() -> None:
    """A sign that begins none shows at once, and one that could goes on showing in the end."""
    stream = RestoringStream(Pseudonyms(lambda: KEY))
    assert stream.add("1 < 2 and ") == "1 < 2 and "
    assert stream.add("a <email") == "a "
    assert stream.add(" b") == "<email b"
    assert stream.add("<em") == ""
    assert stream.end() == "<em"
