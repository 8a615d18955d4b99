"""Which hosts and addresses of the network a tool may talk to."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

from ...errors import ToolError

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Given host and port: the addresses, as text."""

_EMBEDDING = tuple(
    ipaddress.ip_network(network)
    for network in (
        "::ffff:0:0/96",
        "::/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/32",
    )
)
"""IPv6 ranges whose addresses stand for IPv4 ones, which would pass by the check of those."""


async def resolve_host(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[4][0]) for address in found]


async def public_address(
    host: str, port: int, *, resolve: Resolve, allow_loopback: bool = False
) -> str:
    """Resolve a host once and return an address to connect to.

    Raises:
        ToolError: It does not resolve, or any of its addresses is not a public one.
    """
    try:
        addresses = await resolve(host, port)
    except OSError as error:
        raise ToolError(
            f"The host does not resolve ({type(error).__name__}).",
            retryable=True,
            where=host[:200],
            fix="Check the URL.",
        ) from None
    for address in addresses:
        if not is_public(address) and not (allow_loopback and _is_loopback(address)):
            raise ToolError(
                f"The host leads to {address}, which is not a public address.",
                where=host[:200],
                fix="Use a URL of a public host.",
            )
    if not addresses:
        raise ToolError("The host has no address.", where=host[:200], fix="Check the URL.")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet, and plainly so."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and (
        ip.is_site_local or any(ip in network for network in _EMBEDDING)
    ):
        return False
    return ip.is_global and not (
        ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback or ip.is_link_local
    )


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def is_allowed_host(host: str, domains: Sequence[str]) -> bool:
    """Whether a host is on the allowlist.

    `example.com` is that host, `*.example.com` each host under it, and `*` every host.
    """
    name = host.lower().rstrip(".")
    return any(
        domain == "*" or name == domain or (domain.startswith("*.") and name.endswith(domain[1:]))
        for domain in (d.lower().rstrip(".") for d in domains)
    )
