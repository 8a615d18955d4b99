"""What an exception of a tool says: a passing disturbance, or an answer that will stay the same."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import PointsmanError, ToolError
from .contract import ToolContract
from .waiting import EndedItselfError, TimedOutError

_PASSING_STATUS = frozenset({408, 409, 423, 425, 429})
_PASSING_NAMES = (
    "timeout",
    "connect",
    "network",
    "transport",
    "temporar",
    "unavailable",
    "throttl",
)
_FINAL_NAMES = ("notfound", "doesnotexist", "invalid", "validation", "permission", "forbidden")
_FINAL = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    FileNotFoundError,
    FileExistsError,
    NotADirectoryError,
    IsADirectoryError,
    PermissionError,
    PointsmanError,
)


class ToolSaidError(RuntimeError):
    """The tool's own system answered, and its answer is an error."""


def is_final(error: BaseException) -> bool:
    """Whether the same call would fail again: a wrong id stays wrong, a timeout passes.

    What stands behind an exception (`raise … from …`) counts more than the exception itself. An
    exception of unknown kind is taken as passing: another try may cost time, but loses nothing.
    """
    verdicts = [v for e in _chain(error) if (v := _verdict(e)) is not None]
    return all(verdicts) if verdicts else False


def is_passing(status: int) -> bool:
    """Whether an HTTP status of 400 or more may be another one soon."""
    return status >= 500 or status in _PASSING_STATUS


def says_nothing_happened(contract: ToolContract, error: BaseException) -> bool:
    """Whether the contract says of this error that the call changed nothing.

    However widely it says so (`Exception`), it speaks of what the tool says: not of a call that had
    no end, nor of a tool that says itself that it does not know.
    """
    if isinstance(error, (TimedOutError, EndedItselfError)):
        return False
    if isinstance(error, ToolError) and error.happened == "unknown":
        return False
    # A LangChain tool may have told the same error in other words.
    told = [each for each in _chain(error) if type(each) is type(error)]
    return any(_is_meant(mark, each) for mark in contract.nothing_happened for each in told)


def _is_meant(mark: type[Exception] | str, error: BaseException) -> bool:
    if isinstance(mark, type):
        return isinstance(error, mark)
    named = any(mark == kind.__name__ for kind in type(error).__mro__)
    return named or mark.casefold() in said_by(error).casefold()


def is_interrupt(error: BaseException) -> bool:
    """Whether a tool called LangGraph's `interrupt()`, which pauses nodes and no tools."""
    # By its name, as LangChain's own error below: importing it takes longer than most commands.
    return any(kind.__name__ == "GraphBubbleUp" for kind in type(error).__mro__)


def said_by(error: BaseException) -> str:
    """Return an exception's own words; its `__str__` is foreign code, which may fail itself."""
    try:
        return str(error)
    except Exception as broken:  # noqa: BLE001 - see above; what it says of itself is nothing then
        return f"(its message cannot be read: {type(broken).__name__})"


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__


def _verdict(error: BaseException) -> bool | None:
    """Return whether one exception is final; `None` if it does not say."""
    if isinstance(error, ToolError):
        return not error.retryable
    if isinstance(error, TimedOutError | TimeoutError | ConnectionError | InterruptedError):
        return False
    if (status := _status(error)) is not None:
        return not is_passing(status)
    if is_interrupt(error):
        return True
    names = [kind.__name__.lower() for kind in type(error).__mro__]
    if any(part in name for name in names for part in _PASSING_NAMES):
        return False
    # LangChain's own error is known by its name: importing it takes longer than most commands.
    if isinstance(error, (*_FINAL, ToolSaidError)) or "toolexception" in names:
        return True
    return True if any(part in name for name in names for part in _FINAL_NAMES) else None


def _status(error: BaseException) -> int | None:
    """Return the HTTP status that the exceptions of the usual clients carry."""
    holders = [_attribute(error, "response"), _attribute(error, "resp"), error]
    for holder in holders:
        for name in ("status_code", "status", "code"):
            value = _attribute(holder, name)
            if isinstance(value, int) and not isinstance(value, bool) and 400 <= value < 600:
                return int(value)
    return None


def _attribute(holder: object, name: str) -> object:
    try:
        return getattr(holder, name, None)
    except Exception:  # noqa: BLE001 - a property of foreign code; it says nothing then
        return None
