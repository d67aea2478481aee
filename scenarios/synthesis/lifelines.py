"""Lifelines under the streets and over the roofs: feeders, substations, water zones, gas blocks, base stations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from scenarios.synthesis.frame import Frame, names, nearest_cell, pick, share_out, strung
from scenarios.synthesis.land import HILL, row_column
from twin.world import Carrier, IndexSet

Array = np.ndarray


@dataclass(frozen=True)
class Strings:
    """Cells cut into pieces of equal load along their order, per municipality.

    piece_town, piece_number: shape (piece,). matrix: load of each cell on each piece, sparse (piece, cell).
    """

    piece_town: Array
    piece_number: Array
    matrix: sparse.csr_matrix

    @property
    def main_cell(self) -> Array:
        """Cell that weighs most in each piece, shape (piece,)."""
        return np.asarray(self.matrix.argmax(axis=1)).ravel().astype(np.int64)

    @property
    def main_piece(self) -> Array:
        """Piece that weighs most in each cell, shape (cell,)."""
        return np.asarray(self.matrix.argmax(axis=0)).ravel().astype(np.int64)


def cut_strings(load: Array, town: Array, counts: Array) -> Strings:
    """Cut the cells of each municipality (in their order) into `counts[m]` pieces of equal load (load > 0)."""
    n_town = len(counts)
    sums = np.bincount(town, weights=load, minlength=n_town)
    ends = np.cumsum(load)
    piece_town = np.repeat(np.arange(n_town), counts)
    number = np.arange(len(piece_town)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    starts = np.cumsum(sums) - sums
    piece_ends = starts[piece_town] + sums[piece_town] * number / counts[piece_town]
    marks = np.unique(np.round(np.concatenate([[0.0], ends, piece_ends]), 6))
    middle, length = (marks[1:] + marks[:-1]) / 2, np.diff(marks)
    cell = np.minimum(np.searchsorted(ends, middle), len(load) - 1)
    piece = np.minimum(np.searchsorted(piece_ends, middle), len(piece_town) - 1)
    piece = np.where(piece_town[piece] == town[cell], piece, np.cumsum(counts)[town[cell]] - 1)
    matrix = sparse.csr_matrix((length, (piece, cell)), shape=(len(piece_town), len(load)))
    matrix.sum_duplicates()
    return Strings(piece_town, number, matrix)


def contracts(frame: Frame, cells: IndexSet) -> Array:
    """Electricity contracts per cell (households and businesses), whole numbers >= 1, shape (cell,)."""
    rules = frame.rules
    n_town = len(frame.codes)
    load = rules.contracts_per_household * cells["households"]
    load = load + rules.business_contracts_per_person * cells["day_persons"]
    total = np.rint(np.bincount(cells["municipality"], weights=load, minlength=n_town))
    return np.maximum(share_out(load, total, cells["municipality"]), 1)


def build_power(frame: Frame, cells: IndexSet) -> tuple[IndexSet, IndexSet, dict[str, Carrier], Array]:
    """Substations, feeders, the carriers between feeders and cells, and the main feeder of each cell."""
    rules, town = frame.rules, cells["municipality"]
    n_town = len(frame.codes)
    load = contracts(frame, cells)
    total = np.bincount(town, weights=load, minlength=n_town)
    counts = np.maximum(np.rint(total / rules.customers_per_feeder), 1).astype(np.int64)
    strings = cut_strings(load.astype(float), town, counts)
    customers = share_out(np.asarray(strings.matrix.sum(axis=1)).ravel(), total, strings.piece_town)
    share = strings.matrix @ sparse.diags(1.0 / np.asarray(strings.matrix.sum(axis=0)).ravel())
    main_cell = strings.main_cell
    line_m = rules.line_share * (share @ cells["local_road_m"])
    per_town = np.ceil(counts / rules.feeders_per_substation).astype(np.int64)
    group = ((strings.piece_number - 1) * per_town[strings.piece_town]) // counts[strings.piece_town]
    substation = (np.cumsum(per_town) - per_town)[strings.piece_town] + group
    sub_town = np.repeat(np.arange(n_town), per_town)
    sub_number = np.arange(len(sub_town)) - np.repeat(np.cumsum(per_town) - per_town, per_town) + 1
    weight = np.bincount(substation, weights=customers, minlength=len(sub_town))
    x_m = np.bincount(substation, weights=customers * cells["x_m"][main_cell]) / weight
    y_m = np.bincount(substation, weights=customers * cells["y_m"][main_cell]) / weight
    substations = IndexSet.build(
        "substation",
        names(frame, "substation", sub_town, sub_number),
        municipality=sub_town,
        cell=nearest_cell(cells, x_m, y_m, sub_town),
        x_m=x_m,
        y_m=y_m,
    )
    feeders = IndexSet.build(
        "feeder",
        names(frame, "feeder", strings.piece_town, strings.piece_number),
        municipality=strings.piece_town,
        substation=substation,
        customers=customers,
        node=cells["node"][main_cell],
        cell=main_cell,
        poles=np.maximum(np.rint(line_m / rules.pole_spacing_m), 1.0).astype(np.int64),
        line_m=line_m,
    )
    return substations, feeders, _feeder_carriers(strings), strings.main_piece


def _feeder_carriers(strings: Strings) -> dict[str, Carrier]:
    by_cell = strings.matrix.T.tocsr()
    per_cell = np.asarray(by_cell.sum(axis=1)).ravel()
    down = (sparse.diags(1.0 / per_cell) @ by_cell).tocsr()
    up = down.T.tocsr()
    for matrix in (down, up):
        matrix.sort_indices()
    return {
        "feeder_to_cell": Carrier("feeder_to_cell", "feeder", "cell", down),
        "cell_to_feeder": Carrier("cell_to_feeder", "cell", "feeder", up),
    }


def build_water(frame: Frame, cells: IndexSet, main_feeder: Array) -> tuple[IndexSet, Array]:
    """Water zones and the zone of each cell; zones of one `utility` number belong to one waterworks."""
    rules, town = frame.rules, cells["municipality"]
    n_town = len(frame.codes)
    households = np.bincount(town, weights=cells["households"], minlength=n_town)
    cells_of_town = np.bincount(town, minlength=n_town)
    counts = np.clip(np.rint(households / rules.households_per_zone), 1, cells_of_town).astype(np.int64)
    strings = cut_strings(np.maximum(cells["households"], 0.5), town, counts)
    zone, kept = _packed(strings.main_piece, len(strings.piece_town))
    piece_town, number = strings.piece_town[kept], strings.piece_number[kept]
    n_zone = len(kept)
    main_cell = strings.main_cell[kept]
    supplied = np.bincount(zone, weights=cells["households"], minlength=n_zone)
    street_m = np.bincount(zone, weights=cells["local_road_m"], minlength=n_zone)
    area_m2 = np.bincount(zone, weights=cells["area_m2"], minlength=n_zone)
    townlike = np.clip(np.log10(np.maximum(supplied / area_m2 * 1e6, 10.0) / 50.0) / 1.5, 0.0, 1.0)[:, None]
    share = townlike * rules.pipe_share_town + (1 - townlike) * rules.pipe_share_rural
    keys = frame.keys(piece_town, number)
    gravity = (frame.chance.uniform("region.gravity", keys) < rules.gravity_share) & (
        cells["ground"][main_cell] >= HILL - 1
    )
    low, high = rules.rows["tank_h"].low or 4.0, rules.rows["tank_h"].high or 16.0
    tank_h = low * (high / low) ** frame.chance.uniform("region.tank", keys)
    zones = IndexSet.build(
        "water_zone",
        names(frame, "water-zone", piece_town, number),
        municipality=piece_town,
        utility=_utility_rows(frame)[piece_town],
        households=supplied.astype(np.int64),
        pipe_m=share / share.sum(axis=1, keepdims=True) * (street_m * rules.pipe_m_per_street_m)[:, None],
        tank_s=tank_h * 3600.0,
        feeder=np.where(gravity, -1, main_feeder[main_cell]),
        cell=main_cell,
    )
    return zones, zone


def _packed(piece_of_cell: Array, n_piece: int) -> tuple[Array, Array]:
    """Number the pieces that are the main one of some cell from 0; returns (new number per cell, old numbers)."""
    kept = np.flatnonzero(np.bincount(piece_of_cell, minlength=n_piece))
    new = np.full(n_piece, -1, dtype=np.int64)
    new[kept] = np.arange(len(kept))
    return new[piece_of_cell], kept


def _utility_rows(frame: Frame) -> Array:
    """Row number of the waterworks of each municipality; equal numbers share one. Shape (municipality,)."""
    table = frame.facts["municipality"]
    named = np.where(table["water_utility"] == "", table["code"], table["water_utility"])
    return np.unique(named, return_inverse=True)[1].astype(np.int64)


def utilities(frame: Frame) -> Array:
    """As `_utility_rows`, for the table of municipalities."""
    return _utility_rows(frame)


def build_gas(frame: Frame, cells: IndexSet) -> tuple[IndexSet, Array]:
    """Gas blocks and the block of each cell (-1: no city gas)."""
    town, customers = cells["municipality"], cells["gas_customers"]
    n_town = len(frame.codes)
    supplied = np.flatnonzero(customers > 0)
    of_cell = np.full(len(cells), -1, dtype=np.int64)
    total = np.bincount(town, weights=customers, minlength=n_town)
    if not len(supplied):
        none = np.empty(0, dtype=np.int64)
        return IndexSet.build("gas_block", np.empty(0, "U1"), municipality=none, customers=none, cell=none), of_cell
    wanted = np.rint(total / frame.rules.gas_block_customers).astype(np.int64)
    n_cells = np.bincount(town[supplied], minlength=n_town)
    counts = np.minimum(np.where(total > 0, np.maximum(wanted, 1), 0), n_cells)
    strings = cut_strings(customers[supplied].astype(float), town[supplied], counts)
    block, kept = _packed(strings.main_piece, len(strings.piece_town))
    of_cell[supplied] = block
    blocks = IndexSet.build(
        "gas_block",
        names(frame, "gas-block", strings.piece_town[kept], strings.piece_number[kept]),
        municipality=strings.piece_town[kept],
        customers=np.bincount(block, weights=customers[supplied], minlength=len(kept)).astype(np.int64),
        cell=supplied[strings.main_cell[kept]],
    )
    return blocks, of_cell


def build_telecom(
    frame: Frame, cells: IndexSet, main_feeder: Array, important_cells: Array
) -> tuple[IndexSet, dict[str, Carrier]]:
    """Base stations and which cells they cover; those in `important_cells` (halls, hospitals) keep long batteries."""
    rules, town = frame.rules, cells["municipality"]
    n_town = len(frame.codes)
    persons = np.bincount(town, weights=cells["night_persons"], minlength=n_town)
    counts = np.maximum(np.rint(persons / rules.persons_per_base_station), 2).astype(np.int64)
    weight = (cells["night_persons"] + cells["day_persons"]) / 2.0
    station_town, number, cell = strung(frame, "region.base-station", counts, np.maximum(weight, 0.1), cells)
    keys = frame.keys(station_town, number)
    operator = pick(frame.chance.uniform("region.operator", keys), rules.operator_share)
    battery_h = rules.battery_h[pick(frame.chance.uniform("region.battery", keys), rules.battery_share)]
    hall = _halls(cells, cell, important_cells)
    stations = IndexSet.build(
        "base_station",
        names(frame, "base-station", station_town, number),
        municipality=station_town,
        cell=cell,
        feeder=main_feeder[cell],
        operator=operator,
        battery_s=np.where(hall, np.maximum(battery_h, rules.battery_h[-1]), battery_h) * 3600.0,
        hall=hall.astype(np.int64),
        persons=persons[station_town] / counts[station_town],
    )
    return stations, {"base_station_to_cell": _coverage(frame, cells, cell)}


def _halls(cells: IndexSet, station_cell: Array, important_cells: Array) -> Array:
    """The station nearest to each important cell serves it; bool (base_station,)."""
    x_m, y_m = cells["x_m"][station_cell], cells["y_m"][station_cell]
    squared = (cells["x_m"][important_cells][:, None] - x_m) ** 2 + (cells["y_m"][important_cells][:, None] - y_m) ** 2
    hall = np.zeros(len(station_cell), dtype=bool)
    hall[np.argmin(squared, axis=1)] = True
    return hall


def _coverage(frame: Frame, cells: IndexSet, station_cell: Array) -> Carrier:
    """Weights of the stations that cover each cell (its own and its eight neighbours'), rows sum to 1."""
    n_cell, n_station = len(cells), len(station_cell)
    digits = len(str(cells.ids[0]))
    row, column = row_column(cells.ids, digits)
    number = row * 1_000_000 + column
    order = np.argsort(number)
    near = [sparse.identity(n_cell, format="csr")]
    for d_row in (-1, 0, 1):
        for d_column in (-1, 0, 1):
            wanted = (row + d_row) * 1_000_000 + column + d_column
            at = order[np.minimum(np.searchsorted(number, wanted, sorter=order), n_cell - 1)]
            hit = np.flatnonzero((number[at] == wanted) & (at != np.arange(n_cell)))
            values = np.full(len(hit), frame.rules.cover_near)
            near.append(sparse.csr_matrix((values, (hit, at[hit])), shape=(n_cell, n_cell)))
    standing = sparse.csr_matrix((np.ones(n_station), (station_cell, np.arange(n_station))), shape=(n_cell, n_station))
    cover = (sum(near[1:], near[0]) @ standing).tocsr()
    bare = np.flatnonzero(np.asarray(cover.sum(axis=1)).ravel() == 0)
    if len(bare):
        x_m, y_m = cells["x_m"], cells["y_m"]
        squared = (x_m[bare][:, None] - x_m[station_cell]) ** 2 + (y_m[bare][:, None] - y_m[station_cell]) ** 2
        closest = np.argmin(squared, axis=1)
        cover = cover + sparse.csr_matrix((np.ones(len(bare)), (bare, closest)), shape=cover.shape)
    cover = (sparse.diags(1.0 / np.asarray(cover.sum(axis=1)).ravel()) @ cover).tocsr()
    cover.sort_indices()
    return Carrier("base_station_to_cell", "base_station", "cell", cover)
