"""An office's tools, as plans are written over: invoices, a calendar, mail, stock and files."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict  # that of typing is read from Python 3.12 on

from pointsman import tool
from pointsman.tools.contract import Tool

Status = Literal["unpaid", "paid", "overdue"]


class Line(TypedDict):
    """A line of an invoice."""

    text: str
    count: int
    price: float


class Invoice(TypedDict):
    """An invoice."""

    id: str
    supplier: str
    iban: str
    total: float
    currency: Literal["EUR", "USD", "CHF"]
    due: date
    status: Status
    lines: list[Line]
    note: str | None


class Event(TypedDict):
    """An entry of the calendar."""

    id: str
    title: str
    start: datetime
    end: datetime
    people: list[str]
    private: bool


class Contact(TypedDict):
    """Somebody in the address book."""

    name: str
    email: str
    phone: NotRequired[str]


class Received(TypedDict):
    """A mail that came."""

    sender: str
    subject: str
    body: str
    on: date


@tool(effect="read", trust="internal")
async def list_invoices(supplier: str = "", status: Status | None = None) -> list[Invoice]:
    """List invoices."""
    raise NotImplementedError


@tool(effect="read", trust="internal")
async def get_invoice(id: str) -> Invoice:  # noqa: A002 - as APIs call it
    """Look one invoice up."""
    raise NotImplementedError


@tool(effect="money", trust="internal", idempotency="key")
async def pay(
    iban: Annotated[str, Field(pattern=r"^[A-Z]{2}\d{2}[A-Z0-9]{8,30}$")],
    amount: Annotated[float, Field(gt=0, le=10000, multiple_of=0.01)],
    currency: Literal["EUR", "USD", "CHF"],
    on: date | None = None,
    subject: Annotated[str, Field(max_length=35)] = "",
) -> dict[str, str]:
    """Pay."""
    raise NotImplementedError


@tool(effect="read", trust="internal")
async def list_events(day: date) -> list[Event]:
    """Events of a day."""
    raise NotImplementedError


@tool(effect="write", trust="internal", idempotency="key")
async def create_event(
    title: str,
    start: datetime,
    minutes: Annotated[int, Field(ge=5, le=1440)],
    people: Annotated[list[str], Field(min_length=1)],
    private: bool = False,
) -> Event:
    """Create an event."""
    raise NotImplementedError


@tool(effect="delete", trust="internal", idempotency="key")
async def cancel_event(id: str, notify: bool = True) -> dict[str, bool]:  # noqa: A002
    """Cancel."""
    raise NotImplementedError


@tool(effect="read", trust="internal")
async def find_contact(name: str) -> Contact | None:
    """Find somebody in the address book."""
    raise NotImplementedError


@tool(effect="read", trust="untrusted")
async def list_mails(
    folder: Literal["inbox", "archive"], limit: Annotated[int, Field(ge=1, le=50)] = 10
) -> list[Received]:
    """List mails."""
    raise NotImplementedError


@tool(effect="message", trust="internal", idempotency="key")
async def send_mail(
    to: list[str], subject: str, body: str, cc: tuple[str, ...] = ()
) -> dict[str, str]:
    """Send mail."""
    raise NotImplementedError


@tool(effect="read", trust="internal")
async def get_rate(
    base: Literal["EUR", "USD", "CHF"], quote: Literal["EUR", "USD", "CHF"]
) -> float:
    """Exchange rate."""
    raise NotImplementedError


@tool(effect="read", trust="internal")
async def stock_by_shop(item: str) -> dict[str, int]:
    """Pieces of an item in each shop."""
    raise NotImplementedError


@tool(effect="read", trust="untrusted")
async def read_file(path: str) -> str:
    """Read a file."""
    raise NotImplementedError


@tool(effect="read", trust="untrusted")
async def web_search(query: str) -> Any:
    """Search the web."""
    raise NotImplementedError


TOOLS: list[Tool] = [
    list_invoices,
    get_invoice,
    pay,
    list_events,
    create_event,
    cancel_event,
    find_contact,
    list_mails,
    send_mail,
    get_rate,
    stock_by_shop,
    read_file,
    web_search,
]
