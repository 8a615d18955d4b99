"""Tools as a planner reads them: a line each, arguments and output in a short notation.

A JSON schema says in a hundred characters what `{city: text}` says in twelve, and every planner's
prompt holds them all. What the notation has no words for stays as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ..models.blocks import Block, render
from ..state.shapes import Shape
from ..state.values import Json, JsonObject, canonical_json
from ..tools.contract import ToolContract
from ..tools.schema import BOUNDS, bounds, follow
from .output_shapes import ToldShape, told

_KINDS = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
}
_WORDED = frozenset(
    {"type", "properties", "required", "items", "enum", "const", "anyOf", "oneOf", "$ref"}
    | {"additionalProperties", "description", "title", "default", "format", "$defs", *BOUNDS}
)
"""Keywords that the notation can say; a schema with any other is shown as it is."""
_DEPTH = 8
_SHARED = 48
"""Characters from which a shape that another tool returns too is shown only once."""


def tool_lines(
    contracts: Sequence[ToolContract],
    seen: Mapping[str, Shape] = MappingProxyType({}),
    *,
    clean: bool = True,
) -> str:
    """Describe tools: one line each, or a block where an outsider wrote the description.

    Args:
        contracts: The tools' contracts.
        seen: What their outputs looked like so far.
        clean: Whether who reads it has read no untrusted text.
    """
    shown: dict[str, str] = {}
    lines = (_line(c, told(c, seen.get(c.name), clean=clean), shown) for c in contracts)
    return "\n".join(lines) or "none"


def _line(contract: ToolContract, output: ToldShape | None, shown: dict[str, str]) -> str:
    own = f"{contract.description} args {arguments(contract.args_schema)}"
    refusals = f" {contract.refusals()}" if contract.nothing_happened else ""
    head = f"- {contract.name} ({contract.effect}):{refusals}"
    if contract.described_by:
        source = f"{contract.described_by}#{contract.name}"
        text = f"{own}{_returns(contract, output, {})}"
        block = Block(name=contract.name, text=text, sources=(source,))
        return f"{head} described by its server:\n{render(block)}"
    return f"{head} {own}{_returns(contract, output, shown)}"


def _returns(contract: ToolContract, output: ToldShape | None, shown: dict[str, str]) -> str:
    """Return what the tool returns; what another one returns too is named by that one."""
    if output is None:
        return ""
    shape = output.shape
    if output.sources:
        name = f"{contract.name} returns"
        block = Block(name=name, text=str(shape), sources=output.sources)
        return f" {output.words}:\n{render(block)}"
    item = shape.item if shape.kind == "list" and shape.item and not shape.nullable else shape
    text = _named(str(item), contract.name, shown)
    return f" {output.words} {text if item is shape else f'[{text}]'}"


def _named(text: str, tool: str, shown: dict[str, str]) -> str:
    if len(text) < _SHARED:
        return text
    first = shown.setdefault(text, tool)
    # A shape that was cut to fit may be another one.
    return text if first == tool or "…" in text else f"what {first} returns"


def arguments(schema: JsonObject) -> str:
    """Write the schema of a tool's arguments: `{city: text (Where.), n?: integer = 10}`."""
    text = _written(schema, schema, 0)
    # A part that stays JSON may refer to definitions that only the whole has.
    return canonical_json(schema) if '"$ref"' in text else text


def _written(schema: Json, root: JsonObject, depth: int) -> str:
    if not isinstance(schema, dict) or schema.keys() - _WORDED or depth > _DEPTH:
        return canonical_json(schema)
    if "$ref" in schema:
        return _written(follow(schema, root), root, depth + 1)
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return _either([_written(part, root, depth + 1) for part in schema[key]])
    if "const" in schema or "enum" in schema:
        return _options(schema)
    kinds = schema.get("type", "object" if "properties" in schema else None)
    if not isinstance(kinds, list):
        return _one(kinds, schema, root, depth)
    return _either([_one(kind, schema, root, depth) for kind in kinds])


def _either(options: Sequence[str]) -> str:
    return " or ".join(dict.fromkeys(options))


def _options(schema: JsonObject) -> str:
    options = schema.get("enum", [schema.get("const")])
    return " | ".join(map(canonical_json, options))


def _one(kind: Json, schema: JsonObject, root: JsonObject, depth: int) -> str:
    match kind:
        case "object":
            return _object(schema, root, depth)
        case "array":
            text = f"[{_written(schema.get('items', {}), root, depth + 1)}]"
        case "null":
            return "null"
        case None:
            text = "any"
        case _:
            text = _KINDS.get(str(kind), "any")
    said = [*([str(schema["format"])] if "format" in schema else []), *bounds(schema)]
    return f"{text} {', '.join(said)}" if said else text


def _object(schema: JsonObject, root: JsonObject, depth: int) -> str:
    required = schema.get("required", [])
    fields = [
        _field(name, part, root, depth, required=name in required)
        for name, part in schema.get("properties", {}).items()
    ]
    other = schema.get("additionalProperties", bool(not fields))
    if other:
        inner = _written(other, root, depth + 1) if isinstance(other, dict) else "any"
        fields.append(f"any name: {inner}")
    return f"{{{', '.join(fields)}}}"


def _field(name: str, part: Json, root: JsonObject, depth: int, *, required: bool) -> str:
    text = _written(part, root, depth + 1)
    if not isinstance(part, dict) or part.keys() - _WORDED:
        return f"{name}{'' if required else '?'}: {text}"
    if "default" in part and part["default"] is None:
        # What is left out is null.
        text = text.removesuffix(" or null")
    elif "default" in part:
        text = f"{text} = {canonical_json(part['default'])}"
    about = " ".join(str(part.get("description", "")).split())
    return f"{name}{'' if required else '?'}: {text}{f' ({about})' if about else ''}"
