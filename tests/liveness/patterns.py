"""Every regular expression of the package, how it is used, and texts that one of its kind hates."""

from __future__ import annotations

import ast
import importlib
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from re import _constants as codes  # pyright: ignore[reportAttributeAccessIssue]
from re import _parser as parser  # pyright: ignore[reportAttributeAccessIssue]
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
ROOMS = (
    *("state", "stores", "models", "tools", "policy", "planners", "grounding", "runs", "nodes"),
    *("graphs", "server", "cli"),
)
MIGRATIONS = ROOT / "stores/migrations"
"""They rewrite our own statements, and are imported by Alembic alone."""
USES = ("match", "fullmatch", "search", "sub", "subn", "findall", "finditer", "split")
REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
TRIED = [chr(code) for code in (*range(32, 127), 9, 10, 0xA0, 0xDF, 0xE9, 0x660, 0x2019, 0x20AC)]
SIGNS = tuple("a1 \n\t_-.:#%&@'\"`([{</\\*é\u00a0€")
PLAIN = (
    *SIGNS,
    *("a ", "1 ", "1,", "1.", "1-", "1:", "a.", "a-", "a@", "aA", "a1", "- ", "$1", "\\'", '\\"'),
    *(" \n", "x:\n", "&#", "a b, ", "http://", "```\n"),
)


@dataclass(frozen=True)
class Used:
    """A pattern and the ways in which the package applies it."""

    where: str
    pattern: re.Pattern[str]
    ways: frozenset[str]

    def run(self, text: str) -> None:
        """Apply it to a text, as the package does."""
        if self.ways <= {"match"}:
            self.pattern.match(text)
        elif self.ways <= {"match", "fullmatch"}:
            self.pattern.fullmatch(text)
        else:
            for _ in self.pattern.finditer(text):
                pass


@cache
def collected() -> tuple[list[Used], list[str]]:
    """Return the patterns of the package, and the places whose pattern is made at run time."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in _files()}
    ways = _ways(trees.values())
    found: list[Used] = []
    unread: list[str] = []
    for path, tree in trees.items():
        calls: list[Any] = [node for node in ast.walk(tree) if _is_pattern(node)]
        module = _module(path) if calls else None
        names = {
            id(node.value): target.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for call in calls:
            where = f"{path.relative_to(ROOT).as_posix()}:{call.lineno}"
            try:
                pattern = _evaluated(call, module)
            except NameError:
                unread.append(where.rpartition(":")[0])
                continue
            way = call.func.attr
            used = ways.get(names.get(id(call), ""), {"search"}) if way == "compile" else {way}
            found.append(Used(where, pattern, frozenset(used)))
    return found, unread


def _files() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted(set((ROOT / room).rglob("*.py")) - set(MIGRATIONS.rglob("*.py")))
    yield from sorted(ROOT.glob("*.py"))


def _module(path: Path) -> ModuleType:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return importlib.import_module(".".join(("pointsman", *parts)).removesuffix(".__init__"))


def _ways(trees: Any) -> dict[str, set[str]]:
    """Return name → methods that are called on it anywhere."""
    ways: dict[str, set[str]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            match node:
                case ast.Attribute(value=ast.Name(id=name), attr=way) if way in USES:
                    ways.setdefault(name, set()).add(way)
                case _:
                    pass
    return ways


def _is_pattern(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
        and node.func.attr in (*USES, "compile")
    )


def _evaluated(call: Any, module: ModuleType | None) -> re.Pattern[str]:
    """Compile what a call compiles. Raises `NameError` if that depends on local names."""

    def value(node: ast.expr) -> Any:
        # Our own source, read from its file.
        return eval(compile(ast.Expression(node), "pattern", "eval"), vars(module))  # noqa: S307

    flags = re.RegexFlag(0)
    skipped = {"compile": 1, "sub": 3, "subn": 3}.get(call.func.attr, 2)
    for node in [*call.args[skipped:], *(k.value for k in call.keywords if k.arg == "flags")]:
        flags |= value(node)
    return re.compile(value(call.args[0]), flags)


def hated(pattern: re.Pattern[str]) -> Iterator[Callable[[int], str]]:
    """Yield makers of texts: for plain repetition, and for each loop of the pattern."""
    for part in PLAIN:
        yield lambda size, part=part: part * (size // len(part)) + "\0"
    parsed = parser.parse(pattern.pattern, pattern.flags)
    for seed in range(4 + 2 * min(12, _loops(parsed))):
        yield lambda size, seed=seed: _Sampler(seed, size, pumped=seed // 2 - 2).text(parsed)


def _loops(parsed: Any) -> int:
    return sum((op in REPEATS) + sum(map(_loops, _inner(av))) for op, av in parsed)


def _inner(av: Any) -> Iterator[Any]:
    """Yield the sequences inside an operation's argument."""
    if isinstance(av, parser.SubPattern):
        yield av
    elif isinstance(av, list | tuple):
        for part in av:
            yield from _inner(part)


class _Sampler:
    """Text that a pattern nearly takes: one loop goes on for long, or the whole comes again."""

    def __init__(self, seed: int, size: int, *, pumped: int) -> None:
        self._random = random.Random(seed)
        self._size = size
        self._pumped = pumped
        self._seen = 0

    def text(self, parsed: Any) -> str:
        made = self._sequence(parsed) or "a"
        cut = made[: self._random.randint(1, len(made))] if self._pumped < 0 else made[:-1]
        return (cut * (self._size // max(1, len(cut)) + 1))[: self._size] + "\0"

    def _sequence(self, parsed: Any) -> str:
        return "".join(self._one(op, av) for op, av in parsed)

    def _one(self, op: Any, av: Any) -> str:
        if op is codes.LITERAL:
            return chr(av)
        if op is codes.NOT_LITERAL:
            return "b" if av == ord("a") else "a"
        if op is codes.ANY:
            return self._random.choice("a1 ,")
        if op is codes.IN:
            return self._random.choice(_members(av))
        if op is codes.BRANCH:
            return self._sequence(self._random.choice(av[1]))
        if op in REPEATS:
            return self._loop(*av)
        if op in (codes.SUBPATTERN, codes.ATOMIC_GROUP):
            return "".join(map(self._sequence, _inner(av)))
        return ""

    def _loop(self, least: int, most: Any, body: Any) -> str:
        mine, self._seen = self._seen, self._seen + 1
        if mine == self._pumped and most is codes.MAXREPEAT:
            once = "".join(self._sequence(body) for _ in range(3)) or "a"
            return once * (self._size // len(once))
        return "".join(self._sequence(body) for _ in range(max(least, self._random.randint(0, 1))))


def _members(items: Any) -> list[str]:
    """Return characters of a class, among those that are tried."""
    one = re.compile(_written(items))
    return [char for char in TRIED if one.fullmatch(char)] or ["a"]


def _written(items: Any) -> str:
    names = {"DIGIT": "d", "SPACE": "s", "WORD": "w", "NOT_DIGIT": "D", "NOT_SPACE": "S"}
    parts: list[str] = []
    for op, av in items:
        if op is codes.NEGATE:
            parts.append("^")
        elif op is codes.LITERAL:
            parts.append(re.escape(chr(av)))
        elif op is codes.RANGE:
            parts.append(f"{re.escape(chr(av[0]))}-{re.escape(chr(av[1]))}")
        else:
            parts.append("\\" + names.get(str(av).removeprefix("CATEGORY_"), "W"))
    return f"[{''.join(parts)}]"
