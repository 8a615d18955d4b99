"""Which values of a call are endorsed by people whose consent to this very call would count.

Pure. An endorsement carries the authority of an approval and no more: it is judged at each use by
the action `approve`, as of now, for the call at hand. Where policy asks several people, as many
must have endorsed the value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..state.consent import Signatory
from ..state.endorsement import Endorsement
from ..state.references import at_path
from ..state.values import digest
from ..tools.contract import ToolContract
from .approvals import objection_to_consent
from .facts import CallFacts

if TYPE_CHECKING:
    from .cedar import CedarPolicy


@dataclass(frozen=True, kw_only=True)
class ConsentJudge:
    """Says whose consent to one call counts."""

    policy: CedarPolicy
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


def values_at(facts: CallFacts, paths: Iterable[str]) -> dict[str, str]:
    """Return argument path → digest of the value that stands there.

    The whole of the arguments is no value that anybody could vouch for.
    """
    found: dict[str, str] = {}
    for path in filter(None, paths):
        try:
            found[path] = digest(at_path(facts.args, path))
        except KeyError:
            continue
    return found


def endorsed_values(
    values: Mapping[str, str], offered: Sequence[Endorsement], judge: ConsentJudge, *, needed: int
) -> dict[str, tuple[Endorsement, ...]]:
    """Return path → the endorsements of a tainted value's origin, where they are enough.

    Args:
        values: Argument path → digest of the value.
        offered: Endorsements of values with these digests.
        judge: Whose consent counts.
        needed: How many different people must have endorsed a value.
    """
    of_origin = [one for one in offered if not one.recipients]
    counted = _counted(values, of_origin, judge)
    return {path: given for path, given in counted.items() if _enough(given, needed)}


def released_values(
    values: Mapping[str, str], offered: Sequence[Endorsement], judge: ConsentJudge, *, needed: int
) -> dict[str, dict[str, tuple[Endorsement, ...]]]:
    """Return path → recipient → the endorsements by which the value there may be shown to them.

    The arguments are those of `endorsed_values`.
    """
    found: dict[str, dict[str, tuple[Endorsement, ...]]] = {}
    for path, given in _counted(values, offered, judge).items():
        for person in sorted({name for one in given for name in one.recipients}):
            for_them = tuple(one for one in given if person in one.recipients)
            if _enough(for_them, needed):
                found.setdefault(path, {})[person] = for_them
    return found


def _counted(
    values: Mapping[str, str], offered: Sequence[Endorsement], judge: ConsentJudge
) -> dict[str, tuple[Endorsement, ...]]:
    facts = judge.facts
    standing = [
        one
        for one in offered
        if one.state(judge.now) == "in force"
        and one.scope.covers(facts.principal, judge.thread)
        and not judge.objection(one.by)
    ]
    return {
        path: tuple(
            one for one in standing if one.digest == wanted and one.is_for(facts.tool, path)
        )
        for path, wanted in values.items()
    }


def _enough(given: Sequence[Endorsement], needed: int) -> bool:
    return bool(given) and len({one.by.person for one in given}) >= needed
