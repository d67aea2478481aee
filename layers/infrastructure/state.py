"""What the layer knows of the place (Given), what moves (State), and both at time 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from layers.infrastructure import (
    crews,
    drowned,
    facilities,
    gas,
    gates,
    inundation,
    levers,
    power,
    roads,
    telecom,
    water,
)
from layers.infrastructure.crews import CrewPlace, Crews
from layers.infrastructure.drowned import Drowned, SitePlace
from layers.infrastructure.facilities import Facilities, FacilityPlace
from layers.infrastructure.gas import Gas, GasPlace
from layers.infrastructure.gates import GatePlace, Gates
from layers.infrastructure.inundation import Ground, GroundPlace
from layers.infrastructure.levers import Orders
from layers.infrastructure.power import Power, PowerPlace
from layers.infrastructure.roads import RoadPlace, Roads, Travel
from layers.infrastructure.telecom import Telecom, TelecomPlace
from layers.infrastructure.water import Water, WaterPlace
from twin.chance import Chance
from twin.params import Params
from twin.world import World

Array = np.ndarray


@dataclass(frozen=True)
class TownPlace:
    """Cells and towns: who lives where, and the offices. `mean`: (municipality, cell), population weights."""

    n: int
    keys: Array
    municipality: Array  # (cell,)
    households: Array  # (cell,)
    persons: Array  # (cell,)
    mean: sparse.csr_matrix
    gas_share: Array  # (cell,) 1 where there is city gas
    to_cell_gas: sparse.csr_matrix
    office_cell: Array  # (office,), -1 for the state
    office_row: Array  # (municipality,) row of each town's own office
    hospital_beds: Array
    nothing: Array  # (cell,) zeros


@dataclass(frozen=True)
class Given:
    """Constants of the layer, by lifeline."""

    params: Params
    town: TownPlace
    crews: CrewPlace
    power: PowerPlace
    water: WaterPlace
    gas: GasPlace
    telecom: TelecomPlace
    roads: RoadPlace
    facilities: FacilityPlace
    ground: GroundPlace
    sites: SitePlace
    gates: GatePlace


@dataclass(frozen=True)
class Seen:
    """Last outputs: handed on again without news; for amounts that are differences, for measuring, for the journal.

    By cell: power_on, coverage, connected: shares of households with electricity, of people with a station, of
    households with water in the pipe; mobile: coverage times attempts that get through; served, drinkable: as
    given; gas_on. The rest by town; phone_load: that of `mobile`; local_speed: as given; settled: share of ground
    liquefied; pumps_on: share of households with electricity.
    """

    power_on: Array
    coverage: Array
    connected: Array
    mobile: Array
    served: Array
    drinkable: Array
    gas_on: Array
    phone_load: Array
    pumps_on: Array
    settled: Array
    contracts_out: Array
    water_out: Array
    gas_out: Array
    stations_down: Array
    roads_closed: Array
    roads_found: Array
    roads_inspected: Array
    roads_flooded: Array
    facilities_dark: Array
    local_speed: Array


@dataclass(frozen=True)
class State:
    """All that moves; liquefied and intensity_max are kept to notice news. dispatch_due_s: end of manual dispatch.

    round_s: when the control rooms last booked work and gave out jobs."""

    crews: Crews
    power: Power
    water: Water
    gas: Gas
    telecom: Telecom
    roads: Roads
    travel: Travel
    facilities: Facilities
    ground: Ground
    sites: Drowned
    gates: Gates
    orders: Orders
    sewer_broken: Array  # (municipality,)
    dispatch_due_s: Array  # (municipality,)
    liquefied: float
    round_s: int
    seen: Seen


def prepare(world: World, params: Params) -> Given:
    """Constants for all runs of a world."""
    return Given(
        params,
        _prepare_town(world),
        crews.prepare(world),
        power.prepare(world),
        water.prepare(world),
        gas.prepare(world),
        telecom.prepare(world),
        roads.prepare(world),
        facilities.prepare(world),
        inundation.prepare(world),
        drowned.prepare(world),
        gates.prepare(world),
    )


def _prepare_town(world: World) -> TownPlace:
    cell, office, hospital = world["cell"], world["office"], world["hospital"]
    to_cell_gas = world.carriers["gas_block_to_cell"].matrix.tocsr()
    n = len(world["municipality"])
    own = np.flatnonzero((office["kind"] == 0) & (office["municipality"] >= 0))
    office_row = np.full(n, -1)
    office_row[office["municipality"][own]] = own
    return TownPlace(
        n=n,
        keys=world["municipality"].keys,
        municipality=cell["municipality"],
        households=cell["households"].astype(float),
        persons=cell["night_persons"].astype(float),
        mean=world.carriers["cell_to_municipality_mean"].matrix.tocsr(),
        gas_share=np.asarray(to_cell_gas.sum(axis=1)).ravel() > 0,
        to_cell_gas=to_cell_gas,
        office_cell=office["cell"],
        office_row=office_row,
        hospital_beds=hospital["beds"].astype(float),
        nothing=np.zeros(len(cell)),
    )


def start(given: Given, chance: Chance) -> State:
    """Everything sound, every tank full, nobody called."""
    town, n_cell = given.town, len(given.town.municipality)
    none, way = np.zeros(town.n), roads.start(given.roads, chance)
    return State(
        crews=crews.start(given.crews),
        power=power.start(given.power),
        water=water.start(given.water),
        gas=gas.start(given.gas),
        telecom=telecom.start(given.telecom),
        roads=way,
        travel=roads.start_travel(given.roads, town.n, given.params, way),
        facilities=facilities.start(given.facilities, given.params),
        ground=inundation.start(given.ground),
        sites=drowned.start(given.sites, chance),
        gates=gates.start(given.gates),
        orders=levers.start(given.facilities, len(given.roads.keys)),
        sewer_broken=none,
        dispatch_due_s=np.zeros(town.n, np.int64),
        liquefied=0.0,
        round_s=0,
        seen=_nothing_wrong(n_cell, town.n),
    )


def _nothing_wrong(n_cell: int, n_town: int) -> Seen:
    """What is given before anything happened."""
    everyone, all_towns, none = np.ones(n_cell), np.ones(n_town), np.zeros(n_town)
    return Seen(
        power_on=everyone,
        coverage=everyone,
        connected=everyone,
        mobile=everyone,
        served=everyone,
        drinkable=everyone,
        gas_on=everyone,
        phone_load=all_towns,
        pumps_on=all_towns,
        settled=none,
        contracts_out=none,
        water_out=none,
        gas_out=none,
        stations_down=none,
        roads_closed=none,
        roads_found=none,
        roads_inspected=all_towns,
        roads_flooded=none,
        facilities_dark=none,
        local_speed=all_towns,
    )
