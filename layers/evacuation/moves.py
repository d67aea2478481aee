"""Whole people who leave home, change place, are turned away, are taken to hospital, or go home."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layers.evacuation.state import N_WISHES, Given, Place, Towns
from layers.evacuation.whole import apportion
from twin.records import changed

Array = np.ndarray
OTHERS = (Place.UNDESIGNATED, Place.CAR, Place.RELATIVES)  # rows 1 to 3 of `away`, as of the wishes


class Moved(NamedTuple):
    """Result of a step of moves; all arrays whole persons."""

    away_persons: Array  # (place, cell)
    leaving: Array  # (cell,) left home
    returning: Array  # (cell,) went home
    left_shelters: Array  # (municipality,) to be taken off the shelters' registers


def follow_wishes(given: Given, away: Array, wish: Array, home: Array) -> Moved:
    """Move people until everyone is where they wish, as far as there is someone at home to leave.

    away: (place, cell); wish: (wish, cell); home: (cell,) people at home now. People who wish for a shelter first
    stand at its door (TURNED_AWAY) until they are seated. Nobody returns who has not left: returns are taken
    from `away` of the same cell.
    """
    change = wish - away[:N_WISHES]
    change[0] -= away[Place.TURNED_AWAY] + away[Place.HOSPITAL]
    leaving, returning = np.zeros((2, away.shape[1]))
    cells = change.any(axis=0).nonzero()[0]
    if not cells.size:
        return Moved(away, leaving, returning, np.zeros(given.cells.n_towns))
    here, net, from_hall = _settle(away[:, cells], change[:, cells], np.floor(np.maximum(home[cells], 0.0)))
    away = away.copy()
    away[:, cells] = here
    leaving[cells], returning[cells] = np.maximum(net, 0.0), np.maximum(-net, 0.0)
    left = np.bincount(given.cells.town[cells], weights=from_hall, minlength=given.cells.n_towns)
    return Moved(away, leaving, returning, left)


def _settle(away: Array, change: Array, home: Array) -> tuple[Array, Array, Array]:
    """Move people of some cells; returns (away, net number who left home, number who left shelters)."""
    less, more = np.maximum(-change, 0.0), np.maximum(change, 0.0)
    from_door = np.minimum(less[0], away[Place.TURNED_AWAY])
    from_hall = np.minimum(less[0] - from_door, away[Place.SHELTER])
    away[Place.TURNED_AWAY] -= from_door
    away[Place.SHELTER] -= from_hall
    movers = from_door + from_hall
    for row, place in enumerate(OTHERS, start=1):
        away[place] -= less[row]
        movers += less[row]
    free = movers + home
    settled = np.zeros_like(movers)
    for row, place in enumerate((Place.TURNED_AWAY, *OTHERS)):
        come = np.minimum(more[row], free - settled)
        away[place] += come
        settled += come
    return away, settled - movers, from_hall


def beyond_fled(away: Array, wish: Array) -> Array:
    """Wishes less those of people who have fled and are on the way or on safe ground, (wish, cell).

    They have left already and choose a place later; nobody else of their cell has to leave in their stead.
    """
    fled = away[Place.UNDER_WAY] + away[Place.REFUGE]
    if not fled.any():
        return wish
    unmet = np.maximum(wish - away[:N_WISHES], 0.0)
    unmet[0] = np.maximum(unmet[0] - away[Place.TURNED_AWAY] - away[Place.HOSPITAL], 0.0)
    upto = np.minimum(np.cumsum(unmet, axis=0), fled)
    return wish - np.diff(upto, axis=0, prepend=0.0)


def unseat(given: Given, away: Array, persons: Array) -> Array:
    """Send whole `persons` (municipality,) from closing shelters back to the door, (place, cell)."""
    out = apportion(persons, away[Place.SHELTER], given.cells)
    away = away.copy()
    away[Place.SHELTER] -= out
    away[Place.TURNED_AWAY] += out
    return away


def seat(given: Given, away: Array, turned_persons: Array) -> Array:
    """Register everyone at the door except whole `turned_persons` (municipality,), (place, cell)."""
    stay = apportion(turned_persons, away[Place.TURNED_AWAY], given.cells)
    away = away.copy()
    away[Place.SHELTER] += away[Place.TURNED_AWAY] - stay
    away[Place.TURNED_AWAY] = stay
    return away


class Transfers(NamedTuple):
    """Result of a step of transfers to hospital; all whole persons."""

    away_persons: Array  # (place, cell)
    towns: Towns
    left_shelters: Array  # (municipality,)
    transferred: Array  # (municipality,)
    discharged: Array  # (municipality,)


def transfer_ill(given: Given, away: Array, towns: Towns, ill: Array, quantile: Array, dt_s: int) -> Transfers:
    """Take the evacuees among the newly ill to hospital and bring the recovered back to the shelter's door.

    ill: (municipality,) people newly ill, wherever they are: evacuees fall ill `ill_ratio` times as often as others.
    Whole numbers come from running totals and the town's quantile, so they do not depend on the step.
    """
    params, cells = given.params, given.cells
    sheltered, in_cars, in_hospital = (cells.sums(away[place]) for place in (Place.SHELTER, Place.CAR, Place.HOSPITAL))
    exposed = sheltered + in_cars
    at_risk = params.ill_ratio * exposed
    share = at_risk / np.maximum(at_risk + given.town_residents_persons - exposed, 1.0)
    expected = towns.ill_expected_persons + params.transfer_fraction * share * ill
    due = np.minimum(np.floor(expected + quantile) - towns.transferred_persons, exposed)
    from_halls = np.minimum(np.ceil(due * sheltered / np.maximum(exposed, 1.0)), sheltered)
    from_cars = np.minimum(due - from_halls, in_cars)
    due = from_halls + from_cars
    level = towns.in_hospital_level * np.exp(-dt_s / params.hospital_stay_s) + due
    inside = in_hospital + due
    discharged = np.maximum(inside - np.floor(level + quantile), 0.0)
    if due.any() or discharged.any():
        away = away.copy()
        for place, amount in ((Place.SHELTER, from_halls), (Place.CAR, from_cars)):
            taken = apportion(amount, away[place], cells)
            away[place] -= taken
            away[Place.HOSPITAL] += taken
        back = apportion(discharged, away[Place.HOSPITAL], cells)
        away[Place.HOSPITAL] -= back
        away[Place.TURNED_AWAY] += back
    counters = {
        "ill_expected_persons": expected,
        "transferred_persons": towns.transferred_persons + due,
        "in_hospital_level": level,
    }
    return Transfers(away, changed(towns, **counters), from_halls, due, discharged)
