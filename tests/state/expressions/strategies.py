"""Expressions and data, drawn at random from the grammar."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from pointsman.state.expressions.functions import FUNCTIONS

NAMES = ("a", "b", "c")
FIELDS = ("x", "y", "items")

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "x", "b", "2026-03-10", "2026-03-10T10:00", "3.5"])
    | st.text(max_size=5)
)
json_values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(st.fixed_dictionaries({"x": inner}, optional={"y": inner}), max_size=4)
        | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=3)
    ),
    max_leaves=12,
)
data = st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, json_values))

_constants = st.sampled_from(
    [
        "0",
        "1",
        "-1",
        "2",
        "0.1",
        "1e300",
        "10**9",
        "''",
        "'x'",
        "'2026-03-10'",
        "true",
        "null",
        "[]",
    ]
)
_paths = st.tuples(
    st.sampled_from([*NAMES, "i", "j"]),
    st.lists(
        st.sampled_from([".x", ".y", ".items", "['x']", "[0]", "[-1]", "[1:]", "[:2]"]), max_size=2
    ),
).map(lambda drawn: drawn[0] + "".join(drawn[1]))

_OPERATORS = [
    *("+", "-", "*", "/", "//", "%", "**", "and", "or"),
    *("==", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not"),
]
_ONE = [name for name, known in FUNCTIONS.items() if known.least <= 1]
_TWO = [name for name, known in FUNCTIONS.items() if known.most >= 2]


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def of(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.tuples(*parts).map(lambda drawn: template.format(*drawn))

    return st.one_of(
        of("({} {} {})", inner, st.sampled_from(_OPERATORS), inner),
        of("(not {})", inner),
        of("(-{})", inner),
        of("({} if {} else {})", inner, inner, inner),
        of("{}({})", st.sampled_from(_ONE), inner),
        of("{}({}, {})", st.sampled_from(_TWO), inner, inner),
        of("default({}, {})", inner, inner),
        of("first_of({}, {})", inner, inner),
        of("replace({}, {}, {})", inner, inner, inner),
        of("has({})", _paths),
        of("[{} for i in {}]", inner, inner),
        of("[{} for i in {} if {}]", inner, inner, inner),
        of("[{} for i in {} for j in {}]", inner, inner, inner),
        of("[{} for i, j in {}]", inner, inner),
        of("{{{}: {} for i in {}}}", inner, inner, inner),
        of("{{'x': {}, 'y': {}}}", inner, inner),
        of("[{}, {}]", inner, inner),
        of("{{{}, {}}}", inner, inner),
        of("{}[{}]", inner, inner),
        of("{}({}, key=lambda i: {})", st.sampled_from(["sorted", "min", "group"]), inner, inner),
        of("map(lambda i: {}, {})", inner, inner),
        of("filter(lambda i: {}, {})", inner, inner),
        of('f"a{{{}:{}}}"', _paths, st.sampled_from([".2f", "d", ",", "%Y", "", "03d", ".1%"])),
    )


expressions = st.recursive(_constants | _paths, _grown, max_leaves=10)
"""Expressions of the language; `i` and `j` are bound in some places and read in others."""
