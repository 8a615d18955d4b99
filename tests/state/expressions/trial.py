"""The trial of languages: which first-try answers are right, language by language.

Run it where the language's package is installed; the two JMESPath packages share one module name:

    pip install jsonata-python cel-python common-expression-language simpleeval pyyaml
    python tests/state/expressions/trial.py jsonata cel-python cel simpleeval
    pip install jmespath-community pyyaml        # in an environment of its own
    python tests/state/expressions/trial.py jmespath

Where a language lacks a function that all writers were told about, the host gives it.
"""

from __future__ import annotations

import importlib
import json
import math
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "data"
TASKS = yaml.safe_load((FOLDER / "tasks.yaml").read_text())
DATA, TODAY = TASKS["data"], date(2026, 3, 10)


def sort_by(items: Any, key: str) -> list[Any]:
    """Sort by a field, from the greatest for `-field`."""
    return sorted(items, key=lambda item: item[key.lstrip("-")], reverse=key.startswith("-"))


HOST: dict[str, Callable[..., Any]] = {
    "sum": lambda items: sum(items[1:], items[0]),
    "min": min,
    "max": max,
    "avg": lambda items: sum(map(float, items)) / len(items),
    "round": lambda number, places: round(float(number), int(places)),
    "sort": sorted,
    "sort_by": sort_by,
    "unique": lambda items: list(dict.fromkeys(items)),
    "flatten": lambda lists: [item for items in lists for item in items],
    "join": lambda items, separator: separator.join(items),
    "lower": lambda text: text.lower(),
    "split": lambda text, at: text.split(at),
    "replace": lambda text, old, new: text.replace(old, new),
    "format_number": lambda number, places: f"{float(number):.{int(places)}f}",
    "today": TODAY.isoformat,
    "add_days": lambda day, n: (date.fromisoformat(day) + timedelta(days=int(n))).isoformat(),
    "days_between": lambda a, b: (date.fromisoformat(b) - date.fromisoformat(a)).days,
    "format_date": lambda day, form: date.fromisoformat(day).strftime(form),
}


def jmespath() -> Callable[[str], Any]:
    """JMESPath Community."""
    library = importlib.import_module("jmespath")
    functions = importlib.import_module("jmespath.functions")
    names = ("round", "format_number", "today", "add_days", "days_between", "format_date")
    arities = {"today": 0}
    methods = {
        f"_func_{name}": functions.signature(*[{"types": []}] * arities.get(name, 2))(
            lambda _, *values, call=HOST[name]: call(*values)
        )
        for name in names
    }
    options = library.Options(custom_functions=type("F", (functions.Functions,), methods)())
    return lambda source: library.search(source, DATA, options=options)


def jsonata() -> Callable[[str], Any]:
    """JSONata with its own functions."""
    library = importlib.import_module("jsonata.jsonata")

    def run(source: str) -> Any:
        expression = library.Jsonata(source)
        expression.assign("today", TODAY.isoformat())
        return expression.evaluate(DATA)

    return run


def cel_python() -> Callable[[str], Any]:
    """CEL in Python."""
    library = importlib.import_module("celpy")
    environment = library.Environment()

    def wrapped(call: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *values: library.json_to_cel(call(*values))

    functions = {name: wrapped(call) for name, call in HOST.items()}
    values = {name: library.json_to_cel(value) for name, value in DATA.items()}

    def run(source: str) -> Any:
        program = environment.program(environment.compile(source), functions=functions)
        return json.loads(json.dumps(program.evaluate(values), cls=library.CELJSONEncoder))

    return run


def cel() -> Callable[[str], Any]:
    """CEL in Rust."""
    library = importlib.import_module("cel")
    context = library.Context(DATA)
    for name, call in HOST.items():
        context.add_function(name, call)
    return lambda source: library.evaluate(source, context)


def simpleeval() -> Callable[[str], Any]:
    """Python's expressions in simpleeval."""
    library = importlib.import_module("simpleeval")
    functions = {
        **{name: HOST[name] for name in ("unique", "add_days", "days_between", "format_date")},
        **{f.__name__: f for f in (sum, min, max, len, round, any, all, sorted)},
        "avg": lambda items: sum(found := list(items)) / len(found),
        "first": lambda items: next(iter(items)),
        "has": lambda value: value is not None,
        "default": lambda value, other: other if value is None else value,
        "today": TODAY.isoformat,
    }
    make = library.EvalWithCompoundTypes
    return lambda source: make(functions=functions, names=dict(DATA)).eval(source)


def pointsman() -> Callable[[str], Any]:
    """This project's."""
    library = importlib.import_module("pointsman.state.expressions")
    from datetime import datetime

    return lambda source: library.evaluate(source, DATA, now=datetime(2026, 3, 10))


LANGUAGES = {
    "jmespath": ("jmespath", jmespath),
    "jsonata": ("jsonata", jsonata),
    "cel-python": ("cel", cel_python),
    "cel": ("cel", cel),
    "simpleeval": ("python", simpleeval),
    "pointsman": ("python", pointsman),
}


def agrees(found: Any, wanted: Any, *, close: bool) -> bool:
    """Compare; `close` bears with binary noise."""
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(wanted, int | float) and isinstance(found, int | float):
        return math.isclose(found, wanted) if close else found == wanted
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        return all(agrees(f, w, close=close) for f, w in zip(found, wanted, strict=True))
    if isinstance(wanted, dict) and isinstance(found, dict) and wanted.keys() == found.keys():
        return all(agrees(found[k], wanted[k], close=close) for k in wanted)
    return found == wanted


def main(names: list[str]) -> None:
    """Print what each language made of its answers."""
    for name in names:
        file, make = LANGUAGES[name]
        answers = yaml.safe_load((FOLDER / f"answers_{file}.yaml").read_text())
        run, right, noisy, wrong = make(), 0, list[str](), list[str]()
        for task in TASKS["tasks"]:
            try:
                found = run(str(answers[task["id"]]))
            except Exception as error:
                found = error
            right += (exact := agrees(found, task["expect"], close=False))
            if not exact:
                noise = agrees(found, task["expect"], close=True)
                (noisy if noise else wrong).append(task["id"])
        print(f"{name}: {right} right, {noisy} with binary noise, {wrong} wrong")


if __name__ == "__main__":
    main(sys.argv[1:] or ["pointsman"])
