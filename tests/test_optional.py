"""A plain install neither imports nor needs the optional parts, and a missing one says its name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DESK = ROOT / "examples" / "support_desk"

BLOCKED = (
    *("sklearn", "scipy", "numpy", "matplotlib", "agentdojo", "tau2", "loguru", "deepdiff"),
    *("sqlglot", "trafilatura", "mcp", "langchain_mcp_adapters", "psycopg", "langchain"),
)

BLOCKER = f"import sys\nfor name in {BLOCKED!r}: sys.modules[name] = None"
"""Python takes `None` for a module that is not there."""


def without_extras(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process in which the packages of the optional parts cannot be imported."""
    return subprocess.run(
        [sys.executable, "-c", f"{BLOCKER}\n{code}", *words],
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
