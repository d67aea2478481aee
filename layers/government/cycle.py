"""One step of the offices: hear, work, decide, write; in this order, each part a pure change of the state."""

from __future__ import annotations

import numpy as np

from layers.government import (
    alerts,
    counting,
    flooding,
    messages,
    offices,
    orders,
    pulled,
    reporting,
    requests,
    rounds,
    staff,
)
from layers.government.counting import Counts
from layers.government.known import OFFICE_OK, Holder, Q, Source, absorb, or_zero
from layers.government.offices import Plan
from layers.government.requests import Kind
from layers.government.staff import Duty
from layers.government.state import Given, State
from layers.government.triggers import Call
from twin.contract import Clock, Event, Inputs
from twin.records import changed
from twin.table import Table
from twin.units import DAY_S, HOUR_S

Array = np.ndarray


def own_resources(given: Given, inputs: Inputs) -> Array:
    """How far each office can work in its own building now, 0..1 (office,): entered, lit; slower elsewhere or dark."""
    params = given.params
    usable = params.able_elsewhere + (1.0 - params.able_elsewhere) * np.clip(inputs["office_usable"], 0.0, 1.0)
    lit = params.able_dark + (1.0 - params.able_dark) * np.clip(inputs["office_power"], 0.0, 1.0)
    return usable * lit


def hear(given: Given, state: State, inputs: Inputs, now_s: int) -> tuple[State, list[Event]]:
    """Intensity messages, what is due on the channels, and what halls at work see of their own town become known."""
    flight, arrived = messages.due(state.messages, now_s)
    names = ("receiver", "quantity", "area", "value", "as_of_s", "due_s", "channel")
    parts = [[arrived[name] for name in names]] if len(arrived) else []
    intensity = inputs["intensity_received"]
    new = np.flatnonzero(~np.isnan(intensity) & (state.known.value[Holder.PREFECTURE, Q.INTENSITY] != intensity))
    for holder in Holder if new.size else ():
        quantity = np.full(len(new), int(Q.INTENSITY))
        parts.append(_as_of_now(holder, quantity, new, intensity[new], now_s, Source.SEISMOGRAPH))
    n_town = given.n_town
    looking = np.flatnonzero((state.desk_due_s[:n_town] <= now_s) | (state.report_due_s[:n_town] <= now_s))
    if looking.size:
        town, quantity, value = reporting.observations(given, state, inputs, looking)
        parts.append(_as_of_now(Holder.HALLS, quantity, town, value, now_s, Source.OWN))
    if not parts:
        return state, []
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)] if len(parts) > 1 else parts[0]
    late = _late_events(given, arrived) if len(arrived) else []
    return changed(state, known=absorb(state.known, *columns), messages=flight), late


def _as_of_now(holder: Holder, quantity: Array, area: Array, value: Array, now_s: int, source: Source) -> list[Array]:
    now = np.full(len(value), now_s)
    return [np.full(len(value), int(holder)), quantity, area, value, now, now, np.full(len(value), int(source))]


def _late_events(given: Given, arrived: Table) -> list[Event]:
    """One event per report of a town hall that needed longer than `late_report_s`."""
    rows = (arrived["quantity"] == OFFICE_OK).nonzero()[0]
    rows = rows[(arrived["receiver"][rows] == int(Holder.PREFECTURE)) & (arrived["sender"][rows] < given.n_town)]
    late = rows[arrived["due_s"][rows] - arrived["as_of_s"][rows] > given.params.late_report_s]
    return [
        Event(
            "report_late",
            "report_delay_s",
            int(arrived["area"][row]),
            float(arrived["due_s"][row] - arrived["as_of_s"][row]),
            time_s=int(arrived["due_s"][row]),
            causes=(("office_telecom", int(arrived["area"][row])), ("office_power", int(arrived["area"][row]))),
        )
        for row in late.tolist()
    ]


def work(given: Given, state: State, inputs: Inputs, able: Array, clock: Clock) -> tuple[State, Array]:
    """Staff at their duties over the step: telephones, shelter checks, counting; returns checks done (town,).

    able: how far each office can work now; noted in the state with the instant the step ends at.
    """
    params, persons = given.params, state.staff
    waiting = staff.answer(state.calls_waiting, inputs["resident_calls"], persons[:, Duty.PHONES], clock.dt_s, params)
    done, left, carry = staff.checks_done(
        state.checks_left, state.checks_carry, persons[:, Duty.CHECKS], clock.dt_s, params, _check_s(given, state)
    )
    damaged = np.array(
        [inputs[need] for need in ("buildings_collapsed", "buildings_half_collapsed", "buildings_partial")]
    ).T
    work_s = counting.daylight_work_s(clock.start_s, clock.end_s, given.clock_offset_s, params)
    counts = _count(given, state, damaged, work_s, clock) if work_s > 0 else state.counts
    flooded = flooding.survey(given, state, inputs, work_s, clock) if given.land.wet else state.flooding
    after = changed(
        state,
        now_s=clock.end_s,
        able=state.able if np.array_equal(able, state.able) else able,
        calls_waiting=waiting,
        checks_left=left,
        checks_carry=carry,
        counts=counts,
        damaged=damaged,
        flooding=flooded,
    )
    return after, done


def _shaken(given: Given, state: State) -> Array:
    """Town halls that know of strong shaking, bool (town,)."""
    shaken: Array = state.known.value[Holder.HALLS, Q.INTENSITY] >= given.params.headquarters_intensity
    return shaken


def _check_s(given: Given, state: State) -> Array | None:
    """Time of one shelter check where a hall opens before water and nothing has shaken it: a look round."""
    if not state.halls_ahead.any():
        return None
    unshaken = state.halls_ahead & ~_shaken(given, state)
    return np.where(unshaken, given.params.check_unshaken_s, given.params.check_s)


def _count(given: Given, state: State, damaged: Array, work_s: float, clock: Clock) -> Counts:
    """Tags, finds and classes after `work_s` of daylight work; each count begins when its town gets round to it."""
    params, total = given.params, damaged.sum(axis=1)
    begun = counting.begin_s(state.habits, given.staff_posts, given.population, params) <= clock.end_s
    effort = counting.effort(state.habits, params)
    shaken = state.known.value[Holder.HALLS, Q.INTENSITY] >= params.tag_intensity
    hours = state.staff[:, Duty.COUNTING] * effort * work_s / HOUR_S
    before = state.counts
    found = counting.find(before, total, given.homes, hours * begun[:, 1], params)
    return Counts(
        counting.tag(before, total, params.tag_teams * effort * shaken * begun[:, 0], work_s, params),
        found,
        counting.classify(before, found, damaged, given.homes, hours * begun[:, 2], params),
    )


def decide(given: Given, state: State, inputs: Inputs, clock: Clock) -> Plan:
    """Wake the offices that are due and return what they decided."""
    n_town = given.n_town
    since_review_s = (clock.end_s + given.clock_offset_s - given.params.consolidation_hour * HOUR_S) % DAY_S
    reviewing = bool(since_review_s < given.params.desk_every_s)
    lines = inputs["office_telecom"][:n_town] * (inputs["office_power"][:n_town] > 0)
    return offices.wake(given, state, lines, reviewing, clock.end_s, clock.chance)


def allot_staff(given: Given, state: State, plan: Plan, inputs: Inputs, able: Array, now_s: int) -> State:
    """Town halls at their desks share out their people over the duties, on what they know."""
    if not plan.desks:
        return state
    rows, params = np.array(plan.desks), given.params
    support = staff.support_persons(state.support_target, int(state.calls_due_s[Call.STAFF_SUPPORT]), now_s, params)
    support = support + pulled.support_persons(state.pulled, now_s, params)
    free = staff.available_persons(
        given.staff_posts[rows], _attendance(given, state, inputs, now_s)[rows], able[rows], support[rows], params
    )
    own = state.known.value[Holder.HALLS].T[rows]
    unchecked = own[:, Q.SHELTERS_UNCHECKED]
    wanted = staff.wanted_persons(
        staff.compile_persons(given.staff_posts[rows], params),
        own[:, Q.EVACUEES],
        own[:, Q.SHELTER_STAFF_WANTED],
        unchecked,
        state.calls_waiting[rows],
        free,
        params,
    )
    granted, left = state.staff.copy(), state.checks_left.copy()
    granted[rows] = staff.allocate(free, wanted, params)
    left[rows] = or_zero(unchecked)
    return changed(state, staff=granted, checks_left=left)


def _attendance(given: Given, state: State, inputs: Inputs, now_s: int) -> Array:
    """Share of municipal staff at work, (town,): after a shock as they come, before water as they are called in."""
    attending = inputs["staff_attendance_fraction"]
    if not given.land.wet:
        return attending
    called = staff.readiness(state.orders.called_in_s, now_s, given.clock_offset_s, given.params)
    return np.where(_shaken(given, state), attending, attending * called)


def carry_out(
    given: Given, state: State, plan: Plan, inputs: Inputs, able: Array, clock: Clock
) -> tuple[State, list[Event]]:
    """Turn the plan of the woken offices into orders, requests and messages."""
    now_s, events = clock.end_s, []
    state, told = _orders(state, plan, given, now_s)
    state, more = orders.carry_out(given, state, plan.water_orders, clock)
    events += told + more + pulled.events(given, state, clock.start_s, now_s)
    state = _leave_halls(given, state)
    asks = list(plan.requests)
    if plan.state_round:
        state, more = rounds.state_round(given, state, now_s)
        events += more
    if plan.prefecture_round:
        state, more = rounds.prefecture_round(given, state, now_s)
        events += more
        state, goods = rounds.supply_round(given, state, now_s)
        asks += goods
    state, more = rounds.ask_all(given, state, asks, float(able[given.prefecture]), now_s, clock.chance)
    events += more
    state = _advance_clocks(given, write(given, state, plan, inputs, clock), plan, now_s)
    n_before = state.rhythm.n_published
    state, more = rounds.headquarters_round(given, state, float(able[given.prefecture]), now_s)
    if state.rhythm.n_published > n_before:
        state = changed(state, messages=reporting.to_the_state(state.messages, given, state, now_s, clock.chance))
    return state, events + more + rounds.call_events(given, state, clock.start_s, now_s)


def _orders(state: State, plan: Plan, given: Given, now_s: int) -> tuple[State, list[Event]]:
    """Headquarters set up, evacuation orders, shelters opened ahead of water or merged, as decided in this step."""
    if not (plan.headquarters or plan.orders or plan.shelter_targets or plan.halls_ahead):
        return state, []
    standing, fraction = state.headquarters.copy(), state.order_fraction.copy()
    due_s, target = state.order_due_s.copy(), state.shelters_target.copy()
    events = []
    for row in plan.headquarters:
        standing[row] = 1
        events.append(Event("headquarters_set", "headquarters_set", row, 1.0, causes=_why_alarmed(given, state, row)))
    for row, share in plan.orders:
        fraction[row], due_s[row] = share, now_s + int(given.params.order_delay_s)
        causes = (("intensity_received", row),)
        events.append(Event("evacuation_ordered", "evacuation_order_fraction", row, share, causes=causes))
    ahead = state.halls_ahead.copy()
    for row, halls in plan.halls_ahead:
        target[row], ahead[row] = halls, True
        warned = alerts.causes(state.alerts, Holder.HALLS, row) + pulled.ordered_out_causes(given, state, row)
        events.append(Event("shelters_opened_ahead", "shelters_target_units", row, halls, causes=warned))
    for row, shelters in plan.shelter_targets:
        target[row] = shelters
        counted = (("shelter_counted_persons", row), ("shelters_open_units", row))
        events.append(Event("shelters_consolidated", "shelters_target_units", row, shelters, causes=counted))
    return changed(
        state,
        headquarters=standing,
        order_fraction=fraction,
        order_due_s=due_s,
        shelters_target=target,
        halls_ahead=ahead,
    ), events


def _why_alarmed(given: Given, state: State, row: int) -> tuple[tuple[str, int], ...]:
    """What set up the headquarters of an office: shaking it knows of, else the warnings it heard."""
    holder = {given.prefecture: Holder.PREFECTURE, given.state: Holder.STATE}.get(row, Holder.HALLS)
    warned = alerts.causes(state.alerts, holder, row if holder == Holder.HALLS else None)
    if holder != Holder.HALLS:
        return warned
    warned += pulled.ordered_out_causes(given, state, row)
    return (("intensity_received", row), *warned) if _shaken(given, state)[row] or not warned else warned


def _leave_halls(given: Given, state: State) -> State:
    """Towns whose alert is over no longer want halls open ahead of water; those in use stay until they are merged."""
    if not state.halls_ahead.any():
        return state
    over = state.halls_ahead & ~orders.alerted(given, state)
    if not over.any():
        return state
    target = np.where(over, np.nan, state.shelters_target)
    return changed(state, shelters_target=target, halls_ahead=state.halls_ahead & ~over)


def write(given: Given, state: State, plan: Plan, inputs: Inputs, clock: Clock) -> State:
    """Put the reports of this step on their way: town halls, utilities, fire and police, scouts."""
    now_s, params, everywhere = clock.end_s, given.params, np.arange(given.n_town)
    outside = {
        Source.UTILITY: everywhere if state.utility_due_s <= now_s else everywhere[:0],
        Source.FIRE_POLICE: everywhere if state.fire_due_s <= now_s else everywhere[:0],
        Source.SCOUT: np.flatnonzero(inputs["scout_reports"] > 0),
    }
    writing = {source: rows for source, rows in outside.items() if rows.size}
    if not (plan.reports or writing):
        return state
    flight, sent = state.messages, state.n_sent.copy()
    for source, towns in plan.reports.items():
        rows = np.array(towns, dtype=np.int64)
        flight = reporting.town_reports(flight, state.known, given, state, rows, source, now_s, clock.chance)
        sent[rows, source] += 1
    for source, rows in writing.items():
        flight = reporting.outside_reports(flight, given, state, inputs, source, rows, now_s, clock.chance)
        sent[rows, source] += 1
    fire_every_s = int(params.fire_report_early_s if now_s < params.early_s else params.fire_report_every_s)
    return changed(
        state,
        messages=flight,
        n_sent=sent,
        utility_due_s=_next_s(state.utility_due_s, int(params.utility_every_s), now_s),
        fire_due_s=_next_s(state.fire_due_s, fire_every_s, now_s),
    )


def _advance_clocks(given: Given, state: State, plan: Plan, now_s: int) -> State:
    """The next round of every desk and report that rang; short-handed halls report less often."""
    if not (plan.desks or plan.prefecture_round or plan.state_round or plan.reports or plan.mute):
        return state
    params = given.params
    early = now_s < params.early_s
    desk_s = int(params.desk_early_s if early else params.desk_every_s)
    desk = np.where(state.desk_due_s <= now_s, _next(state.desk_due_s, desk_s, now_s), state.desk_due_s)
    needed = staff.compile_persons(given.staff_posts, params)
    coverage = np.clip(state.staff[:, Duty.COMPILE] / needed, params.least_compile_fraction, 1.0)
    if given.land.wet:  # before headquarters stand the officer on duty writes that nothing has happened
        coverage = np.where(state.headquarters[: given.n_town] > 0, coverage, 1.0)
    every = (params.report_every_s / coverage).astype(np.int64)
    report = state.report_due_s.copy()
    towns = report[: given.n_town]
    report[: given.n_town] = np.where(towns <= now_s, _next(towns, every, now_s), towns)
    return changed(state, desk_due_s=desk, report_due_s=report)


def grant(given: Given, state: State, able: Array, clock: Clock) -> tuple[State, Array, list[Event]]:
    """Approvals due by now; returns also goods ordered in this step (town, item)."""
    table, granted = requests.decide_requests(
        state.requests, given.town_keys, able[given.prefecture :], clock.end_s, given.params, clock.chance
    )
    ordered = np.zeros_like(state.goods_ordered)
    if table is state.requests:
        return state, ordered, []
    approved, asked, waited = state.generator_approved.copy(), state.goods_asked.copy(), state.last_delay_s.copy()
    events = []
    for kind, town, amount, wait_s in granted:
        waited[town] = wait_s
        if kind == Kind.GENERATOR_CARS:
            approved[town] += amount
        else:
            ordered[town], asked[town] = _doubled(given, state, asked[town], town, clock), 0.0
        causes = (("requests_open", town),)
        events.append(
            Event("request_approved", "requests_open", town, amount, causes=causes, args=(Kind(kind).name, wait_s))
        )
    return (
        changed(
            state,
            requests=table,
            generator_approved=approved,
            goods_asked=asked,
            goods_ordered=state.goods_ordered + ordered,
            last_delay_s=waited,
        ),
        ordered,
        events,
    )


def _doubled(given: Given, state: State, order: Array, town: int, clock: Clock) -> Array:
    """The order as it reaches the hub: now and then it comes twice, over two channels."""
    key, count = int(given.town_keys[town]), int(state.n_requests[town])
    twice = clock.chance.uniform("government.order_doubled", key, count)[0] < given.params.order_doubled_fraction
    return order * (2.0 if twice else 1.0)


def _next(due_s: Array, every_s: Array | int, now_s: int) -> Array:
    """The first multiple of the period after `now_s`, counted from the clock that rang; later clocks stay."""
    return due_s + np.maximum(0, (now_s - due_s) // every_s + 1) * every_s


def _next_s(due_s: int, every_s: int, now_s: int) -> int:
    """The same for one clock."""
    return due_s + max(0, (now_s - due_s) // every_s + 1) * every_s
