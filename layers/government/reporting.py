"""Writing reports: the only place where what is true becomes a message, by whoever can see it from where they stand."""

from __future__ import annotations

import numpy as np

from layers.government import counting, messages
from layers.government.known import FIRST_ITEM, INTENSITY, Holder, Known, Q, Source
from layers.government.messages import Bundle, Channel
from layers.government.state import Given, State
from twin.chance import Chance
from twin.contract import Inputs
from twin.params import Params
from twin.table import Table

Array = np.ndarray

# quantity -> need that holds it; what a town hall sees in its own town
SEEN_BY_TOWN = {
    Q.WATER_OUT: "water_out_households",
    Q.EVACUEES: "shelter_counted_persons",
    Q.SHELTERS_OPEN: "shelters_open_units",
    Q.SHELTERS_UNCHECKED: "shelters_unchecked_units",
    Q.STOCK_DAYS: "stock_days",
    Q.TRUCKS_WAITING: "trucks_waiting_units",
    Q.GENERATOR_WANTED: "generator_cars_wanted_units",
    Q.SHELTER_STAFF_WANTED: "shelter_staff_wanted_persons",
    Q.DEATHS: "deaths_confirmed_persons",
    Q.INJURED_SEVERE: "injured_severe_persons",
    Q.INJURED_LIGHT: "injured_light_persons",
}
SEEN_BY_UTILITIES = {
    Q.POWER_OUT: "power_out_customers",
    Q.GAS_OUT: "gas_out_customers",
    Q.BASE_STATIONS_DOWN: "base_stations_down_units",
    Q.ROADS_CLOSED: "roads_found_closed_units",
}
SEEN_BY_FIRE_AND_POLICE = {
    Q.DEATHS: "deaths_confirmed_persons",
    Q.MISSING: "missing_persons",
    Q.INJURED_SEVERE: "injured_severe_persons",
    Q.INJURED_LIGHT: "injured_light_persons",
    Q.TRAPPED_KNOWN: "trapped_known_persons",
    Q.INCIDENTS_OPEN: "incidents_open",
    Q.RESCUED_FIRE: "rescued_fire_persons",
}
SEEN_BY_SCOUTS = {
    Q.EVACUEES: "shelter_counted_persons",
    Q.TRAPPED_KNOWN: "trapped_known_persons",
    Q.INCIDENTS_OPEN: "incidents_open",
}
# what fits into a short call by satellite telephone or disaster radio
SHORT_FORM = (Q.EVACUEES, Q.SHELTERS_OPEN, Q.DEATHS, Q.WATER_OUT, Q.GENERATOR_WANTED, Q.STOCK_DAYS, Q.OFFICE_OK)
HOMES = (Q.HOMES_FULL, Q.HOMES_HALF, Q.HOMES_PARTIAL, Q.HOMES_UNCLASSIFIED)
OBSERVED_CODES = np.array([int(quantity) for quantity in (*SEEN_BY_TOWN, *HOMES, Q.OFFICE_OK, Q.STAFF)])
SHORT_CODES = np.array([int(quantity) for quantity in SHORT_FORM])


def channel(source: Source, params: Params) -> Channel:
    """The properties of a channel, from the lists in params.toml (one place per source, `Source` order)."""
    row = int(source)
    return Channel(
        source,
        float(params.channel_delay_s[row]),
        float(params.channel_delay_spread),
        float(params.channel_lost_fraction[row]),
        float(params.channel_doubled_fraction[row]),
        float(params.channel_left_out_fraction[row]),
    )


def observations(given: Given, state: State, inputs: Inputs, rows: Array) -> tuple[Array, Array, Array]:
    """What these town halls see of their own towns: (town, quantity, value), each (observation,)."""
    values = [
        *[inputs[need][rows] for need in SEEN_BY_TOWN.values()],
        *counting.reported(state.counts)[rows].T,
        inputs["office_usable"][rows],
        state.staff[rows].sum(axis=1),
        *inputs["goods_received_units"][rows].T,
    ]
    codes = np.append(OBSERVED_CODES, np.arange(FIRST_ITEM, FIRST_ITEM + len(given.item_of)))
    if given.land.wet:
        codes, values = np.append(codes, int(Q.HOMES_FLOODED)), [*values, np.floor(state.flooding.listed[rows])]
    return np.concatenate([rows] * len(values)), np.repeat(codes, len(rows)), np.concatenate(values)


def town_reports(
    flight: Table, known: Known, given: Given, state: State, rows: Array, source: Source, now_s: int, chance: Chance
) -> Table:
    """Towns report what they know of themselves to the prefecture, over the line or in the short form."""
    quantity = np.arange(known.value.shape[1]) if source == Source.MUNICIPAL_LINE else SHORT_CODES
    quantity = quantity[quantity != INTENSITY]
    bundle = Bundle(
        sender=rows,
        key=given.office_keys[rows],
        count=state.n_sent[rows, source],
        area=rows,
        quantity=quantity,
        values=messages.rounded(known.value[Holder.HALLS][quantity[None, :], rows[:, None]]),
        as_of_s=now_s,
    )
    slow = 1.0 / np.maximum(state.able[rows], given.params.least_able)
    return messages.post(flight, bundle, (Holder.PREFECTURE,), channel(source, given.params), chance, slow)


def outside_reports(
    flight: Table, given: Given, state: State, inputs: Inputs, source: Source, rows: Array, now_s: int, chance: Chance
) -> Table:
    """Reports that do not pass through the town hall: utilities, fire and police, scouts; to prefecture and state."""
    seen = {
        Source.UTILITY: SEEN_BY_UTILITIES,
        Source.FIRE_POLICE: SEEN_BY_FIRE_AND_POLICE,
        Source.SCOUT: SEEN_BY_SCOUTS,
    }[source]
    quantity = np.array([int(q) for q in seen])
    values = np.column_stack([inputs[need][rows] for need in seen.values()])
    if source == Source.SCOUT:  # a scout sees that a hall stands, and roughly how many people are gathered
        quantity = np.append(quantity, int(Q.OFFICE_OK))
        grain = given.params.scout_grain_persons
        values[:, 0] = np.round(values[:, 0] / grain) * grain
        values = np.column_stack([values, inputs["office_usable"][rows]])
    bundle = Bundle(
        sender=np.full(len(rows), given.state),
        key=given.town_keys[rows],
        count=state.n_sent[rows, source],
        area=rows,
        quantity=quantity,
        values=messages.rounded(values),
        as_of_s=now_s,
    )
    receivers = (Holder.PREFECTURE, Holder.STATE)
    return messages.post(flight, bundle, receivers, channel(source, given.params), chance)


def to_the_state(flight: Table, given: Given, state: State, now_s: int, chance: Chance) -> Table:
    """The prefecture sends what it has published to the state, with its own as-of times."""
    value, as_of_s = state.rhythm.published_value, state.rhythm.published_as_of_s
    quantity, area = np.nonzero(~np.isnan(value))
    z = chance.normal("government.prefecture.delay", given.office_keys[given.prefecture], state.rhythm.n_published)[0]
    line = channel(Source.PREFECTURE, given.params)
    if not quantity.size:
        return flight
    n, due_s = len(quantity), now_s + int(line.delay_s * np.exp(line.delay_spread * z))
    return messages.add(
        flight,
        sender=np.full(n, given.prefecture),
        receiver=np.full(n, int(Holder.STATE)),
        quantity=quantity,
        area=area,
        value=value[quantity, area],
        as_of_s=as_of_s[quantity, area].astype(np.int64),
        sent_s=np.full(n, now_s),
        due_s=np.full(n, due_s),
        channel=np.full(n, int(Source.PREFECTURE)),
    )
