"""Rain place by place, as a table of facts: which places it names, what is missing, and rain at any other point.

A row is one place and the instant from which its rate holds. Every place needs a row for every instant: rain that is
not known is not zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from twin.errors import ScenarioError
from twin.numerics.mesh import QUARTERS_PER_CELL, mesh_centre

if TYPE_CHECKING:  # facts.py checks tables with this module
    from scenarios.facts import FactTable

Array = np.ndarray
MARK_S = 600  # rain is looked at this often, so rates that change between marks would be lost
SAME_DEG = 1e-6  # positions that differ by less are one row or column of a grid


def row_problems(table: FactTable) -> Iterator[str]:
    """Rows without a place, with two, or with a mesh code that does not exist."""
    for row, line in enumerate(table.lines.tolist()):
        mesh, point = str(table["mesh"][row]), (table["lat"][row], table["lon"][row])
        where = f"{table.path}:{line}: "
        if bool(mesh) == bool(np.isfinite(point).all()) or np.isfinite(point).any() != np.isfinite(point).all():
            yield f"{where}mesh/lat/lon: a row needs either a mesh code or both lat and lon"
        elif mesh:
            try:
                _centre(mesh)
            except ScenarioError as error:
                yield f"{where}mesh: {error}, '{mesh}'"


def gap_problems(table: FactTable) -> Iterator[str]:
    """Instants that do not follow each other evenly or fall between marks, and places with two rows or none for one."""
    seen: dict[str, dict[datetime, int]] = {}
    for row, line in enumerate(table.lines.tolist()):
        instant = table["time"][row]
        if isinstance(instant, datetime):  # others are refused anyway
            before = seen.setdefault(_name(table, row), {}).setdefault(instant, line)
            if before != line:
                yield f"{table.path}:{line}: time: {instant.isoformat()} stands for this place in line {before} too"
    instants = sorted({instant for rows in seen.values() for instant in rows})
    if len(instants) == 1:
        yield f"{table.path}: time: one instant ({instants[0].isoformat()}) leaves its length open; give two or more"
    steps = [after - before for before, after in pairwise(instants)]
    usual = min(steps, default=None)
    yield from step_problems(table, usual)
    for step, instant in zip(steps, instants[1:], strict=True):
        if step != usual:
            line = next(rows[instant] for rows in seen.values() if instant in rows)
            yield (
                f"{table.path}:{line}: time: {instant.isoformat()} comes {step} after the instant before, others"
                f" {usual}; give rows for every step (0 where it did not rain)"
            )
    for name, rows in seen.items():
        missing = [instant for instant in instants if instant not in rows]
        if missing:
            yield (
                f"{table.path}:{next(iter(rows.values()))}: time: place '{name}' has no row for"
                f" {missing[0].isoformat()} ({len(missing)} of {len(instants)} missing); give a row for every place and"
                " step (0 where it did not rain)"
            )


def step_problems(table: FactTable, step: timedelta | None) -> Iterator[str]:
    """Steps between which rain would change unseen."""
    if step is not None and step.total_seconds() % MARK_S:
        yield f"{table.path}: time: steps of {step}; rain takes multiples of ten minutes, so give means over those"


def _name(table: FactTable, row: int) -> str:
    mesh = str(table["mesh"][row])
    return mesh or f"{table['lat'][row]!s} {table['lon'][row]!s}"


def _centre(mesh: str) -> tuple[float, float]:
    if not (mesh.isascii() and mesh.isdigit()) or len(mesh) not in QUARTERS_PER_CELL:
        raise ScenarioError("a mesh code has 8, 9 or 10 digits (1 km, 500 m, 250 m)")
    lat, lon = mesh_centre(int(mesh), len(mesh))
    return float(lat), float(lon)


def by_place(table: FactTable) -> tuple[list[datetime], Array, Array]:
    """Instants, positions (place, 2) in degrees north and east, rates in mm/h (instant, place) of a checked table."""
    names = [_name(table, row) for row in range(len(table))]
    places = list(dict.fromkeys(names))
    instants = sorted(set(table["time"].tolist()))
    position = np.zeros((len(places), 2))
    rates = np.zeros((len(instants), len(places)))
    at_place, at_time = ({one: row for row, one in enumerate(group)} for group in (places, instants))
    for row, name in enumerate(names):
        mesh = str(table["mesh"][row])
        position[at_place[name]] = _centre(mesh) if mesh else (table["lat"][row], table["lon"][row])
        rates[at_time[table["time"][row]], at_place[name]] = table["mm_per_h"][row]
    return instants, position, rates


def weights(position: Array, lat: Array, lon: Array) -> Array:
    """Share of each place (point, place) in the rain at points; rows add up to 1.

    Places on a whole grid of rows and columns: straight between the four around, the edge's value outside it. Any
    others are taken for rain gauges: the nearest counts.
    """
    rows, columns = (_levels(position[:, axis]) for axis in (0, 1))
    if len(rows) * len(columns) != len(position):
        return _nearest(position, lat, lon)
    number = np.full((len(rows), len(columns)), -1)
    at = [np.abs(position[:, axis, None] - level).argmin(axis=1) for axis, level in ((0, rows), (1, columns))]
    number[at[0], at[1]] = np.arange(len(position))
    if (number < 0).any():
        return _nearest(position, lat, lon)
    found = np.zeros((len(lat), len(position)))
    point = np.arange(len(lat))
    for row, share_row in _between(rows, lat):
        for column, share_column in _between(columns, lon):
            np.add.at(found, (point, number[row, column]), share_row * share_column)
    return found


def _levels(values: Array) -> Array:
    """Distinct values, those within rounding taken as one."""
    ordered = np.sort(values)
    return ordered[np.append(True, np.diff(ordered) > SAME_DEG)]


def _between(levels: Array, at: Array) -> list[tuple[Array, Array]]:
    """The two levels around each value and their shares."""
    upper = np.minimum(np.maximum(np.searchsorted(levels, at), 1), len(levels) - 1)
    lower = np.maximum(upper - 1, 0)
    width = np.maximum(levels[upper] - levels[lower], 1e-12)
    share = np.clip((at - levels[lower]) / width, 0.0, 1.0)
    return [(lower, 1.0 - share), (upper, share)]


def _nearest(position: Array, lat: Array, lon: Array) -> Array:
    north = lat[:, None] - position[:, 0]
    east = (lon[:, None] - position[:, 1]) * np.cos(np.radians(position[:, 0].mean()))
    found = np.zeros((len(lat), len(position)))
    found[np.arange(len(lat)), np.hypot(north, east).argmin(axis=1)] = 1.0
    return found
