"""The types of the tools' arguments; their bounds become part of each tool's schema."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

OrderId = Annotated[str, Field(pattern=r"^[Oo][Rr][Dd]-\d{4}$")]
CustomerId = Annotated[str, Field(pattern=r"^[Cc][Uu][Ss]-\d{4}$")]
TicketId = Annotated[str, Field(pattern=r"^[Tt][Cc][Kk]-\d{4}$")]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=200)]
Line = Annotated[str, Field(min_length=1, max_length=200)]
PaidAmount = Annotated[float, Field(gt=0, le=10_000)]
LineCount = Annotated[int, Field(ge=1, le=50)]
Address = Annotated[str, Field(min_length=8, max_length=300)]
Text = Annotated[str, Field(min_length=1, max_length=4000)]
