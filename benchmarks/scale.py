"""What many machines would get through over one database: a simulation with measured parameters.

    python -m pointsman.benchmarks.scale

Tasks arrive at random. Each takes a slot of a worker, and then alternates between the worker's
processors, the database's processors, the row of a budget that all share, and the model, for which
it only waits. What is shared serves one after the other. `MEASURED` is what
`pointsman.benchmarks.throughput` printed on the machine that docs/scale.md names.
"""

from __future__ import annotations

import heapq
import random
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

MEASURED_SECONDS = 20.0
WARM_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class TaskCosts:
    """What one task costs, in seconds unless it says otherwise."""

    worker_cpu: float
    database_cpu: float
    shared_row: float
    """One reservation and its settlement: how long others have to wait for the row."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is asked, and of how much."""

    machines: int
    tasks_a_second: float
    cores: int = 8
    """Of a machine; a worker process for each."""
    slots: int = 16
    """Threads of a worker process."""
    database_cores: int = 32
    calls: int = 3
    """Of models, each under the budget."""
    call_seconds: float = 2.0
    shards: int = 1
    """Rows that the shared budget is spread over; 0 for no shared budget."""


@dataclass(frozen=True, kw_only=True)
class LoadOutcome:
    """What came of a load."""

    done_a_second: float
    median_seconds: float
    slow_seconds: float
    """Of one in twenty."""
    database: float
    """Share of the time that its processors were busy."""
    row: float
    """Share of the time that the busiest row of the budget was held."""


Stay = tuple["Resource | None", float]
"""What serves, or nothing for a mere wait, and how long."""


@dataclass(eq=False)
class Resource:
    """Something that serves so many at a time, first come, first served."""

    servers: int
    busy: int = 0
    served_seconds: float = 0.0
    queue: deque[tuple[float, Callable[[], None]]] = field(
        default_factory=deque[tuple[float, Callable[[], None]]]
    )


class Clock:
    """Events in the order of their time."""

    def __init__(self) -> None:
        self.now = 0.0
        self._count = 0
        self._events: list[tuple[float, int, Callable[[], None]]] = []

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Have something happen later."""
        self._count += 1
        heapq.heappush(self._events, (self.now + seconds, self._count, act))

    def run(self, until: float) -> None:
        """Let time pass."""
        while self._events and self._events[0][0] <= until:
            self.now, _, act = heapq.heappop(self._events)
            act()
        self.now = until

    def serve(self, resource: Resource, seconds: float, then: Callable[[], None]) -> None:
        """Have a resource serve somebody, after those before them."""
        if resource.busy == resource.servers:
            resource.queue.append((seconds, then))
            return
        resource.busy += 1

        def done() -> None:
            resource.served_seconds += seconds
            resource.busy -= 1
            if resource.queue:
                self.serve(resource, *resource.queue.popleft())
            then()

        self.after(seconds, done)


class Simulation:
    """One load on one database.

    Args:
        costs: Of a task.
        load: What is asked.
        seed: Of arrivals and choices.
    """

    def __init__(self, costs: TaskCosts, load: Load, *, seed: int = 0) -> None:
        self._costs, self._load = costs, load
        self._random = random.Random(seed)
        self._clock = Clock()
        self._machines = [Resource(load.cores) for _ in range(load.machines)]
        self._database = Resource(load.database_cores)
        self._rows = [Resource(1) for _ in range(load.shards)]
        self._free = deque(
            machine for _ in range(load.cores * load.slots) for machine in self._machines
        )
        self._waiting: deque[float] = deque()
        self._took: list[float] = []

    def run(self) -> LoadOutcome:
        """Let tasks arrive, and measure once it has settled."""
        self._arrive()
        self._clock.run(WARM_SECONDS)
        self._took.clear()
        shared = [self._database, *self._rows]
        before = [resource.served_seconds for resource in shared]
        self._clock.run(WARM_SECONDS + MEASURED_SECONDS)
        used = [
            (resource.served_seconds - start) / MEASURED_SECONDS / resource.servers
            for resource, start in zip(shared, before, strict=True)
        ]
        took = sorted(self._took) or [float("inf")]
        return LoadOutcome(
            done_a_second=len(self._took) / MEASURED_SECONDS,
            median_seconds=took[len(took) // 2],
            slow_seconds=took[len(took) * 19 // 20],
            database=used[0],
            row=max(used[1:], default=0.0),
        )

    def _arrive(self) -> None:
        self._waiting.append(self._clock.now)
        self._begin()
        self._clock.after(self._random.expovariate(self._load.tasks_a_second), self._arrive)

    def _begin(self) -> None:
        while self._waiting and self._free:
            machine, asked = self._free.popleft(), self._waiting.popleft()
            self._go_on(self._steps(machine), machine, asked)

    def _go_on(self, steps: Iterator[Stay], machine: Resource, asked: float) -> None:
        step = next(steps, None)
        if step is None:
            self._took.append(self._clock.now - asked)
            self._free.append(machine)
            self._begin()
            return
        resource, seconds = step

        def then() -> None:
            self._go_on(steps, machine, asked)

        if resource is None:
            self._clock.after(seconds, then)
        else:
            self._clock.serve(resource, seconds, then)

    def _steps(self, machine: Resource) -> Iterator[Stay]:
        costs, load = self._costs, self._load
        parts = load.calls + 1
        for part in range(parts):
            yield machine, costs.worker_cpu / parts
            yield self._database, costs.database_cpu / parts
            if part == load.calls:
                return
            row = self._random.choice(self._rows) if self._rows else None
            if row is not None:
                yield row, costs.shared_row / 2
            yield None, self._random.expovariate(1 / load.call_seconds)
            if row is not None:
                yield row, costs.shared_row / 2


def table(costs: TaskCosts, loads: Sequence[Load]) -> Iterator[str]:
    """Yield a line for each load."""
    yield "machines  budget rows  asked/s  done/s  median s  1 in 20  database  busiest row"
    for load in loads:
        found = Simulation(costs, load).run()
        yield (
            f"{load.machines:8}  {load.shards:11}  {load.tasks_a_second:7.0f}  "
            f"{found.done_a_second:6.0f}  {found.median_seconds:8.1f}  {found.slow_seconds:7.1f}  "
            f"{found.database:8.0%}  {found.row:11.0%}"
        )


MEASURED = TaskCosts(worker_cpu=0.056, database_cpu=0.0145, shared_row=1 / 79)


def main() -> int:
    """Print one line for each number of machines, with and without a budget that all share."""
    each = Load(machines=1, tasks_a_second=20.0)
    loads = [
        replace(each, machines=machines, tasks_a_second=20.0 * machines, shards=shards)
        for machines in (1, 10, 30, 100)
        for shards in (0, 1, 16, 64)
    ]
    for line in table(MEASURED, loads):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
