"""What a process does between its birth and its end: start a thread, or resume it, and go on."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

from langchain_core.messages import AIMessage, BaseMessage
from langgraph.types import Command

from pointsman import Settings, build_agent, open_store, tool
from pointsman.errors import ToolError
from pointsman.runs import lease
from pointsman.runs.thread import read_thread
from pointsman.state.approval import ApprovalRequest
from pointsman.state.values import JsonObject
from pointsman.stores.checkpoints import open_checkpoints
from pointsman.testing import ScriptedModel
from pointsman.testing.crash_points import CrashPoints
from pointsman.toolbox import configured_tools
from pointsman.tools.contract import ToolCall

Job = dict[str, Any]
"""`home` and `thread`; `at`: the crash point, `passed`: a file for the points of a healthy life."""
DESK = Path(__file__).parents[2] / "examples" / "support_desk"
REFUND = "Please refund the damaged item in order ORD-1001"
MOST_INVOCATIONS = 12


async def refund(job: Job) -> None:
    """Take the support desk's refund from wherever it is to its end."""
    settings = Settings.load(DESK).model_copy(update={"home": Path(job["home"])})
    async with _agent(job, settings, configured_tools(settings)) as agent:
        await _to_the_end(agent, job, REFUND)


async def payments(job: Job) -> None:
    """Take three lanes with retries, approvals and effects at the bank to their end."""
    settings = Settings.parse({"home": job["home"], "limits": {"max_tool_failures": 20}})
    tools = bank_tools(job["port"])
    planner = ScriptedModel(replies=[bank_plan(job["thread"])])
    async with _agent(job, settings, tools, planner=planner) as agent:
        await _to_the_end(agent, job, "Pay, wire and write to Ann.")


async def items(job: Job) -> None:
    """Take a loop over `count` items, every 25th of which nobody knows, to its end."""
    limits = {"max_tool_failures": job["count"]}
    settings = Settings.parse({"home": job["home"], "limits": limits})
    planner = ScriptedModel(replies=[loop_plan(job["thread"], job["count"])])
    tools = [*_listed(), *bank_tools(job["port"])]
    async with _agent(job, settings, tools, planner=planner) as agent:
        await _to_the_end(agent, job, "Pay every invoice.")


async def planned(job: Job) -> None:
    """Take the plan of `plans`, and the one that is made when it looks again, to their end."""
    settings = Settings.parse({"home": job["home"], "limits": {"max_tool_failures": 50}})
    tools = [*_listed(), *bank_tools(job["port"])]
    async with _agent(job, settings, tools, planner=_Looking(replies=job["plans"])) as agent:
        await _to_the_end(agent, job, "Pay what is due.")


async def forked(job: Job) -> None:
    """Take a plan with a look to its end, then each of `forks`: from where, which loop pays anew.

    `begun` in the home counts them over all lives; the last of them is begun again if need be.
    """
    settings = Settings.parse({"home": job["home"], "limits": {"max_tool_failures": 50}})
    tools = [*_listed(), *bank_tools(job["port"])]
    begun = Path(job["home"], f"{job['thread']}.begun")
    async with _agent(job, settings, tools, planner=_Looking(replies=job["plans"])) as agent:
        await _to_the_end(agent, job, "Pay what is due.")
        first = int(begun.read_text()) if begun.exists() else 0
        for number, (back, loop) in enumerate(job["forks"]):
            if number < first:
                continue
            begun.write_text(str(number))
            await _fork(agent, job, back, loop, number)
            await _to_the_end(agent, job, "Pay what is due.")


async def _fork(agent: Any, job: Job, back: int, loop: int | None, number: int) -> None:
    """Begin again at an earlier checkpoint: as it is, or with a loop that pays under new names."""
    config = {"configurable": {"thread_id": job["thread"]}}
    history = [s async for s in agent.aget_state_history(config)]
    earlier = [s for s in history if s.next and (s.values.get("plan") or {}).get("steps")]
    snapshot = earlier[back % len(earlier)]
    old, new = (f"{job['thread']}/{loop}{edit}/" for edit in ("", f"e{number}"))
    if loop is None or old not in json.dumps(snapshot.values["plan"]):
        await agent.aupdate_state(snapshot.config, None, as_node="__copy__")
        return
    plan = json.loads(json.dumps(snapshot.values["plan"]).replace(old, new))
    await agent.aupdate_state(snapshot.config, {"plan": plan}, as_node="plan")
    print(f"edited {loop}e{number}")


class _Looking(ScriptedModel):
    """Replies to whoever plans with the first plan and to whoever looks again with the second."""

    def _next(self, messages: Sequence[BaseMessage], options: JsonObject) -> AIMessage:
        asked = messages[-1].text
        if "breaks a rule" in asked:
            raise AssertionError(asked)
        looks = "The steps of your plan are done." in asked
        return AIMessage(json.dumps(self.replies[looks]))


async def granted(job: Job) -> None:
    """Approve a payment with `uses` further ones, and pay `count` invoices as far as that goes."""
    settings = Settings.parse({"home": job["home"]})
    planner = ScriptedModel(replies=[granted_plan(job["thread"], job["count"])])
    tools = [*_listed(), *bank_tools(job["port"])]
    config = {"configurable": {"thread_id": job["thread"]}}
    async with _agent(job, settings, tools, planner=planner) as agent:
        given: Any = None
        state = None
        for _ in range(MOST_INVOCATIONS):
            state = read_thread(job["thread"], await agent.aget_state(config))
            match state.status:
                case "absent":
                    given = {"task": "Pay the first invoice, then the others."}
                case "waiting" if [asked.step for asked in state.asked] == ["first"]:
                    grant = {"at_most": {"amount": 5}, "uses": job["uses"]}
                    given = Command(resume={"type": "approve", "grant": grant})
                case "waiting":
                    print(f"{len(state.asked)} payments wait")
                    return
                case _:
                    given = None
            await agent.ainvoke(given, config)
    raise AssertionError(f"It does not come to wait: {state}")


async def endorsed(job: Job) -> None:
    """Endorse what a mail says is due, for `seconds`; pay it thrice more and something else."""
    (Path(job["home"])).mkdir(parents=True, exist_ok=True)
    permit = Path(job["home"], "all.cedar")
    permit.write_text('@id("all") permit(principal, action == Action::"callUnattended", resource);')
    settings = Settings.parse({"home": job["home"], "policy": {"additions": [permit]}})
    planner = ScriptedModel(replies=[endorsed_plan(job["thread"])])
    tools = [_read_mail(), *bank_tools(job["port"])]
    config = {"configurable": {"thread_id": job["thread"]}}
    async with _agent(job, settings, tools, planner=planner) as agent:
        given: Any = {"task": "Pay what the mail says is due."}
        for _ in range(MOST_INVOCATIONS):
            state = read_thread(job["thread"], await agent.aget_state(config))
            match state.status:
                case "absent":
                    pass
                case "waiting" if [asked.step for asked in state.asked] == ["first"]:
                    for_ = {"argument": "amount", "expires_seconds": job["seconds"]}
                    given = Command(resume={"type": "approve", "endorse": [for_]})
                case "waiting":
                    print(sorted(asked.step for asked in state.asked))
                    return
                case _:
                    given = None
            await agent.ainvoke(given, config)
    raise AssertionError("It does not come to wait.")


async def hold(job: Job) -> None:
    """Read slowly and then pay, under a short lease; `reading` is there while it reads.

    It reads until `go` is there.
    """
    lease.LEASE_SECONDS, lease.RENEWAL_SECONDS = 1.5, 0.5
    settings = Settings.parse({"home": job["home"]})
    read = {"id": "read", "kind": "tool", "tool": "read_slowly", "args": {}}
    planner = ScriptedModel(
        replies=[{"reason": "as asked", "steps": [read, _order(job["thread"], "pay", "read")]}]
    )
    tools = [_read_slowly(Path(job["home"])), *bank_tools(job["port"])]
    async with _agent(job, settings, tools, planner=planner) as agent:
        await _to_the_end(agent, job, "Read, then pay.")


@asynccontextmanager
async def _agent(
    job: Job, settings: Settings, tools: list[Any], planner: ScriptedModel | None = None
) -> AsyncGenerator[Any, None]:
    crash = CrashPoints(job.get("at", ""))
    home = settings.home
    home.mkdir(parents=True, exist_ok=True)
    store = open_store(home / "pointsman.db")
    async with open_checkpoints(home / "checkpoints.db") as saver:
        yield build_agent(
            settings.model_copy(update={"tools": ()}),
            tools=crash.tools(tools),
            models={"planner": planner} if planner else None,
            checkpointer=crash.checkpointer(saver),
            store=crash.store(store),
        )
    await store.close()
    if job.get("passed"):
        Path(job["passed"]).write_text("\n".join(crash.passed))


async def _to_the_end(agent: Any, job: Job, task: str) -> None:
    config = {"configurable": {"thread_id": job["thread"]}}
    state = None
    for _ in range(MOST_INVOCATIONS):
        state = read_thread(job["thread"], await agent.aget_state(config))
        given: Any = None
        match state.status:
            case "finished":
                answer = state.view.answer
                print(json.dumps(answer and answer.to_json()))
                return
            case "absent":
                given = {"task": task}
            case "waiting":
                given = Command(
                    resume={"decisions": [_decide(asked, job) for asked in state.asked]}
                )
            case "fresh" | "unfinished":
                pass
        await agent.ainvoke(given, config)
    raise AssertionError(f"It does not come to an end: {state}")


def _decide(asked: ApprovalRequest, job: Job) -> JsonObject:
    """Decide as a person would who looks into the bank's books."""
    said = {"approval_id": asked.id}
    if asked.unknown_effect and _known(job["port"], asked.args["reference"]):
        return {**said, "type": "respond", "message": "It is in the bank's books."}
    return {**said, "type": "approve"}


def bank_plan(thread: str) -> JsonObject:
    """Plan three chains side by side, and one read after them."""
    effects = ("pay", "wire", "letter")
    chains = [
        step
        for effect in effects
        for step in (_read(thread, f"before_{effect}"), _order(thread, effect, f"before_{effect}"))
    ]
    return {"reason": "as asked", "steps": [*chains, _read(thread, "statement", *effects)]}


def loop_plan(thread: str, count: int) -> JsonObject:
    """Plan a look and a payment for each of many invoices."""
    known = {"id": "known", "kind": "tool", "tool": "know", "args": {"number": {"$from": "one"}}}
    paid = {
        "id": "paid",
        "kind": "tool",
        "tool": "pay",
        "args": {
            "reference": {"$expr": f"f'{thread}/{{known.number}}'"},
            "amount": {"$from": "known", "path": "amount"},
        },
    }
    loop = {"items": "all.numbers", "item": "one", "key": "one", "max": count, "concurrency": 8}
    return {
        "reason": "as asked",
        "steps": [
            {"id": "all", "kind": "tool", "tool": "invoices", "args": {"count": count}},
            {
                "id": "each",
                "kind": "each",
                "on_error": "skip",
                "for_each": {**loop, "steps": [known, paid]},
            },
        ],
    }


def granted_plan(thread: str, count: int) -> JsonObject:
    """Plan a payment, and one for each of several invoices after it."""

    def pay(step: str, reference: Any) -> JsonObject:
        args = {"reference": reference, "amount": 2.5}
        return {"id": step, "kind": "tool", "tool": "pay", "args": args}

    loop = {"items": "all.numbers", "item": "one", "key": "one", "max": count}
    item = pay("paid", {"$expr": f"f'{thread}/{{one}}'"})
    return {
        "reason": "as asked",
        "steps": [
            pay("first", f"{thread}/first"),
            {
                "id": "all",
                "kind": "tool",
                "tool": "invoices",
                "args": {"count": count},
                "after": ["first"],
            },
            {"id": "each", "kind": "each", "for_each": {**loop, "steps": [item]}},
        ],
    }


def endorsed_plan(thread: str) -> JsonObject:
    """Plan payments of what a mail says: one, then three of the same and one of another value."""

    def pay(step: str, field: str, **more: Any) -> JsonObject:
        amount = {"$from": "mail", "path": field}
        args = {"reference": f"{thread}/{step}", "amount": amount}
        return {"id": step, "kind": "tool", "tool": "pay", "args": args, **more}

    then = [pay(step, "due", after=["first"]) for step in ("second", "third", "fourth")]
    other = pay("other", "more", after=["first"])
    mail = {"id": "mail", "kind": "tool", "tool": "read_mail"}
    return {"reason": "as asked", "steps": [mail, pay("first", "due"), *then, other]}


def _read_mail() -> Any:
    @tool(effect="read", trust="untrusted")
    def read_mail() -> JsonObject:
        """Read a mail that anybody may have written."""
        return {"due": 2.5, "more": 7.5}

    return read_mail


def _listed() -> list[Any]:
    @tool(effect="read", trust="internal")
    def invoices(count: int) -> JsonObject:
        """List invoices."""
        return {"numbers": [f"INV-{n}" for n in range(count)]}

    @tool(effect="read", trust="internal")
    def know(number: str) -> JsonObject:
        """Look an invoice up; every 25th is not there."""
        if int(number.removeprefix("INV-")) % 25 == 24:
            raise ToolError(f"There is no invoice {number}.")
        return {"number": number, "amount": 2.5}

    return [invoices, know]


def _order(thread: str, tool: str, after: str) -> JsonObject:
    args = {"reference": f"{thread}/{tool}", "amount": {"$from": after, "path": "rate"}}
    return {"id": tool, "kind": "tool", "tool": tool, "args": args}


def _read(thread: str, step: str, *after: str) -> JsonObject:
    args = {"item": f"{thread}/{step}"}
    return {"id": step, "kind": "tool", "tool": "look", "args": args, "after": list(after)}


def _read_slowly(home: Path) -> Any:
    @tool(effect="read", trust="internal", timeout=30)
    async def read_slowly() -> JsonObject:
        """Read until the test says that it is enough."""
        (home / "reading").write_text(str(os.getpid()))
        while not (home / "go").exists():
            await asyncio.sleep(0.01)
        return {"rate": 2.5}

    return read_slowly


def bank_tools(port: int) -> list[Any]:
    """Return one tool for each way in which a call can be repeated, or not."""

    @tool(effect="read", trust="internal", timeout=10)
    def look(item: str) -> JsonObject:
        """Look something up; it fails now and then."""
        status, body = _ask(port, "GET", f"/read?item={quote(item)}")
        if status != 200:
            raise ToolError("The bank is busy.", retryable=True)
        return body

    @tool(effect="money", trust="internal", idempotency="key", timeout=10)
    def pay(reference: str, amount: float, call: ToolCall) -> JsonObject:
        """Pay under our key."""
        return _do(port, reference, key=call.idempotency_key)

    async def wired(_key: str, args: JsonObject) -> tuple[bool, JsonObject]:
        times = _known(port, args["reference"])
        return bool(times), {"reference": args["reference"], "done": True}

    @tool(effect="money", trust="internal", reconcile=wired, in_flight=0, timeout=10)
    def wire(reference: str, amount: float) -> JsonObject:
        """Wire money; twice if called twice, but the bank knows."""
        return _do(port, reference)

    @tool(effect="message", trust="internal", timeout=10)
    def letter(reference: str, amount: float) -> JsonObject:
        """Send a letter; twice if called twice, and nobody can look it up."""
        return _do(port, reference)

    return [look, pay, wire, letter]


def _do(port: int, reference: str, *, key: str = "") -> JsonObject:
    return _ask(port, "POST", "/do", {"reference": reference, "key": key})[1]


def _known(port: int, reference: str) -> int:
    return _ask(port, "GET", f"/known?reference={quote(reference)}")[1]["times"]


def _ask(port: int, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, json.dumps(body) if body else None)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()
