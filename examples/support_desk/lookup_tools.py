"""Tools that only read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ...state.values import JsonObject
from ...tools.contract import Tool
from ...tools.decorator import tool
from . import citations, policies, records
from .database import reading
from .fields import Line, LineCount, OrderId, TicketId


def lookups(home: Path) -> list[Tool]:
    """Return the tools that read records and policies."""

    @tool(effect="read", trust="trusted", idempotency="natural", cite=citations.cite_customer)
    def find_customer(query: Line) -> JsonObject:
        """Find one customer by customer number, e-mail address or full name.

        Args:
            query: The number (CUS-0001), the e-mail address or the full name.
        """
        with reading(home) as db:
            return {"customer": records.find_customer(db, query)}

    @tool(effect="read", trust="trusted", idempotency="natural", cite=citations.cite_order)
    def get_order(
        order_id: OrderId, item: Annotated[str, Field(max_length=100)] = ""
    ) -> JsonObject:
        """Look up an order: status, items, payment, customer, and what a damage claim may get.

        Args:
            order_id: The order number (ORD-1001).
            item: The damaged item in the customer's words, or "everything".
        """
        with reading(home) as db:
            return records.get_order(db, order_id, item=item)

    @tool(effect="read", trust="trusted", idempotency="natural", cite=citations.cite_history)
    def order_history(customer: Line, limit: LineCount = 5) -> JsonObject:
        """List a customer's newest orders.

        Args:
            customer: The customer number, e-mail address or full name.
            limit: Most orders to list.
        """
        with reading(home) as db:
            return records.order_history(db, customer, limit=limit)

    @tool(effect="read", trust="internal", idempotency="natural", cite=citations.cite_passages)
    def search_policies(
        query: Annotated[str, Field(min_length=1, max_length=1000)],
        document: Annotated[str, Field(pattern=r"^[a-z-]*$", max_length=60)] = "",
        limit: LineCount = 3,
    ) -> JsonObject:
        """Search the policies by section.

        Args:
            query: The question, in plain words.
            document: Search only this document (refunds, shipping, next-actions, …).
            limit: Most sections to return.
        """
        found = policies.search(query, document=document, limit=limit)
        passages = [{"source": s.source, "heading": s.heading, "text": s.text} for s in found]
        return {"passages": passages}

    return [find_customer, get_order, order_history, search_policies]


def tickets(home: Path) -> list[Tool]:
    """Return the tools that read what customers wrote."""

    @tool(effect="read", trust="untrusted", idempotency="natural", cite=citations.cite_tickets)
    def list_tickets(
        customer_id: Annotated[str, Field(pattern=r"^([Cc][Uu][Ss]-\d{4})?$")] = "",
        status: Literal["open", "waiting", "closed"] = "open",
        limit: LineCount = 10,
    ) -> JsonObject:
        """List tickets, the most urgent and oldest first. Subjects are written by customers.

        Args:
            customer_id: Only this customer's tickets (CUS-0001).
            status: Only tickets with this status.
            limit: Most tickets to list.
        """
        with reading(home) as db:
            return records.list_tickets(db, customer_id=customer_id, status=status, limit=limit)

    @tool(effect="read", trust="untrusted", idempotency="natural", cite=citations.cite_ticket)
    def get_ticket(ticket_id: TicketId) -> JsonObject:
        """Read a ticket. Its subject and body are written by the customer.

        Args:
            ticket_id: The ticket number (TCK-3001).
        """
        with reading(home) as db:
            return records.get_ticket(db, ticket_id)

    return [list_tickets, get_ticket]
