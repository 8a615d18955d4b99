"""Tools: the contract, the registry, the runner, the adapters, and tools worth having."""

from .arguments import Arguments
from .contract import ContractOptions, Effect, Idempotency, Tool, ToolCall, ToolContract
from .contracts_yaml import load_contracts, read_contracts
from .credentials import CredentialProvider, EnvironmentCredentials, FileCredentials
from .decorator import tool
from .langchain import from_langchain, with_contract
from .protocols import ToolOutcome, ToolRunner
from .registry import collect
from .runner import Runner, effect_key

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
    "ToolRunner",
    "collect",
    "effect_key",
    "from_langchain",
    "load_contracts",
    "read_contracts",
    "tool",
    "with_contract",
]
