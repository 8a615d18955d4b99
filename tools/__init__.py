"""Tools: the contract, the registry, the runner, the adapters, and tools worth having.

What the names below lead to is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import exports

if TYPE_CHECKING:
    from .arguments import Arguments
    from .contract import ContractOptions, Effect, Idempotency, Tool, ToolCall, ToolContract
    from .contracts_yaml import load_contracts, read_contracts
    from .credentials import CredentialProvider, EnvironmentCredentials, FileCredentials
    from .decorator import tool
    from .effect_keys import effect_key
    from .langchain import from_langchain, with_contract
    from .outcome import ToolOutcome
    from .registry import collect
    from .runner import Runner

__all__ = [
    "Arguments",
    "ContractOptions",
    "CredentialProvider",
    "Effect",
    "EnvironmentCredentials",
    "FileCredentials",
    "Idempotency",
    "Runner",
    "Tool",
    "ToolCall",
    "ToolContract",
    "ToolOutcome",
    "collect",
    "effect_key",
    "from_langchain",
    "load_contracts",
    "read_contracts",
    "tool",
    "with_contract",
]

__getattr__ = exports(
    __name__,
    {
        "Arguments": "arguments",
        "ContractOptions": "contract",
        "CredentialProvider": "credentials",
        "Effect": "contract",
        "EnvironmentCredentials": "credentials",
        "FileCredentials": "credentials",
        "Idempotency": "contract",
        "Runner": "runner",
        "Tool": "contract",
        "ToolCall": "contract",
        "ToolContract": "contract",
        "ToolOutcome": "outcome",
        "collect": "registry",
        "effect_key": "effect_keys",
        "from_langchain": "langchain",
        "load_contracts": "contracts_yaml",
        "read_contracts": "contracts_yaml",
        "tool": "decorator",
        "with_contract": "langchain",
    },
)
