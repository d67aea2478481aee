"""Compiled form of the finite-volume stage: the arithmetic of `reference.py`, block by block, dry tiles skipped.

Needs Numba (the optional extra `fast`); `finite_volume.py` falls back to the NumPy form without it. Any number of
threads may call `stage` at once: each takes the next block that nobody has taken. Inner loops run along rows,
branch-free, so that the compiler turns them into vector code; constants come in as scalars of the arrays' own type,
because a bare literal would silently turn float32 arithmetic into float64.
"""

import numpy as np

from twin.numerics.shallow_water.tiles import CACHE_LINE_BYTES, HALO, LONGEST_ROW, compiled, inverse_cube_root, take

FIRST = 16  # place of a block's first cell in a row of the room: at the start of a cache line, halo before it


def scratch(longest: int, dtype: np.dtype) -> tuple[np.ndarray, ...]:
    """Room for the rows one thread works on: primitives, upper ends, fluxes, slopes, marks; all on cache lines."""
    n = -(-min(LONGEST_ROW, longest) // FIRST) * FIRST
    wide = n + 2 * FIRST
    return tuple(
        _on_cache_lines(shape, dtype) for shape in ((4, 4, wide), (4, n), (2, 5, n), (4, wide), (4, wide), (4, n))
    )


def _on_cache_lines(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Zeros whose first value starts a cache line."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    room = np.zeros(size + CACHE_LINE_BYTES, np.uint8)
    skip = -room.ctypes.data % CACHE_LINE_BYTES
    return room[skip : skip + size].view(dtype).reshape(shape)


@compiled
def _half_slope(below, here, above, k):
    """Half the change across a cell: generalised minmod."""
    zero, half, theta = k[0], k[1], k[4]
    a = here - below
    b = above - here
    ta, tb, c = theta * a, theta * b, half * (a + b)
    up = ta if ta < tb else tb
    up = up if up < c else c
    up = up if up > zero else zero
    down = ta if ta > tb else tb
    down = down if down > c else c
    down = down if down < zero else zero
    return half * (up + down)


@compiled
def _flux(h_l, e_l, u_l, v_l, h_r, e_r, u_r, v_r, k):
    """HLL flux on hydrostatically reconstructed depths: mass, momentum left, right, transverse."""
    zero, half, one, two, g, narrow = k[0], k[1], k[2], k[3], k[5], k[11]
    z_l = e_l - h_l
    z_r = e_r - h_r
    z = z_l if z_l > z_r else z_r
    a_l = h_l - (z - z_l)
    a_l = a_l if a_l > zero else zero
    a_r = h_r - (z - z_r)
    a_r = a_r if a_r > zero else zero
    c_l, c_r = np.sqrt(g * a_l), np.sqrt(g * a_r)
    slow_l = u_l - c_l
    slow_r = u_r - (c_r if a_l > zero else two * c_r)
    s_l = slow_l if slow_l < slow_r else slow_r
    s_l = s_l if s_l < zero else zero
    fast_r = u_r + c_r
    fast_l = u_l + (c_l if a_r > zero else two * c_l)
    s_r = fast_l if fast_l > fast_r else fast_r
    s_r = s_r if s_r > zero else zero
    width = s_r - s_l
    inverse = one / (width if width > narrow else one)
    q_l, q_r = a_l * u_l, a_r * u_r
    both = s_l * s_r
    mass = (s_r * q_l - s_l * q_r + both * (a_r - a_l)) * inverse
    jump = half * g * (a_r - a_l) * (a_r + a_l)
    left = (s_r * q_l * u_l - s_l * q_r * u_r - s_l * jump + both * (q_r - q_l)) * inverse
    return mass, left, left - jump, mass * (v_l if mass > zero else v_r)


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
def _row_y(h0, h1, h2, e0, e1, e2, u0, u1, u2, v0, v1, v2, up_h, up_e, up_u, up_v, mass, left, right, trans, slope, k):
    """Fluxes between the row before and the middle one of three, whose upper ends replace those of the row before."""
    for j in range(mass.size):
        s_h, s_e = _half_slope(h0[j], h1[j], h2[j], k), _half_slope(e0[j], e1[j], e2[j], k)
        s_u, s_v = _half_slope(u0[j], u1[j], u2[j], k), _half_slope(v0[j], v1[j], v2[j], k)
        mass[j], left[j], right[j], trans[j] = _flux(
            up_h[j], up_e[j], up_v[j], up_u[j], h1[j] - s_h, e1[j] - s_e, v1[j] - s_v, u1[j] - s_u, k
        )
        up_h[j], up_e[j], up_u[j], up_v[j] = h1[j] + s_h, e1[j] + s_e, u1[j] + s_u, v1[j] + s_v
        slope[j] = s_e


@compiled
def _slopes_x(h, e, u, v, s_h, s_e, s_u, s_v, k):
    """Half slopes along a row, of all its cells but the outermost."""
    for j in range(s_h.size):
        s_h[j] = _half_slope(h[j], h[j + 1], h[j + 2], k)
        s_e[j] = _half_slope(e[j], e[j + 1], e[j + 2], k)
        s_u[j] = _half_slope(u[j], u[j + 1], u[j + 2], k)
        s_v[j] = _half_slope(v[j], v[j + 1], v[j + 2], k)


@compiled
def _row_x(h, e, u, v, s_h, s_e, s_u, s_v, mass, left, right, trans, k):
    """Fluxes along a row, at the faces between cells whose slopes are known."""
    for j in range(mass.size):
        i = j + 1
        mass[j], left[j], right[j], trans[j] = _flux(
            h[j] + s_h[j], e[j] + s_e[j], u[j] + s_u[j], v[j] + s_v[j],
            h[i] - s_h[i], e[i] - s_e[i], u[i] - s_u[i], v[i] - s_v[i], k,
        )  # fmt: skip


@compiled
def _update(
    wet, depth, along_x, along_y, base_h, base_x, base_y, manning, slope_x, slope_y, mass, left, right, trans,
    mass_s, right_s, trans_s, mass_n, left_n, trans_n, out_h, out_x, out_y, lowest, fastest, broken, k,
):  # fmt: skip
    """Step of one row, friction (backward Euler, exact), average with the base; column-wise extremes are kept."""
    zero, one, two, g, dry, dt, per_x, per_y, keep = k[0], k[2], k[3], k[5], k[6], k[7], k[8], k[9], k[10]
    four = two * two
    for j in range(wet.size):
        push = two * g * wet[j]
        h = depth[j] - dt * ((mass[j + 1] - mass[j]) * per_x + (mass_n[j] - mass_s[j]) * per_y)
        x = along_x[j] - dt * ((left[j + 1] - right[j] + push * slope_x[j]) * per_x + (trans_n[j] - trans_s[j]) * per_y)
        y = along_y[j] - dt * ((trans[j + 1] - trans[j]) * per_x + (left_n[j] - right_s[j] + push * slope_y[j]) * per_y)
        root = inverse_cube_root(h if h > dry else one, k)
        cube = root * root * root
        drag = g * manning[j] * manning[j] * cube * cube * root
        factor = two / (one + np.sqrt(one + four * dt * drag * np.sqrt(x * x + y * y)))
        h = keep * base_h[j] + (one - keep) * h
        x = keep * base_x[j] + (one - keep) * (x * factor)
        y = keep * base_y[j] + (one - keep) * (y * factor)
        x = zero if h <= dry else x
        y = zero if h <= dry else y
        out_h[j], out_x[j], out_y[j] = h, x, y
        moves = h > dry
        inverse = one / (h if moves else one)
        c = np.sqrt(g * (h if moves else zero))
        rate_x = (np.abs(x) * inverse + c) * per_x
        rate_y = (np.abs(y) * inverse + c) * per_y
        rate = rate_x if rate_x > rate_y else rate_y
        low, fast = lowest[j], fastest[j]
        lowest[j] = h if h < low else low
        fastest[j] = rate if rate > fast else fast
        broken[j] += zero * (h + x + y)  # a NaN sticks


@compiled
def stage(counter, blocks, room, state, base, bed, manning, given, out, sides_mass, wet, tile, extremes, k):
    """One stage on the blocks not yet taken: out = keep x base + (1 - keep) x (state + dt x rates, then friction).

    `blocks`: first row, first column, rows, columns. `state`, `base`, `out`: depth and two discharges, padded by two
    cells. `given`: discharge per metre through the four sides (west, east, south, north; NaN where a side is not a
    discharge). Filled in: `sides_mass`, the mass flux there along +x or +y; `wet`, tiles of `out` with water that
    moves (`tile`: its rows, columns); `extremes`, per block lowest depth, fastest rate (1/s) and NaN marker.
    """
    ring, ends, flux, slopes, along, marks = room
    rows, columns = bed.shape[0] - 2 * HALO, bed.shape[1] - 2 * HALO
    while True:
        t = take(counter)
        if t >= blocks.shape[0]:
            break
        first_row, first_column, n_row, n = blocks[t, 0], blocks[t, 1], blocks[t, 2], blocks[t, 3]
        _clear(marks, n, k)
        for r in range(n_row + 4):
            _load(first_row + r, first_column, n, state, bed, ring[r % 4], k)
            if r > 1:
                _faces_y(r, n, ring, ends, flux[r % 2], k)
            if r > 2:
                _side_y(first_row + r - 3, first_column, rows, n, given, flux[r % 2], ring, r, sides_mass, k)
            if r > 3:
                _faces_x(ring[(r - 2) % 4], n, slopes, along, k)
                i = first_row + r - 4
                _side_x(i, first_column, columns, n, given, along, ring[(r - 2) % 4], slopes, sides_mass)
                _finish(
                    i, first_column, n, state, base, bed, manning, out, ring[(r - 2) % 4], slopes, along,
                    flux[(r - 1) % 2], flux[r % 2], marks, k,
                )  # fmt: skip
                if (i + 1) % tile[0] == 0 or r == n_row + 3:
                    _note(i // tile[0], first_column, n, marks[1, :n], marks[3, :n], wet, tile[1], k)
        _sum_up(marks[0, :n], marks[2, :n], marks[3, :n], extremes[t], k)


@compiled
def _clear(marks, n, k):
    """Marks that any cell will replace."""
    for j in range(n):
        marks[0, j] = np.inf
        marks[1, j] = k[0]
        marks[2, j] = k[0]
        marks[3, j] = k[0]


@compiled
def _note(band, first_column, n, fastest, peak, wet, size, k):
    """Which tiles of a band are wet: a rate above 0 is water that can move. The rates then begin anew."""
    for tile in range((n + size - 1) // size):
        moves = False
        for j in range(tile * size, min(n, (tile + 1) * size)):
            moves |= fastest[j] > k[0]
        wet[band, first_column // size + tile] = moves
    for j in range(n):
        rate, most = fastest[j], peak[j]
        peak[j] = rate if rate > most else most
        fastest[j] = k[0]


@compiled
def _sum_up(lowest, broken, peak, extremes, k):
    """Lowest depth, fastest rate and NaN marker of a block."""
    low, fast, marker = lowest[0], k[0], k[0]
    for j in range(lowest.size):
        low = min(low, lowest[j])
        fast = max(fast, peak[j])
        marker += broken[j]
    extremes[0], extremes[1], extremes[2] = low, fast, marker


@compiled
def _load(i, first_column, n, state, bed, row, k):
    """Primitives of a row and two cells beside it: depth, level, velocities."""
    a, b, c, d = first_column, first_column + n + 4, FIRST - HALO, FIRST + n + HALO
    _primitives(
        state[0][i, a:b], state[1][i, a:b], state[2][i, a:b], bed[i, a:b],
        row[0, c:d], row[1, c:d], row[2, c:d], row[3, c:d], k,
    )  # fmt: skip


@compiled
def _faces_y(r, n, ring, ends, flux, k):
    """Fluxes along y between the rows r - 2 and r - 1 of a block; velocities swap their parts."""
    low, here, high, a, b = ring[(r - 2) % 4], ring[(r - 1) % 4], ring[r % 4], FIRST, FIRST + n
    _row_y(
        low[0, a:b], here[0, a:b], high[0, a:b], low[1, a:b], here[1, a:b], high[1, a:b],
        low[2, a:b], here[2, a:b], high[2, a:b], low[3, a:b], here[3, a:b], high[3, a:b],
        ends[0, :n], ends[1, :n], ends[2, :n], ends[3, :n],
        flux[0, :n], flux[1, :n], flux[2, :n], flux[3, :n], flux[4, :n], k,
    )  # fmt: skip


@compiled
def _faces_x(row, n, slopes, along, k):
    """Slopes and fluxes along x of one row."""
    a, b = FIRST - HALO, FIRST + n + HALO
    h, e, u, v = row[0, a:b], row[1, a:b], row[2, a:b], row[3, a:b]
    a, b = FIRST - 1, FIRST + n + 1
    s_h, s_e, s_u, s_v = slopes[0, a:b], slopes[1, a:b], slopes[2, a:b], slopes[3, a:b]
    _slopes_x(h, e, u, v, s_h, s_e, s_u, s_v, k)
    _row_x(
        h[1:], e[1:], u[1:], v[1:], s_h, s_e, s_u, s_v,
        along[0, : n + 1], along[1, : n + 1], along[2, : n + 1], along[3, : n + 1], k,
    )  # fmt: skip


@compiled
def _side_y(face, first_column, rows, n, given, flux, ring, r, sides_mass, k):
    """Put a given discharge through the south or north side, and note what passes."""
    if face == 0 or face == rows:
        side = 2 if face == 0 else 3
        sign = 1 - 2 * (side - 2)
        cell = r - 1 if face == 0 else r - 2
        below, here, above = ring[(cell - 1) % 4, 0], ring[cell % 4, 0], ring[(cell + 1) % 4, 0]
        for j in range(n):
            q = given[side, first_column + j]
            if not np.isnan(q):
                s = _half_slope(below[FIRST + j], here[FIRST + j], above[FIRST + j], k)
                _through(flux, j, q, sign, here[FIRST + j] - sign * s)
            sides_mass[side, first_column + j] = flux[0, j]


@compiled
def _side_x(row, first_column, columns, n, given, along, cells, slopes, sides_mass):
    """Put a given discharge through the west or east side, and note what passes."""
    for side in range(2):
        if (side == 0 and first_column == 0) or (side == 1 and first_column + n == columns):
            j = 0 if side == 0 else n
            sign = 1 - 2 * side
            q = given[side, row]
            if not np.isnan(q):
                cell = FIRST + j - side
                _through(along, j, q, sign, cells[0, cell] - sign * slopes[0, cell])
            sides_mass[side, row] = along[0, j]


@compiled
def _through(flux, j, q, sign, depth):
    """Flux of q (m2/s, into the basin) at face j: no slower water than critical depth."""
    critical = (q * q / 9.81) ** (1.0 / 3.0)
    flux[0, j] = sign * q
    flux[1, j] = q * q / max(depth, critical) if q > 0.0 else 0.0
    flux[2, j] = flux[1, j]
    flux[3, j] = 0.0


@compiled
def _finish(row, first_column, n, state, base, bed, manning, out, cells, slopes, along, south, north, marks, k):
    """New state of one row from its fluxes."""
    i, a, b = row + HALO, first_column + HALO, first_column + HALO + n
    _update(
        cells[0, FIRST : FIRST + n], state[0][i, a:b], state[1][i, a:b], state[2][i, a:b],
        base[0][i, a:b], base[1][i, a:b], base[2][i, a:b], manning[i, a:b], slopes[1, FIRST : FIRST + n], south[4, :n],
        along[0, : n + 1], along[1, : n + 1], along[2, : n + 1], along[3, : n + 1],
        south[0, :n], south[2, :n], south[3, :n], north[0, :n], north[1, :n], north[3, :n],
        out[0][i, a:b], out[1][i, a:b], out[2][i, a:b], marks[0, :n], marks[1, :n], marks[2, :n], k,
    )  # fmt: skip
