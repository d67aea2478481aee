"""Electricity: substations trip, lines break; supply returns by remote switching, by patrol, by repair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from layers.infrastructure import crews as gang
from layers.infrastructure.counts import poisson_quantile, probability
from layers.infrastructure.crews import Crews
from twin.chance import Chance
from twin.missions import NEVER_S
from twin.params import Params
from twin.records import changed
from twin.world import World

Array = np.ndarray

SECTIONS = 6
"""Sections a feeder can be cut into by its switches; a structure of the model, shapes of the state depend on it."""


@dataclass(frozen=True)
class PowerPlace:
    """Feeders and how they lie over cells. `weight`: (feeder, cell), rows sum to 1; `to_cell`: (cell, feeder)."""

    keys: Array
    section_keys: Array
    substation_keys: Array
    customers: Array
    municipality: Array
    substation: Array
    node: Array
    cell: Array
    substation_cell: Array
    poles: Array
    line_km: Array
    weight: sparse.csr_matrix
    to_cell: sparse.csr_matrix
    cell_customers: Array
    buildings: Array  # (cell,)


@dataclass(frozen=True)
class Power:
    """faults: unrepaired, int (feeder, section). faults_ever: made so far. asked: repair crews asked for, bool.

    live_from_s: instant from which the sound sections of a feeder are energised (NEVER_S: waits for a patrol).
    lost_fraction: share of the feeder's customers whose building is gone (they are not counted as out).
    damage_seen: sum over buildings lost at the last look, so that nothing is recomputed without news.
    on: sections energised at the last look, bool (feeder, section). out_customers: contracts then out, (feeder,).
    dark: its substation is drowned, bool (feeder,). cut_fraction: customers whose house connection is drowned.
    """

    faults: Array
    faults_ever: Array
    asked: Array
    live_from_s: Array
    pgv_max_m_per_s: Array
    lost_fraction: Array
    damage_seen: float
    on: Array
    out_customers: Array
    dark: Array
    cut_fraction: Array


def prepare(world: World) -> PowerPlace:
    """Constants from the world's feeders, substations and cells."""
    feeder, cell = world["feeder"], world["cell"]
    weight = world.carriers["cell_to_feeder"].matrix @ sparse.diags(np.maximum(cell["households"], 0.5))
    sums = np.asarray(weight.sum(axis=1)).ravel()
    weight = sparse.diags(1.0 / np.where(sums > 0, sums, 1.0)) @ weight
    section = np.arange(1, SECTIONS + 1, dtype=np.int64) * np.int64(0x5851F42D4C957F2D)
    return PowerPlace(
        keys=feeder.keys,
        section_keys=feeder.keys[:, None] ^ section,
        substation_keys=world["substation"].keys,
        customers=feeder["customers"].astype(float),
        municipality=feeder["municipality"],
        substation=feeder["substation"],
        node=feeder["node"],
        cell=feeder["cell"],
        substation_cell=world["substation"]["cell"],
        poles=feeder["poles"].astype(float),
        line_km=feeder["line_m"] / 1000.0,
        weight=sparse.csr_matrix(weight),
        to_cell=world.carriers["feeder_to_cell"].matrix.tocsr(),
        cell_customers=sparse.csr_matrix(weight).T @ feeder["customers"].astype(float),
        buildings=np.maximum(cell["buildings"].sum(axis=1), 1).astype(float),
    )


def start(place: PowerPlace) -> Power:
    """All feeders live and sound."""
    n = len(place.keys)
    empty = np.zeros((n, SECTIONS), np.int16)
    none = np.zeros((n, SECTIONS), bool)
    nothing = np.zeros(n)
    return Power(empty, empty, none, np.zeros(n, np.int64), nothing, nothing, 0.0, ~none, nothing, none[:, 0], nothing)


def shake(
    power: Power, place: PowerPlace, params: Params, chance: Chance, shock: tuple[Array, Array],
    lost: tuple[Array, Array], liquefied: Array, now_s: int,
) -> tuple[Power, Array]:  # fmt: skip
    """Trips and faults of a shock, or faults from buildings newly lost.

    shock: (intensity, PGV m/s), each (cell,), zeros without a shock. lost: (collapsed, burnt) buildings (cell,).
    Returns the state and the feeders that tripped, bool (feeder,).
    """
    intensity, pgv = shock
    pgv_max = np.maximum(power.pgv_max_m_per_s, place.weight @ pgv)
    collapsed, burnt = (place.weight @ (buildings / place.buildings) for buildings in lost)
    mean = expected_faults(place, params, pgv_max, collapsed, burnt, place.weight @ liquefied)
    flat = place.section_keys.ravel()
    quantile = chance.uniform("infrastructure.line_fault", flat).reshape(mean.shape[0], SECTIONS)
    weakness = chance.normal("infrastructure.line_weakness", flat).reshape(mean.shape[0], SECTIONS)
    weakness = np.exp(params.line_weakness_spread * (weakness - 0.5 * params.line_weakness_spread))
    ever = np.maximum(poisson_quantile(quantile, weakness * mean[:, None] / SECTIONS), power.faults_ever)
    fresh = ever - power.faults_ever
    tripped = trips(place, params, chance, intensity) | (fresh.any(axis=1))
    state = changed(
        power,
        faults=(power.faults + fresh).astype(np.int16),
        faults_ever=ever.astype(np.int16),
        live_from_s=np.where(tripped, _relive_s(place, params, chance, now_s), power.live_from_s),
        pgv_max_m_per_s=pgv_max,
        lost_fraction=np.minimum(collapsed + burnt, 1.0),
        damage_seen=float(lost[0].sum() + lost[1].sum()),
    )
    return state, tripped


def expected_faults(
    place: PowerPlace, params: Params, pgv_m_per_s: Array, collapsed: Array, burnt: Array, liquefied: Array
) -> Array:
    """Mean number of line faults of each feeder; all arrays (feeder,), fractions 0..1.

    Poles broken by falling houses: 0.17155 x share of wooden houses collapsed (Tokyo 2022, p. 387). Shaking breaks
    wires and insulators with a power of PGV; settled ground adds a little.
    """
    excess = np.maximum(pgv_m_per_s - params.wire_fault_from_m_per_s, 0.0)
    shaken = params.wire_faults_per_km * excess**params.wire_fault_power
    poles = params.pole_break_per_collapse * collapsed + burnt + params.pole_break_per_liquefaction * liquefied
    return place.line_km * shaken + place.poles * poles


def trips(place: PowerPlace, params: Params, chance: Chance, intensity: Array) -> Array:
    """Feeders that lose supply at once without being broken: relays of substations and of feeders, bool (feeder,)."""
    if not intensity.any():
        return np.zeros(len(place.keys), bool)
    at_substation = probability(intensity[place.substation_cell], params.substation_trip_intensity, params.trip_spread)
    at_feeder = probability(place.weight @ intensity, params.feeder_trip_intensity, params.trip_spread)
    substation = chance.uniform("infrastructure.substation_trip", place.substation_keys) < at_substation
    return substation[place.substation] | (chance.uniform("infrastructure.feeder_trip", place.keys) < at_feeder)


def _relive_s(place: PowerPlace, params: Params, chance: Chance, now_s: int) -> Array:
    """When a tripped feeder's sound sections return: soon by remote switching, or only after a patrol."""
    remote = chance.uniform("infrastructure.remote_switch", place.keys) < params.remote_switch_fraction
    delay_s = chance.exponential("infrastructure.switch_time", place.keys, params.remote_switch_s)
    return np.where(remote, now_s + np.ceil(delay_s).astype(np.int64), NEVER_S)


def ask_patrols(
    state: Crews, place: PowerPlace, params: Params, tripped: Array, power: Power, shelter: Array, now_s: int
) -> Crews:
    """Patrols for feeders that tripped and cannot be switched from afar; those on their way go on."""
    under_way = np.zeros(len(place.keys), bool)
    under_way[state.subject[state.missions.kind == gang.PATROL]] = True
    rows = np.flatnonzero(tripped & (power.live_from_s == NEVER_S) & ~under_way)
    order = priority(place.customers[rows], shelter[place.municipality[rows]], params)
    return gang.ask(
        state, gang.PATROL, gang.POWER, rows, place.keys[rows], place.node[rows], order, now_s, params.patrol_s
    )


def priority(customers: Array, shelter_persons: Array, params: Params) -> Array:
    """Order of restoration, 0 most urgent: the customers a job brings back, and the shelter load of its town.

    Logarithmic, so that jobs within about 10 % of each other are served in the order they were asked for.
    """
    gain = customers * (1.0 + params.shelter_weight * shelter_persons / params.shelter_reference_persons)
    return np.rint(np.maximum(100.0 - 10.0 * np.log(np.maximum(gain, 1.0)), 0.0)).astype(np.int64)


def restore(power: Power, kind: Array, subject: Array, now_s: int) -> Power:
    """What finished missions bring back: patrols re-close feeders, repairs mend sections."""
    patrolled = subject[kind == gang.PATROL]
    mended = subject[kind == gang.FAULT]
    if patrolled.size:
        live_from_s = power.live_from_s.copy()
        live_from_s[patrolled] = np.minimum(live_from_s[patrolled], now_s)
        power = changed(power, live_from_s=live_from_s)
    if mended.size:
        faults, asked = power.faults.copy(), power.asked.copy()
        faults.reshape(-1)[mended] = 0
        asked.reshape(-1)[mended] = False
        power = changed(power, faults=faults, asked=asked)
    return power


def ask_repairs(
    power: Power, state: Crews, place: PowerPlace, params: Params, shelter: Array, now_s: int
) -> tuple[Power, Crews]:
    """Repair gangs for faulted sections that have been located: the patrol or the switches have found them."""
    located = power.live_from_s + int(params.locate_s) <= now_s
    wanted = (power.faults > 0) & ~power.asked & located[:, None]
    if not wanted.any():
        return power, state
    feeder, _ = np.nonzero(wanted)
    rows = np.flatnonzero(wanted.reshape(-1))
    faults = power.faults.reshape(-1)[rows].astype(float)
    need = np.clip(np.ceil(faults / params.faults_per_gang), 1, params.gangs_per_section).astype(np.int64)
    work_s = params.fault_repair_s * faults / need
    order = priority(place.customers[feeder] / SECTIONS / faults, shelter[place.municipality[feeder]], params)
    keys = place.section_keys.reshape(-1)[rows]
    state = gang.ask(state, gang.FAULT, gang.POWER, rows, keys, place.node[feeder], order, now_s, work_s, need)
    return changed(power, asked=power.asked | wanted), state


def supply(power: Power, before: Power, place: PowerPlace, now_s: int) -> Power:
    """The state with what is energised now, and the contracts out without those whose building is gone.

    before: the state at the last look; without news since, its arrays are kept.
    """
    on = ((power.live_from_s <= now_s) & ~power.dark)[:, None] & (power.faults == 0)
    if np.array_equal(on, before.on):
        on = before.on
        if power.lost_fraction is before.lost_fraction and power.cut_fraction is before.cut_fraction:
            return power
    out = place.customers * (1.0 - on.mean(axis=1) * (1.0 - power.cut_fraction)) * (1.0 - power.lost_fraction)
    return changed(power, on=on, out_customers=out)
