"""Places that serve or gather people: hospitals, shelters, large sites, depots, filling stations, offices."""

from __future__ import annotations

import numpy as np

from scenarios.columns import SITE_KINDS
from scenarios.facts import FactTable
from scenarios.synthesis.frame import Frame, filled, names, nearest_cell, pick, strung
from twin.units import HOUR_S
from twin.world import IndexSet

Array = np.ndarray
OUTSIDE = -1


def listed(frame: Frame, table: FactTable, cells: IndexSet) -> tuple[Array, Array]:
    """Municipality and cell of the rows of a fact table with positions; each (row,)."""
    town = frame.rows_of(table["municipality"])
    x_m, y_m = frame.local(table["lat"], table["lon"])
    cell = nearest_cell(cells, x_m, y_m, town)
    return np.where(town >= 0, town, cells["municipality"][cell]), cell


def build_sites(frame: Frame, cells: IndexSet) -> IndexSet:
    """Large occupied sites: the listed ones, filled up to one per so many people."""
    table, rules = frame.facts["site"], frame.rules
    n_town = len(frame.codes)
    town, cell = listed(frame, table, cells)
    population = frame.facts["municipality"]["population"]
    wanted = np.floor(population / rules.persons_per_site).astype(np.int64)
    counts = np.maximum(wanted - np.bincount(town, minlength=n_town), 0)
    weight = cells["night_persons"].astype(float) ** 1.2 + 1.0
    more_town, number, more_cell = strung(frame, "region.site", counts, weight, cells)
    keys = frame.keys(more_town, number)
    kind = pick(frame.chance.uniform("region.site-kind", keys), rules.site_kind_share)
    spread = np.exp(rules.site_persons_log_std * frame.chance.normal("region.site-persons", keys))
    day = np.rint(rules.site_persons_day[kind] * spread)
    given = np.asarray([SITE_KINDS.index(name) for name in table["kind"].tolist()], dtype=np.int64)
    kind = np.concatenate([given, kind])
    ids = np.concatenate([table["id"], names(frame, "site", more_town, number)])
    all_keys = np.concatenate([frame.keys(town, 500_000 + np.arange(len(town))), keys])
    age = pick(frame.chance.uniform("region.site-age", all_keys), rules.site_age_share)
    machine = frame.chance.uniform("region.site-machine", all_keys) < rules.site_machine_share[kind]
    cell = np.concatenate([cell, more_cell])
    return IndexSet.build(
        "site",
        ids,
        name_ja=np.concatenate([table["name_ja"], np.full(len(number), "", dtype="U1")]),
        kind=kind,
        municipality=np.concatenate([town, more_town]),
        cell=cell,
        node=cells["node"][cell],
        persons_day=np.concatenate([table["persons_day"], day]).astype(np.int64),
        persons_night=np.concatenate(
            [table["persons_night"], np.rint(day * rules.site_night_share[kind[len(given) :]])]
        ).astype(np.int64),
        floor_m2=np.concatenate([table["floor_m2"], day * rules.site_floor_per_person_m2[kind[len(given) :]]]),
        year_class=age,
        needs_machine=machine.astype(np.int64),
        listed=(np.arange(len(ids)) < len(given)).astype(np.int64),
    )


def build_hospitals(frame: Frame, cells: IndexSet, main_feeder: Array, zone_of_cell: Array) -> IndexSet:
    """Hospitals: the listed ones and small ones up to one per so many people."""
    table, rules = frame.facts["hospital"], frame.rules
    n_town = len(frame.codes)
    town, cell = listed(frame, table, cells)
    population = frame.facts["municipality"]["population"]
    wanted = np.maximum(np.floor(population / rules.persons_per_hospital), 0).astype(np.int64)
    counts = np.maximum(wanted - np.bincount(town, minlength=n_town), 0)
    weight = np.maximum(cells["night_persons"], 1).astype(float)
    more_town, number, more_cell = strung(frame, "region.hospital", counts, weight, cells)
    keys = frame.keys(more_town, number)
    small = np.rint(rules.hospital_beds * 2.0 ** (2.0 * frame.chance.uniform("region.beds", keys) - 1.0))
    beds = np.concatenate([filled(table["beds"], rules.hospital_beds), small]).astype(np.int64)
    base = np.concatenate([table["disaster_base"], np.zeros(len(number))]).astype(np.int64)
    level = np.where(base == 1, 2, (beds >= 100).astype(np.int64))
    cell = np.concatenate([cell, more_cell])
    return IndexSet.build(
        "hospital",
        np.concatenate([table["id"], names(frame, "hospital", more_town, number)]),
        name_ja=np.concatenate([table["name_ja"], np.full(len(number), "", dtype="U1")]),
        municipality=np.concatenate([town, more_town]),
        cell=cell,
        node=cells["node"][cell],
        feeder=main_feeder[cell],
        water_zone=zone_of_cell[cell],
        beds=beds,
        disaster_base=base,
        generator_s=rules.hospital_generator_h[level] * HOUR_S,
        tank_s=rules.hospital_tank_h[level] * HOUR_S,
        listed=(np.arange(len(cell)) < len(table)).astype(np.int64),
    )


def build_shelters(frame: Frame, cells: IndexSet, main_feeder: Array, zone_of_cell: Array) -> IndexSet:
    """Designated shelters, by population."""
    rules = frame.rules
    population = frame.facts["municipality"]["population"]
    counts = np.maximum(np.rint(population / rules.persons_per_shelter), rules.min_shelters).astype(np.int64)
    weight = cells["night_persons"].astype(float) ** 0.9 + 1.0
    town, number, cell = strung(frame, "region.shelter", counts, weight, cells)
    keys = frame.keys(town, number)

    def draw(purpose: str) -> Array:
        return frame.chance.uniform(f"region.shelter-{purpose}", keys)

    kind = pick(draw("kind"), rules.shelter_kind_share)
    low, high = rules.rows["shelter_floor_m2"].low or 100.0, rules.rows["shelter_floor_m2"].high or 3000.0
    floor = np.clip(rules.shelter_floor_m2[kind] * 2.0 ** (draw("floor") - 0.5), low, high)
    return IndexSet.build(
        "shelter",
        names(frame, "shelter", town, number),
        municipality=town,
        cell=cell,
        feeder=main_feeder[cell],
        water_zone=zone_of_cell[cell],
        kind=kind,
        floor_m2=floor,
        year_class=pick(draw("age"), rules.shelter_age_share),
        cooled=(draw("cooled") < rules.shelter_cooled_share[kind]).astype(np.int64),
        generator=(draw("generator") < rules.shelter_generator_share[kind]).astype(np.int64),
        toilets=np.maximum(np.rint(floor / rules.shelter_floor_per_toilet_m2), 2).astype(np.int64),
    )


def build_fuel_stations(frame: Frame, cells: IndexSet, main_feeder: Array) -> IndexSet:
    """Filling stations, by day and night population."""
    rules = frame.rules
    population = frame.facts["municipality"]["population"]
    counts = np.maximum(np.rint(population / rules.persons_per_fuel_station), 1).astype(np.int64)
    weight = cells["night_persons"].astype(float) ** 0.8 + 1.0
    town, number, cell = strung(frame, "region.fuel-station", counts, weight, cells)
    keys = frame.keys(town, number)
    emergency = frame.chance.uniform("region.fuel-emergency", keys) < rules.fuel_emergency_share
    return IndexSet.build(
        "fuel_station",
        names(frame, "fuel-station", town, number),
        municipality=town,
        cell=cell,
        node=cells["node"][cell],
        feeder=main_feeder[cell],
        tank_l=rules.fuel_tank_l * 2.0 ** (2.0 * frame.chance.uniform("region.fuel-tank", keys) - 1.0),
        emergency=emergency.astype(np.int64),
    )


def build_depots(frame: Frame, nodes: IndexSet, cells: IndexSet, main_feeder: Array) -> IndexSet:
    """Municipal depots (0), prefectural hubs (1), fuel terminals at ports (2), hubs outside at the gateways (3)."""
    rules = frame.rules
    n_town = len(frame.codes)
    population = frame.facts["municipality"]["population"]
    towns = np.arange(n_town)
    office_cell = _office_cells(frame, cells)
    n_hub = min(n_town, max(1, round(float(population.sum()) / rules.persons_per_hub)))
    hubs = np.argsort(-population, kind="stable")[:n_hub]
    node_cells = nearest_cell(cells, nodes["x_m"], nodes["y_m"], nodes["municipality"])
    ports = np.flatnonzero((nodes["kind"] == 4) & (nodes["airport"] == 0) & (nodes["municipality"] >= 0))
    gates = np.flatnonzero(nodes["kind"] == 3)
    kind = np.repeat([0, 1, 2, 3], [n_town, n_hub, len(ports), len(gates)])
    outside = np.full(len(gates), OUTSIDE)
    cell = np.concatenate(
        [office_cell, _hub_cells(nodes, cells, node_cells, hubs, office_cell), node_cells[ports], outside]
    )
    node = np.concatenate([cells["node"][cell[: n_town + n_hub]], ports, gates])
    codes = frame.codes
    ids = [f"{code}/depot/1" for code in codes.tolist()]
    ids += [f"{codes[hub]}/hub/1" for hub in hubs.tolist()]
    ids += [f"{nodes.ids[row]}/{name}" for rows, name in ((ports, "terminal"), (gates, "hub")) for row in rows.tolist()]
    return IndexSet.build(
        "depot",
        ids,
        kind=kind,
        municipality=np.concatenate([towns, hubs, nodes["municipality"][ports], outside]),
        cell=cell,
        node=node,
        feeder=np.where(cell >= 0, main_feeder[cell], -1),
        docks=rules.depot_docks[kind].astype(np.int64),
        forklifts=rules.depot_forklifts[kind].astype(np.int64),
        floor_m2=rules.depot_floor_m2[kind],
    )


def _hub_cells(nodes: IndexSet, cells: IndexSet, node_cells: Array, hubs: Array, office_cell: Array) -> Array:
    """A hub stands at the expressway interchange of its municipality, else by the town hall."""
    chosen = []
    for hub in hubs.tolist():
        gates = np.flatnonzero((nodes["municipality"] == hub) & (nodes["kind"] == 1))
        chosen.append(node_cells[gates[0]] if len(gates) else office_cell[hub])
    return np.asarray(chosen, dtype=np.int64)


def _office_cells(frame: Frame, cells: IndexSet) -> Array:
    towns = frame.facts["municipality"]
    x_m, y_m = frame.local(towns["office_lat"], towns["office_lon"])
    return nearest_cell(cells, x_m, y_m, np.arange(len(towns)))


def build_offices(frame: Frame, nodes: IndexSet, cells: IndexSet, main_feeder: Array) -> IndexSet:
    """Town halls in the order of the municipalities, the prefecture (`43000`), the state (`state`, outside)."""
    table, rules = frame.facts["office"], frame.rules
    n_town = len(frame.codes)
    population = frame.facts["municipality"]["population"]
    staff = np.concatenate(
        [
            np.rint(rules.office_staff_per_1000 * population / 1000.0),
            [np.rint(rules.prefecture_staff_per_1000 * population.sum() / 1000.0), rules.state_staff],
        ]
    )
    power_h = np.full(n_town + 2, rules.office_generator_h)
    prefecture = np.flatnonzero(table["kind"] == "prefecture")[:1]
    state = np.flatnonzero((table["kind"] == "state") & (table["municipality"] == ""))[:1]
    halls = np.flatnonzero(table["kind"] == "municipality")
    target = np.concatenate(
        [frame.rows_of(table["municipality"][halls]), [n_town] * len(prefecture), [n_town + 1] * len(state)]
    )
    rows = np.concatenate([halls, prefecture, state]).astype(np.int64)
    staff[target] = filled(table["staff"][rows], staff[target])
    power_h[target] = filled(table["emergency_power_h"][rows], power_h[target])
    town, cell = _office_places(frame, cells, table, prefecture)
    gates = np.flatnonzero(nodes["kind"] == 3)
    node = np.append(cells["node"][cell[:-1]], gates[0] if len(gates) else cells["node"][cell[-2]])
    return IndexSet.build(
        "office",
        [*frame.codes.tolist(), f"{frame.codes[0][:2]}000", "state"],
        kind=np.asarray([0] * n_town + [1, 2]),
        municipality=town,
        cell=cell,
        node=node,
        feeder=np.where(cell >= 0, main_feeder[cell], -1),
        staff_persons=staff.astype(np.int64),
        generator_s=power_h * HOUR_S,
    )


def _office_places(frame: Frame, cells: IndexSet, table: FactTable, prefecture: Array) -> tuple[Array, Array]:
    halls = _office_cells(frame, cells)
    if len(prefecture):
        x_m, y_m = frame.local(table["lat"][prefecture], table["lon"][prefecture])
        seat = nearest_cell(cells, x_m, y_m, frame.rows_of(table["municipality"][prefecture]))[0]
    else:
        seat = halls[int(np.argmax(frame.facts["municipality"]["population"]))]
    town = np.concatenate([np.arange(len(halls)), [cells["municipality"][seat], OUTSIDE]])
    return town.astype(np.int64), np.concatenate([halls, [seat, OUTSIDE]]).astype(np.int64)
