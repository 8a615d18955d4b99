"""Roles: the three names of a principal's standing, and the numbers that policies compare."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import ConfigError
from ..state.run import Principal

ROLES: Mapping[str, int] = {"user": 1, "admin": 10, "super_admin": 100}
"""Role name → number. A higher number may do what a lower one may, where policy compares them."""

NO_ROLE = 0
"""The number of a role that nobody defined: below every role that policy permits anything to."""

LOCAL = "local"
"""Id of the one person at an unauthenticated command line. No token is ever issued for it."""


def role_name(role: str | int) -> str:
    """Return the canonical name of a role given by name or number.

    Raises:
        ConfigError: There is no such role.
    """
    spelled = str(role).strip().lower().replace(" ", "_").replace("-", "_")
    by_number = {str(number): name for name, number in ROLES.items()}
    name = by_number.get(spelled, spelled)
    if name not in ROLES:
        raise ConfigError(
            f"{str(role)[:40]!r} is not a role.",
            where="role",
            fix=f"One of {', '.join(f'{name} ({number})' for name, number in ROLES.items())}.",
        )
    return name


def role_number(role: str | int) -> int:
    """Return a role's number, and `NO_ROLE`, which may do nothing, for one nobody defined."""
    try:
        return ROLES[role_name(role)]
    except ConfigError:
        return NO_ROLE


def is_authenticated(principal: Principal) -> bool:
    """Say whether somebody vouched for this principal.

    Only the reserved local id counts as nobody: any other id is held to the stricter rules.
    """
    return principal.id not in ("", LOCAL)
