"""The public surface is a list, and the list is true."""

from __future__ import annotations

import subprocess
import sys

import pytest

import pointsman


@pytest.mark.parametrize("name", pointsman.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    """Each name of `__all__` leads somewhere."""
    assert getattr(pointsman, name) is not None


def test_another_name_is_an_attribute_error() -> None:
    """A misspelt name fails as in any module."""
    with pytest.raises(AttributeError, match="build_agnet"):
        _ = pointsman.build_agnet


def test_importing_the_package_imports_no_graph() -> None:
    """Commands that need no agent start without LangGraph."""
    code = "import sys, pointsman; sys.exit('langgraph' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
