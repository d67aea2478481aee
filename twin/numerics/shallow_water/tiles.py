"""Which part of a basin is worth computing: tiles that are wet or near water, joined into blocks for the threads.

Shared by the compiled forms, with what both need of the compiler. Needs Numba (the optional extra `fast`).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core.compiler import Compiler
from numba.extending import intrinsic

from twin.numerics.shallow_water.basin import DRY_DEPTH_M, Basin, Sources

TILE_ROWS, TILE_COLUMNS = 8, 16  # what is skipped when dry
CACHE_LINE_BYTES = 64
LONGEST_ROW, MOST_ROWS = 1024, 16  # cells of a block: rows long enough to stream, blocks enough for even shares
HALO = 2
ROOT_SERIES = (1 / 3, 2 / 9, 14 / 81)  # (1 - c)^(-1/3) = 1 + c/3 + 2/9 c2 + 14/81 c3 ...
THIRD_SHIFTS = (2, 4, 6, 8)  # 1/4 + 1/16 + 1/64 + 1/256: a third, near enough to start from
Fields = tuple[np.ndarray, np.ndarray, np.ndarray]


class _Apart(Compiler):
    """Tells the compiler that arrays handed to one function never overlap where one of them is written.

    Without it a row loop over some twenty arrays is not turned into vector code, or only after checking every pair.
    """

    def define_pipelines(self) -> Any:
        """The usual passes, with one flag set."""
        self.state.flags.noalias = True
        return super().define_pipelines()


def compiled(function: Callable[..., Any]) -> Any:
    """Compile at the first call; kept beside the source, else in the user's cache, else (read-only) not at all.

    Nothing is allocated inside and no references are counted (`_nrt`): counts that two threads share would cost more
    than the arithmetic. Arrays written must not overlap any other argument.
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "pipeline_class": _Apart, "_nrt": False}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # Numba finds no folder it may write to
        return njit(**options)(function)


def _take(typing: Any, counter: Any) -> Any:
    """Next number of a shared counter, array (1,) of int64: one atomic instruction, so no number goes out twice."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        """The instruction itself."""
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.atomic_rmw("add", array.data, ir.Constant(ir.IntType(64), 1), "monotonic")

    return types.int64(counter), code


take: Any = intrinsic(_take)


def _fetch(typing: Any, array: Any, place: Any) -> Any:
    """Ask for the cache line of a flat place of an array ahead of its use; a place beyond the array does no harm."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        """The instruction itself: for reading, to be kept in all caches."""
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        address = builder.bitcast(builder.gep(data, [arguments[1]]), byte)
        ask = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        builder.call(ask, [address, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(array, place), code


fetch: Any = intrinsic(_fetch)


def _guess(typing: Any, value: Any) -> Any:
    """x^(-1/3) within 5 % for x > 0: a third of the number's bits, which are nearly its logarithm, taken off."""
    bits, fraction, one = (64, 52, 0x3FF << 52) if value == types.float64 else (32, 23, 0x7F << 23)
    start = one + sum(one >> shift for shift in THIRD_SHIFTS) - int(0.07 * 2**fraction)  # 0.07: errors even out

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        """Shifts and subtractions on the bits."""
        whole = builder.bitcast(arguments[0], ir.IntType(bits))
        rest = ir.Constant(ir.IntType(bits), start)
        for shift in THIRD_SHIFTS:
            rest = builder.sub(rest, builder.lshr(whole, ir.Constant(ir.IntType(bits), shift)))
        return builder.bitcast(rest, arguments[0].type)

    return value(value), code


_root_guess: Any = intrinsic(_guess)


@compiled
def inverse_cube_root(value, k):
    """value^(-1/3) for value > 0, to rounding: a guess from the bits, twice sharpened by the series in c."""
    one = k[2]
    x = _root_guess(value)
    for _ in range(2):
        c = one - value * x * x * x
        x = x * (one + c * (k[12] + c * (k[13] + c * k[14])))
    return x


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
def mark_near(wet, always, near):
    """Mark wet tiles and their neighbours, and those that always take part."""
    for a in range(wet.shape[0]):
        below, above = max(a - 1, 0), min(a + 1, wet.shape[0] - 1)
        for b in range(wet.shape[1]):
            near[a, b] = wet[below, b] | wet[a, b] | wet[above, b]
        before = False
        for b in range(wet.shape[1]):
            here = near[a, b]
            after = near[a, b + 1] if b + 1 < wet.shape[1] else False
            near[a, b] = before | here | after | always[a, b]
            before = here


@compiled
def copy_tiles(chosen, source, target):
    """Copy the chosen tiles of a padded array."""
    rows, columns = source.shape[0] - 2 * HALO, source.shape[1] - 2 * HALO
    for a in range(chosen.shape[0]):
        for b in range(chosen.shape[1]):
            if chosen[a, b]:
                for i in range(a * TILE_ROWS + HALO, min(rows, (a + 1) * TILE_ROWS) + HALO):
                    for j in range(b * TILE_COLUMNS + HALO, min(columns, (b + 1) * TILE_COLUMNS) + HALO):
                        target[i, j] = source[i, j]


@compiled
def join(active, rows, columns, blocks, open_blocks):
    """Active tiles joined into blocks, first along rows, then across alike rows; returns how many.

    `blocks` receives first row, first column, rows, columns. `open_blocks`: per tile column, the block of the band
    before that starts there, -1 for none.
    """
    n = 0
    open_blocks[:] = -1
    for a in range(active.shape[0]):
        first_row = a * TILE_ROWS
        n_row = min(TILE_ROWS, rows - first_row)
        b = 0
        while b < active.shape[1]:
            start = b
            while b < active.shape[1] and active[a, b] and (b + 1 - start) * TILE_COLUMNS <= LONGEST_ROW:
                b += 1
            if b == start:
                open_blocks[b] = -1
                b += 1
                continue
            width = min(columns, b * TILE_COLUMNS) - start * TILE_COLUMNS
            last = open_blocks[start]
            open_blocks[start:b] = -1
            if last >= 0 and blocks[last, 3] == width and blocks[last, 2] < MOST_ROWS:
                blocks[last, 2] += n_row
            else:
                last = n
                blocks[n, 0], blocks[n, 1], blocks[n, 2], blocks[n, 3] = first_row, start * TILE_COLUMNS, n_row, width
                n += 1
            open_blocks[start] = last
    return n


class Tiles:
    """Which tiles take part in a step: wet ones, their neighbours, those at open sides and those with points."""

    def __init__(self, basin: Basin, sources: Sources) -> None:
        self.shape = shape = basin.bed_m.shape
        self.wet = np.zeros((-(-shape[0] // TILE_ROWS), -(-shape[1] // TILE_COLUMNS)), bool)
        own = np.zeros_like(self.wet)
        tile_edges = (own[:, 0], own[:, -1], own[0], own[-1])
        for side, edge in zip(basin.sides, tile_edges, strict=True):
            edge |= side.kind != "wall"
        row, column = sources.cells()
        own[np.asarray(row) // TILE_ROWS, np.asarray(column) // TILE_COLUMNS] = True
        self.always = np.zeros_like(own)  # with their neighbours
        mark_near(own, own, self.always)
        self.active = self.near = np.ones_like(self.wet)
        self.size = (TILE_ROWS, TILE_COLUMNS)  # handed over: code kept on disk does not see a constant change elsewhere
        self.known: np.ndarray | None = None  # the depth that `wet` was marked for
        self._blocks = np.zeros((self.wet.size, 4), np.int64)
        self._open = np.zeros(self.wet.shape[1], np.int64)
        self._joined: np.ndarray | None = None

    def marked(self, fields: Fields, raining: bool) -> None:
        """The kernel has marked `wet` for these fields; rain that falls on them now will make the marks worthless."""
        self.known = None if raining else fields[0]

    def blocks(self, fields: Fields, spare: tuple[Fields, ...], raining: bool) -> np.ndarray:
        """Blocks for this step (block, 4). A tile that falls asleep is copied to the spare fields first."""
        if self.known is not fields[0] and not raining:
            wet_tiles(fields[0], fields[0].dtype.type(DRY_DEPTH_M), self.wet)
        self.known = None
        near = np.ones_like(self.wet)
        if not raining:
            mark_near(self.wet, self.always, near)
        active = near | self.near  # a step longer: discharges of the last water are written down to 0
        self.near = near
        asleep = self.active & ~active
        if asleep.any():
            for other in spare:
                for target, source in zip(other, fields, strict=True):
                    copy_tiles(asleep, source, target)
        if self._joined is None or not np.array_equal(active, self.active):
            n = join(active, *self.shape, self._blocks, self._open)
            self._joined = self._blocks[:n]
        self.active = active
        return self._joined
