"""A modality of ours is known wherever media are told apart."""

from __future__ import annotations

from typing import get_args

import pytest
from langchain_core.messages import HumanMessage

from pointsman.cli.route import Media
from pointsman.models.calling.convert import block_modality, media_to_text
from pointsman.models.calling.tokens import input_bound, weigh
from pointsman.models.catalog.given import given_settings
from pointsman.models.catalog.routes import default_table
from pointsman.models.catalog.settings import ModelsSettings
from pointsman.state.signatures import SIGNATURES, sniff
from pointsman.state.task import MODALITIES, Attachment, Modality, Task
from pointsman.testing import ScriptedModel

MEDIA = [modality for modality in get_args(Modality) if modality != "text"]


@pytest.mark.parametrize("modality", MEDIA)
def test_a_task_tells_of_each_of_its_media(modality: Modality) -> None:
    """None vanishes between the attachment and the router."""
    attached = Attachment(name="a", media_type="x/y", payload="p", modality=modality)

    assert Task(text="Look", attachments=(attached,)).modalities == ("text", modality)


def test_a_model_that_was_given_takes_each() -> None:
    """Nothing is known of it, so nothing is ruled out."""
    [given] = given_settings({"planner": ScriptedModel(replies=[])}, ModelsSettings()).values()

    assert given.modalities == MODALITIES


def test_the_command_line_asks_for_each() -> None:
    """`route explain --modality`."""
    assert [medium.value for medium in Media] == MEDIA


def test_the_routing_table_has_a_row_for_each() -> None:
    """The default table's row of media names them all."""
    rows = [row.match.modalities for row in default_table() if row.match.modalities]

    assert [set(row) for row in rows] == [set(MEDIA)]


@pytest.mark.parametrize("modality", MEDIA)
def test_the_bytes_of_each_are_recognised(modality: Modality) -> None:
    """By a signature of its own, whatever a client says that they are."""
    files = [bytes(at) + mark + bytes(16) for at, mark, kind, _ in SIGNATURES if kind == modality]

    assert modality in {found[0] for data in files if (found := sniff(data))}


@pytest.mark.parametrize("modality", MEDIA)
@pytest.mark.parametrize("kind", ["{}", "{}_url", "input_{}", "file"])
def test_a_block_of_each_is_told_by_its_type_or_its_media_type(
    modality: Modality, kind: str
) -> None:
    """In the forms of LangChain and of the OpenAI API."""
    block = {"type": kind.format(modality), "base64": "AAAA", "mime_type": f"{modality}/x"}

    assert block_modality(block) == modality


@pytest.mark.parametrize("modality", MEDIA)
async def test_each_becomes_text_by_its_converter(modality: Modality) -> None:
    """Where the model takes text alone."""

    async def told(data: bytes, media_type: str) -> str:
        return f"{len(data)} bytes of {media_type}"

    block = {"type": modality, "base64": "AAAA", "mime_type": f"{modality}/x"}

    [turned] = await media_to_text([HumanMessage([block])], {modality: told})

    assert turned.content == f"[{modality} as text]\n3 bytes of {modality}/x\n[end of {modality}]"


@pytest.mark.parametrize("modality", MEDIA)
def test_each_is_weighed_as_media_and_not_as_its_base64(modality: Modality) -> None:
    """A prompt's bound stays below the size of the letters that carry it."""
    block = {"type": modality, "base64": "A" * 400_000, "mime_type": f"{modality}/x"}

    assert weigh([HumanMessage([block])]).media
    assert 100 < input_bound([HumanMessage([block])]) < 20_000
