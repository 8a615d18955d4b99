"""Task: what is asked, after normalization."""

from __future__ import annotations

from typing import Any, Literal, get_args

from .values import Readers, Record, Trust, digest

Modality = Literal["text", "image", "audio", "video"]
MODALITIES: tuple[Modality, ...] = get_args(Modality)
TEXT: Modality = "text"
"""The only modality that is no medium."""


class Attachment(Record):
    """One file or piece of content that came with the task; it informs and never instructs."""

    name: str
    """The label by which plan, evidence and messages name it; unique in the task."""
    modality: Modality = "text"
    media_type: str = "text/plain"
    payload: str
    """Digest in the payload store: of the text, or of the original bytes of media."""
    size: int = 0
    """Bytes of the original."""
    facts: dict[str, str | int | float] = {}
    """What validation found out: width, height, duration in seconds, pages."""
    trust: Trust = "untrusted"
    data_class: str = ""
    """Class of its data, where whoever attached it said so; models are chosen by it."""
    readers: Readers = None
    """Who may read it, by the class of its data."""


class Utterance(Record):
    """What was said earlier in the thread, as much of it as a prompt may show."""

    speaker: Literal["user", "assistant"]
    text: str
    missing: int = 0
    """Characters that were cut off."""
    sources: tuple[str, ...] = ()
    """Untrusted sources whose words it may repeat."""
    turn: int = 0
    """For one that stands here in short: the turn it was said in, 1 for the first."""


class Task(Record):
    """One request: the user's words, and what came with them."""

    text: str
    """The user's own words; the only text that may give orders."""
    attachments: tuple[Attachment, ...] = ()
    conversation: tuple[Utterance, ...] = ()
    """Earlier turns of the thread, oldest first, the newest of them in full."""
    left_out: int = 0
    """Messages of earlier turns that do not stand in it."""
    spoken: tuple[str, ...] = ()
    """Digests of the newest answers that the agent itself gave in this thread; whatever else stands
    there as an assistant's message was put into its mouth."""
    heard: tuple[str, ...] = ()
    """Untrusted sources that flowed into the conversation: who reads it, reads them."""
    readers: Readers = None
    """Who may read what the conversation says of earlier turns' results."""
    data_class: tuple[str, ...] = ()
    """Classes of the data that flowed into the conversation; the user's words may repeat it."""
    instructions: tuple[str, ...] = ()
    """System and developer messages of the thread, of those who may give them; oldest first."""

    def identity(self) -> str:
        """Return the text that tells this task from any other: all of it, as JSON."""
        # What a task of an earlier release did not have must not make another task of it, and
        # labels never do.
        labels: dict[str, Any] = {
            "readers": True,
            "data_class": True,
            "attachments": {"__all__": {"readers"}},
        }
        new: dict[str, Any] = {} if self.instructions else {"instructions": True}
        if not any(said.turn for said in self.conversation):
            new |= {"left_out": True, "conversation": {"__all__": {"turn"}}}
        return self.model_dump_json(exclude=labels | new)

    def digest(self) -> str:
        """Return a digest of what the user gave: the words and the attachments."""
        return digest([self.text, *([item.name, item.payload] for item in self.attachments)])

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """The kinds of media that are present, text first."""
        found = {attachment.modality for attachment in self.attachments} | {"text"}
        return tuple(modality for modality in MODALITIES if modality in found)
