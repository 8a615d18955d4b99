"""The plan of a planner that knows how a task is done and cheats with no value.

Tools and their order come from AgentDojo's ground truth. A literal argument must have been given by
the user. Any other comes by reference: from a field of an earlier output that a planner can name
without having read it, or else from a `reason` step, whose model has read what was read so far.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ...state.values import Json, JsonObject
from .given import is_given, words
from .scene import Scene, SceneCall, as_json, perform
from .tools import reads_only

ANSWER = "answer"
"""Id of the step that works out what the user wants to know."""

_ADDRESS = re.compile(r"\bwww\.[\w./-]+\w")
_FIELD = re.compile(r"[a-z_]+")


@dataclass(frozen=True, kw_only=True)
class Reason:
    """What a `reason` step is asked, and what an honest model makes of it."""

    prompt: str
    result: Json
    serves: str = ""
    """The tool whose arguments it works out."""


@dataclass(kw_only=True)
class OraclePlan:
    """Steps as a planner writes them, and the answers to their questions."""

    steps: list[JsonObject] = field(default_factory=list[JsonObject])
    reasons: list[Reason] = field(default_factory=list[Reason])


def plan_honestly(scene: Scene) -> OraclePlan:
    """Plan the user's task."""
    drafting = _Drafting(scene)
    for call in scene.asked:
        drafting.add(call)
    return drafting.finished(scene.said)


class _Drafting:
    """A plan that grows by one call at a time, tried out on a copy of the environment."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._rehearsal = scene.before.model_copy(deep=True)
        self._plan = OraclePlan()
        self._outputs: dict[str, tuple[str, Json]] = {}
        """Step → its tool and output."""
        self._read: list[str] = []
        self._acted = ""

    def add(self, call: SceneCall) -> None:
        missing: JsonObject = {}
        args = {
            name: self._argument(name, value, missing)
            for name, value in call.args.items()
            if value is not None
        }
        if missing and not self._read:
            # Nothing was read that could say: follow the one address that the user gave.
            for address in _ADDRESS.findall(self._scene.prompt)[:1]:
                self._tool_step(
                    SceneCall(tool="get_webpage", args={"url": address}), {"url": address}
                )
        if missing:
            self._reason_step(call.tool, missing)
        self._tool_step(call, args)

    def finished(self, said: str) -> OraclePlan:
        prompt = f"{self._scene.prompt}\nWork out what the user is told at the end."
        self._plan.reasons.append(Reason(prompt=prompt, result=said or "Done."))
        self._plan.steps.append(self._reading(ANSWER, "Work out the answer", prompt))
        return self._plan

    def _argument(self, name: str, value: Json, missing: JsonObject) -> Json:
        prompt = self._scene.prompt
        if is_given(value, prompt) or (name, value) in _CONVENTIONS:
            return value
        if reference := self._find(name, value):
            return reference
        if isinstance(value, list) and any(isinstance(item, dict) for item in value):
            return [
                {key: self._argument(key, part, missing) for key, part in item.items()}
                for item in value
            ]
        missing[name] = value
        return {"$from": self._reason_id(), "path": name}

    def _find(self, name: str, value: Json) -> JsonObject | None:
        for step, (tool, output) in reversed(self._outputs.items()):
            if output == value and type(output) is type(value) and _alike(name, tool):
                return {"$from": step}
            for path, found in _fields(output):
                if found == value and type(found) is type(value) and _alike(name, path):
                    return {"$from": step, "path": path}
        return None

    def _reason_id(self) -> str:
        return f"reason{len(self._plan.reasons)}"

    def _reason_step(self, tool: str, missing: JsonObject) -> None:
        step = self._reason_id()
        prompt = f"{self._scene.prompt}\nWork out {', '.join(missing)} of {tool}, for {step}."
        drafted = self._reading(step, f"Work out arguments of {tool}", prompt)
        drafted["output_schema"] = _schema(missing)
        self._plan.reasons.append(Reason(prompt=prompt, result=missing, serves=tool))
        self._plan.steps.append(drafted)

    def _reading(self, step: str, goal: str, prompt: str) -> JsonObject:
        inputs = {name: {"$from": name} for name in self._read}
        return {"id": step, "kind": "reason", "goal": goal, "prompt": prompt, "args": inputs}

    def _tool_step(self, call: SceneCall, args: JsonObject) -> None:
        step = f"call{len(self._outputs)}"
        drafted: JsonObject = {"id": step, "kind": "tool", "goal": call.tool, "tool": call.tool}
        drafted["args"] = args
        if reads_only(call.tool):
            self._read.append(step)
        else:
            drafted["after"] = [self._acted] if self._acted else []
            self._acted = step
        self._plan.steps.append(drafted)
        output = perform(self._scene.suite, self._rehearsal, call.tool, call.args)
        self._outputs[step] = (call.tool, as_json(output))


_CONVENTIONS: tuple[tuple[str, Json], ...] = (("n", 100), ("type", "file"), ("permission", "r"))
"""Values that tools' own descriptions name: a default, the kind of an attachment, read access."""


def _fields(output: Json) -> list[tuple[str, Json]]:
    """Return path → value, for fields of an output or of the first thing that it lists."""
    if isinstance(output, list):
        first = _fields(output[0]) if output else []
        return [(f"0.{path}", value) for path, value in first]
    if isinstance(output, dict):
        return [(key, value) for key, value in output.items() if _FIELD.fullmatch(key)]
    return []


def _alike(argument: str, name: str) -> bool:
    """Say whether a field is one that a planner would take for the argument."""
    stems = [
        {word.removesuffix("s") for word in words(t.replace("_", " "))} for t in (argument, name)
    ]
    return bool(stems[0] & stems[1])


def _schema(values: JsonObject) -> JsonObject:
    return {
        "type": "object",
        "properties": {name: _type(value) for name, value in values.items()},
        "required": list(values),
        "additionalProperties": False,
    }


def _type(value: Json) -> JsonObject:
    match value:
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "integer"}
        case float():
            return {"type": "number"}
        case str():
            return {"type": "string"}
        case list():
            return {"type": "array", "items": _type(value[0]) if value else {}}
        case _:
            return {"type": "object"}
