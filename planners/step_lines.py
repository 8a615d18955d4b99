"""Steps written as Python: `paid = pay(order=found.id)` for the step that it means.

Models write calls, comprehensions and conditions of Python without being taught, in two thirds of
the characters that the step's JSON takes. A line is read, never run: what it means are steps like
any other, and they are checked as such.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from ..errors import ExpressionError
from ..state.expressions.functions import METHODS, NAMES
from ..state.expressions.python_dates import as_functions
from ..state.expressions.reading import unpacked
from ..state.values import Json, JsonObject
from .named_values import VALUE
from .nested_calls import unnested
from .step_calls import MODEL_STEPS, NO_TOOLS, Tools, Written, refused

LONGEST = 32_000
"""Characters of a line, or of all lines of a plan."""

_LOOPED = (ast.Call, ast.Await, ast.IfExp, ast.ListComp, ast.GeneratorExp)
NAMELESS = ""
"""The id of a step that its line gave no name, until it has one."""
_SCHEMA = "output_schema"
# Each takes what it began with to its end, or to the end of the text: nothing is tried twice.
_QUOTED = (
    r"""'''(?:\\(?:.|\n)?|[^'\\]|'(?!''))*+(?:'''|\Z)"""
    r"""|\"\"\"(?:\\(?:.|\n)?|[^"\\]|"(?!""))*+(?:\"\"\"|\Z)"""
    r"""|'(?:\\(?:.|\n)?|[^'\\])*+(?:'|\Z)|"(?:\\(?:.|\n)?|[^"\\])*+(?:"|\Z)"""
)
_ARROW = re.compile(_QUOTED + r"|(?P<arrow>\)\s*->)")
_SCHEMA_PART = re.compile(_QUOTED + r"|[\[\]{}]|\w+|\S")
_FENCE = re.compile(r"```(?:python)?[^\S\n]*+\n(.*?)```", re.DOTALL)
_BULLET = re.compile(r"\A(?:[-*]|\d{1,3}[.)])\s+")
_NO_STATEMENT: dict[type[ast.AST], tuple[str, str]] = {
    ast.While: ("There is no while.", "Loop over a list, or set then_plan to look again."),
    ast.Try: ("There is no try.", 'Write the step as an object with "on_error".'),
    ast.Assert: ("There is no assert.", 'Write the step as an object with "checks".'),
    ast.Return: ("There is no return.", "Say what is to be told in answer."),
    ast.Break: ("There is no break.", "Loop over those items that are meant: [x for x in … if …]."),
    ast.Continue: ("There is no continue.", "Put what follows under the condition: if …: …"),
    ast.FunctionDef: ("There is no def.", "Write each step of it, and a loop for what repeats."),
    ast.AugAssign: ("A value is never changed.", "Write the expression where it is read."),
}


def read_lines(text: str, tools: Tools = NO_TOOLS) -> list[JsonObject]:
    """Return what a line means: one step, those of an `if` or a loop, or a value that it names.

    Raises:
        PlanError: It is no such line; the message says what stands where.
    """
    fenced = _FENCE.fullmatch(text.strip())
    bare = (fenced[1] if fenced else text).strip().strip("`").strip()
    line = _with_schemas(_BULLET.sub("", bare))
    if line.startswith("#") and "\n" not in line:
        return []
    return _StepLine(unnested(line, {*tools, *MODEL_STEPS}, _parse), tools).steps()


def with_names(steps: Sequence[Any], taken: set[str]) -> list[Any]:
    """Name the steps whose lines gave them none after their tools, those of loops too.

    Args:
        steps: Steps, and lines that are read elsewhere.
        taken: Names that are given already; those of the steps are added.
    """
    taken |= set(_given_names(steps))
    return [_with_name(step, taken) if isinstance(step, dict) else step for step in steps]


def _given_names(steps: Sequence[Any]) -> Iterator[str]:
    for step in steps:
        if isinstance(step, dict):
            yield str(step.get("id", ""))
            loop = step.get("for_each")
            yield from _given_names(loop.get("steps", ()) if isinstance(loop, dict) else ())


def _with_name(step: JsonObject, taken: set[str]) -> JsonObject:
    loop = step.get("for_each")
    if isinstance(loop, dict) and "steps" in loop:
        step = {**step, "for_each": {**loop, "steps": with_names(loop["steps"], taken)}}
    if step.get("id") != NAMELESS:
        return step
    base = _called_like(step)
    numbered = (base if n == 1 else f"{base}_{n}" for n in range(1, len(taken) + 2))
    name = next(name for name in numbered if name not in taken)
    taken.add(name)
    return {**step, "id": name}


def _called_like(step: JsonObject) -> str:
    """Return a name for a step after its tool."""
    what = str(step.get("tool") or step.get("kind")).rpartition(".")[2].lower()
    return re.sub(r"\A(?![a-z])", "s_", re.sub(r"[^a-z0-9_]", "_", what))[:36]


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


def _with_schemas(line: str) -> str:
    """Write each schema behind an arrow as an argument; an arrow may also stand in a text."""
    found = [*_ARROW.finditer(line)] if "->" in line and _parsed(line) is None else []
    for arrow in reversed([match for match in found if match["arrow"]]):
        end = _end_of_schema(line, arrow.end())
        schema = line[arrow.end() : end].strip()
        call = line[: arrow.start()].rstrip()
        comma = "" if call.endswith(("(", ",")) else ", "
        line = f"{call}{comma}{_SCHEMA}={schema!r}){line[end:]}"
    return line


def _end_of_schema(line: str, start: int) -> int:
    """Return where a schema ends: with its brackets, or its first word."""
    depth = 0
    for match in _SCHEMA_PART.finditer(line, start):
        depth += (match[0] in "[{") - (match[0] in "]}")
        if depth <= 0:
            return match.end()
    return len(line)


def _parsed(text: str) -> list[ast.stmt] | None:
    try:
        return _parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _parse(text: str) -> list[ast.stmt]:
    if len(text) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST} characters")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text).body


@dataclass(frozen=True)
class _StepLine:
    """One line, and the conditions that its steps stand under."""

    text: str
    tools: Tools
    under: tuple[str, ...] = ()

    @property
    def _written(self) -> Written:
        return Written(self.text, self.tools)

    def steps(self) -> list[JsonObject]:
        """Return the steps."""
        # A line break within quotes is what a model means by it. A carriage return is part of some
        # value, which Python would read as a line break.
        written = _on_one_line(self.text)
        for text in (written,) if "\r" in self.text else (self.text, written):
            if body := _parsed(text):
                return _StepLine(text, self.tools)._group(body)
        raise refused(f"{_faulty(self.text)[:80]!r} is not one line of Python{_why(self.text)}.")

    def _group(self, body: Sequence[ast.stmt]) -> list[JsonObject]:
        steps: list[JsonObject] = []
        for at, statement in enumerate(body):
            match statement:
                case ast.If(test=test, body=[ast.Continue()], orelse=[]):
                    rest = self._under(f"not ({self._written.of(test)})")
                    return [*steps, *rest._group(body[at + 1 :])]
                case _:
                    steps += self._statement(statement)
        return steps

    def _statement(self, statement: ast.stmt) -> list[JsonObject]:
        match statement:
            case ast.If(test=test, body=body, orelse=others):
                condition = self._written.of(test)
                here, else_ = self._under(condition), self._under(f"not ({condition})")
                return [*here._group(body), *else_._group(others)]
            case ast.For(target=target, iter=listed, body=body, orelse=[]):
                return [self._loop(target, listed, self._inside()._group(body))]
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                | ast.Expr(value=ast.NamedExpr(target=ast.Name(id=name), value=value))
            ):
                return self._given(name, value)
            case ast.Assign(targets=[ast.Name(id=name), *others], value=value) if all(
                isinstance(other, ast.Name) for other in others
            ):
                again = [{"id": self._written.of(o), VALUE: {"$expr": name}} for o in others]
                return [*self._given(name, value), *map(self._with_condition, again)]
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="append" | "extend" | "add"))):
                raise refused(
                    "A list is never changed.",
                    fix="A loop gathers by itself: its output is the list of what its last step "
                    "gave for each item.",
                )
            case ast.Expr(value=ast.Call() | ast.Await() as value):
                return [self._named(NAMELESS, value)]
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)) if len(
                names
            ) == len(values) and all(isinstance(name, ast.Name) for name in names):
                pairs = zip(names, values, strict=True)
                return [s for n, value in pairs for s in self._given(self._written.of(n), value)]
            case ast.Assign(targets=[ast.Tuple()]):
                raise refused(
                    f"{self._written.short(statement)} names the parts of what it gives.",
                    fix="Name it once, and read its parts: found[0], found.total.",
                )
            case ast.Pass():
                return []
            case _:
                raise self._no_step(statement)

    def _under(self, condition: str) -> _StepLine:
        return _StepLine(self.text, self.tools, (*self.under, condition))

    def _inside(self) -> _StepLine:
        return _StepLine(self.text, self.tools)

    def _no_step(self, statement: ast.stmt) -> Exception:
        for kind, (problem, fix) in _NO_STATEMENT.items():
            if isinstance(statement, kind):
                return refused(problem, fix=fix)
        return refused(f"{self._written.short(statement)} gives its step no name.")

    def _given(self, name: str, value: ast.expr) -> list[JsonObject]:
        """Return what a name is given: a step, two of which one runs, or a value."""
        name = NAMELESS if name == "_" else name
        match value:
            case ast.IfExp(test=test, body=ast.Call() as one, orelse=ast.Call() as other) if (
                self._is_step(one) and self._is_step(other)
            ):
                condition = self._written.of(test)
                first, second = self._under(condition), self._under(f"not ({condition})")
                return [first._named(name, one), second._named(name, other)]
            case _ if name and self._is_value(value):
                form = self._written.argument(value)
                return [self._with_condition({"id": name, VALUE: form})]
            case _:
                return [self._named(name, value)]

    def _is_step(self, call: ast.Call) -> bool:
        match call.func:
            case ast.Name(id=name):
                return name not in NAMES
            case ast.Attribute(value=ast.Name() | ast.Attribute(), attr=name):
                return self._written.of(call.func) in self.tools or name not in METHODS
            case ast.Attribute():
                return False
            case _:
                return True

    def _is_value(self, value: ast.expr) -> bool:
        """Whether what a name is given is worked out, and calls nothing."""
        # Reading dates changes the tree, and the line is told by what stands in it.
        read = as_functions(deepcopy(value))
        calls = (node for node in ast.walk(read) if isinstance(node, ast.Call))
        return not any(map(self._is_step, calls))

    def _named(self, name: str, value: ast.expr) -> JsonObject:
        """Return the step that a name is given, with the condition that it stands under."""
        match value:
            case ast.Await(value=inner):
                return self._named(name, inner)
            case ast.IfExp(test=test, body=ast.Call() as call, orelse=ast.Constant(value=None)):
                return self._under(self._written.of(test))._named(name, call)
            case ast.Call(func=ast.Name(id="list" | "tuple"), args=[ast.GeneratorExp() as inner]):
                return self._named(name, inner)
            case ast.Call(func=ast.Name(id=function), args=[_, *_]) if function in NAMES:
                raise self._no_call(name, value)
            case ast.Call():
                return self._with_condition({"id": name, **self._written.call(value)})
            case (
                ast.ListComp(elt=elt, generators=loops)
                | ast.GeneratorExp(elt=elt, generators=loops)
            ):
                if not isinstance(elt, _LOOPED):
                    raise self._no_call(name, value)
                inner = self._inside()._named(f"{name[:34]}_each", elt)
                if "for_each" in inner:
                    raise refused(
                        f"{name} is a loop in a loop.", fix=f"Write for two times: {name} = "
                        "[tool(…) for a in list for b in a.items], or the loop as an object.",
                    )  # fmt: skip
                # What a call waits for, its loop waits for: within it nobody could know of that.
                order = {"after": inner.pop("after")} if "after" in inner else {}
                loop = self._over(loops, elt, inner)
                return self._with_condition({"id": name, **order, "for_each": loop})
            case _:
                raise self._no_call(name, value)

    def _with_condition(self, step: JsonObject) -> JsonObject:
        if not self.under:
            return step
        parts = self.under if len(self.under) == 1 else [f"({part})" for part in self.under]
        return {**step, "when": " and ".join(parts)}

    def _no_call(self, name: str, value: ast.expr) -> Exception:
        problem = f"{name} is no call of a tool."
        called = [node.func for node in ast.walk(value) if isinstance(node, ast.Call)]
        tools = [f.id for f in called if isinstance(f, ast.Name) and f.id not in NAMES]
        match value:
            case ast.IfExp() | ast.BoolOp() if tools:
                fix = f"Write if condition: {name} = {tools[0]}(…), and else: another name."
            case _ if tools:
                fix = f"A call is a step of its own: first = {tools[0]}(…); then read first."
            case _:
                fix = f"A value is worked out where it is read: write it there in place of {name}."
        return refused(problem, where=name, fix=fix)

    def _loop(self, target: ast.expr, listed: ast.expr, steps: list[JsonObject]) -> JsonObject:
        """Return the loop that a `for` with steps means; it is called after the last of them."""
        if not steps:
            raise refused("The loop has no steps.")
        name = f"each_{steps[-1]['id'] or _called_like(steps[-1])}"[:40]
        if isinstance(target, ast.Name):
            loop: JsonObject = {"items": self._written.of(listed), "item": target.id}
            return self._with_condition({"id": name, "for_each": {**loop, "steps": steps}})
        parts = list(dict.fromkeys(_names(target)))
        item = "_".join(parts)[:40]
        loop = {"items": self._written.of(listed), "item": item}
        group = [_of_parts(step, item, parts) for step in steps]
        return self._with_condition({"id": name, "for_each": {**loop, "steps": group}})

    def _over(
        self, loops: Sequence[ast.comprehension], elt: ast.expr, inner: JsonObject
    ) -> JsonObject:
        """Return the loop of a comprehension, over what its step reads of what it names."""
        match loops:
            case [ast.comprehension(target=ast.Name(id=item), iter=listed, ifs=tests)]:
                items = self._written.of(listed)
                if tests:
                    kept = " and ".join(f"({self._written.of(test)})" for test in tests)
                    items = f"[{item} for {item} in ({items}) if {kept}]"
                return {"items": items, "item": item, "steps": [inner]}
            case _:
                return _over_several(loops, elt, inner)


def _over_several(
    loops: Sequence[ast.comprehension], elt: ast.expr, inner: JsonObject
) -> JsonObject:
    """Return the loop over what several names stand for: those of them that its step reads."""
    bound = list(dict.fromkeys(name for loop in loops for name in _names(loop.target)))
    read = [name for name in bound if name in _names(elt)] or bound[:1]
    nodes: list[ast.expr] = [ast.Name(name) for name in read]
    each = nodes[0] if len(nodes) == 1 else ast.List(nodes)
    items = ast.unparse(ast.ListComp(each, list(loops)))
    if len(read) == 1:
        return {"items": items, "item": read[0], "steps": [inner]}
    item = "_".join(read)[:40]
    return {"items": items, "item": item, "steps": [_of_parts(inner, item, read)]}


def _names(node: ast.AST) -> list[str]:
    return [inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)]


_EXPRESSIONS = ("$expr", "when", "items")
"""Keys of a step under which a text is an expression."""


def _of_parts(value: Json, item: str, names: list[str]) -> Any:
    """Have every expression read the item's parts; what is no expression its check will name."""
    match value:
        case list():
            return [_of_parts(each, item, names) for each in value]
        case dict():
            return {
                key: _part_read(inner, item, names)
                if key in _EXPRESSIONS and isinstance(inner, str)
                else _of_parts(inner, item, names)
                for key, inner in value.items()
            }
        case _:
            return value


def _part_read(source: str, item: str, names: list[str]) -> str:
    with suppress(ExpressionError):
        return unpacked(source, item, names)
    return source


def _on_one_line(text: str) -> str:
    """Write what stands within quotes and ends a line, or a text, as Python does."""

    def written(quoted: re.Match[str]) -> str:
        triple = quoted[0].startswith(("'''", '"""'))
        told = quoted[0].replace("\0", "\\x00").replace("\r", "\\r")
        return told if triple else told.replace("\n", "\\n")

    return re.sub(_QUOTED, written, text)


def _faulty(text: str) -> str:
    """Return the line of a text that Python's parser stumbles over."""
    try:
        _parse(text)
    except SyntaxError as error:
        lines = text.splitlines()
        at = (error.lineno or 1) - 1
        return lines[at].strip() if at < len(lines) else text
    except (ValueError, MemoryError, RecursionError):
        pass
    return text


def _why(text: str) -> str:
    """Return what Python's parser says of a text that it cannot read."""
    try:
        _parse(text)
    except (SyntaxError, ValueError) as error:
        return f": {error.msg if isinstance(error, SyntaxError) else error}"
    except (MemoryError, RecursionError):
        return ": it is nested too deeply"
    return ""
