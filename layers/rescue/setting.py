"""Constants of a world: places of missions, units of every base, hospitals and districts of ambulances."""

from __future__ import annotations

import numpy as np

from layers.rescue.codes import (
    MAX_EXTRA_CREWS,
    MAX_HELICOPTERS,
    MAX_SENT_TEAMS,
    N_GROUND,
    OUTSIDE_TRIGGER,
    Force,
    Ground,
    Trigger,
)
from layers.rescue.state import Given, Places, Roster
from twin.chance import keys_of
from twin.params import Params
from twin.world import World

Array = np.ndarray


def prepare(world: World, params: Params) -> Given:
    """Constants for all runs."""
    cell, town, site, hospital = world["cell"], world["municipality"], world["site"], world["hospital"]
    base = world["base"]
    places = _places(world)
    free_s = world.arrays["free_travel_s"]
    fire = base["kind"] == Force.FIRE
    crews_of_town = np.bincount(base["municipality"][fire], weights=base["crews"][fire], minlength=len(town))
    stations = np.flatnonzero(crews_of_town > 0)
    drive_s = free_s[np.ix_(town["node"], town["node"][stations])]
    nearest = stations[np.argmin(drive_s, axis=1)] if stations.size else np.arange(len(town))
    roster = _roster(world, places)
    large = site["floor_m2"].astype(np.float64)
    return Given(
        params=params,
        places=places,
        roster=roster,
        n_town=len(town),
        n_cell=len(cell),
        n_base=len(base),
        cell_town=cell["municipality"],
        cell_keys=cell.keys,
        town_node=town["node"],
        town_keys=town.keys,
        population=town["population"].astype(np.float64),
        site_town=site["municipality"],
        site_cell=site["cell"],
        site_keys=site.keys,
        site_large=large,
        site_machine=_needs_machine(world),
        hospital_town=hospital["municipality"],
        hospital_way=town["node"][:, None] * len(world["node"]) + hospital["node"][None, :],
        hospital_keys=hospital.keys,
        hospital_beds=hospital["beds"].astype(np.float64),
        hospital_base=hospital["disaster_base"].astype(bool),
        district=nearest,
        fire_crews=crews_of_town,
        air=np.flatnonzero(roster.kind == Force.HELICOPTER),
        water="water_dx_m" in world.settings,
        cell_danger=_danger(world),
    )


def _danger(world: World) -> Array:
    """Share of the people of each cell inside the official hazard zone, (cell,); 0 in worlds without a water grid."""
    n_cell, patch = len(world["cell"]), world["patch"]
    if "water_dx_m" not in world.settings:
        return np.zeros(n_cell)
    rows = np.flatnonzero(patch["cell"] >= 0)
    weight = (patch["share"] * patch["danger"])[rows]
    return np.bincount(patch["cell"][rows], weights=weight, minlength=n_cell)


def _needs_machine(world: World) -> Array:
    """Whether a site needs heavy machines: by its kind, or because its incident says so."""
    machine = world["site"]["needs_machine"].astype(bool)
    if "incident" in world and len(world["incident"]):
        machine = machine.copy()
        machine[world["incident"]["site"][world["incident"]["needs_machine"] > 0]] = True
    return machine


def _places(world: World) -> Places:
    cell, town, site, hospital, base = (world[name] for name in ("cell", "municipality", "site", "hospital", "base"))
    node = world["node"]
    half_m = float(world.settings.get("cell_size_m", 1000.0)) / 2.0
    cell_last_m = np.hypot(cell["x_m"] - node["x_m"][cell["node"]], cell["y_m"] - node["y_m"][cell["node"]]) + half_m
    port = int(np.flatnonzero(node["kind"] == 4)[0]) if (node["kind"] == 4).any() else 0
    base_node = np.append(base["node"], port)
    base_town = np.append(base["municipality"], node["municipality"][port])
    of_cell = (cell["node"], cell["municipality"], cell["x_m"], cell["y_m"], cell_last_m)
    of_site = (site["node"], site["municipality"], cell["x_m"][site["cell"]], cell["y_m"][site["cell"]])
    of_town = (town["node"], np.arange(len(town)), town["x_m"], town["y_m"], np.zeros(len(town)))
    at_hospital = hospital["cell"]
    groups = [
        of_cell,
        of_cell,
        (*of_site, np.full(len(site), half_m)),
        of_cell,
        of_town,
        (hospital["node"], hospital["municipality"], cell["x_m"][at_hospital], cell["y_m"][at_hospital],
         np.zeros(len(hospital))),
        of_town,
        (base_node, base_town, node["x_m"][base_node], node["y_m"][base_node], np.zeros(len(base_node))),
        of_cell,
    ]  # fmt: skip
    sizes = [len(group[0]) for group in groups]
    first = np.concatenate(([0], np.cumsum(sizes)))[:-1]
    kinds = np.repeat(np.arange(N_GROUND), sizes)
    entity = np.concatenate([np.arange(size) for size in sizes])
    spot_class = np.where(np.isin(kinds, (Ground.EXTRACT, Ground.FIRE, Ground.WATER)), Ground.SEARCH, kinds)
    columns = [np.concatenate([group[k] for group in groups]) for k in range(5)]
    return Places(first, kinds, entity, columns[0], columns[1], first[spot_class] + entity, *columns[2:])


def _roster(world: World, places: Places) -> Roster:
    """One unit per crew of each base, then those kept for levers: helicopters, fire crews, medical teams."""
    base = world["base"]
    n_base, crews = len(base), base["crews"]
    row = np.repeat(np.arange(n_base), crews)
    number = np.arange(len(row)) - np.repeat(np.cumsum(crews) - crews, crews)
    local = base["local"].astype(bool)
    gate = _first(base["kind"] == Force.AID_FIRE, 0)
    teams_gate = _first((base["kind"] == Force.MEDICAL) & ~local, gate)
    many = [MAX_HELICOPTERS, MAX_EXTRA_CREWS, MAX_SENT_TEAMS]
    ids = [f"{base.ids[b]}/{n}" for b, n in zip(row.tolist(), number.tolist())]
    ids += [f"{name}/{n}" for name, count in zip(("helicopter", "extra", "team"), many) for n in range(count)]
    kind = np.append(base["kind"][row], np.repeat([Force.HELICOPTER, Force.AID_FIRE, Force.MEDICAL], many))
    full_row = np.append(row, np.repeat([n_base, gate, n_base], many))
    stands = np.append(row, np.repeat([n_base, gate, teams_gate], many))
    persons = np.append(base["crew_persons"][row], np.repeat([3.0, 5.0, 5.0], many))
    kept_s = np.repeat([-1.0, -1.0, float(base["mobilise_s"][teams_gate]) if n_base else -1.0], many)
    sdf, is_local = kind == Force.SDF, np.append(local[row], np.zeros(sum(many), bool))
    return Roster(
        key=keys_of("rescue-unit", np.array(ids)),
        kind=kind,
        base=full_row,
        place=places.first[Ground.BASE] + stands,
        town=places.town[places.first[Ground.BASE] + stands],
        persons=persons.astype(np.float64),
        mobilise_s=np.append(base["mobilise_s"][row].astype(np.float64), kept_s),
        trigger=np.where(sdf, Trigger.SDF, np.where(is_local, Trigger.AT_ONCE, OUTSIDE_TRIGGER[kind])),
        local=is_local,
        rank=np.concatenate([np.full(len(row), -1), *(np.arange(count) for count in many)]),
        quantile=np.append((number + 0.5) / np.maximum(crews[row], 1), np.full(sum(many), 0.99)),
    )


def _first(mask: Array, otherwise: int) -> int:
    """Row of the first true entry."""
    return int(np.flatnonzero(mask)[0]) if mask.any() else otherwise
