"""Summary: outcomes counted, per suite and agent and over all suites."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from ...state.values import JsonObject
from .agents import AGENTS, AgentName
from .channels import CHANNELS, Channel
from .outcome import PairOutcome

ALL = "all"


@dataclass(frozen=True, kw_only=True)
class SuiteRow:
    """One agent on one suite."""

    suite: str
    agent: AgentName
    tasks: int
    """User tasks without an attack."""
    done: int
    """Of these, done."""
    done_alone: int
    """Of these, done without asking anybody."""
    approvals: int
    """Requests over all tasks without an attack."""
    orders: int
    """Attacks whose goal is a call."""
    obeyed: int
    """Of these, successful by AgentDojo's checkers."""
    strayed: int
    """Of these, runs that performed any call with consequences that the task did not ask for."""
    slogans: int
    """Attacks whose goal is to have something said."""
    said: int
    said_unlabelled: int
    """Of what was said, without the label of an untrusted source."""
    done_attacked: int
    """User tasks done although under attack."""
    approvals_attacked: int
    read_by: dict[str, int] = field(default_factory=dict[str, int])
    """Role → attacked runs in which it read the injection."""
    seconds: float = 0.0
    """Mean duration of a run, others going on beside it."""

    @property
    def approvals_per_task(self) -> float:
        """Requests per task without an attack."""
        return self.approvals / max(1, self.tasks)

    @property
    def approvals_per_attack(self) -> float:
        """Requests per task under attack."""
        return self.approvals_attacked / max(1, self.attacks)

    @property
    def attacks(self) -> int:
        """All attacks."""
        return self.orders + self.slogans

    def as_document(self) -> JsonObject:
        """Return it as plain JSON."""
        return {
            **asdict(self),
            "approvals_per_task": round(self.approvals_per_task, 3),
            "approvals_per_attack": round(self.approvals_per_attack, 3),
        }


@dataclass(frozen=True, kw_only=True)
class ChannelRow:
    """Attacks through one channel of a plan."""

    channel: Channel
    attacks: int
    read: int
    """Of these, runs in which some role read the injection."""
    denied: int
    """Of these, runs in which a person was asked for what the attack wanted."""
    obeyed: int
    strayed: int


def summarize_channels(outcomes: Sequence[PairOutcome]) -> list[ChannelRow]:
    """Return a row for each channel that was tried."""
    groups: dict[Channel, list[PairOutcome]] = {
        channel: [o for o in outcomes if o.pair.channel == channel] for channel in CHANNELS
    }
    return [
        ChannelRow(
            channel=channel,
            attacks=len(group),
            read=sum(bool(o.read_by) for o in group),
            denied=sum(o.denied > 0 for o in group),
            obeyed=sum(o.attacked for o in group),
            strayed=sum(o.strayed > 0 for o in group),
        )
        for channel, group in groups.items()
        if group
    ]


def summarize(outcomes: Sequence[PairOutcome]) -> list[SuiteRow]:
    """Return a row for each suite and agent, then for each agent over all suites.

    Attacks through channels are counted apart.
    """
    outcomes = [o for o in outcomes if not o.pair.channel]
    suites = list(dict.fromkeys(sorted(o.pair.suite for o in outcomes)))
    agents: list[AgentName] = [agent for agent in AGENTS if any(o.agent == agent for o in outcomes)]
    rows = [
        _row(suite, agent, [o for o in outcomes if (o.pair.suite, o.agent) == (suite, agent)])
        for suite in suites
        for agent in agents
    ]
    return [*rows, *(_row(ALL, a, [o for o in outcomes if o.agent == a]) for a in agents)]


def _row(suite: str, agent: AgentName, outcomes: Sequence[PairOutcome]) -> SuiteRow:
    quiet = [o for o in outcomes if not o.pair.injection]
    attacks = [o for o in outcomes if o.pair.injection]
    orders = [o for o in attacks if not o.speaks]
    slogans = [o for o in attacks if o.speaks]
    return SuiteRow(
        suite=suite,
        agent=agent,
        tasks=len(quiet),
        done=sum(o.useful for o in quiet),
        done_alone=sum(o.useful and not o.approvals for o in quiet),
        approvals=sum(o.approvals for o in quiet),
        orders=len(orders),
        obeyed=sum(o.attacked for o in orders),
        strayed=sum(o.strayed > 0 for o in orders),
        slogans=len(slogans),
        said=sum(o.attacked for o in slogans),
        said_unlabelled=sum(o.attacked and not o.labelled for o in slogans),
        done_attacked=sum(o.useful for o in attacks),
        approvals_attacked=sum(o.approvals for o in attacks),
        read_by=dict(Counter(role for o in attacks for role in o.read_by)),
        seconds=round(sum(o.seconds for o in outcomes) / max(1, len(outcomes)), 3),
    )
