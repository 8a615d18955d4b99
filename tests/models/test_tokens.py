"""The token bound never undercounts."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from pointsman.models.calling.tokens import image_bound, input_bound, input_estimate, media_bytes
from pointsman.testing import count_tokens

texts = st.text(max_size=200)
messages = st.lists(
    st.one_of(
        texts.map(HumanMessage), texts.map(SystemMessage), texts.map(lambda t: AIMessage(content=t))
    ),
    max_size=5,
)


@given(messages)
def test_a_token_for_every_byte_is_covered(prompt: list[BaseMessage]) -> None:
    """Even a tokenizer that splits every byte apart stays below the bound."""
    worst = sum(len(message.text.encode("utf-8", "surrogatepass")) + 8 for message in prompt)
    assert input_bound(prompt) >= worst
    assert input_bound(prompt) >= sum(count_tokens(message.text) for message in prompt)


@given(messages, st.text(max_size=50))
def test_a_schema_counts(prompt: list[BaseMessage], name: str) -> None:
    """It is sent with the prompt and billed with it."""
    schema = {"title": name, "type": "object"}
    plain = input_bound(prompt)
    assert input_bound(prompt, schema=schema) >= plain + len(name.encode())


def test_media_count_by_their_own_rules() -> None:
    """An image counts what its model's family bills, not its bytes; audio counts by its bytes."""
    data = base64.b64encode(b"\x00" * 400_000).decode()
    image = HumanMessage([{"type": "image", "base64": data, "mime_type": "image/png"}])
    audio = HumanMessage([{"type": "audio", "base64": data, "mime_type": "audio/mpeg"}])

    assert input_bound([image], image_tokens=1_000) < 1_200
    assert 10_000 <= input_bound([audio]) < 11_000
    assert image_bound("gpt-4o-mini") > image_bound("gpt-4o")
    assert image_bound("anything", 77) == 77


def test_the_estimate_is_for_choosing_a_context() -> None:
    """English text has about four characters a token."""
    assert 240 <= input_estimate([HumanMessage("word " * 200)]) <= 280


def test_media_bytes_are_read_from_every_form() -> None:
    """Providers' forms of inline media are all understood."""
    data = base64.b64encode(b"hello").decode()
    forms = (
        {"type": "image", "base64": data},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
        {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}},
        {"type": "file", "file": {"file_data": f"data:application/pdf;base64,{data}"}},
    )
    assert [media_bytes(form) for form in forms] == [b"hello"] * 4
    assert media_bytes({"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}) is None
