"""Carries out runs: one member in this process or many in a pool, with snapshots, resume and a clean stop."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from layers.couplings import COUPLINGS
from scenarios.assemble import assemble, chosen_layers
from scenarios.reading import read_scenario
from scenarios.report.sentences import ACTS, sentence
from scenarios.report.text import Both
from scenarios.schema import Scenario
from scenarios.synthesis import build_world
from twin import memo, snapshot, store
from twin.contract import Layer
from twin.errors import Interrupted, SnapshotError, StateError
from twin.run import RunState, Schedule, Twin
from twin.units import DAY_S, HOUR_S
from twin.watch import Watchdog
from twin.wiring import select_cuts
from twin.world import World

FORK_POINTS_S = tuple(hours * HOUR_S for hours in (1, 3, 6, 12, 24, 48))
SLOW_SAMPLES_FROM_S, FAST_SAMPLE_S, SLOW_SAMPLE_S = DAY_S, 600, HOUR_S
WALL_BETWEEN_SNAPSHOTS_S = 60.0
WARNED = ("tsunami_warning", "flood_warning", "levee_breached", "flood_call_4", "evacuation_ordered")
Remark = tuple[str, str]  # the same in Japanese and English
Progress = Callable[[int, int, Remark | None], None]  # member, simulated second, something worth a line


@dataclass(frozen=True)
class Plan:
    """What to run, as plain data for worker processes.

    settings: `layer.parameter` -> value; cuts: coupling rows; cache: folder for results kept by content ("": none).
    """

    scenario: str
    until_s: int
    seed: int
    members: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)
    cuts: tuple[str, ...] = ()
    cache: str = ""

    @classmethod
    def make(
        cls,
        scenario: Scenario,
        until_s: int | None = None,
        seed: int | None = None,
        members: int | None = None,
        settings: Mapping[str, Any] | None = None,
        cuts: Sequence[str] = (),
        cache: str = "",
    ) -> Plan:
        """The scenario's own values where nothing else is asked. Raises WiringError for an unknown row."""
        asked = (*scenario.cut, *cuts)
        select_cuts(COUPLINGS, asked)
        return cls(
            str(scenario.path),
            schedule_of(scenario).floor(scenario.until_s if until_s is None else until_s),
            scenario.seed if seed is None else seed,
            scenario.members if members is None else members,
            {**scenario.set, **(settings or {})},
            asked,
            cache,
        )


def schedule_of(scenario: Scenario) -> Schedule:
    """The step schedule a scenario declares."""
    return Schedule(tuple((piece.until, piece.step_s) for piece in scenario.schedule))


def begin(plan: Plan, member: int) -> tuple[Scenario, World, Twin]:
    """Scenario, world and a twin at time 0 for one member."""
    scenario = read_scenario(plan.scenario)
    world = build_world(scenario)
    models = {str(name): model for name, model in scenario.models.items()}
    twin = assemble(world, schedule_of(scenario), plan.seed, member, models, plan.settings, plan.cuts)
    return scenario, world, twin


def run_member(
    plan: Plan, folder: Path, member: int, progress: Progress | None = None, stop: Callable[[], bool] = lambda: False
) -> dict[str, Any]:
    """Run or resume one member to the end; parts and snapshots go to its folder in the run folder.

    Returns figures for the manifest. Raises Interrupted when `stop()` turns true, after a last snapshot; StateError
    when a step fails, with what was finished before it on disk.
    """
    begun = time.perf_counter()
    memo.use(plan.cache)
    _, world, twin = begin(plan, member)
    prepared_s = time.perf_counter() - begun
    place = store.RunFolder(folder).member_folder(member)
    layers = twin.wiring.layers
    schemas = {layer.name: layer.state_schema for layer in layers}
    digest = world.digest()
    resumed = _latest(place, twin.state, schemas, digest)
    if resumed is not None:
        twin.resume(resumed)
    _drop_parts_after(place, twin.state.now_s)
    keeper = _Keeper(twin, snapshot.Writer(place, schemas, digest), store.Sampler(world, layers, member), place, member)

    def warn(layer: str, spent_s: float, now_s: int) -> None:
        if progress:
            told = f"layer {layer} has been at work for {spent_s:.0f} s at T+{now_s} s"
            progress(member, now_s, (told, told))

    try:
        with Watchdog(twin, warn):
            _advance(keeper, plan.until_s, progress, stop, folder)
    except StateError as error:
        kept_s = keeper.keep_finished()
        raise StateError(
            f"{error}\nmember {member} is kept until T+{kept_s} s; once the cause is gone, "
            f"`twin resume {folder}` goes on from there"
        ) from error
    return {
        "member": member,
        "wall_s": time.perf_counter() - begun,
        "prepare_s": prepared_s,
        "layer_s": {name: round(spent, 4) for name, spent in twin.layer_s.items()},
        "steps": twin.state.step,
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def _advance(keeper: _Keeper, until_s: int, progress: Progress | None, stop: Callable[[], bool], folder: Path) -> None:
    """Step by step to the end, or until `stop()` turns true."""
    member = keeper.member
    for now_s in keeper.twin.advance(until_s):
        keeper.after_step(now_s, until_s)
        if progress and now_s % FAST_SAMPLE_S == 0:
            for remark in keeper.news() if member == 0 else ():
                progress(member, now_s, remark)
            progress(member, now_s, None)
        if stop():
            keeper.save()
            raise Interrupted(f"stopped at T+{now_s} s; `twin resume {folder}` goes on from there")


class _Keeper:
    """Samples series and saves snapshots of one member on their schedules."""

    def __init__(self, twin: Twin, writer: snapshot.Writer, sampler: store.Sampler, place: Path, member: int):
        self.twin, self.writer, self.sampler, self.place, self.member = twin, writer, sampler, place, member
        self.saved_wall_s = time.perf_counter()
        self._told = 0  # journal lines already looked at
        self._finished: tuple[RunState, int] | None = None  # at the last sample that is not on disk, with its lines

    def news(self) -> Iterator[Remark]:
        """What headquarters decided since the last look, and what struck the whole region, with its local time."""
        world, lines = self.twin.world, self.twin.journal.lines
        layers = self.twin.wiring.layers
        told: set[tuple[str, int]] = set()
        for line in lines[self._told :]:
            _, time_s, layer, kind, quantity, row, amount, _, args = line
            town = self._town(layers[layer], quantity, row)
            regional = kind in ("mainshock", "aftershock", "advisory") and row < 0
            first = kind in WARNED and (kind, town) not in told  # thirty segments of one wall are one piece of news
            if kind in ACTS or regional or first:
                told.add((kind, town))
                said = sentence(kind, self._place(town), amount, f"{layers[layer].name}.{quantity}", "", list(args))
                clock = f"{world.origin + timedelta(seconds=time_s):%m-%d %H:%M}"
                yield f"{clock} {said.ja}", f"{clock} {said.en}"
        self._told = len(lines)

    def _town(self, layer: Layer, quantity: str, row: int) -> int:
        """Municipality of what a line is about, -1 for the whole region."""
        on = next(var.on for var in (*layer.gives, *layer.records) if var.name == quantity)
        return int(self.twin.world.municipality_of(on)[row]) if row >= 0 else -1

    def _place(self, town: int) -> Both:
        if town < 0:
            return Both("", "")
        towns = self.twin.world["municipality"]
        return Both(str(towns["name_ja"][town]), str(towns["name_en"][town]))

    def after_step(self, now_s: int, until_s: int) -> None:
        every_s = FAST_SAMPLE_S if now_s <= SLOW_SAMPLES_FROM_S else SLOW_SAMPLE_S
        if now_s % every_s == 0 or now_s == until_s:
            self.sampler.add(now_s, self.twin.measure())
            self._finished = _held(self.twin.state), len(self.twin.journal.lines)
        late = time.perf_counter() - self.saved_wall_s > WALL_BETWEEN_SNAPSHOTS_S
        if now_s in FORK_POINTS_S or now_s % DAY_S == 0 or now_s == until_s or late:
            self.save()

    def keep_finished(self) -> int:
        """After a step that failed half-way: save the last sampled instant before it; returns the second kept."""
        if self._finished is not None:
            self.twin.state, n_lines = self._finished
            del self.twin.journal.lines[n_lines:]
            self.save()
        return max(snapshot.times(self.place), default=0)

    def save(self) -> None:
        """Parts first, then the snapshot: a snapshot on disk means its parts are there too."""
        name = f"{self.twin.state.now_s:09d}.arrow"
        lines = self.twin.journal.lines
        layers = self.twin.wiring.layers
        store.write_table(self.sampler.take(), self.place / f"series-{name}")
        store.write_table(
            store.events_table(self.twin.world, layers, lines, self.member), self.place / f"events-{name}"
        )
        lines.clear()
        self._told = 0
        self.writer.save(self.twin.state)
        self.saved_wall_s = time.perf_counter()
        self._finished = None


def _held(state: RunState) -> RunState:
    """The state as it is now, apart from what later steps put in its place."""
    return replace(
        state,
        layers=dict(state.layers),
        outputs=dict(state.outputs),
        pending=dict(state.pending),
        returned={layer: dict(values) for layer, values in state.returned.items()},
        last_s=dict(state.last_s),
        stocks=dict(state.stocks),
        last_event=dict(state.last_event),
    )


def _latest(place: Path, fresh: RunState, schemas: Mapping[str, int], digest: str) -> RunState | None:
    """The newest snapshot that can be read; damaged ones are passed over, those of other versions refused."""
    failure = None
    for at_s in reversed(snapshot.times(place)):
        try:
            return snapshot.load(place, at_s, fresh, schemas, digest)
        except SnapshotError as error:
            if "damaged" not in str(error):
                raise
            failure = error
            (place / f"at-{at_s:09d}.json").rename(place / f"damaged-{at_s:09d}.json")
    del failure
    return None


def _drop_parts_after(place: Path, now_s: int) -> None:
    for name in ("series", "events"):
        for part in store.parts(place, name):
            if int(part.stem.split("-")[1]) > now_s or now_s == 0:
                part.unlink()


def run_members(
    plan: Plan, folder: Path, progress: Progress | None = None, workers: int | None = None
) -> list[dict[str, Any]]:
    """Run or resume all members, in this process when there is one, else in a pool as large as the cores.

    Results do not depend on the number of workers. Ctrl-C and SIGTERM stop every member after its present step,
    with a snapshot each; then Interrupted is raised.
    """
    members = list(range(plan.members))
    if len(members) == 1:
        with stop_on_signals() as stopped:
            return [run_member(plan, folder, 0, progress, stopped)]
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["scenarios.execution"])
    stop, queue = context.Event(), context.SimpleQueue()
    n_worker = min(workers or os.cpu_count() or 1, len(members))
    with ProcessPoolExecutor(n_worker, context, _enter_worker, (stop, queue)) as pool, stop_on_signals(stop.set):
        futures = [pool.submit(_work, plan, folder, member) for member in members]
        results = []
        waiting = set(futures)
        while waiting:
            _drain(queue, progress)
            for future in [one for one in waiting if one.done()]:
                waiting.remove(future)
                results.append(future.result())
            time.sleep(0.05)
        _drain(queue, progress)
        list(as_completed(futures))
    return sorted(results, key=lambda result: result["member"])


def _drain(queue: Any, progress: Progress | None) -> None:
    while not queue.empty():
        message = queue.get()
        if progress:
            progress(*message)


_WORKER: dict[str, Any] = {}


def _enter_worker(stop: Any, queue: Any) -> None:
    """Workers leave Ctrl-C to the parent, which tells them to stop through the shared event."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _WORKER.update(stop=stop, queue=queue, parent=os.getppid())


def _work(plan: Plan, folder: Path, member: int) -> dict[str, Any]:
    queue, stop, parent = _WORKER["queue"], _WORKER["stop"], _WORKER["parent"]
    return run_member(
        plan,
        folder,
        member,
        lambda who, now_s, remark: queue.put((who, now_s, remark)) if remark or now_s % HOUR_S == 0 else None,
        lambda: stop.is_set() or os.getppid() != parent,
    )


@contextmanager
def stop_on_signals(then: Callable[[], None] | None = None) -> Iterator[Callable[[], bool]]:
    """While inside, SIGINT and SIGTERM only ask for a stop; yields a function that tells whether one was asked."""
    asked = []

    def ask(number: int, frame: Any) -> None:
        asked.append(number)
        if then:
            then()

    old = {}
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            old[number] = signal.signal(number, ask)
    except ValueError:  # not the main thread: signals stay with whoever owns them
        pass
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def layers_of(scenario: Scenario) -> tuple[Any, ...]:
    """The layers a scenario runs with, in order."""
    return chosen_layers({str(name): model for name, model in scenario.models.items()})
