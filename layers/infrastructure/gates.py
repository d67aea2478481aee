"""Gates in levees and drainage pumps: who closes what in time, and which pump runs.

A tsunami warning closes gates at once, a rising river before the levee fills. Gates closed from afar need power;
the others need hands, and by the rule of 2012 people leave the coast when their time is up, whatever stands open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.infrastructure.power import SECTIONS
from twin.chance import Chance
from twin.params import Params
from twin.records import changed
from twin.world import World

Array = np.ndarray

GATE = 2  # kind of a levee segment
IDLE, REMOTE, HAND, TOO_LATE, LEFT, OPENING = range(6)
"""Mode of a gate: nobody asked; being or been closed from afar, by hand; by hands that have to go first; left open by
them; being opened again."""


@dataclass(frozen=True)
class GatePlace:
    """Gates (gate,): row among the levee segments, permanent key, town, cell (-1: none); and drainage pumps (pump,).

    pump_*: town, patch, feeder and its section; own_s: running time of the pump station's own generator.
    """

    row: Array
    keys: Array
    municipality: Array
    cell: Array
    n_levee: int
    pump_municipality: Array
    pump_patch: Array
    pump_feeder: Array
    pump_section: Array
    own_s: Array
    capacity_m3_per_s: Array


@dataclass(frozen=True)
class Gates:
    """Gates (gate,): mode, due_s: end of the closing or opening under way, orders: closings ordered so far.
    Pumps (pump,): left_s: of its generator, dark_s: how long it has stood still, power: share it runs at.
    open: open share of each levee segment, (levee,).
    """

    mode: Array
    due_s: Array
    orders: Array
    open: Array
    left_s: Array
    dark_s: Array
    power: Array


def prepare(world: World) -> GatePlace:
    """Constants from levee segments and drainage pumps."""
    levee, pump = world["levee"], world["pump"]
    row = np.flatnonzero(levee["kind"] == GATE)
    return GatePlace(
        row=row,
        keys=levee.keys[row],
        municipality=levee["municipality"][row].astype(np.int64),
        cell=levee["cell"][row].astype(np.int64),
        n_levee=len(levee),
        pump_municipality=pump["municipality"].astype(np.int64),
        pump_patch=pump["patch"].astype(np.int64),
        pump_feeder=pump["feeder"].astype(np.int64),
        pump_section=(pump.keys >> 7) % SECTIONS,
        own_s=pump["generator_s"].astype(float),
        capacity_m3_per_s=np.maximum(pump["capacity_m3_per_s"].astype(float), 1e-9),
    )


def start(place: GatePlace) -> Gates:
    """All gates open, all pumps ready with full tanks."""
    whole = np.zeros(len(place.row), np.int64)
    open_ = np.zeros(place.n_levee)
    open_[place.row] = 1.0
    none = np.zeros(len(place.own_s))
    return Gates(np.zeros(len(place.row), np.int8), whole, whole, open_, place.own_s.copy(), none, none + 1.0)


def operate(
    gates: Gates, place: GatePlace, params: Params, chance: Chance, warned: tuple[Array, Array], lit: Array, now_s: int
) -> Gates:
    """Close gates where a warning came into force, open them again some time after it was lifted.

    warned: (tsunami warning 0 to 2, flood warning level 0 to 5), each (municipality,). lit: share of households with
    electricity, (cell,). The same object without news.
    """
    if not place.row.size:
        return gates
    wave, river = (level[place.municipality] for level in warned)
    called = (wave >= 1.0) | (river >= params.gate_flood_level)
    newly = called & ((gates.mode == IDLE) | (gates.mode == OPENING))
    if newly.any():
        gates = _order(gates, place, params, chance, newly, wave >= 1.0, lit, now_s)
    gates = _release(gates, params, called, now_s)
    gone = (gates.mode == TOO_LATE) & (gates.due_s <= now_s)
    if gone.any():
        gates = changed(gates, mode=np.where(gone, LEFT, gates.mode).astype(np.int8))
    open_ = np.zeros(place.n_levee)
    open_[place.row] = is_open(gates, now_s)
    return gates if np.array_equal(open_, gates.open) else changed(gates, open=open_)


def _release(gates: Gates, params: Params, called: Array, now_s: int) -> Gates:
    """Shut gates nobody needs shut any more are opened after a while; those that stand open are just let be."""
    over = ~called & (gates.mode != IDLE) & (gates.mode != OPENING)
    if over.any():
        mode = np.where(over, np.where(is_open(gates, now_s), IDLE, OPENING), gates.mode)
        due_s = np.where(over, now_s + int(params.gate_reopen_s), gates.due_s)
        gates = changed(gates, mode=mode.astype(np.int8), due_s=due_s)
    back = (gates.mode == OPENING) & (gates.due_s <= now_s)
    return changed(gates, mode=np.where(back, IDLE, gates.mode).astype(np.int8)) if back.any() else gates


def is_open(gates: Gates, now_s: int) -> Array:
    """Gates that let water through, bool (gate,): a gate counts as open until it is wholly shut."""
    under_way = ((gates.mode == REMOTE) | (gates.mode == HAND)) & (gates.due_s > now_s)
    return (gates.mode == IDLE) | (gates.mode == TOO_LATE) | (gates.mode == LEFT) | under_way


def closing(
    place: GatePlace, params: Params, chance: Chance, orders: Array, hurried: Array, lit: Array
) -> tuple[Array, Array]:
    """(mode, seconds until it is shut or given up) of closing each gate; arrays (gate,).

    orders: closings so far. hurried: a tsunami is coming: hands must be gone after `gate_hand_limit_s`, and a gate
    they cannot shut by then is left open. A gate closed from afar falls to hands when it has no power.
    """
    at_cell = np.where(place.cell >= 0, lit[np.maximum(place.cell, 0)], 1.0)
    powered = chance.uniform("infrastructure.gate_power", place.keys) < np.maximum(at_cell, params.gate_backup_fraction)
    remote = powered & (chance.uniform("infrastructure.gate_remote", place.keys) < params.gate_remote_fraction)
    wait_s = params.gate_wait_s * chance.uniform("infrastructure.gate_wait", place.keys, orders)
    luck = chance.normal("infrastructure.gate_hand", place.keys, orders)
    hand_s = params.gate_hand_s * np.exp(params.gate_hand_spread * luck)
    late = ~remote & hurried & (hand_s > params.gate_hand_limit_s)
    mode = np.where(remote, REMOTE, np.where(late, TOO_LATE, HAND))
    hand_s = np.where(late, params.gate_hand_limit_s, hand_s)
    return mode, np.ceil(np.where(remote, params.gate_remote_s + wait_s, hand_s)).astype(np.int64)


def _order(
    gates: Gates, place: GatePlace, params: Params, chance: Chance, newly: Array, hurried: Array, lit: Array, now_s: int
) -> Gates:
    """The gates with closings newly begun; one still being opened has stayed shut."""
    mode, needed_s = closing(place, params, chance, gates.orders, hurried, lit)
    shut = gates.mode == OPENING
    mode, needed_s = np.where(shut, HAND, mode), np.where(shut, 0, needed_s)
    return changed(
        gates,
        mode=np.where(newly, mode, gates.mode).astype(np.int8),
        due_s=np.where(newly, now_s + needed_s, gates.due_s),
        orders=gates.orders + newly,
    )


def run_pumps(gates: Gates, place: GatePlace, params: Params, on: Array, drowned: Array, dt_s: int) -> Gates:
    """Drainage pumps over a step: mains, else their own generator, else pump cars; none of it under water.

    on: energised feeder sections, bool (feeder, section). drowned: bool (pump,). The own tank fills again on mains.
    """
    if not place.own_s.size:
        return gates
    mains = ((place.pump_feeder < 0) | on[np.maximum(place.pump_feeder, 0), place.pump_section]) & ~drowned
    burning = ~mains & ~drowned
    left_s = np.where(mains, place.own_s, np.where(burning, np.maximum(gates.left_s - dt_s, 0.0), gates.left_s))
    runs = mains | (burning & (left_s > 0.0))
    dark_s = np.where(runs, 0.0, gates.dark_s + dt_s)
    cars = np.minimum(params.pump_cars_units * params.pump_car_m3_per_s / place.capacity_m3_per_s, 1.0)
    power = np.where(runs, 1.0, np.where(dark_s > params.pump_cars_after_s, cars, 0.0))
    if np.array_equal(left_s, gates.left_s) and np.array_equal(dark_s, gates.dark_s):
        return gates
    power = gates.power if np.array_equal(power, gates.power) else power
    return changed(gates, left_s=left_s, dark_s=dark_s, power=power)
