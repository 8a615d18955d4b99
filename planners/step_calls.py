"""A call that a line of Python makes, as the fields of the step that it means."""

from __future__ import annotations

import ast
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ..errors import PlanError
from ..state.values import Json, JsonObject

MODEL_STEPS = ("reason", "draft", "ask")
"""Names that begin the line of a model's or a person's step; a tool of that name is written out."""

FORMS = (
    "Write name = tool(argument=value), name = [tool(argument=item.x) for item in list], or "
    "if condition: name = tool(…); or the step as an object."
)
_CONSTANTS = {"true": True, "false": False, "null": None}
_SCHEMA = "output_schema"
_AFTER = "after"
SPREAD = "**"
"""Name under which stands what all the fields of are arguments."""


Tools = Mapping[str, tuple[tuple[str, ...], frozenset[str]]]
"""Tool → the names of its arguments in their order, and those that it needs."""
NO_TOOLS: Tools = MappingProxyType({})


@dataclass(frozen=True)
class Written:
    """A line's text beside its tree: expressions stay as they were written."""

    text: str
    tools: Tools = field(default_factory=lambda: NO_TOOLS)

    def of(self, node: ast.AST) -> str:
        """Return the text of a node."""
        return ast.get_source_segment(self.text, node) or ast.unparse(node)

    def short(self, node: ast.AST) -> str:
        """Return the text of a node, quoted and cut short."""
        return repr(self.of(node)[:80])

    def call(self, call: ast.Call) -> JsonObject:
        """Return the fields of the step that a call means. Raises `PlanError`."""
        if not isinstance(call.func, ast.Name | ast.Attribute):
            raise refused(f"{self.short(call.func)} is no tool.")
        tool = self.of(call.func)
        given = [k for k in call.keywords if not self._is_order(tool, k)]
        order = [k.value for k in call.keywords if k not in given]
        named = self._named(tool, given)
        if tool in MODEL_STEPS:
            return self._model_step(tool, call.args, named)
        if _SCHEMA in named and _SCHEMA not in self.tools.get(tool, ((),))[0]:
            raise refused("What a tool returns is its own affair; only reason has a schema.")
        step: JsonObject = {"tool": tool, "args": {**self._placed(tool, call.args), **named}}
        return {**step, _AFTER: self._steps_before(order[0])} if order else step

    def _is_order(self, tool: str, keyword: ast.keyword) -> bool:
        """Whether it names what the call waits for, and is no argument of its tool."""
        taken = self.tools.get(tool, ((), frozenset[str]()))[0]
        return keyword.arg == _AFTER and tool not in MODEL_STEPS and _AFTER not in taken

    def _steps_before(self, value: ast.expr) -> list[Json]:
        """Return the steps that are to be done before."""
        names = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
        if not all(isinstance(name, ast.Name) for name in names):
            raise refused(f"after names steps: {self.short(value)} is none.", fix="after=paid.")
        return [self.of(name) for name in names]

    def _placed(self, tool: str, given: list[ast.expr]) -> JsonObject:
        """Return arguments without names: one, of a tool that needs one, is that one."""
        names, needed = self.tools.get(tool, ((), frozenset[str]()))
        only = [*needed] if len(needed) == 1 else [*names] if len(names) == 1 else []
        if len(given) <= len(only) and not any(isinstance(g, ast.Starred) for g in given):
            return {name: self.argument(value) for name, value in zip(only, given, strict=False)}
        form = ", ".join(f"{n}={self.of(g)[:40]}" for n, g in zip(names, given, strict=False))
        raise refused(
            f"{tool} has arguments without names. Write each as name=value"
            + (f": {tool}({form})." if form else ".")
        )

    def _named(self, tool: str, keywords: list[ast.keyword]) -> JsonObject:
        """Return the arguments by name; of what stands behind `**` only a literal has its own."""
        named: JsonObject = {}
        for keyword in keywords:
            if keyword.arg is not None:
                named[keyword.arg] = self.argument(keyword.value)
                continue
            match given := self.argument(keyword.value):
                case dict() if not any(name.startswith("$") for name in given):
                    named |= given
                case {"$expr": _} if tool not in MODEL_STEPS:
                    named[SPREAD] = [*named.get(SPREAD, []), given]
                case _:
                    what = self.of(keyword.value)[:40]
                    raise refused(
                        f"{tool} has arguments without names: what **{what} holds cannot be "
                        f"checked. Write each as name=value, as in name={what}.name."
                    )
        return named

    def _model_step(self, kind: str, given: list[ast.expr], named: JsonObject) -> JsonObject:
        schema, prompt = named.pop(_SCHEMA, None), named.pop("prompt", None)
        inputs: JsonObject = {}
        if given and prompt is None:
            prompt, given = self._prompt(given[0], inputs), given[1:]
        if not isinstance(prompt, str):
            raise refused(
                f"{kind} begins with its prompt, a plain text, and then has what it is about: "
                f"{kind}('…', found)."
            )
        for value in given:
            match self.argument(value):
                case dict() as fields if isinstance(value, ast.Dict):
                    inputs |= fields
                case form:
                    for part in value.elts if isinstance(value, ast.List) else [value]:
                        inputs[_name_of(part, inputs)] = (
                            self.argument(part) if isinstance(value, ast.List) else form
                        )
        step: JsonObject = {"kind": kind, "prompt": prompt, "args": {**inputs, **named}}
        return step if schema is None else {**step, _SCHEMA: schema}

    def _prompt(self, node: ast.expr, inputs: JsonObject) -> str | None:
        """Return a prompt; a value in it becomes an input, which the prompt names."""
        match node:
            case ast.JoinedStr(values=parts):
                texts = [self._prompt(part, inputs) for part in parts]
                return None if None in texts else "".join(map(str, texts))
            case ast.FormattedValue(value=value):
                name = _name_of(value, inputs)
                inputs[name] = self.argument(value)
                return f"`{name}`"
            case ast.Constant(value=str(text)):
                return text
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                head, tail = self._prompt(left, inputs), self._prompt(right, inputs)
                return None if head is None or tail is None else head + tail
            case _:
                return None

    def argument(self, value: ast.expr) -> Json:
        """Return what an argument is given: constants as literals, all else as an expression."""
        match value:
            case ast.Constant(value=float() as literal) if not math.isfinite(literal):
                return {"$expr": self.of(value)}
            case ast.Constant(value=str() | bool() | int() | float() | None as literal):
                return literal
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return -number
            case ast.Name(id="true" | "false" | "null" as name):
                return _CONSTANTS[name]
            case ast.List(elts=items) if not any(isinstance(i, ast.Starred) for i in items):
                return [self.argument(item) for item in items]
            case ast.Dict(keys=keys, values=values) if all(map(_is_text, keys)):
                return {
                    ast.literal_eval(key): self.argument(item)
                    for key, item in zip(keys, values, strict=True)
                    if key is not None
                }
            case ast.Call(func=ast.Name(id="attachment"), args=[ast.Constant(value=str(name))]):
                return {"$attachment": name}
            case _:
                return {"$expr": self.of(value)}


def _name_of(value: ast.expr, taken: Collection[str]) -> str:
    """Return what an input is called: after what is read, else a number."""
    match value:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            base = name
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name)):
            base = name
        case _:
            base = "value"
    numbered = (base if n == 1 else f"{base}_{n}" for n in range(1, len(taken) + 2))
    return next(name for name in numbered if name not in taken)


def _is_text(key: ast.expr | None) -> bool:
    return isinstance(key, ast.Constant) and isinstance(key.value, str)


def refused(problem: str, *, where: str = "steps", fix: str = FORMS) -> PlanError:
    """Return the error of a line that is no step."""
    return PlanError(problem, where=where, fix=fix)
