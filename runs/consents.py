"""Standing consents: what people have allowed beforehand, and what policy says with it.

The call is judged without them first. Only what would wait for a person looks for them, so nothing
that runs alone or is refused costs more, and no consent reaches further than an approval could.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..policy.endorsements import ConsentJudge, endorsed_values, released_values, values_at
from ..policy.facts import CallFacts, PolicyDecision
from ..policy.granting import covering, is_clean
from ..state.consent import Signatory
from ..state.endorsement import Endorsement
from ..state.grant import CallGrant
from ..state.run import Run
from ..state.values import digest
from .dependencies import Dependencies


@dataclass(frozen=True, kw_only=True)
class Ruled:
    """What policy says of a call."""

    facts: CallFacts
    """With the consents that it rests on."""
    decision: PolicyDecision
    grant: CallGrant | None = None
    """The one under which the call may run."""
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
    endorsed = await _endorsed(judge, alone, dependencies)
    if endorsed.decision.outcome != "ask":
        return endorsed
    return await _granted(judge, alone.quorum, endorsed, run.id, dependencies)


async def _granted(
    judge: ConsentJudge, needed: int, asked: Ruled, run_id: str, dependencies: Dependencies
) -> Ruled:
    """Return what policy says with a grant that covers the call, if one does."""
    facts = asked.facts
    if not is_clean(facts):
        return asked
    tenant = facts.principal.tenant
    offered = await dependencies.store.grants.of_tool(facts.tool, tenant=tenant)
    held: frozenset[str] = frozenset()
    if any(grant.state(judge.now) == "used up" for grant in offered):
        held = await dependencies.store.grants.held(
            run_id=run_id, tool=facts.tool, args_digest=digest(facts.args)
        )
    grant = covering(offered, facts, judge, needed=needed, held=held)
    if grant is None:
        return asked
    under = facts.model_copy(update={"grant": grant.id, "granted_by": grant.by.id})
    decision = dependencies.policy.decide(judge.contract, under)
    if decision.outcome != "run":
        return asked
    told = f"Grant {grant.id} of {_name(grant.by)} covers it."
    leans_on = " ".join(filter(None, (asked.leans_on, told)))
    return Ruled(facts=under, decision=decision, grant=grant, leans_on=leans_on)


async def _endorsed(
    judge: ConsentJudge, alone: PolicyDecision, dependencies: Dependencies
) -> Ruled:
    """Return what policy says with the endorsements of the call's values."""
    facts = judge.facts
    # Whoever vouches for a value does not say that a source may choose it among others.
    tainted = values_at(
        facts, (p for p, labels in facts.tainted_args.items() if labels and p not in facts.chosen)
    )
    secret = values_at(facts, facts.readers)
    if not (values := {**tainted, **secret}):
        return Ruled(facts=facts, decision=alone)
    tenant = facts.principal.tenant
    offered = await dependencies.store.endorsements.of_values({*values.values()}, tenant=tenant)
    endorsed = endorsed_values(tainted, offered, judge, needed=alone.quorum)
    released = released_values(secret, offered, judge, needed=alone.quorum)
    if not endorsed and not released:
        return Ruled(facts=facts, decision=alone)
    with_them = facts.model_copy(
        update={
            "endorsed": {path: tuple(one.id for one in some) for path, some in endorsed.items()},
            "released": {path: tuple(people) for path, people in released.items()},
        }
    )
    told = [_told(f"The value of {path} is endorsed", some) for path, some in endorsed.items()]
    told += [
        _told(f"{path} is released to {person}", some)
        for path, people in released.items()
        for person, some in people.items()
    ]
    return Ruled(
        facts=with_them,
        decision=dependencies.policy.decide(judge.contract, with_them),
        leans_on=" ".join(told),
    )


def _told(what: str, endorsements: Iterable[Endorsement]) -> str:
    by = ", ".join(f"{_name(one.by)} ({one.id})" for one in endorsements)
    return f"{what} by {by}."


def _name(signatory: Signatory) -> str:
    return signatory.id or "the local person"
