"""Telling: what a user hears of what did not happen. The causes are the operators' to read.

A failure's message is written for whoever runs the agent: it may name tables, paths, hosts and
rules. A user hears of a cause where a person or a tool has put it in words that are fit for it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from itertools import takewhile

from ..grounding.effects import EffectCall
from ..grounding.language import Language
from ..grounding.ledger import misdescribes
from ..planners.playbook import PLANNER as PLAYBOOK
from ..state.approval import ApprovalRequest
from ..state.doubts import failed_besides, items_in_doubt
from ..state.instances import parts_of, step_of
from ..state.plan import Plan, Step
from ..state.relevance import sentences
from ..state.results import LEFT_OPEN, SAID_NO, StepResult
from ..state.run import Stop
from ..state.secret_names import is_secret_name
from ..state.values import Json, JsonObject
from .phrases import Phrase, phrase
from .said import persons_words

LONGEST = 300
"""Characters of a cause that a user hears."""

MOST_CAUSES = 5
"""Causes of a loop's items that a user hears."""

SHORT = 80
"""Characters of an argument that a user hears."""

MOST_ARGUMENTS = 5
"""Arguments of a call that a user hears."""

MOST_TOLD_APART = 8
"""Calls of one step that a user hears of one by one."""

_MARKUP = re.compile(r"[\[\]{}<>|\\`\n]|://")
_TRUSTED_PLANNERS = frozenset({PLAYBOOK, "framework", "ordered"})
"""Planners whose words people have written."""
_ANY_DAY = date(2000, 1, 1)
_PERSONS_WORDS = SAID_NO | {"responded", "did_not_happen"}
_OWN_WORDS = _PERSONS_WORDS | {"check", "tool_error"}
"""Kinds of failures whose message a person, a tool or a playbook has written."""
_SAID_BY_PERSON: Mapping[str, Phrase] = {
    "did_not_happen": "reviewer_says",
    LEFT_OPEN: "left_open",
}
_FROM = re.compile(r"^[A-Za-z_][\w.]*: (?=\S)")
"""The exception, field or tool that a message begins with."""
_INTERNAL = re.compile(
    r"[{}<>\[\]|\\=`]|://|\w/\w+/|\b\w{1,60}(?:Error|Exception)\b|\b\w+_\w+\b|\bTraceback\b|\n"
    r"|(?:^|[\s(\"'])[~.]{0,2}/\w"
    r"|\b[\w-]{1,60}\.(?:db|sqlite3?|py|ya?ml|json|toml|ini|cfg|conf|env|log|sock|pem|key|crt|so|dll"
    r"|exe|sh|sql|lock|tmp|bak)\b"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[a-z][\w.-]{1,60}:\d{2,5}\b"
    r"|\bHTTP[ /]?\d|\b[45]\d\d (?:Service|Bad|Internal|Gateway|Not|Forbidden|Unauthorized|Too)\b"
    r"|\b(?:sk|pk|rk|ghp|xoxb|xoxp)[-_]\w{6}|\bBearer\b|\beyJ\w|\$[A-Z][A-Z_]"
    r"|\bNone\b (?:is|was|has|object)|\bNoneType\b|\bundefined\b|\berrno\b|\bORA-\d|\bSQLSTATE\b"
    r"|(?<![@\w.])(?!www\.)[a-z]\w{2,60}\.[a-z]\w{2,60}\b(?![\w.+-]{0,60}@)"
    r"|\w@[a-z0-9-]{2,60}(?![\w.-])|\bplan v\d"
)
_SENTENCE = re.compile(r"^[^\W\d_a-z].*\s.*\s")


def told(
    plan: Plan,
    results: Mapping[str, StepResult],
    stop: Stop | None,
    language: Language,
    *,
    said: str = "",
) -> list[str]:
    """Return what a user hears of what did not happen, in plan order.

    Args:
        plan: The plan.
        results: What became of its steps.
        stop: Why the run stopped, if it did.
        language: The user's.
        said: What the user has said, which a step's goal may repeat.
    """
    lines: list[str] = []
    for step in plan.steps:
        doubts = items_in_doubt(step, results)
        lines += _of_doubts(plan, doubts, language, said=said)
        result = results.get(step.id)
        if result is None or (doubts and not failed_besides(step, results, doubts)):
            continue
        what = in_words(plan, step.id, asked_args(result), said=said)
        lines += _of_step(
            step, result, what, _causes(plan, step, results, doubts, language), stop, language
        )
    return [*lines, *(_of_stop(stop, language, begun=bool(results)) if stop else ())]


def _of_step(
    step: Step,
    result: StepResult,
    what: str,
    causes: Sequence[str],
    stop: Stop | None,
    language: Language,
) -> Iterator[str]:
    if stop is not None and result.status == "cleared":
        yield phrase(language, "approved_not_done", what)
    if result.failure is None or (step.optional and not result.is_in_doubt):
        return
    name = _name(result)
    if name is not None:
        yield " ".join([phrase(language, name, what), *causes])


def _of_doubts(
    plan: Plan, doubts: Mapping[str, StepResult], language: Language, *, said: str
) -> Iterator[str]:
    """Name the items whose calls may have happened, each by its key where that is a word."""
    for name, result in doubts.items():
        what = in_words(plan, name, asked_args(result), said=said).rstrip(" .")
        keys = [key for key in parts_of(name)[1] if not key.startswith("#")]
        named = f"{what} ({', '.join(keys)})" if keys else what
        cause = _cause(plan, result, language)
        yield f"{phrase(language, 'in_doubt', named)} {cause}".rstrip()


def _causes(
    plan: Plan,
    step: Step,
    results: Mapping[str, StepResult],
    told_of: Collection[str],
    language: Language,
) -> list[str]:
    """Return the causes that a user hears: the step's own, or those of a loop's items."""
    failed = failed_besides(step, results, told_of) or [results[step.id]]
    causes = dict.fromkeys(_cause(plan, one, language) for one in failed)
    return [cause for cause in causes if cause][:MOST_CAUSES]


def _cause(plan: Plan, result: StepResult, language: Language) -> str:
    """Return why a step failed, if a user may hear it: what a plan's check says is the plan's."""
    failure = result.failure
    if failure is None or (failure.kind == "check" and _may_repeat_outsiders(plan)):
        return ""
    return cause_for_user(failure.kind, failure.message, language=language)


def _may_repeat_outsiders(plan: Plan) -> bool:
    """Whether a model wrote the plan's words after reading what nobody vouches for."""
    return bool(plan.taint) and not _is_of_people(plan)


def _is_of_people(plan: Plan) -> bool:
    return plan.planner.partition(":")[0] in _TRUSTED_PLANNERS


_FAILED: dict[str, Phrase] = {"refused": "not_allowed", "lapsed": "approved_not_done"}
"""What a user hears of a step that failed, by the kind of failure."""


def _name(result: StepResult) -> Phrase | None:
    kind = result.failure.kind if result.failure else ""
    if result.is_in_doubt:
        return "in_doubt"
    match result.status:
        case "rejected":
            return "withdrawn" if kind == "withdrawn" else "declined"
        case "failed":
            return _FAILED.get(kind, "failed")
        case "blocked":
            return "not_done"
        case "skipped" | "accepted":
            return "went_without"
        case _:
            return None


def _of_stop(stop: Stop, language: Language, *, begun: bool) -> Iterator[str]:
    explained = stop.said or stop.trouble or stop.missing
    if stop.reason != "planning" or (begun and not explained):
        yield phrase(language, "stopped")
        return
    if stop.said:
        return
    if stop.trouble:
        yield phrase(language, "trouble")
        return
    if stop.missing:
        yield phrase(language, "missing", "; ".join(stop.missing))
        return
    yield phrase(language, "unable")
    if stop.can_do:
        yield "\n".join([phrase(language, "can_do"), *(f"- {line}" for line in stop.can_do)])


def name_of(request: ApprovalRequest) -> Phrase:
    """Return what a user hears of a request: it waits for approval, or for word of an outcome."""
    return "in_doubt" if request.unknown_effect else "waits"


def withdrawn_in_words(plan: Plan, language: Language) -> list[str]:
    """Return what a user hears of the waiting requests that a plan withdraws."""
    return [phrase(language, "withdrawn", words) for words in plan.withdraws.values()]


def in_words(plan: Plan, name: str, args: JsonObject | None = None, *, said: str = "") -> str:
    """Return what a step is for, as a user may read it.

    The goal that a model has written is its word for the call: where it names what the call does
    not do, the tool's name stands instead. A goal without a call, written after an outsider's words
    were read, may be theirs.

    Args:
        plan: The plan.
        name: The step, or its instance in a loop.
        args: What the tool got or is to get; by default as the plan has it.
        said: What the user has said.
    """
    step = plan.step(step_of(name))
    named = _named(step)
    if not step.goal or _INTERNAL.search(step.goal):
        return named
    if _is_of_people(plan):
        return step.goal
    if step.kind != "tool":
        return named if plan.taint else step.goal
    call = EffectCall(tool=step.tool, args=step.args if args is None else args)
    wrong = misdescribes(step.goal, call, said, today=_ANY_DAY)
    return named if wrong else step.goal


def _named(step: Step) -> str:
    return (step.tool or step.id).replace("_", " ").strip().capitalize()


def cause_for_user(kind: str, message: str, *, language: Language = "en") -> str:
    """Return the cause of a failure in words fit for a user, or nothing.

    What a person said stays as they said it; what we say around it is in the user's language.
    """
    if kind not in _OWN_WORDS:
        return ""
    text = message.strip()
    if kind in _PERSONS_WORDS:
        words = persons_words(kind, text)
        if words is None:
            return text[:LONGEST]
        named = words or phrase(language, "no_reason")
        return phrase(language, _SAID_BY_PERSON.get(kind, "reviewer_declined"), named)[:LONGEST]
    fit = takewhile(_is_fit, sentences(_FROM.sub("", text)))
    return " ".join(fit)[:LONGEST]


def asked_args(result: StepResult | None) -> JsonObject | None:
    """Return the arguments that a person was asked about, if one was."""
    return result.approval.args if result and result.approval else None


def _is_fit(sentence: str) -> bool:
    return bool(_SENTENCE.match(sentence)) and not _INTERNAL.search(sentence)


def done(
    plan: Plan,
    effects: Mapping[str, JsonObject],
    language: Language,
    *,
    said: str = "",
) -> list[tuple[str, str]]:
    """Return what was done, as a user reads it, each with the first step that did it.

    Args:
        plan: The plan.
        effects: Steps, or their instances in loops, that have changed something, with what their
            tools got.
        language: The user's.
        said: What the user has said, which a step's goal may repeat.
    """
    calls: dict[str, list[str]] = {}
    for name in effects:
        calls.setdefault(parts_of(name)[0], []).append(name)
    return [
        (
            names[0],
            phrase(language, "done", _deed(plan, local, [effects[n] for n in names], said=said)),
        )
        for local, names in calls.items()
    ]


def _deed(plan: Plan, name: str, args: Sequence[JsonObject], *, said: str) -> str:
    """Return what calls were for; those that nobody has put into words with what they got."""
    what = in_words(plan, name, args[0], said=said)
    is_bare = what == _named(plan.step(name))
    if len(args) == 1:
        told = given_in_words(args[0]) if is_bare else ""
        return f"{what} ({told})" if told else what
    each = told_apart(args) if is_bare else ""
    return _times(what, len(args), each)


def told_apart(args: Sequence[JsonObject]) -> str:
    """Return what tells several calls apart, for a user: the first argument that each has its own.

    Nothing if there is none.
    """
    for name in args[0]:
        if is_secret_name(name):
            continue
        values = [_short(each.get(name)) for each in args]
        if all(values) and len(set(values)) == len(values):
            more = "" if len(values) <= MOST_TOLD_APART else ", …"
            return ", ".join(values[:MOST_TOLD_APART]) + more
    return ""


def given_in_words(args: JsonObject) -> str:
    """Return the arguments of a call that a user reads with profit: short, and no secrets."""
    fit = ((name, _short(value)) for name, value in args.items() if not is_secret_name(name))
    told = [f"{name.replace('_', ' ').strip()} {value}" for name, value in fit if value]
    return ", ".join(told[:MOST_ARGUMENTS])


def _short(value: Json) -> str:
    """Return a value as a text of a few words; empty if it is none, or might be markup."""
    match value:
        case None | bool() | dict():
            return ""
        case list():
            items = [_short(item) for item in value]
            text = " and ".join(items) if all(items) else ""
        case float() if value.is_integer():
            text = f"{value:.0f}"
        case _:
            text = str(value)
    return "" if len(text) > SHORT or _MARKUP.search(text) else text.rstrip(" .")


def _times(what: str, count: int, each: str = "") -> str:
    if count == 1:
        return what
    return f"{what.rstrip(' .')} (x{count}: {each})" if each else f"{what.rstrip(' .')} (x{count})"
