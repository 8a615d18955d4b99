"""A chat model that plans the expected calls, and leaves out what the environment has refused."""

from __future__ import annotations

import json
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import ConfigDict

from ...models.requests import Role
from ...state.values import JsonObject
from .desk import Desk


class _DeskModel(BaseChatModel):
    """A chat model that knows the desk's task."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    desk: Desk

    @property
    def _llm_type(self) -> str:
        return "tau2"

    def say(self) -> JsonObject:
        """Answer whatever is asked."""
        raise NotImplementedError

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        del messages, stop, run_manager, kwargs
        message = AIMessage(json.dumps(self.say(), ensure_ascii=False))
        return ChatResult(generations=[ChatGeneration(message=message)])


class GoldPlanner(_DeskModel):
    """Plans the expected calls one after the other, as an employee would make them."""

    def say(self) -> JsonObject:
        """Plan; asked again after a failure, without the calls that failed."""
        steps: list[JsonObject] = []
        for number, call in enumerate(self.desk.task.calls):
            if not self.desk.has_failed(call):
                before = [steps[-1]["id"]] if steps else []
                step: JsonObject = {"id": f"call{number}", "kind": "tool", "goal": call.tool}
                steps.append({**step, "tool": call.tool, "args": call.args, "after": before})
        return {"steps": steps} if steps else {"steps": [], "cannot": "Nothing of it can be done."}


class BriefWriter(_DeskModel):
    """Writes an answer that claims nothing: what is measured is the state of the databases."""

    def say(self) -> JsonObject:
        """Thank the customer."""
        return {"sentences": [{"text": "Thank you for your patience.", "cites": []}]}


def desk_models(desk: Desk) -> dict[Role, BaseChatModel]:
    """Return the models of one run."""
    return {"planner": GoldPlanner(desk=desk), "generator": BriefWriter(desk=desk)}
