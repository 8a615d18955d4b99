"""How replies are asked for, read and judged, and how a conversation stays valid elsewhere."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from pointsman.models.calling.calls import Prompt, RawReply, consumption
from pointsman.models.calling.conversation import portable
from pointsman.models.calling.guards import check_reply, media_problem
from pointsman.models.calling.json_values import is_cut
from pointsman.models.calling.judge import judge
from pointsman.models.calling.structured import instructed, is_strict, read_json, reasked
from pointsman.models.failures.classes import FailureClass, RejectedReplyError
from pointsman.state.media import read_attachment
from pointsman.state.signatures import SIGNATURES

SCHEMA: dict[str, Any] = {
    "title": "City",
    "type": "object",
    "properties": {"city": {"type": "string"}, "size": {"type": "integer", "minimum": 0}},
    "required": ["city"],
    "additionalProperties": False,
}
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"city": "Bern"}', id="clean"),
        pytest.param('```json\n{"city": "Bern"}\n```', id="fence"),
        pytest.param('{"city": "Bern",}', id="trailing comma"),
        pytest.param("{'city': 'Bern'}", id="single quotes"),
        pytest.param('Sure: {"city": "Bern"}', id="prose before"),
    ],
)
def test_almost_json_is_repaired(text: str) -> None:
    """What is plainly meant is read."""
    assert read_json(text, SCHEMA) == {"city": "Bern"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param('{"city": "Be', "not valid JSON", id="cut in a string"),
        pytest.param('{"city": "Bern", "size"', "not valid JSON", id="cut in an object"),
        pytest.param('{"town": "Bern"}', "city", id="missing field"),
        pytest.param('{"city": "Bern", "size": -1}', "size", id="out of range"),
        pytest.param("Bern", "not valid JSON", id="prose"),
        pytest.param("", "not valid JSON", id="nothing"),
    ],
)
def test_what_is_not_json_is_quoted_back(text: str, words: str) -> None:
    """The message names what is wrong, and a cut reply is never completed."""
    with pytest.raises(RejectedReplyError, match=words) as caught:
        read_json(text, SCHEMA)
    assert caught.value.kind == "malformed_output"
    assert caught.value.reply == text


def test_strict_output_accepts_no_repair() -> None:
    """Under the strict guard a reply is JSON as it stands, or it is none."""
    with pytest.raises(RejectedReplyError):
        read_json('{"city": "Bern",}', SCHEMA, strict=True)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), values, min_size=1), st.data())
def test_no_cut_of_an_object_is_taken_for_whole(value: dict[str, Any], data: st.DataObject) -> None:
    """Wherever a reply is cut, the cut shows."""
    text = json.dumps(value)
    end = data.draw(st.integers(1, len(text) - 1))
    assert not is_cut(text)
    assert is_cut(text[:end])


def test_strictness_is_told_from_the_schema() -> None:
    """Only schemas that providers can enforce are sent as strict."""
    assert not is_strict(SCHEMA)
    assert is_strict({**SCHEMA, "required": ["city", "size"]})
    assert not is_strict({"type": "object", "properties": {}})


def test_prompt_mode_puts_the_schema_into_the_system_message() -> None:
    """A model without structured output is told the schema in words."""
    messages = instructed([SystemMessage("Be brief."), HumanMessage("?")], SCHEMA, "prompt")
    assert messages[0].text.startswith("Be brief.")
    assert '"city"' in messages[0].text
    assert len(messages) == 2


def test_a_re_ask_quotes_reply_and_error() -> None:
    """The model sees what it said and what was wrong with it."""
    messages = reasked([HumanMessage("?")], '{"town": 1}', "city: is missing")
    assert [m.type for m in messages] == ["human", "ai", "human"]
    assert messages[1].text == '{"town": 1}'
    assert "city: is missing" in messages[2].text


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        pytest.param(RawReply(refusal="I can't."), "refusal", id="refusal"),
        pytest.param(RawReply(text="x", finish="content_filter"), "content_filter", id="filter"),
        pytest.param(RawReply(text="half", finish="length"), "output_limit", id="cut off"),
        pytest.param(RawReply(), "malformed_output", id="empty"),
        pytest.param(
            RawReply(calls=({"id": "1", "name": "rm", "args": {}},)),
            "malformed_output",
            id="a function that was not offered",
        ),
    ],
)
def test_unusable_replies_are_rejected(raw: RawReply, kind: FailureClass) -> None:
    """Refused, filtered, cut, empty and wrong replies never pass for an answer."""
    with pytest.raises(RejectedReplyError) as caught:
        judge(raw, Prompt(messages=()), ())
    assert caught.value.kind == kind


def test_a_forced_call_carries_the_structured_reply() -> None:
    """In tool-call mode the arguments are the reply; text that is JSON will do as well."""
    call = RawReply(calls=({"id": "1", "name": "City", "args": {"city": "Bern"}},))
    prompt = Prompt(messages=(), schema=SCHEMA)
    assert judge(call, prompt, ()).data == {"city": "Bern"}
    assert judge(RawReply(text='{"city": "Bern"}'), prompt, ()).data == {"city": "Bern"}


@pytest.mark.parametrize("args", ['{"city": "Be', {"town": "x"}], ids=["broken", "wrong"])
def test_a_forced_call_must_fit_the_schema(args: Any) -> None:
    """Arguments that are cut off or lack a field are no reply."""
    call = RawReply(calls=({"id": "1", "name": "City", "args": args},))
    with pytest.raises(RejectedReplyError) as caught:
        judge(call, Prompt(messages=(), schema=SCHEMA), ())
    assert caught.value.kind == "malformed_output"


@pytest.mark.parametrize(
    ("text", "guard", "kind"),
    [
        pytest.param("a<|im_end|>", "strict_output", "malformed_output", id="template"),
        pytest.param("a\x07", "strict_output", "malformed_output", id="control character"),
        pytest.param(
            "-----BEGIN PRIVATE KEY-----", "basic_safety", "content_filter", id="private key"
        ),
        pytest.param("<script>x</script>", "basic_safety", "content_filter", id="script"),
    ],
)
def test_guards_reject_what_they_are_for(text: str, guard: str, kind: FailureClass) -> None:
    """A guard acts where its row asks for it, and nowhere else."""
    check_reply(text, ())
    check_reply("An ordinary answer.\n\tWith a list.", (guard,))
    with pytest.raises(RejectedReplyError) as caught:
        check_reply(text, (guard,))
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        pytest.param(
            {"type": "image", "base64": PNG, "mime_type": "image/png"}, "", id="a picture"
        ),
        pytest.param(
            {"type": "image", "base64": PNG, "mime_type": "image/jpeg"},
            "media 1: is declared image/jpeg and is not",
            id="another format",
        ),
        pytest.param(
            {"type": "image", "base64": "%%%", "mime_type": "image/png"},
            "media 1: its data is not base64",
            id="not base64",
        ),
        pytest.param(
            {"type": "audio", "base64": "", "mime_type": "audio/wav"},
            "media 1: is empty",
            id="empty",
        ),
    ],
)
def test_media_are_validated(block: dict[str, Any], problem: str) -> None:
    """What is wrong with an attachment is said before a model is paid to look at it."""
    assert media_problem([HumanMessage([{"type": "text", "text": "?"}, block])]) == problem


def test_a_conversation_is_made_portable() -> None:
    """One system message first, no provider's own fields."""
    thinking = {"type": "thinking", "thinking": "hm"}
    messages: list[BaseMessage] = [
        HumanMessage("?"),
        SystemMessage("Be brief."),
        AIMessage(
            content=[thinking, {"type": "text", "text": "Looking."}],
            additional_kwargs={"secret": 1},
        ),
        SystemMessage("Cite."),
        HumanMessage("!"),
    ]

    result = portable(messages)

    assert [m.type for m in result] == ["system", "human", "ai", "human"]
    assert result[0].text == "Be brief.\n\nCite."
    assert result[2].content == "Looking."
    assert not result[2].additional_kwargs
    assert portable(result) == result


@pytest.mark.parametrize(
    "usage",
    [
        pytest.param({"input_tokens": -5, "output_tokens": 1}, id="negative"),
        pytest.param(
            {"input_tokens": 5, "output_tokens": 1, "input_token_details": {"cache_read": 9}},
            id="more cached than sent",
        ),
        pytest.param(
            {"input_tokens": 5, "output_tokens": 1, "output_token_details": {"reasoning": 2}},
            id="more thought than said",
        ),
    ],
)
def test_usage_that_cannot_be_true_is_no_usage(usage: dict[str, Any]) -> None:
    """Absurd reports are not billed by; the reservation stands in."""
    message = AIMessage("x")
    message.usage_metadata = {"total_tokens": 0, **usage}  # type: ignore[typeddict-item]
    assert consumption(message) is None


def test_usage_details_are_read_with_their_tier() -> None:
    """Cached and reasoning tokens are found also where LangChain prefixes them."""
    message = AIMessage("x", response_metadata={"service_tier": "flex"})
    message.usage_metadata = {
        "input_tokens": 10,
        "output_tokens": 6,
        "total_tokens": 16,
        "input_token_details": {"flex_cache_read": 4, "flex": 6},  # type: ignore[typeddict-unknown-key]
        "output_token_details": {"flex_reasoning": 2, "flex": 4},  # type: ignore[typeddict-unknown-key]
    }
    used = consumption(message)
    assert used is not None
    assert (used.cached_input_tokens, used.reasoning_tokens, used.tier) == (4, 2, "flex")


@pytest.mark.parametrize(
    ("offset", "start", "media_type"), [(o, s, t) for o, s, _, t in SIGNATURES]
)
def test_what_is_taken_as_media_passes_the_guard(
    offset: int, start: bytes, media_type: str
) -> None:
    """The task and the guard judge the same bytes alike."""
    data = b64encode(b"\0" * offset + start + b"\0" * 32).decode()
    if media_type == "image/png":
        data = b64encode(start + b"\0\0\0\rIHDR" + b"\0\0\0\1" * 2).decode()

    taken = read_attachment({"name": "file", "data": data}, 0)

    block = {"type": "media", "mime_type": taken.media_type, "data": data}
    assert taken.media_type == media_type
    assert media_problem([HumanMessage([block])]) == ""
