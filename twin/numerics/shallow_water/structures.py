"""Works acting in a step: water over crests, through breaches and gates, by pumps and into drains, all booked.

Water crosses a segment by Honma's weir formula (0.35 free, 0.91 submerged; nippon.zaidan.info 1997/01267/008):
over the crest, through a breach over its invert, through an open gate over its sill. What leaves one cell enters
another, and no more than would level the two, shared by the links of a cell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from twin.errors import ParameterError
from twin.numerics.shallow_water.basin import DRY_DEPTH_M, GRAVITY_M_PER_S2, Array, Basin, Fields, State, refuse
from twin.numerics.shallow_water.breach import open_width_m
from twin.numerics.shallow_water.works import Drains, Setting, Works, inside

FREE, SUBMERGED = 0.35, 0.91  # Honma: C and 2.6 C
ROOT_2G = (2 * GRAVITY_M_PER_S2) ** 0.5
ALMOST = 1 - 1e-12  # rounding never draws a cell below zero


def honma_m2_per_s(over_upstream_m: Array, over_downstream_m: Array) -> Array:
    """Discharge per metre of weir; depths above the crest upstream (the higher) and downstream, both >= 0.

    Free: 0.35 h1 sqrt(2 g h1); from h2/h1 = 2/3 on submerged: 0.91 h2 sqrt(2 g (h1 - h2)).
    """
    free = FREE * ROOT_2G * over_upstream_m * np.sqrt(over_upstream_m)
    drowned = SUBMERGED * ROOT_2G * over_downstream_m * np.sqrt(over_upstream_m - over_downstream_m)
    return np.where(1.5 * over_downstream_m >= over_upstream_m, drowned, free)


class Moved(NamedTuple):
    """Water one step moved, m3: across barriers (net, towards the protected side), by pumps (of it out), drained."""

    crossed_m3: float = 0.0
    pumped_m3: float = 0.0
    pumped_out_m3: float = 0.0
    drained_m3: float = 0.0


class Ways(NamedTuple):
    """Every way water can take, arrays (way,): crests of all segments, then breaches, gates and running pumps.

    `giver`, `taker`: places in the cells of the works. `floor_m`: level from which it works. `rate`: width in m of an
    opening (a breach: its final width), m3/s of a pump. `share`: part of a cell's water that one of its ways may move.
    """

    giver: Array
    taker: Array
    floor_m: Array
    rate: Array
    share: Array
    segment: Array  # of the ways before the pumps
    breached: Array  # segments
    n_opening: int  # ways before the pumps


@dataclass(frozen=True)
class Structures:
    """Works with the setting that holds for one call of `advance`; goes into `Sources.structures`."""

    works: Works
    setting: Setting = field(default_factory=Setting)

    @cached_property
    def _ways(self) -> Ways:
        works, setting, barriers, n = self.works, self.setting, self.works.barriers, self.works.n_segment
        gate_m = setting.gate_open_fraction * barriers.gate_width_m
        breached, gated = np.flatnonzero(~np.isnan(setting.breach_start_s)), np.flatnonzero(gate_m)
        pumping = np.flatnonzero(setting.pump_running_fraction * works.pumps.capacity_m3_per_s)
        link = np.concatenate((np.arange(n), breached, gated, n + pumping))
        giver, taker = works.giver[link], works.taker[link]
        sill_m = np.concatenate((setting.crest_m, barriers.invert_m[breached], np.asarray(barriers.sill_m)[gated]))
        floor_m = np.maximum(sill_m, works.ground_m[link[: sill_m.size]])
        start_m = np.maximum(works.pumps.start_level_m[pumping], works.bed_m[works.giver[n + pumping]])
        power = (works.pumps.capacity_m3_per_s * setting.pump_running_fraction)[pumping]
        width_m = np.concatenate((barriers.length_m - gate_m, setting.breach_width_m[breached], gate_m[gated]))
        ends = np.bincount(np.append(giver, taker), minlength=works.bed_m.size + 1)
        ends[-1] = 1  # outside takes anything
        share = ALMOST / np.maximum(ends[giver], ends[taker])
        rate = np.append(width_m, power)
        return Ways(giver, taker, np.append(floor_m, start_m), rate, share, link[: sill_m.size], breached, sill_m.size)

    def cells(self) -> tuple[Array, Array]:
        """Rows and columns of every cell that segments and pumps touch."""
        return self.works.cell_row, self.works.cell_column

    def check(self, basin: Basin) -> None:
        """Raises ParameterError where works and basin, or setting and works, do not fit."""
        works, setting, n_pump = self.works, self.setting, self.works.pumps.row.size
        fits = inside(basin, *self.cells()).all()
        if not (fits and np.array_equal(basin.bed_m[self.cells()].astype(float), works.bed_m)):
            raise ParameterError("structures: made for a basin with another bed; make the works again (make_works)")
        for name, value in vars(setting).items():
            wanted = n_pump if name == "pump_running_fraction" else works.n_segment
            if value.shape != (wanted,):
                raise ParameterError(f"{name}: shape {value.shape}, the works need ({wanted},)")
            if name != "breach_start_s":
                refuse(~np.isfinite(value), name, "no number")
            if name.endswith("fraction"):
                refuse((value < 0) | (value > 1), name, "a fraction outside 0 to 1")
        wide = (setting.breach_width_m < 0) | (setting.breach_width_m > works.barriers.length_m)
        refuse(wide, "breach_width_m", "wider than its segment or below 0 (open_breach spreads it over several)")
        empty = ~np.isnan(setting.breach_start_s) & (setting.breach_width_m == 0)
        refuse(empty, "breach_width_m", "a breach without a width")

    def discharge_m3_per_s(self, state: State) -> Array:
        """What crosses each segment at this instant, (segment,), > 0 towards the protected side."""
        ways, n = self._ways, self.works.n_segment
        level_m = self.works.bed_m + state.depth_m[self.cells()]
        which, flow, _ = self._openings(level_m, state.time_s)
        return np.bincount(ways.segment[which], flow, n)

    def apply(self, basin: Basin, fields: Fields, state: State, to_s: float) -> Moved:
        """Move the water of a step [state.time_s, to_s) through the inner fields, in place."""
        works, moved = self.works, Moved()
        if works.giver.size:
            depth_m = fields[0][works.cell_row, works.cell_column]
            moved = self._cross(basin, fields, depth_m, state.time_s, to_s - state.time_s)
        if works.drains is None:
            return moved
        return moved._replace(drained_m3=_drain(basin, fields, works.drains, state, to_s))

    def _cross(self, basin: Basin, fields: Fields, depth_m: Array, from_s: float, dt_s: float) -> Moved:
        """Over crests, through breaches and gates, by pumps."""
        ways, level_m, moves = self._ways, self.works.bed_m + depth_m, []
        crossed_m3 = pumped_m3 = 0.0
        which, flow, limit_m = self._openings(level_m, from_s)
        if which.size:
            ahead, first, second = flow > 0, ways.giver[which], ways.taker[which]
            giver, taker = np.where(ahead, first, second), np.where(ahead, second, first)
            limit_m = np.minimum(limit_m, depth_m[giver])  # a level can round to more water than there is
            volume_m3 = np.minimum(np.abs(flow) * dt_s, limit_m * ways.share[which] * basin.cell_m2)
            moves.append((giver, taker, volume_m3))
            crossed_m3 = float(np.copysign(volume_m3, flow).sum())
        if ways.giver.size > ways.n_opening:
            pumps = slice(ways.n_opening, None)
            given_m = depth_m[ways.giver[pumps]]
            above_m = np.clip(level_m[ways.giver[pumps]] - ways.floor_m[pumps], 0, given_m)
            lifted_m3 = np.minimum(ways.rate[pumps] * dt_s, above_m * ways.share[pumps] * basin.cell_m2)
            pumped_m3 = float(lifted_m3.sum())
            if pumped_m3:
                moves.append((ways.giver[pumps], ways.taker[pumps], lifted_m3))
        if not moves:
            return Moved()
        giver, taker, volume_m3 = moves[0] if len(moves) == 1 else (np.concatenate(m) for m in zip(*moves, strict=True))
        return Moved(crossed_m3, pumped_m3, self._shift(basin, fields, depth_m, giver, taker, volume_m3))

    def _openings(self, level_m: Array, time_s: float) -> tuple[Array, Array, Array]:
        """Ways over crests, breaches and gates that run: which, their signed m3/s, how far levels may move, m."""
        ways, n = self._ways, self._ways.n_opening
        a, b, floor_m = level_m[ways.giver[:n]], level_m[ways.taker[:n]], ways.floor_m[:n]
        top = np.maximum(a, b)
        which = (top > floor_m).nonzero()[0]
        if not which.size:
            return which, top[:0], top[:0]
        top, a, b, floor_m = top[which], a[which], b[which], floor_m[which]
        low = np.minimum(a, b)
        over = top - floor_m
        flow = honma_m2_per_s(over, np.maximum(low - floor_m, 0)) * self._widths_m(time_s)[which]
        return which, np.copysign(flow, a - b), np.minimum((top - low) / 2, over)

    def _widths_m(self, time_s: float) -> Array:
        """Open width of each way but the pumps; a breach takes its part from the crest above it."""
        ways, n = self._ways, self.works.n_segment
        if not ways.breached.size:
            return ways.rate
        broken, width_m = slice(n, n + ways.breached.size), ways.rate.copy()
        open_m = open_width_m(ways.rate[broken], self.setting.breach_start_s[ways.breached], time_s)
        width_m[broken] = open_m
        width_m[ways.breached] = np.maximum(width_m[ways.breached] - open_m, 0)
        return width_m

    def _shift(
        self, basin: Basin, fields: Fields, depth_m: Array, giver: Array, taker: Array, volume_m3: Array
    ) -> float:
        """Put volumes from cell to cell; what leaves takes its momentum along. Returns what left the basin, m3."""
        works, n_cell = self.works, self.works.bed_m.size
        loss_m = np.bincount(giver, volume_m3, n_cell) / basin.cell_m2
        gain_m3 = np.bincount(taker, volume_m3, n_cell + 1)
        fields[0][works.cell_row, works.cell_column] = depth_m - loss_m + gain_m3[:n_cell] / basin.cell_m2
        given = loss_m.nonzero()[0]
        place = works.cell_row[given], works.cell_column[given]
        left = 1 - loss_m[given] / depth_m[given]
        for along in fields[1:]:
            if along.shape == fields[0].shape:  # momentum at the faces of the staggered form is set by the next step
                along[place] *= left
        return float(gain_m3[n_cell])


def _drain(basin: Basin, fields: Fields, drains: Drains, state: State, to_s: float) -> float:
    """Water above the film into the drains, m3; the last step before they are full takes what room is left."""
    room_m3 = drains.capacity_m3 - state.drained_m3
    if room_m3 <= 0:
        return 0.0
    depth_m = fields[0]
    taken_m = np.minimum(drains.rate_m_per_s * (to_s - state.time_s), np.maximum(depth_m - DRY_DEPTH_M, 0))
    total_m3 = float(taken_m.sum(dtype=np.float64)) * basin.cell_m2
    if total_m3 > room_m3:
        taken_m *= room_m3 / total_m3
        total_m3 = float(taken_m.sum(dtype=np.float64)) * basin.cell_m2
    left = 1 - taken_m / np.maximum(depth_m, DRY_DEPTH_M)
    depth_m -= taken_m
    for along in fields[1:]:
        if along.shape == depth_m.shape:
            along *= left
    return total_m3
