"""Which web pages may reach a server that asks for no token.

A browser sends requests to this machine's own ports for any page that it shows. So without a token
a request must name this machine as the one it is for (`Host`: a page may have pointed its own name
here, which is DNS rebinding), and the page that sent it must be ours or Studio's (`Origin`; and
`Sec-Fetch-Site` where a browser leaves the origin out). Programs that are no browsers send neither.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from ..errors import ConfigError

STUDIO = "smith.langchain.com"
"""Studio's host; regions have hosts of their own below it."""

ORIGINS_VARIABLE = "POINTSMAN_ALLOWED_ORIGINS"
HOSTS_VARIABLE = "POINTSMAN_ALLOWED_HOSTS"

_OWN_SITE = frozenset({"", "none", "same-origin", "same-site"})
"""Values of `Sec-Fetch-Site` that no other site's page can cause; `none`: the user typed it."""


_PLAIN = re.compile(r"(?:[a-z]{1,20}:)?//(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{0,5})?", re.I)
"""No user, path, query or fragment, and no sign that ends a host for one reader only."""


def is_loopback(host: str) -> bool:
    """Say whether a host name or address can only mean this machine."""
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, kw_only=True)
class AllowedCallers:
    """What `Host` and `Origin` may say beside this machine and Studio."""

    hosts: frozenset[str] = frozenset()
    """Host names, in lower case, without ports."""
    origins: frozenset[str] = frozenset()
    """`scheme://host[:port]`, in lower case."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> AllowedCallers:
        """Read both lists, separated by commas.

        Raises:
            ConfigError: An entry is neither a host nor an origin; `*` is none.
        """
        origins = [_origin(entry) for entry in _entries(environment, ORIGINS_VARIABLE)]
        hosts = [_host(entry) for entry in _entries(environment, HOSTS_VARIABLE)]
        return cls(hosts=frozenset(hosts), origins=frozenset(origins))

    def refusal(self, headers: Mapping[bytes, bytes]) -> str:
        """Return why a request is refused, in words; an empty string if it is not.

        Args:
            headers: The request's headers, names in lower case, as ASGI has them.
        """
        host, origin, site = (
            headers.get(name, b"").decode("latin-1").strip()
            for name in (b"host", b"origin", b"sec-fetch-site")
        )
        if not self._is_known_host(_split(f"//{host}")):
            return (
                "This server asks for no token, so it answers only to this machine's own names; "
                f"the request is for {host[:100]!r}. Set {HOSTS_VARIABLE} to let that name in, or "
                "POINTSMAN_KEYRING to ask for tokens."
            )
        if self._is_known_origin(origin.lower()) if origin else site.lower() in _OWN_SITE:
            return ""
        return (
            "This server asks for no token, so it takes no requests of other web pages; this one "
            f"is from {origin[:100] or 'another site'!r}. Set {ORIGINS_VARIABLE} to let that page "
            "in, or POINTSMAN_KEYRING to ask for tokens."
        )

    def _is_known_host(self, url: SplitResult | None) -> bool:
        if url is None or not url.hostname:
            return False
        return is_loopback(url.hostname) or url.hostname in self.hosts

    def _is_known_origin(self, origin: str) -> bool:
        if origin in self.origins:
            return True
        url = _split(origin)
        if url is None or not url.hostname:
            return False
        studio = url.hostname == STUDIO or url.hostname.endswith(f".{STUDIO}")
        if studio:
            return url.scheme == "https" and url.port in (None, 443)
        return url.scheme in ("http", "https") and self._is_known_host(_split(f"//{url.netloc}"))


def _split(url: str) -> SplitResult | None:
    """Read `[scheme:]//host[:port]`, and nothing that browsers and servers might read otherwise."""
    if not _PLAIN.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for what is no number
    except ValueError:
        return None
    return parts


def _entries(environment: Mapping[str, str], variable: str) -> Sequence[str]:
    given = environment.get(variable, "").lower().split(",")
    return [entry.strip() for entry in given if entry.strip()]


def _origin(entry: str) -> str:
    url = _split(entry)
    if url is None or url.scheme not in ("http", "https") or not url.hostname:
        raise ConfigError(
            f"{entry[:100]!r} is not an origin.",
            where=ORIGINS_VARIABLE,
            fix="Write https://HOST or https://HOST:PORT, separated by commas.",
        )
    return entry


def _host(entry: str) -> str:
    url = _split(f"//{entry}")
    if url is None or not url.hostname:
        raise ConfigError(
            f"{entry[:100]!r} is not a host.",
            where=HOSTS_VARIABLE,
            fix="Write host names or addresses, separated by commas.",
        )
    return url.hostname
