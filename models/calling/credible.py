"""Usage that a provider reports, believed as far as it can be true.

A report is held against what was sent and what was heard. One that cannot be true is replaced by
what was reserved, or by what was heard where that is more.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..catalog.prices import Consumption

FEWEST_BYTES = 16
"""Bytes for each token that no tokenizer exceeds over a whole text, spaces aside."""
HEARD_BYTES = 3
"""Bytes for each token that is assumed of a reply whose usage is not known."""
WITHIN_BYTES = 8
"""Bytes for each token up to which a reply may have kept to its limit."""
HIDDEN_TOKENS = 4_096
"""Tokens beyond every bound that can still be true: a gateway's own preamble, thinking."""


@dataclass(frozen=True, kw_only=True)
class CallBounds:
    """What is known of a call besides the report."""

    reserved_input: int
    """Tokens that were expected of the prompt."""
    most_input: int
    """Tokens that the prompt can have at most."""
    least_input: int
    """Tokens that the prompt has at least."""
    output_limit: int
    """Tokens that the reply was allowed."""
    said: int = 0
    """Bytes of the reply that were heard."""
    events: int = 0
    """Events of a stream, where nothing was heard in them."""


@dataclass(frozen=True, kw_only=True)
class Believed:
    """What a call is taken to have used."""

    used: Consumption
    estimated: bool
    reported: bool = True
    """Whether it is what the provider said; else nobody knows how the tokens are classed."""


def believed(report: Consumption | None, evidence: CallBounds) -> Believed:
    """Return what a call has used.

    Args:
        report: What the provider says; `None` where it says nothing of use.
        evidence: What was sent, allowed and heard.
    """
    if report is None or not is_credible(report, evidence):
        beyond = evidence.said > evidence.output_limit * WITHIN_BYTES
        heard = max(-(-evidence.said // HEARD_BYTES) if beyond else 0, evidence.events)
        used = Consumption(
            input_tokens=evidence.reserved_input,
            output_tokens=max(evidence.output_limit, heard),
        )
        return Believed(used=used, estimated=True, reported=False)
    beyond = (
        report.input_tokens > evidence.most_input or report.output_tokens > evidence.output_limit
    )
    return Believed(used=report, estimated=beyond)


def is_credible(report: Consumption, evidence: CallBounds) -> bool:
    """Say whether a report can be true."""
    most_output = max(evidence.output_limit, evidence.said) + HIDDEN_TOKENS
    least_output = -(-evidence.said // FEWEST_BYTES)
    return (
        max(1, evidence.least_input) <= report.input_tokens <= evidence.most_input + HIDDEN_TOKENS
        and least_output <= report.output_tokens <= most_output
    )
