"""Arguments that are a model step's fields: `pay(**due)` for `pay(iban=due.iban, sum=due.sum)`.

What a tool returned may hold anything, and nobody could check such a call. A model step's fields
are in the plan that asks for them.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from keyword import iskeyword

from ..state.values import Json, JsonObject
from .step_calls import SPREAD, refused

Schemas = Mapping[str, JsonObject]
"""Name of a step or of a loop's item → the schema of what it holds, where the plan says it."""


def spread(steps: Sequence[Json], known: Schemas) -> list[Json]:
    """Write the arguments of calls in full, those of loops too.

    Args:
        steps: Steps that are in full otherwise.
        known: Schemas of what may be read besides.

    Raises:
        PlanError: What is to be spread is no model step's object.
    """
    own = {
        str(step.get("id")): schema
        for step in steps
        if isinstance(step, dict) and isinstance(schema := step.get("output_schema"), dict)
    }
    schemas = {**known, **own}
    return [_in_full(step, schemas) if isinstance(step, dict) else step for step in steps]


def _in_full(step: JsonObject, schemas: Schemas) -> JsonObject:
    args, loop = step.get("args"), step.get("for_each")
    if isinstance(args, dict) and (sources := _sources(args.get(SPREAD))):
        named = {name: value for name, value in args.items() if name != SPREAD}
        fields = [_arguments(source, str(step.get("tool")), schemas) for source in sources]
        step = {**step, "args": {n: v for given in (*fields, named) for n, v in given.items()}}
    if isinstance(loop, dict) and isinstance(loop.get("steps"), list):
        item = _schema_of_item(str(loop.get("items")), schemas)
        inside = {**schemas, str(loop.get("item", "item")): item}
        step = {**step, "for_each": {**loop, "steps": spread(loop["steps"], inside)}}
    return step


def _sources(value: Json) -> list[str]:
    """Return the expressions behind `**`; none where a model wrote something else there."""
    forms = value if isinstance(value, list) else []
    return [form["$expr"] for form in map(_object, forms) if isinstance(form.get("$expr"), str)]


def _arguments(source: str, tool: str, schemas: Schemas) -> JsonObject:
    """Return the arguments that the fields of a value are."""
    schema, what = _schema_of(_parsed(source), schemas), source[:40]
    fields = _object(schema.get("properties"))
    absent = [name for name in fields if name not in _list(schema.get("required"))]
    if not fields or absent:
        holds = f"holds may lack {absent[0]}" if absent else "holds cannot be checked"
        raise refused(
            f"{tool} has arguments without names: what **{what} {holds}. "
            f"Write each as name=value, as in name={what}.name."
        )
    return {name: {"$expr": _read(source, name)} for name in fields}


def _read(source: str, name: str) -> str:
    plain = name.isidentifier() and not iskeyword(name)
    return f"{source}.{name}" if plain else f"{source}[{name!r}]"


def _schema_of_item(source: str, schemas: Schemas) -> JsonObject:
    match _parsed(source):
        case ast.ListComp(
            elt=ast.Name(id=brought),
            generators=[ast.comprehension(target=ast.Name(id=name), iter=listed)],
        ) if brought == name:
            found = _schema_of(listed, schemas)
        case node:
            found = _schema_of(node, schemas)
    return _object(found.get("items"))


def _schema_of(node: ast.expr | None, schemas: Schemas) -> JsonObject:
    """Return the schema of what a name, a field or an entry holds; empty if nobody says it."""
    match node:
        case ast.Name(id=name):
            return schemas.get(name, {})
        case ast.Attribute(value=value, attr=name):
            return _object(_object(_schema_of(value, schemas).get("properties")).get(name))
        case ast.Subscript(value=value, slice=ast.Constant(value=int())):
            return _object(_schema_of(value, schemas).get("items"))
        case _:
            return {}


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _parsed(source: str) -> ast.expr | None:
    try:
        return ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
