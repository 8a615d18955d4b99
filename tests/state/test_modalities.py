"""A modality of ours is known wherever media are told apart."""

from __future__ import annotations

from typing import get_args

import pytest

from pointsman.cli.route import Media
from pointsman.models.catalog.given import given_settings
from pointsman.models.catalog.routes import default_table
from pointsman.models.catalog.settings import ModelsSettings
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
