"""Syntax: text → checked tree. The grammar is Python's expressions, less than a third of it.

Python's own parser reads the text; what stands in the tree is checked against a list of what the
language has. Nothing of it is ever given to Python to run.
"""

from __future__ import annotations

import ast
import difflib
import functools
import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from ...errors import ExpressionError
from .functions import FORMS, METHODS, NAMES, function
from .limits import MAX_DEPTH, MAX_LENGTH
from .python_dates import as_functions

CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
"""Names that JSON has for Python's constants."""

_PLAIN = (
    ast.BoolOp, ast.And, ast.Or, ast.Not, ast.UnaryOp, ast.USub, ast.UAdd, ast.IfExp,
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow,
    ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn,
    ast.Is, ast.IsNot, ast.Name, ast.Load, ast.Store, ast.Attribute, ast.Subscript, ast.Slice,
    ast.List, ast.Tuple, ast.Set, ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp,
    ast.JoinedStr, ast.arguments, ast.arg, ast.keyword,
)  # fmt: skip
_FOUND_ELSEWHERE: dict[type[ast.AST], str] = {
    ast.NamedExpr: "Write the value where it is used.",
    ast.Starred: "Put lists together with `a + b`.",
    ast.Await: "Values are there already.",
}
_OF_OTHER_LANGUAGES = {
    "&&": "Write `and`.",
    "||": "Write `or`.",
    "===": "Write `==`.",
    "!==": "Write `!=`.",
    "=>": "Write `lambda x: …`, or a comprehension.",
    "?": "Write `a if condition else b`.",
    "{{": "Write it without braces.",
    "$": "Name the step: `found.id`.",
    "!": "Write `not x`.",
}
_OF_PYTHON = {
    "format": 'Write an f-string: f"It costs {x.total:.2f}."',
    "timedelta": "Write add_days(d, n), add_minutes(d, n) or days_between(a, b).",
    "strptime": 'Write date(x, "%d.%m.%Y") or datetime(x, …).',
    "fromisoformat": "Write date(x) or datetime(x).",
    "dumps": "Write text(x).",
    "append": "Put lists together with a + b.",
    "extend": "Put lists together with a + b.",
    "index": "Number the items: [n for n, i in enumerate(x) if …][0].",
    "find": "Ask `a in b`, or cut with split.",
    "isinstance": "Kinds are known from what a tool returns.",
    "today": "Write today().",
    "now": "Write now(), or today().",
    "date": "Write date(x).",
    "zfill": 'Write f"{n:05d}".',
    **dict.fromkeys(
        ("sub", "match", "search", "findall", "fullmatch"),
        "There are no regular expressions: use split, replace, startswith or in.",
    ),
}
"""What is written for what the language has under another name."""


@dataclass(frozen=True)
class Expression:
    """An expression that keeps the rules of the language."""

    source: str
    tree: ast.expr

    def __str__(self) -> str:
        return self.source


def printed(node: ast.AST) -> str:
    """Write a tree as text.

    Raises:
        ExpressionError: It has no spelling: an f-string with quotes inside of quotes.
    """
    try:
        return ast.unparse(node)
    except ValueError as error:
        raise ExpressionError(
            "An f-string has quotes inside of quotes.", fix="Put texts together with join."
        ) from error


def cut(node: ast.AST) -> str:
    """Return a part of an expression as an error quotes it."""
    try:
        written = ast.unparse(node)
    except ValueError:
        return "f'…'"
    return written if len(written) <= 80 else f"{written[:79]}…"


@functools.lru_cache(maxsize=1024)
def parse(source: str) -> Expression:
    """Read an expression.

    Raises:
        ExpressionError: It is too long, nested too deep, no expression, or uses what the
            language does not have; the message names the part.
    """
    if len(source) > MAX_LENGTH:
        raise ExpressionError(
            f"The expression has {len(source)} characters; {MAX_LENGTH} is the limit.",
            fix="Cut it in two steps, or let a tool do it.",
        )
    tree = _read(source.strip())
    for node, depth in _walk(tree):
        if depth > MAX_DEPTH:
            raise ExpressionError(
                f"The expression is nested more than {MAX_DEPTH} deep.",
                fix="Use sum, join or any over a list instead of a long chain.",
            )
        _check(node)
    _check_lambdas(tree)
    return Expression(source=source, tree=tree)


def _read(source: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            # What Python only warns about, such as a mistaken escape, is refused.
            warnings.simplefilter("error")
            return as_functions(ast.parse(source, mode="eval").body)
    except SyntaxError as error:
        near = source[max(0, (error.offset or 1) - 1) :][:40]
        raise ExpressionError(
            f"This is no expression: {error.msg}{f', near `{near}`' if near else ''}.",
            fix=_mended(source),
        ) from error
    except (ValueError, MemoryError, RecursionError) as error:
        raise ExpressionError(
            f"This is no expression: {error or 'it is nested too deep'}."
        ) from error


def _mended(source: str) -> str:
    foreign = (fix for sign, fix in _OF_OTHER_LANGUAGES.items() if sign in source)
    return next(foreign, "Write one Python expression.")


def _walk(tree: ast.AST) -> Iterator[tuple[ast.AST, int]]:
    left = [(tree, 0)]
    while left:
        node, depth = left.pop()
        yield node, depth
        left.extend((child, depth + 1) for child in ast.iter_child_nodes(node))


def _check(node: ast.AST) -> None:
    match node:
        case ast.Constant():
            _check_constant(node)
        case ast.Call():
            _check_call(node)
        case ast.comprehension():
            _check_target(node)
        case ast.Lambda(args=args):
            if len(args.args) != 1 or len(list(ast.iter_child_nodes(args))) != 1:
                raise _refused(node, "A lambda takes one argument", "Write lambda x: …")
        case ast.Dict(keys=keys):
            if None in keys:
                raise _refused(node, "`**` is not part of the language", "Name each field.")
        case ast.FormattedValue():
            _check_formatted(node)
        case _ if not isinstance(node, _PLAIN):
            what = type(node).__name__
            fix = _FOUND_ELSEWHERE.get(type(node), "Write it another way.")
            raise _refused(node, f"{what} is not part of the language", fix)
        case _:
            pass


def _refused(node: ast.AST, message: str, fix: str) -> ExpressionError:
    return ExpressionError(f"{message}.", where=f"`{cut(node)}`", fix=fix)


def _check_constant(node: ast.Constant) -> None:
    value = node.value
    finite = not isinstance(value, float) or math.isfinite(value)
    if not (value is None or isinstance(value, bool | int | float | str)) or not finite:
        raise _refused(node, "This constant is no JSON value", "Use text, numbers, true or null.")


def _check_target(node: ast.comprehension) -> None:
    target = node.target
    names = target.elts if isinstance(target, ast.Tuple) else [target]
    if node.is_async or not all(isinstance(name, ast.Name) for name in names):
        raise _refused(node.target, "A loop binds a name or names", "Write `for x in …`.")


def _check_formatted(node: ast.FormattedValue) -> None:
    spec = node.format_spec
    constant = spec is None or (
        isinstance(spec, ast.JoinedStr) and all(isinstance(v, ast.Constant) for v in spec.values)
    )
    if node.conversion != -1 or not constant:
        raise _refused(node.value, "This format is not part of the language", "Write {x:.2f}.")


def _check_call(node: ast.Call) -> None:
    name = called(node)
    arguments = len(node.args) + isinstance(node.func, ast.Attribute)
    if any(isinstance(a, ast.Starred) for a in node.args) or any(not k.arg for k in node.keywords):
        raise _refused(node, "`*` in a call is not part of the language", "Pass the list itself.")
    if name in FORMS:
        (least, most), keywords = FORMS[name], frozenset[str]()
    else:
        known = function(name)
        least, most, keywords = known.least, known.most, known.keywords
    if not least <= arguments <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise _refused(node, f"{name} takes {wanted} arguments, not {arguments}", "")
    given = [keyword.arg or "" for keyword in node.keywords]
    if arguments + len(given) > max(most, least + len(keywords)):
        raise _refused(node, f"{name} gets an argument twice", _listed(keywords))
    if unknown := set(given) - keywords:
        raise _refused(node, f"{name} has no {sorted(unknown)[0]}=", _listed(keywords))
    if name == "has" and not _is_path(node.args[0]):
        raise _refused(node, "has takes a path", "Write has(step.field).")
    if name == "attachment" and not (
        isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    ):
        raise _refused(node, "attachment takes a name in quotes", 'Write attachment("a.txt").')


def _listed(keywords: frozenset[str]) -> str:
    return f"It has {', '.join(sorted(keywords))}." if keywords else ""


def called(node: ast.Call) -> str:
    """Return the name of the function that a call means.

    Raises:
        ExpressionError: There is no such function or method.
    """
    match node.func:
        case ast.Name(id=name) if name in NAMES:
            return name
        case ast.Attribute(attr=name) if name in METHODS:
            return name
        case ast.Name(id=name):
            raise _unknown(node, f"There is no function {name}", name, NAMES)
        case ast.Attribute(attr=name):
            raise _unknown(node, f"There is no method .{name}()", name, NAMES)
        case _:
            raise _refused(node, "Only a function by its name can be called", "Write f(x).")


def _unknown(node: ast.AST, message: str, name: str, known: frozenset[str]) -> ExpressionError:
    near = difflib.get_close_matches(name, known, n=3)
    known_ones = f"A tool is called by a step of its own. Functions are {', '.join(sorted(known))}."
    fix = f"Did you mean {' or '.join(near)}?" if near else known_ones
    return _refused(node, message, _OF_PYTHON.get(name, fix))


def format_of(node: ast.FormattedValue) -> str:
    """Return the format behind the colon of a part of an f-string."""
    spec = node.format_spec
    parts = spec.values if isinstance(spec, ast.JoinedStr) else ()
    return "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))


def _is_path(node: ast.expr) -> bool:
    match node:
        case ast.Name():
            return True
        case ast.Attribute(value=inner):
            return _is_path(inner)
        case ast.Subscript(value=inner):
            return _is_path(inner)
        case _:
            return False


def _check_lambdas(tree: ast.expr) -> None:
    """A lambda stands as an argument of a function and nowhere else."""
    allowed = {
        id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda) and id(node) not in allowed:
            raise _refused(node, "A lambda stands here", "Use it as key= of sorted, min or max.")
