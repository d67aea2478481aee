"""What people eat, drink and use, and what share of their need is met: in shelters, cars and homes, and responders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.logistics import water
from layers.logistics.items import COOLERS, MEALS, MEDICINE, MILK, TOILETS, WATER, daily_need_units
from layers.logistics.ordered import TANKERS_AID
from layers.logistics.shops import can_buy
from layers.logistics.state import Given, State
from layers.logistics.stocks import full_household_units, heat_factor, per_day, served, share, used_at_home
from layers.logistics.trucks import coolers_needed
from twin.contract import Clock, Inputs
from twin.records import changed
from twin.units import DAY_S

Array = np.ndarray


@dataclass(frozen=True)
class Shelters:
    """Occupied shelters only: their row, town, persons, and per item what was needed and met, (row, item).

    persons_in_town: (municipality,). daily: units one person uses up per day, (item,).
    """

    rows: Array
    town: Array
    persons: Array
    needed: Array
    met: Array
    persons_in_town: Array
    daily: Array

    def by_town(self, values: Array, n_town: int) -> Array:
        """Sum over the occupied shelters of each town, (municipality,)."""
        return np.bincount(self.town, weights=values, minlength=n_town)


@dataclass(frozen=True)
class Met:
    """Amounts of one kind within a step, (municipality,): needed by people outside shelters, and met."""

    needed: Array
    met: Array


def use_shelter_stock(given: Given, state: State, inputs: Inputs, dt_s: float) -> tuple[State, Shelters]:
    """People in shelters use up what lies there; water and portable toilets as far as the mains fail."""
    persons = inputs["shelter_persons"]
    rows = np.flatnonzero(persons > 0)
    town = given.shelter_town[rows]
    daily = daily_need_units(given.params)
    needed = persons[rows, None] * (daily * (dt_s / DAY_S))
    dry = 1.0 - np.clip(inputs["water_service_fraction"], 0.0, 1.0)[town]
    needed[:, WATER] *= dry * heat_factor(given.params, inputs["wbgt_c"])[town]
    needed[:, TOILETS] *= dry
    met = served(state.shelter_units[rows], needed, given.params.ration_s, dt_s)
    in_town = np.bincount(town, weights=persons[rows], minlength=given.n_town)
    group = Shelters(rows, town, persons[rows], needed, met, in_town, daily)
    if not rows.size:
        return state, group
    shelter_units = state.shelter_units.copy()
    shelter_units[rows] -= met
    return changed(state, shelter_units=shelter_units), group


def drink(given: Given, state: State, inputs: Inputs, group: Shelters, clock: Clock) -> tuple[State, Array, Met]:
    """Tankers and points: (state, litres people in shelters got from tankers (row,), water of homes and cars).

    Shelters first. At home people drink their own stock, buy, take bottles from the town, and fetch what tankers
    hold if they can carry it.
    """
    params, dt_s = given.params, clock.dt_s
    dry = 1.0 - np.clip(inputs["water_service_fraction"], 0.0, 1.0)
    at_home, in_cars = inputs["persons_home"], inputs["car_persons"]
    tankers = water.allot_tankers(given, dry * given.population, clock.end_s, state.ordered.behind[TANKERS_AID])
    round_s = water.cycle_s(given, inputs)
    tankers = np.where(np.isfinite(round_s), tankers, 0.0)
    left_l = water.capacity_l(given, tankers, round_s, dt_s)
    lacking = group.needed[:, WATER] - group.met[:, WATER]
    lacking_in_town = group.by_town(lacking, given.n_town)
    from_tankers = lacking * share(left_l, lacking_in_town)[group.town]
    left_l = np.maximum(left_l - lacking_in_town, 0.0)

    per_person = params.drinking_water_per_day_l * heat_factor(params, inputs["wbgt_c"]) * dry * dt_s / DAY_S
    full = full_household_units(given, params.drinking_water_per_day_l)
    from_stock = used_at_home(state.household_water_l, full, at_home * per_person)
    needed = (at_home + in_cars) * per_person
    open_need = needed - from_stock
    open_need = open_need * (1.0 - params.shop_drink_fraction * can_buy(given, state.shops_open_fraction))
    bottles, stores = from_town_store(given, state.store_units, WATER, open_need, group, dt_s)
    points = water.points(params, tankers)
    fetched = np.minimum((open_need - bottles) * water.within_reach(given, points), left_l)
    unmet = open_need - bottles - fetched
    state = changed(
        state,
        household_water_l=state.household_water_l - from_stock,
        store_units=stores,
        tankers=tankers,
        water_points=points,
        water_short_l=per_day(unmet + group.by_town(lacking - from_tankers, given.n_town), dt_s),
    )
    return state, from_tankers, Met(needed, needed - unmet)


def eat(given: Given, state: State, inputs: Inputs, group: Shelters, dt_s: float) -> tuple[State, Met]:
    """Meals of people at home and in cars: bought, from their own stock, or handed out by the town."""
    params = given.params
    buys = can_buy(given, state.shops_open_fraction)
    per_person = params.meals_per_day_meals * dt_s / DAY_S
    at_home = inputs["persons_home"] * per_person * (1.0 - buys)
    in_cars = inputs["car_persons"] * per_person * (1.0 - buys)
    full = full_household_units(given, params.meals_per_day_meals)
    from_stock = used_at_home(state.household_meals, full, at_home)
    open_need = at_home + in_cars - from_stock
    handed_out, stores = from_town_store(given, state.store_units, MEALS, open_need, group, dt_s)
    unmet = open_need - handed_out
    short = unmet + group.by_town(group.needed[:, MEALS] - group.met[:, MEALS], given.n_town)
    state = changed(
        state,
        household_meals=state.household_meals - from_stock,
        store_units=stores,
        meals_short=per_day(short, dt_s),
    )
    needed = (inputs["persons_home"] + inputs["car_persons"]) * per_person
    return state, Met(needed, needed - unmet)


def from_town_store(
    given: Given, store_units: Array, item: int, need: Array, group: Shelters, dt_s: float
) -> tuple[Array, Array]:
    """Handed out by the town to people outside shelters, (municipality,), and the stores afterwards.

    What the town's shelters need for `shelter_buffer_s` is kept back.
    """
    params = given.params
    kept = group.persons_in_town * group.daily[item] * params.shelter_buffer_s / DAY_S
    spare = np.maximum(store_units[: given.n_town, item] - kept, 0.0)
    out = served(spare, need, params.ration_s, dt_s)
    if not out.any():
        return out, store_units
    stores = store_units.copy()
    stores[: given.n_town, item] -= out
    return out, stores


def buy_again(given: Given, state: State, inputs: Inputs, dt_s: float) -> State:
    """Households fill their stock up again where shops are open (water also where the mains flow)."""
    params = given.params
    buys = can_buy(given, state.shops_open_fraction)
    flows = np.maximum(buys, inputs["water_service_fraction"])

    def refilled(stock: Array, per_person_day: float, ease: Array) -> Array:
        gap = np.maximum(full_household_units(given, per_person_day) - stock, 0.0)
        return stock + gap * -np.expm1(-dt_s * ease / params.household_refill_s)

    return changed(
        state,
        household_meals=refilled(state.household_meals, params.meals_per_day_meals, buys),
        household_water_l=refilled(state.household_water_l, params.drinking_water_per_day_l, flows),
    )


def medicate(given: Given, state: State, inputs: Inputs, group: Shelters, dt_s: float) -> tuple[State, Array]:
    """Medicine and oxygen of dependent people and milk of infants in shelters: (state, share met (municipality,)).

    Pharmacies open like shops. The share of people who still have medicine at home falls while they are closed.
    """
    params = given.params
    buys = can_buy(given, state.shops_open_fraction)
    cover = state.medicine_cover_fraction * np.exp(-dt_s * (1.0 - buys) / params.medicine_at_home_s)
    cover = cover + (1.0 - cover) * -np.expm1(-dt_s * buys / params.household_refill_s)
    lacking = inputs["persons_dependent"] * (1.0 - buys) * (1.0 - cover)
    need = lacking * dt_s / DAY_S
    out = served(state.store_units[: given.n_town, MEDICINE], need, params.ration_s, dt_s)
    stores = state.store_units
    if out.any():
        stores = stores.copy()
        stores[: given.n_town, MEDICINE] -= out
    without = lacking * (1.0 - share(out, need))
    infants = group.persons_in_town * params.infant_fraction
    milk = share(group.by_town(group.met[:, MILK], given.n_town), group.by_town(group.needed[:, MILK], given.n_town))
    people = inputs["persons_dependent"] + infants
    met = inputs["persons_dependent"] - without + infants * milk
    return changed(state, medicine_cover_fraction=cover, store_units=stores, unmedicated_persons=without), share(
        met, people
    )


def feed_responders(given: Given, state: State, inputs: Inputs, dt_s: float) -> tuple[State, Array]:
    """Responders eat what they brought, then from municipal stores: (state, share met (municipality,)).

    Units bring food for `self_supply_s`; moving on to another town brings none.
    """
    params = given.params
    present = inputs["responders_present_persons"]
    per_person = params.meals_per_day_meals / DAY_S
    peak = max(state.responders_peak_persons, float(present.sum()))
    brought = (peak - state.responders_peak_persons) * per_person * params.self_supply_s
    own = state.self_supply_meals + brought
    need = present * per_person * dt_s
    eaten = min(own, float(need.sum()))
    rest = need * (1.0 - eaten / max(float(need.sum()), 1e-12))
    out = served(state.store_units[: given.n_town, MEALS], rest, params.ration_s, dt_s)
    stores = state.store_units
    if out.any():
        stores = stores.copy()
        stores[: given.n_town, MEALS] -= out
    state = changed(
        state,
        store_units=stores,
        self_supply_meals=own - eaten,
        responders_peak_persons=peak,
        responder_meals=(own - eaten) * present / max(float(present.sum()), 1e-12),
    )
    return state, share(need - rest + out, need)


def shelter_fractions(
    given: Given, state: State, inputs: Inputs, group: Shelters, from_tankers: Array, now_s: int
) -> dict[str, Array]:
    """The four shares shelters live by, each (shelter,), 1 where nobody is (cooling: 0 where there are no coolers)."""
    params = given.params
    service = np.clip(inputs["water_service_fraction"], 0.0, 1.0)[group.town]
    meals, drink_share, toilets = (np.ones(len(given.shelter_town)) for _ in range(3))
    meals[group.rows] = share(group.met[:, MEALS], group.needed[:, MEALS])
    brought = share(group.met[:, WATER] + from_tankers, group.needed[:, WATER])
    drink_share[group.rows] = service + (1.0 - service) * brought
    later = now_s >= params.toilets_later_s
    persons_per_toilet = params.persons_per_toilet_later if later else params.persons_per_toilet_first
    bags = share(group.met[:, TOILETS], group.needed[:, TOILETS])
    usable = given.shelter_toilets[group.rows] * (service + (1.0 - service) * bags)
    toilets[group.rows] = share(usable, group.persons / persons_per_toilet)
    everywhere = np.arange(len(given.shelter_town))
    cooling = share(state.shelter_units[:, COOLERS], coolers_needed(given, everywhere), none=0.0)
    return {
        "shelter_meals_fraction": meals,
        "shelter_drink_fraction": drink_share,
        "shelter_toilets_fraction": toilets,
        "shelter_cooling_fraction": cooling,
    }
