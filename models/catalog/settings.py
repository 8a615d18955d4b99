"""The catalog: which models there are, where, what they can do and what they cost."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from ...errors import ConfigError, NotFoundError
from ...state.names import VariableName
from ...state.task import Modality
from ...state.values import JsonObject
from ..requests import Role
from .prices import ModelPrice, Tariff
from .routes import RoutingSettings
from .timeouts import Timeouts, TimeoutSettings, timeouts

StructuredOutput = Literal["json_schema", "tool_call", "prompt"]
"""How a model is made to answer in a schema: natively, by a forced tool call, or by asking."""

TEXT_ROLES: tuple[Role, ...] = (
    "planner",
    "extractor",
    "reasoner",
    "generator",
    "verifier",
    "chat",
)


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class SettingsSection(BaseModel):
    """A part of the settings: unknown keys are refused."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True
    )


class DiscoverySettings(SettingsSection):
    """What to assume of the models that an endpoint lists by itself."""

    include: Names = ("*",)
    """Shell patterns of model ids to take."""
    exclude: Names = ()
    roles: Annotated[tuple[Role, ...], BeforeValidator(_as_tuple)] = TEXT_ROLES
    quality: int = Field(default=3, ge=1, le=5)
    structured_output: StructuredOutput = "tool_call"


_NAMES_SECRET = re.compile(
    r"auth|api.?key|token|secret|passw|credential|cookie|signature|^key$", re.IGNORECASE
)
"""Names of headers and of a URL's options that hold credentials."""
_SHORTEST_KEY = 8
"""Characters of a key; shorter words of a header are `Basic` and its like."""


class EndpointSettings(SettingsSection):
    """An OpenAI-compatible endpoint."""

    base_url: str = ""
    """For example `https://api.openai.com/v1`. Empty only for models named for LangChain."""
    api_key_env: VariableName = ""
    """The environment variable that holds the key; empty for an endpoint that wants none."""
    api_key: SecretStr | None = Field(default=None, exclude=True, repr=False)
    """A key made while the process runs, as the embedded model's is; never put one in a file."""
    headers: dict[str, str] = {}
    """Plain headers to send with every request."""
    headers_env: dict[str, VariableName] = {}
    """Header name → environment variable with its value."""
    provider: str = ""
    """Who serves the models, as `genai-prices` calls them; used for prices and fallback."""
    max_concurrency: int = Field(default=8, ge=1)
    """Most requests at the same time, in each event loop."""
    connect_timeout: float = Field(default=5.0, gt=0)
    """Seconds."""
    read_timeout: float = Field(default=60.0, gt=0)
    """Longest silence of the endpoint, in seconds, where neither model nor role has its own."""
    output_limit: Literal["max_tokens", "max_completion_tokens", ""] = ""
    """The request field that limits the output; by default what the address suggests."""
    disabled: bool = False
    models: Literal["", "discover"] = ""
    """`discover` asks the endpoint for its models."""
    discovered: DiscoverySettings = DiscoverySettings()

    @field_validator("base_url")
    @classmethod
    def _without_credential(cls, url: str) -> str:
        parts = urlsplit(url)
        named = (name for name, _ in parse_qsl(parts.query, keep_blank_values=True))
        if "@" in parts.netloc or any(map(_NAMES_SECRET.search, named)):
            raise ValueError(
                "it holds a credential; name a variable with it under headers_env: Authorization"
            )
        return url

    @property
    def output_limit_field(self) -> str:
        """The request field that limits the output."""
        if self.output_limit:
            return self.output_limit
        return "max_completion_tokens" if "api.openai.com" in self.base_url else "max_tokens"

    def key(self, name: str) -> str:
        """Return the endpoint's key, or an empty string if it wants none.

        Raises:
            ConfigError: The environment variable is not set; names it.
        """
        if self.api_key is not None:
            given = self.api_key.get_secret_value()
            return _sendable(given, "The given key", f"models.endpoints.{name}.api_key")
        return _environment(self.api_key_env, f"models.endpoints.{name}.api_key_env")

    def all_headers(self, name: str) -> dict[str, str]:
        """Return the headers, those from the environment included. Raises `ConfigError`."""
        secret = {
            header: _environment(variable, f"models.endpoints.{name}.headers_env.{header}")
            for header, variable in self.headers_env.items()
        }
        return {**self.headers, **secret}


def _environment(variable: str, where: str) -> str:
    if not variable:
        return ""
    value = os.environ.get(variable, "")
    if not value:
        raise ConfigError(
            f"The environment variable {variable} is not set.",
            where=where,
            fix=f"Set {variable} to the endpoint's key, or remove the setting.",
        )
    return _sendable(value, f"The environment variable {variable}", where)


def _sendable(secret: str, what: str, where: str) -> str:
    """Return a secret that an HTTP header can carry. Its value stands in no error."""
    problem = next((name for found, name in _UNSENDABLE if found(secret)), "")
    if not problem:
        return secret
    raise ConfigError(
        f"{what} holds {problem}, which no HTTP header can carry.",
        where=where,
        fix="Set it again without: a file's last line often brings a line end along.",
    )


_UNSENDABLE: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda secret: "\n" in secret or "\r" in secret, "a line end"),
    (lambda secret: secret != secret.strip(), "a space at its beginning or end"),
    (lambda secret: any(ord(c) < 32 or ord(c) == 127 for c in secret), "a control character"),
    (lambda secret: not secret.isascii(), "a character outside ASCII"),
)


class ModelSettings(SettingsSection):
    """One model at one endpoint."""

    id: str = Field(min_length=1)
    """The name that the endpoint knows it by."""
    endpoint: str = ""
    langchain: str = ""
    """A LangChain model name, `provider:model`, for what is not OpenAI-compatible."""
    provider: str = ""
    """Who serves it; the endpoint's provider by default."""
    modalities: Annotated[tuple[Modality, ...], BeforeValidator(_as_tuple)] = ("text",)
    context_window: int | None = Field(default=None, gt=0)
    """Tokens of input and output together; `None` where unknown."""
    max_output: int | None = Field(default=None, gt=0)
    """Most tokens of one reply."""
    quality: int = Field(default=3, ge=1, le=5)
    """Tier, from 1 (smallest) to 5 (best)."""
    roles: Annotated[tuple[Role, ...], BeforeValidator(_as_tuple)] = TEXT_ROLES
    structured_output: StructuredOutput = "json_schema"
    data_classes: Names = ()
    """Classes of data it may be sent, besides data of no class."""
    regions: Names = ()
    latency_seconds: float | None = Field(default=None, gt=0)
    """Expected time of a reply, until there are measurements."""
    image_tokens: int | None = Field(default=None, gt=0)
    """Most tokens that one image counts for; by default what the model's family suggests."""
    batch_tier: str = ""
    """The `service_tier` to ask for when a call may take its time."""
    prices: Tariff | None = None
    parameters: dict[str, Any] = {}
    """Further request fields: `temperature`, `reasoning_effort`, … An output limit among them
    bounds ours, and several choices are paid for."""
    timeouts: TimeoutSettings = TimeoutSettings()
    """What this model may take, whatever its role."""

    @field_validator("parameters")
    @classmethod
    def _leaves_the_request_alone(cls, parameters: dict[str, Any]) -> dict[str, Any]:
        ours = sorted(parameters.keys() & {"messages", "model", "stream", "stream_options"})
        if ours:
            raise ValueError(f"`{ours[0]}` is set by each call and cannot be fixed")
        return parameters

    @model_validator(mode="after")
    def _has_a_place(self) -> Self:
        if bool(self.langchain) == bool(self.endpoint):
            raise ValueError("give either `endpoint` or `langchain`")
        if self.langchain and ":" not in self.langchain:
            raise ValueError("`langchain` must be `provider:model`")
        return self

    @property
    def place(self) -> str:
        """The endpoint's name; for a LangChain model its provider."""
        return self.endpoint or self.langchain.partition(":")[0]

    @property
    def name(self) -> str:
        """`model@endpoint`."""
        return f"{self.id}@{self.place}"


class CapSettings(SettingsSection):
    """Caps of one scope; `None` means none."""

    usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    tokens: int | None = Field(default=None, ge=0)


class BudgetSettings(SettingsSection):
    """Spending caps that hold for everyone, besides the limits of a run."""

    run: CapSettings = CapSettings()
    step: CapSettings = CapSettings()
    thread: CapSettings = CapSettings()
    principal: CapSettings = CapSettings()
    day: CapSettings = CapSettings()
    min_output_tokens: int = Field(default=32, ge=1)
    """Below this output limit a call is refused instead of shrunk."""


class RetrySettings(SettingsSection):
    """How often and how patiently a failed call is tried again."""

    max_attempts: int = Field(default=6, ge=1)
    """Attempts for one request, over all candidates."""
    backoff_seconds: float = Field(default=0.5, ge=0)
    """First wait; it doubles with each retry of a candidate and is jittered."""
    max_backoff_seconds: float = Field(default=8.0, ge=0)
    patience_seconds: float = Field(default=2.0, ge=0)
    """Longest `Retry-After` that is waited for while another candidate is free."""
    max_wait_seconds: float = Field(default=30.0, ge=0)
    """Longest `Retry-After` that is waited for at all."""


class BreakerSettings(SettingsSection):
    """When a model at an endpoint is left alone, and for how long."""

    failures: int = Field(default=3, ge=1)
    """Failures in a row that open the breaker."""
    open_seconds: float = Field(default=30.0, gt=0)
    """Seconds until one probe may try again."""


class HedgingSettings(SettingsSection):
    """A second candidate for calls that take unusually long."""

    enabled: bool = False
    percentile: float = Field(default=0.95, gt=0, lt=1)
    """The second candidate starts when this share of earlier calls would have been done."""
    min_samples: int = Field(default=20, ge=1)


class ModelsSettings(SettingsSection):
    """The section `models` of the settings. Empty means: no language model configured."""

    endpoints: dict[str, EndpointSettings] = {}
    models: tuple[ModelSettings, ...] = ()
    routing: RoutingSettings = RoutingSettings()
    budget: BudgetSettings = BudgetSettings()
    retry: RetrySettings = RetrySettings()
    breaker: BreakerSettings = BreakerSettings()
    hedging: HedgingSettings = HedgingSettings()
    timeouts: dict[Role, TimeoutSettings] = {}
    """What a model may take in a role, where the model itself says nothing."""

    @model_validator(mode="after")
    def _refers_to_what_exists(self) -> Self:
        seen: set[str] = set()
        for number, model in enumerate(self.models):
            if model.endpoint and model.endpoint not in self.endpoints:
                known = ", ".join(sorted(self.endpoints)) or "none"
                raise ValueError(
                    f"models.{number}.endpoint: no endpoint `{model.endpoint}` (there is: {known})"
                )
            if model.name in seen:
                raise ValueError(f"models.{number}.id: `{model.name}` is listed twice")
            seen.add(model.name)
        for name, endpoint in self.endpoints.items():
            if not endpoint.base_url and any(m.endpoint == name for m in self.models):
                raise ValueError(f"endpoints.{name}.base_url: is missing")
        return self

    def check_keys(self) -> list[str]:
        """Look up every key that an endpoint in use names, and return the variables.

        Raises:
            ConfigError: A key is not set, or is none; it names the variable.
        """
        found: list[str] = []
        for name, endpoint in self.endpoints.items():
            if endpoint.disabled:
                continue
            endpoint.key(name)
            endpoint.all_headers(name)
            found += [v for v in (endpoint.api_key_env, *endpoint.headers_env.values()) if v]
        return found


def parse_models_settings(data: JsonObject, *, where: str = "models") -> ModelsSettings:
    """Read the section from plain data.

    Raises:
        ConfigError: A field is unknown, missing or not valid; `where` is its path.
    """
    try:
        return ModelsSettings.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ".".join([where, *(str(part) for part in first["loc"])])
        message = str(first["msg"]).removeprefix("Value error, ")
        raise ConfigError(
            f"{message}.", where=path, fix="See docs/models.md for the fields."
        ) from None


class Catalog:
    """The models of one version of the settings, with their prices."""

    def __init__(
        self,
        settings: ModelsSettings,
        *,
        discovered: Sequence[ModelSettings] = (),
        overrides: Mapping[Role, ModelSettings] | None = None,
    ) -> None:
        self.settings = settings
        self.overrides: Mapping[Role, ModelSettings] = overrides or {}
        """Models that the caller gave; they serve their roles alone."""
        known = {model.name for model in settings.models}
        extra = [model for model in discovered if model.name not in known]
        given = self.overrides.values()
        self.models: tuple[ModelSettings, ...] = (*given, *settings.models, *extra)

    @cached_property
    def _by_name(self) -> Mapping[str, ModelSettings]:
        return {model.name: model for model in self.models}

    @cached_property
    def _published(self) -> dict[str, ModelPrice | None]:
        return {}

    def get(self, name: str) -> ModelSettings:
        """Return a model by `model@endpoint`. Raises `NotFoundError`."""
        try:
            return self._by_name[name]
        except KeyError:
            known = ", ".join(sorted(self._by_name)) or "none"
            raise NotFoundError(
                f"No model `{name}`.", where="models", fix=f"There is: {known}."
            ) from None

    def lists(self, id_: str) -> bool:
        """Say whether the settings have a model of that id, at whichever place."""
        return any(model.id == id_ for model in self.settings.models)

    def serves(self, role: Role) -> bool:
        """Say whether any model is there for a role."""
        if any(role in m.roles and not self.endpoint(m).disabled for m in self.models):
            return True
        # What an endpoint will list is not known before it is asked.
        return any(
            endpoint.models == "discover" and not endpoint.disabled
            for endpoint in self.settings.endpoints.values()
            if role in endpoint.discovered.roles
        )

    def endpoint(self, model: ModelSettings) -> EndpointSettings:
        """Return where a model is served."""
        return self.settings.endpoints.get(model.place, EndpointSettings())

    def provider(self, model: ModelSettings) -> str:
        """Return who serves a model; the endpoint's name where nothing says so."""
        return model.provider or self.endpoint(model).provider or model.place

    def price(self, model: ModelSettings) -> ModelPrice | None:
        """Return a model's price, or `None` if it is not known."""
        if model.prices is not None:
            return model.prices
        if model.name not in self._published:
            # The published list is large, and a command that asks no price needs none of it.
            from .published import published_price

            self._published[model.name] = published_price(
                model.langchain.partition(":")[2] or model.id,
                provider=model.provider or self.endpoint(model).provider,
                base_url=self.endpoint(model).base_url,
            )
        return self._published[model.name]

    def unpriced(self) -> Sequence[ModelSettings]:
        """Return the models whose price has not been looked up, which reads files at first."""
        return [m for m in self.models if m.prices is None and m.name not in self._published]

    def timeouts(self, model: ModelSettings, role: Role) -> Timeouts:
        """Return how long an attempt at a model may take in a role."""
        endpoint = self.endpoint(model)
        given = endpoint.model_fields_set
        return timeouts(
            role,
            model.timeouts,
            self.settings.timeouts.get(role, TimeoutSettings()),
            TimeoutSettings(
                connect=endpoint.connect_timeout if "connect_timeout" in given else None,
                read=endpoint.read_timeout if "read_timeout" in given else None,
            ),
        )

    def secrets(self, model: ModelSettings) -> tuple[str, ...]:
        """Return the key and secret header values of a model's endpoint, for masking them."""
        endpoint = self.endpoint(model)
        named = (endpoint.api_key_env, *endpoint.headers_env.values())
        given = endpoint.api_key.get_secret_value() if endpoint.api_key else ""
        # Nobody should put a key in a file. Where it is done, no error need repeat it.
        written = [v for name, v in endpoint.headers.items() if _NAMES_SECRET.search(name)]
        words = [word for value in written for word in value.split() if len(word) >= _SHORTEST_KEY]
        return tuple(s for s in (given, *(os.environ.get(n, "") for n in named), *words) if s)
