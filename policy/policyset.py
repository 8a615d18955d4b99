"""Policy sets: Cedar text, parsed and checked once, with what its annotations say to people."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Literal

import cedarpy
from cedarpy import pst

from ..errors import ConfigError
from ..state.approval import DECISIONS, DecisionType
from ..state.values import Record, digest
from .settings import PolicySettings

ANNOTATIONS = frozenset({"id", "reason", "quorum", "expires", "allowed"})

PLACEHOLDERS = frozenset(
    {
        "amount",
        "arguments",
        "confidence",
        "data_class",
        "effect",
        "environment",
        "leaking",
        "missing_scopes",
        "model",
        "operation",
        "outsiders",
        "principal",
        "readers",
        "requester",
        "role",
        "sources",
        "tool",
    }
)
"""Names that an `@reason` may use in braces."""

_LATER = re.compile(r"^// \[later$.*?^// later\]\n", re.MULTILINE | re.DOTALL)


class PolicyNote(Record):
    """What one policy's annotations say."""

    id: str
    effect: Literal["permit", "forbid"]
    position: int
    """Place in the text, from 0: reasons are given in this order."""
    reason: str = ""
    quorum: int = 1
    expires_seconds: float | None = None
    allowed: tuple[DecisionType, ...] = DECISIONS


@dataclass(frozen=True, kw_only=True)
class CompiledPolicies:
    """Parsed handles that decisions reuse."""

    digest: str
    texts: Mapping[str, str]
    """Of policies and schema, as they were given."""
    policies: cedarpy.PolicySet
    schema: cedarpy.Schema
    notes: Mapping[str, PolicyNote]
    """Cedar's own policy id (`policy0`) → note."""


def load_policies(settings: PolicySettings, folder: Path = Path()) -> CompiledPolicies:
    """Read and compile the policies that the settings name.

    Raises:
        ConfigError: A file cannot be read, or does not hold valid policies.
    """
    shipped = resources.files("pointsman.policy")
    policies = (
        _read(folder / settings.file, "policy.file")
        if settings.file
        else shipped.joinpath("default.cedar").read_text("utf-8")
    )
    added = [
        _read(folder / path, f"policy.additions.{i}") for i, path in enumerate(settings.additions)
    ]
    schema = (
        _read(folder / settings.schema_file, "policy.schema_file")
        if settings.schema_file
        else shipped.joinpath("pointsman.cedarschema").read_text("utf-8")
    )
    return compile_policies("\n".join([policies, *added]), schema)


def _read(path: Path, field: str) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read: {type(error).__name__}.", where=field, fix="Correct the path."
        ) from error


@lru_cache(maxsize=32)
def compile_policies(policies: str, schema: str) -> CompiledPolicies:
    """Parse policies and schema, and check one against the other.

    Raises:
        ConfigError: The text does not parse, a policy does not fit the schema, lacks an `@id` or
            shares it, or has an annotation that means nothing; `where` names the policy.
    """
    parsed_schema = _parse_schema(schema)
    parsed = _parse_policies(policies)
    nodes = parsed.to_pst()
    if nodes.templates:
        raise ConfigError(
            "It holds a template (?principal or ?resource), which nothing would link.",
            where="policy",
            fix="Write the principal or resource out.",
        )
    notes = _notes(nodes.static_policies)
    result = cedarpy.validate_policies(policies, parsed_schema)
    if not result.validation_passed:
        first = result.errors[0]
        raise ConfigError(
            "; ".join(error.error for error in result.errors[:5]),
            where=f"policy {notes[first.policy_id].id if first.policy_id in notes else ''}".strip(),
            fix="Compare with policy/pointsman.cedarschema.",
        )
    return CompiledPolicies(
        digest=digest([bound(policies), bound(schema)]),
        texts={"policies": policies, "schema": schema},
        policies=parsed,
        schema=parsed_schema,
        notes=notes,
    )


def bound(text: str) -> str:
    """Return the part of a text that approvals bind: all of it but what later releases added.

    The shipped files mark that. A release would else take back what people have agreed to under the
    one before, and needn't: each call is judged by all policies again when it runs.
    """
    return _LATER.sub("", text)


def _parse_schema(text: str) -> cedarpy.Schema:
    try:
        return cedarpy.Schema.from_str(text)
    except ValueError as error:
        raise ConfigError(
            f"The schema does not parse: {error}", where="policy.schema_file"
        ) from error


def _parse_policies(text: str) -> cedarpy.PolicySet:
    try:
        return cedarpy.PolicySet.from_str(text)
    except ValueError as error:
        raise ConfigError(f"The policies do not parse: {error}", where="policy.file") from error


def _notes(policies: Mapping[str, pst.Template]) -> dict[str, PolicyNote]:
    notes = {key: _note(key, policy) for key, policy in policies.items()}
    seen: set[str] = set()
    for note in notes.values():
        if note.id in seen:
            raise ConfigError(
                "Two policies have this @id.", where=f"policy {note.id}", fix="Rename one."
            )
        seen.add(note.id)
    return notes


def _note(key: str, policy: pst.Template) -> PolicyNote:
    given = policy.annotations
    where = f"policy {given.get('id') or key}"
    if not given.get("id"):
        raise ConfigError("It has no @id.", where=where, fix='Start it with @id("a-name").')
    if unknown := sorted(given.keys() - ANNOTATIONS):
        raise ConfigError(
            f"Annotations {unknown} mean nothing.", where=where, fix=f"Use {sorted(ANNOTATIONS)}."
        )
    expires = given.get("expires")
    return PolicyNote(
        id=given["id"],
        effect=policy.effect,
        position=int(key.removeprefix("policy")),
        reason=_reason(given.get("reason", ""), where),
        quorum=_count(given.get("quorum", "1"), "quorum", where),
        expires_seconds=None if expires is None else _count(expires, "expires", where),
        allowed=_allowed(given["allowed"], where) if "allowed" in given else DECISIONS,
    )


def _reason(text: str, where: str) -> str:
    try:
        used = {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}
    except ValueError as error:
        raise ConfigError(f"Its @reason is not a template: {error}.", where=where) from error
    if unknown := sorted(used - PLACEHOLDERS):
        raise ConfigError(
            f"Its @reason uses {unknown}.", where=where, fix=f"Use {sorted(PLACEHOLDERS)}."
        )
    return text


def _count(text: str, name: str, where: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        raise ConfigError(
            f"@{name}({text[:40]!r}) is not a whole number from 1.", where=where, fix="Correct it."
        )
    return int(text)


def _allowed(text: str, where: str) -> tuple[DecisionType, ...]:
    named = {part.strip() for part in text.split(",")}
    if not named <= set(DECISIONS):
        raise ConfigError(
            f"@allowed({text[:80]!r}) names no decision, or one that does not exist.",
            where=where,
            fix=f"Of {', '.join(DECISIONS)}.",
        )
    return tuple(kind for kind in DECISIONS if kind in named)
