"""Shelters: called up, checked, opened, habitable as far as the scarcest condition allows, consolidated."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layers.evacuation import moves
from layers.evacuation.behaviour import night_fraction
from layers.evacuation.state import Given, Halls, Limit, Ordered, Place, Status, Towns
from layers.evacuation.whole import Grouping, apportion, first_in_town
from twin.chance import Chance
from twin.contract import Clock, Inputs
from twin.params import Params
from twin.records import changed

Array = np.ndarray
LEAST_USABLE = 0.5  # `shelter_usable` is a yes/no carried as a number


def live(halls: Halls, ordered: Array | None = None) -> Array:
    """Shelters that are open or about to open, bool (shelter,); with `ordered`, those opened by order are left out."""
    called = (halls.status == Status.OPEN) | (halls.status == Status.WAITING)
    return called if ordered is None else called & (ordered != Ordered.EXTRA)


def ordered_first(candidate: Array, number: Array, groups: Grouping, ordered: Array | None) -> Array:
    """Mark `number` (municipality,) of the candidates: those ordered open first, then the others; bool (shelter,)."""
    if ordered is None or not (ordered > 0).any():
        return first_in_town(candidate, number, groups)
    named = first_in_town(candidate & (ordered > 0), number, groups)
    return named | first_in_town(candidate & (ordered <= 0), np.maximum(number - groups.sums(named), 0.0), groups)


def shelters_wanted(
    given: Given,
    halls: Halls,
    alarmed: Array,
    target: Array,
    usable: Array,
    turned_persons: Array,
    ordered: Array | None = None,
) -> Array:
    """Number of shelters each town wants open, (municipality,): its decision, or a share of all once alarmed.

    target: decided number, NaN = no decision. Where people are turned away and no shelter is about to open, as many
    more are wanted as their number fills. Shelters opened by order (`ordered`) come on top and are not counted.
    """
    params, groups = given.params, given.halls
    ahead = np.ceil(params.open_ahead_fraction * groups.count) * alarmed
    wanted = np.where(np.isnan(target), ahead, target)
    if not turned_persons.any():
        return np.maximum(wanted, 0.0)
    called = live(halls, ordered)
    mean_persons = groups.sums(floor_persons(given)) / np.maximum(groups.count, 1.0)
    more = np.ceil(turned_persons / np.maximum(mean_persons, 1.0))
    none_coming = groups.sums((halls.status == Status.WAITING) & (usable >= LEAST_USABLE)) == 0
    return np.maximum(wanted, np.where(none_coming & (turned_persons > 0), groups.sums(called) + more, 0.0))


def call_up(
    given: Given,
    halls: Halls,
    wanted: Array,
    turned_persons: Array,
    now_s: int,
    chance: Chance,
    threatened: Array | None = None,
    ordered: Array | None = None,
) -> Halls:
    """Call up closed shelters until `wanted` (municipality,) are open or about to; merged ones only in need.

    threatened: shelters that water may reach now, bool (shelter,): they are left out, like those ordered shut.
    """
    called = live(halls, ordered)
    lacking = np.maximum(wanted - given.halls.sums(called), 0.0)
    if not lacking.any():
        return halls
    in_need = given.halls.spread(turned_persons > 0)
    candidate = (halls.status == Status.CLOSED) | ((halls.status == Status.MERGED) & in_need)
    if threatened is not None:
        candidate &= ~threatened
    if ordered is not None:
        candidate &= ordered != Ordered.SHUT
    return call(given, halls, first_in_town(candidate, lacking, given.halls), now_s, chance)


def call(given: Given, halls: Halls, chosen: Array, now_s: int, chance: Chance) -> Halls:
    """Call up these shelters, bool (shelter,): someone with a key will be there after a delay by chance."""
    rows = np.flatnonzero(chosen)
    if not rows.size:
        return halls
    params = given.params
    spread_s = chance.exponential(
        "evacuation.opening", given.hall_keys[rows], params.opening_spread_s, halls.openings[rows]
    )
    status, due_s, openings = halls.status.copy(), halls.due_s.copy(), halls.openings.copy()
    status[rows] = Status.WAITING
    due_s[rows] = now_s + np.rint(params.opening_least_s + spread_s).astype(np.int64)
    openings[rows] += 1
    return changed(halls, status=status, due_s=due_s, openings=openings)


def to_be_called(halls: Halls, ordered: Array) -> Array:
    """Shelters ordered open that are closed and not known to be unsafe, bool (shelter,)."""
    return (ordered > 0) & ((halls.status == Status.CLOSED) | (halls.status == Status.MERGED))


def call_ordered(
    given: Given, halls: Halls, ordered: Array | None, threatened: Array | None, now_s: int, chance: Chance
) -> Halls:
    """Call up again what is ordered open and had to close for water, once the danger is over."""
    if ordered is None or not (ordered > 0).any():
        return halls
    due = to_be_called(halls, ordered)
    return call(given, halls, due if threatened is None else due & ~threatened, now_s, chance)


def check(given: Given, halls: Halls, checks: Array, usable: Array, ordered: Array | None = None) -> Halls:
    """Apply whole safety `checks` (municipality,), ordered shelters first; unsafe shelters are shut for good."""
    if not checks.any():
        return halls
    unchecked = live(halls) & ~halls.checked
    done = ordered_first(unchecked, np.floor(checks), given.halls, ordered)
    if not done.any():
        return halls
    status = np.where(done & (usable < LEAST_USABLE), Status.UNUSABLE, halls.status).astype(np.int8)
    return changed(halls, checked=halls.checked | done, status=status)


def open_doors(
    given: Given,
    halls: Halls,
    staff: Array,
    usable: Array,
    turned_persons: Array,
    now_s: int,
    ordered: Array | None = None,
) -> tuple[Halls, Array]:
    """Open waiting shelters, those ordered first; returns (halls, bool (shelter,): opened by residents).

    The town opens a checked shelter when its key holder is there and at least `hall_staff_persons` of its `staff`
    (municipality,) are free. Residents open what still stands `residents_open_s` later if people wait outside.
    """
    params, groups = given.params, given.halls
    waiting = (halls.status == Status.WAITING) & (halls.due_s <= now_s)
    if not waiting.any():
        return halls, waiting
    standing = waiting & (usable >= LEAST_USABLE)
    ready = official = standing & halls.checked
    if ready.any():
        manned = np.floor(staff / params.hall_staff_persons) - groups.sums(halls.status == Status.OPEN)
        official = ordered_first(ready, np.maximum(manned, 0.0), groups, ordered)
    by_residents = standing & ~official & groups.spread(turned_persons > 0)
    by_residents &= now_s >= halls.due_s + params.residents_open_s
    opened = official | by_residents
    if not opened.any():
        return halls, opened
    return changed(halls, status=np.where(opened, Status.OPEN, halls.status).astype(np.int8)), by_residents


def shut_damaged(halls: Halls, usable: Array) -> Halls:
    """Shut open shelters that an aftershock has made unusable."""
    broken = (halls.status == Status.OPEN) & (usable < LEAST_USABLE)
    if not broken.any():
        return halls
    return changed(halls, status=np.where(broken, Status.UNUSABLE, halls.status).astype(np.int8))


def consolidate(
    given: Given, halls: Halls, target: Array, turned_persons: Array, ordered: Array | None = None
) -> Halls:
    """Close the emptiest shelters of towns that decided on fewer, as far as the others have room for their people.

    Nothing is closed while people are turned away, and nothing that is ordered open.
    """
    if np.isnan(target).all():
        return halls
    is_open = halls.status == Status.OPEN
    counted = is_open & live(halls, ordered)
    excess = np.where(np.isnan(target) | (turned_persons > 0), 0.0, given.halls.sums(counted) - target)
    if ordered is not None:
        is_open &= ordered <= 0
        excess *= given.halls.sums(is_open) > 0
    towns = np.flatnonzero(excess > 0)
    if not towns.size:
        return halls
    status = halls.status.copy()
    for town in towns:
        rows = np.flatnonzero(is_open & (given.halls.town == town))
        rows = rows[np.argsort(halls.persons[rows], kind="stable")]
        moving = np.cumsum(halls.persons[rows])
        room = np.maximum(halls.capacity_persons[rows] - halls.persons[rows], 0.0)
        fits = moving <= room.sum() - np.cumsum(room)
        number = min(int(excess[town]), int(np.argmin(fits)) if not fits.all() else len(rows))
        status[rows[:number]] = Status.MERGED
    return changed(halls, status=status)


def floor_persons(given: Given) -> Array:
    """People the floor holds, whole (shelter,)."""
    params = given.params
    return np.floor(given.hall_floor_m2 * params.usable_floor_fraction / params.floor_per_person_m2)


def cooling_fraction(given: Given, power: Array, coolers: Array) -> Array:
    """Share of the hall kept cool, (shelter,): own air conditioning or brought coolers, both need power."""
    return power * np.maximum(given.hall_cooled, coolers.clip(0.0, 1.0))


def indoor_wbgt_c(params: Params, outdoor_c: Array, cooled: Array, night: float) -> Array:
    """Heat inside: shade by day, stored heat at night; the cooled share is kept at `cooled_wbgt_c` if that is less."""
    uncooled = outdoor_c + params.indoor_day_c + (params.indoor_night_c - params.indoor_day_c) * night
    return uncooled - cooled * np.maximum(uncooled - params.cooled_wbgt_c, 0.0)


def staff_wanted_persons(given: Given, halls: Halls) -> Array:
    """Staff each shelter needs per shift, (shelter,): 0 unless open or about to open."""
    params = given.params
    called = live(halls)
    by_people = np.ceil(params.staff_per_100_persons / 100.0 * halls.persons)
    return np.maximum(by_people, params.hall_staff_persons) * called


def habitable(given: Given, halls: Halls, inputs: Inputs, wbgt_c: Array, night: float) -> tuple[Array, Array]:
    """Habitable capacity, whole persons (shelter,), and which Limit binds, int8; the smallest of seven conditions.

    A condition that is met limits to the floor. Shortages of water and of toilets scale the floor, so that
    capacity does not depend on who happens to be inside.
    """
    params = given.params
    floor, towns = floor_persons(given), given.halls
    checked = np.where(halls.checked, 1.0, params.unchecked_fraction)
    cool = np.where(wbgt_c > params.heat_limit_wbgt_c, params.hot_hall_fraction, 1.0)
    drink = inputs["shelter_drink_fraction"].clip(0.0, 1.0)
    flush = given.hall_toilets * params.persons_per_toilet * inputs["shelter_water"]
    portable = floor * inputs["shelter_toilets_fraction"].clip(0.0, 1.0)
    wanted = staff_wanted_persons(given, halls)
    present = towns.spread(np.floor(inputs["shelter_staff_persons"]))
    share = present * wanted / towns.spread(np.maximum(towns.sums(wanted), 1.0))
    limits = np.array(
        [
            floor,
            floor * checked,
            floor * cool,
            np.maximum(flush, portable),
            floor * (params.own_drink_fraction + (1.0 - params.own_drink_fraction) * drink),
            params.self_run_persons + share * 100.0 / params.staff_per_100_persons,
            floor * (1.0 - params.dark_hall_loss * night * (1.0 - inputs["shelter_power"])),
        ]
    )
    limit = np.argmin(limits, axis=0)
    is_open = halls.status == Status.OPEN
    capacity = np.floor(limits.min(axis=0)) * is_open
    return capacity, np.where(is_open, limit, Limit.FLOOR).astype(np.int8)


class Intake(NamedTuple):
    """Who found a place: whole persons."""

    persons: Array  # (shelter,) registered afterwards
    turned_persons: Array  # (municipality,) left at the door


def take_in(given: Given, halls: Halls, at_door: Array) -> Intake:
    """Register people at the doors until shelters are full.

    at_door: whole persons (cell,). They try the nearest shelter of their town, then any other of the town with
    room; who finds none is turned away. Keeps: registered after = before + at_door - turned away.
    """
    waiting = given.cells.sums(at_door)
    if not waiting.any():
        return Intake(halls.persons, waiting)
    room = np.maximum(halls.capacity_persons - halls.persons, 0.0)
    known = given.nearest_hall >= 0
    knocking = np.bincount(given.nearest_hall[known], weights=at_door[known], minlength=len(room))
    near = np.minimum(knocking, room)
    others = waiting - given.halls.sums(near)
    spare = room - near
    passed_on = np.minimum(others, given.halls.sums(spare))
    return Intake(halls.persons + near + apportion(passed_on, spare, given.halls), others - passed_on)


def check_out(given: Given, halls: Halls, leaving: Array) -> Halls:
    """Take whole `leaving` (municipality,) off the registers, in proportion to who is there."""
    if not leaving.any():
        return halls
    return changed(halls, persons=halls.persons - apportion(leaving, halls.persons, given.halls))


def evict(given: Given, halls: Halls) -> tuple[Halls, Array]:
    """Empty every shelter that is no longer open; returns (halls, whole persons out (municipality,))."""
    out = np.where(halls.status == Status.OPEN, 0.0, halls.persons)
    if not out.any():
        return halls, np.zeros(given.halls.n_towns)
    return changed(halls, persons=halls.persons - out), given.halls.sums(out)


def under_threat(given: Given, lasts: Array, depth_m: Array) -> tuple[Array, Array]:
    """Shelters whose used floor lies too low in a hazard zone in danger, and those whose floor is under water.

    lasts: towns in danger, bool (municipality,). Both bool (shelter,).
    """
    ground = given.ground
    known = ground.hall_patch >= 0
    low = known & ground.danger[ground.hall_patch] & (ground.hall_floor_m < given.params.shelter_safe_floor_m)
    return low & lasts[given.halls.town], known & (depth_m[ground.hall_patch] > ground.hall_floor_m)


def leave_threatened(halls: Halls, threatened: Array) -> Halls:
    """Close shelters that water may reach; they can be opened again afterwards."""
    leaving = threatened & live(halls)
    if not leaving.any():
        return halls
    return changed(halls, status=np.where(leaving, Status.CLOSED, halls.status).astype(np.int8))


def manage(
    given: Given,
    halls: Halls,
    alarmed: Array,
    turned_persons: Array,
    inputs: Inputs,
    clock: Clock,
    lasts: Array | None = None,
    ordered: Array | None = None,
) -> tuple[Halls, Array]:
    """Run all decisions on opening and closing for one step; returns (halls, bool: opened by residents).

    lasts: towns in danger of water, bool (municipality,), in worlds with a terrain. ordered: see `State.ordered`.
    """
    target, usable, now_s = inputs["shelters_target_units"], inputs["shelter_usable"], clock.end_s
    threatened = None
    if lasts is not None:
        threatened, drowned = under_threat(given, lasts, inputs["water_depth_m"])
        usable = np.where(drowned, 0.0, usable)
        halls = leave_threatened(halls, threatened)
    halls = shut_damaged(halls, usable)
    wanted = shelters_wanted(given, halls, alarmed, target, usable, turned_persons, ordered)
    halls = call_up(given, halls, wanted, turned_persons, now_s, clock.chance, threatened, ordered)
    halls = call_ordered(given, halls, ordered, threatened, now_s, clock.chance)
    halls = check(given, halls, inputs["shelter_checks_units"], usable, ordered)
    staff = inputs["shelter_staff_persons"]
    halls, by_residents = open_doors(given, halls, staff, usable, turned_persons, now_s, ordered)
    return consolidate(given, halls, target, turned_persons, ordered), by_residents


def assess(given: Given, halls: Halls, inputs: Inputs, clock: Clock) -> Halls:
    """Heat inside and habitable capacity of every shelter now."""
    night = night_fraction(given.params, clock.hour)
    cooled = cooling_fraction(given, inputs["shelter_power"], inputs["shelter_cooling_fraction"])
    wbgt_c = indoor_wbgt_c(given.params, given.halls.spread(inputs["wbgt_c"]), cooled, night)
    capacity, limit = habitable(given, halls, inputs, wbgt_c, night)
    return changed(halls, wbgt_c=wbgt_c, capacity_persons=capacity, limit=limit)


def fed_in_town(given: Given, halls: Halls, meals: Array, drink: Array) -> Array:
    """Share of the people in the town's shelters who are served meals and drinking water, 1 where nobody is.

    The scarcer of the two counts, in each shelter.
    """
    persons = given.halls.sums(halls.persons)
    served = given.halls.sums(halls.persons * np.minimum(meals, drink).clip(0.0, 1.0))
    return np.divide(served, persons, out=np.ones_like(persons), where=persons > 0)


def find_places(
    given: Given, halls: Halls, away: Array, towns: Towns, turned_before: Array
) -> tuple[Halls, Array, Towns]:
    """Empty closed shelters, then seat everyone at the doors as far as there is room."""
    halls, out = evict(given, halls)
    if out.any():
        away = moves.unseat(given, away, out)
    if not away[Place.TURNED_AWAY].any():
        return halls, away, towns
    intake = take_in(given, halls, away[Place.TURNED_AWAY])
    away = moves.seat(given, away, intake.turned_persons)
    has_open = given.halls.sums(halls.status == Status.OPEN) > 0
    refused = np.maximum(intake.turned_persons - turned_before, 0.0) * has_open
    towns = changed(towns, refused_persons=towns.refused_persons + refused)
    return changed(halls, persons=intake.persons), away, towns
