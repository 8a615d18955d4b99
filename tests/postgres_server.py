"""A private PostgreSQL server on loopback, for as long as a test session lasts."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

INSTALLED = Path("/usr/lib/postgresql")
"""Where Debian keeps what it leaves out of PATH."""

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "deadlock_timeout": "100ms",
    "fsync": "off",  # nobody pulls the plug on it
}


def binaries() -> Path | None:
    """Return the folder that holds `initdb`, the newest version's if there are several."""
    found = sorted(INSTALLED.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@contextmanager
def running_server(folder: Path) -> Iterator[str]:
    """Run a server whose cluster lives in a new folder under `folder`, and yield its URL."""
    bin_folder = binaries()
    assert bin_folder is not None
    # Short, because the path of a Unix socket may not exceed 107 bytes.
    home = Path(tempfile.mkdtemp(prefix="pg", dir=folder))
    as_root = os.geteuid() == 0
    if as_root:
        shutil.chown(home, user="postgres")
    # PostgreSQL refuses to run as root.
    prefix = ["runuser", "-u", "postgres", "--"] if as_root else []

    def run(program: str, *arguments: str) -> None:
        command = [*prefix, str(bin_folder / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=home, timeout=60)

    data, port = home / "data", _free_port()
    run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync")
    settings = {**SETTINGS, "port": str(port), "unix_socket_directories": str(home)}
    with (data / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
    run("pg_ctl", "-D", str(data), "-w", "-l", str(home / "log"), "start")
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
        shutil.rmtree(home, ignore_errors=True)


def restart(url: str) -> None:
    """Start a server anew as after a crash, and return when it answers."""
    bin_folder = binaries()
    assert bin_folder is not None
    with psycopg.connect(url) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    words = ["-D", row[0], "-w", "-m", "immediate", "-l", f"{row[0]}/../log", "restart"]
    command = [*prefix, str(bin_folder / "pg_ctl"), *words]
    subprocess.run(command, check=True, capture_output=True, cwd="/", timeout=60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
