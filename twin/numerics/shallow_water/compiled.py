"""Compiled form of the finite-volume stage: the arithmetic of `reference.py`, tile by tile, dry tiles skipped.

Needs Numba (the optional extra `fast`); `finite_volume.py` falls back to the NumPy form without it. One thread per
call; the interpreter lock is released, so two calls on disjoint tiles may run side by side. Inner loops run along
rows, branch-free, so that the compiler turns them into vector code; constants come in as scalars of the arrays' own
type, because a bare literal would silently turn float32 arithmetic into float64.
"""

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from numba import njit

# a row loop touches some twenty arrays; with the default of 8 overlap checks the compiler gives up on vectors
llvm.set_option("", "-runtime-memory-check-threshold=400")

TILE_ROWS, TILE_COLUMNS = 8, 64  # what is skipped when dry
LONGEST_ROW = 1024  # cells of one row handled at a time: long rows for vectors, short enough for the cache
HALO = 2
ROOT_SERIES = (1 / 3, 2 / 9, 14 / 81)  # (1 - c)^(-1/3) = 1 + c/3 + 2/9 c2 + 14/81 c3 ...
Fields = tuple[np.ndarray, np.ndarray, np.ndarray]


def compiled(function: Callable[..., Any]) -> Any:
    """Compile at the first call; kept beside the source, else in the user's cache, else (read-only) not at all."""
    try:
        return njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # Numba finds no folder it may write to
        return njit(nogil=True, error_model="numpy")(function)


@compiled
def _primitives(depth, along_x, along_y, bed, wet, level, speed_x, speed_y, k):
    """Movable depth, level and velocities of one row; film up to the dry depth does not move."""
    zero, dry, one = k[0], k[6], k[2]
    for j in range(wet.size):
        h, x, y = depth[j], along_x[j], along_y[j]
        moves = h > dry
        inverse = one / (h if moves else one)
        wet[j] = h if moves else zero
        level[j] = bed[j] + (h if moves else zero)
        speed_x[j] = x * inverse if moves else zero
        speed_y[j] = y * inverse if moves else zero


@compiled
def _ends(below, here, above, low, high, k):
    """Values at the two ends of each cell: generalised minmod slope."""
    zero, half, theta = k[0], k[1], k[4]
    for j in range(low.size):
        a = here[j] - below[j]
        b = above[j] - here[j]
        ta, tb, c = theta * a, theta * b, half * (a + b)
        up = ta if ta < tb else tb
        up = up if up < c else c
        up = up if up > zero else zero
        down = ta if ta > tb else tb
        down = down if down > c else c
        down = down if down < zero else zero
        s = half * (up + down)
        low[j] = here[j] - s
        high[j] = here[j] + s


@compiled
def _flux(h_l, e_l, u_l, v_l, h_r, e_r, u_r, v_r, mass_out, left_out, right_out, trans_out, k):
    """HLL fluxes on hydrostatically reconstructed depths; out: mass, momentum left, right, transverse."""
    zero, half, one, two, g, narrow = k[0], k[1], k[2], k[3], k[5], k[11]
    for j in range(mass_out.size):
        z_l = e_l[j] - h_l[j]
        z_r = e_r[j] - h_r[j]
        z = z_l if z_l > z_r else z_r
        a_l = h_l[j] - (z - z_l)
        a_l = a_l if a_l > zero else zero
        a_r = h_r[j] - (z - z_r)
        a_r = a_r if a_r > zero else zero
        ul, ur, vl, vr = u_l[j], u_r[j], v_l[j], v_r[j]
        c_l, c_r = np.sqrt(g * a_l), np.sqrt(g * a_r)
        slow_l = ul - c_l
        slow_r = ur - (c_r if a_l > zero else two * c_r)
        s_l = slow_l if slow_l < slow_r else slow_r
        s_l = s_l if s_l < zero else zero
        fast_r = ur + c_r
        fast_l = ul + (c_l if a_r > zero else two * c_l)
        s_r = fast_l if fast_l > fast_r else fast_r
        s_r = s_r if s_r > zero else zero
        width = s_r - s_l
        inverse = one / (width if width > narrow else one)
        q_l, q_r = a_l * ul, a_r * ur
        both = s_l * s_r
        mass = (s_r * q_l - s_l * q_r + both * (a_r - a_l)) * inverse
        jump = half * g * (a_r - a_l) * (a_r + a_l)
        left = (s_r * q_l * ul - s_l * q_r * ur - s_l * jump + both * (q_r - q_l)) * inverse
        mass_out[j] = mass
        left_out[j] = left
        right_out[j] = left - jump
        trans_out[j] = mass * (vl if mass > zero else vr)


@compiled
def _euler(wet, depth, along_x, along_y, low_x, high_x, low_y, high_y, fx, south, north, k):
    """Row of depth and discharges after one explicit step of this stage (in place)."""
    g, dt, per_x, per_y = k[5], k[7], k[8], k[9]
    mass, left, right, trans = fx[0], fx[1], fx[2], fx[3]
    mass_s, right_s, trans_s = south[0], south[2], south[3]
    mass_n, left_n, trans_n = north[0], north[1], north[3]
    for j in range(wet.size):
        push = g * wet[j]
        depth[j] -= dt * ((mass[j + 1] - mass[j]) * per_x + (mass_n[j] - mass_s[j]) * per_y)
        along_x[j] -= dt * (
            (left[j + 1] - right[j] + push * (high_x[j] - low_x[j])) * per_x + (trans_n[j] - trans_s[j]) * per_y
        )
        along_y[j] -= dt * (
            (trans[j + 1] - trans[j]) * per_x + (left_n[j] - right_s[j] + push * (high_y[j] - low_y[j])) * per_y
        )


@compiled
def _friction(depth, along_x, along_y, manning, k):
    """Manning friction, backward Euler solved exactly."""
    one, two, g, dry, dt = k[2], k[3], k[5], k[6], k[7]
    four = two * two
    for j in range(depth.size):  # x: h^(-1/3) from h^(-5/16), sharpened by its series; drag has x^7
        h = depth[j] if depth[j] > dry else one
        rough = manning[j]
        quarter = np.sqrt(np.sqrt(h))
        x = one / (quarter * np.sqrt(np.sqrt(quarter)))
        for _ in range(3):
            c = one - h * x * x * x
            x = x * (one + c * (k[12] + c * (k[13] + c * k[14])))
        cube = x * x * x
        drag = g * rough * rough * cube * cube * x
        size = np.sqrt(along_x[j] * along_x[j] + along_y[j] * along_y[j])
        factor = two / (one + np.sqrt(one + four * dt * drag * size))
        along_x[j] *= factor
        along_y[j] *= factor


@compiled
def _finish(depth, along_x, along_y, base_h, base_x, base_y, out_h, out_x, out_y, lowest, fastest, broken, k):
    """Average with the base state, still the film, and keep column-wise extremes (a NaN sticks in `broken`)."""
    zero, one, g, dry, per_x, per_y, keep = k[0], k[2], k[5], k[6], k[8], k[9], k[10]
    for j in range(depth.size):
        h = keep * base_h[j] + (one - keep) * depth[j]
        moves = h > dry
        x = keep * base_x[j] + (one - keep) * along_x[j]
        y = keep * base_y[j] + (one - keep) * along_y[j]
        x = zero if h <= dry else x
        y = zero if h <= dry else y
        out_h[j], out_x[j], out_y[j] = h, x, y
        safe = h if moves else one
        c = np.sqrt(g * (h if moves else zero))
        rate_x = (np.abs(x) / safe + c) * per_x
        rate_y = (np.abs(y) / safe + c) * per_y
        rate = rate_x if rate_x > rate_y else rate_y
        low, fast = lowest[j], fastest[j]
        lowest[j] = h if h < low else low
        fastest[j] = rate if rate > fast else fast
        broken[j] += zero * (h + x + y)


@compiled
def stage(tiles, state, base, bed, manning, rough, given, out, sides_mass, extremes, k):
    """One stage on the runs of tiles listed (first row, first column, columns).

    out = keep x base + (1 - keep) x (state + dt x rates, then friction).

    `state`, `base`, `out`: depth and two discharges, padded by two cells. `given`: discharge per metre through the
    four sides (west, east, south, north; NaN where a side is not a discharge). `sides_mass`: receives the mass
    flux there, along +x or +y. `extremes`: row per run: lowest depth, fastest rate (1/s), NaN marker.
    """
    rows, columns = bed.shape[0] - 2 * HALO, bed.shape[1] - 2 * HALO
    longest = min(LONGEST_ROW, columns)
    block = np.empty((4, TILE_ROWS + 4, longest + 4), bed.dtype)
    x_ends = np.empty((4, 2, longest + 2), bed.dtype)
    y_ends = np.empty((2, 4, 2, longest), bed.dtype)
    fx = np.empty((4, longest + 1), bed.dtype)
    fy = np.empty((2, 4, longest), bed.dtype)
    new = np.empty((3, longest), bed.dtype)
    marks = np.empty((3, longest), bed.dtype)
    for t in range(tiles.shape[0]):
        first_row, first_column = tiles[t, 0], tiles[t, 1]
        n_row, n = min(TILE_ROWS, rows - first_row), tiles[t, 2]
        _load(first_row, first_column, n_row, n, state, bed, block, k)
        marks[0, :n] = np.inf
        marks[1:, :n] = k[0]
        for r in range(1, n_row + 3):
            now = r % 2
            for m in range(4):
                _ends(
                    block[m, r - 1, 2 : n + 2], block[m, r, 2 : n + 2], block[m, r + 1, 2 : n + 2],
                    y_ends[now, m, 0, :n], y_ends[now, m, 1, :n], k,
                )  # fmt: skip
            if r == 1:
                continue
            _flux_y(y_ends, now, fy, n, k)
            _side_y(first_row + r - 2, first_column, rows, n, given, fy[now], y_ends[now], y_ends[1 - now], sides_mass)
            if r > 2:
                _row(
                    r - 1, first_row, first_column, columns, n, state, base, bed, manning, rough, given, out,
                    sides_mass, block, x_ends, y_ends[1 - now], fx, fy[1 - now], fy[now], new, marks, k,
                )  # fmt: skip
        extremes[t, 0] = marks[0, :n].min()
        extremes[t, 1] = marks[1, :n].max()
        extremes[t, 2] = marks[2, :n].sum()


@compiled
def _load(first_row, first_column, n_row, n, state, bed, block, k):
    """Primitives of a run of tiles and two cells around it: depth, level, velocities."""
    a, b = first_column, first_column + n + 4
    for r in range(n_row + 4):
        i = first_row + r
        _primitives(
            state[0][i, a:b], state[1][i, a:b], state[2][i, a:b], bed[i, a:b],
            block[0, r, : n + 4], block[1, r, : n + 4], block[2, r, : n + 4], block[3, r, : n + 4], k,
        )  # fmt: skip


@compiled
def _flux_y(y_ends, now, fy, n, k):
    """Fluxes along y between the previous row of cells and this one; velocities swap their parts."""
    below, here = y_ends[1 - now], y_ends[now]
    _flux(
        below[0, 1, :n], below[1, 1, :n], below[3, 1, :n], below[2, 1, :n],
        here[0, 0, :n], here[1, 0, :n], here[3, 0, :n], here[2, 0, :n],
        fy[now, 0, :n], fy[now, 1, :n], fy[now, 2, :n], fy[now, 3, :n], k,
    )  # fmt: skip


@compiled
def _side_y(face, first_column, rows, n, given, flux, here, below, sides_mass):
    """Put a given discharge through the south or north side, and note what passes."""
    if face == 0 or face == rows:
        side = 2 if face == 0 else 3
        sign = 1 - 2 * (side - 2)
        for j in range(n):
            q = given[side, first_column + j]
            if not np.isnan(q):
                h = here[0, 0, j] if face == 0 else below[0, 1, j]
                _through(flux, j, q, sign, h)
            sides_mass[side, first_column + j] = flux[0, j]


@compiled
def _side_x(row, first_column, columns, n, given, flux, ends, sides_mass):
    """Put a given discharge through the west or east side, and note what passes."""
    for side in range(2):
        if (side == 0 and first_column == 0) or (side == 1 and first_column + n == columns):
            j = 0 if side == 0 else n
            q = given[side, row]
            if not np.isnan(q):
                _through(flux, j, q, 1 - 2 * side, ends[0, 0, 1] if side == 0 else ends[0, 1, n])
            sides_mass[side, row] = flux[0, j]


@compiled
def _through(flux, j, q, sign, depth):
    """Flux of q (m2/s, into the basin) at face j: no slower water than critical depth."""
    critical = (q * q / 9.81) ** (1.0 / 3.0)
    flux[0, j] = sign * q
    flux[1, j] = q * q / max(depth, critical) if q > 0.0 else 0.0
    flux[2, j] = flux[1, j]
    flux[3, j] = 0.0


@compiled
def _row(
    r, first_row, first_column, columns, n, state, base, bed, manning, rough, given, out, sides_mass, block, x_ends,
    y_ends, fx, south, north, new, marks, k,
):  # fmt: skip
    """Fluxes along x of one row, then its new state."""
    for m in range(4):
        _ends(
            block[m, r, : n + 2], block[m, r, 1 : n + 3], block[m, r, 2 : n + 4],
            x_ends[m, 0, : n + 2], x_ends[m, 1, : n + 2], k,
        )  # fmt: skip
    _flux(
        x_ends[0, 1, : n + 1], x_ends[1, 1, : n + 1], x_ends[2, 1, : n + 1], x_ends[3, 1, : n + 1],
        x_ends[0, 0, 1 : n + 2], x_ends[1, 0, 1 : n + 2], x_ends[2, 0, 1 : n + 2], x_ends[3, 0, 1 : n + 2],
        fx[0, : n + 1], fx[1, : n + 1], fx[2, : n + 1], fx[3, : n + 1], k,
    )  # fmt: skip
    _side_x(first_row + r - 2, first_column, columns, n, given, fx, x_ends, sides_mass)
    i, a, b = first_row + r, first_column + 2, first_column + 2 + n
    h, x, y = new[0, :n], new[1, :n], new[2, :n]
    h[:], x[:], y[:] = state[0][i, a:b], state[1][i, a:b], state[2][i, a:b]
    _euler(
        block[0, r, 2 : n + 2], h, x, y, x_ends[1, 0, 1 : n + 1], x_ends[1, 1, 1 : n + 1],
        y_ends[1, 0, :n], y_ends[1, 1, :n], fx, south, north, k,
    )  # fmt: skip
    if rough:
        _friction(h, x, y, manning[i, a:b], k)
    _finish(
        h, x, y, base[0][i, a:b], base[1][i, a:b], base[2][i, a:b], out[0][i, a:b], out[1][i, a:b], out[2][i, a:b],
        marks[0, :n], marks[1, :n], marks[2, :n], k,
    )  # fmt: skip


@compiled
def wet_tiles(depth, dry, wet):
    """Mark the tiles that hold water which can move; stops reading a tile at its first wet cell."""
    rows, columns = depth.shape[0] - 2 * HALO, depth.shape[1] - 2 * HALO
    for a in range(wet.shape[0]):
        for b in range(wet.shape[1]):
            wet[a, b] = False
            for i in range(a * TILE_ROWS, min(rows, (a + 1) * TILE_ROWS)):
                for j in range(b * TILE_COLUMNS, min(columns, (b + 1) * TILE_COLUMNS)):
                    if depth[i + HALO, j + HALO] > dry:
                        wet[a, b] = True
                        break
                if wet[a, b]:
                    break


@compiled
def runs_of_tiles(active, columns):
    """Active tiles of each band joined into runs: (run, 3) first row, first column, number of columns."""
    runs = np.empty((active.size, 3), np.int64)
    n = 0
    for a in range(active.shape[0]):
        open_run = False
        for b in range(active.shape[1]):
            if not active[a, b]:
                open_run = False
                continue
            end = min(columns, (b + 1) * TILE_COLUMNS)
            if not open_run or end - runs[n - 1, 1] > LONGEST_ROW:
                runs[n, 0], runs[n, 1] = a * TILE_ROWS, b * TILE_COLUMNS
                n += 1
                open_run = True
            runs[n - 1, 2] = end - runs[n - 1, 1]
    return runs[:n].copy()


class Tiles:
    """Which tiles take part in a step: wet ones, their neighbours, those at open sides and those with points."""

    def __init__(self, shape: tuple[int, ...], passing: list[bool], row: np.ndarray, column: np.ndarray) -> None:
        self.columns = shape[1]
        self.wet = np.zeros((-(-shape[0] // TILE_ROWS), -(-shape[1] // TILE_COLUMNS)), bool)
        self.always = np.zeros_like(self.wet)
        tile_edges = (self.always[:, 0], self.always[:, -1], self.always[0], self.always[-1])
        for on, edge in zip(passing, tile_edges, strict=True):
            edge |= on
        self.always[np.asarray(row) // TILE_ROWS, np.asarray(column) // TILE_COLUMNS] = True
        self.active = np.ones_like(self.wet)

    def parts(
        self, fields: Fields, spare: tuple[Fields, ...], dry: float, raining: bool, threads: int
    ) -> list[np.ndarray]:
        """Runs of tiles for this step, dealt to the threads in turn so that each has as much wet ground.

        A tile that falls asleep is copied to the spare fields first.
        """
        wet_tiles(fields[0], dry, self.wet)
        seeds = np.pad(self.wet | self.always, 1)
        across = seeds[:, :-2] | seeds[:, 1:-1] | seeds[:, 2:]
        active = across[:-2] | across[1:-1] | across[2:] | raining
        for a, b in np.argwhere(self.active & ~active):
            i = slice(a * TILE_ROWS + HALO, (a + 1) * TILE_ROWS + HALO)
            j = slice(b * TILE_COLUMNS + HALO, (b + 1) * TILE_COLUMNS + HALO)
            for other in spare:
                for target, source in zip(other, fields, strict=True):
                    target[i, j] = source[i, j]
        self.active = active
        runs = runs_of_tiles(active, self.columns)
        return [np.ascontiguousarray(runs[first::threads]) for first in range(threads)]
