"""Constants and state of the layer: what offices know, what is on its way, what was decided, what was counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from layers.government import alerts, counting, flooding, messages, orders, pulled, requests, rhythm, triggers
from layers.government.alerts import Alerts
from layers.government.counting import Counts
from layers.government.flooding import Flooding, Land
from layers.government.known import FIRST_ITEM, NEVER, Holder, Known, Source, nothing_known
from layers.government.orders import Orders
from layers.government.pulled import Pulled
from layers.government.rhythm import Rhythm
from layers.government.staff import Duty
from layers.government.supply import ITEMS
from twin.chance import Chance
from twin.params import Params
from twin.table import Table
from twin.world import IndexSet, World

Array = np.ndarray
N_NEIGHBOUR = 4  # towns an unheard intensity is estimated from
NOT_REPORTING_S = 2**60  # the prefecture publishes and the state receives: neither writes situation forms
STEEP_DEG = 15.0  # ground on which slope failures threaten homes


@dataclass(frozen=True)
class Given:
    """Constants; town arrays (town,), office arrays (office,) with the prefecture and the state as the last two rows.

    homes: households. hazard_fraction: share of residents near the sea or on steep ground.
    neighbours: nearest towns, (town, k). site_floor_m2: mean floor of a shelter of the town.
    land: where water may stand, with safe halls and the share of people in the danger zone of each town.
    item_of: position in supply.ITEMS of each item of the world. clock_offset_s: seconds from local midnight to time 0.
    """

    params: Params
    n_town: int
    prefecture: int
    state: int
    office_keys: Array
    town_keys: Array
    staff_posts: Array
    population: Array
    homes: Array
    hazard_fraction: Array
    site_floor_m2: Array
    neighbours: Array
    land: Land
    item_of: Array
    n_quantity: int
    clock_offset_s: int

    @property
    def danger_fraction(self) -> Array:
        """Share of each town's residents in the danger zone of the hazard map for water, (town,)."""
        return self.land.danger_fraction


@dataclass(frozen=True)
class State:
    """Everything the offices need to go on.

    Knowledge: known, messages (in flight), rhythm (of the prefectural headquarters), n_sent (town, source) reports.
    Clocks: desk_due_s and report_due_s (office,), utility_due_s, fire_due_s, supply_due_s.
    Own resources at the last round: able (office,), staff (town, duty), calls_waiting (calls), checks_left,
    checks_carry.
    Decisions: calls_due_s (call,), aid_called_s and aid_crews (utility,), order_fraction, order_due_s, shelters_target,
    generator_* (units), goods (town, item) ordered, asked; support_target (persons), silent, scouting, liaison_due_s,
    weights. Water: alerts (warnings known and on the line), orders (given on warnings), halls_ahead (bool (town,): the
    target of shelters is an opening ahead of water), flooding (count of flooded homes). Levers: pulled (orders in
    force of those who pulled one).
    Counting: habits (town, 4), counts, damaged (town, class) true homes seen by inspectors.
    """

    now_s: int
    known: Known
    messages: Table
    requests: Table
    rhythm: Rhythm
    n_sent: Array
    desk_due_s: Array
    report_due_s: Array
    utility_due_s: int
    fire_due_s: int
    supply_due_s: int
    able: Array
    headquarters: Array
    staff: Array
    calls_waiting: Array
    checks_left: Array
    checks_carry: Array
    calls_due_s: Array
    aid_called_s: Array
    aid_crews: Array
    order_fraction: Array
    order_due_s: Array
    shelters_target: Array
    generator_asked: Array
    generator_approved: Array
    generator_cars: Array
    goods_ordered: Array
    goods_asked: Array
    n_requests: Array
    last_delay_s: Array
    support_target: Array
    silent: Array
    scouting: Array
    liaison_due_s: Array
    search_weight: Array
    road_weight: Array
    habits: Array
    counts: Counts
    damaged: Array
    alerts: Alerts
    orders: Orders
    halls_ahead: Array
    flooding: Flooding
    pulled: Pulled


def prepare(world: World, params: Params) -> Given:
    """Constants for all runs. Raises ScenarioError when the world lacks a table or an item is unknown."""
    town, office = world["municipality"], world["office"]
    n_town = len(town)
    now = world.origin
    return Given(
        params=params,
        n_town=n_town,
        prefecture=n_town,
        state=n_town + 1,
        office_keys=office.keys,
        town_keys=town.keys,
        staff_posts=np.asarray(office["staff_persons"][:n_town], dtype=np.float64),
        population=np.asarray(town["population"], dtype=np.float64),
        homes=np.maximum(np.asarray(town["households"], dtype=np.float64), 1.0),
        hazard_fraction=_hazard_fraction(town, world["cell"]),
        site_floor_m2=_site_floor_m2(world["shelter"], n_town),
        neighbours=_neighbours(town),
        land=flooding.land_of(world, params),
        item_of=np.array([ITEMS.index(name) for name in world["item"].ids.tolist()]),
        n_quantity=FIRST_ITEM + len(world["item"]),
        clock_offset_s=now.hour * 3600 + now.minute * 60 + now.second,
    )


def start(given: Given, chance: Chance) -> State:
    """State at time 0: nobody knows anything, nobody was asked."""
    n_town, n_office, n_item = given.n_town, given.n_town + 2, len(given.item_of)
    zero, never = np.zeros(n_town), np.full(n_town, NEVER, np.int64)
    return State(
        now_s=0,
        **_clocks(given, chance),
        known=nothing_known(len(Holder), given.n_quantity, n_town),
        messages=messages.empty(),
        requests=requests.empty(),
        rhythm=rhythm.first_round(given.params, given.n_quantity, n_town),
        n_sent=np.zeros((n_town, len(Source)), np.int64),
        able=np.ones(n_office),
        headquarters=np.zeros(n_office, np.int8),
        staff=np.zeros((n_town, len(Duty))),
        calls_waiting=zero,
        checks_left=zero,
        checks_carry=zero,
        calls_due_s=triggers.nothing_called(),
        aid_called_s=np.full(len(triggers.Aid), NEVER, np.int64),
        aid_crews=np.zeros(len(triggers.Aid)),
        **_undecided(n_town, n_item),
        silent=np.zeros(n_town, bool),
        scouting=zero,
        liaison_due_s=never,
        search_weight=np.ones(n_town),
        road_weight=np.ones(n_town),
        habits=counting.draw_habits(given.town_keys, chance),
        counts=counting.nothing_counted(n_town),
        damaged=np.zeros((n_town, len(counting.CLASSES))),
        alerts=alerts.no_alerts(n_town),
        orders=orders.nothing_ordered(n_town),
        halls_ahead=np.zeros(n_town, bool),
        flooding=flooding.nothing_flooded(n_town),
        pulled=pulled.nothing_pulled(n_town),
    )


def _clocks(given: Given, chance: Chance) -> dict[str, Any]:
    """When desks, reports, utilities, fire services and the supply desk are first due."""
    params, n_office = given.params, given.n_town + 2
    first_report_s = params.first_report_s * (0.4 + 0.6 * chance.uniform("government.first_report", given.office_keys))
    in_town = np.arange(n_office) < given.n_town
    return {
        "desk_due_s": np.zeros(n_office, np.int64),
        "report_due_s": np.where(in_town, first_report_s, NOT_REPORTING_S).astype(np.int64),
        "utility_due_s": int(params.utility_first_s),
        "fire_due_s": int(params.fire_report_early_s),
        "supply_due_s": int(params.supply_every_s),
    }


def _undecided(n_town: int, n_item: int) -> dict[str, Any]:
    """Fields of the state that hold what was ordered, asked and granted: nothing yet."""
    zero, never = np.zeros(n_town), np.full(n_town, NEVER, np.int64)
    return {
        "order_fraction": zero,
        "order_due_s": never,
        "shelters_target": np.full(n_town, np.nan),
        "generator_asked": zero,
        "generator_approved": zero,
        "generator_cars": zero,
        "goods_ordered": np.zeros((n_town, n_item)),
        "goods_asked": np.zeros((n_town, n_item)),
        "n_requests": np.zeros(n_town, np.int64),
        "last_delay_s": zero,
        "support_target": zero,
    }


def _site_floor_m2(shelter: IndexSet, n_town: int) -> Array:
    """Mean floor of the designated shelters of each town, (town,); 0 without any."""
    number = np.bincount(shelter["municipality"], minlength=n_town)
    return np.bincount(shelter["municipality"], weights=shelter["floor_m2"], minlength=n_town) / np.maximum(number, 1)


def _neighbours(town: IndexSet) -> Array:
    """Row numbers of the nearest other towns, (town, k)."""
    east = town["x_m"][:, None] - town["x_m"][None, :]
    north = town["y_m"][:, None] - town["y_m"][None, :]
    distance_m = np.hypot(east, north)
    np.fill_diagonal(distance_m, np.inf)
    return np.argsort(distance_m, axis=1, kind="stable")[:, : min(N_NEIGHBOUR, len(town) - 1)]


def _hazard_fraction(town: IndexSet, cell: IndexSet) -> Array:
    """Share of residents near the sea or on steep ground, (town,)."""
    persons = np.asarray(cell["night_persons"], dtype=np.float64)
    steep = np.bincount(cell["municipality"], weights=persons * (cell["slope_deg"] >= STEEP_DEG), minlength=len(town))
    share = steep / np.maximum(np.bincount(cell["municipality"], weights=persons, minlength=len(town)), 1.0)
    return np.clip(share + np.asarray(town["population_at_coast_fraction"], dtype=np.float64), 0.0, 1.0)
