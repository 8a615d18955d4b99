"""With a key the experiment goes to LangSmith: here a server on loopback that takes it down."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pointsman.errors import OperatorError
from pointsman.evals.dataset import SUPPORT_DESK, Dataset
from pointsman.evals.experiment import Experiment, run_experiment
from pointsman.evals.tracking import KEY

DESK = SUPPORT_DESK.parents[2] / "examples" / "support_desk"
NOW = "2026-01-01T00:00:00+00:00"

BATCHES = {
    "use_multipart_endpoint": False,
    "size_limit": 100,
    "size_limit_bytes": 20_000_000,
    "scale_up_qsize_trigger": 1000,
    "scale_up_nthreads_limit": 16,
    "scale_down_nempty_trigger": 4,
}


class LangSmith:
    """The few endpoints that an experiment needs."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, Any]] = []
        self.datasets: list[dict[str, Any]] = []
        self.examples: list[dict[str, Any]] = []
        self.session: dict[str, Any] = {}
        self.refuses = False

    def bodies(self, method: str, path: str) -> list[Any]:
        """Return what was sent to an endpoint."""
        return [body for m, p, body in self.requests if (m, p) == (method, path)]

    def answer(self, method: str, path: str, body: Any) -> Any:
        """Answer a request."""
        self.requests.append((method, path, body))
        match method, path:
            case "GET", "/info":
                return {"version": "0", "batch_ingest_config": BATCHES}
            case "GET", "/datasets":
                return self.datasets
            case "POST", "/datasets":
                self.datasets.append({"id": str(uuid.uuid4()), "created_at": NOW, **body})
                return self.datasets[-1]
            case "GET", "/examples":
                return self.examples
            case "POST", "/examples/bulk":
                self.examples += [{"created_at": NOW, **example} for example in body]
                return self.examples
            case "POST", "/sessions":
                self.session = {"tenant_id": str(uuid.uuid4()), "start_time": NOW, **body}
                return self.session
            case "PATCH", _ if path.startswith("/sessions/"):
                return self.session
            case _:
                return {}


@pytest.fixture
def langsmith(monkeypatch: pytest.MonkeyPatch) -> Iterator[LangSmith]:
    """A server, and the environment that leads to it."""
    state = LangSmith()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            raw = self.rfile.read(size)
            body = json.loads(raw) if raw else None
            answer = state.answer(self.command, urlsplit(self.path).path, body)
            payload = json.dumps(answer).encode()
            self.send_response(401 if state.refuses else 200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = do_PATCH = _serve  # noqa: N815 - the names that http.server looks up

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("LANGSMITH_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv(KEY, "lsv2_not_a_real_key")
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


def experiment(*chosen: str) -> Experiment:
    """Return two small cases on the desk."""
    asked = {"kind": "clean", "task": "Where is order ORD-1003?"}
    cases = [
        {"id": "right", **asked, "expected": {"status": "complete"}},
        {"id": "wrong", **asked, "expected": {"status": "partial"}},
    ]
    dataset = Dataset.from_json({"name": "test", "cases": cases})
    return Experiment(config=Path(DESK), dataset=dataset, cases=chosen)


async def test_the_experiment_is_uploaded_with_its_scores(langsmith: LangSmith) -> None:
    """Dataset, examples, experiment, runs and feedback arrive, and the report says where."""
    report = await run_experiment(experiment())

    [dataset] = langsmith.bodies("POST", "/datasets")
    [examples] = langsmith.bodies("POST", "/examples/bulk")
    [session] = langsmith.bodies("POST", "/sessions")
    feedback = langsmith.bodies("POST", "/feedback")
    assert dataset["name"].startswith("test-")
    assert {e["metadata"]["case"] for e in examples} == {"right", "wrong"}
    assert session["reference_dataset_id"] == langsmith.datasets[0]["id"]
    scores = sorted((f["key"], f["score"]) for f in feedback)
    assert scores.count(("task_success", 1.0)) == 1
    assert scores.count(("task_success", 0.0)) == 1
    assert len(scores) == 6
    runs = [r for b in langsmith.bodies("POST", "/runs/batch") for r in b.get("post", ())]
    assert {r["reference_example_id"] for r in runs if r.get("reference_example_id")} == {
        e["id"] for e in examples
    }
    assert report.experiment == session["name"]
    assert langsmith.datasets[0]["id"] in report.url
    assert [case.verdict for case in report.cases] == ["passed", "failed"]


async def test_a_dataset_that_is_there_is_used_again(langsmith: LangSmith) -> None:
    """A second experiment adds no dataset and no example, so that the two can be compared."""
    await run_experiment(experiment("right"))
    await run_experiment(experiment("right"))

    assert len(langsmith.bodies("POST", "/datasets")) == 1
    assert len(langsmith.examples) == 2
    assert len(langsmith.bodies("POST", "/sessions")) == 2


async def test_a_refused_key_is_said_before_anything_runs(langsmith: LangSmith) -> None:
    """The error says what to correct, and does not hold the key."""
    langsmith.refuses = True

    with pytest.raises(OperatorError, match="LANGSMITH_API_KEY") as error:
        await run_experiment(experiment())

    assert "lsv2_not_a_real_key" not in str(error.value)
