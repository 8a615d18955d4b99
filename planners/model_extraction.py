"""ModelExtractor: the extractor role fills in arguments that no pattern finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_core.messages import HumanMessage, SystemMessage

from ..errors import BudgetExceededError, EndpointError
from ..models.requests import ModelRequest, Signals
from ..state.run import Run
from ..state.values import JsonObject

if TYPE_CHECKING:
    from ..models.gateway import Gateway

SYSTEM = """Copy the requested values from the text, exactly as they stand. Return JSON only.
Example. Text: "Hi, I am Rosa Diaz, my parcel 77-1200 weighs 4 kg." Requested: parcel, name.
JSON: {"parcel": "77-1200", "name": "Rosa Diaz"}"""
"""A worked example: small models copy far better with one than with instructions alone."""


class ModelExtractor:
    """An `ArgumentExtractor` over the model gateway.

    What it proposes is checked against the source text by the caller, so a small model is enough.
    """

    def __init__(self, models: Gateway) -> None:
        self._models = models

    async def __call__(
        self, schema: JsonObject, text: str, *, run: Run, data_class: tuple[str, ...]
    ) -> JsonObject:
        """Return the values that the model found; none where no model serves the role.

        Raises:
            EndpointError: No model answered, or the budget leaves no room for asking.
            OutputError: The reply does not fit the schema.
        """
        if not self._models.serves("extractor"):
            return {}
        request = ModelRequest(
            signals=Signals(
                role="extractor", task_type="extraction", needs_schema=True, data_class=data_class
            ),
            messages=[SystemMessage(SYSTEM), HumanMessage(text)],
            schema={"title": "arguments", **schema},
            max_output_tokens=256,
        )
        try:
            reply = await self._models.complete(request, run=run, step="plan")
        except BudgetExceededError as error:
            raise EndpointError(str(error), failure="budget", where="extractor") from error
        return reply.data if isinstance(reply.data, dict) else {}
