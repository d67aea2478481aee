"""Mobile phones: stations live on mains, battery, generator or power car; lines fall with the poles; cells overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from layers.infrastructure import crews as gang
from layers.infrastructure.counts import probability
from layers.infrastructure.crews import Crews
from layers.infrastructure.power import SECTIONS
from twin.chance import Chance
from twin.params import Params
from twin.records import changed
from twin.world import World

Array = np.ndarray


@dataclass(frozen=True)
class TelecomPlace:
    """Base stations; to_cell: (cell, station), rows sum to 1 over the stations that cover the cell."""

    keys: Array
    municipality: Array
    cell: Array
    node: Array
    feeder: Array
    section: Array
    battery_s: Array
    hall: Array
    people: Array
    to_cell: sparse.csr_matrix
    weight: Array  # (cell,) row sums of to_cell: 1, or 0 where no station reaches


@dataclass(frozen=True)
class Telecom:
    """Per station: battery_s: nominal seconds left; line_cut: backhaul broken; broken: equipment damaged; line_asked,
    car_asked: repair or power car asked for; drowned: its plant stood under water and is not yet dried; up: in service.
    """

    battery_s: Array
    line_cut: Array
    broken: Array
    line_asked: Array
    car_asked: Array
    drowned: Array
    up: Array


def prepare(world: World) -> TelecomPlace:
    """Constants; the feeder section a station hangs on follows from its permanent key."""
    station, cell = world["base_station"], world["cell"]
    to_cell = world.carriers["base_station_to_cell"].matrix.tocsr()
    return TelecomPlace(
        keys=station.keys,
        municipality=station["municipality"],
        cell=station["cell"],
        node=np.maximum(cell["node"][np.maximum(station["cell"], 0)], 0),
        feeder=station["feeder"],
        section=(station.keys >> 7) % SECTIONS,
        battery_s=station["battery_s"].astype(float),
        hall=station["hall"] > 0,
        people=station["persons"].astype(float),
        to_cell=to_cell,
        weight=np.asarray(to_cell.sum(axis=1)).ravel(),
    )


def start(place: TelecomPlace) -> Telecom:
    """All stations up, batteries full."""
    none = np.zeros(len(place.keys), bool)
    return Telecom(place.battery_s.copy(), none, none, none, none, none, ~none)


def shake(state: Telecom, place: TelecomPlace, params: Params, chance: Chance, intensity: Array) -> Telecom:
    """Equipment damaged by shaking; intensity (cell,)."""
    p = probability(intensity[place.cell], params.station_damage_intensity, params.station_damage_spread)
    hit = chance.uniform("infrastructure.station_damage", place.keys) < p
    return changed(state, broken=state.broken | hit) if hit.any() else state


def cut_lines(state: Telecom, place: TelecomPlace, params: Params, chance: Chance, fresh: Array) -> Telecom:
    """Ordinary lines hang on the poles of the power line: new faults between exchange and station may cut them.

    fresh: faults newly made, (feeder, section). Stations of halls and hospitals have a second route.
    """
    faults = faults_on_the_way(place, fresh)
    if not faults.any():
        return state
    p = 1.0 - (1.0 - params.line_cut_per_fault) ** faults
    p = np.where(place.hall, p * params.hall_line_factor, p)
    return changed(state, line_cut=state.line_cut | (chance.uniform("infrastructure.line_cut", place.keys) < p))


def faults_on_the_way(place: TelecomPlace, faults: Array) -> Array:
    """Power-line faults on the sections from the head of the feeder to each station, (station,)."""
    way = np.cumsum(faults, axis=1)
    return np.where(place.feeder >= 0, way[np.maximum(place.feeder, 0), place.section], 0)


def run(
    state: Telecom, place: TelecomPlace, params: Params, mains: Array, backed: Array, dt_s: int,
    linked: Array | bool = False,
) -> Telecom:  # fmt: skip
    """Batteries drain off the mains and charge on them; a station is up with power, line and sound equipment.

    mains, backed: fed by the network; by a generator or a power car: bool (station,).
    linked: a satellite terminal stands in for its line, bool (station,).
    """
    fed = mains | backed
    sound = (~state.line_cut | linked) & ~state.broken & ~state.drowned
    if fed.all() and sound.all() and (state.battery_s >= place.battery_s).all():
        return state if state.up.all() else changed(state, up=np.ones_like(state.up))
    charged = np.minimum(state.battery_s + dt_s * params.battery_charge_rate, place.battery_s)
    battery_s = np.where(fed, charged, np.maximum(state.battery_s - dt_s / params.battery_life_factor, 0.0))
    up = (fed | (battery_s > 0)) & sound
    return changed(state, battery_s=battery_s, up=state.up if np.array_equal(up, state.up) else up)


def ask_repairs(
    state: Telecom, crew: Crews, place: TelecomPlace, params: Params, mains: Array, faults: Array, now_s: int
) -> tuple[Telecom, Crews]:
    """Gangs for broken equipment, and for lines once the power poles stand again; cars for those running dry.

    mains: bool (station,). faults: unrepaired power faults, (feeder, section).
    """
    lines = (state.line_cut | state.broken) & ~state.line_asked
    if lines.any():
        lines &= state.broken | (faults_on_the_way(place, faults) == 0)
    if lines.any():
        rows = np.flatnonzero(lines)
        work_s = np.where(state.broken[rows], params.station_repair_s, params.line_repair_s)
        crew = gang.ask(
            crew, gang.LINE, gang.TELECOM, rows, place.keys[rows], place.node[rows], _order(place, rows), now_s, work_s
        )
        state = changed(state, line_asked=state.line_asked | lines)
    left_s = state.battery_s * params.battery_life_factor
    wanted = ~mains & ~state.drowned & ((left_s < params.station_car_ask_s) | state.car_asked)
    if not np.array_equal(wanted, state.car_asked):
        crew = gang.release(crew, gang.STATION_CAR, np.flatnonzero(state.car_asked & ~wanted), now_s)
        rows = np.flatnonzero(wanted & ~state.car_asked)
        crew = gang.ask(
            crew, gang.STATION_CAR, gang.STATION_CARS, rows, place.keys[rows], place.node[rows],
            _order(place, rows), now_s, params.car_stay_s,
        )  # fmt: skip
        state = changed(state, car_asked=wanted)
    return state, crew


def _order(place: TelecomPlace, rows: Array) -> Array:
    """Halls and hospitals first, then by people served; 0 most urgent."""
    served = np.maximum(place.people[rows], 1.0)
    return np.where(place.hall[rows], 0, 1 + np.rint(np.maximum(100.0 - 10.0 * np.log(served), 0.0))).astype(np.int64)


def restore(state: Telecom, kind: Array, subject: Array) -> Telecom:
    """What finished line gangs mend."""
    rows = subject[kind == gang.LINE]
    if not rows.size:
        return state
    line_cut, broken, asked = state.line_cut.copy(), state.broken.copy(), state.line_asked.copy()
    line_cut[rows] = broken[rows] = asked[rows] = False
    return changed(state, line_cut=line_cut, broken=broken, line_asked=asked)


def coverage(up: Array, place: TelecomPlace, params: Params) -> Array:
    """Share of people in each cell whom some station still reaches, (cell,).

    Cells overlap: losing stations costs nobody until the remaining share falls below what full coverage needs.
    """
    if up.all():
        return np.ones(place.to_cell.shape[0])
    reached = place.weight > 0
    alive = place.to_cell @ up.astype(float)
    covered = np.minimum(alive / (params.coverage_needs_fraction * np.where(reached, place.weight, 1.0)), 1.0)
    return np.where(reached, covered, 1.0)


def completion(phone_load: Array, params: Params) -> Array:
    """Share of attempts that get through a loaded network: capacity / load, of which part is not congested at all."""
    through = 1.0 / np.maximum(phone_load, 1.0)
    return params.uncongested_fraction + (1.0 - params.uncongested_fraction) * through
