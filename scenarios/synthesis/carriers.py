"""Every map between index sets that a coupling row may name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twin.world import Carrier, IndexSet, membership

Array = np.ndarray


def build_carriers(sets: Mapping[str, IndexSet], zone_of_cell: Array, block_of_cell: Array) -> dict[str, Carrier]:
    """Membership carriers of the world; weights say how a mean is taken and a total is split."""
    cell, towns = sets["cell"], sets["municipality"]
    persons = cell["night_persons"].astype(float)
    carriers: dict[str, Carrier] = {}

    def member(child: str, parent: str, parent_of_child: Array, weight: Array) -> None:
        carriers.update(membership(child, parent, parent_of_child, len(sets[parent]), weight.astype(float)))

    member("cell", "municipality", cell["municipality"], persons)
    member("cell", "node", cell["node"], persons)
    member("cell", "water_zone", zone_of_cell, cell["households"])
    member("cell", "gas_block", block_of_cell, cell["gas_customers"])
    member("municipality", "region", np.zeros(len(towns), dtype=np.int64), towns["population"])
    weights = {
        "shelter": "floor_m2",
        "site": "persons_day",
        "hospital": "beds",
        "feeder": "customers",
        "water_zone": "households",
        "base_station": "persons",
        "road": "length_m",
        "fuel_station": "tank_l",
        "depot": "floor_m2",
        "office": "staff_persons",
        "gas_block": "customers",
        "substation": "x_m",
    }
    for name, column in weights.items():
        members = sets[name]
        weight = np.ones(len(members)) if name == "substation" else members[column]
        member(name, "municipality", members["municipality"], weight)
    for name, column in (("shelter", "floor_m2"), ("site", "persons_day"), ("hospital", "beds"), ("road", "length_m")):
        member(name, "cell", sets[name]["cell"], sets[name][column])
    for name, column in (("fuel_station", "tank_l"), ("base_station", "persons")):
        child = membership(name, "cell", sets[name]["cell"], len(cell), sets[name][column].astype(float))
        child.pop(f"{name}_to_cell", None)
        carriers.update(child)
    member("node", "municipality", sets["node"]["municipality"], np.ones(len(sets["node"])))
    member("feeder", "substation", sets["feeder"]["substation"], sets["feeder"]["customers"])
    return carriers
