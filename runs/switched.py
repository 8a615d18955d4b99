"""What operators have switched off, as a reason that people can read."""

from __future__ import annotations

from ..policy.switches import SwitchState
from ..state.run import Principal
from ..stores.records import Switch


def halted(switches: SwitchState, principal: Principal) -> str:
    """Return why nothing may start for this principal, or an empty string."""
    if switch := switches.paused():
        return _because("The agent is paused", switch)
    return revoked(switches, principal)


def revoked(switches: SwitchState, principal: Principal) -> str:
    """Return why nothing that this principal says counts, or an empty string."""
    if switch := switches.revoked(principal):
        return _because(f"Principal {principal.id} is revoked", switch)
    return ""


def frozen(switches: SwitchState, tool: str) -> str:
    """Return why the tool may not be called, or an empty string."""
    if switch := switches.frozen_tool(tool):
        return _because(f"Tool {tool} is frozen", switch)
    return ""


def _because(what: str, switch: Switch) -> str:
    return f"{what}: {switch.reason}" if switch.reason else f"{what} by an operator."
