"""Carries out runs: one member in this process or many in a pool, with snapshots, resume and a clean stop."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from layers.couplings import COUPLINGS
from scenarios.assemble import assemble, chosen_layers
from scenarios.levers import Levers
from scenarios.mapped import MAPPED
from scenarios.pool import MemberPool, Pool
from scenarios.reading import read_scenario
from scenarios.report.sentences import ACTS, sentence
from scenarios.report.text import Both
from scenarios.schema import Scenario
from scenarios.synthesis import build_world
from twin import memo, snapshot, store
from twin.contract import Layer
from twin.errors import Interrupted, SnapshotError, StateError
from twin.files import alone
from twin.frames import FrameSampler
from twin.run import RunState, Schedule, Twin
from twin.units import DAY_S, HOUR_S
from twin.watch import Watchdog
from twin.wiring import select_cuts
from twin.world import World

FORK_POINTS_S = tuple(hours * HOUR_S for hours in (1, 3, 6, 12, 24, 48))
SLOW_SAMPLES_FROM_S, FAST_SAMPLE_S, SLOW_SAMPLE_S = DAY_S, 600, HOUR_S
WALL_BETWEEN_SNAPSHOTS_S = 60.0
SNAPSHOT_SHARE = 0.05  # of wall time, for snapshots that are not at fork points
MOST_SNAPSHOT_BYTES = 400_000_000  # of a member; beyond it snapshots are kept at fork points and days only
WARNED = ("tsunami_warning", "flood_warning", "levee_breached", "flood_call_4", "evacuation_ordered")
PARTS = ("series", "events", "frames")
Remark = tuple[str, str]  # the same in Japanese and English
Progress = Callable[[int, int, Remark | None], None]  # member, simulated second, something worth a line


@dataclass(frozen=True)
class Plan:
    """What to run, as plain data for worker processes.

    settings: `layer.parameter` -> value; cuts: coupling rows; cache: folder for results kept by content ("": none).
    countermeasures: one after another as branches were made, each {"from_s": moment of the fork, "record": plain data}.
    """

    scenario: str
    until_s: int
    seed: int
    members: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)
    cuts: tuple[str, ...] = ()
    cache: str = ""
    countermeasures: tuple[Mapping[str, Any], ...] = ()

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
        countermeasure: Mapping[str, Any] | None = None,
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
            ({"from_s": 0, "record": dict(countermeasure)},) if countermeasure else (),
        )

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Plan:
        """The plan a manifest holds."""
        kept = dict(manifest["plan"])
        return cls(**{**kept, **{name: tuple(kept.get(name, ())) for name in ("cuts", "countermeasures")}})


def schedule_of(scenario: Scenario) -> Schedule:
    """The step schedule a scenario declares."""
    return Schedule(tuple((piece.until, piece.step_s) for piece in scenario.schedule))


@lru_cache(maxsize=4)
def _place(path: str, changed_ns: int) -> tuple[Scenario, World, str]:
    """Scenario, world and the world's digest, made once in a process for every member and branch."""
    scenario = read_scenario(path)
    world = build_world(scenario)
    return scenario, world, world.digest()


def place_of(plan: Plan) -> tuple[Scenario, World, str]:
    """Scenario, world and the world's digest of a plan; kept while the scenario's files stay as they are."""
    folder = Path(plan.scenario).parent
    return _place(plan.scenario, max(file.stat().st_mtime_ns for file in (folder, *folder.iterdir())))


def begin(plan: Plan, member: int) -> tuple[Scenario, World, Twin]:
    """Scenario, world and a twin at time 0 for one member."""
    scenario, world, _ = place_of(plan)
    models = {str(name): model for name, model in scenario.models.items()}
    twin = assemble(world, schedule_of(scenario), plan.seed, member, models, plan.settings, plan.cuts)
    return scenario, world, twin


def run_member(
    plan: Plan, folder: Path, member: int, progress: Progress | None = None, stop: Callable[[], bool] = lambda: False
) -> dict[str, Any]:
    """Run or resume one member to the end; parts and snapshots go to its folder in the run folder.

    Returns figures for the manifest. Raises Interrupted when `stop()` turns true, after a last snapshot; StateError
    when a step fails, with what was finished before it on disk; StoreError while another process works at it.
    """
    place = store.RunFolder(folder).member_folder(member)
    with alone(place), threadpool_limits(1, "blas"):  # matrix products of several threads add up in another order
        return _run_member(plan, folder, place, member, progress, stop)


def _run_member(
    plan: Plan, folder: Path, place: Path, member: int, progress: Progress | None, stop: Callable[[], bool]
) -> dict[str, Any]:
    begun = time.perf_counter()
    memo.use(plan.cache)
    scenario, world, twin = begin(plan, member)
    digest = place_of(plan)[2]
    layers = twin.wiring.layers
    levers = Levers(twin, plan.countermeasures, scenario)
    prepared_s = time.perf_counter() - begun
    schemas = {layer.name: layer.state_schema for layer in layers}
    resumed = _latest(place, twin.state, schemas, digest)
    if resumed is not None:
        twin.resume(resumed)
    _drop_parts_after(place, twin.state.now_s)
    levers.catch_up()
    keeper = _Keeper(twin, snapshot.Writer(place, schemas, digest), store.Sampler(world, layers, member), place, member)
    keeper.hourly = not any(one["from_s"] for one in plan.countermeasures)

    def warn(layer: str, spent_s: float, now_s: int) -> None:
        if progress:
            told = f"layer {layer} has been at work for {spent_s:.0f} s at T+{now_s} s"
            progress(member, now_s, (told, told))

    try:
        with Watchdog(twin, warn):
            _advance(keeper, levers, plan.until_s, progress, stop, folder)
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


def _advance(
    keeper: _Keeper,
    levers: Levers,
    until_s: int,
    progress: Progress | None,
    stop: Callable[[], bool],
    folder: Path,
) -> None:
    """Step by step to the end, or until `stop()` turns true; levers are pulled before the step they fall in."""
    member = keeper.member
    levers.pull()
    for now_s in keeper.twin.advance(until_s):
        keeper.after_step(now_s, until_s)
        if progress and now_s % FAST_SAMPLE_S == 0:
            for remark in keeper.news() if member == 0 else ():
                progress(member, now_s, remark)
            progress(member, now_s, None)
        if stop():
            keeper.save()
            raise Interrupted(f"stopped at T+{now_s} s; `twin resume {folder}` goes on from there")
        levers.pull()


class _Keeper:
    """Samples series and saves snapshots of one member on their schedules."""

    def __init__(self, twin: Twin, writer: snapshot.Writer, sampler: store.Sampler, place: Path, member: int):
        self.twin, self.writer, self.sampler, self.place, self.member = twin, writer, sampler, place, member
        self.frames = FrameSampler([one.quantity for one in MAPPED])
        self.hourly = True  # between fork points too, as time allows; not in a branch, for its speed
        self.begun_s = self.saved_wall_s = time.perf_counter()
        self._saved_s = -1  # instant of the last snapshot of this process
        self._hourly_s = 0.0  # spent on snapshots that are not at fork points
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
        """Sample and save as the schedules have it."""
        every_s = FAST_SAMPLE_S if now_s <= SLOW_SAMPLES_FROM_S else SLOW_SAMPLE_S
        if now_s % every_s == 0 or now_s == until_s:
            self.sampler.add(now_s, self.twin.measure())
            self._finished = _held(self.twin.state), len(self.twin.journal.lines)
        if now_s % HOUR_S == 0 or now_s == until_s:
            self.frames.add(now_s, self.twin.state.outputs)
        late = time.perf_counter() - self.saved_wall_s > WALL_BETWEEN_SNAPSHOTS_S
        if now_s in FORK_POINTS_S or now_s % DAY_S == 0 or now_s == until_s or late:
            self.save()
        elif self.hourly and now_s % HOUR_S == 0 and self._affordable():
            before_s = time.perf_counter()
            self.save()
            self._hourly_s += time.perf_counter() - before_s

    def _affordable(self) -> bool:
        """Whether another snapshot keeps within its share of the time, judged by the last one, and of the disk."""
        spent_s = time.perf_counter() - self.begun_s
        likely_s = self._hourly_s + self.writer.last_s
        return likely_s <= SNAPSHOT_SHARE * spent_s and self.writer.written_bytes < MOST_SNAPSHOT_BYTES

    def keep_finished(self) -> int:
        """After a step that failed half-way: save the last sampled instant before it; returns the second kept."""
        if self._finished is not None:
            self.twin.state, n_lines = self._finished
            del self.twin.journal.lines[n_lines:]
            self.save()
        return max(snapshot.times(self.place), default=0)

    def save(self) -> None:
        """Parts first, then the snapshot: a snapshot on disk means its parts are there too.

        A second call at one instant, as when a stop comes while a snapshot is written, has nothing to add.
        """
        if self.twin.state.now_s == self._saved_s:
            return
        name = f"{self.twin.state.now_s:09d}.arrow"
        lines = self.twin.journal.lines
        layers = self.twin.wiring.layers
        store.write_table(self.sampler.take(), self.place / f"series-{name}")
        store.write_table(
            store.events_table(self.twin.world, layers, lines, self.member), self.place / f"events-{name}"
        )
        store.write_table(self.frames.take(), self.place / f"frames-{name}")
        lines.clear()
        self._told = 0
        self.writer.save(self.twin.state)
        self.saved_wall_s, self._saved_s = time.perf_counter(), self.twin.state.now_s
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
    """The newest snapshot that can be read, with all parts it promises; damaged ones are passed over, those of other
    versions refused."""
    failure, whole_s = None, _whole_until(place)
    for at_s in reversed(snapshot.times(place)):
        try:
            if at_s > whole_s:
                raise SnapshotError(f"{place}: a part up to T+{at_s} s is missing or damaged")
            return snapshot.load(place, at_s, fresh, schemas, digest)
        except SnapshotError as error:
            if "damaged" not in str(error):
                raise
            failure = error
            (place / f"at-{at_s:09d}.json").rename(place / f"damaged-{at_s:09d}.json")
    del failure
    return None


def _whole_until(place: Path) -> float:
    """Second up to which the parts of all snapshots are there and whole; infinite where nothing is amiss."""
    promised = {place / f"{name}-{at_s:09d}.arrow" for name in PARTS for at_s in snapshot.times(place)}
    there = {part for name in PARTS for part in store.parts(place, name)}
    broken = [part for part in promised | there if not store.is_whole(part)]
    return min((int(part.stem.split("-")[1]) - 1 for part in broken), default=float("inf"))


def _drop_parts_after(place: Path, now_s: int) -> None:
    for unfinished in place.glob("*.tmp*"):  # of a process that was killed while it wrote
        unfinished.unlink()
    for name in PARTS:
        for part in store.parts(place, name):
            if int(part.stem.split("-")[1]) > now_s or now_s == 0:
                part.unlink()


def run_members(
    plan: Plan,
    folder: Path,
    progress: Progress | None = None,
    workers: int | None = None,
    pool: Pool | None = None,
    stop: Callable[[], bool] | None = None,
) -> list[dict[str, Any]]:
    """Run or resume all members: in this process when there is one and no pool is given, else in a pool.

    Results do not depend on the number of workers. When `stop()` turns true, or by Ctrl-C or SIGTERM where no `stop`
    is given, every member stops after its present step with a snapshot; then Interrupted is raised.
    """
    tasks = [(plan, folder, member) for member in range(plan.members)]
    if pool is not None:
        return pool.run(tasks, progress, stop or (lambda: False))
    with stop_on_signals() if stop is None else nullcontext(stop) as stopped:
        if plan.members == 1:
            return [run_member(plan, folder, 0, progress, stopped)]
        with MemberPool(min(workers or os.cpu_count() or 1, plan.members)) as own:
            return own.run(tasks, progress, stopped)


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
