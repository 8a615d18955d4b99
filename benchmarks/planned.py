"""A planner model that replies with one fixed plan: what is left to measure is the graph."""

from __future__ import annotations

import json
from collections.abc import Iterator

from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from ..state.values import JsonObject


def fixed_plan(plan: JsonObject) -> GenericFakeChatModel:
    """Return a chat model that replies with `plan` to everything."""

    def replies() -> Iterator[AIMessage]:
        while True:
            yield AIMessage(json.dumps(plan))

    return GenericFakeChatModel(messages=replies())
