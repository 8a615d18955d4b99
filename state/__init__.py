"""State: what must survive a restart, and pure functions on it. Imports nothing of ours."""

from .agent import AgentState, InputState, LaneOutput, LaneState, OutputState
from .answer import Answer, Citation, Sentence
from .approval import ApprovalRequest, Decision
from .context import AgentContext
from .plan import AnswerSentence, Check, Plan, Step
from .results import Attempt, Evidence, Failure, StepResult, Verdict
from .run import Limits, Principal, Run, Stop
from .task import Attachment, Task
from .usage import Usage
from .values import SCHEMA_VERSION, Json, JsonObject, Record, Trust

__all__ = [
    "SCHEMA_VERSION",
    "AgentContext",
    "AgentState",
    "Answer",
    "AnswerSentence",
    "ApprovalRequest",
    "Attachment",
    "Attempt",
    "Check",
    "Citation",
    "Decision",
    "Evidence",
    "Failure",
    "InputState",
    "Json",
    "JsonObject",
    "LaneOutput",
    "LaneState",
    "Limits",
    "OutputState",
    "Plan",
    "Principal",
    "Record",
    "Run",
    "Sentence",
    "Step",
    "StepResult",
    "Stop",
    "Task",
    "Trust",
    "Usage",
    "Verdict",
]
