"""Operating: the audit log and the switches, over the store alone.

Nothing of the agent is built, so that an incident can be handled when tools or models are broken.
"""

from __future__ import annotations

import time
from typing import Literal, get_args

from rich.table import Table
from rich.text import Text

from ..errors import NotFoundError
from ..stores.protocols import Switch
from .amounts import compact, moment
from .caller import administrator
from .exits import DONE
from .operations import SwitchKind
from .output import Output, visible
from .session import open_records

_BODY = 100
"""Characters of an entry's facts in a list."""

StoredKind = Literal["pause", "freeze_tool", "freeze_endpoint", "revoke_principal"]
_STORED: dict[SwitchKind, StoredKind] = dict(
    zip(get_args(SwitchKind), get_args(StoredKind), strict=True)
)


async def list_audit(output: Output, config: str, thread: str | None, limit: int) -> int:
    """Print entries, oldest first; return the exit code."""
    async with open_records(config) as (_settings, store):
        entries = await store.audit.entries(thread, limit=limit)
    if output.json:
        output.document({"entries": [entry.model_dump(mode="json") for entry in entries]})
        return DONE
    for entry in entries:
        line = Text(f"{entry.seq:>6}  {moment(entry.at)}  ", style="dim")
        line.append(visible(f"{entry.kind} by {entry.actor or '-'}"), style="not dim")
        about = f"  {entry.thread_id}  {compact(entry.body, limit=_BODY)}"
        output.line(line.append(visible(about)))
    return DONE


async def verify_audit(output: Output, config: str) -> int:
    """Check the chain; return the exit code. Raises `StoreError` naming the broken entry."""
    async with open_records(config) as (_settings, store):
        length = await store.audit.verify()
    if output.json:
        output.document({"valid": True, "entries": length})
    else:
        output.line(f"The chain of {length} entries is whole.")
    return DONE


async def list_switches(output: Output, config: str) -> int:
    """Print the switches that are on; return the exit code."""
    async with open_records(config) as (_settings, store):
        active = await store.switches.active()
    if output.json:
        output.document({"switches": [switch.model_dump(mode="json") for switch in active]})
        return DONE
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("switch", "target", "since", "by", "reason"):
        table.add_column(column, overflow="fold")
    for s in active:
        kind = s.kind.replace("_", "-")
        cells = (kind, s.target, moment(s.at), s.actor, s.reason)
        table.add_row(*(visible(cell) for cell in cells))
    if active:
        output.show(table)
    else:
        output.line("No switch is on.")
    return DONE


async def set_switch(
    output: Output, config: str, kind: SwitchKind, target: str, reason: str
) -> int:
    """Turn a switch on, and write down who did; return the exit code."""
    async with open_records(config) as (settings, store):
        switch = Switch(
            kind=_STORED[kind],
            target=target,
            reason=reason,
            actor=(await administrator(settings, store, _STORED[kind])).id,
            at=time.time(),
        )
        await store.switches.set(switch)
        await store.audit.append("switch_set", actor=switch.actor, body=switch.to_json())
    _tell(output, switch, on=True)
    return DONE


async def clear_switch(output: Output, config: str, kind: SwitchKind, target: str) -> int:
    """Turn a switch off, and write down who did; return the exit code.

    Raises:
        NotFoundError: It is not on.
    """
    async with open_records(config) as (settings, store):
        actor = (await administrator(settings, store, _STORED[kind])).id
        wanted = (_STORED[kind], target)
        found = [s for s in await store.switches.active() if (s.kind, s.target) == wanted]
        if not found:
            raise NotFoundError("It is not on.", where=f"switch {kind} {target}".strip())
        [switch] = found
        await store.switches.clear(*wanted)
        await store.audit.append("switch_cleared", actor=actor, body=switch.to_json())
    _tell(output, switch, on=False)
    return DONE


def _tell(output: Output, switch: Switch, *, on: bool) -> None:
    if output.json:
        output.document({"on": on, **switch.model_dump(mode="json")})
        return
    name = f"{switch.kind.replace('_', '-')} {switch.target}".strip()
    output.line(Text(visible(f"{name}: {'on' if on else 'off'}")))
