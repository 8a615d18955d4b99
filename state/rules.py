"""Rules: the `checks` of a step, compared with what is known of its output."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial

from ..errors import ExpressionError, PlanError
from .contradictions import contradiction
from .expressions.dates import moment_of
from .expressions.inference import infer
from .expressions.syntax import Expression
from .plan import Check, Step
from .references import references
from .shapes import ANY, Shape, at_path
from .values import Json

_ORDER = ("lt", "le", "gt", "ge")
SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="} | {
    "in": "in",
    "not_in": "not in",
}
"""How expressions write what a rule asks."""


def check_rules(step: Step, output: Shape, shape_of: Callable[[Json], Shape]) -> None:
    """Refuse rules that no output can keep.

    Args:
        step: The step.
        output: What is known of its output.
        shape_of: Says what is known of a rule's value.

    Raises:
        PlanError: A rule looks where nothing is, or compares what is never equal.
    """
    for rule in step.checks:
        found = _found(step, rule, output)
        value = shape_of(rule.value)
        if rule.op in ("in", "not_in"):
            if value.kind not in ("any", "list"):
                raise _wrong(step, f"{rule.op} needs a list, not {value.kind}.", "Write [a, b].")
            if rule.op == "in" and value.kind == "list" and value.item is None:
                raise _wrong(step, "Nothing is in an empty list.", "Say what may stand there.")
            value = value.item or ANY
        if rule.op in ("exists", "not_empty") or "any" in (found.kind, value.kind):
            continue
        if rule.op in _ORDER and found.kind not in ("number", "text", "date"):
            raise _wrong(step, f"{rule.op} orders no {found.kind}.", "Use eq or ne.")
        nullable = rule.op not in _ORDER and (found.nullable or value.nullable)
        if found.plain != value.plain and not nullable:
            raise _wrong(
                step,
                f"At {rule.path!r} stands {found.kind}; it is compared with {value.kind}.",
                f"Compare it with a value of kind {found.kind}.",
            )
        if found.form and isinstance(rule.value, str):
            _check_day(step, rule.value)

    shape_at = partial(_shape_at, output)
    if parts := contradiction(*_as_conditions(step), shape_at=shape_at):
        raise _wrong(step, f"No output is like that: {parts}.", "Compare otherwise.")


def _as_conditions(step: Step) -> list[str]:
    """Return the rules that compare a value with a constant, as conditions."""
    return [
        f"output{''.join(f'[{part!r}]' for part in rule.path.split('.') if part)}"
        f" {SIGNS[rule.op]} {rule.value!r}"
        for rule in step.checks
        if rule.op in SIGNS and not any(references(rule.value))
    ]


def _shape_at(output: Shape, node: ast.expr) -> Shape:
    return infer(Expression(source="", tree=node), {"output": output})


def _check_day(step: Step, text: str) -> None:
    try:
        moment_of(text)
    except ExpressionError as error:
        raise _wrong(step, error.message, error.fix) from error


def _found(step: Step, rule: Check, output: Shape) -> Shape:
    try:
        return at_path(output, rule.path)
    except KeyError as error:
        if rule.op == "exists":
            return ANY
        raise _wrong(
            step, f"Nothing stands at {rule.path!r}: {error.args[0]}.", f"It brings {output}."
        ) from error


def _wrong(step: Step, problem: str, fix: str) -> PlanError:
    return PlanError(problem, where=f"{step.id}.checks", fix=fix)
