"""Fitting: whether a value of one shape can stand where another is wanted."""

from __future__ import annotations

from .shapes import Shape

_WORDS = {"text": "a text", "list": "a list", "object": "an object", "number": "a number"}


def misfit(got: Shape, wanted: Shape) -> str:
    """Return why a value can't fit, whatever it is; empty if it may.

    Args:
        got: What is known of the value.
        wanted: What is asked for, such as a tool's argument.
    """
    if "any" in (got.kind, wanted.kind):
        return ""
    if got.kind == "null" or (got.nullable and wanted.nullable):
        return "" if wanted.nullable else f"It is null, not {_words(wanted)}."
    if got.plain != wanted.plain:
        if wanted.kind == "text" and set(got.fields) == {"text"}:
            return "It is an object, whose text stands at .text."
        return f"It is {_words(got)}, not {_words(wanted)}."
    if got.options and wanted.options and not set(got.options) & set(wanted.options):
        return f"It is one of {list(got.options)}, not of {list(wanted.options)}."
    if got.item is not None and wanted.item is not None and got.kind == "list":
        inner = misfit(got.item, wanted.item)
        return f"Of its items: {inner}" if inner else ""
    return next(
        (
            f"Of its field {name!r}: {inner}"
            for name, field in wanted.fields.items()
            if name in got.fields and (inner := misfit(got.fields[name], field))
        ),
        "",
    )


def _words(shape: Shape) -> str:
    return _WORDS.get(shape.plain, shape.plain)
