"""Validation of arguments that are not all known yet.

A reference stands for a value that an earlier step will bring. Where its type is known (`$join`
and attachments are text) it must fit; every other rule is left to the check before the call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jsonschema.validators import extend

from ..state.schema_rules import KeywordRule
from ..state.values import Json
from .strict import StrictValidator


@dataclass(frozen=True, eq=False)
class Deferred:
    """A value that will be known later."""

    text: bool
    """Whether it is certain to be text."""

    def __repr__(self) -> str:
        return "text put together from parts" if self.text else "a value from an earlier step"


def defer(value: Json) -> Json:
    """Return `value` with a `Deferred` in place of every reference."""
    if isinstance(value, list):
        return [defer(item) for item in value]
    if not isinstance(value, dict):
        return value
    if any(key.startswith("$") for key in value):
        return Deferred(text="$join" in value or "$attachment" in value)
    return {key: defer(item) for key, item in value.items()}


def _holds_deferred(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_deferred(item) for item in value.values())
    if isinstance(value, list):
        return any(_holds_deferred(item) for item in value)
    return isinstance(value, Deferred)


_RULES: dict[str, KeywordRule] = dict(StrictValidator.VALIDATORS)
_OF_TEXT = frozenset({"type", "$ref", "$dynamicRef", "allOf", "anyOf", "oneOf"})
"""The rules that a text of unknown content can already break."""
_NEED_ALL = frozenset({"enum", "const", "contains", "uniqueItems", "not", "if"})
"""Rules whose answer for a container depends on values that are not known yet."""


def _patient(keyword: str, rule: KeywordRule) -> KeywordRule:
    def check(validator: Any, rule_value: Any, instance: Any, schema: Any) -> Any:
        unknown = isinstance(instance, Deferred)
        if unknown and not (instance.text and keyword in _OF_TEXT):
            return None
        if _holds_deferred(instance):
            if keyword in _NEED_ALL:
                return None
            # Several alternatives may still fit; which one, the value will say.
            if keyword == "oneOf":
                return _RULES["anyOf"](validator, rule_value, instance, schema)
        return rule(validator, rule_value, instance, schema)

    return check


def _is_string(_checker: Any, value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, Deferred) and value.text)


PlannedValidator: Any = extend(
    StrictValidator,
    validators={keyword: _patient(keyword, rule) for keyword, rule in _RULES.items()},
    type_checker=StrictValidator.TYPE_CHECKER.redefine("string", _is_string),
)
