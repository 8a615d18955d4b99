"""What counts of a reply: not its thinking, not one of several values, and only what is JSON."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.models.calling.calls import Prompt, RawReply
from pointsman.models.calling.json_values import NoJsonInReplyError, spoken_json, strict_json
from pointsman.models.calling.judge import judge
from pointsman.models.calling.structured import read_json
from pointsman.models.calling.thinking import without_thinking
from pointsman.models.failures.classes import RejectedReplyError

ANY: dict[str, Any] = {"title": "plan", "type": "object"}
DRAFT = '{"steps": ["draft"]}'
FINAL = '{"steps": ["final"]}'
MARKS = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<Think >", "</ think >".replace(" ", "")),
    ('<thinking depth="3">', "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<reflection>", "</reflection>"),
    ("<scratchpad>", "</scratchpad>"),
    ("<inner_monologue>", "</inner_monologue>"),
    ("<seed:think>", "</seed:think>"),
    ("<antThinking>", "</antThinking>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<unused94>thought\n", "<unused95>"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
]
marks = pytest.mark.parametrize(("begin", "end"), MARKS, ids=[begin for begin, _ in MARKS])


@marks
def test_a_draft_in_thinking_is_not_the_answer(begin: str, end: str) -> None:
    """Whatever a family's marks are, only what stands outside them is read."""
    assert read_json(f"{begin}\nMaybe {DRAFT}?\n{end}\n{FINAL}", ANY) == json.loads(FINAL)
    assert read_json(f"{FINAL}\n{begin}Was {DRAFT} better?{end}", ANY) == json.loads(FINAL)
    assert read_json(f"{begin}{DRAFT}{end}```json\n{FINAL}\n```", ANY) == json.loads(FINAL)
    assert read_json(f"{begin}{DRAFT}{end}{FINAL}", ANY, strict=True) == json.loads(FINAL)


ASIDES = [
    *((f"<{n}>", f"</{n}>") for n in ("analysis", "COT", "rationale", "draft", "scratch_pad")),
    *((f"<{n}>", f"</{n}>") for n in ("critique", "note", "Examples", "deliberation")),
    *(("[THINKING]", "[/THINKING]"), ("[reasoning]", "[/reasoning]"), ("<!--", "-->")),
    *(("```thinking\n", "\n```"), ("```Reasoning\n", "\n```")),
]


@pytest.mark.parametrize(("begin", "end"), ASIDES, ids=[begin.strip() for begin, _ in ASIDES])
def test_what_a_reply_sets_apart_is_not_its_value(begin: str, end: str) -> None:
    """A draft or an example in a frame of its own is none, alone or beside the answer."""
    assert read_json(f"{begin}Maybe {DRAFT}{end}\n{FINAL}", ANY) == json.loads(FINAL)
    assert read_json(f"{FINAL}\n{begin}{DRAFT}{end}", ANY) == json.loads(FINAL)
    with pytest.raises(RejectedReplyError):
        read_json(f"{begin}{DRAFT}{end}\nI cannot do this.", ANY)
    # Neither a lone mark nor an arrow sets anything apart, and prose keeps its own.
    assert read_json(f"From a --> b, as in {begin} of it: {FINAL}", ANY) == json.loads(FINAL)
    assert without_thinking(f"So:\n{begin}Dear Ann{end}") == f"So:\n{begin}Dear Ann{end}"


@marks
def test_thinking_that_never_ends_holds_no_answer(begin: str, end: str) -> None:
    """A draft in unclosed thinking is asked for again; one before a lone end is thinking too."""
    with pytest.raises(RejectedReplyError) as caught:
        read_json(f"{begin}\nI could say {DRAFT}", ANY)
    assert caught.value.reply
    if not end.startswith("<|end|>"):
        assert read_json(f"So {DRAFT}?\n{end}\n{FINAL}", ANY) == json.loads(FINAL)


@marks
def test_prose_loses_its_thinking_and_nothing_else(begin: str, end: str) -> None:
    """A reply in words is what stands outside; thinking alone is an empty reply."""
    said = judge(RawReply(text=f"{begin}\nHm.\n{end}\n\nHello."), Prompt(messages=()), ())
    assert said.text == "Hello."
    with pytest.raises(RejectedReplyError):
        judge(RawReply(text=f"{begin}\nHm."), Prompt(messages=()), ())


@pytest.mark.parametrize(
    "text",
    ["Put it between `<think>` and `</think>`, please.", "I think <b>so</b>.", "  spaced  ", "a<b"],
)
def test_a_sentence_about_a_mark_stays(text: str) -> None:
    """Only thinking is taken out of prose, not a mention of how it is marked."""
    assert without_thinking(text) == text


def test_a_mark_inside_a_value_is_data() -> None:
    """A JSON string may talk of thinking without ending the answer."""
    value = {"text": "write <think> first", "more": "</think> {", "list": ["[/THINK]"]}
    assert read_json(json.dumps(value), ANY) == value
    assert read_json(f"Here: {json.dumps(value)}", ANY) == value


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{DRAFT}\n```\nor\n```json\n{FINAL}\n```",
        f"{FINAL}\n\nFor example: {DRAFT}",
        f"{DRAFT}\n{FINAL}",
        f"{DRAFT}{FINAL}",
        f"[1, 2]\n{FINAL}",
        f'{{"steps": ["draft",]}} better: {FINAL}',
    ],
)
def test_several_different_values_are_asked_for_again(text: str) -> None:
    """Nobody guesses which of two answers was meant."""
    with pytest.raises(RejectedReplyError, match="values that differ") as caught:
        read_json(text, ANY)
    assert caught.value.reply == text


def test_several_calls_of_the_reply_s_function_must_agree() -> None:
    """A forced call that comes twice with other arguments is two answers."""
    prompt = Prompt(messages=(), schema=ANY)
    calls = [{"id": str(n), "name": "plan", "args": {"steps": [n]}} for n in (1, 2)]
    with pytest.raises(RejectedReplyError):
        judge(RawReply(calls=tuple(calls)), prompt, ())
    same = judge(RawReply(calls=(calls[0], calls[0])), prompt, ())
    assert same.data == {"steps": [1]}


@pytest.mark.parametrize(
    "text", [f"As [sic] said in [the guide](url): {FINAL}", f"{FINAL}\n{FINAL}", f"Sure. {FINAL}"]
)
def test_prose_and_repetition_are_no_second_value(text: str) -> None:
    """Brackets in prose are no JSON, and the same value twice is one answer."""
    assert read_json(text, ANY) == json.loads(FINAL)


@pytest.mark.parametrize(
    "body",
    [
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": -Infinity}',
        '{"a": 1e999}',
        '{"a": -1E+400}',
        '{"a": [{"b": NaN}]}',
        '{"a": 1, "a": 2}',
        '{"a": {"b": 1, "b": 1}}',
        '{"a": NaN,}',
        '{"a": 1e999,}',
        '{"a": 1, "a": 2,}',
        "{'a': 1, 'a': 2}",
        "{a: 1, a: 2}",
        '{"a": ' + "9" * 5000 + "}",
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 50_000 + "1" + "}" * 50_000,
    ],
    ids=lambda body: body[:24],
)
@pytest.mark.parametrize("around", ["{}", "```json\n{}\n```", "Here you are: {}"])
def test_what_json_does_not_allow_is_malformed(body: str, around: str) -> None:
    """Numbers beyond numbers and keys that stand twice are refused, repaired or not."""
    with pytest.raises(RejectedReplyError):
        read_json(around.replace("{}", body, 1), {})


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**64 - 1)
        | st.floats(allow_nan=False)
        | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_every_json_value_is_read_as_it_is(value: Any) -> None:
    """Strictness refuses nothing that JSON can say."""
    if value in (float("inf"), float("-inf")):
        return
    try:
        text = json.dumps(value, allow_nan=False)
    except ValueError:
        return
    assert strict_json(text) == value
    assert spoken_json(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,
        "{" * 1_000_000,
        "[" * 500_000 + "]" * 500_000,
        "<think>" * 150_000,
        "<draft>" * 150_000,
        "<!--" * 250_000,
        "```think " * 110_000,
        "<" * 1_000_000,
        '{"a": "' + "x" * 1_000_000 + ",}",
        "{" + '"k": 1,,' * 120_000 + "}",
        "{a" * 300_000,
        '"' * 1_000_000,
        "[x] " * 250_000,
    ],
    ids=lambda text: text[:12],
)
def test_a_hostile_reply_is_read_in_linear_time(text: str) -> None:
    """A megabyte of nonsense is told to be none without holding everybody up."""
    started = time.thread_time()
    with pytest.raises(NoJsonInReplyError):
        spoken_json(text)
    without_thinking(text)
    assert time.thread_time() - started < 2.0
