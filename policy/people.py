"""People: who stands behind a name, for rules that need several of them.

One person can hold many tokens. Whoever issues tokens at a command line without a credential could
use each of them, so such a token names the account of the operating system that issued it, and so
does every token that is issued with it in turn. A quorum counts those, not the names.
"""

from __future__ import annotations

import getpass
import os

from ..state.consent import name_form
from ..state.run import Principal
from .roles import LOCAL


def local_person() -> str:
    """Return who sits at this machine without a credential, as the operating system knows them."""
    # Not from the environment, where one person could be anybody.
    if os.name != "posix":
        return f"os:{getpass.getuser()}"
    import pwd

    try:
        return f"os:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:
        return f"os:{os.getuid()}"


def without_credential(principal: Principal) -> Principal:
    """Return a principal of the settings with the person who stands behind it."""
    return principal.model_copy(update={"accountable": local_person()})


def person_behind(principal: Principal) -> str:
    """Return who acts under a name. The one local person needs no second one, so is just that."""
    name = principal.id or LOCAL
    return name if name == LOCAL else name_form(principal.accountable or name)


def are_one(somebody: Principal, other: Principal) -> bool:
    """Say whether one person stands behind two principals, or one name does for both."""
    names = (somebody.id or LOCAL, other.id or LOCAL)
    return person_behind(somebody) == person_behind(other) or len(set(map(name_form, names))) == 1


def tokens_of_key(kid: str) -> str:
    """Return what stands for all tokens that a key has signed, among ids of revoked tokens."""
    return f"key:{kid}"


def credentials_of(principal: Principal) -> frozenset[str]:
    """Return the ids of revoked tokens that would be about what vouched for somebody."""
    return frozenset((principal.token, tokens_of_key(principal.key)))


def names_of(principal: Principal) -> frozenset[str]:
    """Return the forms of all names by which somebody may be revoked."""
    return frozenset(name_form(name) for name in (principal.id, principal.accountable) if name)
