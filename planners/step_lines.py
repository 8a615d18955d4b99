"""Steps written as a line of Python: `paid = pay(order=found.id)` for the step that it means.

Models write calls, comprehensions and conditions of Python without being taught, in two thirds of
the characters that the step's JSON takes. A line is read, never run: what it means is a step like
any other, and is checked as one.
"""

from __future__ import annotations

import ast
import math
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..errors import ExpressionError, PlanError
from ..state.expressions.reading import unpacked
from ..state.values import Json, JsonObject

MODEL_STEPS = ("reason", "draft", "ask")
"""Names that begin the line of a model's or a person's step; a tool of that name is written out."""

LONGEST = 8_000
"""Characters of a line."""

_CONSTANTS = {"true": True, "false": False, "null": None}
_FORMS = (
    "Write name = tool(argument=value), name = [tool(argument=item.x) for item in list], or "
    "if condition: name = tool(…); or the step as an object."
)


def read_line(line: str) -> JsonObject:
    """Return the step that a line means.

    Raises:
        PlanError: It is no such line; the message says what stands where.
    """
    text, schema = _with_schema(line)
    return _Line(text, schema).step()


def is_f_string(text: str) -> bool:
    """Whether a text is an f-string, from quote to quote: what it tells is worked out."""
    if not text.startswith(("f'", 'f"')):
        return False
    body = _parsed(text)
    return (
        body is not None
        and len(body) == 1
        and isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.JoinedStr)
    )


def _with_schema(line: str) -> tuple[str, str]:
    """Split off the schema behind an arrow; an arrow may also stand in a text."""
    line = line.strip()
    head, arrow, schema = line.rpartition("->")
    if arrow and head.rstrip().endswith((")", "]")) and _parsed(line) is None:
        return head.strip(), schema.strip()
    return line, ""


def _parsed(text: str) -> list[ast.stmt] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text).body if len(text) <= LONGEST else None
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


@dataclass(frozen=True)
class _Line:
    """One line, its tree and its text side by side: expressions stay as they were written."""

    text: str
    schema: str

    def step(self) -> JsonObject:
        """Return the step."""
        # A line break within quotes is what a model means by it.
        for text in (self.text, self.text.replace("\r", "").replace("\n", "\\n")):
            body = _parsed(text)
            if body is not None and len(body) == 1:
                return _Line(text, self.schema)._statement(body[0])
        raise _refused(f"{self.text[:80]!r} is not one line of Python.")

    def _statement(self, statement: ast.stmt) -> JsonObject:
        when = ""
        if isinstance(statement, ast.If):
            if statement.orelse or len(statement.body) != 1:
                raise _refused(
                    "An if has one step and no else; write the other branch as its own step."
                )
            when, statement = self._source(statement.test), statement.body[0]
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                step = self._value(name, value)
            case _:
                raise _refused(f"{self._source(statement)[:80]!r} gives its step no name.")
        return {**step, "when": when} if when else step

    def _value(self, name: str, value: ast.expr) -> JsonObject:
        match value:
            case ast.Call():
                return {"id": name, **self._call(value)}
            case ast.ListComp(elt=ast.Call() as call, generators=[each]) if _has_one_name(each):
                inner = {"id": f"{name[:34]}_each", **self._call(call)}
                return {"id": name, "for_each": {**self._items(each), "steps": [inner]}}
            case ast.ListComp(elt=ast.Call() as call, generators=loops):
                inner = {"id": f"{name[:34]}_each", **self._call(call)}
                return {"id": name, "for_each": _over_several(loops, call, inner)}
            case _:
                raise _refused(f"{name} is no call of a tool.", where=name)

    def _items(self, each: ast.comprehension) -> JsonObject:
        item, items = self._source(each.target), self._source(each.iter)
        if each.ifs:
            kept = " and ".join(f"({self._source(test)})" for test in each.ifs)
            items = f"[{item} for {item} in ({items}) if {kept}]"
        return {"items": items, "item": item}

    def _call(self, call: ast.Call) -> JsonObject:
        if not isinstance(call.func, ast.Name | ast.Attribute):
            raise _refused(f"{self._source(call.func)[:80]!r} is no tool.")
        tool = self._source(call.func)
        if any(keyword.arg is None for keyword in call.keywords):
            raise _refused(f"{tool} has arguments without names. Write each as name=value.")
        named = {str(keyword.arg): self._argument(keyword.value) for keyword in call.keywords}
        if tool in MODEL_STEPS:
            return self._model_step(tool, call.args, named)
        if call.args:
            raise _refused(f"{tool} has arguments without names. Write each as name=value.")
        if self.schema:
            raise _refused(f"What {tool} returns is its own affair; only reason has a schema.")
        return {"tool": tool, "args": named}

    def _model_step(self, kind: str, given: list[ast.expr], named: JsonObject) -> JsonObject:
        match given:
            case [ast.Constant(value=str(prompt)), *inputs]:
                args = {self._name_of(value): self._argument(value) for value in inputs}
            case _:
                raise _refused(f"{kind} begins with its prompt, a text: {kind}('…', found).")
        step: JsonObject = {"kind": kind, "prompt": prompt, "args": {**args, **named}}
        return {**step, "output_schema": self.schema} if self.schema else step

    def _name_of(self, value: ast.expr) -> str:
        match value:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                return name
            case _:
                raise _refused(
                    f"{self._source(value)[:80]!r} needs a name: name={self._source(value)}."
                )

    def _argument(self, value: ast.expr) -> Json:
        match value:
            case ast.Constant(value=float() as literal) if not math.isfinite(literal):
                return {"$expr": self._source(value)}
            case ast.Constant(value=str() | bool() | int() | float() | None as literal):
                return literal
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return -number
            case ast.Name(id="true" | "false" | "null" as name):
                return _CONSTANTS[name]
            case ast.List(elts=items):
                return [self._argument(item) for item in items]
            case ast.Dict(keys=keys, values=values) if all(map(_is_text, keys)):
                return {
                    ast.literal_eval(key): self._argument(item)
                    for key, item in zip(keys, values, strict=True)
                    if key is not None
                }
            case ast.Call(func=ast.Name(id="attachment"), args=[ast.Constant(value=str(name))]):
                return {"$attachment": name}
            case _:
                return {"$expr": self._source(value)}

    def _source(self, node: ast.AST) -> str:
        return ast.get_source_segment(self.text, node) or ast.unparse(node)


def _has_one_name(each: ast.comprehension) -> bool:
    return isinstance(each.target, ast.Name)


def _over_several(loops: list[ast.comprehension], call: ast.Call, inner: JsonObject) -> JsonObject:
    """Return the loop over what several names stand for: those of them that its step reads."""
    bound = list(dict.fromkeys(name for loop in loops for name in _names(loop.target)))
    read = [name for name in bound if name in _names(call)] or bound[:1]
    nodes: list[ast.expr] = [ast.Name(name) for name in read]
    each = nodes[0] if len(nodes) == 1 else ast.List(nodes)
    items = ast.unparse(ast.ListComp(each, loops))
    if len(read) == 1:
        return {"items": items, "item": read[0], "steps": [inner]}
    item = "_".join(read)[:40]
    return {"items": items, "item": item, "steps": [_of_parts(inner, item, read)]}


def _names(node: ast.AST) -> list[str]:
    return [inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)]


def _of_parts(value: Json, item: str, names: list[str]) -> Any:
    """Have every expression read the item's parts; what is no expression its check will name."""
    match value:
        case {"$expr": str(source)}:
            with suppress(ExpressionError):
                return {"$expr": unpacked(source, item, names)}
            return value
        case list():
            return [_of_parts(each, item, names) for each in value]
        case dict():
            return {key: _of_parts(each, item, names) for key, each in value.items()}
        case _:
            return value


def _is_text(key: ast.expr | None) -> bool:
    return isinstance(key, ast.Constant) and isinstance(key.value, str)


def _refused(problem: str, *, where: str = "steps") -> PlanError:
    return PlanError(problem, where=where, fix=_FORMS)
