"""`diff`: two runs side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import NotFoundError
from .exits import DONE, finish
from .given.options import DEFAULT_CONFIG, Config, EveryFactOption, JsonOption, TurnOption
from .opened.session import ThreadReader, open_threads
from .show.comparison import ComparisonPage
from .show.output import Output
from .show.trace import SHORT

if TYPE_CHECKING:
    from ..runs.trace import RunTrace
    from ..stores.store import SqlStore

app = typer.Typer()


@app.command()
def diff(
    first: Annotated[str, typer.Argument(metavar="THREAD", help="The thread of the first run.")],
    second: Annotated[
        str, typer.Argument(metavar="[THREAD]", help="That of the second; by default the same.")
    ] = "",
    turn: TurnOption = None,
    other_turn: Annotated[
        int | None, typer.Option(min=1, help="Which run of the second; by default its last.")
    ] = None,
    full: EveryFactOption = False,
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Lay two runs side by side, step by step."""
    output = Output(as_json=as_json)
    places = (first, turn), (second or first, other_turn)
    finish(_diff(output, config, *places, full=full), output)


async def _diff(
    output: Output,
    config: str,
    first: tuple[str, int | None],
    second: tuple[str, int | None],
    *,
    full: bool,
) -> int:
    """Compare two runs. Raises `NotFoundError` for a run that is not there."""
    # Imported when it is needed: the help page does without.
    from ..runs.comparison import compared

    async with open_threads(config) as (threads, store):
        before = await _run(threads, store, *first)
        after = await _run(threads, store, *second)
    comparison = compared(before, after)
    if output.json:
        output.document(comparison.model_dump(mode="json"))
        return DONE
    page = ComparisonPage(output, limit=None if full else SHORT, every=full)
    page.show(comparison, before=_name(first, before), after=_name(second, after))
    return DONE


async def _run(threads: ThreadReader, store: SqlStore, thread: str, turn: int | None) -> RunTrace:
    from ..runs.trace import trace

    await threads.known_thread(thread)
    runs = (await trace(threads.agent, thread, store=store)).runs
    found = [run for run in runs if turn in (None, run.run.turn)]
    if not found:
        raise NotFoundError(
            f"It has no turn {turn}.",
            where=f"thread {thread}",
            fix=f"See {threads.command('trace', thread)}",
        )
    return found[-1]


def _name(place: tuple[str, int | None], run: RunTrace) -> str:
    return f"{place[0]}, turn {run.run.turn}"
