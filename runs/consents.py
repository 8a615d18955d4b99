"""Standing consents: what people have allowed beforehand, and what policy says with it.

The call is judged without them first. Only what would wait for a person looks for them, so nothing
that runs alone or is refused costs more, and no consent reaches further than an approval could.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..policy.endorsements import ConsentJudge, endorsed_values, tainted_values
from ..policy.protocols import CallFacts, PolicyDecision
from ..state.endorsement import Endorsement
from ..state.run import Run
from .dependencies import Dependencies


@dataclass(frozen=True, kw_only=True)
class Ruled:
    """What policy says of a call."""

    facts: CallFacts
    """With the consents that it rests on."""
    decision: PolicyDecision
    leans_on: str = ""
    """Which consents those are, for people; empty if it rests on none."""

    @property
    def why(self) -> str:
        """Why the call may run, or may not."""
        return " ".join(filter(None, (self.decision.reason, self.leans_on)))


async def ruled(facts: CallFacts, run: Run, dependencies: Dependencies) -> Ruled:
    """Ask policy about a call, with the consents that people have given beforehand.

    Args:
        facts: The call, without any.
        run: For which run it is made.
        dependencies: Policy, tools, store, switches and clock.
    """
    contract = dependencies.tools.get(facts.tool).contract
    alone = dependencies.policy.decide(contract, facts)
    # What untrusted text caused asks whatever its arguments are.
    if alone.outcome != "ask" or "approve" not in alone.allowed or facts.taint:
        return Ruled(facts=facts, decision=alone)
    switches = await dependencies.switches.snapshot()
    judge = ConsentJudge(
        policy=dependencies.policy,
        contract=contract,
        facts=facts,
        thread=run.thread_id,
        now=dependencies.clock(),
        revoked=switches.revoked_principals,
        revoked_tokens=switches.revoked_tokens,
    )
    given = await _endorsed(judge, alone.quorum, dependencies)
    if not given:
        return Ruled(facts=facts, decision=alone)
    ids = {path: tuple(one.id for one in some) for path, some in given.items()}
    with_them = facts.model_copy(update={"endorsed": ids})
    return Ruled(
        facts=with_them,
        decision=dependencies.policy.decide(contract, with_them),
        leans_on=" ".join(_told(path, some) for path, some in given.items()),
    )


async def _endorsed(
    judge: ConsentJudge, needed: int, dependencies: Dependencies
) -> dict[str, tuple[Endorsement, ...]]:
    values = tainted_values(judge.facts)
    if not values:
        return {}
    tenant = judge.facts.principal.tenant
    offered = await dependencies.store.endorsements.of_values({*values.values()}, tenant=tenant)
    return endorsed_values(values, offered, judge, needed=needed)


def _told(path: str, endorsements: Iterable[Endorsement]) -> str:
    by = ", ".join(f"{one.by.id or 'the local person'} ({one.id})" for one in endorsements)
    return f"The value of {path} is endorsed by {by}."
