"""The errors of Pointsman, sorted by who must react.

    PointsmanError
    ├── CallerError        the code or person that called: fix the input and call again
    │   ├── ConfigError        settings, catalog, playbook or policy file; names the field
    │   ├── TaskError          the task or an attachment; names the field and the limit
    │   ├── DecisionError        a decision on an approval; nothing was changed
    │   └── NotFoundError      no such thread, run, approval, tool or model
    │       └── ForgottenError     the thread was forgotten, and its id leads nowhere any more
    ├── OperatorError      whoever runs the process: storage, switches, credentials
    │   ├── StoreError         the database refused, is locked, or is of another version
    │   ├── VersionError       a newer release has stored it: that one must go on with it
    │   ├── BudgetExceededError  a spending cap leaves no room; names the cap
    │   └── CredentialError    a key or token is missing, expired or not permitted
    ├── ModelError         the model: the text is quoted back to it for one more try
    │   ├── PlanError          the plan breaks a rule; names the step
    │   │   └── ExpressionError    an expression cannot be read, or met a value it cannot work on
    │   ├── ArgumentError      arguments do not fit the tool's schema; names the field
    │   └── OutputError        the reply does not fit the schema that was asked for
    └── ProviderError      another system: retried, routed around, or reported
        ├── ToolError          a tool failed; `happened` says whether its effect may exist
        │   └── NothingHappenedError  a tool refuses, and nothing was changed
        └── EndpointError      a model endpoint failed; carries its failure class

Every message says what was wrong, where, and what to do next. Facts are attributes.
"""

from __future__ import annotations

from typing import Any, Literal


class PointsmanError(Exception):
    """Base of all errors raised on purpose.

    Args:
        message: What was wrong, in one sentence.
        where: The field, step, file or system it concerns.
        fix: What to do next.
    """

    def __init__(self, message: str, *, where: str = "", fix: str = "") -> None:
        self.message = message
        self.where = where
        self.fix = fix
        super().__init__(message, where, fix)

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text} {self.fix}".strip() if self.fix else text

    def __reduce__(self) -> tuple[Any, ...]:
        # By default an error is made again from its `args`, which no keyword takes: a pool of
        # processes would break instead of reporting it.
        return _made_again, (type(self), self.args, dict(self.__dict__))


def _made_again(
    kind: type[PointsmanError], args: tuple[Any, ...], facts: dict[str, Any]
) -> PointsmanError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(facts)
    return error


class CallerError(PointsmanError):
    """The caller must change the input."""


class ConfigError(CallerError):
    """A setting, catalog, playbook or policy is not valid."""


class TaskError(CallerError, ValueError):
    """The task or one of its attachments cannot be taken.

    It is a `ValueError` too, because the Agent Server hides the message of any other error.
    """


class DecisionError(CallerError):
    """A decision on an approval request is malformed, or is on nothing that waits."""


class NotFoundError(CallerError):
    """The named thread, run, approval, tool or model does not exist."""


class ForgottenError(NotFoundError, ValueError):
    """The thread was forgotten; nothing begins under its id again.

    A `ValueError` for the same reason as `TaskError`.
    """


class OperatorError(PointsmanError):
    """The operator of this process must act."""


class StoreError(OperatorError):
    """The database cannot be used."""


class VersionError(OperatorError):
    """A newer release has stored it."""


class CredentialError(OperatorError):
    """A key or token is missing, expired, revoked or not permitted."""


class ModelError(PointsmanError):
    """A model's output breaks a rule; the message is fit to be quoted back to it."""


class PlanError(ModelError):
    """A plan breaks a rule; `where` names the step."""


class ExpressionError(PlanError):
    """An expression breaks a rule of the language, or met a value that it cannot work on.

    While a plan is checked, its author reacts; while a step runs, the step fails with it. `where`
    is the part of the expression that is meant.
    """


class MissingValueError(ExpressionError):
    """An expression reads a value that is not there; `has` and `default` bear with it."""


class ArgumentError(ModelError):
    """Arguments do not fit a tool's schema; `where` names the field."""


class OutputError(ModelError):
    """A reply does not fit the schema that was asked for."""


class ProviderError(PointsmanError):
    """Another system failed."""


class ToolError(ProviderError):
    """A tool failed.

    Tools raise it to say for certain whether their effect took place; any other exception
    of a tool that changes something is taken as `happened="unknown"`.

    Args:
        message: What was wrong.
        happened: `no`: nothing was changed, trying again is safe. `unknown`: the effect may exist.
        retryable: Whether the same call may succeed later.
        where: The tool.
        fix: What to do next.
    """

    def __init__(
        self,
        message: str,
        *,
        happened: Literal["no", "unknown"] = "no",
        retryable: bool = False,
        where: str = "",
        fix: str = "",
    ) -> None:
        super().__init__(message, where=where, fix=fix)
        self.happened = happened
        self.retryable = retryable


class NothingHappenedError(ToolError):
    """A tool refuses the call for a reason of its own ("already delivered"): nothing was changed.

    Args:
        message: The reason.
        where: The tool.
        fix: What to do next.
    """

    def __init__(self, message: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(message, where=where, fix=fix)


class EndpointError(ProviderError):
    """A model endpoint failed.

    Args:
        message: What was wrong.
        failure: The failure class of `pointsman.models.failures.classes`.
        retry_after: Seconds the provider asked us to wait, if it did.
        where: Model and endpoint.
        fix: What to do next.
    """

    def __init__(
        self,
        message: str,
        *,
        failure: str,
        retry_after: float | None = None,
        where: str = "",
        fix: str = "",
    ) -> None:
        super().__init__(message, where=where, fix=fix)
        self.failure = failure
        self.retry_after = retry_after


class BudgetExceededError(OperatorError):
    """No cap leaves room for a useful call; `where` names the cap."""
