"""build_agent: from settings and code to a compiled LangGraph graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph

from .given import check_classes, check_given, given_models
from .graphs.agent import build_graph
from .home import masker_of, open_own_store
from .models.calling.convert import Converters
from .models.catalog.settings import ModelsSettings
from .models.catalog.source import FileSettings
from .models.embedded.entry import with_embedded_model
from .models.gateway import Gateway
from .models.requests import Role
from .planners.library import load_playbooks
from .planners.llm import LlmPlanner
from .planners.model_extraction import ModelExtractor
from .planners.ordered import OrderedPlanners
from .planners.playbook import PlaybookPlanner
from .planners.protocols import Planner
from .policy.cedar import CedarPolicy
from .policy.switches import SwitchBoard
from .runs.dependencies import Dependencies
from .runs.uploads import Uploads
from .settings import Settings
from .state.context import AgentContext
from .toolbox import credentials_of, load_tools
from .tools.adoption import AnyTool
from .tools.runner import Runner
from .tools.withheld import withheld

if TYPE_CHECKING:
    from .stores.store import SqlStore

Agent = CompiledStateGraph[Any, AgentContext, Any, Any]


def build_agent(
    settings: Settings | None = None,
    *,
    tools: AnyTool | Sequence[AnyTool] | None = None,
    model: BaseChatModel | str | None = None,
    models: Mapping[Role, BaseChatModel | str] | None = None,
    converters: Converters | None = None,
    checkpointer: BaseCheckpointSaver[Any] | None = None,
    store: SqlStore | None = None,
) -> Agent:
    """Build the agent's graph.

    Args:
        settings: What to build; the defaults build an agent without tools, playbooks or models.
        tools: Tools in addition to those that the settings name: ours, LangChain's, plain functions
            with annotations and a docstring, or lists of them. Without a contract a tool counts as
            writing and untrusted, and a person is asked before each call.
        model: One LangChain chat model for every role, or its name, `provider:model`.
        models: Role (`planner`, `extractor`, `reasoner`, `generator`, `verifier`, `chat`) → any
            LangChain chat model or its name, which replaces the catalog for that role.
        converters: What turns media into text for models that take only text, by modality.
        checkpointer: Any LangGraph checkpointer. Needed to pause for approval and resume; the Agent
            Server brings its own.
        store: The database of journal, effects, approvals, budgets and audit; by default the
            settings' own. One store may serve many agents.

    Returns:
        A compiled LangGraph graph. `invoke`, `stream`, `ainvoke` and `astream` all work.

    Raises:
        ConfigError: What is given, or a setting, is not valid; `where` names the field.
    """
    settings = Settings() if settings is None else settings
    check_given(settings, checkpointer, store)
    return build_graph(
        build_dependencies(
            settings,
            tools=tools,
            models=given_models(model, {} if models is None else models),
            converters=converters,
            store=store,
        ),
        checkpointer=checkpointer,
    )


def build_dependencies(
    settings: Settings,
    *,
    tools: AnyTool | Sequence[AnyTool] | None = None,
    models: Mapping[Role, BaseChatModel] | None = None,
    converters: Converters | None = None,
    store: SqlStore | None = None,
) -> Dependencies:
    """Build what the nodes use. Opens nothing: the store and the clients connect on first use."""
    database = store or open_own_store(settings)
    masker = masker_of(settings)
    loaded = load_tools(settings, () if tools is None else tools)
    check_classes(settings, loaded.values())
    registry = {name: withheld(each, masker) for name, each in loaded.items()}
    runner = Runner(registry, database, credentials=credentials_of(settings))
    policy = CedarPolicy(settings.policy, folder=settings.folder)
    switches = SwitchBoard(database.switches)
    gateway = Gateway(
        model_settings(settings),
        store=database,
        overrides=models or {},
        converters=converters,
        may_use=policy.may_use_model,
        switches=switches.active,
        masker=masker,
    )
    planner_over = partial(build_planner, settings)
    return Dependencies(
        settings=settings,
        store=database,
        tools=runner,
        models=gateway,
        policy=policy,
        planner=planner_over(gateway, runner),
        planner_over=planner_over,
        switches=switches,
        masker=masker,
        uploads=Uploads(masker, settings),
        instructions=settings.instructed(),
    )


def model_settings(settings: Settings) -> ModelsSettings | FileSettings:
    """Return the catalog; one that was read from a file follows that file while a server runs."""
    if settings.local_model:
        return with_embedded_model(settings.models)
    return FileSettings(settings.file) if settings.file else settings.models


def build_planner(settings: Settings, gateway: Gateway, runner: Runner) -> Planner:
    """Put playbooks before the model: fixed, low-risk work should not pay for a planner."""
    planners: list[Planner] = []
    if settings.playbooks is not None:
        playbooks = load_playbooks(settings.path(settings.playbooks), tools=runner.tools.keys())
        planners.append(
            PlaybookPlanner(
                playbooks,
                extractor=ModelExtractor(gateway),
                defers=lambda: gateway.serves("planner"),
            )
        )
    planners.append(LlmPlanner(gateway, runner))
    return OrderedPlanners(planners)
