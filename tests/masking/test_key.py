"""The key of the pseudonyms is at hand before anything is masked where a loop runs."""

from __future__ import annotations

from pathlib import Path

from pointsman.home import masking_key
from pointsman.settings import Settings


def test_a_kept_key_is_read_once_a_process(tmp_path: Path) -> None:
    """What masks a log line inside a loop opens no file."""
    settings = Settings(home=tmp_path / "home")
    first = masking_key(settings)
    [file] = [each for each in (tmp_path / "home").iterdir() if each.is_file()]

    file.unlink()

    assert masking_key(settings) == first
    assert not file.exists()
