"""Drawing: a plan as a Mermaid flowchart, with what has become of its steps.

Conditions, loops with their items, and looks stand in it by name. What is drawn may come from
outsiders (an item's key, a literal in a condition): a label holds no character that Mermaid or a
page would read as more than text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from .instances import parts_of
from .plan import Plan, Step
from .results import StepResult

LABEL = 60
"""Characters of a condition, a list, a question or a reason in a label."""

MOST_ITEMS = 6
"""Items of a loop that are named one by one."""

_TEXT = re.compile(r"[^\w .,:;?!@()=+*/%'-]")
"""What is escaped: all but what no reader of the drawing takes for anything else."""
_INDENT = "  "


def drawn(plan: Plan, results: Mapping[str, StepResult]) -> str:
    """Return a plan as a Mermaid flowchart.

    Args:
        plan: The plan in force, with what earlier versions of it have brought.
        results: What has become of its steps and of the items of its loops.

    Returns:
        Mermaid text; without steps only the head of a chart.
    """
    versions = _by_version(plan, results)
    return "\n".join(
        [
            "flowchart TD",
            *(line for steps in versions.values() for s in steps for line in _step(s, results)),
            *(line for pair in pairwise(versions) for line in _again(plan, versions, *pair)),
        ]
    )


def _by_version(plan: Plan, results: Mapping[str, StepResult]) -> dict[int, list[Step]]:
    """Return version → the steps that it has brought to their end, and the last one's to come."""
    found: dict[int, list[Step]] = {}
    for step in plan.steps:
        result = results.get(step.id)
        version = plan.version if result is None else min(result.plan_version, plan.version)
        found.setdefault(version, []).append(step)
    return dict(sorted(found.items()))


def _step(
    step: Step, results: Mapping[str, StepResult], *, items: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Yield a step, what it waits for, and of a loop its group; `items` are those around it."""
    pad = _INDENT * (len(items) + 1)
    entry = _node(step.id)
    if step.when:
        entry = _condition(step.id)
        yield f'{pad}{entry}{{"when {_text(step.when)}"}}'
        outcome = _decided(results.get(step.id))
        yield f"{pad}{entry} -->{outcome} {_node(step.id)}"
    if step.for_each is None:
        yield f'{pad}{_node(step.id)}["{_label(step, results)}"]'
    else:
        of = f"for each {step.for_each.item} in {_text(step.for_each.items)}"
        ended = _status(results.get(step.id))
        yield f'{pad}subgraph {_node(step.id)}["{step.id}: {of}{ended}"]'
        for inner in step.for_each.steps:
            yield from _step(inner, results, items=items | {step.for_each.item})
        yield f"{pad}end"
    for needed in sorted(step.needs() - items):
        yield f"{pad}{_node(needed)} --> {entry}"


def _label(step: Step, results: Mapping[str, StepResult]) -> str:
    what = f"{step.id}: {step.tool or step.kind}"
    items = {
        parts_of(name)[1]: result
        for name, result in results.items()
        if "[" in name and parts_of(name)[0] == step.id
    }
    if not items:
        return what + _status(results.get(step.id))
    counts = Counter(result.status for result in items.values())
    told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    named = [
        f"{_item(keys, number)}: {result.status}"
        for number, (keys, result) in enumerate(items.items(), start=1)
    ]
    more = [] if len(named) <= MOST_ITEMS else ["and more"]
    return "<br/>".join([f"{what}, {told}", *named[:MOST_ITEMS], *more])


def _item(keys: Sequence[str], number: int) -> str:
    """Return what an item is called: by its number where its key is a digest of it."""
    return f"item {number}" if keys[-1].startswith("#") else _text(", ".join(keys))


def _status(result: StepResult | None) -> str:
    return f"<br/>{result.status}" if result else ""


def _decided(result: StepResult | None) -> str:
    """Return what stands at the way from a condition to its step: what it came to, and why."""
    if result is None or not result.reason:
        return ""
    return f'|"{"no" if result.status == "skipped" else "yes"}: {_text(result.reason)}"|'


def _again(
    plan: Plan, versions: Mapping[int, Sequence[Step]], earlier: int, later: int
) -> Iterator[str]:
    """Yield what led from one version to the next, between its last steps and the new first."""
    asked = plan.looks[later - 2] if 2 <= later <= len(plan.looks) + 1 else ""
    node = f"plan_{later}"
    kind = f"look: {_text(asked)}" if asked else f"plan {later}"
    yield f'{_INDENT}{node}{{{{"{kind}"}}}}'
    before, after = versions[earlier], versions[later]
    used = frozenset[str]().union(*(step.needs() for step in before))
    own = {step.id for step in after}
    for step in before:
        if step.id not in used:
            yield f"{_INDENT}{_node(step.id)} --> {node}"
    for step in after:
        if not step.needs() & own:
            yield f"{_INDENT}{node} -.-> {_condition(step.id) if step.when else _node(step.id)}"


def _node(step_id: str) -> str:
    """Return a name that no keyword of Mermaid has."""
    return f"step_{step_id}"


def _condition(step_id: str) -> str:
    return f"when_{step_id}"


def _text(text: str) -> str:
    """Return a text as a label holds it: cut, on one line, escaped."""
    line = " ".join(text.split())
    cut = line if len(line) <= LABEL else f"{line[: LABEL - 1]}…"
    return _TEXT.sub(lambda found: f"#{ord(found[0])};", cut)
