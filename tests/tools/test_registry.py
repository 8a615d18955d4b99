"""The registry refuses names that would mean something else."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman import tool
from pointsman.errors import ConfigError
from pointsman.tools import collect


@pytest.mark.parametrize("name", ["ask", "two words", "", "x" * 65])
def test_a_name_that_cannot_be_used_is_refused(name: str) -> None:
    """`ask` stands for a question to a person; the rest are no names at all."""

    @tool(effect="read", trust="internal", name=name or " ")
    async def anything() -> dict[str, Any]:
        """Do nothing."""
        return {}

    with pytest.raises(ConfigError):
        collect([anything])


def test_one_name_stands_for_one_tool() -> None:
    """A second tool of the same name is refused."""

    @tool(effect="read", trust="internal")
    async def same() -> dict[str, Any]:
        """Do nothing."""
        return {}

    with pytest.raises(ConfigError, match="Two tools"):
        collect([same, same])
