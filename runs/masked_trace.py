"""A trace as somebody may read it who is not the one that the run was for."""

from __future__ import annotations

from ..masking.masker import Masker
from ..state.run import Principal
from .trace import Trace


def shown_to(found: Trace, reader: Principal, masker: Masker) -> Trace:
    """Return a trace with pseudonyms in the runs of others.

    Whom a run was for reads the values: they are their own. What the audit log says of several runs
    has values where all of them are the reader's.

    Args:
        found: The trace.
        reader: Who is to read it.
        masker: What recognises.
    """

    def own(principal: Principal) -> bool:
        return (principal.tenant, principal.id) == (reader.tenant, reader.id)

    kinds = masker.kinds_at("exports")
    runs = [
        run
        if own(run.run.principal)
        else type(run).model_validate(
            masker.masked(
                run.model_dump(mode="json"), kinds, masker.pseudonyms(run.run.principal.tenant)
            )
        )
        for run in found.runs
    ]
    audit = found.audit
    if not all(own(run.run.principal) for run in found.runs):
        given = masker.pseudonyms(reader.tenant)
        audit = tuple(
            entry.model_copy(update={"body": masker.masked(entry.body, kinds, given)})
            for entry in audit
        )
    return found.model_copy(update={"runs": tuple(runs), "audit": audit})
