"""Which values of a call are endorsed by people whose consent to this very call would count.

Pure. An endorsement carries the authority of an approval and no more: it is judged at each use by
the action `approve`, as of now, for the call at hand. Where policy asks several people, as many
must have endorsed the value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from ..state.consent import Signatory
from ..state.endorsement import Endorsement
from ..state.references import at_path
from ..state.values import digest
from ..tools.contract import ToolContract
from .approvals import objection_to_consent
from .protocols import CallFacts, PolicyEngine


@dataclass(frozen=True, kw_only=True)
class ConsentJudge:
    """Says whose consent to one call counts."""

    policy: PolicyEngine
    contract: ToolContract
    facts: CallFacts
    """The call before any consent."""
    thread: str
    now: float
    """Unix time in seconds."""
    revoked: Set[str] = frozenset()
    revoked_tokens: Set[str] = frozenset()

    def objection(self, signatory: Signatory) -> str:
        """Return why somebody's consent does not count; an empty string if it does."""
        return objection_to_consent(
            signatory,
            requester=self.facts.principal.id,
            policy=self.policy,
            contract=self.contract,
            facts=self.facts,
            revoked=self.revoked,
            revoked_tokens=self.revoked_tokens,
        )


def tainted_values(facts: CallFacts) -> dict[str, str]:
    """Return tainted argument path → digest of the value that stands there.

    The whole of the arguments is no value that anybody could vouch for.
    """
    found: dict[str, str] = {}
    for path, sources in facts.tainted_args.items():
        if not path or not sources:
            continue
        try:
            found[path] = digest(at_path(facts.args, path))
        except KeyError:
            continue
    return found


def endorsed_values(
    values: Mapping[str, str], offered: Sequence[Endorsement], judge: ConsentJudge, *, needed: int
) -> dict[str, tuple[Endorsement, ...]]:
    """Return path → the endorsements that count for the value there, where they are enough.

    Args:
        values: Tainted argument path → digest of the value.
        offered: Endorsements of values with these digests.
        judge: Whose consent counts.
        needed: How many different people must have endorsed a value.
    """
    facts = judge.facts
    standing = [
        one
        for one in offered
        if one.state(judge.now) == "in force"
        and one.scope.covers(facts.principal, judge.thread)
        and not judge.objection(one.by)
    ]
    counted = {
        path: tuple(
            one for one in standing if one.digest == wanted and one.is_for(facts.tool, path)
        )
        for path, wanted in values.items()
    }
    return {
        path: given
        for path, given in counted.items()
        if given and len({one.by.person for one in given}) >= needed
    }
