"""`config check`: every part of the settings loaded, and what is wrong with each, without a run."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import asdict, dataclass

import typer
from rich.table import Table
from rich.text import Text

from ..errors import ConfigError, PointsmanError
from ..loading import without_bytecode
from ..models.catalog.settings import Catalog
from ..models.routing.configured import load_router
from ..planners.library import load_playbooks
from ..policy.cedar import CedarPolicy
from ..settings import Settings
from ..stores.inspection import look_at_store
from ..toolbox import inspect_tools
from .exits import DONE, FAILED, finish
from .given.options import DEFAULT_CONFIG, Config, JsonOption
from .show.output import Output, visible
from .show.tables import table

app = typer.Typer(name="config", no_args_is_help=True, help="The settings.")

Part = Callable[[Settings], Awaitable[str]]
"""Checks a part of the settings and says what there is. Raises what is wrong."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check found."""

    check: str
    ok: bool
    detail: str
    """What there is, or what is wrong."""
    where: str = ""
    """The field, where something is wrong."""
    fix: str = ""


@app.callback()
def group() -> None:
    """Keep `check` a command of its own although it is the only one."""


@app.command("check")
def config_check(config: Config = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Check settings, tools, playbooks, policy, models and keys; run and change nothing."""
    output = Output(as_json=as_json)
    finish(_check(output, config), output)


async def _check(output: Output, config: str) -> int:
    findings = await find(config)
    good = all(finding.ok for finding in findings)
    if output.json:
        output.document({"ok": good, "checks": [asdict(finding) for finding in findings]})
    else:
        output.show(_table(findings))
    return DONE if good else FAILED


def _table(findings: list[Finding]) -> Table:
    shown = table("check", "", "found")
    for f in findings:
        mark = Text("ok", style="green") if f.ok else Text("wrong", style="bold red")
        said = f.detail if f.ok else f"{f.where}: {f.detail} {f.fix}".strip()
        shown.add_row(f.check, mark, visible(said))
    return shown


async def find(config: str) -> list[Finding]:
    """Check part by part, each whatever the others' state; without settings there is no part."""
    try:
        settings = Settings.load(config)
    except ConfigError as error:
        return [_wrong("settings", error)]
    named = f"{settings.name} ({settings.description})" if settings.description else settings.name
    found = Finding(check="settings", ok=True, detail=f"{named}, from {config}")
    return [found, *[await _checked(name, part, settings) for name, part in PARTS.items()]]


async def _checked(name: str, part: Part, settings: Settings) -> Finding:
    try:
        return Finding(check=name, ok=True, detail=await part(settings))
    except PointsmanError as error:
        return _wrong(name, error)
    except Exception as error:  # noqa: BLE001 - a tool module is foreign code; it is reported
        return Finding(check=name, ok=False, detail=f"{type(error).__name__}: {error}", where=name)


def _wrong(name: str, error: PointsmanError) -> Finding:
    return Finding(check=name, ok=False, detail=error.message, where=error.where, fix=error.fix)


async def _home(settings: Settings) -> str:
    home = settings.home
    nearest = next(path for path in (home, *home.parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise ConfigError(
            f"{nearest} is not a folder that can be written to.",
            where="home",
            fix="Set POINTSMAN_HOME or `home` to another one.",
        )
    return str(home)


async def _store(settings: Settings) -> str:
    found = await asyncio.to_thread(look_at_store, settings.database_url)
    on = ", ".join(f"{s.kind} {s.target}".strip() for s in found.switches)
    if found.unseen:
        state = f"; {found.unseen}"
    elif found.version is None:
        state = "; made by the first run"
    elif not found.current:
        state = f"; version {found.version}, brought up by the next run"
    else:
        state = f"; switched: {on}" if on else ""
    return f"{found.name}{state}"


async def _tools(settings: Settings) -> str:
    with inspect_tools(settings) as tools:
        return f"{len(tools)}: {', '.join(tools) or 'none'}"


async def _playbooks(settings: Settings) -> str:
    if settings.playbooks is None:
        return "none"
    loaded = load_playbooks(settings.path(settings.playbooks), tools=_tool_names(settings))
    return f"{len(loaded)}: {', '.join(playbook.name for playbook in loaded)}"


def _tool_names(settings: Settings) -> Collection[str] | None:
    try:
        with inspect_tools(settings) as tools:
            return tuple(tools)
    except Exception:  # noqa: BLE001 - foreign code; the check of the tools has reported it
        return None


async def _policy(settings: Settings) -> str:
    policy = CedarPolicy(settings.policy, folder=settings.folder)
    return f"version {policy.version[:12]}"


async def _models(settings: Settings) -> str:
    with without_bytecode():
        load_router(settings.models)
    catalog = Catalog(settings.models)
    unpriced = [model.name for model in catalog.models if catalog.price(model) is None]
    if unpriced and _capped(settings):
        raise ConfigError(
            f"The price of {', '.join(unpriced)} is not known, and there is a cap on money.",
            where="models.models",
            fix="Give `prices`, or remove the cap.",
        )
    discovering = any(e.models == "discover" for e in settings.models.endpoints.values())
    if not catalog.models and not discovering:
        return "no language model configured"
    listed = ", ".join(model.name for model in catalog.models)
    return "; ".join(p for p in (listed, "more are discovered" if discovering else "") if p)


def _capped(settings: Settings) -> bool:
    budget = settings.models.budget
    scopes = (budget.run, budget.step, budget.thread, budget.principal, budget.day)
    return settings.limits.budget_usd is not None or any(s.usd is not None for s in scopes)


async def _keys(settings: Settings) -> str:
    present = settings.models.check_keys()
    return f"set: {', '.join(present)}" if present else "none needed"


PARTS: Mapping[str, Part] = {
    "home": _home,
    "store": _store,
    "tools": _tools,
    "playbooks": _playbooks,
    "policy": _policy,
    "models": _models,
    "keys": _keys,
}
