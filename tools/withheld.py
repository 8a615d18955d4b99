"""Withheld values: a tool gets pseudonyms for the kinds of data that its contract does not name."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from ..errors import ArgumentError, ConfigError, NothingHappenedError
from ..masking.masker import Masker, is_short, restored
from ..masking.pseudonyms import Pseudonyms
from ..state.values import Json, JsonObject
from .arguments import Arguments
from .contract import Tool, ToolCall
from .threads import either_way


def withheld(tool: Tool, masker: Masker) -> Tool:
    """Return the tool as an agent may hold it: values that are none of its business stay here.

    What is asked about, approved and kept in the ledger are the values; the pseudonyms stand only
    in what reaches the tool. Where it says one back, its result has the value again.

    Raises:
        ConfigError: The contract names a kind of data that there is not.
    """
    try:
        received = masker.kinds(tool.contract.receives)
    except LookupError as error:
        raise ConfigError(
            f"There is no kind of data `{error.args[0]}`.",
            where=f"{tool.name}.receives",
            fix="Name kinds or groups of docs/masking.md, or kinds of `masking.patterns`.",
        ) from None
    kinds = masker.kinds(masker.settings.tools.kinds) - received
    return _Withholding(tool, masker, kinds).tool() if kinds else tool


class _Withholding:
    """A tool, and what is kept from it."""

    def __init__(self, tool: Tool, masker: Masker, kinds: frozenset[str]) -> None:
        self._tool = tool
        self._masker = masker
        self._kinds = kinds
        self._arguments = Arguments.of(tool)

    def tool(self) -> Tool:
        """Return the tool that runs by this one."""
        preview = self._preview if self._tool.preview else None
        reconcile = self._reconcile if self._tool.reconcile else None
        return replace(self._tool, run=self._run, preview=preview, reconcile=reconcile)

    async def _run(self, args: JsonObject, call: ToolCall) -> Json:
        shown, given = await self._shown(args)
        output = await self._tool.run(shown, call)
        return await _whole(output, given)

    async def _preview(self, args: JsonObject, call: ToolCall) -> Json:
        if self._tool.preview is None:
            return None
        shown, given = await self._shown(args)
        return await _whole(await either_way(self._tool.preview, shown, call), given)

    async def _reconcile(self, key: str, args: JsonObject) -> tuple[bool, Json]:
        if self._tool.reconcile is None:
            return False, None
        shown, given = await self._shown(args)
        happened, output = await either_way(self._tool.reconcile, key, shown)
        return happened, await _whole(output, given)

    async def _shown(self, args: JsonObject) -> tuple[JsonObject, Pseudonyms]:
        """Return the arguments as the tool may see them.

        Raises:
            NothingHappenedError: It may not be called with them.
        """
        # A tool's own: its check of a call in doubt is not told whose call it was, and must see
        # what the call was made with.
        given = self._masker.pseudonyms(f"tool:{self._tool.name}")
        shown = await self._masker.at_length(args, self._kinds, given)
        if not given:
            return shown, given
        if self._masker.settings.tools.otherwise == "refuse":
            raise NothingHappenedError(
                f"{self._tool.name} may not receive {self._told(given)}, which stands in its "
                "arguments. Its contract names in `receives` what it may."
            )
        try:
            await self._arguments.checked(shown)
        except ArgumentError as error:
            raise NothingHappenedError(
                f"{self._tool.name} may not receive {self._told(given)}, and takes no pseudonym "
                f"in its place: {error.where or 'its arguments'}. Its contract names in `receives` "
                "what it may."
            ) from None
        return shown, given

    def _told(self, given: Pseudonyms) -> str:
        kinds = {name[1:].partition(":")[0] for name in given.values}
        return ", ".join(sorted(kinds))


async def _whole(output: Json, given: Pseudonyms) -> Json:
    """Return what a tool says with the values of the pseudonyms that it was given."""
    if not given or is_short(output):
        return restored(output, given) if given else output
    return await asyncio.to_thread(restored, output, given)
