"""Tracing a megabyte of what recognisers look for does not hold the event loop for masking."""

from __future__ import annotations

from typing import Any, cast

import pytest
from langchain_core.callbacks import AsyncCallbackManager
from langsmith import utils

from pointsman import Settings
from pointsman.masking.masker import Masker
from pointsman.masking.settings import MaskingSettings
from pointsman.runs.uploads import Uploads

PIECE = "ana@b.example +49 30 1234567 4111111111111111 "


async def test_a_node_with_a_megabyte_of_input_leaves_the_loop_its_turns(
    watch: Any, monkeypatch: pytest.MonkeyPatch, langsmith_server: Any
) -> None:
    """Masking is left to a thread; the run waits for it, and nobody else does."""
    masker = Masker(MaskingSettings(), lambda: b"k" * 32)
    masker.at("traces", "a1@: ")
    with langsmith_server() as server:
        monkeypatch.setenv("LANGSMITH_TRACING", "true")
        monkeypatch.setenv("LANGSMITH_ENDPOINT", server.url)
        monkeypatch.setenv("LANGSMITH_API_KEY", "lsv2_not_a_real_key")
        cast("Any", utils.get_env_var).cache_clear()
        uploads = Uploads(masker, Settings())
        config: Any = uploads.with_tracer({})
        manager = AsyncCallbackManager(handlers=config["callbacks"])
        warm = await manager.on_chain_start({}, {"text": "a"}, name="node")
        await warm.on_chain_end({"text": "a"})
        text = PIECE * (1_000_000 // len(PIECE))
        async with watch():
            run = await manager.on_chain_start({}, {"text": text}, name="node")
            await run.on_chain_end({"text": text})
        uploads.flush()
        cast("Any", utils.get_env_var).cache_clear()
        assert len(server.everything) > 1_000_000
        assert b"ana@" not in server.everything
