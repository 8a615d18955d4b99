"""A step may be a line of Python, which means the step that an object would spell out."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import PlanError
from pointsman.planners.plan_schema import PLAN_SCHEMA
from pointsman.planners.prompts import read_plan
from pointsman.planners.protocols import PlanRequest
from pointsman.planners.short_forms import steps_in_full
from pointsman.state.checks import check_plan
from pointsman.state.plan import Plan, Step
from pointsman.state.run import Run
from pointsman.state.schemas import first_error, validator_for
from pointsman.state.task import Attachment, Task
from pointsman.state.values import Json
from pointsman.tools.contract import ToolContract

FILE = Attachment(name="a.txt", media_type="text/plain", size=1, payload="p")
REQUEST = PlanRequest(
    task=Task(text="Do it", attachments=(FILE,)), run=Run(id="r", started_at=0), tools=()
)


def read(*steps: Json, **fields: Json) -> Plan:
    """Read a reply as the planner does: it fits the schema, and means a plan."""
    reply = {"steps": list(steps), **fields}
    assert first_error(validator_for(PLAN_SCHEMA), reply) is None
    return read_plan(reply, REQUEST, planner="m")


DUE = {"iban": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}}


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("found = find()", {"id": "found", "tool": "find"}),
        (
            "paid = pay(to=due.iban, amount=-2.5, note='x', tags=['a', due.tag], at={'k': true})",
            {
                "id": "paid",
                "tool": "pay",
                "args": {
                    "to": {"$expr": "due.iban"},
                    "amount": -2.5,
                    "note": "x",
                    "tags": ["a", {"$expr": "due.tag"}],
                    "at": {"k": True},
                },
            },
        ),
        (
            "if found.open and not seen: paid = pay(order=found['id'])",
            {
                "id": "paid",
                "tool": "pay",
                "when": "found.open and not seen",
                "args": {"order": {"$expr": "found['id']"}},
            },
        ),
        (
            "due = reason('Due? a -> b', bill, mail.body, n=len(x)) -> {iban, tags?: [text]}",
            {
                "id": "due",
                "kind": "reason",
                "prompt": "Due? a -> b",
                "args": {
                    "bill": {"$expr": "bill"},
                    "body": {"$expr": "mail.body"},
                    "n": {"$expr": "len(x)"},
                },
                "output_schema": {
                    "type": "object",
                    "properties": DUE,
                    "required": ["iban"],
                    "additionalProperties": False,
                },
            },
        ),
        (
            "letter = draft('Line one\nline -> two', due)",
            {
                "id": "letter",
                "kind": "draft",
                "prompt": "Line one\nline -> two",
                "args": {"due": {"$expr": "due"}},
            },
        ),
        ("size = ask('Which size?')", {"id": "size", "kind": "ask", "prompt": "Which size?"}),
        (
            "text = read(file=attachment('attachment_1'))",
            {"id": "text", "tool": "read", "args": {"file": {"$attachment": "a.txt"}}},
        ),
        (
            "if found: sent = [mail(to=o.to) for o in found.all if o.a or o.b if o.c]",
            {
                "id": "sent",
                "kind": "each",
                "when": "found",
                "for_each": {
                    "items": "[o for o in (found.all) if (o.a or o.b) and (o.c)]",
                    "item": "o",
                    "max": 100,
                    "steps": [
                        {
                            "id": "sent_each",
                            "tool": "mail",
                            "kind": "tool",
                            "args": {"to": {"$expr": "o.to"}},
                        }
                    ],
                },
            },
        ),
    ],
    ids=["call", "values", "condition", "reason", "draft", "ask", "attachment", "loop"],
)
def test_a_line_means_a_step(line: str, step: Json) -> None:
    """Written out as an object it is the same step."""
    assert read(line) == read(step)


SEVERAL = {
    "parts": (
        "a = [pay(to=u, note=f'No. {k}', of=[k, sum(k for k in x)]) for k, u in enumerate(t, 1)]",
        "[[k, u] for k, u in enumerate(t, 1)]",
        "k_u",
        {
            "to": "k_u[1]",
            "note": "f'No. {k_u[0]}'",
            "of": ["k_u[0]", "sum(k for k in x)"],
        },
    ),
    "one read of several": (
        "a = [pay(to=u) for k, u in enumerate(t) if k > 1]",
        "[u for k, u in enumerate(t) if k > 1]",
        "u",
        {"to": "u"},
    ),
    "loops": (
        "a = [pay(to=o.to, line=x) for o in t if o.open for x in o.lines]",
        "[[o, x] for o in t if o.open for x in o.lines]",
        "o_x",
        {"to": "o_x[0].to", "line": "o_x[1]"},
    ),
    "the last of loops": (
        "a = [pay(line=x) for o in t for x in o.lines]",
        "[x for o in t for x in o.lines]",
        "x",
        {"line": "x"},
    ),
    "none read": ("a = [pay(to=1) for k, v in t]", "[k for k, v in t]", "k", {"to": 1}),
}


@pytest.mark.parametrize(("line", "items", "item", "args"), SEVERAL.values(), ids=SEVERAL)
def test_a_loop_may_name_the_parts_of_its_item(
    line: str, items: str, item: str, args: dict[str, Any]
) -> None:
    """What Python takes apart in a comprehension, a line does too; shadowed names stay."""

    def written(value: Any) -> Any:
        if isinstance(value, list):
            return [written(each) for each in value]
        return {"$expr": value} if isinstance(value, str) else value

    loop = read(line).step("a").for_each

    assert loop is not None
    assert (loop.items, loop.item) == (items, item)
    assert loop.steps[0].args == {name: written(value) for name, value in args.items()}


def test_lines_stand_in_a_loop() -> None:
    """A group's steps are written like any others."""
    loop = {"items": "found", "item": "o", "steps": ["policy = check(order=o.id)"]}

    plan = read({"id": "all", "for_each": loop})

    assert plan.step("policy").args == {"order": {"$expr": "o.id"}}


LINES = {
    "a literal behind two stars": (
        ["r = pay(to='x', **{'amount': o.total})"],
        ["r = pay(to='x', amount=o.total)"],
    ),
    "two names": (["a, b = find(n=1), find(n=2)"], ["a = find(n=1)", "b = find(n=2)"]),
    "two statements": (["a = find(); b = pay(to=a.to)"], ["a = find()", "b = pay(to=a.to)"]),
    "two lines": (["a = find()\nb = pay(to=a.to)"], ["a = find()", "b = pay(to=a.to)"]),
    "else": (
        ["if o.ok:\n    a = pay(to=1)\nelse:\n    b = mail(to=2)"],
        ["if o.ok: a = pay(to=1)", "if not (o.ok): b = mail(to=2)"],
    ),
    "elif": (
        ["if o.n > 5: a = pay(to=1)\nelif o.n > 2: b = pay(to=2)\nelse: c = pay(to=3)"],
        [
            "if o.n > 5: a = pay(to=1)",
            "if (not (o.n > 5)) and (o.n > 2): b = pay(to=2)",
            "if (not (o.n > 5)) and (not (o.n > 2)): c = pay(to=3)",
        ],
    ),
    "several steps under a condition": (
        ["if o.ok: a = pay(to=1); b = mail(to=2)"],
        ["if o.ok: a = pay(to=1)", "if o.ok: b = mail(to=2)"],
    ),
    "a condition in a condition": (
        ["if o.ok:\n    if o.n or o.m:\n        a = pay(to=1)"],
        ["if (o.ok) and (o.n or o.m): a = pay(to=1)"],
    ),
    "a call or nothing": (["a = pay(to=1) if o.ok else None"], ["if o.ok: a = pay(to=1)"]),
    "for": (
        ["if all:\n  for o in all.of:\n    c = look(n=o.n)\n    if c.ok: p = pay(to=c.to)"],
        [
            {
                "id": "each_p",
                "when": "all",
                "for_each": {
                    "items": "all.of",
                    "item": "o",
                    "steps": ["c = look(n=o.n)", "if c.ok: p = pay(to=c.to)"],
                },
            }
        ],
    ),
    "for over parts": (
        ["for k, o in enumerate(all):\n    if k > 1: p = pay(to=o.to)"],
        [
            {
                "id": "each_p",
                "for_each": {
                    "items": "enumerate(all)",
                    "item": "k_o",
                    "steps": ["if k_o[0] > 1: p = pay(to=k_o[1].to)"],
                },
            }
        ],
    ),
    "a call or nothing in a loop": (
        ["a = [pay(to=k.to) if k.ok else None for k in all]"],
        [
            {
                "id": "a",
                "for_each": {
                    "items": "all",
                    "item": "k",
                    "steps": ["if k.ok: a_each = pay(to=k.to)"],
                },
            }
        ],
    ),
    "a generator": (["a = list(pay(to=k) for k in all)"], ["a = [pay(to=k) for k in all]"]),
    "await": (["a = await find()"], ["a = find()"]),
    "a type": (["a: Order = find()"], ["a = find()"]),
    "a walrus": (["(a := find())"], ["a = find()"]),
    "marks of a list": (["- a = find()", "2. b = find()", "`c = find()`"],
                        ["a = find()", "b = find()", "c = find()"]),
    "a prompt in pieces": (["a = draft('Write ' + 'it.', o)"], ["a = draft('Write it.', o)"]),
    "a prompt by name": (["a = draft(o, prompt='Write.')"], ["a = draft('Write.', o)"]),
    "a schema by name": (
        ["a = reason('Who?', o, output_schema='{to}')"], ["a = reason('Who?', o) -> {to}"]
    ),
    "a named value": (
        ["n = o.total * 2", "a = pay(to=1, n=n, m=n + 1)"],
        ["a = pay(to=1, n=(o.total * 2), m=o.total * 2 + 1)"],
    ),
    "a named literal": (["to = 'Ann'", "a = pay(to=to)"], ["a = pay(to='Ann')"]),
    "a value of values": (
        ["due = [k for k in all if k.open]", "n = len(due)", "a = [pay(to=k) for k in due]",
            "if n > 2: b = mail(to=n)"],
        ["a = [pay(to=k) for k in [k for k in all if k.open]]",
         "if len([k for k in all if k.open]) > 2: b = mail(to=(len([k for k in all if k.open])))"],
    ),
    "a value in a loop": (
        ["for k in all:\n    half = k.n / 2\n    a = pay(to=k.to, n=half)"],
        ["for k in all:\n    a = pay(to=k.to, n=(k.n / 2))"],
    ),
    "a value of branches": (
        ["if o.ok: n = o.total\nelse: n = 1", "a = pay(n=n)"],
        ["a = pay(n=o.total if o.ok else 1)"],
    ),
    "a text in a text": (
        ["who = f'Dear {o.name}'", "a = mail(text=f'{who}, it is {o.n}.')"],
        ["a = mail(text=f'Dear {o.name}, it is {o.n}.')"],
    ),
    "two names for one": (["a = b = find()", "c = pay(to=b.to)"], ["a = find()",
        "c = pay(to=a.to)"]),
    "one name in two branches": (
        ["if o.ok: a = pay(to=1)\nelse: a = mail(to=2)", "b = look(n=a.n)"],
        ["if o.ok: a_1 = pay(to=1)", "if not (o.ok): a_2 = mail(to=2)",
            "b = look(n=first_of(a_1, a_2).n)"],
    ),
    "one of two calls": (
        ["a = pay(to=1) if o.ok else mail(to=2)"],
        ["if o.ok: a_1 = pay(to=1)", "if not (o.ok): a_2 = mail(to=2)"],
    ),
    "no name": (["pay(to=1)", "if o.ok: pay(to=2)", "_ = mail(to=3)"],
                ["pay = pay(to=1)", "if o.ok: pay_2 = pay(to=2)", "mail = mail(to=3)"]),
    "no name in a loop": (["for k in all:\n    pay(to=k)"], ["for k in all:\n    pay = pay(to=k)"]),
    "a comment": (["# first", "a = find()  # look"], ["a = find()"]),
    "a fence": (["```python\na = find()\nb = pay(to=a.to)\n```"], ["a = find()",
        "b = pay(to=a.to)"]),
    "continue": (
        ["for k in all:\n    if k.ok: continue\n    a = pay(to=k)"],
        ["for k in all:\n    if not (k.ok): a = pay(to=k)"],
    ),
    "a value in a prompt": (
        ["a = reason(f'Is {o.name} of {o.all[0]} real?', o) -> {real: boolean}"],
        ["a = reason('Is `name` of `all` real?', name=(o.name), all=(o.all[0]), o=(o))"
         " -> {real: boolean}"],
    ),
    "inputs as they come": (
        ["a = draft('Write.', o.all[0], [x, y.n], {'due': z}, q + 1, w + 1)"],
        ["a = draft('Write.', all=(o.all[0]), x=(x), n=(y.n), due=(z), value=q + 1,"
         " value_2=w + 1)"],
    ),
    "a schema in a loop": (
        ["a = [reason('Real? -> no', k) -> {real: boolean, tags: [text]} for k in all]"],
        [{"id": "a", "for_each": {"items": "all", "item": "k", "steps": [
            {"id": "a_each", "kind": "reason", "prompt": "Real? -> no", "args": ["k"],
             "output_schema": "{real: boolean, tags: [text]}"}]}}],
    ),
    "a schema under a loop": (
        ["for k in all:\n    r = reason('Real?', k) -> {real: boolean}\n    if r.real: pay(to=k)"],
        [{"id": "each_pay", "for_each": {"items": "all", "item": "k", "steps": [
            "r = reason('Real?', k) -> {real: boolean}", "if r.real: pay = pay(to=k)"]}}],
    ),
    "a schema as Python's": (
        ["a = reason('Who?', o) -> {'to': str, 'all': list[int]}  # theirs"],
        ["a = reason('Who?', o) -> {to: text, all: [integer]}"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "means"), LINES.values(), ids=LINES)
def test_what_a_programmer_would_write_means_steps(lines: list[Json], means: list[Json]) -> None:
    """Branches, loops, several statements and usual decorations are read, without being taught."""
    assert plain(read(*lines).steps) == plain(read(*means).steps)


def plain(steps: tuple[Step, ...]) -> Any:
    """Return steps with expressions as Python writes them: brackets more mean nothing."""

    def written(value: Any) -> Any:
        match value:
            case dict():
                return {
                    k: ast.unparse(ast.parse(v, mode="eval"))
                    if k in ("$expr", "when", "items") and isinstance(v, str) and v
                    else written(v)
                    for k, v in value.items()
                }
            case list():
                return [written(item) for item in value]
            case _:
                return value

    return [written(step.to_json()) for step in steps]


TOOLS = [
    ToolContract(name=name, description="", effect="read", args_schema={
        "type": "object", "properties": {n: {} for n in names}, "required": names[:needed]})
    for name, names, needed in [("find", ["n", "m"], 1), ("pay", ["to", "n"], 2), ("every", [], 0)]
]  # fmt: skip
WITH_TOOLS = {
    "a call in an argument": ("p = pay(to=find(n=1).to, n=5)",
        "p_find = find(n=1); p = pay(to=p_find.to, n=5)"),
    "calls in calls": (
        "p = pay(to=find(n=find(n=1).n).to, n=5)",
        "p_find = find(n=1); p_find_2 = find(n=p_find.n); p = pay(to=p_find_2.to, n=5)",
    ),
    "a part of what a call gives": ("to = find(n=1).to; p = pay(to=to, n=2)",
                                    "to_find = find(n=1); p = pay(to=to_find.to, n=2)"),
    "calls in a list": (
        "f = [find(n=1), find(n=2)]; p = pay(to=f[0].to, n=3)",
        "f_find = find(n=1); f_find_2 = find(n=2); p = pay(to=[f_find, f_find_2][0].to, n=3)",
    ),
    "a loop over a call": ("p = [pay(to=k, n=1) for k in every()]",
        "p_every = every(); p = [pay(to=k, n=1) for k in p_every]"),
    "a for over a call": ("for k in every():\n    p = pay(to=k, n=1)",
        "k_every = every()\nfor k in k_every:\n    p = pay(to=k, n=1)"),
    "a call in a condition": ("if find(n=1).ok: p = pay(to=1, n=1)",
        "p_find = find(n=1)\nif p_find.ok: p = pay(to=1, n=1)"),
    "a call under a condition": (
        "if o.ok:\n    p = pay(to=find(n='ü').to, n=1)",
        "if o.ok:\n    p_find = find(n='ü')\n    p = pay(to=p_find.to, n=1)",
    ),
    "one argument that is needed": ("a = find(1)", "a = find(n=1)"),
    "one argument that is needed and others": ("a = find(1, m=2)", "a = find(n=1, m=2)"),
}  # fmt: skip


def call(tool: str, **fields: Json) -> dict[str, Json]:
    """Return a step, with no arguments unless they are given."""
    return {"id": "b", "tool": tool, "args": {}, **fields}


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("b = add(after=a)", call("add", after=["a"])),
        ("b = add(n=1, after=[a, c])", call("add", args={"n": 1}, after=["a", "c"])),
        ("if a.ok: b = add(after=a)", call("add", after=["a"], when="a.ok")),
        ("b = [add(n=c, after=a) for c in a.all]", {"id": "b", "after": ["a"]}),
        ("b = since(after='2026')", call("since", args={"after": "2026"})),
        ("b = reason('Why?', after=a)", {"id": "b", "args": {"after": {"$expr": "a"}}}),
    ],
)
def test_a_call_says_what_it_waits_for(line: str, step: dict[str, Json]) -> None:
    """Unless its tool has such an argument, which is then meant."""
    tools = {"since": (("after",), frozenset[str]())}
    [found], _ = steps_in_full([line], tools)

    assert isinstance(found, dict)
    assert found.items() >= step.items()


@pytest.mark.parametrize(("line", "means"), WITH_TOOLS.values(), ids=WITH_TOOLS)
def test_what_a_tool_is_called_with_may_be_another_call(line: str, means: str) -> None:
    """It is a step of its own, before the one that it stands in, under the same condition."""
    request = replace(REQUEST, tools=TOOLS)

    found, wanted = (read_plan({"steps": [text]}, request, planner="m") for text in (line, means))

    assert plain(found.steps) == plain(wanted.steps)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("a = pay(1, 2)", r"pay\(to=1, n=2\)"),
        ("a = pay(1, n=2)", r"pay\(to=1\)"),
        ("a = [pay(to=find(n=k).to, n=1) for k in all]", "There is no function find"),
        ("a = pay(to=1, n=find(n=1).n if o.ok else 2)", "There is no function find"),
    ],
)
def test_a_call_that_may_not_be_made_is_refused(line: str, says: str) -> None:
    """What might never be called is no step, and places of arguments are easily mistaken."""
    request = replace(REQUEST, tools=TOOLS)

    with pytest.raises(PlanError, match=says):
        check_plan(read_plan({"steps": [line, "o = find(n=1)"]}, request, planner="m"))


def test_a_value_is_told_and_cited() -> None:
    """The answer reads it, and rests on what it was worked out from."""
    answer = ["f'It is {n}.'", {"text": "Done.", "cites": ["n"]}]

    first, second = read("o = find()", "n = o.total * 2", answer=answer).answer

    assert first.text == {"$expr": "f'It is {o.total * 2}.'"}
    assert second.cites == ("o",)


REFUSED = {
    "b = add(after='a')": "after names steps",
    "b = add(after=a.total)": "after names steps",
    "n = 1\nn = 2": "n is given more than once",
    "n = pay()\nn = 2": "n is given more than once",
    "n = 1\nif o.ok: n = 2": "n is given more than once",
    "n = 1 +": "not one line",
    "n = {**o}": "no field|`\\*\\*`",
    "n = 1; a = [pay(to=n) for n in all]": "a value has too",
    "x.append(1)": "never changed.*gathers by itself",
    "for o in all:\n    if o.ok:\n        a = pay(to=o)\n        continue": "no continue",
    "paid = pay(3)": "arguments without names",
    "paid = pay(**due)": r"name=due\.name",
    "paid = pay(*due)": "arguments without names",
    "a, b = pay()": "names the parts",
    "a, b = pay(), find(), look()": "names the parts",
    "a = pay(": "not one line of Python: .*never closed",
    "a = pay(x='Dear)": "not one line of Python: unterminated string",
    "a = {pay(o=k) for k in found}": "no call of a tool",
    "a = {k: pay(o=k) for k in found}": r"step of its own: first = pay\(",
    "a = [find(n=1), find(n=2)]": r"step of its own: first = find\(",
    "a = find(n=1).total": r"step of its own: first = find\(",
    "a = sum(find(n=k).total for k in all)": r"step of its own: first = find\(",
    "a = o.ok and pay(n=1)": r"if condition: a = pay\(",
    "a = [[pay(to=k) for k in o.of] for o in all]": "a is a loop in a loop",
    "a = [pay(to=1) if o.ok else look(n=1) for o in all]": "if condition",
    "a = reason(found)": "begins with its prompt",
    "a = pay() -> {a}": "only reason has a schema",
    "while True: a = pay()": "no while.*then_plan",
    "try:\n    a = pay()\nexcept Exception:\n    pass": "no try.*on_error",
    "assert o.total > 5": "no assert.*checks",
    "return o": "no return.*answer",
    "o += 1": "never changed",
    "def f(): return 1": "no def",
    "for o in all:\n    a = pay(to=o)\n    break": "no break",
    "for o in all: pass": "no steps",
    "for o in all:\n    a = pay(to=o)\nelse:\n    b = pay(to=1)": "no name",
    "import os": "no name",
    "a = (lambda: 1)()": "is no tool",
    "a = " + "(" * 3000 + ")" * 3000: "not one line",
    "a = pay(x='" + "y" * 33_000 + "')": "longer than 32000 characters",
}


@pytest.mark.parametrize(("line", "says"), REFUSED.items(), ids=[line[:40] for line in REFUSED])
def test_a_line_that_is_no_step_says_what_it_should_be(line: str, says: str) -> None:
    """It is refused with the forms that there are, so that a model mends it."""
    with pytest.raises(PlanError, match=says) as refused:
        read(line)

    assert refused.value.fix


LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    # What JSON can't hold no reply holds.
    | st.text(st.characters(codec="utf-8", exclude_characters="\r")),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5).filter(
        lambda name: not name.startswith("$")), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(value=LITERALS)
def test_any_literal_comes_through(value: Any) -> None:
    """A literal stays one: what the user said is told apart from what was worked out."""
    assert read(f"a = pay(x={value!r})").step("a").args == {"x": value}


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but a refusal comes of a text that is no line."""
    try:
        plan = read(text)
    except (PlanError, ValueError):
        return
    assert all(step.id for step in plan.steps)


def test_an_f_string_is_a_sentence_with_values() -> None:
    """A sentence of the prepared answer is told with what its steps brought."""
    answer = ["f'It costs {found.price}.'", "f' is a letter.", "Done."]

    texts = [sentence.text for sentence in read("found = find()", answer=answer).answer]

    assert texts == [{"$expr": "f'It costs {found.price}.'"}, *answer[1:]]


def test_an_f_string_is_one_beside_what_it_cites_too() -> None:
    """As a model writes it that names the step besides: nobody reads its braces."""
    answer = [{"text": "f'It costs {found.price}.'", "cites": ["found"]}]

    [sentence] = read("found = find()", answer=answer).answer

    assert sentence.text == {"$expr": "f'It costs {found.price}.'"}
    assert sentence.cites == ("found",)


def test_lines_are_shorter_than_objects() -> None:
    """A plan of six everyday steps takes under two thirds of the characters."""
    lines = [
        "bill = read_file(path='bill.txt')",
        "due = reason('What is to be paid?', bill) -> {iban, amount: number, subject, date}",
        "paid = pay(recipient=due.iban, amount=due.amount, subject=due.subject, date=due.date)",
        "users = [list_users(channel=c) for c in channels]",
        "if due.amount > 100: told = send_mail(to='ann@example.com', body='I paid it.')",
        "letter = draft('Say what was paid.', due, paid)",
    ]
    objects = [
        {"id": "bill", "tool": "read_file", "args": {"path": "bill.txt"}},
        {
            "id": "due",
            "prompt": "What is to be paid?",
            "args": ["bill"],
            "output_schema": "{iban: text, amount: number, subject: text, date: text}",
        },
        {
            "id": "paid",
            "tool": "pay",
            "args": {
                "recipient": {"$": "due.iban"},
                "amount": {"$": "due.amount"},
                "subject": {"$": "due.subject"},
                "date": {"$": "due.date"},
            },
        },
        {
            "id": "users",
            "for_each": {"items": "channels", "item": "c", "steps": [
                {"id": "users_each", "tool": "list_users", "args": {"channel": {"$": "c"}}}]},
        },
        {
            "id": "told",
            "tool": "send_mail",
            "when": "due.amount > 100",
            "args": {"to": "ann@example.com", "body": "I paid it."},
        },
        {"id": "letter", "kind": "draft", "prompt": "Say what was paid.", "args": ["due", "paid"]},
    ]  # fmt: skip

    assert read(*lines).steps == read(*objects).steps
    long, short = (len(json.dumps(o, separators=(",", ":"))) for o in (objects, lines))
    assert short < 0.66 * long
