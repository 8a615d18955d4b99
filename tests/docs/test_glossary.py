"""docs/glossary.md is kept: a word means there what it means in code, pages and messages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .pages import PAGES, ROOT, name_of

PAGE = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
SINGLE, COMPOUND = PAGE.split("## Compounds")
_ROW = re.compile(r"^\| (?!word|compound)([\w' ]+) \| (.*) \| (`.*`) \|$", re.MULTILINE)
WORDS = _ROW.findall(SINGLE)
COMPOUNDS = _ROW.findall(COMPOUND)
BESIDE = {"tests", "docs", "benchmarks", "build", "dist"}
THE_THING_ITSELF = {
    "approval request",
    "open request",
    "act outcome",
    "scripted decision",
    "thread lease",
    "taken lease",
}
"""Classes whose last word has its bare meaning."""

SAID_WRONGLY: dict[str, str] = {
    r"answers? (?:to|on) (?:an?|its|this) (?:approval|interrupt)": "a decision on",
    r"answer(?:s|ed|ing)? (?:an?|the) (?:approval|interrupt)": "decide on",
    r"approvals? (?:are |is |was |were )?answered": "decided",
    r"in the same answer|answers? in words|your answer": "decision, respond, your words",
    r"(?:malformed|unauthori[sz]ed) answers?": "a decision",
    r"(?:approver|reviewer|person)(?:'s|s') answers?": "their decision",
    r"polic(?:y|ies)'s? decisions?\b(?! \()": "a policy decision",
    r"decision (?:note|record|\d{3})": "a design note",
    r"turns? (?:of|through) `?plan\b|used its [^.]{1,30} turns": "a pass",
    r"(?<!code )fences? (?:around|of|between)[^.]{0,20} (?:block|prompt|reply|data)": "tags",
    r"routes? (?:that|which) use|learn(?:ing|ed)? routes?": "routing rows, a router",
    r"(?<!lane's )(?<!step )recorded outcomes?": "step outcomes, graded replies",
    r"quorum[^.]{0,60} consents?|must agree[^.]{0,60} consents?": "an approval",
    r"verdicts? (?:of|by) (?:the )?polic(?:y|ies)": "a policy decision",
    r"(?<!model )attempts? at (?:an?|one|the) endpoint": "a model attempt",
    r"policy table": "the routing table",
}
"""What a word with another meaning looks like → what to say in its place."""
OF_PEOPLE = {"README.md", "docs/studio.md", "docs/human-load.md", "docs/architecture.md"}
"""Pages that speak of principals and of models: there a principal's role is told in full."""


def near(text: str, name: str) -> str:
    """Return where in a text a pattern was found, for people."""
    return f"{name}: …{' '.join(text.split())}…"


def prose() -> Iterator[tuple[str, str]]:
    """Yield each page without its blocks and inline code."""
    for page in PAGES:
        if name_of(page) == "docs/glossary.md":
            continue
        text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        yield name_of(page), re.sub(r"`[^`]*`", "`", text)


def texts() -> Iterator[tuple[str, str]]:
    """Yield what the code says to people: messages, help and docstrings, each in one piece."""
    for file in sorted(ROOT.rglob("*.py")):
        path = file.relative_to(ROOT)
        if path.parts[0] in BESIDE or path.parts[0].startswith("."):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Constant(value=str(text)) if " " in text:
                    yield f"{path}:{node.lineno}", text
                case _:
                    pass


SAID = [*prose(), *texts()]


def test_the_glossary_has_each_word_once() -> None:
    """A word with two rows would have two meanings."""
    words = [word for word, _, _ in [*WORDS, *COMPOUNDS]]

    assert (len(WORDS), len(COMPOUNDS)) > (40, 15)
    assert sorted(set(words)) == sorted(words)


@pytest.mark.parametrize(("word", "home"), [(word, home) for word, _, home in WORDS])
def test_a_word_is_used_where_the_glossary_says(word: str, home: str) -> None:
    """The file that a reader is sent to speaks of it."""
    for file in re.findall(r"`([\w/]+\.py)`", home):
        assert word in (ROOT / file).read_text(encoding="utf-8").lower().replace("_", " "), file


@pytest.mark.parametrize(("compound", "home"), [(word, home) for word, _, home in COMPOUNDS])
def test_a_compound_has_its_home(compound: str, home: str) -> None:
    """Each place is there, and together they speak of it."""
    places = [ROOT / place for place in re.findall(r"`([^`]+)`", home)]
    assert [place for place in places if not place.exists()] == []

    files = [file for place in places for file in ([place] if place.is_file() else tree(place))]
    said = " ".join(file.read_text(encoding="utf-8").lower() for file in files)
    last = compound.lower().split()[-1].removesuffix("y")
    assert last in said


def tree(folder: Path) -> list[Path]:
    """Return the texts of a folder."""
    return [*folder.rglob("*.py"), *folder.rglob("*.md")]


@pytest.mark.parametrize("pattern", SAID_WRONGLY)
def test_no_word_is_used_for_what_another_names(pattern: str) -> None:
    """In pages, messages, help and docstrings."""
    wrong = re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)
    found = [near(hit[0], name) for name, text in SAID for hit in wrong.finditer(text)]

    assert found == [], f"say {SAID_WRONGLY[pattern]}"


@pytest.mark.parametrize("page", sorted(OF_PEOPLE))
def test_a_principals_role_is_told_in_full(page: str) -> None:
    """Where models have roles too."""
    text = dict(prose())[page]
    people = r"(?:tokens?|tenants?|scopes?|metadata)\b"

    assert re.findall(rf"(?i)(?<!principal )\broles?\b[^.|]{{0,60}}\b{people}", text) == []


def test_an_outcome_is_that_of_an_attempt_or_says_of_what() -> None:
    """On pages: `unknown`, or a compound; alone it is what `act` brought back."""
    kinds = {word.split()[0] for word, _, _ in COMPOUNDS if word.endswith(" outcome")}
    allowed = rf"(?:{'|'.join(sorted(kinds))}|unknown)\s+outcomes?|whose\s+outcome\s+is\s+unknown"
    found = [
        near(text[hit.start() - 40 : hit.end() + 20], name)
        for name, text in prose()
        for hit in re.finditer(r"\boutcomes?\b", text, re.IGNORECASE)
        if not re.search(allowed, text[max(0, hit.start() - 12) : hit.end() + 14])
    ]

    assert found == []


def classes() -> Iterator[tuple[str, str]]:
    """Yield the words of each public class's name, and its file."""
    for file in sorted(ROOT.rglob("*.py")):
        path = file.relative_to(ROOT)
        if path.parts[0] in BESIDE or path.parts[0].startswith("."):
            continue
        if path.parts[0] == "evals" and len(path.parts) > 2:
            continue  # public benchmarks bring words of their own
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                words = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z][a-z]+", node.name)
                yield " ".join(words).lower(), str(path)


def test_a_class_is_named_after_the_thing_or_a_compound() -> None:
    """A class that ends in a word with two meanings says which one it is."""
    known = {word.lower() for word, _, _ in COMPOUNDS} | THE_THING_ITSELF
    lasts = {word.split()[-1] for word in known} & {word for word, _, _ in WORDS}
    found = {name: file for name, file in classes() if " " in name and name.split()[-1] in lasts}

    assert {name: file for name, file in found.items() if name not in known} == {}
    assert found.keys() >= THE_THING_ITSELF
