"""A megabyte of what recognisers look for leaves the event loop its turns."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from pointsman import tool
from pointsman.masking.masker import Masker
from pointsman.masking.settings import MaskingSettings
from pointsman.models.calling.prompt_masking import PromptMasking
from pointsman.state.run import Principal
from pointsman.tools.contract import ToolCall
from pointsman.tools.withheld import withheld

MILLION = 1_000_000
PIECES = ["a@", "ana@b.example ", "+49 ", "4111111111111111 ", "password: ", "1.", "eyJ", "<"]
CALL = ToolCall(
    idempotency_key="k", run_id="r", thread_id="t", step="s", attempt=1, principal=Principal()
)


def masker(**settings: Any) -> Masker:
    """Return a masker, whose patterns are ready."""
    made = Masker(MaskingSettings.model_validate(settings), lambda: b"k" * 32)
    made.masked("a1@: ", made.kinds(["all"]), made.pseudonyms())
    return made


@pytest.mark.parametrize("piece", PIECES)
async def test_a_prompt_of_a_megabyte_leaves_the_loop_its_turns(watch: Any, piece: str) -> None:
    """Whatever stands in it."""
    masking = PromptMasking(masker(prompts=["all"]))
    message = HumanMessage(piece * (MILLION // len(piece)))
    async with watch():
        await masking.prompt([message], None, endpoint="a")


@pytest.mark.parametrize("piece", PIECES)
async def test_arguments_of_half_a_megabyte_leave_the_loop_its_turns(
    watch: Any, piece: str
) -> None:
    """Also on their way to a tool that may not see all of them, and back."""

    @tool(effect="read", trust="internal")
    async def echo(text: str) -> str:
        """Say it back."""
        return text

    kept = withheld(echo, masker(tools={"kinds": ["all"]}))
    # A pseudonym may be longer than what it stands for, and arguments have a limit.
    text = piece * (MILLION // 2 // len(piece))
    async with watch():
        said = await kept.run({"text": text}, CALL)
    assert said == text
