"""Uploads: what LangSmith, and OpenTelemetry through its client, get to see of a run.

A tracer copies the inputs and outputs of every node, and so values that models themselves have
never seen. So runs of an agent are traced by a tracer of our own, whose client masks all that
leaves: inputs, outputs, errors and metadata. A tracer that the caller has made and hands over is
the caller's own affair.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler, BaseCallbackManager
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import var_child_runnable_config
from langchain_core.tracers.langchain import LangChainTracer, get_client
from langsmith import Client
from langsmith.run_helpers import get_tracing_context
from langsmith.utils import tracing_is_enabled

from ..masking.masker import Masker
from ..settings import Settings
from .outer_graph import AUTHENTICATED_USER


class MaskedTracer(LangChainTracer):
    """A tracer that never runs on the event loop: masking a large state takes its time."""

    run_inline = False


class Uploads:
    """Has the runs of one agent traced with what is recognised in them masked.

    Args:
        masker: What recognises, and what of a trace is hidden as a whole.
        settings: Say for whom local runs act.
    """

    def __init__(self, masker: Masker, settings: Settings) -> None:
        self._masker = masker
        self._settings = settings
        self._clients: dict[str, Client] = {}

    def with_tracer(self, config: RunnableConfig | None) -> RunnableConfig:
        """Return a config under which a run is traced masked, if it is traced at all."""
        known: RunnableConfig = config or {}
        if not self._masks or not tracing_is_enabled():
            return known
        given = known.get("callbacks") or (var_child_runnable_config.get() or {}).get("callbacks")
        handlers = given.handlers if isinstance(given, BaseCallbackManager) else given or []
        shared = [h for h in handlers if isinstance(h, LangChainTracer)]
        client = self._client(self._tenant(known))
        if not shared:
            tracer = MaskedTracer(client=client, project_name=_project())
            return {**known, "callbacks": _and(given, tracer)}
        if not isinstance(given, BaseCallbackManager):
            return known
        # A graph around this one is traced by what the environment says, and hands its tracer on.
        # In place: LangGraph adds to what a run is given what it finds around it.
        given.handlers = [_masked(handler, client) for handler in given.handlers]
        given.inheritable_handlers = [_masked(h, client) for h in given.inheritable_handlers]
        return known

    def flush(self) -> None:
        """Wait until all that was traced is sent; blocks."""
        for client in self._clients.values():
            client.flush()

    @cached_property
    def _masks(self) -> bool:
        settings = self._masker.settings
        return bool(settings.traces or settings.hide)

    def _tenant(self, config: RunnableConfig) -> str:
        user: Any = config.get("configurable", {}).get(AUTHENTICATED_USER)
        if user is None:
            return self._settings.principal.tenant
        return str(user["tenant"] or "") if "tenant" in user else ""

    def _client(self, tenant: str) -> Client:
        if tenant not in self._clients:
            hide = self._masker.settings.hide
            self._clients[tenant] = Client(
                anonymizer=lambda data: self._masker.at("traces", data, tenant=tenant),
                # `False` would keep LangSmith's own variables from hiding them.
                hide_inputs=True if "inputs" in hide else None,
                hide_outputs=True if "outputs" in hide else None,
            )
        return self._clients[tenant]


def _project() -> str | None:
    context = get_tracing_context()
    parent = context["parent"]
    return context["project_name"] if parent is None else parent.session_name


def _and(given: Any, tracer: MaskedTracer) -> Any:
    if isinstance(given, BaseCallbackManager):
        more = given.copy()
        more.add_handler(tracer)
        return more
    return [*(given or ()), tracer]


def _masked(tracer: BaseCallbackHandler, client: Client) -> BaseCallbackHandler:
    if not isinstance(tracer, LangChainTracer) or tracer.client is not get_client():
        return tracer
    return MaskedTracer(
        client=client,
        example_id=tracer.example_id,
        project_name=tracer.project_name,
        address=tracer.address,
        tags=tracer.tags,
        metadata=tracer.tracing_metadata,
        run_map=tracer.run_map,
        order_map=tracer.order_map,
    )
