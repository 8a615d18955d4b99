"""Whatever can be set is read somewhere, and whatever can be called is called.

A name that nothing in the package reads is a knob that turns nothing, unless a line here says who
does. Names are compared, not types: what shares its name with something that is read goes unseen.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from pointsman.docs.rooms import BESIDE, ROOT
from pointsman.settings import Settings

READ_ELSEWHERE = {
    "Conversations.conversations": "whoever holds conversations, from Python",
    "Graded.evaluate_run": "langsmith",
    "Graded.feedback_keys": "langsmith",
    "Traffic.on_chat_model_start": "langchain",
    "Traffic.on_llm_end": "langchain",
    "_DateReader.visit_Attribute": "ast",
    "_DateReader.visit_BinOp": "ast",
    "_DateReader.visit_Call": "ast",
    "_DateReader.visit_Compare": "ast",
    "_Swap.visit_JoinedStr": "ast",
    "_Swap.visit_Name": "ast",
    "_Untested.visit_Call": "ast",
    "_Untested.visit_IfExp": "ast",
    "AnyText.process_bind_param": "sqlalchemy",
    "AnyText.process_result_value": "sqlalchemy",
    "JsonText.process_bind_param": "sqlalchemy",
    "JsonText.process_result_value": "sqlalchemy",
    "keeps": "whoever has labelled sentences, from Python",
    "load_conversations": "whoever holds conversations, from Python",
    "is_installed": "whoever builds an agent where the model may be missing, from Python",
    "build_tools": "the settings of the support desk",
    "document_search": "settings: a built-in tool",
    "outbox": "settings: a built-in tool",
    "UNTIMED": "the test that holds every command to be timed or listed there",
    "ScriptedGateway.wait_for_requests": "tests of users",
    "ScriptedGateway.wait_idle": "tests of users",
}
"""What is read or called from outside of the package → by whom."""

HOLDS_FIELDS = re.compile(r"(Record|BaseModel|TypedDict|NamedTuple)\b|\w+(Settings|Record)\b")


def modules() -> Iterator[ast.Module]:
    """Yield the modules of the package."""
    for path in sorted(ROOT.rglob("*.py")):
        file = path.relative_to(ROOT)
        skipped = file.parts[0] in BESIDE or "migrations" in file.parts
        if not skipped and not any(part.startswith(".") for part in file.parts):
            yield ast.parse(path.read_text(encoding="utf-8"))


MODULES = list(modules())


def names_read() -> Iterator[str]:
    """Yield every name that is read: as a variable, an attribute, in a pattern or as a text."""
    for node in (node for module in MODULES for node in ast.walk(module)):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name, ctx=ast.Load()):
                yield name
            case ast.Constant(value=str(name)):
                yield name
            case ast.MatchClass(kwd_attrs=names):
                yield from names
            case _:
                pass


READ = set(names_read())


def holds_fields(found: ast.ClassDef) -> bool:
    """Say whether a class is a record of fields."""
    marks = [*map(ast.unparse, found.decorator_list), *map(ast.unparse, found.bases)]
    return any("dataclass" in mark or HOLDS_FIELDS.match(mark) for mark in marks)


def fields() -> Iterator[str]:
    """Yield the public fields of records, as `Class.field`."""
    for module in MODULES:
        for node in ast.walk(module):
            if isinstance(node, ast.ClassDef) and holds_fields(node):
                for line in node.body:
                    if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                        yield f"{node.name}.{line.target.id}"


def constants() -> Iterator[str]:
    """Yield the constants of modules."""
    for module in MODULES:
        for node in module.body:
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id=name)])
                    | ast.AnnAssign(target=ast.Name(id=name))
                ) if name.isupper():
                    yield name
                case _:
                    pass


def functions() -> Iterator[str]:
    """Yield the functions of modules and the methods of classes, as they are named.

    What a decorator is called with is handed to whoever made the decorator: commands and tools.
    """
    for module in MODULES:
        for node in module.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not any(
                isinstance(mark, ast.Call) for mark in node.decorator_list
            ):
                yield node.name
        for node in ast.walk(module):
            if isinstance(node, ast.ClassDef):
                for method in node.body:
                    if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                        yield f"{node.name}.{method.name}"


def unread(names: Iterator[str]) -> set[str]:
    """Return the public names that nothing reads."""
    lasts = {name: name.rpartition(".")[2] for name in names}
    return {name for name, last in lasts.items() if last not in READ and not last.startswith("_")}


def test_every_field_is_read() -> None:
    """A field that is set and never read promises what nobody keeps."""
    configured = {name for name in fields() if name.endswith(".model_config")}

    assert unread(fields()) - configured - READ_ELSEWHERE.keys() == set()


def test_every_function_is_called() -> None:
    """A function that only tests call is tested for nothing."""
    assert unread(functions()) - READ_ELSEWHERE.keys() == set()


def test_every_constant_is_read() -> None:
    """A figure that nothing reads can be turned as one likes."""
    assert unread(constants()) - READ_ELSEWHERE.keys() == set()


def test_what_is_read_elsewhere_is_there_and_not_read_here() -> None:
    """A name that is gone, or read by now, goes from the list."""
    named = unread(fields()) | unread(functions()) | unread(constants())
    assert READ_ELSEWHERE.keys() <= named


def settings_read() -> Iterator[str]:
    """Yield the names that are read of something called settings, or by `Settings` itself."""
    for node in (node for module in MODULES for node in ast.walk(module)):
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value)
            if owner in ("self", "elsewhere") or re.search(r"settings(\(\))?$", owner):
                yield node.attr


SETTINGS_READ = set(settings_read())


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_read_of_settings(name: str) -> None:
    """Names such as `description` are read of much else; here whose they are counts."""
    assert name in SETTINGS_READ


def test_no_option_of_a_command_goes_unused() -> None:
    """The linter reports arguments that a function does not use; no command may silence it."""
    silenced = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "cli").rglob("*.py"))
        if "noqa: ARG" in path.read_text(encoding="utf-8")
    ]
    assert silenced == []
