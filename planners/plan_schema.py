"""The JSON schema of a planner's reply: every field of a step that the plan language has.

It is in each planner's prompt, so it says what a field is and leaves bounds to the plan's check,
which names step and field. Nothing is required that can be told from the rest.
"""

from __future__ import annotations

from ..state.values import Json, JsonObject

_TEXT: JsonObject = {"type": "string"}
_WHOLE: JsonObject = {"type": "integer"}
_OPERATORS = ["eq", "ne", "in", "not_in", "lt", "le", "gt", "ge", "exists", "not_empty"]


def _list_of(item: JsonObject, **bounds: Json) -> JsonObject:
    return {"type": "array", "items": item, **bounds}


def _object(required: list[str], **properties: JsonObject) -> JsonObject:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


_STEPS = _list_of({"$ref": "#/$defs/step"})

_CHECK = _object(
    ["path", "op", "message"],
    path=_TEXT,
    op={"type": "string", "enum": _OPERATORS},
    value={},
    message=_TEXT,
)

_FOR_EACH: JsonObject = {
    **_object(
        ["items"],
        items=_TEXT,
        item=_TEXT,
        key=_TEXT,
        max=_WHOLE,
        concurrency=_WHOLE,
        steps=_STEPS,
        output={},
    ),
    "type": ["object", "string"],
}

_STEP_OBJECT = _object(
    ["id"],
    id=_TEXT,
    kind={"type": "string", "enum": ["tool", "reason", "draft", "ask", "each"]},
    goal={"type": "string", "maxLength": 300},
    tool=_TEXT,
    args={"type": ["object", "array"]},
    prompt={"type": "string", "maxLength": 4000},
    output_schema={"type": ["object", "string"]},
    after=_list_of(_TEXT),
    when=_TEXT,
    for_each=_FOR_EACH,
    on_error={"type": ["string", "object"]},
    checks=_list_of(_CHECK),
    risk={"type": "string", "enum": ["low", "medium", "high"]},
    task_type=_TEXT,
    timeout={"type": "number"},
    max_tokens=_WHOLE,
    optional={"type": "boolean"},
)

_STEP: JsonObject = {**_STEP_OBJECT, "type": ["object", "string"]}
"""A step, or a line that means one."""

_SENTENCE: JsonObject = {
    **_object(
        [],
        text={"type": ["string", "object"], "maxLength": 1000},
        cites=_list_of(_TEXT),
        when=_TEXT,
        unless=_TEXT,
        **{"$": _TEXT, "$expr": _TEXT},
    ),
    "type": ["object", "string"],
    "maxLength": 1000,
}

PLAN_SCHEMA: JsonObject = {
    "title": "plan",
    **_object(
        ["steps"],
        reason={"type": "string", "maxLength": 2000},
        cannot={"type": ["string", "null"], "maxLength": 1000},
        steps={**_STEPS, "type": ["array", "string"]},
        then_plan={"type": "string", "maxLength": 500},
        later_tools=_list_of(_TEXT),
        withdraw=_list_of(_TEXT),
        answer={
            **_list_of(_SENTENCE, maxItems=20),
            "type": ["array", "object", "string"],
            "maxLength": 4000,
        },
    ),
    "$defs": {"step": _STEP},
}
