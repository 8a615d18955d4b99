"""The gateway: every model call of the agent goes through here."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakSet

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage

from ..errors import BudgetExceededError, EndpointError
from ..masking.masker import Masker
from ..state.forks import new_lock
from ..state.run import Principal, Run
from ..state.usage import Usage
from ..stores.records import Cap, ModelAttempt, Switch
from .blocks import media_block
from .calling.attempt import Attempts
from .calling.budget import Budget, caps_for, unpriced
from .calling.clients import Clients
from .calling.completion import RequestInFlight, silent
from .calling.convert import Converters
from .calling.guards import prompt_problem
from .calling.prompt_masking import PromptMasking
from .calling.ratios import PROCESS_RATIOS, Ratios
from .calling.tokens import input_estimate
from .catalog.discovery import Discovery
from .catalog.given import given_settings
from .catalog.routes import matching_row
from .catalog.settings import Catalog, ModelSettings, ModelsSettings
from .catalog.source import FixedSettings, SettingsSource
from .meter import UsageMeter
from .requests import Emit, ModelReply, ModelRequest, Ranking, Role, Signals
from .routing.configured import load_router
from .routing.health import PROCESS, HealthBoard, HealthKey
from .routing.router import Facts, Router, TableRouter

if TYPE_CHECKING:
    from ..stores.store import SqlStore

MayUse = Callable[[Principal, str, str], bool]
"""Whether policy lets a principal's data of a class go to a model."""

ActiveSwitches = Callable[[], Awaitable[Sequence[Switch]]]
"""Which switches are on."""


SEEDS = 500
"""Newest attempts on record that a new process learns from."""


class Gateway:
    """Models by role: routed, budgeted, retried, recorded.

    It may be used from any number of event loops and threads.

    Args:
        settings: The section `models`, or a source of it that may change while running.
        store: Budgets, attempts, payloads and switches.
        overrides: Chat models that serve a role alone, instead of the catalog.
        converters: What turns media into text, by modality.
        may_use: The policy's word on models; `None` allows all.
        switches: Asked which are on; by default the store.
        masker: Puts pseudonyms into prompts, where the settings say so; `None` masks nothing.
        health: Breakers and latencies; by default the board that the process shares.
        ratios: Tokens per byte of prose by model; by default what the process has learned.
        attempts: Makes what performs attempts; a replay's take them from the record.
        discovery: What endpoints have listed by themselves; by default they are asked.
    """

    def __init__(
        self,
        settings: ModelsSettings | SettingsSource,
        *,
        store: SqlStore,
        overrides: Mapping[Role, BaseChatModel] | None = None,
        converters: Converters | None = None,
        may_use: MayUse | None = None,
        switches: ActiveSwitches | None = None,
        masker: Masker | None = None,
        health: HealthBoard = PROCESS,
        ratios: Ratios = PROCESS_RATIOS,
        attempts: Callable[..., Attempts] = Attempts,
        discovery: Discovery | None = None,
    ) -> None:
        fixed = isinstance(settings, ModelsSettings)
        self._source: SettingsSource = FixedSettings(settings) if fixed else settings
        self._store = store
        self._overrides = dict(overrides or {})
        self._converters: Converters = converters or {}
        self._may_use = may_use
        self._switches = switches or store.switches.active
        self._masker = masker
        self._board = health
        self._clients = Clients()
        self._budget = Budget(store.budgets)
        self._id = uuid.uuid4().hex
        self._lock = new_lock()
        self._version = ""
        self._ratios = ratios
        self._seeded = False
        self._discovery = discovery or Discovery()
        self._catalog = Catalog(ModelsSettings())
        self._router: Router = TableRouter()
        self._meters: WeakSet[UsageMeter] = WeakSet()
        self._attempts = attempts(
            store=store,
            clients=self._clients,
            board=health,
            health_key=self._health_key,
            given=self._given,
            ratios=ratios,
            recorded=self._recorded,
        )
        self.catalog()

    def performed_by(self, attempts: Callable[..., Attempts], *, store: SqlStore) -> Gateway:
        """Return a gateway of the same models, prices and policy that performs attempts otherwise.

        It asks no endpoint what it serves, converts no media, and has breakers of its own.

        Args:
            attempts: Makes what performs attempts.
            store: Where it writes.
        """
        return Gateway(
            FixedSettings(self.catalog().settings),
            store=store,
            overrides=self._overrides,
            converters=dict.fromkeys(self._converters, _not_converted),
            may_use=self._may_use,
            masker=self._masker,
            health=HealthBoard(),
            ratios=self._ratios,
            attempts=attempts,
            discovery=self._discovery.as_known(),
        )

    def catalog(self) -> Catalog:
        """Return the catalog of the settings in force."""
        with self._lock:
            version, settings = self._source.current()
            if version != self._version:
                self._router = load_router(settings)
                self._catalog = self._assembled(settings)
                self._version = version
            return self._catalog

    async def refreshed(self) -> Catalog:
        """Return the catalog, with what endpoints list by themselves."""
        await self._source.refresh()
        settings = self.catalog().settings
        await self._seed()
        if await self._discovery.refresh(settings):
            with self._lock:
                self._catalog = self._assembled(self._catalog.settings)
        catalog = self.catalog()
        if unpriced := catalog.unpriced():
            # The published list takes a fifth of a second to read, once a process.
            await asyncio.to_thread(lambda: [catalog.price(model) for model in unpriced])
        return catalog

    async def _seed(self) -> None:
        """Begin with the ratios that earlier processes have learned, once."""
        if self._seeded:
            return
        self._seeded = True
        known = {(model.id, model.place): model for model in self._catalog.models}
        if not known:
            return
        for attempt in reversed(await self._store.attempts.recent(limit=SEEDS)):
            if (model := known.get((attempt.model, attempt.endpoint))) is not None:
                self._ratios.take(self._health_key(model), attempt.density)

    def _assembled(self, settings: ModelsSettings) -> Catalog:
        return Catalog(
            settings,
            discovered=self._discovery.listed(settings),
            overrides=given_settings(self._overrides, settings),
        )

    def serves(self, role: Role) -> bool:
        """Whether any model is configured for the role."""
        return self.catalog().serves(role)

    async def rank(self, signals: Signals, *, run: Run, step: str) -> Ranking:
        """Order the candidates, with reasons, from catalog, policy, health and spend left."""
        catalog = await self.refreshed()
        signals = _in_run(signals, run)
        facts = await self._facts(catalog, signals, run, step)
        return self._router.rank(signals, catalog=catalog, facts=facts)

    async def complete(
        self, request: ModelRequest, *, run: Run, step: str, emit: Emit | None = None
    ) -> ModelReply:
        """Get a reply from the best candidate that gives one.

        Raises:
            EndpointError: No candidate gave a reply; the message lists what each one said.
            OutputError: Candidates replied, but none with what the schema asks for.
            BudgetExceededError: No cap leaves room for a useful reply; it names the cap.
            ConfigError: A key is missing, or a price is unknown under a money cap.
        """
        catalog = await self.refreshed()
        request = replace(request, signals=_in_run(request.signals, run))
        ranking = await self._ranking(request, catalog, run, step)
        if problem := prompt_problem(request.messages, ranking.guards):
            raise _not_sent(problem, step)
        completion = RequestInFlight(
            request=request,
            run=run,
            step=step,
            emit=emit or silent,
            caps=caps_for(run, step, catalog.settings.budget, now=time.time()),
            catalog=catalog,
            attempts=self._attempts,
            converters=self._converters_for(request.signals, run, step),
            candidates=ranking.candidates,
            guards=ranking.guards,
            masking=PromptMasking(
                self._masker,
                tenant=run.principal.tenant,
                data_class=request.signals.data_class,
            ),
            hedge_after=partial(self._hedge_after, catalog),
        )
        return await completion.reply()

    def caps(self, run: Run, step: str) -> Sequence[Cap]:
        """Return what everything that a run pays for must fit under."""
        return caps_for(run, step, self.catalog().settings.budget, now=time.time())

    async def meter(self, run_id: str, *, new: bool = False) -> UsageMeter:
        """Return what the run's model calls have cost so far, kept up for as long as it is held.

        Calls that another process makes meanwhile are not counted. Nothing is on record of a `new`
        run, so nothing is read.
        """
        meter = UsageMeter(run_id)
        # Before the log is read, so that no call falls between.
        with self._lock:
            self._meters.add(meter)
        catalog = self.catalog()
        if not new and (catalog.models or catalog.settings.endpoints):
            meter.take(await self._store.attempts.of_run(run_id))
        return meter

    async def usage(self, run_id: str) -> Usage:
        """Return what the run's model calls have cost so far."""
        return (await self.meter(run_id)).usage

    def _recorded(self, attempt: ModelAttempt) -> None:
        with self._lock:
            meters = list(self._meters)
        for meter in meters:
            meter.take([attempt])

    async def aclose(self) -> None:
        """Close the clients."""
        await self._clients.aclose()

    async def _ranking(
        self, request: ModelRequest, catalog: Catalog, run: Run, step: str
    ) -> Ranking:
        if request.candidates is not None:
            row = matching_row(catalog.settings.routing.rows, request.signals)
            known = {model.name for model in catalog.models}
            chosen = tuple(c for c in request.candidates if c.name in known)
            return Ranking(candidates=chosen, row=row.name, guards=row.guards)
        ranking = await self.rank(_measured(request), run=run, step=step)
        if not ranking.candidates:
            raise _no_candidate(ranking, request.signals, step)
        return ranking

    async def _facts(self, catalog: Catalog, signals: Signals, run: Run, step: str) -> Facts:
        now = time.time()
        caps = caps_for(run, step, catalog.settings.budget, now=now)
        switches = await self._switches()
        return Facts(
            now=now,
            health={
                model.name: self._board.view(self._health_key(model), now=now)
                for model in catalog.models
            },
            spend_left=await self._budget.left(caps),
            frozen={
                model.place: switch.reason
                for switch in switches
                for model in catalog.models
                if switch.kind == "freeze_endpoint" and switch.covers(model.place)
            },
            refused=self._refused(catalog.models, signals, run.principal),
            convertible=frozenset(self._converters_for(signals, run, step)),
        )

    def _converters_for(self, signals: Signals, run: Run, step: str) -> Converters:
        if signals.role == "transcriber":
            return {}
        if "audio" in self._converters or not self.serves("transcriber"):
            return self._converters
        return {**self._converters, "audio": partial(self._transcribe, signals, run, step)}

    async def _transcribe(
        self, given: Signals, run: Run, step: str, data: bytes, media_type: str
    ) -> str:
        """Have a model turn audio into text for the call that it came with."""
        audio = media_block("audio", data, media_type or "audio/wav")
        signals = Signals(
            role="transcriber",
            task_type="transcription",
            modalities=("audio",),
            data_class=given.data_class,
        )
        heard = await self.complete(
            ModelRequest(signals=signals, messages=[HumanMessage([audio])]), run=run, step=step
        )
        return heard.text

    def _refused(
        self, models: Sequence[ModelSettings], signals: Signals, principal: Principal
    ) -> dict[str, str]:
        if self._may_use is None:
            return {}
        return {
            model.name: f"policy does not let {principal.id} use it"
            for model in models
            if not all(self._may_use(principal, model.id, c) for c in signals.data_class or ("",))
        }

    def _hedge_after(self, catalog: Catalog, model: ModelSettings) -> float | None:
        hedging = catalog.settings.hedging
        if not hedging.enabled:
            return None
        return self._board.latency(
            self._health_key(model), hedging.percentile, min_samples=hedging.min_samples
        )

    def _health_key(self, model: ModelSettings) -> HealthKey:
        if model in self._catalog.overrides.values():
            # The caller's object says nothing about another caller's object of the same class.
            return f"{self._id}/{model.place}", model.id
        return self._catalog.endpoint(model).base_url or model.place, model.id

    def _given(self, model: ModelSettings) -> BaseChatModel | None:
        for role, settings in self._catalog.overrides.items():
            if settings == model:
                return self._overrides[role]
        return None


async def _not_converted(_data: bytes, media_type: str) -> str:
    return f"({media_type})"


def _in_run(signals: Signals, run: Run) -> Signals:
    """Complete the signals by what the run asks for, whoever calls."""
    return signals.model_copy(update={"latency": run.latency})


def _measured(request: ModelRequest) -> Signals:
    """Complete the signals by what the request itself shows."""
    signals = request.signals
    return signals.model_copy(
        update={
            "context_tokens": signals.context_tokens or input_estimate(request.messages),
            "output_tokens": signals.output_tokens or request.max_output_tokens,
            "needs_schema": signals.needs_schema or request.schema is not None,
        }
    )


def _not_sent(problem: str, step: str) -> EndpointError:
    return EndpointError(
        f"The input was not sent: {problem}.",
        failure="bad_request",
        where=f"step {step}",
        fix="Attach the file again in a supported format.",
    )


def _no_candidate(ranking: Ranking, signals: Signals, step: str) -> Exception:
    by_kind = {exclusion.kind: exclusion for exclusion in ranking.excluded}
    by_kind.pop("role", None)
    if list(by_kind) == ["price"]:
        return unpriced(f"{by_kind['price'].model}@{by_kind['price'].endpoint}")
    if "budget" in by_kind:
        return BudgetExceededError(
            f"No model fits what is left: {by_kind['budget'].reason}.",
            where=f"step {step}",
            fix="Raise the cap, or configure a cheaper model.",
        )
    reasons = "; ".join(f"{e.model}@{e.endpoint}: {e.reason}" for e in ranking.excluded)
    return EndpointError(
        f"No model may serve this call ({reasons or 'no language model configured'}).",
        failure="unavailable",
        where=f"role {signals.role}",
        fix="See `pointsman route explain`.",
    )
