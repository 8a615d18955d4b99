"""`@tool`: a typed function, sync or async, becomes a tool with a contract."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, overload

from typing_extensions import Unpack

from ..errors import ConfigError
from ..state.values import Json, JsonObject
from .contract import (
    CiteOutput,
    ContractOptions,
    Describe,
    Preview,
    Reconcile,
    Tool,
    ToolCall,
    ToolContract,
)
from .docstring import read_docstring
from .options import read_options
from .signature import Signature, read_signature
from .threads import either_way


@overload
def tool(function: Callable[..., Any], /) -> Tool: ...


@overload
def tool(
    *,
    name: str | None = None,
    describe: Describe | None = None,
    preview: Preview | None = None,
    reconcile: Reconcile | None = None,
    cite: CiteOutput | None = None,
    **contract: Unpack[ContractOptions],
) -> Callable[[Callable[..., Any]], Tool]: ...


def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    describe: Describe | None = None,
    preview: Preview | None = None,
    reconcile: Reconcile | None = None,
    cite: CiteOutput | None = None,
    **contract: Unpack[ContractOptions],
) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """Make a tool of a function, method or closure.

    The schema of the arguments comes from the annotations (`Annotated[…, Field(…)]` included), the
    description from the docstring, and its `Args` section describes the parameters. A parameter
    annotated `ToolCall` receives the call's context (idempotency key, principal, credentials) and
    is not an argument. A synchronous function runs in a thread.

        @tool(effect="money", trust="trusted", idempotency="key", consequential=("amount",))
        async def issue_refund(order: str, amount: float, call: ToolCall) -> dict[str, str]: ...

    Without parentheses it gives the careful defaults: writing, untrusted, not repeatable.

    Args:
        function: The function, where the decorator stands without parentheses.
        name: Name of the tool; the function's own by default.
        describe: What to show an approver, in one or two sentences.
        preview: The change that would be made, without making it.
        reconcile: Given key and arguments: did it happen, and with what result?
        cite: Given arguments and output: what can be cited.
        **contract: Fields of `ToolContract`.

    Returns:
        A decorator that returns the `Tool`; without parentheses the `Tool` itself.

    Raises:
        ConfigError: The signature cannot be described, a field of the contract is not valid, or
            there is no description.
    """

    def make(function: Callable[..., Any]) -> Tool:
        called = name or getattr(function, "__name__", "")
        text, descriptions = read_docstring(function.__doc__)
        options: ContractOptions = {"description": text, **read_options(contract, where=called)}
        if not options["description"]:
            raise ConfigError(
                "The tool has no description.",
                where=called,
                fix="Give the function a docstring, or pass description=….",
            )
        signature = read_signature(function, name=called, descriptions=descriptions)
        return Tool(
            contract=ToolContract(
                name=called, args_schema=signature.schema, returns=signature.returns, **options
            ),
            run=_runner(function, signature),
            check=signature.check,
            typed=True,
            describe=describe,
            preview=preview,
            reconcile=reconcile,
            cite=cite,
        )

    return make if function is None else make(function)


def _runner(
    function: Callable[..., Any], signature: Signature
) -> Callable[[JsonObject, ToolCall], Any]:
    async def run(args: JsonObject, call: ToolCall) -> Json:
        # What looks synchronous may return what is to be awaited: a wrapped `async def`, a lambda.
        return await either_way(functools.partial(function, **signature.bind(args, call)))

    return run
