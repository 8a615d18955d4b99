"""Checks: the rules a plan must keep before anything runs, with what mends each breach."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from ..errors import ExpressionError, PlanError
from .alternatives import check_alternatives, first_there, is_always_at, no_alternative
from .branches import Branches
from .contradictions import ShapeAt, contradiction
from .expressions import evaluate, parse
from .expressions.constants import check_constants
from .expressions.inference import infer, infer_condition, infer_each
from .expressions.reading import reads
from .expressions.syntax import Expression
from .expressions.truth import truth_of
from .fitting import misfit
from .loop_rules import check_listed, check_loop
from .placeholders import placeholder
from .plan import ForEach, Plan, Step, UseInstead, in_order
from .references import Reference, references
from .rules import check_rules
from .shapes import ANY, TEXT, Shape, in_own_words, list_of, merged, shape_of, shape_of_value
from .shapes import at_path as shape_at
from .unique import check_unique
from .values import Json

_T = TypeVar("_T")

NO_SHAPES: Mapping[str, Shape] = {}


def check_plan(
    plan: Plan,
    *,
    attachments: frozenset[str] = frozenset(),
    shapes: Mapping[str, Shape] = NO_SHAPES,
    arguments: Mapping[str, Shape] = NO_SHAPES,
) -> None:
    """Check the plan's own structure, before tools and policy are asked about it.

    Args:
        plan: The plan.
        attachments: Names that `$attachment` may use.
        shapes: Output shape of each tool for which one is known.
        arguments: Shape of each tool's arguments.

    Raises:
        PlanError: A rule is broken; `where` names the step and the field, and the message is fit
            to be quoted to a model.
    """
    check_unique(plan)
    scope = _Readable(plan=plan, attachments=attachments, tools=shapes, arguments=arguments)
    found = _check_group(plan.steps, scope)
    _check_answer(plan, replace(scope, shapes=found))


def _check_answer(plan: Plan, scope: _Readable) -> None:
    outside = frozenset(step.id for step in plan.steps)
    for index, sentence in enumerate(plan.answer):
        where = f"answer.{index}"
        asked = (sentence.when, sentence.unless, *sentence.cites)
        read = plan.read_by_answer(index)
        if missing := sorted({name for name in (*asked, *read) if name} - outside):
            raise PlanError(
                f"The answer names {missing}, which are no steps outside of loops.",
                where=where,
                fix=f"Name one of {sorted(outside)[:20]}.",
            )
        _check_form(sentence.text, where, scope)
        told = {ref.step for ref in references(sentence.text) if not ref.may_be_absent}
        scope.branches.check_sentence(told & outside | {sentence.when or ""}, where)


@dataclass(frozen=True)
class _Readable:
    """What the steps of a group can read."""

    plan: Plan
    attachments: frozenset[str]
    tools: Mapping[str, Shape]
    arguments: Mapping[str, Shape]
    shapes: Mapping[str, Shape] = field(default_factory=dict[str, Shape])
    """Shape of every name that can be read here."""
    skippable: frozenset[str] = frozenset()
    """Steps that a condition or an error may skip."""
    branches: Branches = field(default_factory=Branches)
    loops: int = 0
    most: int = 1
    """Items of the loops around, at most."""

    def is_there(self, name: str, path: Sequence[str]) -> bool:
        """Whether a value certainly stands at a path of a step that is never skipped."""
        known = name in self.shapes and name not in self.skippable
        return known and is_always_at(self.shapes[name], path)

    def loop_of(self, name: str) -> str:
        """Return the loop in which a name means something, or nothing."""
        for step in self.plan.every_step():
            if step.for_each and name in step.for_each.own_names:
                return step.id
        return ""


def _check_group(steps: tuple[Step, ...], scope: _Readable) -> dict[str, Shape]:
    """Check steps that stand side by side, each after what it reads; return their shapes."""
    readable = scope.shapes.keys() | {step.id for step in steps}
    for step in steps:
        _check_step(step, scope, readable)
    by_id = {step.id: step for step in steps}
    shapes: dict[str, Shape] = dict(scope.shapes)
    skippable = set(scope.skippable)
    for step_id in in_order(steps):
        step = by_id[step_id]
        if step.when or step.on_error == "skip" or step.requires() & skippable:
            skippable.add(step_id)
        own = replace(scope, shapes=shapes, skippable=frozenset(skippable))
        scope.branches.add(step)
        shapes[step_id] = _check_values(step, own)
    return shapes


def _check_step(step: Step, scope: _Readable, readable: Collection[str]) -> None:
    _check_kind(step)
    if step.for_each is not None:
        check_loop(step, step.for_each, around=scope.loops, most=scope.most)
    for ref in _located(step):
        if ref.attachment and ref.attachment not in scope.attachments:
            raise PlanError(
                f"It refers to attachment {ref.attachment!r}, which the task does not have.",
                where=f"{step.id}.{ref.at}",
                # Not by name: who plans is told this, and names of files are outsiders' text.
                fix=f"It has {len(scope.attachments)}: name one as it was shown.",
            )
        if ref.step == step.id:
            raise PlanError(
                "The step refers to itself.", where=step.id, fix="Remove the reference."
            )
        if ref.step and ref.step not in readable:
            raise _unknown(ref, step, scope, readable)


def _located(step: Step) -> Iterator[Reference]:
    yield from step.uses()
    for id_ in step.after:
        yield Reference(at="after", step=id_)


def _unknown(ref: Reference, step: Step, scope: _Readable, readable: Collection[str]) -> PlanError:
    where = f"{step.id}.{ref.at}"
    if loop := scope.loop_of(ref.step):
        return PlanError(
            f"{ref.step!r} means something only inside the loop {loop!r}.",
            where=where,
            fix=f"Read {loop!r}: it is the list of what the items brought.",
        )
    near = difflib.get_close_matches(ref.step, readable, n=2)
    if ref.step in ("now", "today"):
        near = [f"{ref.step}()"]
    return PlanError(
        f"It refers to step {ref.step!r}, which is not in the plan.",
        where=where,
        fix=f"Did you mean {' or '.join(near)}?"
        if near
        else f"Refer to one of {sorted(readable)[:20]}.",
    )


def _check_kind(step: Step) -> None:
    if step.kind == "tool" and not step.tool:
        raise PlanError("A tool step names no tool.", where=step.id, fix="Set `tool`.")
    if step.kind != "tool" and step.tool:
        raise PlanError(
            f"This {step.kind} step names a tool.", where=step.id, fix='Set kind "tool".'
        )
    says_nothing = step.kind == "draft" and not (step.prompt or step.goal or step.args)
    if says_nothing or (step.kind in ("reason", "ask") and not step.prompt):
        problem = f"This {step.kind} step has no prompt."
        raise PlanError(problem, where=step.id, fix="Set `prompt`.")
    if (step.kind == "each") != (step.for_each is not None):
        raise PlanError(
            "A loop is a step of kind each with `for_each`, and no other step has one.",
            where=step.id,
            fix='Set kind "each" and `for_each`.',
        )


def _check_values(step: Step, scope: _Readable) -> Shape:
    """Check the step's expressions and paths against known shapes; return its own shape."""
    if step.when:
        _check_condition(step, scope)
    for at, value in _forms(step):
        _check_form(value, f"{step.id}.{at}", scope)
    _check_text(step.prompt, f"{step.id}.prompt", scope)
    _check_arguments(step, scope)
    shape = _shape(step, scope)
    check_rules(step, shape, lambda value: _form_shape(value, scope))
    if isinstance(step.on_error, UseInstead):
        return merged([shape, _form_shape(step.on_error.use, scope)])
    return shape


def _check_arguments(step: Step, scope: _Readable) -> None:
    """Compare what is worked out with the tool's arguments; literals have their own check."""
    wanted = scope.arguments.get(step.tool, ANY) if step.kind == "tool" else ANY
    for name, value in step.args.items():
        if not isinstance(value, dict | list) or not any(references(value)):
            continue
        for shape in _possible(value, scope):
            if problem := misfit(shape, wanted.fields.get(name, ANY)):
                raise PlanError(
                    problem,
                    where=f"{step.id}.args.{name}",
                    fix=f"{step.tool} takes {wanted.fields[name]} there.",
                )


def _possible(value: Json, scope: _Readable) -> Iterator[Shape]:
    """Yield the shape of each value that an argument may come to."""
    match value:
        case {"$first_of": [*parts]}:
            for part in parts:
                yield from _possible(part, scope)
        case {"$expr": str(source)}:
            yield from infer_each(source, scope.shapes)
        case _:
            yield _form_shape(value, scope)


def _forms(step: Step) -> Iterator[tuple[str, Json]]:
    yield from step.args.items()
    for check in step.checks:
        yield "checks", check.value
    if isinstance(step.on_error, UseInstead):
        yield "on_error.use", step.on_error.use


def _check_condition(step: Step, scope: _Readable) -> None:
    where = f"{step.id}.when"
    _inferred(step.when, where, scope, infer_condition)
    found = reads(step.when)
    if found.constant:
        always = truth_of(evaluate(step.when, {}))
        raise PlanError(
            f"The condition is always {str(always).lower()}.",
            where=where,
            fix="Remove it." if always else "Remove the step, or compare a value of a step.",
        )
    shape_at = _shape_at(scope)
    if contradiction(f"not ({step.when})", shape_at=shape_at):
        raise PlanError("The condition is always true.", where=where, fix="Remove it.")
    if parts := contradiction(step.when, shape_at=shape_at, may_be_null=False):
        raise PlanError(
            f"The condition is never true: {parts}.",
            where=where,
            fix="Compare otherwise, or remove the step.",
        )
    for name in sorted((found.names - found.asked) & scope.skippable):
        raise PlanError(
            f"The condition reads {name!r}, which may be skipped and then has no value.",
            where=where,
            fix=f"Ask `has({name}) and …`, or write `default({name}.field, …)`.",
        )


def _shape_at(scope: _Readable) -> ShapeAt:
    return lambda node: infer(Expression(source="", tree=node), scope.shapes)


def _inferred(
    source: str, where: str, scope: _Readable, inference: Callable[[str, Mapping[str, Shape]], _T]
) -> _T:
    try:
        check_constants(source)
        check_alternatives(source, scope.is_there)
        return inference(source, scope.shapes)
    except ExpressionError as error:
        raise PlanError(
            error.message, where=f"{where}: {error.where}".rstrip(": "), fix=error.fix
        ) from error


def _check_form(value: Json, where: str, scope: _Readable) -> None:
    """Check a literal with references, however deep these stand."""
    if isinstance(value, str):
        _check_text(value, where, scope)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_form(item, f"{where}.{index}", scope)
    elif isinstance(value, dict):
        if "$expr" in value or "$from" in value:
            _form_shape(value, scope, where)
        elif "$join" in value or "$first_of" in value:
            parts = next(iter(value.values()))
            if "$first_of" in value and (needed := first_there(parts, scope.is_there)):
                raise no_alternative(needed, where)
            for part in parts:
                _check_form(part, where, scope)
        else:
            for key, item in value.items():
                _check_form(item, f"{where}.{key}", scope)


def _check_text(text: str, where: str, scope: _Readable) -> None:
    """Refuse a text that names a step's value as a template would: nobody would put it in."""
    if found := placeholder(text, scope.shapes.keys()):
        raise PlanError(
            f"It is a text, in which {found!r} stays as it is.",
            where=where,
            fix="Write an f-string as an expression; give a model's step the value as an input.",
        )


def _form_shape(value: Json, scope: _Readable, where: str = "") -> Shape:
    """Return the shape of a literal with references."""
    if isinstance(value, list):
        return list_of(merged(_form_shape(item, scope, where) for item in value))
    if not isinstance(value, dict):
        return shape_of_value(value)
    if "$expr" in value:
        return _inferred(value["$expr"], where, scope, infer)
    if "$from" in value:
        return _path_shape(value, where, scope)
    if "$first_of" in value:
        return merged(_form_shape(part, scope, where) for part in value["$first_of"])
    if "$join" in value or "$attachment" in value:
        return TEXT
    fields = {key: _form_shape(item, scope, where) for key, item in value.items()}
    return Shape("object", fields=fields, open=False)


def _path_shape(value: Json, where: str, scope: _Readable) -> Shape:
    path = value.get("path", "")
    try:
        return shape_at(scope.shapes.get(value["$from"], ANY), path)
    except KeyError as error:
        raise PlanError(
            f"Step {value['$from']!r} brings nothing at {path!r}: {error.args[0]}.",
            where=where,
            fix=f"It brings {scope.shapes[value['$from']]}.",
        ) from error


def _shape(step: Step, scope: _Readable) -> Shape:
    match step.kind:
        case "tool":
            return scope.tools.get(step.tool, ANY)
        case "reason" | "draft" | "ask":
            schema = step.output_schema
            known = (
                shape_of(schema) if schema is not None else Shape("object", fields={"text": TEXT})
            )
            return in_own_words(known)
        case "each" if step.for_each is not None:
            return _loop_shape(step, step.for_each, scope)
        case _:
            return ANY


def _kinds_of_items(loop: ForEach, scope: _Readable) -> Iterator[Shape]:
    """Yield the shapes of items of different kinds in a list that is written out."""
    tree = parse(loop.items).tree
    if isinstance(tree, ast.List):
        items = [infer(Expression(source="", tree=item), scope.shapes) for item in tree.elts]
        if len({item.kind for item in items}) > 1:
            yield from {item.kind: item for item in items}.values()


def _loop_shape(step: Step, loop: ForEach, scope: _Readable) -> Shape:
    where = f"{step.id}.for_each"
    items = _inferred(loop.items, f"{where}.items", scope, infer)
    if items.kind not in ("any", "list"):
        raise PlanError(
            f"It loops over {items.kind}, not a list.",
            where=f"{where}.items",
            fix="Name the list: `orders.items`, or `[x]` for one item.",
        )
    check_listed(step, loop)
    inside = replace(
        scope,
        shapes={**scope.shapes, loop.item: items.item or ANY},
        branches=scope.branches.inside(step.id),
        loops=scope.loops + 1,
        most=scope.most * loop.max,
    )
    if loop.key:
        _inferred(loop.key, f"{where}.key", inside, infer)
    for item in _kinds_of_items(loop, scope):
        _check_group(loop.steps, replace(inside, shapes={**scope.shapes, loop.item: item}))
    shapes = _check_group(loop.steps, inside)
    if loop.output is None:
        return list_of(shapes[loop.steps[-1].id])
    _check_form(loop.output, f"{where}.output", replace(inside, shapes=shapes))
    return list_of(_form_shape(loop.output, replace(inside, shapes=shapes), f"{where}.output"))
