"""What a call is charged: what can be true of what the provider says, and never past a cap."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import HumanMessage

from pointsman.errors import ConfigError, EndpointError, OutputError
from pointsman.models.calling.parameters import choices, own_limit, without_limits
from pointsman.models.calling.ratios import LearnedRatios
from pointsman.models.calling.tokens import input_bound, weigh
from pointsman.models.catalog.settings import parse_models_settings
from pointsman.models.requests import ModelReply, ModelRequest, Signals
from pointsman.stores.records import Cap
from pointsman.stores.store import SqlStore
from pointsman.testing import (
    Fault,
    GatewayRequest,
    Price,
    Reply,
    ScriptedGateway,
    TokenUsage,
)

from .conftest import MakeGateway, MakeRun, MakeSettings

ONE = [{"id": "first", "endpoint": "a", "prices": {"input": 10.0, "output": 10.0}}]
PRICE = {"first": Price(input=10.0, output=10.0)}
LONG = "The quick brown fox jumps over the lazy dog near the river bank. " * 300


def ask(text: str = LONG, *, limit: int = 64, stream: bool = False) -> ModelRequest:
    """A request in words."""
    return ModelRequest(
        signals=Signals(data_class=(), role="chat"),
        messages=[HumanMessage(text)],
        max_output_tokens=limit,
        stream=stream,
        timeout=20.0,
    )


def chunk(delta: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One event of a stream."""
    finish = more.pop("finish", None)
    return {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "first",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        **more,
    }


def usage(inward: int, outward: int, **more: Any) -> dict[str, Any]:
    """Usage as OpenAI writes it."""
    return {
        "prompt_tokens": inward,
        "completion_tokens": outward,
        "total_tokens": inward + outward,
        **more,
    }


@pytest.mark.parametrize("stream", [False, True], ids=["document", "stream"])
@pytest.mark.parametrize(
    "lie",
    [
        pytest.param(TokenUsage(input_tokens=1, output_tokens=20), id="1 token for 20 kB"),
        pytest.param(TokenUsage(input_tokens=0, output_tokens=20), id="no input"),
        pytest.param(TokenUsage(input_tokens=5_000, output_tokens=0), id="no output"),
        pytest.param(TokenUsage(input_tokens=5_000, output_tokens=1), id="1 token for a page"),
        pytest.param(TokenUsage(input_tokens=987_654_321, output_tokens=20), id="absurd input"),
        pytest.param(TokenUsage(input_tokens=5_000, output_tokens=10**8), id="absurd output"),
        pytest.param(TokenUsage(input_tokens=10**12, output_tokens=10**12), id="too many"),
    ],
)
async def test_usage_that_cannot_be_true_is_not_believed(
    lie: TokenUsage,
    stream: bool,
    gateway: MakeGateway,
    settings: MakeSettings,
    run: MakeRun,
    store: SqlStore,
) -> None:
    """The call is settled at what was reserved, which covers the truth, and is marked."""
    reply = Reply(text="A page of text. " * 14)
    fault = Fault(kind="wrong_usage", usage=lie)
    with ScriptedGateway({"first": [reply]}, faults=[fault], prices=PRICE) as server:
        models = gateway(settings({"a": server}, ONE), ratios=LearnedRatios())
        await models.complete(ask(stream=stream), run=run(budget_usd=1.0), step="s")
        (attempt,) = await store.attempts.of_run("run-1")
        assert attempt.estimated
        assert attempt.usd is not None
        assert server.billed_usd() <= attempt.usd <= 1.0
        assert attempt.usd == pytest.approx(attempt.reserved_usd)


@pytest.mark.parametrize(
    "report",
    [
        {"prompt_tokens": -5, "completion_tokens": 3, "total_tokens": -2},
        {"completion_tokens": 3},
        {"prompt_tokens": 5_000},
        {"total_tokens": 5_003},
        {},
        {"prompt_tokens": 5_000, "completion_tokens": 3, "total_tokens": 90_000},
        {"prompt_tokens": 5_000.5, "completion_tokens": 3, "total_tokens": 5_003},
        {**usage(5_000, 3), "prompt_tokens_details": {"cached_tokens": 9_000}},
        {**usage(5_000, 3), "prompt_tokens_details": {"cached_tokens": -9}},
        {**usage(5_000, 3), "completion_tokens_details": {"reasoning_tokens": -1}},
        {"prompt_tokens": "5 000", "completion_tokens": "3", "total_tokens": "5003"},
        {"prompt_tokens": None, "completion_tokens": None, "total_tokens": None},
        {"prompt_tokens": [5_000], "completion_tokens": {"n": 3}, "total_tokens": "many"},
        {**usage(5_000, 3), "total_tokens": 5_003.5},
        {**usage(5_000, 3), "prompt_tokens_details": [1]},
        {**usage(5_000, 3), "completion_tokens_details": "none"},
        {**usage(5_000, 3), "completion_tokens_details": {"reasoning_tokens": "7"}},
        {"prompt_tokens": True, "completion_tokens": True, "total_tokens": True},
        {"prompt_tokens": 10**30, "completion_tokens": 3, "total_tokens": 10**30},
        [1, 2],
        "many",
        5,
        True,
        None,
    ],
    ids=json.dumps,
)
@pytest.mark.parametrize("stream", ["document", "with the end", "after it"])
# LangChain dumps a chunk before it is read, and pydantic finds that it is not as it should be.
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning")
async def test_a_report_with_wrong_or_missing_parts_is_not_believed(
    report: Any,
    stream: str,
    gateway: MakeGateway,
    settings: MakeSettings,
    run: MakeRun,
    store: SqlStore,
) -> None:
    """Whatever is wrong with it, the reply is good and the reservation stands."""
    message = {"role": "assistant", "content": "Bern."}
    body = {
        "id": "c",
        "object": "chat.completion",
        "created": 0,
        "model": "first",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": report,
    }
    end = chunk({}, finish="stop")
    ends = {"with the end": [{**end, "usage": report}]}.get(
        stream, [end, {**end, "choices": [], "usage": report}]
    )
    reply = Reply(document=body) if stream == "document" else Reply(chunks=[chunk(message), *ends])
    with ScriptedGateway({"first": [reply]}) as server:
        one = settings({"a": server}, ONE, retry={"max_attempts": 1})
        models = gateway(one, ratios=LearnedRatios())
        asked = ask(stream=stream != "document")
        said = await models.complete(asked, run=run(budget_usd=1.0), step="s")
    (attempt,) = await store.attempts.of_run("run-1")
    assert said.text == "Bern."
    assert attempt.usd == pytest.approx(attempt.reserved_usd)
    assert attempt.estimated


async def test_thinking_beside_the_output_is_paid_for(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun, store: SqlStore
) -> None:
    """Providers that count thinking apart from the output are understood by their total."""
    details = {"completion_tokens_details": {"reasoning_tokens": 40}}
    report = {"prompt_tokens": 5_000, "completion_tokens": 10, "total_tokens": 5_050, **details}
    parts = [chunk({"content": "Bern."}), chunk({}, finish="stop"), chunk({}, usage=report)]
    with ScriptedGateway({"first": [Reply(chunks=parts)]}) as server:
        models = gateway(settings({"a": server}, ONE))
        await models.complete(ask(stream=True), run=run(), step="s")
    (attempt,) = await store.attempts.of_run("run-1")
    assert (attempt.output_tokens, attempt.reasoning_tokens) == (50, 40)


@pytest.mark.parametrize("chunks", [2, 5, 40])
async def test_usage_on_every_chunk_counts_once(
    chunks: int, gateway: MakeGateway, settings: MakeSettings, run: MakeRun, store: SqlStore
) -> None:
    """Servers that report the usage so far with each chunk are charged for the last report."""
    parts = [chunk({"content": "word "}, usage=usage(5_000, n)) for n in range(1, chunks)]
    parts.append(chunk({}, finish="stop", usage=usage(5_000, chunks)))
    with ScriptedGateway({"first": [Reply(chunks=parts)]}) as server:
        models = gateway(settings({"a": server}, ONE))
        await models.complete(ask(stream=True), run=run(budget_usd=1.0), step="s")
    (attempt,) = await store.attempts.of_run("run-1")
    assert (attempt.input_tokens, attempt.output_tokens) == (5_000, chunks)
    assert not attempt.estimated


TOLD_WITH_CHUNKS = [
    pytest.param([(5_000, 9), (5_000, 40), (5_000, 12)], None, id="output shrinks"),
    pytest.param([(6_000, 10), (5_000, 40)], None, id="input shrinks"),
    pytest.param([(5_000, 40), (5_000, 40), (5_000, 39)], None, id="by one"),
    pytest.param([(5_000, 40), (0, 0)], 40, id="nothing at the end"),
    pytest.param([(0, 0), (5_000, 40)], 40, id="nothing at first"),
    pytest.param([(5_000, 20), (0, 20)], 40, id="parts that add up"),
    pytest.param([(5_000, 40), (5_000, 40)], 40, id="twice"),
]


@pytest.mark.parametrize(("told", "output"), TOLD_WITH_CHUNKS)
async def test_usage_that_shrinks_is_not_believed(
    told: list[tuple[int, int]],
    output: int | None,
    gateway: MakeGateway,
    settings: MakeSettings,
    run: MakeRun,
    store: SqlStore,
) -> None:
    """What was used is not given back: reports that say so are settled at what was reserved."""
    parts = [chunk({"content": "a word "}, usage=usage(*one)) for one in told]
    parts.append(chunk({}, finish="stop"))
    with ScriptedGateway({"first": [Reply(chunks=parts)]}) as server:
        models = gateway(settings({"a": server}, ONE), ratios=LearnedRatios())
        await models.complete(ask(stream=True), run=run(budget_usd=1.0), step="s")
    (attempt,) = await store.attempts.of_run("run-1")
    if output is None:
        assert attempt.estimated
        assert attempt.usd == pytest.approx(attempt.reserved_usd)
    else:
        assert (attempt.input_tokens, attempt.output_tokens) == (5_000, output)


@pytest.mark.parametrize("stream", [False, True], ids=["document", "stream"])
@pytest.mark.parametrize("reported", [False, True], ids=["silent", "honest"])
async def test_a_reply_far_beyond_its_limit_is_cut_and_charged(
    stream: bool,
    reported: bool,
    gateway: MakeGateway,
    settings: MakeSettings,
    run: MakeRun,
    store: SqlStore,
) -> None:
    """A provider that ignores the limit is not listened to, and what it said is paid for."""
    said = "word " * 20_000
    true = usage(6_000, 25_000) if reported else None
    body: dict[str, Any] = {
        "id": "c",
        "object": "chat.completion",
        "created": 0,
        "model": "first",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
        ],
        "usage": true,
    }
    parts = [chunk({"content": "word " * 100}) for _ in range(200)]
    parts += [chunk({}, finish="stop", usage=true)]
    with ScriptedGateway({"first": lambda _: Reply(document=body, chunks=parts)}) as server:
        one = settings({"a": server}, ONE, retry={"max_attempts": 1})
        with pytest.raises((EndpointError, OutputError), match="beyond"):
            await gateway(one).complete(ask(stream=stream), run=run(budget_usd=9.0), step="s")
    (attempt,) = await store.attempts.of_run("run-1")
    assert attempt.outcome == "output_limit"
    assert attempt.output_tokens > 64
    assert attempt.usd is not None
    assert attempt.reserved_usd is not None
    assert attempt.usd > attempt.reserved_usd
    assert (await store.budgets.balance("run", "run-1")).spent_usd == pytest.approx(attempt.usd)


@pytest.mark.parametrize("field", ["content", "reasoning_content", "nonsense"])
async def test_an_endless_reply_ends(
    field: str, gateway: MakeGateway, settings: MakeSettings, run: MakeRun, store: SqlStore
) -> None:
    """Whatever an endless stream is made of, its bytes are bounded."""
    endless = [chunk({field: "hm " * 1_000})] * 20_000
    with ScriptedGateway({"first": lambda _: Reply(chunks=endless)}) as server:
        one = settings({"a": server}, ONE, retry={"max_attempts": 1})
        with pytest.raises((EndpointError, OutputError), match="was cut"):
            await gateway(one).complete(ask(stream=True), run=run(budget_usd=1.0), step="s")
        assert await asyncio.to_thread(server.wait_idle)
        assert server.requests[0].client_gone
    balance = await store.budgets.balance("run", "run-1")
    assert balance.reserved_usd == pytest.approx(0.0)
    assert 0 < balance.spent_usd <= 1.0


async def test_an_endless_document_ends(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun
) -> None:
    """A document is bounded before anything tries to read it as one."""
    body = {"padding": "x" * 8_000_000}
    with ScriptedGateway({"first": lambda _: Reply(document=body)}) as server:
        one = settings({"a": server}, ONE, retry={"max_attempts": 1})
        with pytest.raises((EndpointError, OutputError), match="was cut"):
            await gateway(one).complete(ask(), run=run(budget_usd=1.0), step="s")


@given(st.text(max_size=60))
def test_the_bound_holds_for_tokenizers_that_normalise(text: str) -> None:
    """However a tokenizer rewrites a text before it splits it, it sees no more than the bound."""
    bound = input_bound([HumanMessage(text)])
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        for seen in (text, text.lower(), text.casefold()):
            assert bound >= len(normalize(form, seen).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    "text", ["ﷺ" * 100, "각" * 100, "ΐ" * 100, "㍿" * 100, "Ⅷ" * 50, "ẛ" * 100]
)
def test_letters_that_unfold_are_counted_unfolded(text: str) -> None:
    """One ligature of three bytes may be thirty-three to the tokenizer."""
    forms: list[Any] = ["NFC", "NFD", "NFKC", "NFKD"]
    unfolded = max(len(normalize(form, text).encode()) for form in forms)
    assert unfolded > len(text.encode())
    assert input_bound([HumanMessage(text)]) >= unfolded


@pytest.mark.parametrize(
    ("parameters", "limit", "count"),
    [
        ({"temperature": 0}, None, 1),
        ({"n": 3}, None, 3),
        ({"best_of": 5, "n": 2}, None, 5),
        ({"max_completion_tokens": 100, "max_tokens": 300}, 100, 1),
        ({"extra_body": {"num_predict": 50}, "generationConfig": {"candidateCount": 4}}, 50, 4),
        ({"max_new_tokens": 0, "n": True}, None, 1),
        ({"n": "3", "max_tokens": " 50"}, 50, 3),
        ({"n": 2.5, "best_of": "many"}, None, 3),
        ({"n": float("inf"), "best_of": float("nan"), "max_tokens": float("-inf")}, None, 1),
        ({"maxTokens": 70, "inference": {"max_gen_len": 60, "maxTokenCount": 80}}, 60, 1),
        ({"numReturnSequences": 2, "best-of": 3, "numResults": 4, "sampleCount": 5}, None, 5),
        ({"n": "1e1", "best_of": [4]}, None, 10),
        ({"n": "٣", "num_choices": 2}, None, 3),
        ({"n": 10**400, "best_of": "x" * 99}, None, 1),
        ({"providers": [{"max_tokens": 9}, [1, {"maxTokens": 8}]]}, 9, 1),
        ({"reasoning": {"max_tokens": 9}, "thinking": {"max_tokens": 8, "n": 2}}, None, 2),
        ({"options": [{"n": 3}, {"a": {"b": {"c": {"d": {"e": {"n": 4}}}}}}]}, None, 4),
    ],
    ids=str,
)
def test_parameters_that_decide_what_a_call_costs_count(
    parameters: dict[str, Any], limit: int | None, count: int
) -> None:
    """A limit among the parameters bounds ours and is not sent; choices multiply."""
    assert own_limit(parameters) == limit
    assert choices(parameters) == count
    assert own_limit(without_limits(parameters)) is None
    if "reasoning" in parameters:
        assert without_limits(parameters) == parameters


async def test_choices_and_second_limits_are_within_the_cap(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun, store: SqlStore
) -> None:
    """Three choices reserve three times the output, and one limit is sent."""
    costly = [{**ONE[0], "parameters": {"n": 3, "max_completion_tokens": 4_000, "seed": 1}}]
    with ScriptedGateway({"first": ["Bern."]}) as server:
        models = gateway(settings({"a": server}, costly))
        await models.complete(ask("Where?", limit=1_000), run=run(budget_usd=1.0), step="s")
        sent = server.requests[0].body
    (attempt,) = await store.attempts.of_run("run-1")
    assert attempt.reserved_usd is not None
    assert attempt.reserved_usd >= 3 * 1_000 * 10.0 / 1e6
    assert (sent["max_tokens"], sent["n"], sent["seed"]) == (1_000, 3, 1)
    assert "max_completion_tokens" not in sent


def test_parameters_may_not_replace_the_request() -> None:
    """Fields that each call sets itself are refused where they are written."""
    model = {"id": "m", "endpoint": "a", "parameters": {"messages": []}}
    endpoints = {"a": {"base_url": "http://a.test/v1"}}
    with pytest.raises(ConfigError, match="messages"):
        parse_models_settings({"endpoints": endpoints, "models": [model]})


async def test_reservations_shrink_to_what_was_learned(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun, store: SqlStore
) -> None:
    """After a few prompts prose is reserved at little more than it costs; codes stay at a byte."""
    with ScriptedGateway({"first": lambda _: "Bern."}, prices=PRICE) as server:
        models = gateway(settings({"a": server}, ONE), ratios=LearnedRatios())
        for _ in range(5):
            await models.complete(ask(limit=1), run=run(budget_usd=9.0), step="s")
    held = [a.reserved_usd or 0.0 for a in await store.attempts.of_run("run-1")]
    true = (await store.attempts.of_run("run-1"))[-1].usd or 1.0
    assert held[0] / true > 3.5
    assert held[-1] / true < 2.0


def test_what_is_no_prose_stays_at_the_bound() -> None:
    """Codes, numbers, other scripts and long runs are never expected to be cheap."""
    for text in (
        "aGVsbG8gd29ybGQh" * 20,
        "4711-0815 " * 40,
        "данные " * 40,
        "x" * 400,
        "[{}]" * 99,
    ):
        weight = weigh([HumanMessage(text)])
        assert weight.expected(0.3) >= 0.95 * weight.bound


def test_a_surprise_raises_the_ratio_at_once() -> None:
    """A model that turns out to split finely is believed to do so from the next call on."""
    ratios, weight = LearnedRatios(), weigh([HumanMessage(LONG)])
    for _ in range(10):
        ratios.learn("m", weight, weight.text // 4)
    assert 0.3 <= ratios.ratio("m") < 0.45
    ratios.learn("m", weight, weight.text)
    assert ratios.ratio("m") == 1.0


WORDS = ("the", "train", "runs", "on", "rails", "laid", "sleepers", "in", "gravel", "by", "night")


@pytest.mark.parametrize("seed", range(3))
async def test_no_usage_however_dishonest_passes_the_cap(
    seed: int, gateway: MakeGateway, settings: MakeSettings, run: MakeRun, store: SqlStore
) -> None:
    """Many calls at once, learned ratios, lies of every size: what is spent stays under the cap."""
    chance = random.Random(seed)
    cap = 0.5

    def lie(request: GatewayRequest) -> Reply | Fault:
        kind = chance.randrange(6)
        said = " ".join(chance.choices(WORDS, k=chance.randrange(1, 40)))
        honest = Reply(text=said)
        if kind < 2:
            return honest
        report = TokenUsage(
            input_tokens=chance.choice([0, 1, 10, 1_000, 5_000, 20_000, 10**6]),
            output_tokens=chance.choice([0, 1, 30, 500, 4_000, 10**7]),
        )
        if kind < 5:
            return Fault(kind="wrong_usage", usage=report, reply=honest)
        long = [chunk({"content": "word " * 200})] * 30
        return Reply(text="word " * 5_000, chunks=long)

    with ScriptedGateway({"first": lie}, prices=PRICE) as server:
        budget = {"principal": {"usd": cap}, "min_output_tokens": 8}
        endpoint = settings({"a": server}, ONE, budget=budget, breaker={"failures": 1_000})
        models = gateway(endpoint, ratios=LearnedRatios())

        async def one(number: int) -> ModelReply:
            text = " ".join(chance.choices(WORDS, k=chance.randrange(10, 900)))
            request = ask(text, limit=chance.choice([16, 64, 200]), stream=number % 2 == 0)
            return await models.complete(request, run=run(f"r{number}"), step="s")

        ended = await asyncio.gather(*(one(n) for n in range(60)), return_exceptions=True)

    assert sum(isinstance(e, ModelReply) for e in ended) > 3
    balance = await store.budgets.balance("principal", "local")
    assert balance.spent_usd <= cap + 1e-9
    assert balance.reserved_usd == pytest.approx(0.0, abs=1e-9)
    attempts = await store.attempts.recent(limit=1_000)
    assert sum(a.usd or 0.0 for a in attempts) == pytest.approx(balance.spent_usd)


async def test_what_was_used_beyond_the_reservation_is_taken_as_far_as_the_cap_goes(
    store: SqlStore,
) -> None:
    """A surplus is reserved like everything else: all of it, or what is left."""
    from pointsman.models.calling.budget import Budget, Need
    from pointsman.models.catalog.prices import Tariff

    budget, cap = Budget(store.budgets), Cap(scope="run", key="r", usd=0.01)
    need = Need(
        model="m@a",
        price=Tariff(input=1.0, output=10.0),
        input_tokens=1_000,
        output_tokens=100,
        min_output_tokens=1,
        at=0.0,
        expires_at=4e9,
    )
    first, second = await budget.reserve(need, [cap]), await budget.reserve(need, [cap])
    assert (await budget.settle(first, usd=0.005, tokens=9_000)).usd == pytest.approx(0.005)
    assert (await budget.settle(second, usd=0.5, tokens=9_000)).usd == pytest.approx(0.005)
    balance = await store.budgets.balance("run", "r")
    assert (balance.spent_usd, balance.reserved_usd) == (pytest.approx(0.01), pytest.approx(0.0))


async def test_calls_carry_what_stands_in_them(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun
) -> None:
    """NaN and keys that stand twice in a tool call are malformed, not read as LangChain reads."""
    schema = {"title": "pay", "type": "object"}
    listed = [{**ONE[0], "structured_output": "tool_call"}]
    for args in ('{"amount": NaN}', '{"amount": 1, "amount": 2000}', '{"amount": 1e999}'):
        bad = Reply(tool_calls=({"name": "pay", "args": args},))
        with ScriptedGateway({"first": lambda _, bad=bad: bad}) as server:
            models = gateway(settings({"a": server}, listed, retry={"max_attempts": 1}))
            for stream in (False, True):
                request = dataclasses.replace(ask("Pay.", stream=stream), schema=schema)
                with pytest.raises(OutputError):
                    await models.complete(request, run=run(), step="s")
