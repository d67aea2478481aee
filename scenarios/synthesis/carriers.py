"""Every map between index sets that a coupling row may name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twin.world import Carrier, IndexSet, membership

Array = np.ndarray
# set -> column that weighs its members when they are averaged or a total is split among them
WEIGHT_IN_TOWN = {
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
}
WEIGHT_IN_CELL = {
    "shelter": "floor_m2",
    "site": "persons_day",
    "hospital": "beds",
    "road": "length_m",
    "fuel_station": "tank_l",
    "base_station": "persons",
}


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
    for name, column in WEIGHT_IN_TOWN.items():
        members = sets[name]
        member(name, "municipality", members["municipality"], members[column])
    for name, column in WEIGHT_IN_CELL.items():
        member(name, "cell", sets[name]["cell"], sets[name][column])
    member("substation", "municipality", sets["substation"]["municipality"], np.ones(len(sets["substation"])))
    member("node", "municipality", sets["node"]["municipality"], np.ones(len(sets["node"])))
    member("feeder", "substation", sets["feeder"]["substation"], sets["feeder"]["customers"])
    return carriers
