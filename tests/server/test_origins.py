"""Without a token, no web page of somebody else's gives orders."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from langgraph_sdk import Auth

from pointsman.errors import ConfigError
from pointsman.server.auth import build_open_auth
from pointsman.server.origins import AllowedCallers

OWN = {"host": "127.0.0.1:2024"}
DEFAULT = AllowedCallers.from_environment({})
CONFIGURED = AllowedCallers.from_environment(
    {
        "POINTSMAN_ALLOWED_HOSTS": "desk.example, 192.0.2.7:80",
        "POINTSMAN_ALLOWED_ORIGINS": "https://chat.example, https://inbox.example:8443",
    }
)


def refusal(allowed: AllowedCallers, headers: dict[str, str]) -> str:
    """Ask about headers as ASGI has them."""
    return allowed.refusal({k.encode(): v.encode("latin-1") for k, v in headers.items()})


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(OWN, id="program"),
        pytest.param({"host": "localhost:2024"}, id="by-name"),
        pytest.param({"host": "LOCALHOST"}, id="upper-case"),
        pytest.param({"host": "desk.localhost:80"}, id="below-localhost"),
        pytest.param({"host": "[::1]:2024"}, id="ipv6"),
        pytest.param({**OWN, "origin": "http://localhost:3000"}, id="page-of-this-machine"),
        pytest.param({**OWN, "origin": "http://127.0.0.1:2024"}, id="own-page"),
        pytest.param({**OWN, "origin": "https://smith.langchain.com"}, id="studio"),
        pytest.param({**OWN, "origin": "https://eu.smith.langchain.com"}, id="studio-in-europe"),
        pytest.param({**OWN, "sec-fetch-site": "none"}, id="typed"),
        pytest.param({**OWN, "sec-fetch-site": "same-origin"}, id="own-page-without-origin"),
        pytest.param(
            {**OWN, "origin": "https://smith.langchain.com", "sec-fetch-site": "cross-site"},
            id="studio-in-a-browser",
        ),
    ],
)
def test_this_machine_and_studio_are_let_in(headers: dict[str, str]) -> None:
    """Programs, the user's own pages and Studio work as before."""
    assert refusal(DEFAULT, headers) == ""


FOREIGN = [
    pytest.param({"host": "evil.example:2024"}, "Host", id="rebinding"),
    pytest.param({"host": "localhost.evil.example"}, "Host", id="host-begins-like-ours"),
    pytest.param({"host": "localhost:2024@evil.example"}, "Host", id="host-with-user"),
    pytest.param({"host": "127.0.0.1.nip.example"}, "Host", id="host-begins-like-an-address"),
    pytest.param({"host": "192.0.2.1"}, "Host", id="address-of-another"),
    pytest.param({"host": "0.0.0.0:2024"}, "Host", id="any-address"),
    pytest.param({"host": ""}, "Host", id="no-host"),
    pytest.param({"host": "localhost:port"}, "Host", id="port-is-no-number"),
    pytest.param({"host": "[::1"}, "Host", id="broken-ipv6"),
    pytest.param({**OWN, "origin": "https://evil.example"}, "Origin", id="foreign-page"),
    pytest.param({**OWN, "origin": "null"}, "Origin", id="sandboxed-frame-or-file"),
    pytest.param({**OWN, "origin": "file://"}, "Origin", id="file"),
    pytest.param({**OWN, "origin": "http://smith.langchain.com"}, "Origin", id="studio-unproven"),
    pytest.param({**OWN, "origin": "https://smith.langchain.com:8443"}, "Origin", id="other-port"),
    pytest.param({**OWN, "origin": "https://xsmith.langchain.com"}, "Origin", id="ends-like-it"),
    pytest.param(
        {**OWN, "origin": "https://smith.langchain.com.evil.example"}, "Origin", id="begins-like-it"
    ),
    pytest.param({**OWN, "origin": "https://localhost.evil.example"}, "Origin", id="begins-local"),
    pytest.param({**OWN, "origin": "https://localhost@evil.example"}, "Origin", id="with-user"),
    pytest.param({**OWN, "origin": "chrome-extension://abc"}, "Origin", id="extension"),
    pytest.param({**OWN, "sec-fetch-site": "cross-site"}, "Origin", id="image-or-link"),
    pytest.param(
        {**OWN, "origin": "", "sec-fetch-site": "cross-site"}, "Origin", id="empty-origin"
    ),
    *(
        pytest.param({"host": host}, "Host", id=f"host {host}")
        for host in (
            *("localhost#evil.example", "evil.example?.localhost", "evil.example/.localhost"),
            *("evil.example\\.localhost", "localhost evil.example", "localh\xf6st", "[::1%eth0]"),
            *("2130706433", "0x7f.1", "127.1", "[::ffff:10.0.0.1]", "localhost:80:80", "*"),
        )
    ),
    *(
        pytest.param({**OWN, "origin": origin}, "Origin", id=f"origin {origin}")
        for origin in (
            *("http://evil.example#.localhost", "http://evil.example?.localhost", "about:blank"),
            *(
                "http://evil.example\\.localhost",
                "http://evil.example/.localhost",
                "data:text/html",
            ),
            *("http://localhost/x", "http://localhost http://evil.example", "ws://localhost"),
            *("http://localhost, http://evil.example", "//localhost", "localhost", "HTTP://EVIL"),
        )
    ),
]


@pytest.mark.parametrize(("headers", "kind"), FOREIGN)
def test_other_pages_are_refused(headers: dict[str, str], kind: str) -> None:
    """The refusal names the variable that would let them in."""
    problem = refusal(DEFAULT, headers)

    assert f"POINTSMAN_ALLOWED_{kind.upper()}S" in problem


@pytest.mark.parametrize(
    ("headers", "let_in"),
    [
        ({"host": "desk.example:2024"}, True),
        ({"host": "192.0.2.7"}, True),
        ({**OWN, "origin": "https://chat.example"}, True),
        ({**OWN, "origin": "https://inbox.example:8443"}, True),
        ({**OWN, "origin": "https://inbox.example"}, False),
        ({**OWN, "origin": "http://chat.example"}, False),
        ({"host": "chat.example"}, False),
        ({"host": "desk.example", "origin": "https://desk.example"}, True),
    ],
)
def test_an_operator_lets_others_in(headers: dict[str, str], *, let_in: bool) -> None:
    """Exactly those that are named; a server's own name makes its own pages known."""
    assert (refusal(CONFIGURED, headers) == "") is let_in


@pytest.mark.parametrize(
    "environment",
    [
        {"POINTSMAN_ALLOWED_ORIGINS": "*"},
        {"POINTSMAN_ALLOWED_ORIGINS": "chat.example"},
        {"POINTSMAN_ALLOWED_ORIGINS": "https://chat.example/path"},
        {"POINTSMAN_ALLOWED_HOSTS": "*"},
        {"POINTSMAN_ALLOWED_HOSTS": "https://desk.example"},
    ],
)
def test_a_list_that_means_everybody_or_nothing_is_an_error(environment: dict[str, str]) -> None:
    """A server does not start with a door that somebody thinks is shut."""
    with pytest.raises(ConfigError, match=next(iter(environment))):
        AllowedCallers.from_environment(environment)


@pytest.fixture(scope="module")
def served(serve: Callable[..., Any]) -> Any:
    """Start the server without a keyring."""
    return serve()


TASK = {"assistant_id": "support_desk", "input": {"task": "Find claim CLM-900"}}


def requests(client: httpx.Client, headers: dict[str, str]) -> list[httpx.Response]:
    """Send what a page can send: simple requests, JSON, and streams."""
    simple = {**headers, "content-type": "text/plain;charset=UTF-8"}
    form = {**headers, "content-type": "application/x-www-form-urlencoded"}
    return [
        client.post("/runs/wait", json=TASK, headers=headers),
        client.post("/runs/wait", content=json.dumps(TASK), headers=simple),
        client.post("/runs/wait", content="assistant_id=support_desk", headers=form),
        client.post("/runs/stream", json=TASK, headers=headers),
        client.post("/threads", json={}, headers=headers),
        client.post("/threads/search", json={}, headers=headers),
        client.get("/assistants/support_desk", headers=headers),
    ]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "https://evil.example"}, id="foreign-page"),
        pytest.param({"Origin": "null"}, id="sandboxed-frame"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="without-origin"),
        pytest.param({"Host": "evil.example:2024"}, id="rebinding"),
        pytest.param(
            {"Host": "evil.example", "Origin": "http://evil.example"}, id="rebinding-with-origin"
        ),
        pytest.param(
            {"Origin": "https://evil.example", "X-Auth-Scheme": "langsmith"}, id="as-studio"
        ),
    ],
)
def test_a_real_server_takes_no_orders_of_a_page(served: Any, headers: dict[str, str]) -> None:
    """Whatever the content type, it is refused with the way out, and nothing ran."""
    with httpx.Client(base_url=served.url, timeout=30) as client:
        for response in requests(client, headers):
            assert response.status_code == 403, response.request.url
            assert "POINTSMAN_ALLOWED_" in response.text
        assert client.post("/threads/search", json={}).json() == []


SAYS_NOTHING_OF_RUNS = {"/", "/ok", "/info", "/metrics", "/docs", "/openapi.json"}
"""Routes that the server answers before anybody is asked who they are."""


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "https://evil.example"}, id="foreign-page"),
        pytest.param({"Host": "evil.example", "X-Forwarded-Host": "localhost"}, id="rebinding"),
        pytest.param(
            {"Origin": "null", "X-Auth-Scheme": "langsmith", "X-Api-Key": "k"}, id="as-studio"
        ),
    ],
)
def test_every_route_of_a_real_server_refuses_a_page(served: Any, headers: dict[str, str]) -> None:
    """Whatever the server's own description names, by every method."""
    paths = httpx.get(f"{served.url}/openapi.json").json()["paths"]
    methods = {"get", "put", "post", "patch", "delete"}
    routes = [(m, p) for p, known in paths.items() for m in known if m in methods]
    let_in: list[tuple[str, str, int]] = []
    with httpx.Client(base_url=served.url, timeout=30) as client:
        for method, path in routes:
            place = re.sub(r"\{[^}]*\}", "00000000-0000-0000-0000-000000000000", path)
            body = {} if method in ("post", "put", "patch") else None
            response = client.request(method, place, headers=headers, json=body)
            if response.status_code != 403 and path not in SAYS_NOTHING_OF_RUNS:
                let_in.append((method, path, response.status_code))

    assert len(routes) > 40
    assert not let_in


def test_a_real_server_refuses_a_pages_websocket(served: Any) -> None:
    """Browsers ask no leave for these, so the handshake itself is refused."""
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    path = "/threads/00000000-0000-0000-0000-000000000000/stream/events"
    with httpx.Client(base_url=served.url, timeout=30) as client:
        foreign = client.get(path, headers={**upgrade, "Origin": "https://evil.example"})
        with client.stream("GET", path, headers=upgrade) as own:
            opened = own.status_code

    assert (foreign.status_code, opened) == (403, 101)


async def test_studios_own_credential_is_not_taken() -> None:
    """A header would make any page Studio's user, for whom the server checks nothing else."""
    [handler] = build_open_auth(DEFAULT)._global_handlers
    user: Any = Auth.types.StudioUser("page")
    context = Auth.types.AuthContext(
        user=user, permissions=[], resource="threads", action="create_run"
    )

    with pytest.raises(Auth.exceptions.HTTPException, match="403"):
        await handler(ctx=context, value={})


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="program"),
        pytest.param({"Origin": "https://smith.langchain.com"}, id="studio"),
        pytest.param({"Origin": "http://localhost:3000"}, id="own-page"),
    ],
)
def test_a_real_server_serves_its_own(served: Any, headers: dict[str, str]) -> None:
    """A program, Studio and the user's own pages get their answer."""
    with httpx.Client(base_url=served.url, timeout=30) as client:
        response = client.post("/runs/wait", json=TASK, headers=headers)

    assert response.status_code == 200
