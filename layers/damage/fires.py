"""Fires: how they start, who puts them out at once, how they spread from house to house, how crews end them.

A fire is one row of a table. It burns houses one after the other up to a limit set by gaps between houses,
slower when crews hold it, and ends when crews have worked long enough or when it has burnt out. Where its burnt
ground, drawn out by the wind, touches the border of the cell it may go on in the next one, as a row of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from twin.chance import Chance
from twin.numerics import fire_spread
from twin.params import Params
from twin.table import Table

Array = np.ndarray
BY_SHAKING, BY_POWER, BY_NEIGHBOUR = 0, 1, 2
MOST_BORDERS = 16
TABLE_ROWS = 201
BORDER_REACH = 1.25  # of a cell's mean side: finds the four cells across a border and not those across a corner
SUB_STEP_S = 300
M2_PER_KM2 = 1e6


def no_fires() -> Table:
    """An empty table of fires.

    cell; number (of the ignition in its cell and cause); cause; ignite_s; burning (0/1); burnt and limit
    (buildings, burnt grows continuously); work_s (crew seconds done); spent_s (since the limit was reached); tried
    (borders of the cell the fire has met, one bit each).
    """
    return Table.empty(
        cell="int64", number="int64", cause="int64", ignite_s="int64", burning="int64",
        burnt="float64", limit="float64", work_s="float64", spent_s="float64", tried="int64",
    )  # fmt: skip


def ignition_rate(intensity: Array, local_hour: float, params: Params) -> Array:
    """Ignitions per building by shaking, falls by a power of ten per `1 / slope` in intensity; 0 below 5-lower."""
    by_hour = params.ignition_hour_factor[int(local_hour // 3.0)]
    electric = 1.0 - params.electric_share * params.seismic_breaker_share * params.breaker_effect
    rate = 10.0 ** (params.ignition_log10 + params.ignition_slope * (intensity - 6.0)) * by_hour * electric
    return np.where(intensity >= params.ignition_least_intensity, rate, 0.0)


def shaking_ignitions(buildings: Array, collapsed_new: Array, rate: Array, local_hour: float, params: Params) -> Array:
    """Expected ignitions of a shock (cell,): in standing buildings and in newly collapsed ones."""
    by_hour = params.ignition_hour_factor[int(local_hour // 3.0)]
    return buildings * rate + collapsed_new * params.collapse_ignition_fraction * by_hour


def power_ignitions(reenergised_customers: Array, damaged_fraction: Array, params: Params) -> Array:
    """Expected ignitions when supply returns to damaged houses (cell,); breakers and inspection cut them."""
    off = params.seismic_breaker_share * params.breaker_effect
    return reenergised_customers * damaged_fraction * params.reenergising_ignition_fraction * (1.0 - off)


@dataclass(frozen=True)
class Ignitions:
    """New ignitions of one cause: cells, number of earlier ones there, how many more; all (row,)."""

    cells: Array
    first_number: Array
    count: Array
    cause: int


def kindle(fires: Table, new: Ignitions, now_s: int, keys: Array, params: Params, chance: Chance) -> Table:
    """Add new ignitions to the table; they flare up after a drawn delay. keys (cell,)."""
    repeat = np.repeat(np.arange(new.cells.size), new.count.astype(np.int64))
    if not repeat.size:
        return fires
    within = np.arange(repeat.size) - np.searchsorted(repeat, repeat)
    number = new.first_number[repeat].astype(np.int64) + within
    cell = new.cells[repeat]
    mean_s = params.ignition_delay_s if new.cause == BY_SHAKING else params.power_ignition_delay_s
    delay_s = chance.exponential(f"damage.ignition_delay_{new.cause}", keys[cell], mean_s, number)
    return fires.append(
        cell=cell, number=number, cause=new.cause, ignite_s=now_s + delay_s.astype(np.int64), burning=0,
        burnt=0.0, limit=0.0, work_s=0.0, spent_s=0.0, tried=0,
    )  # fmt: skip


def put_out_at_once(
    fires: Table, flaring: Array, first_response: Array, keys: Array, params: Params, chance: Chance
) -> Array:
    """Which flaring fires residents put out before they grow (fire,)."""
    cell = fires["cell"]
    able = np.minimum(first_response[cell] / params.first_response_reference, 1.0)
    u = chance.uniform("damage.first_extinguishing", keys[cell], _name(fires, slice(None)))
    return flaring & (u < params.first_extinguishing_fraction * able)


def spread_limit(fires: Table, spread_chance: Array, keys: Array, chance: Chance) -> Array:
    """Houses a fire can reach before a gap stops it: geometric in the chance that it jumps to the next one."""
    u = chance.uniform("damage.fire_limit", keys[fires["cell"]], _name(fires, slice(None)))
    return 1.0 + np.floor(np.log(u) / np.log(np.clip(spread_chance[fires["cell"]], 1e-9, 0.999)))


def jump_chance(wood_per_m2: Array, wind_m_per_s: ArrayLike, params: Params) -> Array:
    """Chance that fire jumps to the next house: density of wooden houses, raised by wind (cell,)."""
    calm = params.jump_chance_dense * np.minimum(wood_per_m2 * M2_PER_KM2 / params.dense_wood_per_km2, 1.0)
    return 1.0 - (1.0 - calm) ** (1.0 + np.asarray(wind_m_per_s) / params.jump_wind_m_per_s)


@dataclass(frozen=True)
class Defence:
    """What stands against each fire (fire,): crews at work, share of piped water, share of adults who can help."""

    crews: Array
    water_fraction: Array
    first_response: Array


def burn(fires: Table, dt_s: Array, against: Defence, wind_m_per_s: float, params: Params) -> Table:
    """Advance burning fires by `dt_s` each (fire,): spread, hold, put out; rows that are out get burning = 0.

    Residents slow a fire, crews hold it and put it out. Sub-steps of at most 300 s.
    """
    burnt, work_s, spent_s = (fires[name].copy() for name in ("burnt", "work_s", "spent_s"))
    burning = fires["burning"] > 0
    useful = against.crews * (params.dry_crew_fraction + (1.0 - params.dry_crew_fraction) * against.water_fraction)
    able = np.minimum(against.first_response / params.first_response_reference, 1.0)
    slowed = params.residents_hold_fraction * able * against.water_fraction
    hold = 1.0 - (1.0 - slowed) * (1.0 - np.minimum(useful / params.crews_to_hold, 1.0))
    speed = (1.0 + wind_m_per_s / params.speed_wind_m_per_s) / params.house_burn_s
    n_sub = max(1, int(np.ceil(dt_s.max(initial=0.0) / SUB_STEP_S)))
    for _ in range(n_sub):
        sub_s = np.where(burning, dt_s / n_sub, 0.0)
        burnt = np.minimum(burnt + sub_s * speed * (1.0 - hold), fires["limit"])
        work_s = work_s + sub_s * useful
        spent_s = np.where(burnt >= fires["limit"], spent_s + sub_s, 0.0)
        out = (work_s >= params.crew_per_house_s * np.maximum(burnt, 1.0)) | (spent_s >= params.burn_out_s)
        burning = burning & ~out
    return fires.with_columns(burnt=burnt, work_s=work_s, spent_s=spent_s, burning=burning.astype(np.int64))


def whole_houses(burnt: Array, params: Params) -> Array:
    """Houses lost: a house counts when more than `house_lost_fraction` of it has burnt; same shape."""
    return np.floor(burnt + 1.0 - params.house_lost_fraction)


def neighbours(x_m: Array, y_m: Array, area_m2: Array) -> fire_spread.Graph:
    """Which cells share a border; cells of a mesh, by centre and area (cell,)."""
    return fire_spread.near_graph(x_m, y_m, BORDER_REACH * float(np.sqrt(area_m2.max(initial=0.0))))


@dataclass(frozen=True)
class Wind:
    """Mean wind: its speed and where it comes from, clockwise from north; NaN: no direction is known."""

    speed_m_per_s: float
    from_deg: float = np.nan


def through_border(felt_m_per_s: ArrayLike, params: Params) -> Array:
    """Share of fire that the road between two cells lets through, by the wind felt towards it."""
    return fire_spread.openness(params.border_road_m, felt_m_per_s)


@dataclass(frozen=True)
class Land:
    """Where fires may go on: cells that share borders, and what the wind makes of them."""

    borders: fire_spread.Graph
    keys: Array  # (cell,)
    house_m2: Array  # (cell,) ground that one burnt house takes
    jump: Array  # (cell,) see `jump_chance`
    over: Array  # (edge,) chance that a fire at the border goes on in the next cell
    stretch: Array  # (edge,) see `fire_spread.front_stretch`


def land(borders: fire_spread.Graph, keys: Array, wood_per_m2: Array, wind: Wind, params: Params) -> Land:
    """The cells under this wind. Fire runs where houses stand close, so a burnt one takes no more than its share.

    Burnt ground is drawn out with the wind, and gaps at a border are crossed by the wind felt towards it. Without a
    known direction it is a circle, and every border feels the whole wind.
    """
    speed = wind.speed_m_per_s
    house_m2 = 1.0 / np.maximum(wood_per_m2, 1.0 / params.burnt_ground_m2)
    felt, stretch = np.full(borders.target.size, speed), np.ones(borders.target.size)
    if np.isfinite(wind.from_deg):
        along = fire_spread.along_wind(borders.east, borders.north, wind.from_deg)
        felt, stretch = fire_spread.felt_wind_m_per_s(along, speed), _stretch(along, speed, params)
    over = jump_chance(wood_per_m2[borders.target], felt, params) * through_border(felt, params)
    return Land(borders, keys, house_m2, jump_chance(wood_per_m2, speed, params), over, stretch)


def _stretch(along: Array, wind_m_per_s: float, params: Params) -> Array:
    """`front_stretch` of each border, read off a table: a region has thousands of them."""
    town = fire_spread.Town(params.house_side_m, params.house_gap_m, params.resistant_fraction)
    speeds = (float(speed) for speed in fire_spread.hamada_m_per_s(town, wind_m_per_s))
    table = np.linspace(-1.0, 1.0, TABLE_ROWS)
    return np.interp(along, table, fire_spread.front_stretch(table, *speeds))


def grown(fires: Table, burnt_before: Array) -> Array:
    """Rows of the fires that burnt one more whole house down in this step; burnt_before (fire,)."""
    return np.flatnonzero(np.floor(fires["burnt"]) > np.floor(burnt_before))


def over_borders(
    fires: Table, burnt_before: Array, place: Land, now_s: int, chance: Chance
) -> tuple[Table, Table, Array]:
    """Fires that go on across borders: the fires with the borders met marked, new rows, and cells they came from.

    burnt_before: houses burnt at the start of the step (fire,). A border is tried once, when a fire that grows has
    burnt ground that reaches it under the wind of the step, with the chance to jump to the next house there. Cells
    that burn already catch no second fire this way. There is something to do only where `grown` finds a fire.
    """
    row, edge = _touched(fires, burnt_before, place, chance)
    tried = fires["tried"].copy()
    np.bitwise_or.at(tried, row, _bit(fires, row, edge, place))
    source, cell = fires["cell"][row], place.borders.target[edge].astype(np.int64)
    name = MOST_BORDERS * _name(fires, row) + edge - place.borders.first[source]
    caught = chance.uniform("damage.fire_over_border", place.keys[source], name) < place.over[edge]
    caught &= ~np.isin(cell, fires["cell"][fires["burning"] > 0])
    cell, first = np.unique(cell[caught], return_index=True)
    source, name = source[caught][first], name[caught][first]
    number = np.floor(chance.uniform("damage.fire_number", place.keys[source], name) * 2.0**31).astype(np.int64)
    blank = np.zeros(cell.size)
    fresh = no_fires().append(
        cell=cell, number=number, cause=BY_NEIGHBOUR, ignite_s=now_s, burning=1, burnt=blank, limit=blank,
        work_s=blank, spent_s=blank, tried=0,
    )  # fmt: skip
    fresh = fresh.with_columns(limit=spread_limit(fresh, place.jump, place.keys, chance))
    return fires.with_columns(tried=tried), fresh, source


def _bit(fires: Table, row: Array, edge: Array, place: Land) -> Array:
    """The mark of a border in the column `tried`."""
    return np.left_shift(1, edge - place.borders.first[fires["cell"][row]])


def _touched(fires: Table, burnt_before: Array, place: Land, chance: Chance) -> tuple[Array, Array]:
    """Growing fires (rows) and borders (edges of the graph) that their burnt ground reaches, not met before.

    A fire starts at a drawn place of its cell; its burnt ground is as large as the houses that burnt.
    """
    larger = grown(fires, burnt_before)
    cell = fires["cell"][larger]
    many = place.borders.first[cell + 1] - place.borders.first[cell]
    row = np.repeat(larger, many)
    edge = np.arange(row.size) + np.repeat(place.borders.first[cell] - np.cumsum(many) + many, many)
    keys, name = place.keys[cell], _name(fires, larger)
    east, north = (np.repeat(chance.uniform(f"damage.fire_{axis}", keys, name) - 0.5, many) for axis in ("x", "y"))
    gap_m = place.borders.distance_m[edge] * (0.5 - east * place.borders.east[edge] - north * place.borders.north[edge])
    radius_m = gap_m / place.stretch[edge]  # of a circle as large as the burnt ground that reaches the border
    houses = np.pi * radius_m**2 / place.house_m2[fires["cell"][row]]
    reached = (np.floor(fires["burnt"][row]) >= houses) & (fires["tried"][row] & _bit(fires, row, edge, place) == 0)
    return row[reached], edge[reached]


def _name(fires: Table, row: Array | slice) -> Array:
    """What tells the fires of one cell apart."""
    return 2 * fires["number"][row] + fires["cause"][row]
