"""The Agent Server with our `auth`: a real server, real tokens, one graph that says who runs it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from langgraph_sdk import Auth

from pointsman.errors import ConfigError, CredentialError
from pointsman.policy.keyring import new_keyring, read_keyring, write_keyring
from pointsman.policy.settings import TokenSettings
from pointsman.policy.tokens import IssuedToken, TokenIssuer
from pointsman.server.auth import auth_from_environment, restrict
from pointsman.stores import open_store

GRAPH = """
from typing import TypedDict
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

class State(TypedDict, total=False):
    role: str
    who: dict

def tell(state: State, runtime: Runtime):
    user = runtime.server_info.user
    return {"who": {key: user[key] for key in ("identity", "role", "scopes", "tenant")}}

builder = StateGraph(State)
builder.add_node("tell", tell)
builder.add_edge(START, "tell")
builder.add_edge("tell", END)
graph = builder.compile()
"""


class Server:
    """A running server, and tokens for it."""

    def __init__(self, url: str, home: Path) -> None:
        self.url = url
        self.settings = TokenSettings(keyring=home / "ring.json")
        self.database = home / "pointsman.db"

    def issue(self, subject: str, **claims: Any) -> IssuedToken:
        """Issue a token that the server accepts."""

        async def issue() -> IssuedToken:
            async with open_store(self.database) as store:
                return await self._issuer(store).issue(subject, **claims)

        return asyncio.run(issue())

    def revoke(self, jti: str) -> None:
        """Revoke a token."""

        async def revoke() -> None:
            async with open_store(self.database) as store:
                await self._issuer(store).revoke(jti)

        asyncio.run(revoke())

    def _issuer(self, store: Any) -> TokenIssuer:
        ring = read_keyring(self.settings.keyring)
        return TokenIssuer(ring, self.settings, audit=store.audit, switches=store.switches)

    def as_(self, subject: str, **claims: Any) -> httpx.Client:
        """Return a client that sends a token of somebody."""
        return self.sending(self.issue(subject, **claims).token.get_secret_value())

    def sending(self, token: str) -> httpx.Client:
        """Return a client that sends this token."""
        headers = {"Authorization": f"Bearer {token}"}
        # Each connection is closed with its answer, so that no test has to close its clients.
        unpooled = httpx.Limits(max_keepalive_connections=0)
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, limits=unpooled)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run `langgraph dev` with a keyring, and stop it."""
    pytest.importorskip("langgraph_api")
    home = tmp_path_factory.mktemp("server")
    write_keyring(home / "ring.json", new_keyring())
    (home / "tell.py").write_text(GRAPH)
    config = {
        "dependencies": ["."],
        "graphs": {"tell": "./tell.py:graph"},
        "auth": {"path": "pointsman.server.auth:auth", "disable_studio_auth": True},
    }
    (home / "langgraph.json").write_text(json.dumps(config))
    port = free_port()
    environment = {
        **os.environ,
        "POINTSMAN_KEYRING": str(home / "ring.json"),
        "POINTSMAN_HOME": str(home),
        "LANGSMITH_TRACING": "false",
    }
    environment.pop("POINTSMAN_CONFIG", None)
    command = Path(sys.executable).with_name("langgraph")
    arguments = ["dev", "--port", str(port), "--no-browser", "--no-reload"]
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [command, *arguments],
            cwd=home, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        wait_until_up(f"http://127.0.0.1:{port}/ok", process, home / "server.log")
        yield Server(f"http://127.0.0.1:{port}", home)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server answers; fail with its log when it does not."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, timeout=5).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(log.read_text()[-3000:])


def thread_of(client: httpx.Client, **metadata: Any) -> str:
    """Create a thread and return its id."""
    made = client.post("/threads", json={"metadata": metadata})
    assert made.is_success, made.text
    return made.json()["thread_id"]


def test_nobody_gets_in_without_a_token(server: Server) -> None:
    """No header, another scheme, Studio's header and a forged token end in 401 without an echo."""
    hostile = [
        {},
        {"Authorization": "Basic YWxpY2U6eA=="},
        {"Authorization": "Bearer"},
        {"x-auth-scheme": "langsmith"},
        {"Authorization": "Bearer forged-forged-forged.a.b"},
        {"Authorization": "Bearer " + "a" * 30_000},
    ]
    for headers in hostile:
        answer = httpx.post(f"{server.url}/threads/search", json={}, headers=headers)

        assert answer.status_code == 401
        assert "forged" not in answer.text


def test_a_header_of_a_megabyte_is_refused(server: Server) -> None:
    """The server answers with an error, and goes on."""
    try:
        answer = httpx.get(f"{server.url}/threads/x", headers={"Authorization": "a" * 1_000_000})
        assert 400 <= answer.status_code < 500
    except httpx.TransportError:
        pass

    assert httpx.get(f"{server.url}/ok").is_success


def test_the_role_comes_from_the_token_alone(server: Server) -> None:
    """A body, a config and metadata that claim a role change nothing."""
    claim = {"identity": "root", "role": "super_admin", "scopes": ["all"], "tenant": "x"}
    alice = server.as_("alice", scopes=("refunds",), tenant="acme")
    for extra in (
        {"config": {"configurable": {"role": "super_admin"}}},
        {"config": {"configurable": {"langgraph_auth_user": claim}}},
        {"context": {"langgraph_auth_user": claim, "role": "super_admin"}},
        {"metadata": {"owner": "bob", "role": "super_admin"}},
    ):
        body = {"assistant_id": "tell", "input": {"role": "super_admin"}, **extra}
        answer = alice.post(f"/threads/{thread_of(alice)}/runs/wait", json=body)

        # A server may refuse such a body; if it runs it, it runs it as alice.
        assert answer.status_code in (200, 422), answer.text
        if answer.status_code == 200:
            assert answer.json()["who"] == {
                "identity": "alice", "role": "user", "scopes": ["refunds"], "tenant": "acme"
            }  # fmt: skip


RUN = {"assistant_id": "tell", "input": {"role": "x"}}

TOUCH: dict[str, Callable[[httpx.Client, str], httpx.Response]] = {
    "read": lambda c, t: c.get(f"/threads/{t}"),
    "state": lambda c, t: c.get(f"/threads/{t}/state"),
    "history": lambda c, t: c.get(f"/threads/{t}/history"),
    "write-state": lambda c, t: c.post(f"/threads/{t}/state", json={"values": {"role": "x"}}),
    "update": lambda c, t: c.patch(f"/threads/{t}", json={"metadata": {"x": 1}}),
    "copy": lambda c, t: c.post(f"/threads/{t}/copy"),
    "runs": lambda c, t: c.get(f"/threads/{t}/runs"),
    "run": lambda c, t: c.post(f"/threads/{t}/runs/wait", json=RUN),
    "delete": lambda c, t: c.delete(f"/threads/{t}"),
}


@pytest.mark.parametrize("touch", TOUCH)
@pytest.mark.parametrize(
    ("who", "role", "tenant"),
    [
        pytest.param("bob", "user", "acme", id="colleague"),
        pytest.param("alice", "user", "other", id="namesake-of-other-tenant"),
        pytest.param("mallory", "admin", "other", id="admin-of-other-tenant"),
    ],
)
def test_a_thread_of_somebody_else_does_not_exist(
    touch: str, who: str, role: str, tenant: str, server: Server
) -> None:
    """Nothing can be read, run, changed or deleted in it, and it stays as it was."""
    alice = server.as_("alice", tenant="acme")
    thread = thread_of(alice)

    answer = TOUCH[touch](server.as_(who, role=role, tenant=tenant), thread)

    # 409 is how the server says that there is nothing to copy.
    assert answer.status_code in (403, 404, 409) or answer.json() == [], answer.text
    kept = alice.get(f"/threads/{thread}").json()
    assert kept["status"] == "idle"
    assert "x" not in kept["metadata"]
    assert not kept.get("values")


def test_search_shows_own_threads_and_admins_their_tenant(server: Server) -> None:
    """Users find their own, admins their tenant's, super admins all."""
    mine = thread_of(server.as_("carol", tenant="carols"))

    def finds(who: str, role: str, tenant: str) -> bool:
        found = server.as_(who, role=role, tenant=tenant).post(
            "/threads/search", json={"limit": 1000, "metadata": {"owner": "carol"}}
        )
        return mine in [thread["thread_id"] for thread in found.json()]

    assert finds("carol", "user", "carols")
    assert finds("ada", "admin", "carols")
    assert finds("root", "super_admin", "")
    assert not finds("dave", "user", "carols")
    assert not finds("mallory", "admin", "other")


def test_a_thread_cannot_be_given_away(server: Server) -> None:
    """Owner and tenant are what the token said when the thread was made."""
    alice = server.as_("alice", tenant="acme")
    thread = thread_of(alice, owner="bob", tenant="other")
    alice.patch(f"/threads/{thread}", json={"metadata": {"owner": "bob", "note": "x"}})

    metadata = alice.get(f"/threads/{thread}").json()["metadata"]

    assert (metadata["owner"], metadata["tenant"], metadata["note"]) == ("alice", "acme", "x")


def test_an_admin_does_not_take_over_a_thread(server: Server) -> None:
    """A run or an update by an admin leaves the thread its owner's."""
    alice, ada = server.as_("alice", tenant="acme"), server.as_("ada", role="admin", tenant="acme")
    thread = thread_of(alice)
    ada.patch(f"/threads/{thread}", json={"metadata": {"owner": "ada", "seen": "yes"}})
    ran = ada.post(f"/threads/{thread}/runs/wait", json=RUN)

    metadata = alice.get(f"/threads/{thread}").json()["metadata"]

    assert ran.json()["who"]["identity"] == "ada"
    assert (metadata["owner"], metadata["seen"]) == ("alice", "yes")


def test_assistants_and_schedules_are_not_for_everybody(server: Server) -> None:
    """Anybody may read assistants; changing one takes a super admin; nobody makes schedules."""
    new = {"graph_id": "tell", "name": "mine"}
    alice, root = server.as_("alice"), server.as_("root", role="super_admin")

    assert alice.post("/assistants/search", json={}).is_success
    assert alice.post("/assistants", json=new).status_code == 403
    assert root.post("/assistants", json=new).is_success
    cron = {"assistant_id": "tell", "schedule": "* * * * *"}
    assert root.post("/runs/crons", json=cron).status_code in (403, 404)


def test_the_servers_store_is_each_ones_own(server: Server) -> None:
    """The same namespace and key of two people are two items."""
    alice, bob = server.as_("alice"), server.as_("bob")
    item = {"namespace": ["notes"], "key": "k", "value": {"by": "alice"}}

    assert alice.put("/store/items", json=item).is_success

    wanted = {"namespace": "notes", "key": "k"}
    assert alice.get("/store/items", params=wanted).json()["value"] == {"by": "alice"}
    assert not (bob.get("/store/items", params=wanted).json() or {}).get("value")
    assert bob.post("/store/items/search", json={"namespace_prefix": []}).json()["items"] == []


def test_a_revoked_token_stops_within_a_second_or_so(server: Server) -> None:
    """Another process revokes it, and this server refuses it."""
    issued = server.issue("eve")
    eve = server.sending(issued.token.get_secret_value())
    assert eve.post("/threads/search", json={}).is_success

    server.revoke(issued.record.jti)

    deadline = time.monotonic() + 5
    while (status := eve.post("/threads/search", json={}).status_code) == 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert status == 401


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({}, id="neither"),
        pytest.param({"POINTSMAN_AUTH": "no"}, id="misspelt"),
        pytest.param({"POINTSMAN_AUTH": "on"}, id="on-without-keyring"),
        pytest.param({"POINTSMAN_AUTH": "off", "POINTSMAN_KEYRING": "x"}, id="both"),
    ],
)
def test_an_unclear_environment_does_not_start(environment: dict[str, str]) -> None:
    """Authentication is never off by omission."""
    with pytest.raises(ConfigError, match="POINTSMAN_AUTH=off"):
        auth_from_environment(environment)


def test_a_missing_keyring_does_not_start() -> None:
    """A keyring that was named must be there."""
    with pytest.raises(CredentialError):
        auth_from_environment({"POINTSMAN_KEYRING": "/nowhere/ring.json"})


async def test_authentication_can_be_switched_off_for_development() -> None:
    """Then everybody is the local person, whom no credential vouches for."""
    development = {
        "LANGGRAPH_RUNTIME_EDITION": "inmem",
        "LANGSMITH_LANGGRAPH_API_VARIANT": "local_dev",
    }
    auth = auth_from_environment({"POINTSMAN_AUTH": "off", **development})

    headers = {b"host": b"127.0.0.1:2024", b"authorization": b"Bearer whatever"}
    user: Any = await auth._authenticate_handler(headers=headers)  # type: ignore[misc]

    assert user == {"identity": "local", "is_authenticated": False}


async def test_studios_own_user_gets_nothing_where_tokens_are_asked_for() -> None:
    """A user that our `authenticate` did not make is refused by every handler."""
    auth = Auth()
    restrict(auth)
    studio: Any = Auth.types.StudioUser("studio", is_authenticated=True)
    handlers = [*auth._global_handlers, *(h for hs in auth._handlers.values() for h in hs)]

    async def status(handler: Any) -> int:
        ctx: Any = Auth.types.AuthContext(
            permissions=[], user=studio, resource="threads", action="read"
        )
        try:
            return 403 if await handler(ctx=ctx, value={}) is False else 200
        except Auth.exceptions.HTTPException as refused:
            return refused.status_code

    assert [await status(handler) for handler in handlers] == [403] * 4
