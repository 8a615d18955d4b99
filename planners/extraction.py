"""Extraction: the arguments of a playbook from the user's own words, and from nothing else.

Patterns come first. What they do not find, a model may propose; a proposal is taken only if it
occurs in the text. Two different candidates for one argument are a question, not a choice.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from ..errors import ModelError, ProviderError
from ..state.run import Run
from ..state.values import Json, JsonObject
from .patterns import occurs_in, values

ArgumentType = Literal["string", "number", "integer"]

NUMBER = r"[+-]?\d+(?:[,\u00a0\u202f]\d{3})*(?:\.\d+)?"
"""A number as people write it: thousands separators allowed, a currency symbol may precede it."""

_LARGEST = 1_000_000_000
_SEPARATORS = re.compile(r"[,\u00a0\u202f$€£\s]")


class Argument(BaseModel):
    """One argument of a playbook, and how to recognize it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str
    """In words that complete "I need …": `the order number (ORD-…)`."""
    type: ArgumentType = "string"
    take: Literal["match", "request"] = "match"
    """`match`: a part of the text; `request`: the words of the request as they stand."""
    pattern: str = ""
    """Regular expression of the value alone; letter case does not matter."""
    context: tuple[str, ...] = ()
    """Regular expressions around `{value}`; the first that matches decides, the bare pattern no
    longer counts. For values that are told apart by what stands next to them. A context may bring
    its own group `(?P<value>…)` instead."""
    enum: tuple[str, ...] = ()
    case: Literal["keep", "upper", "lower"] = "keep"
    """How the value is written for the tools."""
    required: bool = True
    default: Json = None
    minimum: float = -_LARGEST
    maximum: float = _LARGEST
    max_length: int = Field(default=200, gt=0, le=4000)
    """Characters."""

    @property
    def shape(self) -> str:
        """Regular expression of the value alone; empty if only a model can find it."""
        if self.pattern:
            return self.pattern
        if self.enum:
            return "|".join(re.escape(choice) for choice in self.enum)
        return NUMBER if self.type != "string" else ""

    @property
    def findable(self) -> bool:
        """Whether something can be found for it without a model, if it must be."""
        return self.required or bool(self.shape) or self.take == "request"


class ArgumentExtractor(Protocol):
    """A model that fills in arguments."""

    async def __call__(
        self, schema: JsonObject, text: str, *, run: Run, data_class: tuple[str, ...]
    ) -> JsonObject:
        """Return values for the properties of `schema` that `text` gives.

        `data_class` names the classes of the data that the text may repeat.

        May raise `ModelError` or `ProviderError`; then nothing counts as found.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """What was found, and what was not."""

    values: JsonObject = field(default_factory=dict[str, Json])
    absent: tuple[str, ...] = ()
    """Names of required arguments that the text does not give."""
    ambiguous: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Names of arguments with the different candidates for each."""
    note: str = ""
    """Why the model was of no help, if it was asked."""

    @property
    def complete(self) -> bool:
        """Whether nothing is absent or ambiguous."""
        return not self.absent and not self.ambiguous


def extract(arguments: Mapping[str, Argument], *texts: str) -> Extraction:
    """Find arguments by their patterns.

    Args:
        arguments: The arguments by name.
        texts: Where to look, in order: the first text with a candidate for an argument decides.
            The first is the request itself, and the only one for optional arguments.

    Raises:
        TooSlowError: A pattern needs more time than it gets.
    """
    values: JsonObject = {}
    absent: list[str] = []
    ambiguous: dict[str, tuple[str, ...]] = {}
    for name, argument in arguments.items():
        candidates = _candidates(argument, texts if argument.required else texts[:1])
        if len(candidates) > 1:
            ambiguous[name] = tuple(str(candidate) for candidate in candidates)
        elif candidates:
            values[name] = candidates[0]
        elif argument.default is not None:
            values[name] = argument.default
        elif argument.required:
            absent.append(name)
    return Extraction(values=values, absent=tuple(absent), ambiguous=ambiguous)


def _candidates(argument: Argument, texts: Sequence[str]) -> list[Json]:
    if argument.take == "request":
        request = texts[0].strip()
        return [request] if 0 < len(request) <= argument.max_length else []
    for text in texts:
        found = [_valid(argument, raw) for raw in _matches(argument, text)]
        if distinct := list(dict.fromkeys(value for value in found if value is not None)):
            return distinct
    return []


def _matches(argument: Argument, text: str) -> list[str]:
    if not argument.shape:
        return []
    value = f"(?P<value>{argument.shape})"
    contexts = argument.context or (r"(?<![\w\p{No}-]){value}(?![\w\p{No}])",)
    for context in contexts:
        expression = context.replace("{value}", value)
        if found := values(expression, text):
            return found
    return []


def _valid(argument: Argument, raw: Json) -> Json:
    """Return the value as the tools get it, or `None` if it breaks the argument's rules."""
    if argument.type != "string":
        return _number(argument, raw)
    text = " ".join(str(raw).split()).strip(" .,;:!?\"'")
    if not text or len(text) > argument.max_length:
        return None
    if argument.enum:
        return next((c for c in argument.enum if c.casefold() == text.casefold()), None)
    if argument.pattern and not occurs_in(rf"\A(?:{argument.pattern})\Z", text):
        return None
    return {"keep": text, "upper": text.upper(), "lower": text.lower()}[argument.case]


def _number(argument: Argument, raw: Json) -> Json:
    number = as_number(raw)
    if number is None or not argument.minimum <= number <= argument.maximum:
        return None
    if argument.type == "integer":
        return int(number) if number == number.to_integral_value() else None
    return float(number)


def as_number(raw: Json) -> Decimal | None:
    """Read a number as people write it, or return `None`."""
    if isinstance(raw, bool):
        return None
    try:
        number = Decimal(_SEPARATORS.sub("", str(raw)))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def occurs(value: Json, text: str) -> bool:
    """Say whether a value stands in a text.

    Letter case and spacing do not count; for numbers, neither do currency symbols and thousands
    separators. A part of a word or of a longer number is not an occurrence.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        wanted = as_number(value)
        return any(as_number(found) == wanted for found in re.findall(rf"(?<!\w){NUMBER}", text))
    wanted_text = " ".join(str(value).split()).casefold()
    source = " ".join(text.split()).casefold()
    return bool(wanted_text) and bool(re.search(rf"(?<!\w){re.escape(wanted_text)}(?!\w)", source))


async def extract_with_model(
    arguments: Mapping[str, Argument],
    *texts: str,
    extractor: ArgumentExtractor | None,
    run: Run,
    data_class: tuple[str, ...],
) -> Extraction:
    """Find arguments by their patterns, and ask a model for required ones they do not find.

    Args:
        arguments: The arguments by name.
        texts: As for `extract`; the model reads the first.
        extractor: The model; without one, patterns are all there is.
        run: The run that pays for the model.
        data_class: Classes of the data that the texts may repeat.

    Raises:
        TooSlowError: A pattern needs more time than it gets.
    """
    found = await asyncio.to_thread(extract, arguments, *texts)
    if extractor is None or not found.absent:
        return found
    wanted = {name: arguments[name] for name in found.absent}
    try:
        schema = arguments_schema(wanted)
        proposals = await extractor(schema, texts[0], run=run, data_class=data_class)
    except (ModelError, ProviderError) as error:
        return Extraction(
            values=found.values, absent=found.absent, ambiguous=found.ambiguous, note=str(error)
        )
    accepted = await asyncio.to_thread(_accepted, wanted, proposals, texts[0])
    return Extraction(
        values=found.values | accepted,
        absent=tuple(name for name in found.absent if name not in accepted),
        ambiguous=found.ambiguous,
    )


def _accepted(wanted: Mapping[str, Argument], proposals: JsonObject, text: str) -> JsonObject:
    found = {name: _said(argument, proposals.get(name), text) for name, argument in wanted.items()}
    return {name: value for name, value in found.items() if value is not None}


def _said(argument: Argument, proposal: Json, text: str) -> Json:
    if proposal is None or isinstance(proposal, dict | list | bool):
        return None
    value = _valid(argument, proposal)
    return value if value is not None and occurs(value, text) else None


def arguments_schema(arguments: Mapping[str, Argument]) -> JsonObject:
    """Return a JSON Schema for the arguments, with a bound on everything a model may write."""
    return {
        "title": "arguments",
        "type": "object",
        "properties": {name: _property(argument) for name, argument in arguments.items()},
        "required": list(arguments),
        "additionalProperties": False,
    }


def _property(argument: Argument) -> JsonObject:
    about: JsonObject = {"type": argument.type, "description": argument.description}
    if argument.enum:
        return about | {"enum": list(argument.enum)}
    if argument.type == "string":
        return about | {"maxLength": argument.max_length}
    return about | {"minimum": argument.minimum, "maximum": argument.maximum}
