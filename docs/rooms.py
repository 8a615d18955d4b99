"""The rooms of the package as its imports draw them.

    python docs/rooms.py

writes the drawing in docs/architecture.md anew; a test holds it to the imports.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Set
from pathlib import Path, PurePath

ROOT = Path(__file__).parent.parent
PACKAGE = "pointsman"
PAGE = ROOT / "docs" / "architecture.md"
BESIDE = {"docs", "tests", "build", "dist"}
"""Folders that hold no part of the package."""
SPLIT = {"models"}
"""Rooms whose folders are rooms of their own."""
SINGLE = {
    "__init__.py": "agent",
    "agent.py": "agent",
    "given.py": "agent",
    "home.py": "agent",
    "toolbox.py": "agent",
    "errors.py": "foundation",
    "finishing.py": "foundation",
    "lazy.py": "foundation",
    "settings.py": "settings",
    "loading.py": "settings",
    "models/gateway.py": "models/gateway",
}
"""Files that are a room, or share one, without a folder. A file beside them that is not listed is
a room of its own, so that the table asks where it belongs."""
EVERYWHERE = "foundation"
"""The room that all others import; drawn, its arrows would hide the rest."""

IMPORTING = {"import_module", "__import__", "exports"}
"""Functions whose calls are read for what they import, by these names."""
_NAME_OF_OURS = re.compile(rf"{PACKAGE}(\.[a-z_]\w*)+(:\w+)?")

Arrows = dict[str, set[str]]
"""Room → the rooms that it imports."""


def arrows(root: Path = ROOT) -> Arrows:
    """Return what each room imports of the others, inside functions too."""
    found: Arrows = {}
    for path in sources(root):
        file = path.relative_to(root)
        targets = {room_of(target, root) for target in imported(path, file)}
        found.setdefault(room_of(file, root), set()).update(targets - {room_of(file, root)})
    return found


def sources(root: Path = ROOT) -> Iterator[Path]:
    """Yield the files of the package."""
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).parts
        if parts[0] not in BESIDE and not any(part.startswith(".") for part in parts):
            yield path


def imported(path: Path, file: PurePath) -> Iterator[PurePath]:
    """Yield the modules of the package that a file imports, as paths below the root."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    if (below := _below_package(alias.name)) is not None:
                        yield below
            case ast.ImportFrom(module=module, names=names, level=level):
                if (base := _named("." * level + (module or ""), file)) is not None:
                    yield from (base / alias.name for alias in names)
            case ast.Call():
                named = (_named(name, file) for name in _modules_of(node) if name is not None)
                yield from (below for below in named if below is not None)
            case ast.Constant(value=str(text)) if _NAME_OF_OURS.fullmatch(text):
                # Whoever is given it may import it: `resolve_name`, `python -m`, `sys.modules`.
                below = PurePath(*re.split("[.:]", text)[1:])
                if _stands_in(path.parents[len(file.parts) - 1], below.parts[0]):
                    yield below
            case _:
                pass


def _stands_in(root: Path, name: str) -> bool:
    """Say whether a folder or a module of a name is there; `pointsman.db` is none of ours."""
    return (root / name).is_dir() or (root / f"{name}.py").is_file()


def unread(path: Path) -> bool:
    """Say whether a file imports a module by a name that only a run can tell.

    So does one that imports by another name than these functions have, or runs text as code.
    """
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    for node in nodes:
        match node:
            case ast.Call(func=ast.Name(id="exec" | "eval")):
                return True
            case ast.Call() if None in _modules_of(node):
                return True
            case ast.ImportFrom(names=names) if any(
                alias.name in IMPORTING and alias.asname for alias in names
            ):
                return True
            case ast.Name(id=name, ctx=ast.Load()) if name in IMPORTING and id(node) not in called:
                return True
            case ast.Attribute(value=ast.Name(id="importlib" | "lazy"), attr=name) if (
                name in IMPORTING and id(node) not in called
            ):
                return True
            case _:
                pass
    return False


def _modules_of(call: ast.Call) -> list[str | None]:
    """Return the modules that a call imports, now or later; `None` for what it does not spell out.

    Those are Python's own two functions, and the tables of `lazy.exports`.
    """
    given = dict(enumerate(call.args)) | {word.arg: word.value for word in call.keywords}
    called = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
    match called:
        case "import_module":
            name, package = (
                _text(given.get(0, given.get("name"))),
                given.get(1, given.get("package")),
            )
            of = _text(package)
            if name is None or not name.startswith(".") or of is None:
                # Relative to what a variable holds, it is taken for a neighbour.
                return [name]
            parts, level = of.split("."), len(name) - len(name.lstrip("."))
            return [".".join([*parts[: len(parts) - level + 1], name.lstrip(".")])]
        case "__import__":
            name = _text(given.get(0, given.get("name")))
            level = given.get(4, given.get("level"))
            dots = level.value if isinstance(level, ast.Constant) else 0
            return [None if name is None else "." * int(str(dots)) + name]
        case "exports":
            table = given.get(1, given.get("homes"))
            homes = table.values if isinstance(table, ast.Dict) else [None]
            return [None if (home := _text(value)) is None else f".{home}" for value in homes]
        case _:
            return []


def _text(node: ast.expr | None) -> str | None:
    held = node.value if isinstance(node, ast.Constant) else None
    return held if isinstance(held, str) else None


def _named(module: str, file: PurePath) -> PurePath | None:
    """Return the path of a module that a file names, from the package's top or from its place."""
    name = module.lstrip(".")
    if not (level := len(module) - len(name)):
        return _below_package(module)
    return PurePath(*file.parts[: len(file.parts) - level]).joinpath(*name.split("."))


def _below_package(module: str) -> PurePath | None:
    """Return the path of a module of the package that is named from its top."""
    top, *parts = module.split(".")
    return PurePath(*parts) if top == PACKAGE else None


def room_of(path: PurePath, root: Path = ROOT) -> str:
    """Return the room of a module, or of a name in one; a name of the package is the door's."""
    for part in (path, *path.parents):
        if single := SINGLE.get(part.with_suffix(".py").as_posix() if part.parts else ""):
            return single
    first = path.parts[0] if path.parts else ""
    if first and (root / first).with_suffix(".py").is_file():
        return PurePath(first).stem
    if not first or not (root / first).is_dir():
        return SINGLE["__init__.py"]
    nested = PurePath(*path.parts[:2])
    if first in SPLIT and len(path.parts) > 1 and (root / nested).is_dir():
        return nested.as_posix()
    return first


def reduced(found: Mapping[str, Set[str]]) -> Arrows:
    """Leave out every arrow that a longer way replaces.

    Raises:
        ValueError: Rooms import each other in a circle, which it names.
    """
    reach: Arrows = {}

    def below(room: str, way: tuple[str, ...] = ()) -> set[str]:
        if room in way:
            raise ValueError(" → ".join([*way[way.index(room) :], room]))
        if room not in reach:
            direct = found.get(room, set())
            reach[room] = set(direct).union(*(below(other, (*way, room)) for other in direct))
        return reach[room]

    for room in found:
        below(room)
    return {
        room: {
            other for other in direct if not any(other in reach[via] for via in direct - {other})
        }
        for room, direct in found.items()
    }


def drawing(found: Mapping[str, Set[str]]) -> str:
    """Return the rooms and their arrows in Mermaid's language."""
    drawn = {
        room: sorted(targets - {EVERYWHERE}) for room, targets in sorted(reduced(found).items())
    }
    lines = ["graph TD;"]
    lines += [
        f"    {_node(room)} --> {' & '.join(map(_node, targets))}"
        for room, targets in drawn.items()
        if targets
    ]
    return "\n".join(lines)


def _node(room: str) -> str:
    return f"{room.replace('/', '_')}[{room}]"


def redrawn(page: str, found: Mapping[str, Set[str]]) -> str:
    """Return a page with the drawing between its two marks replaced."""
    block = f"<!-- rooms -->\n```mermaid\n{drawing(found)}\n```\n<!-- /rooms -->"
    return re.sub(r"<!-- rooms -->.*?<!-- /rooms -->", lambda _: block, page, flags=re.DOTALL)


def allowed(page: str) -> dict[str, frozenset[str]]:
    """Return the page's table: room → the rooms that it may import."""
    rows = re.findall(r"^\| `([\w/]+)` \|.*\| ([^|]*) \|$", page, re.MULTILINE)
    return {room: frozenset(re.findall(r"`([\w/]+)`", may)) for room, may in rows}


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(redrawn(text, arrows()), encoding="utf-8")
