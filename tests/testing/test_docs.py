"""What docs/testing.md shows is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pointsman.testing as public
from pointsman.testing import FAULTS, load_gateway

PAGE = (Path(public.__file__).parents[1] / "docs" / "testing.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The page's code in one language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("code", blocks("python"), ids=["gateway", "chat_model"])
def test_the_examples_run(code: str) -> None:
    """Every Python example runs, its assertions included."""
    exec(compile(code, "docs/testing.md", "exec"), {})  # noqa: S102 - the project's own page


def test_the_yaml_example_is_a_script(tmp_path: Path) -> None:
    """The format shown is the format read."""
    [text] = blocks("yaml")
    path = tmp_path / "script.yaml"
    path.write_text(text, encoding="utf-8")
    with load_gateway(path) as gateway:
        assert gateway.requests == ()


def test_every_fault_is_listed() -> None:
    """The table is the code's own table."""
    for kind, spec in FAULTS.items():
        assert f"| `{kind}` | {spec.promise} | {'yes' if spec.uses_reply else ''} |" in PAGE


def test_the_public_names_exist() -> None:
    """`__all__` names exactly what the package offers."""
    assert all(hasattr(public, name) for name in public.__all__)
    assert public.__all__ == sorted(public.__all__)
