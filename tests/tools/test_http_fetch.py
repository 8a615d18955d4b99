"""Fetching pages: allowed and public hosts only, however the request is turned."""

from __future__ import annotations

import gzip
import ssl
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pointsman.errors import ConfigError, ToolError
from pointsman.tools.builtin.addresses import is_allowed_host, is_public
from pointsman.tools.builtin.http_fetch import http_fetch

PAGE = (
    "<html><head><title>T</title></head><body><script>Menu()</script><article><h1>Refunds</h1>"
    "<p>Damaged items are refunded in full within thirty days of delivery, without questions.</p>"
    "</article></body></html>"
)


class Site(BaseHTTPRequestHandler):
    """Pages by path."""

    def do_GET(self) -> None:
        """Answer."""
        self.server.seen.append((self.path, self.headers["Host"]))  # type: ignore[attr-defined]
        path, _, query = self.path.partition("?")
        match path:
            case "/page":
                self._send(200, "text/html; charset=utf-8", PAGE.encode())
            case "/json":
                self._send(200, "application/json", b'{"a": 1}')
            case "/latin":
                self._send(200, "text/plain; charset=latin-1", "é".encode("latin-1"))
            case "/binary":
                self._send(200, "application/octet-stream", b"\x00")
            case "/large":
                self._send(200, "text/plain", b"x" * 5000)
            case "/bomb":
                data = gzip.compress(b"x" * 1_000_000)
                self._send(200, "text/plain", data, {"Content-Encoding": "gzip"})
            case "/to":
                self._send(302, "text/plain", b"", {"Location": query})
            case "/loop":
                self._send(302, "text/plain", b"", {"Location": "/loop"})
            case _:
                self._send(503 if path == "/busy" else 404, "text/plain", b"")

    def _send(
        self, status: int, kind: str, data: bytes, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[ThreadingHTTPServer]:
    """A server on loopback that remembers path and Host header of each request."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        server.seen = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Names:
    """A resolver that gives scripted answers, the last one for ever, and counts."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self.answers = {name.replace("_", "."): list(given) for name, given in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Answer."""
        self.asked.append(host)
        answers = self.answers.get(host)
        if answers is None:
            raise OSError("unknown host")
        return answers.pop(0) if len(answers) > 1 else answers[0]


HERE = Names(docs_example=[["127.0.0.1"]])


def fetch(site: ThreadingHTTPServer, **options: Any) -> Any:
    """A tool that may ask `docs.example`, which is the server on loopback."""
    given: dict[str, Any] = {"resolve": HERE, "allow_loopback": True, **options}
    return http_fetch(["docs.example"], **given)


def url(site: ThreadingHTTPServer, path: str, host: str = "docs.example") -> str:
    """A URL of the site."""
    return f"http://{host}:{site.server_port}{path}"


async def test_a_page_comes_back_as_text(site: ThreadingHTTPServer, execute: Any) -> None:
    """Without its scripts, and asked for by its name although the address was connected to."""
    tool = fetch(site)
    output = await execute(tool, url=url(site, "/page"))
    assert "Damaged items are refunded in full" in output["text"]
    assert "Menu" not in output["text"]
    assert site.seen == [("/page", f"docs.example:{site.server_port}")]  # type: ignore[attr-defined]
    [evidence] = tool.cite({}, output)
    assert (evidence.source, evidence.trust) == (url(site, "/page"), "untrusted")


async def test_the_contract_is_that_of_a_leaky_read(site: ThreadingHTTPServer) -> None:
    """A URL can carry data out."""
    contract = fetch(site).contract
    assert (contract.effect, contract.trust, contract.egress) == ("read", "untrusted", True)
    assert contract.consequential == ("url",)


async def test_other_texts(site: ThreadingHTTPServer, execute: Any) -> None:
    """JSON and plain text come as they are, in their charset, cut where they are long."""
    tool = fetch(site, max_chars=1000)
    assert (await execute(tool, url=url(site, "/json")))["text"] == '{"a": 1}'
    assert (await execute(tool, url=url(site, "/latin")))["text"] == "é"
    large = await execute(tool, url=url(site, "/large"))
    assert (len(large["text"]), large["truncated"]) == (1000, True)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/binary", "not text"),
        ("/missing", "404"),
        ("/busy", "503"),
        ("/bomb", "compressed"),
        ("/loop", "More than 5 redirects"),
    ],
)
async def test_what_cannot_be_used_is_refused(
    site: ThreadingHTTPServer, execute: Any, path: str, says: str
) -> None:
    """Each with its reason."""
    with pytest.raises(ToolError, match=says):
        await execute(fetch(site), url=url(site, path))


async def test_size_is_limited(site: ThreadingHTTPServer, execute: Any) -> None:
    """A larger response is not read to its end."""
    with pytest.raises(ToolError, match="larger than 1000 bytes"):
        await execute(fetch(site, max_bytes=1000), url=url(site, "/large"))


async def test_time_is_limited(execute: Any) -> None:
    """The limit holds for everything together, name resolution included."""
    import asyncio

    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    tool = http_fetch(["docs.example"], resolve=never, fetch_seconds=0.05)
    with pytest.raises(ToolError, match="longer than"):
        await execute(tool, url="http://docs.example/")


@pytest.mark.parametrize(
    "bad",
    [
        "ftp://docs.example/x",
        "file:///etc/passwd",
        "gopher://docs.example/",
        "javascript:alert(1)",
        "docs.example/x",
        "http://",
        "http:///x",
        "http://user:secret@docs.example/",
        "http://docs.example@evil.example/",
        "http://evil.example/",
        "http://docs.example.evil.example/",
        "http://notdocs.example/",
        "http://docs.example%00.evil.example/",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://\x00/",
        "http://[not-an-address]/",
        "http://docs.example:99999999/",
    ],
)
async def test_urls_off_the_allowlist_reach_nothing(execute: Any, bad: str) -> None:
    """No name is resolved for them, no connection is made."""
    names = Names(docs_example=[["127.0.0.1"]])
    with pytest.raises(ToolError):
        await execute(http_fetch(["docs.example"], resolve=names), url=bad)
    assert names.asked == []


async def test_a_public_name_with_a_private_address_is_refused(
    site: ThreadingHTTPServer, execute: Any
) -> None:
    """Even if only one of several answers is private."""
    for answers in (["127.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["::ffff:127.0.0.1"], []):
        tool = fetch(site, resolve=Names(docs_example=[answers]), allow_loopback=False)
        with pytest.raises(ToolError, match=r"not a public address|no address"):
            await execute(tool, url=url(site, "/page"))
    assert site.seen == []  # type: ignore[attr-defined]


async def test_an_answer_that_changes_does_not_help(
    site: ThreadingHTTPServer, execute: Any
) -> None:
    """The name is asked for once; the connection goes to the address that was checked."""
    rebinding = Names(docs_example=[["127.0.0.1"], ["10.0.0.1"]])
    await execute(fetch(site, resolve=rebinding), url=url(site, "/page"))
    assert rebinding.asked == ["docs.example"]
    assert len(site.seen) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{port}/page",
        "http://localhost:{port}/page",
        "http://[::ffff:127.0.0.1]:{port}/page",
        "//127.0.0.1:{port}/page",
        "http://inside.example:{port}/page",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "http://user@docs.example:{port}/page",
    ],
)
async def test_redirects_are_checked_like_first_requests(
    site: ThreadingHTTPServer, execute: Any, location: str
) -> None:
    """An allowed page cannot send us inside."""
    target = location.format(port=site.server_port)
    with pytest.raises(ToolError):
        await execute(fetch(site), url=url(site, f"/to?{target}"))
    assert [path.partition("?")[0] for path, _ in site.seen] == ["/to"]  # type: ignore[attr-defined]


async def test_a_redirect_to_a_rebound_name_is_refused(
    site: ThreadingHTTPServer, execute: Any
) -> None:
    """Each hop resolves and checks afresh, so a name that turned private is caught."""
    rebinding = Names(docs_example=[["127.0.0.1"], ["10.0.0.1"]])
    with pytest.raises(ToolError, match=r"10\.0\.0\.1"):
        await execute(fetch(site, resolve=rebinding), url=url(site, "/to?/page"))


async def test_an_allowed_redirect_is_followed(site: ThreadingHTTPServer, execute: Any) -> None:
    """The output names the page that was read in the end."""
    output = await execute(fetch(site), url=url(site, "/to?/json"))
    assert output["url"] == url(site, "/json")


def certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate with its key for a name, and a context that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    path = folder / f"{name}.pem"
    path.write_bytes(
        pem
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path, ssl.create_default_context(cadata=pem.decode())


@pytest.mark.parametrize(("name", "trusted"), [("docs.example", True), ("evil.example", False)])
async def test_the_certificate_must_be_of_the_name(
    site: ThreadingHTTPServer, execute: Any, tmp_path: Path, name: str, trusted: bool
) -> None:
    """The connection goes to an address, and TLS still asks for the host that was named."""
    path, tls = certificate(tmp_path, name)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    site.socket = server.wrap_socket(site.socket, server_side=True)
    site.handle_error = lambda *_: None  # type: ignore[method-assign]
    tool = fetch(site, tls=tls)
    address = url(site, "/json").replace("http:", "https:")
    if trusted:
        assert (await execute(tool, url=address))["text"] == '{"a": 1}'
    else:
        with pytest.raises(ToolError, match="cannot be fetched"):
            await execute(tool, url=address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),  # noqa: S104
        *("100.64.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:93.184.215.14", "::7f00:1", "64:ff9b::7f00:1"),
        *("2002:7f00:1::", "2001:0:0:0:0:0:0:1", "not an address", ""),
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    """Private, loopback, link-local, multicast, reserved, mapped and embedded ones."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:4700::1111"])
def test_addresses_that_are_public(address: str) -> None:
    """Ordinary ones."""
    assert is_public(address)


def test_the_allowlist() -> None:
    """Exact names, names under a name, and everything."""
    assert is_allowed_host("Docs.Example.", ["docs.example"])
    assert is_allowed_host("a.b.example", ["*.b.example"])
    assert not is_allowed_host("b.example", ["*.b.example"])
    assert not is_allowed_host("ab.example", ["*.b.example", "b.example"])
    assert is_allowed_host("anything", ["*"])
    with pytest.raises(ConfigError):
        http_fetch([])
