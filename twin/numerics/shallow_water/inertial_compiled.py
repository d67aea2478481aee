"""Compiled form of the local-inertial step: the arithmetic of `inertial_reference.py` on blocks of wet tiles.

Faces and depths of a block in one pass, so that each row is read while it is still in the cache. A block computes
the faces to its east and north too, which are its neighbours' own: both write the same bits.
"""

import numpy as np

from twin.numerics.shallow_water.tiles import (
    CACHE_LINE_BYTES,
    HALO,
    LONGEST_ROW,
    compiled,
    fetch,
    inverse_cube_root,
    take,
)

WALL, OPEN, STAGE, DISCHARGE = range(4)
KINDS = {"wall": WALL, "open": OPEN, "stage": STAGE, "discharge": DISCHARGE}


@compiled
def _face_row(h_low, h_high, z_low, z_high, n_low, n_high, q_low, q_own, q_high, out, per, k):
    """New discharge through a row of faces between `low` and `high` cells."""
    zero, half, one, root_g, own_weight, g, dry, dt, side_weight = k[:9]
    for j in range(out.size):
        zl, zh, q = z_low[j], z_high[j], q_own[j]
        el, eh = h_low[j] + zl, h_high[j] + zh
        flow = (el if el > eh else eh) - (zl if zl > zh else zh)
        carries = flow > dry
        h = flow if carries else one
        rough = (n_low[j] + n_high[j]) * half
        root = inverse_cube_root(h, k)
        cube = root * root * root
        pushed = own_weight * q + side_weight * (q_low[j] + q_high[j]) - g * h * dt * (eh - el) * per
        new = pushed / (one + g * dt * rough * rough * np.abs(q) * cube * cube * root)
        critical = h * np.sqrt(h) * root_g
        new = new if new < critical else critical
        new = new if new > -critical else -critical
        out[j] = new if carries else zero


@compiled
def _fill_row(h, west, east, south, north, out, lowest, highest, broken, per_x, per_y, k):
    """Depths of one row after the step, and column-wise extremes (a NaN sticks in `broken`)."""
    zero, dt = k[0], k[7]
    for j in range(h.size):
        new = h[j] - dt * ((east[j] - west[j]) * per_x + (north[j] - south[j]) * per_y)
        out[j] = new
        low, high = lowest[j], highest[j]
        lowest[j] = new if new < low else low
        highest[j] = new if new > high else high
        broken[j] += zero * new


@compiled
def _faces_x(i, a, n, depth, along, bed, manning, new, k):
    """Faces of one row along x, the eastern one of its last cell included."""
    b = a + n + 1
    _face_row(
        depth[i, a - 1 : b - 1], depth[i, a:b], bed[i, a - 1 : b - 1], bed[i, a:b],
        manning[i, a - 1 : b - 1], manning[i, a:b], along[i, a - 1 : b - 1], along[i, a:b], along[i, a + 1 : b + 1],
        new[i, a:b], k[9], k,
    )  # fmt: skip


@compiled
def _faces_y(i, a, n, depth, along, bed, manning, new, k):
    """Faces between a row and the one to the south."""
    b = a + n
    _face_row(
        depth[i - 1, a:b], depth[i, a:b], bed[i - 1, a:b], bed[i, a:b], manning[i - 1, a:b], manning[i, a:b],
        along[i - 1, a:b], along[i, a:b], along[i + 1, a:b], new[i, a:b], k[10], k,
    )  # fmt: skip


@compiled
def _edge(kind, inside, computed, given, outward):
    """Discharge through a face on a side: shut, given, or as the next face inside if that flows out."""
    if kind == WALL:
        return 0.0 * computed
    if kind == DISCHARGE:
        return -outward * given
    if kind == OPEN:
        return inside if inside * outward > 0 else 0.0 * computed
    return computed


@compiled
def _edges_x(i, a, n, columns, kinds, given, new):
    """The western and the eastern face of a row of the basin."""
    row, last = i - HALO, columns + HALO
    if a == HALO:
        new[i, a] = _edge(kinds[0], new[i, a + 1], new[i, a], given[0, row], -1)
    if a + n == last:
        new[i, last] = _edge(kinds[1], new[i, last - 1], new[i, last], given[1, row], 1)


@compiled
def _edges_y(i, a, n, rows, kinds, given, new):
    """The southern and the northern faces of the basin, where row i lies there."""
    last = rows + HALO
    for j in range(a, a + n):
        if i == HALO:
            new[i, j] = _edge(kinds[2], new[i + 1, j], new[i, j], given[2, j - HALO], -1)
        if i + 1 == last:
            new[last, j] = _edge(kinds[3], new[i, j], new[last, j], given[3, j - HALO], 1)


@compiled
def _fill(i, a, n, depth, new_x, new_y, out, marks, k):
    """Depths of row i from its faces."""
    b = a + n
    _fill_row(
        depth[i, a:b], new_x[i, a:b], new_x[i, a + 1 : b + 1], new_y[i, a:b], new_y[i + 1, a:b], out[i, a:b],
        marks[0, :n], marks[1, :n], marks[2, :n], k[9], k[10], k,
    )  # fmt: skip


@compiled
def _note(band, a, n, highest, peak, wet, size, dry):
    """Which tiles of a band are wet; the highest depths then begin anew."""
    for tile in range((n + size - 1) // size):
        moves = False
        for j in range(tile * size, min(n, (tile + 1) * size)):
            moves |= highest[j] > dry
        wet[band, (a - HALO) // size + tile] = moves
    for j in range(n):
        depth, most = highest[j], peak[j]
        peak[j] = depth if depth > most else most
        highest[j] = 0


@compiled
def _sum_up(lowest, broken, peak, extremes):
    """Lowest and highest depth and NaN marker of a block."""
    low, high, marker = lowest[0], peak[0], broken[0]
    for j in range(1, lowest.size):
        low = min(low, lowest[j])
        high = max(high, peak[j])
        marker += broken[j]
    extremes[0], extremes[1], extremes[2] = low, high, marker


@compiled
def _ahead(i, a, n, depth, along_x, along_y, bed, manning, line):
    """Ask for the rows that come into play next, a cache line at a time: rows of a block do not follow in memory."""
    width = depth.shape[1]
    below, above = i * width + width, i * width + 2 * width
    for j in range(a, a + n + line, line):
        fetch(depth, above + j)
        fetch(along_x, below + j)
        fetch(along_y, above + width + j)
        fetch(bed, above + j)
        fetch(manning, above + j)


@compiled
def step(counter, blocks, marks, now, out, bed, manning, kinds, given, wet, tile, extremes, with_faces, k):
    """One step on the blocks not yet taken: new discharges at the faces (`with_faces`), then depths.

    `now`, `out`: padded depth and discharges at western and southern faces. `kinds`, `given`: rule of each side and
    its discharge, m2/s into the basin. Filled in: `wet`, tiles with water that moves (`tile`: its rows, columns);
    `extremes`, per block lowest and highest depth, NaN marker.
    """
    rows, columns = bed.shape[0] - 2 * HALO, bed.shape[1] - 2 * HALO
    depth, along_x, along_y = now
    new_depth, new_x, new_y = out
    while True:
        t = take(counter)
        if t >= blocks.shape[0]:
            break
        first, a, n = blocks[t, 0] + HALO, blocks[t, 1] + HALO, blocks[t, 3]
        last = first + blocks[t, 2] - 1
        for j in range(n):
            marks[0, j], marks[1, j], marks[2, j], marks[3, j] = np.inf, 0, 0, 0
        if with_faces:
            _faces_y(first, a, n, depth, along_y, bed, manning, new_y, k)
        for i in range(first, last + 1):
            if with_faces:
                _ahead(i, a, n, depth, along_x, along_y, bed, manning, CACHE_LINE_BYTES // depth.itemsize)
                _faces_x(i, a, n, depth, along_x, bed, manning, new_x, k)
                _edges_x(i, a, n, columns, kinds, given, new_x)
                _faces_y(i + 1, a, n, depth, along_y, bed, manning, new_y, k)
                if i == HALO or i == rows + HALO - 1:
                    _edges_y(i, a, n, rows, kinds, given, new_y)
            _fill(i, a, n, depth, new_x, new_y, new_depth, marks, k)
            if (i - HALO + 1) % tile[0] == 0 or i == last:
                _note((i - HALO) // tile[0], a, n, marks[1, :n], marks[3, :n], wet, tile[1], k[6])
        _sum_up(marks[0, :n], marks[2, :n], marks[3, :n], extremes[t])


def scratch(longest: int, dtype: np.dtype) -> np.ndarray:
    """Room for the column-wise marks of one thread."""
    return np.zeros((4, min(LONGEST_ROW, longest)), dtype)


@compiled
def hold_back(depth, new_x, new_y, factor, almost, k):
    """Scale, in place, what leaves a cell that would be drawn below zero (few cells, whole grid)."""
    rows, columns = depth.shape
    zero, one, dt, per_x, per_y = k[0], k[2], k[7], k[9], k[10]
    for i in range(HALO, rows - HALO):
        for j in range(HALO, columns - HALO):
            out_x = max(new_x[i, j + 1], zero) + max(-new_x[i, j], zero)
            out_y = max(new_y[i + 1, j], zero) + max(-new_y[i, j], zero)
            leaving = dt * (out_x * per_x + out_y * per_y)
            factor[i, j] = depth[i, j] / leaving * almost if leaving > depth[i, j] else one
    for i in range(1, rows):
        for j in range(1, columns):
            new_x[i, j] *= factor[i, j - 1] if new_x[i, j] > zero else factor[i, j]
            new_y[i, j] *= factor[i - 1, j] if new_y[i, j] > zero else factor[i, j]
