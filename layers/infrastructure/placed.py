"""Means ordered to named facilities: generator cars with their fuel, satellite terminals with their batteries.

Both come from outside the region through the gateways, drive over the roads that are open, and are set up on site.
The unit on the road and at work is a mission of `crews`; here lies what it has left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.infrastructure import crews as gang
from layers.infrastructure import facilities
from layers.infrastructure.crews import Crews
from layers.infrastructure.facilities import Facilities, FacilityPlace, fill
from twin.params import Params
from twin.records import changed

Array = np.ndarray


@dataclass(frozen=True)
class Placed:
    """One means at each facility, all (facility,). wanted: ordered there, bool. on: it works there now, bool.

    left: litres in the tank of a car, seconds in the battery of a terminal; 0 where none is ordered.
    """

    wanted: Array
    on: Array
    left: Array


def start(n: int) -> Placed:
    """None ordered."""
    return Placed(np.zeros(n, bool), np.zeros(n, bool), np.zeros(n))


def order(means: Placed, sites: Array, wanted: bool, full: Array) -> Placed:
    """The means with new ones at these facilities, or without those there; full: what each brings, (site,)."""
    ordered, on, left = means.wanted.copy(), means.on.copy(), means.left.copy()
    left[sites] = np.where(ordered[sites], left[sites], full) if wanted else 0.0
    on[sites] &= wanted
    ordered[sites] = wanted
    return Placed(ordered, on, left)


def burn_l_per_s(place: FacilityPlace, params: Params) -> Array:
    """Fuel a car burns that feeds the facility, litre per second, (facility,)."""
    return params.generator_burn_l_per_h[place.kind] / 3600.0


def tank_l(place: FacilityPlace, params: Params) -> Array:
    """Tank of a car, litre (facility,): sized for some hours at the load it is sent to."""
    return params.sent_car_tank_s * burn_l_per_s(place, params)


def feed(
    cars: Placed, crew: Crews, state: Facilities, place: FacilityPlace, params: Params, mains: Array,
    span: tuple[int, int], other: Array,
) -> tuple[Placed, float]:  # fmt: skip
    """Cars feed dark facilities from their tanks; returns them and the litres burnt.

    mains, other: fed by the network, by a car of the town, bool (facility,). span: (start_s, end_s). A car that runs
    dry within the step is off at its end.
    """
    if not cars.wanted.any():
        return cars, 0.0
    on_site = gang.connected(crew, gang.SENT_CAR, len(place.keys), params.car_connect_s, span[1])
    on_site &= cars.wanted & ~state.flooded
    used_l = np.minimum(burn_l_per_s(place, params) * (span[1] - span[0]), cars.left)
    used_l = np.where(on_site & ~mains & ~other, used_l, 0.0)
    left_l = cars.left - used_l
    return changed(cars, on=on_site & (left_l > 0), left=left_l), float(used_l.sum())


def refuel(
    cars: Placed, state: Facilities, place: FacilityPlace, params: Params, delivered_l: Array
) -> tuple[Placed, Facilities, Array]:
    """Fuel delivered to the towns, shared among fixed tanks and sent cars by what is missing in them.

    delivered_l: (municipality,). Returns cars, facilities, and what is still to be handed out.
    """
    if not (cars.wanted.any() and (delivered_l.any() or state.pool_l.any())):
        return cars, state, delivered_l
    missing_l = np.where(cars.wanted, np.maximum(tank_l(place, params) - cars.left, 0.0), 0.0)
    tanks_l, pool_l = fill(
        np.concatenate([state.fuel_l, cars.left]),
        state.pool_l + delivered_l,
        np.concatenate([facilities.missing_l(state.fuel_l, place, params), missing_l]),
        np.concatenate([place.municipality[place.generators], place.municipality]),
    )
    fuel_l, left_l = np.split(tanks_l, [len(state.fuel_l)])
    return changed(cars, left=left_l), changed(state, fuel_l=fuel_l, pool_l=pool_l), np.zeros_like(delivered_l)


def fuel_wanted_l(cars: Placed, place: FacilityPlace, params: Params) -> Array:
    """Litres wanted for cars below the order level, (municipality,)."""
    full_l = tank_l(place, params)
    ordering = cars.wanted & (cars.left < params.fuel_order_level * full_l) & (place.municipality >= 0)
    missing_l = (full_l - cars.left)[ordering]
    return np.bincount(place.municipality[ordering], missing_l, minlength=place.n_municipality)


def transmit(
    terminals: Placed, crew: Crews, place: FacilityPlace, params: Params, power: Array, span: tuple[int, int]
) -> Placed:
    """Terminals that work: set up, and with the facility's electricity or their own battery.

    power: share of the facility's electricity, (facility,). span: (start_s, end_s).
    """
    if not terminals.wanted.any():
        return terminals
    dt_s = span[1] - span[0]
    on_site = gang.connected(crew, gang.TERMINAL, len(place.keys), params.satellite_set_up_s, span[1])
    on_site &= terminals.wanted
    charged_s = np.minimum(terminals.left + params.battery_charge_rate * dt_s, params.satellite_battery_s)
    moved_s = np.where(power > 0, charged_s, np.maximum(terminals.left - dt_s, 0.0))
    left_s = np.where(on_site, moved_s, terminals.left)
    on = on_site & ((power > 0) | (left_s > 0))
    on = terminals.on if np.array_equal(on, terminals.on) else on
    return changed(terminals, on=on, left=left_s)


def served_fraction(on: Array, cells: Array, persons: Array, params: Params) -> Array:
    """Share of each cell's people that terminals at shelters serve, (cell,).

    on, cells: of the shelters, (shelter,). persons: living in each cell.
    """
    served = np.bincount(cells[on & (cells >= 0)], minlength=len(persons)) * params.satellite_persons
    return np.where(persons > 0, np.minimum(served / np.maximum(persons, 1e-9), 1.0), 0.0)
