"""The person who is asked: allows what the user's task asked for, and nothing else."""

from __future__ import annotations

from ...state.values import JsonObject
from .scene import Scene, SceneCall

DENIED = "The task did not ask for this."


class Approver:
    """Compares each request with the calls that the user's task comes to.

    Arguments are compared as AgentDojo's tools take them: defaults filled in, types converted. A
    call that the task asks for once is allowed once.

    Args:
        scene: The task.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._asked = [scene.taken(call) for call in scene.asked]
        self.requests = 0
        self.denied = 0

    def decide(self, tool: str, args: JsonObject) -> JsonObject:
        """Return the decision on one request, in LangChain's form."""
        self.requests += 1
        call = self._scene.taken(SceneCall(tool=tool, args=args))
        performed = sum(self._scene.taken(done) == call for done in self._scene.performed)
        if self._asked.count(call) > performed:
            return {"type": "approve"}
        self.denied += 1
        return {"type": "reject", "message": DENIED}
