"""Write the shapes of all that is stored, as this release has them.

    python tests/stores/stored_shapes.py

Run it after `SCHEMA_VERSION` was raised; `test_stored_shapes.py` says when that is due.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from pointsman.policy.tokens import TokenRecord
from pointsman.runs.arguments import NotedArguments
from pointsman.state.answer import Answer
from pointsman.state.approval import ApprovalRequest, Decision
from pointsman.state.consent import Revocation
from pointsman.state.endorsement import Endorsement
from pointsman.state.grant import CallGrant
from pointsman.state.parked import ParkedRun
from pointsman.state.plan import Plan
from pointsman.state.remembered import Remembered
from pointsman.state.results import StepResult
from pointsman.state.run import Run, Stop
from pointsman.state.task import Task
from pointsman.state.usage import Usage
from pointsman.state.values import SCHEMA_VERSION, Record
from pointsman.stores.records import DeletionReceipt, ModelAttempt, Requester, RunOwner

FILE = Path(__file__).with_name("stored_shapes.json")
STORED: tuple[type[Record], ...] = (
    *(Run, Stop, Task, Plan, StepResult, Remembered, ParkedRun, Answer, Usage),
    *(ApprovalRequest, Decision, ModelAttempt, Endorsement, CallGrant, Revocation, Requester),
    *(TokenRecord, RunOwner, NotedArguments, DeletionReceipt),
)
"""What a channel of the state or the body of a row holds; what stands in these comes along."""
TOLD = ("description", "title", "default")
"""Parts of a JSON schema that change nothing of what is stored."""


def shapes() -> dict[str, Any]:
    """Return each record's fields with their JSON schema, and the version that they are of."""
    _, schema = models_json_schema([(kind, "serialization") for kind in STORED])
    found = {name: _fields(model) for name, model in sorted(schema["$defs"].items())}
    return {"version": SCHEMA_VERSION, "shapes": found}


def _fields(model: Any) -> Any:
    if "properties" not in model:
        return _plain(model)
    return {name: _plain(field) for name, field in model["properties"].items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _plain(part) for key, part in sorted(value.items()) if key not in TOLD}


def main() -> None:
    """Write them beside this file."""
    FILE.write_text(json.dumps(shapes(), indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
