"""What an error says: wrong for good, or worth another try; done, or surely not."""

from __future__ import annotations

import asyncio
import urllib.error
from email.message import Message
from typing import Any

import httpx
import pytest
from langchain_core.tools import StructuredTool, ToolException

from pointsman import NothingHappenedError
from pointsman.errors import ConfigError, CredentialError, ToolError
from pointsman.state.run import Run
from pointsman.stores import SqlStore
from pointsman.tools import read_contracts, tool
from pointsman.tools.causes import ToolSaidError, is_final


class OrderNotFound(Exception):  # noqa: N818 - as shops name them
    """A tool's own exception."""


class GatewayUnavailable(Exception):  # noqa: N818
    """Another."""


def http_error(status: int) -> Exception:
    """An error as httpx raises it."""
    request = httpx.Request("GET", "https://shop.example")
    response = httpx.Response(status, request=request)
    return httpx.HTTPStatusError(str(status), request=request, response=response)


def from_cause(error: Exception, cause: Exception) -> Exception:
    """An error that another one stands behind."""
    error.__cause__ = cause
    return error


FINAL = [
    ValueError("no such order"),
    KeyError("A-1"),
    IndexError("5"),
    LookupError("none"),
    TypeError("not a date"),
    ZeroDivisionError("x"),
    ToolException("no such order"),
    ToolSaidError("no such order"),
    FileNotFoundError(2, "no such file"),
    PermissionError(13, "no"),
    OrderNotFound("A-1"),
    NothingHappenedError("closed"),
    ToolError("no such order"),
    http_error(400),
    http_error(404),
    http_error(410),
    http_error(422),
    urllib.error.HTTPError("https://shop.example", 404, "no", Message(), None),
    from_cause(RuntimeError("failed"), ValueError("no such order")),
]
PASSING = [
    TimeoutError("slow"),
    ConnectionError("cut"),
    ConnectionResetError(104, "cut"),
    httpx.ConnectError("refused"),
    httpx.ReadTimeout("slow"),
    http_error(408),
    http_error(429),
    http_error(500),
    http_error(503),
    urllib.error.URLError(TimeoutError("slow")),
    GatewayUnavailable("later"),
    RuntimeError("who knows"),
    Exception("who knows"),
    OSError(101, "network is unreachable"),
    ToolError("busy", retryable=True),
    from_cause(ToolException("failed"), httpx.ConnectError("refused")),
]


def naming(error: Any) -> str:
    """A test's id."""
    return f"{type(error).__name__}-{error}"[:40]


@pytest.mark.parametrize("error", FINAL, ids=naming)
def test_an_answer_stays_the_same(error: Exception) -> None:
    """Asked again with a wrong id, a system says the same again."""
    assert is_final(error)


@pytest.mark.parametrize("error", PASSING, ids=naming)
def test_a_disturbance_passes(error: Exception) -> None:
    """Another try may well succeed."""
    assert not is_final(error)


@pytest.mark.parametrize("error", [*FINAL, *PASSING], ids=naming)
async def test_a_reading_is_tried_again_only_if_that_may_help(
    error: Exception, make_runner: Any, run: Run
) -> None:
    """The runner says so, whoever made the tool."""

    def look() -> str:
        """Look."""
        raise error

    ours = tool(effect="read")(look)
    theirs = StructuredTool.from_function(look, metadata={"pointsman": {"effect": "read"}})
    for made in (ours, theirs):
        outcome = await make_runner(made).call(
            "look", {}, run=run, step="s", attempt=1, timeout=None
        )
        assert (outcome.status, outcome.kind) == ("failed", "tool_error")
        assert outcome.retryable == (error in PASSING)


MEANT = [
    pytest.param(ValueError("closed"), (ValueError,), id="class"),
    pytest.param(UnicodeError("closed"), (ValueError,), id="subclass"),
    pytest.param(OrderNotFound("A-1"), ("OrderNotFound",), id="name"),
    pytest.param(RuntimeError("Order was Already Delivered."), ("already delivered",), id="words"),
    pytest.param(NothingHappenedError("closed"), (), id="raised-on-purpose"),
]


@pytest.mark.parametrize(("error", "marks"), MEANT)
async def test_a_business_refusal_is_no_unknown_outcome(
    error: Exception, marks: Any, make_runner: Any, run: Run, store: SqlStore
) -> None:
    """The contract says which errors mean that nothing happened; nobody is asked about them."""

    @tool(effect="write", nothing_happened=marks)
    def deliver() -> str:
        """Deliver."""
        raise error

    outcome = await make_runner(deliver).call(
        "deliver", {}, run=run, step="s", attempt=1, timeout=None
    )
    assert (outcome.status, outcome.kind, outcome.retryable) == ("failed", "tool_error", False)
    assert str(error) in outcome.error
    [record] = await store.effects.of_run(run.id)
    assert record.state == "failed"


async def test_any_other_error_leaves_it_open(make_runner: Any, run: Run) -> None:
    """A writing tool that fails otherwise may have acted."""

    @tool(effect="write", nothing_happened=("already delivered", KeyError))
    def deliver() -> str:
        """Deliver."""
        raise ValueError("the carrier did not confirm")

    outcome = await make_runner(deliver).call(
        "deliver", {}, run=run, step="s", attempt=1, timeout=None
    )
    assert outcome.status == "unknown"


async def _unanswered() -> str:
    """Act."""
    await asyncio.sleep(9)
    return "never"


async def _cancelled() -> str:
    """Act."""
    raise asyncio.CancelledError


async def _exiting() -> str:
    """Act."""
    raise SystemExit(3)


async def _unsure() -> str:
    """Act."""
    raise ToolError("The line went dead.", happened="unknown")


async def _without_key() -> str:
    """Act."""
    raise CredentialError("The second key is missing.")


BROAD = (Exception, RuntimeError, "Exception", "RuntimeError", "dead", "did not answer")


@pytest.mark.parametrize("end", [_unanswered, _cancelled, _exiting, _unsure])
async def test_however_widely_refusals_are_declared_an_end_that_says_nothing_is_none(
    end: Any, make_runner: Any, run: Run
) -> None:
    """No answer in time, a call that ends itself, a tool that says that it does not know."""
    made = tool(effect="money", name="act", timeout=0.1, nothing_happened=BROAD)(end)

    outcome = await make_runner(made).call("act", {}, run=run, step="s", attempt=1, timeout=None)

    assert outcome.status == "unknown"


async def test_a_credential_that_fails_inside_a_call_says_nothing_of_it(
    make_runner: Any, run: Run
) -> None:
    """Only what fails before the call leaves is known not to have happened."""
    made = tool(effect="money", name="act", idempotency="none")(_without_key)

    outcome = await make_runner(made).call("act", {}, run=run, step="s", attempt=1, timeout=None)

    assert outcome.status == "unknown"
    assert "second key" in outcome.error


def test_refusals_are_written_down_like_the_rest_of_a_contract() -> None:
    """In YAML by the names of exceptions and by words."""
    read = read_contracts({"pay": {"nothing_happened": ["ValueError", "already paid"]}}, where="x")
    assert read["pay"].get("nothing_happened") == ("ValueError", "already paid")
    with pytest.raises(ConfigError):
        read_contracts({"pay": {"nothing_happened": [""]}}, where="x")


async def test_an_exception_that_cannot_even_be_shown(make_runner: Any, run: Run) -> None:
    """Its text is foreign code, too, and half an emoji in it is no reason to fail."""

    class Rude(Exception):  # noqa: N818
        def __str__(self) -> str:
            raise RuntimeError("no")

    def failing(problem: Exception) -> Any:
        @tool(effect="read")
        def look() -> str:
            """Look."""
            raise problem

        return look

    for problem, shown in ((Rude(), "cannot be read"), (ValueError("half \ud83d"), "half \ufffd")):
        outcome = await make_runner(failing(problem)).call(
            "look", {}, run=run, step="s", attempt=1, timeout=None
        )
        assert shown in outcome.error
