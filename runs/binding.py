"""What an approval binds, worked out without holding up the event loop."""

from __future__ import annotations

import asyncio
from functools import partial

from ..policy.approvals import action_digest
from ..state.values import JsonObject
from ..tools.plain import is_small


async def bound_action(
    tool: str, args: JsonObject, step: str, plan_version: int, policy_version: str
) -> str:
    """Return `action_digest` of these; that of large arguments is left to a thread."""
    work = partial(action_digest, tool, args, step, plan_version, policy_version)
    return work() if is_small(args) else await asyncio.to_thread(work)
