"""People: who stands behind a name, for rules that need several of them.

One person can hold many tokens. Whoever issues tokens at a command line without a credential could
use each of them, so such a token names the account of the operating system that issued it, and so
does every token that is issued with it in turn. A quorum counts those, not the names.
"""

from __future__ import annotations

import getpass
import os

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
    return name if name == LOCAL else principal.accountable or name
