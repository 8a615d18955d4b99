"""Reading files: inside the folder, text, small, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import ToolError
from pointsman.tools.builtin.read_file import _inside, read_file


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with files, links and traps, and a secret beside it."""
    base = tmp_path / "root"
    (base / "sub").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("s3cret")
    (tmp_path / "root-twin").mkdir()
    (tmp_path / "root-twin" / "x.txt").write_text("s3cret")
    (base / "sub" / "a.txt").write_text("hällo")
    (base / "link.txt").symlink_to(base / "sub" / "a.txt")
    (base / "out.txt").symlink_to(tmp_path / "secret.txt")
    (base / "out").symlink_to(tmp_path)
    (base / "loop").symlink_to(base / "loop")
    (base / "binary").write_bytes(b"\xff\xfe\x00")
    (base / "nul.txt").write_bytes(b"a\x00b")
    (base / "large.txt").write_text("x" * 101)
    os.mkfifo(base / "pipe")
    return base


@pytest.mark.parametrize("path", ["sub/a.txt", "./sub/a.txt", "link.txt", "sub//a.txt"])
async def test_text_files_are_read(root: Path, execute: Any, path: str) -> None:
    """Also by a link that stays inside; the output names the file itself."""
    tool = read_file(root, max_bytes=100)
    output = await execute(tool, path=path)
    assert output == {"path": "sub/a.txt", "text": "hällo"}
    assert tool.cite is not None
    assert tool.cite({}, output)[0].source == "sub/a.txt"


@pytest.mark.parametrize(
    "path",
    [
        *("../secret.txt", "sub/../../secret.txt", "sub/..", "..", "/etc/passwd", "~/.ssh/id_rsa"),
        *("out.txt", "out/secret.txt", "../root-twin/x.txt", "loop", "loop/x"),
        *("sub/a.txt\x00.md", "..\\secret.txt", "C:\\x", "//etc/passwd"),
        *(
            ".",
            "sub",
            "pipe",
            "binary",
            "nul.txt",
            "large.txt",
            "none.txt",
            "sub/a.txt/x",
            "x" * 999,
        ),
    ],
)
async def test_everything_else_is_refused(root: Path, execute: Any, path: str) -> None:
    """Nothing outside is read, and nothing hangs."""
    with pytest.raises(ToolError) as raised:
        await execute(read_file(root, max_bytes=100), path=path)
    assert "s3cret" not in str(raised.value)


@given(st.lists(st.sampled_from(["..", ".", "a", "/", "\\", "\x00", "~", "%2e%2e", " "])))
def test_no_path_leads_out(parts: list[str]) -> None:
    """Whatever is put together, the result is inside or refused."""
    base = Path(__file__).resolve().parent
    try:
        found = _inside(base, "/".join(parts))
    except ToolError:
        return
    assert found.is_relative_to(base)
