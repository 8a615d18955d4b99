"""Any plan with loops, branches and a look, killed anywhere: each effect once, outputs in order.

What a plan does is worked out here, from what was drawn, and compared with the books of the bank.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("POINTSMAN_CRASH_KILLS", "40")) // 4
MANY = 1
MISSING = 24
"""The invoice that is not there."""
POINTS = (
    "journal.record_note:before",
    "journal.record_note:after",
    "journal.record_outcome:before",
    "journal.record_outcome:after",
    "approvals.open_all:before",
    "approvals.open_all:after",
    "approvals.decide:before",
    "approvals.decide:after",
    "effects.claim:before",
    "effects.claim:after",
    "tools.pay:before",
    "tools.pay:after",
    "tools.know:after",
    "effects.settle:before",
    "effects.settle:after",
    "checkpoints.aput:before",
    "checkpoints.aput:after",
    "checkpoints.aput_writes:after",
)
threads = count()


@dataclass(frozen=True)
class Loop:
    """Payments of invoices in a row, or of parts of each."""

    first: int
    items: int
    parts: int
    """Payments of each item, in a loop of their own; 0 for one without such a loop."""
    looks_up: bool
    """Whether each invoice is looked up first; one of them is not there."""
    only_even: bool

    def written(self, at: int) -> list[str | dict[str, Any]]:
        """Write the loop, and after it a payment that is called after what the loop brought."""
        number = f"known{at}.number" if self.looks_up else "one"
        known = [f"known{at} = know(number=one)"] if self.looks_up else []
        branch = {"when": f"int({number}.split('-')[1]) % 2 == 0"} if self.only_even else {}
        name = f"{{{number}}}.{{part}}" if self.parts else f"{{{number}}}"
        args = {"reference": {"$": f"f'THREAD/{at}/{name}'"}, "amount": 2.5}
        paid: dict[str, Any] = {"id": f"paid{at}", **branch, "tool": "pay", "args": args}
        if self.parts:
            inner = {"items": f"range({self.parts})", "item": "part", "steps": [paid]}
            branch = {"id": f"parts{at}", "for_each": inner}
            paid = branch
        # Of no items only once it runs: plans may not write out an empty list.
        none = "" if self.items else " if len(str(today())) == 0"
        last = self.first + max(self.items, 1)
        listed = f"[f'INV-{{n}}' for n in range({self.first}, {last}){none}]"
        loop = {"items": listed, "item": "one", "key": "one", "steps": [*known, paid]}
        brought = f"[r.reference.split('/')[2] for r in flatten(each{at})]"
        return [
            {"id": f"each{at}", "on_error": "skip", "for_each": loop},
            f"sum{at} = pay(reference=f\"THREAD/{at}/sum {{'+'.join({brought})}}\", amount=1)",
        ]

    def expected(self) -> list[str]:
        """Return what the bank has to have in its books, in this order."""
        invoices = range(self.first, self.first + self.items)
        found = [n for n in invoices if not (self.looks_up and n == MISSING)]
        paid = [n for n in found if not (self.only_even and n % 2)]
        parts = [f".{n}" for n in range(self.parts)] or [""]
        names = [f"INV-{n}{part}" for n in paid for part in parts]
        return [*names, f"sum {'+'.join(names)}"]

    def brings(self) -> int:
        """Return how many items bring something: an inner loop does, though nothing is paid."""
        invoices = range(self.first, self.first + self.items)
        found = [n for n in invoices if not (self.looks_up and n == MISSING)]
        return len([n for n in found if self.parts or not (self.only_even and n % 2)])


def loops() -> st.SearchStrategy[list[Loop]]:
    """Draw loops that stand side by side."""
    drawn = st.builds(
        Loop,
        first=st.integers(22, 24),
        items=st.integers(0, 4),
        parts=st.integers(0, 2),
        looks_up=st.booleans(),
        only_even=st.booleans(),
    )
    return st.lists(drawn, min_size=1, max_size=3)


def plans_of(drawn: list[Loop], cut: int) -> list[dict[str, Any]]:
    """Write the plan; loops from `cut` on are planned by the look, as is the join of branches."""
    written = [loop.written(at) for at, loop in enumerate(drawn)]
    first = [step for steps in written[:cut] for step in steps]
    brought = "len(default(each0, []))"
    first += [
        f"if {brought} > {MANY}: many = pay(reference='THREAD/branch/many', amount=1)",
        f"if {brought} <= {MANY}: few = pay(reference='THREAD/branch/few', amount=1)",
    ]
    after = [step for steps in written[cut:] for step in steps]
    after += ["joined = pay(reference=first_of(many.reference, few.reference) + '+', amount=1)"]
    return [
        {"steps": first, "then_plan": "what else is due", "later_tools": ["pay", "know"]},
        {"steps": after},
    ]


def moments() -> st.SearchStrategy[list[str]]:
    """Draw where the lives end, one after the other."""
    point = st.builds("{}:{}".format, st.sampled_from(POINTS), st.integers(1, 8))
    return st.lists(point, min_size=1, max_size=3)


@pytest.mark.timeout(900)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(drawn=loops(), cut=st.integers(1, 3), at=moments())
def test_any_plan_killed_anywhere_does_each_thing_once_and_in_order(
    zygote: Any, bank: Any, own_home: Any, drawn: list[Loop], cut: int, at: list[str]
) -> None:
    """Loops in loops, failing items, branches that join, and what a look adds."""
    thread = f"plan-{next(threads)}"
    plans = [substituted(plan, thread) for plan in plans_of(drawn, cut)]
    job = {"home": own_home, "thread": thread, "port": bank.port, "plans": plans}
    for moment in at:
        life = zygote.live("planned", **job, at=moment)
        assert life.killed or life.code == 0, life.words

    last = zygote.live("planned", **job)

    assert last.code == 0, last.words
    effects = {k: n for k, n in bank.books()["effects"].items() if k.startswith(f"{thread}/")}
    assert set(effects.values()) == {1}
    paid = [name.removeprefix(f"{thread}/") for name in effects]
    for number, loop in enumerate(drawn):
        own = [name.partition("/")[2] for name in paid if name.startswith(f"{number}/")]
        assert own == loop.expected()
    branch = "branch/many" if drawn[0].brings() > MANY else "branch/few"
    assert [n for n in paid if n.startswith("branch/")] == [branch, f"{branch}+"]


def forks() -> st.SearchStrategy[list[tuple[int, int | None]]]:
    """Draw at which checkpoints a run begins again, and which loop then pays under new names."""
    return st.lists(
        st.tuples(st.integers(0, 30), st.none() | st.integers(0, 2)), min_size=1, max_size=2
    )


@pytest.mark.timeout(900)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(drawn=loops(), cut=st.integers(1, 3), at=moments(), again=forks())
def test_forks_and_edits_of_a_killed_plan_do_each_thing_once_too(
    zygote: Any,
    bank: Any,
    own_home: Any,
    drawn: list[Loop],
    cut: int,
    at: list[str],
    again: list[tuple[int, int | None]],
) -> None:
    """What a fork has in common with its run is not done again; what an edit changed is, whole."""
    thread = f"fork-{next(threads)}"
    plans = [substituted(plan, thread) for plan in plans_of(drawn, cut)]
    job = {"home": own_home, "thread": thread, "port": bank.port, "plans": plans, "forks": again}
    lives = [zygote.live("forked", **job, at=moment) for moment in [*at, ""]]

    assert [life.words for life in lives if not (life.killed or life.code == 0)] == []
    assert lives[-1].code == 0
    edited = {e for life in lives for e in re.findall(r"^edited (\w+)$", life.words, re.MULTILINE)}
    effects = {k: n for k, n in bank.books()["effects"].items() if k.startswith(f"{thread}/")}
    assert set(effects.values()) == {1}
    names = [name.removeprefix(f"{thread}/").partition("/") for name in effects]
    for prefix in edited | {prefix for prefix, _, _ in names} - {"branch"}:
        own = [name for of, _, name in names if of == prefix]
        assert own == drawn[int(prefix.partition("e")[0])].expected()
    branch = "many" if drawn[0].brings() > MANY else "few"
    assert [name for of, _, name in names if of == "branch"] == [branch, f"{branch}+"]


def substituted(value: Any, thread: str) -> Any:
    """Return the plan with the thread's name in it."""
    match value:
        case str():
            return value.replace("THREAD", thread)
        case list():
            return [substituted(item, thread) for item in value]
        case dict():
            return {key: substituted(item, thread) for key, item in value.items()}
        case _:
            return value
