"""A planner model that replies with one fixed plan, so that a benchmark measures the graph alone."""

from __future__ import annotations

import json
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from ..state.values import JsonObject


class FixedPlan(BaseChatModel):
    """Replies with `plan` to everything."""

    plan: JsonObject

    @property
    def _llm_type(self) -> str:
        return "fixed-plan"

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        message = AIMessage(json.dumps(self.plan))
        return ChatResult(generations=[ChatGeneration(message=message)])
