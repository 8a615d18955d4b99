"""Fetching a page of the web as text, from allowed and public hosts only. Needs the extra `web`."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import httpx
from pydantic import Field
from typing_extensions import Unpack

from ...errors import ConfigError, ToolError
from ...state.results import Evidence
from ...state.values import Json, JsonObject
from ..causes import is_passing
from ..contract import ContractOptions, Tool
from ..decorator import tool
from ..threads import TOOL_THREADS
from .addresses import Resolve, is_allowed_host, public_address, resolve_host

Extract = Callable[[str], str]
MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TEXTUAL = ("text/", "application/json", "application/xml", "application/xhtml+xml")


def http_fetch(
    domains: Sequence[str],
    *,
    max_bytes: int = 2_000_000,
    max_chars: int = 50_000,
    fetch_seconds: float = 20.0,
    resolve: Resolve = resolve_host,
    tls: ssl.SSLContext | None = None,
    allow_loopback: bool = False,
    **contract: Unpack[ContractOptions],
) -> Tool:
    """Make a tool that fetches pages.

    Each host is resolved once, every address is checked, and the connection is made to the address
    that was checked, so an answer that changes cannot help. Each redirect is checked afresh.

    Args:
        domains: Hosts that may be asked: `example.com`, `*.example.com`, or `*` for all.
        max_bytes: Largest response.
        max_chars: Longest text returned; more is cut, and the output says so.
        fetch_seconds: Longest time for one page with all its redirects.
        resolve: The resolver; the system's by default.
        tls: For hosts with certificates of a private authority.
        allow_loopback: For tests against a server on this machine.
        **contract: Fields of the contract to set otherwise.

    Raises:
        ConfigError: No domain is allowed, or the extra is missing.
    """
    if not domains:
        raise ConfigError("No domain is allowed.", where="http_fetch.domains", fix="Name some.")
    options: ContractOptions = {
        "effect": "read",
        "trust": "untrusted",
        "idempotency": "natural",
        "consequential": ("url",),
        "egress": True,
        "timeout": fetch_seconds + 10,
        **contract,
    }
    fetcher = _Fetcher(
        domains=tuple(domains),
        max_bytes=max_bytes,
        resolve=resolve,
        allow_loopback=allow_loopback,
        tls=tls or httpx.create_ssl_context(trust_env=False),
    )
    extract = _extractor()

    @tool(cite=_cite, **options)
    async def fetch_page(
        url: Annotated[str, Field(min_length=1, max_length=2000)],
    ) -> JsonObject:
        """Fetch a page of the web and return its text.

        Args:
            url: Address of the page, http or https.
        """
        try:
            async with asyncio.timeout(fetch_seconds):
                final, media_type, text = await fetcher.fetch(url)
                if "html" in media_type:
                    text = await TOOL_THREADS.run(extract, text)
        except TimeoutError:
            raise ToolError(
                f"It took longer than {fetch_seconds} seconds.", retryable=True, where=url[:200]
            ) from None
        return {"url": final, "text": text[:max_chars], "truncated": len(text) > max_chars}

    return fetch_page


def _extractor() -> Extract:
    try:
        import trafilatura
    except ImportError as error:
        raise ConfigError(
            "Fetching pages needs trafilatura.", where="http_fetch", fix="Install the extra `web`."
        ) from error

    def extract(html: str) -> str:
        return trafilatura.extract(html, include_tables=True, include_links=False) or ""

    return extract


@dataclass(frozen=True, kw_only=True)
class _Fetcher:
    domains: tuple[str, ...]
    max_bytes: int
    resolve: Resolve
    allow_loopback: bool
    tls: ssl.SSLContext

    async def fetch(self, url: str) -> tuple[str, str, str]:
        """Return the final URL, the media type and the text."""
        target = self._checked(url)
        # A client of its own for each page: none may outlive the event loop that it was used in.
        async with httpx.AsyncClient(
            verify=self.tls, trust_env=False, follow_redirects=False, timeout=10.0
        ) as client:
            for _ in range(MAX_REDIRECTS + 1):
                answer = await self._ask(client, target)
                if isinstance(answer, tuple):
                    return str(target), *answer
                target = self._redirected(target, answer)
        raise _refused(f"More than {MAX_REDIRECTS} redirects.", url)

    def _checked(self, url: str) -> httpx.URL:
        try:
            target = httpx.URL(url)
        except httpx.InvalidURL:
            raise _refused("This is not a URL.", url) from None
        host = target.raw_host.decode("ascii")
        if target.scheme not in ("http", "https") or not host:
            raise _refused("Only http and https URLs are fetched.", url)
        if target.port is not None and not 0 < target.port < 65_536:
            raise _refused("There is no such port.", url)
        if target.userinfo:
            raise _refused("A URL with a user name or password is not fetched.", url)
        if not is_allowed_host(host, self.domains):
            raise _refused("The host is not on the allowlist.", url)
        return target

    def _redirected(self, source: httpx.URL, location: str) -> httpx.URL:
        try:
            target = source.join(location)
        except httpx.InvalidURL:
            raise _refused("It redirects to what is not a URL.", location) from None
        if source.scheme == "https" and target.scheme == "http":
            raise _refused("It redirects from https to http.", location)
        return self._checked(str(target))

    async def _ask(self, client: httpx.AsyncClient, target: httpx.URL) -> tuple[str, str] | str:
        """Return media type and text, or where it redirects to."""
        host = target.raw_host.decode("ascii")
        port = target.port or (443 if target.scheme == "https" else 80)
        address = await public_address(
            host, port, resolve=self.resolve, allow_loopback=self.allow_loopback
        )
        request = client.build_request(
            "GET",
            target.copy_with(host=address),
            headers={
                "Host": target.netloc.decode("ascii"),
                # Compressed, a small response could unfold into one that fills the memory.
                "Accept-Encoding": "identity",
                "User-Agent": "pointsman",
            },
            extensions={"sni_hostname": host},
        )
        try:
            response = await client.send(request, stream=True)
            try:
                return await self._read(response, str(target))
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise ToolError(
                f"The page cannot be fetched ({type(error).__name__}).",
                retryable=True,
                where=str(target)[:200],
            ) from None

    async def _read(self, response: httpx.Response, url: str) -> tuple[str, str] | str:
        if response.status_code in _REDIRECTS and "location" in response.headers:
            return response.headers["location"]
        if response.status_code >= 400:
            raise ToolError(
                f"The server answered {response.status_code}.",
                retryable=is_passing(response.status_code),
                where=url[:200],
            )
        media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not media_type.startswith(_TEXTUAL):
            raise _refused(f"It is of type {media_type or 'unknown'}, not text.", url)
        if response.headers.get("content-encoding", "identity") != "identity":
            raise _refused("It came compressed although that was not asked for.", url)
        data = bytearray()
        async for chunk in response.aiter_raw():
            data += chunk
            if len(data) > self.max_bytes:
                raise _refused(f"It is larger than {self.max_bytes} bytes.", url)
        return media_type, _decoded(bytes(data), response.charset_encoding)


def _decoded(data: bytes, charset: str | None) -> str:
    try:
        return data.decode(charset or "utf-8", errors="replace")
    except LookupError:
        return data.decode("utf-8", errors="replace")


def _refused(message: str, url: str) -> ToolError:
    return ToolError(message, where=url[:200], fix="Use another URL.")


def _cite(_args: JsonObject, output: Json) -> list[Evidence]:
    return [Evidence(id="", step="", path="text", source=output["url"], trust="untrusted")]
