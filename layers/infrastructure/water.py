"""Water supply: pipes break, tanks empty, zones are refilled, leaks show on refilling, and the cycle starts again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from layers.infrastructure import crews as gang
from layers.infrastructure.counts import poisson_quantile
from layers.infrastructure.crews import Crews
from twin.chance import Chance
from twin.params import Params
from twin.records import changed
from twin.world import World

Array = np.ndarray

PRESSURISED, EMPTY, REFILLING = range(3)
"""Phase of a zone. Empty zones are repaired where breaks are seen, then refilled; only pressure shows hidden leaks."""


@dataclass(frozen=True)
class WaterPlace:
    """Zones. from_cell: (zone, cell) weighted mean; zone_of_cell: (cell,), -1 none. pipe_km: (zone, class)."""

    keys: Array
    households: Array
    municipality: Array
    node: Array
    tank_s: Array
    pipe_km: Array
    feeder: Array
    cell: Array
    from_cell: sparse.csr_matrix
    to_cell: sparse.csr_matrix
    covered: Array  # (cell,) 1 where a zone serves the cell
    people: Array


@dataclass(frozen=True)
class Water:
    """Per zone: phase; level_s: water in the tank as seconds of normal demand; known: breaks seen and queued;
    hidden: breaks not yet seen; breaks_ever: all made so far; surveyed: 0 no need, 1 asked, 2 done;
    due_s: end of refilling; turbid_until_s: no drinking before; cycles: refillings so far.
    hidden_owed: expected finds not yet a whole leak. connected, served, drinkable: what `supply` found last.
    """

    phase: Array
    level_s: Array
    known: Array
    hidden: Array
    breaks_ever: Array
    surveyed: Array
    due_s: Array
    turbid_until_s: Array
    cycles: Array
    hidden_owed: Array
    pgv_max_m_per_s: Array
    connected: Array
    served: Array
    drinkable: Array


def prepare(world: World) -> WaterPlace:
    """Constants from zones and the carriers between cells and zones."""
    zone, cell = world["water_zone"], world["cell"]
    to_cell = world.carriers["water_zone_to_cell"].matrix.tocsr()
    return WaterPlace(
        keys=zone.keys,
        households=zone["households"].astype(float),
        municipality=zone["municipality"],
        node=np.maximum(cell["node"][np.maximum(zone["cell"], 0)], 0),
        tank_s=zone["tank_s"].astype(float),
        pipe_km=zone["pipe_m"] / 1000.0,
        feeder=zone["feeder"],
        cell=zone["cell"],
        from_cell=world.carriers["cell_to_water_zone_mean"].matrix.tocsr(),
        to_cell=to_cell,
        covered=np.asarray(to_cell.sum(axis=1)).ravel() > 0,
        people=cell["night_persons"].astype(float),
    )


def start(place: WaterPlace) -> Water:
    """Full tanks, sound pipes."""
    n = len(place.keys)
    whole = np.zeros(n, np.int64)
    nothing, full = np.zeros(n), np.ones(n)
    return Water(
        np.zeros(n, np.int8), place.tank_s.copy(), whole, whole, whole, np.zeros(n, np.int8), whole, whole, whole,
        nothing, nothing, full, full, full,
    )  # fmt: skip


def break_rate_per_km(pgv_m_per_s: Array, liquefied: Array, params: Params) -> Array:
    """Breaks per km of pipe of class factor 1: R(v) = a (v - 15)^b, v in cm/s (JWRC 2013), times the ground factor.

    The ground factor grows from 1 to its value for strong liquefaction with the liquefied share.
    """
    excess_cm_per_s = np.maximum(100.0 * pgv_m_per_s - params.pipe_break_from_cm_per_s, 0.0)
    ground = 1.0 + (params.pipe_liquefaction_factor - 1.0) * liquefied
    return params.pipe_break_scale * params.pipe_break_rate * excess_cm_per_s**params.pipe_break_power * ground


def shake(
    water: Water, place: WaterPlace, params: Params, chance: Chance, pgv: Array, liquefied: Array, now_s: int
) -> Water:
    """Breaks of a shock; arrays (cell,). A share is seen at once (water on the road), the rest stays hidden."""
    pgv_max = np.maximum(water.pgv_max_m_per_s, place.from_cell @ pgv)
    rate = break_rate_per_km(pgv_max, place.from_cell @ liquefied, params)
    mean = rate * (place.pipe_km @ params.pipe_class_factor)
    quantile = chance.uniform("infrastructure.pipe_break", place.keys)
    ever = np.maximum(poisson_quantile(quantile, mean), water.breaks_ever)
    fresh = ever - water.breaks_ever
    hidden = np.floor(fresh * params.hidden_leak_fraction + quantile).astype(np.int64)
    hidden = np.minimum(hidden, fresh)
    turbid = np.where(pgv_max > params.turbid_from_m_per_s, now_s + int(params.turbid_s), water.turbid_until_s)
    return changed(
        water,
        known=water.known + fresh - hidden,
        hidden=water.hidden + hidden,
        breaks_ever=ever,
        turbid_until_s=np.maximum(turbid, water.turbid_until_s),
        pgv_max_m_per_s=pgv_max,
    )


def leak_fraction(water: Water, place: WaterPlace, params: Params) -> Array:
    """Flow lost through open breaks as a share of the zone's normal demand, under normal pressure, (zone,)."""
    flow = (water.known + water.hidden) * params.leak_l_per_s
    return flow / np.maximum(place.households * params.demand_l_per_s_household, 1e-9)


def run(
    water: Water, place: WaterPlace, params: Params, pump_power: Array, span: tuple[int, int], hour: float
) -> Water:
    """Tanks, refilling and the finding of leaks over a step.

    pump_power: 0..1 (zone,). span: (start_s, end_s). hour: of the local day, for night cuts.
    """
    start_s, end_s = span
    active = water.phase != PRESSURISED
    active |= (water.known + water.hidden > 0) | (pump_power <= 0) | (water.level_s < place.tank_s)
    if not active.any():
        return water
    dt_s = end_s - start_s
    net = _net_supply(water, place, params, pump_power, hour)
    level_s = np.clip(water.level_s + net * dt_s, 0.0, place.tank_s)
    level_s = np.where(water.phase == PRESSURISED, level_s, water.level_s)
    phase, due_s, turbid = water.phase.copy(), water.due_s, water.turbid_until_s
    emptied = (phase == PRESSURISED) & (level_s <= 0.0)
    phase[emptied] = EMPTY
    filled = (water.phase == REFILLING) & (water.due_s <= end_s)
    phase[filled] = PRESSURISED
    level_s = np.where(filled, params.refilled_fraction * place.tank_s, level_s)
    turbid = np.where(filled, np.maximum(turbid, end_s + int(params.turbid_s)), turbid)
    water = changed(water, phase=phase, level_s=level_s, turbid_until_s=turbid, cycles=water.cycles + filled)
    water = _find(water, params, filled, dt_s)
    ready = (phase == EMPTY) & _can_refill(water, place, params) & (pump_power > 0) & (water.surveyed != 1)
    if ready.any():
        phase = np.where(ready, REFILLING, phase).astype(np.int8)
        due_s = np.where(ready, end_s + np.int64(params.refill_s), due_s)
        water = changed(water, phase=phase, due_s=due_s)
    return water


def _net_supply(water: Water, place: WaterPlace, params: Params, pump_power: Array, hour: float) -> Array:
    """Inflow less use and leaks, as a share of normal demand; leaks fall with the pressure as the tank empties."""
    inflow = np.where(pump_power > 0, params.source_capacity, 0.0)
    use = np.where(is_night_cut(water, place, params, hour), 0.0, 1.0)
    return inflow - use - leak_fraction(water, place, params)


def _can_refill(water: Water, place: WaterPlace, params: Params) -> Array:
    """The utility fills a zone again once the breaks it knows of leak less than it can spare."""
    known = water.known * params.leak_l_per_s / np.maximum(place.households * params.demand_l_per_s_household, 1e-9)
    return known <= params.refill_leak_fraction


def _find(water: Water, params: Params, filled: Array, dt_s: int) -> Water:
    """Under pressure hidden leaks come to light: a share when the zone fills up, then at a steady rate."""
    shown = np.where(filled, np.ceil(water.hidden * params.shown_on_refill_fraction), 0.0)
    left = water.hidden - shown
    steady = np.where(water.phase == PRESSURISED, left * -np.expm1(-dt_s / params.leak_listening_s), 0.0)
    owed = water.hidden_owed + steady
    whole = np.minimum(np.floor(owed), left)
    found = (shown + whole).astype(np.int64)
    if not found.any() and np.array_equal(owed, water.hidden_owed):
        return water
    return changed(water, known=water.known + found, hidden=water.hidden - found, hidden_owed=owed - whole)


def ask_repairs(
    water: Water, queued: Array, state: Crews, place: WaterPlace, params: Params, shelter: Array, now_s: int
) -> tuple[Water, Crews]:
    """Survey gangs for newly hit zones, then one leak gang for each known break not yet queued.

    queued: leak missions open per zone, (zone,).
    """
    need_survey = (water.surveyed == 0) & (water.known > 0)
    if need_survey.any():
        rows = np.flatnonzero(need_survey)
        order = _order(water, place, params, shelter, rows)
        state = gang.ask(
            state, gang.SURVEY, gang.WATER, rows, place.keys[rows], place.node[rows], order, now_s, params.survey_s
        )
        water = changed(water, surveyed=np.where(need_survey, 1, water.surveyed).astype(np.int8))
    more = np.where(water.surveyed == 2, water.known - queued, 0)
    if (more > 0).any():
        rows = np.repeat(np.arange(len(more)), np.maximum(more, 0))
        order = _order(water, place, params, shelter, rows) + 1
        work_s = params.crew_duty_s / params.leaks_per_crew_day
        state = gang.ask(
            state, gang.LEAK, gang.WATER, rows, place.keys[rows], place.node[rows], order, now_s, work_s
        )  # fmt: skip
    return water, state


def _order(water: Water, place: WaterPlace, params: Params, shelter: Array, rows: Array) -> Array:
    """Order of repair, 0 most urgent: households per known break, raised by the shelters of the town."""
    gain = (place.households / np.maximum(water.known, 1))[rows] * (
        1.0 + params.shelter_weight * shelter[place.municipality[rows]] / params.shelter_reference_persons
    )
    return np.rint(np.maximum(100.0 - 10.0 * np.log(np.maximum(gain, 1.0)), 0.0)).astype(np.int64)


def restore(water: Water, kind: Array, subject: Array) -> Water:
    """What finished missions bring: surveys open the repairs, repairs close one break each."""
    surveyed, leaks = subject[kind == gang.SURVEY], subject[kind == gang.LEAK]
    if surveyed.size:
        done = water.surveyed.copy()
        done[surveyed] = 2
        water = changed(water, surveyed=done)
    if leaks.size:
        closed = np.bincount(leaks, minlength=len(water.known))
        water = changed(water, known=np.maximum(water.known - closed, 0))
    return water


def is_night_cut(water: Water, place: WaterPlace, params: Params, hour: float) -> Array:
    """Zones whose utility shuts the water at night to let a low tank recover, bool (zone,)."""
    night = hour >= params.night_cut_from_h or hour < params.night_cut_to_h
    low = water.level_s < params.night_cut_level * place.tank_s
    return low & night & (water.phase == PRESSURISED)


def isolated_fraction(water: Water, place: WaterPlace, params: Params) -> Array:
    """Share of households behind a known open break in a zone under pressure: 1 / (1 + 0.307 R^-1.17) (Kawakami 1996).

    R: open known breaks per km of pipe. Tokyo 2022, p. 392.
    """
    per_km = water.known / np.maximum(place.pipe_km.sum(axis=1), 1e-9)
    return np.where(
        per_km > 0, 1.0 / (1.0 + params.kawakami_factor * np.maximum(per_km, 1e-9) ** -params.kawakami_power), 0.0
    )


def service(water: Water, place: WaterPlace, params: Params, hour: float) -> tuple[Array, Array]:
    """(share of households with pressure in the pipe, share of normal service now), each (zone,).

    Night cuts and low pressure lower the second only: published outage counts leave them out.
    """
    connected = np.where(water.phase == PRESSURISED, 1.0 - isolated_fraction(water, place, params), 0.0)
    low = np.where(water.level_s < params.night_cut_level * place.tank_s, params.low_pressure_service, 1.0)
    return connected, connected * np.where(is_night_cut(water, place, params, hour), 0.0, low)


def supply(water: Water, place: WaterPlace, params: Params, hour: float, now_s: int) -> Water:
    """The state with what people get now; arrays without news stay the same objects."""
    connected, served = service(water, place, params, hour)
    drinkable = ((water.turbid_until_s <= now_s) & (water.phase == PRESSURISED)).astype(float)
    fresh = {"connected": connected, "served": served, "drinkable": drinkable}
    news = {name: array for name, array in fresh.items() if not np.array_equal(array, getattr(water, name))}
    return changed(water, **news) if news else water


def leak_l_per_s(water: Water, place: WaterPlace, params: Params, n_municipality: int) -> Array:
    """Water lost through breaks under pressure, by town."""
    flow = np.where(water.phase == PRESSURISED, water.known + water.hidden, 0) * params.leak_l_per_s
    return np.bincount(place.municipality, flow, minlength=n_municipality)
