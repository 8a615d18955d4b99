"""Taking: whether a function takes what is known of an argument, before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...errors import ExpressionError
from ..shapes import Shape, ShapeKind
from .dates import check_form, moment_of
from .functions import Takes
from .kinds import in_words
from .truth import undecided

_MENDS: Mapping[ShapeKind, str] = {
    "list": "Name the list in it, or write [x].",
    "object": "Name the object in it.",
    "text": "Write text(x).",
    "number": "Write number(x).",
}
_LISTS = ("any", "list", "object")
_UNORDERED = frozenset({"object", "list", "boolean"})


def unfit(takes: Takes, shape: Shape) -> tuple[str, str]:
    """Return why a function can't take a value, whatever it is, and what mends it; else two blanks.

    Args:
        takes: What the function takes there.
        shape: What is known of the value.
    """
    if shape.kind == "any" or takes == "any":
        return "", ""
    match takes:
        case "numbers" | "truths" | "ordered":
            return _of_items(takes, shape)
        case "sized":
            fits = shape.kind in ("list", "text", "object")
            return ("", "") if fits else _not(shape, "a list, a text or an object", "")
        case "moment":
            return _told(shape, moment_of) or _fits(shape, "date", "text")
        case "form":
            return _told(shape, check_form) or _fits(shape, "text")
        case "list":
            return _fits(shape, "list", "object")
        case _:
            return _fits(shape, takes)


def words(shape: Shape) -> str:
    """Return the kind of a value as errors name it."""
    return "null" if shape.kind == "any" else in_words(shape.kind)


def _fits(shape: Shape, kind: ShapeKind, *others: ShapeKind) -> tuple[str, str]:
    if shape.kind in (kind, *others):
        return "", ""
    return _not(shape, words(Shape(kind)), _MENDS.get(kind, ""))


def _not(shape: Shape, wanted: str, fix: str) -> tuple[str, str]:
    return f"It is {words(shape)}, not {wanted}.", fix


def _told(shape: Shape, check: Callable[[str], object]) -> tuple[str, str]:
    """Return what is wrong with a text of which all values are known, if all are wrong."""
    problem = "", ""
    for option in shape.options:
        try:
            check(option)
        except ExpressionError as error:
            problem = error.message, error.fix
        else:
            return "", ""
    return problem


def _of_items(takes: Takes, shape: Shape) -> tuple[str, str]:
    if shape.kind not in _LISTS:
        return _fits(shape, "list")
    # An object goes by its keys. One of which no field is known may be empty, and then has none.
    keyed = Shape("text") if shape.fields or shape.item else None
    item = keyed if shape.kind == "object" else shape.item
    if item is None or item.kind == "any":
        return "", ""
    match takes:
        case "numbers" if item.kind != "number":
            inner = "values(x)" if shape.kind == "object" else "i.n for i in x"
            fix = f"Write sum({inner})."
            return f"Of its items each is {words(item)}, not a number.", fix
        case "truths":
            return _each(*undecided(item))
        case "ordered" if item.kind in _UNORDERED:
            return f"Of its items each is {words(item)}, which has no order.", (
                "Say by what: key=lambda i: i.n."
            )
        case _:
            return "", ""


def _each(problem: str, fix: str) -> tuple[str, str]:
    return (f"Of its items each: {problem}", fix) if problem else ("", "")
