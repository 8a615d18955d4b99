"""What can be cited of each tool's output, under the names by which a person would look it up."""

from __future__ import annotations

from collections.abc import Sequence

from ...state.results import Evidence
from ...state.values import Json, JsonObject, Trust


def _evidence(path: str, source: str, trust: Trust = "trusted") -> Evidence:
    return Evidence(id="", step="", path=path, source=source, trust=trust)


def cite_order(_args: JsonObject, output: Json) -> Sequence[Evidence]:
    """Cite an order and its payment."""
    return (
        _evidence("order.summary", f"order {output['order']['id']}"),
        _evidence("payment.summary", f"payment {output['payment']['id']}"),
    )


def cite_customer(_args: JsonObject, output: Json) -> Sequence[Evidence]:
    """Cite a customer's record."""
    return (_evidence("customer.summary", f"customer {output['customer']['id']}"),)


def cite_history(_args: JsonObject, output: Json) -> Sequence[Evidence]:
    """Cite a customer's history as a whole, and every order of it."""
    return (
        _evidence("summary", f"customer {output['customer']['id']}"),
        *(
            _evidence(f"orders.{index}.summary", f"order {order['id']}")
            for index, order in enumerate(output["orders"])
        ),
    )


def cite_passages(_args: JsonObject, output: Json) -> Sequence[Evidence]:
    """Cite sections of policies: our own documents."""
    return tuple(
        _evidence(f"passages.{index}.text", passage["source"], "internal")
        for index, passage in enumerate(output["passages"])
    )


def cite_ticket(_args: JsonObject, output: Json) -> Sequence[Evidence]:
    """Cite a ticket: the customer's words."""
    return (_evidence("ticket.summary", f"ticket {output['ticket']['id']}", "untrusted"),)


def cite_tickets(_args: JsonObject, output: Json) -> Sequence[Evidence]:
    """Cite every ticket of a list."""
    return tuple(
        _evidence(f"tickets.{index}.summary", f"ticket {ticket['id']}", "untrusted")
        for index, ticket in enumerate(output["tickets"])
    )


def cite_refund(_args: JsonObject, output: Json) -> Sequence[Evidence]:
    """Cite a refund and the payment it goes back to."""
    refund = output["refund"]
    return (
        _evidence("refund.summary", f"refund {refund['id']}"),
        _evidence("refund.summary", f"payment {refund['payment_id']}"),
    )


def cite_message(_args: JsonObject, output: Json) -> Sequence[Evidence]:
    """Cite a sent message."""
    return (_evidence("message.summary", f"message {output['message']['id']}"),)
