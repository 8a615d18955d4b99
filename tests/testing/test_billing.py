"""The gateway's own tally of what a provider would have billed."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from pointsman.errors import ConfigError
from pointsman.testing import (
    FAULT_KINDS,
    FAULTS,
    Fault,
    Price,
    Reply,
    ScriptedGateway,
    TokenUsage,
)

PRICE = Price(input=1.0, output=10.0, cached_input=0.1)
USAGE = TokenUsage(input_tokens=1000, output_tokens=100, cached_input_tokens=400)
REPLY = Reply(text="one two three four five six seven eight", usage=USAGE)
HELLO: list[Any] = [{"role": "user", "content": "hello"}]


def billed(gateway: ScriptedGateway, client: openai.OpenAI, *, stream: bool) -> TokenUsage:
    """Ask once, whatever comes of it, and return what that cost."""
    try:
        reply: Any = client.chat.completions.create(model="m", messages=HELLO, stream=stream)
        if stream:
            list(reply)
    except openai.APIError:
        pass
    assert gateway.wait_idle()
    return gateway.requests[-1].billed


def test_price_of_a_reply() -> None:
    """Cached input costs its own price, reasoning is part of the output."""
    assert PRICE.cost(USAGE) == pytest.approx((600 * 1 + 400 * 0.1 + 100 * 10) / 1e6)
    assert Price(input=1, output=1).cost(USAGE) == pytest.approx(1100 / 1e6)


@pytest.mark.parametrize("stream", [False, True], ids=["document", "stream"])
def test_a_reply_is_billed_in_full(connect: Any, stream: bool) -> None:
    """A reply that arrives costs all of its tokens, and the tally is the sum."""
    with ScriptedGateway({"m": [REPLY, REPLY]}, prices={"m": PRICE}) as gateway:
        client = connect(gateway)
        assert billed(gateway, client, stream=stream) == USAGE
        assert billed(gateway, client, stream=stream) == USAGE
    assert gateway.billed_usd() == pytest.approx(2 * PRICE.cost(USAGE))


@pytest.mark.parametrize("kind", [k for k in FAULT_KINDS if FAULTS[k].error])
def test_errors_cost_nothing(connect: Any, kind: Any) -> None:
    """A status of 4xx or 5xx bills no token."""
    with ScriptedGateway(faults=[Fault(kind=kind)], prices={"m": PRICE}) as gateway:
        assert billed(gateway, connect(gateway), stream=True) == TokenUsage()
    assert gateway.billed_usd() == 0.0


@pytest.mark.parametrize(
    ("kind", "stream", "output"),
    [
        ("connection_reset", True, None),
        ("html_body", False, None),
        ("cut_before_first_token", True, 0),
        ("cut_before_first_token", False, 0),
        ("cut_after_first_token", True, 11),
        ("cut_after_first_token", False, 100),
        ("stall", True, 11),
        ("stall", False, 100),
        ("slow_first_byte", True, 0),
        ("slow_first_byte", False, 100),
        ("wrong_usage", False, 100),
        ("missing_usage", True, 100),
    ],
)
def test_what_was_produced_is_billed(
    connect: Any, kind: Any, stream: bool, output: int | None
) -> None:
    """Input is billed once generation starts, output as it is produced, client or no client."""
    fault = Fault(kind=kind, seconds=5, reply=REPLY)
    with ScriptedGateway({"m": [fault]}) as gateway:
        tokens = billed(gateway, connect(gateway, timeout=0.2), stream=stream)
    expected = (0, 0) if output is None else (1000, output)
    assert (tokens.input_tokens, tokens.output_tokens) == expected


def test_a_client_that_leaves_early_pays_for_what_was_said(connect: Any) -> None:
    """Closing a stream stops the bill, and the record says who ended it."""
    reply = Reply(text=REPLY.text, usage=USAGE, token_delay=0.05)
    with ScriptedGateway({"m": [reply]}) as gateway:
        stream = connect(gateway).chat.completions.create(model="m", messages=HELLO, stream=True)
        next(stream)
        stream.response.close()
        assert gateway.wait_idle()
    [record] = gateway.requests
    assert record.client_gone
    assert record.billed.output_tokens < 100


def test_an_unknown_price_is_not_zero(connect: Any) -> None:
    """A tally over a model without a price is refused, naming it."""
    with ScriptedGateway({"m": [REPLY]}) as gateway:
        billed(gateway, connect(gateway), stream=False)
    with pytest.raises(ConfigError, match="'m'"):
        gateway.billed_usd()


def test_tokens_can_be_counted_by_the_user(connect: Any) -> None:
    """`count_tokens` replaces the rule of four characters."""
    with ScriptedGateway({"m": ["a b c"]}, count_tokens=lambda t: len(t.split())) as gateway:
        tokens = billed(gateway, connect(gateway), stream=False)
    assert (tokens.input_tokens, tokens.output_tokens) == (1, 3)
