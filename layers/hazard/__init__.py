"""Weather and ground: shaking, aftershocks, heat, rain, daylight, and the messages about them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from layers.hazard import messages, warnings, weather
from layers.hazard.flooding import flood
from layers.hazard.sequence import Shaken, shake
from layers.hazard.state import Given, State, WeatherOutputs, prepare, start
from twin.contract import Clock, Event, Inputs, Layer, Result, Series, Var
from twin.records import changed

Array = np.ndarray

NEEDS = (
    Var("levee_settlement_m", "m", "levee", doc="how far the crest of the levee segment has sunk by shaking"),
    Var("levee_breach_s", "s", "levee", doc="when the segment began to breach; NaN while it stands"),
    Var("pump_power", "1", "pump", doc="1 if the drainage pump has electricity and stands above the water"),
    Var("gate_open_fraction", "1", "levee", doc="open share of the gate in the levee segment; 0 where there is none"),
)

GIVES = (
    Var(
        "shock_intensity",
        "1",
        "cell",
        doc="JMA instrumental intensity of the strongest shock inside the step; 0 when there was none",
    ),
    Var(
        "shock_pgv_m_per_s",
        "m_per_s",
        "cell",
        doc="peak ground velocity at the surface of that shock; 0 when there was none",
    ),
    Var("shock_pga_m_per_s2", "m_per_s2", "cell", doc="peak ground acceleration of that shock; 0 when there was none"),
    Var("liquefaction_fraction", "1", "cell", doc="share of the cell's ground liquefied so far"),
    Var("felt_shocks", "1", "municipality", "amount", doc="number of shocks felt at intensity 4 or more"),
    Var("work_stopped", "1", "municipality", doc="1 while outdoor work is stopped after a shock of 5-lower or more"),
    Var("daylight", "1", "region", doc="1 by day, 0 by night, between in twilight"),
    Var("wbgt_c", "degC", "municipality", doc="wet-bulb globe temperature outdoors"),
    Var("wind_m_per_s", "m_per_s", "region", doc="mean wind speed"),
    Var("wind_from_deg", "deg", "region", doc="where the wind comes from, clockwise from north; NaN: not known"),
    Var("soil_water_m", "m", "cell", doc="soil-water index (three tanks)"),
    Var(
        "critical_ratio",
        "1",
        "cell",
        doc="soil water over the critical line at this rain, 1: on it",
    ),
    Var("rain_m_per_s", "m_per_s", "municipality", doc="rain rate"),
    Var(
        "tsunami_advisory",
        "1",
        "municipality",
        doc="1 while a tsunami advisory or warning is in force for the town's coast",
    ),
    Var(
        "intensity_received",
        "1",
        "municipality",
        doc="observed maximum intensity as received by headquarters; NaN until (or unless) the message comes",
    ),
    Var("water_depth_m", "m", "patch", doc="depth of sea or flood water on the ground now"),
    Var("water_max_depth_m", "m", "patch", doc="largest depth of sea or flood water so far"),
    Var("water_force_m3_per_s2", "m3_per_s2", "patch", doc="largest depth times speed squared of that water so far"),
    Var("levee_level_m", "m", "levee", doc="level on the water side, above datum; NaN where it is dry"),
    Var("tsunami_warning", "1", "municipality", doc="tsunami warning in force: 0 none or advisory, 1 warning, 2 major"),
    Var("flood_warning", "1", "municipality", doc="flood warning level in force, 0 to 5, by river stages"),
    Var("landslide_warning", "1", "municipality", doc="landslide warning level in force: 0, 2, 3, 4 or 5"),
)
RECORDS = (Var("max_intensity", "1", "municipality", doc="largest intensity at the town's stations so far"),)
SERIES = (
    Series("max_intensity", "1", "largest JMA intensity at the town's stations so far", total="max"),
    Series("wbgt_c", "degC", "wet-bulb globe temperature outdoors", total="mean"),
    Series("landslide_warning", "1", "landslide warning level in force, 0 to 5", total="max"),
)


def step(given: Given, state: State, inputs: Inputs, clock: Clock) -> Result:
    """Shocks of the interval, messages due, weather on whole marks."""
    shaken = shake(given, state, clock)
    events, state = list(shaken.events), shaken.state
    heard = messages.deliver(state.messages, clock.end_s)
    now = weather.advance(given.weather, state.weather, clock.end_s, given.params)
    state, told = flood(given, state, inputs, clock)
    events += told
    advisory = warnings.anything_in_force(given.main.magnitude_mw, given.coast_m, clock.end_s, given.params)
    if advisory != state.advisory:
        events.append(Event("advisory", "tsunami_advisory", -1, float(advisory), causes=(("shock_intensity", -1),)))
    events += _late_messages(given, state.messages, heard, clock)
    state = changed(state, messages=heard, advisory=advisory)
    if now is not state.weather:
        events += _heat_events(state.weather, now, given)
        state = changed(state, weather=now, by_town=WeatherOutputs.of(now, given))
        state, told = _warn_of_slides(given, state, clock)
        events += told
    return Result(state, _outputs(given, state, shaken, clock), events)


def _outputs(given: Given, state: State, shaken: Shaken, clock: Clock) -> dict[str, Array]:
    stopped = state.stopped_until_s > clock.end_s
    return {
        "shock_intensity": shaken.motion.intensity,
        "shock_pgv_m_per_s": shaken.motion.pgv_m_per_s,
        "shock_pga_m_per_s2": shaken.motion.pga_m_per_s2,
        "liquefaction_fraction": state.liquefied,
        "felt_shocks": shaken.felt,
        "work_stopped": stopped.astype(float) if stopped.any() else given.zero_town,
        "daylight": state.by_town.daylight,
        "wbgt_c": state.by_town.wbgt_c,
        "wind_m_per_s": state.by_town.wind_m_per_s,
        "wind_from_deg": state.by_town.wind_from_deg,
        "soil_water_m": state.by_town.soil_water_m,
        "critical_ratio": state.by_town.critical_ratio,
        "rain_m_per_s": state.by_town.rain_m_per_s,
        "tsunami_advisory": given.coastal if state.advisory else given.zero_town,
        "intensity_received": state.messages.heard,
        "water_depth_m": state.seen.depth_m,
        "water_max_depth_m": state.seen.highest_m,
        "water_force_m3_per_s2": state.seen.force_m3_per_s2,
        "levee_level_m": state.seen.level_m,
        "tsunami_warning": state.warned,
        "flood_warning": state.stages.flood_level,
        "landslide_warning": state.slides.level,
    }


def _warn_of_slides(given: Given, state: State, clock: Clock) -> tuple[State, list[Event]]:
    """Landslide warnings at the weather of now, and a line for every town whose level changed."""
    zone, params = given.weather.zone_of_cell, given.params
    ahead = weather.critical_ratio_ahead(state.weather, params)
    least = params.slide_advisory_fraction * params.criteria_fraction.min()
    if max(state.by_town.critical_ratio.max(), ahead.max()) < least and not state.slides.level.any():
        return state, []  # as nearly always
    ratio = (state.by_town.critical_ratio, ahead[zone])
    found = warnings.landslide_levels(given.slopes, state.slides, ratio, state.max_intensity, clock.end_s, params)
    if found.level is state.slides.level:
        return changed(state, slides=found), []
    events = [
        Event("landslide_warning", "landslide_warning", int(town), float(found.level[town]))
        for town in np.flatnonzero(found.level != state.slides.level)
    ]
    return changed(state, slides=found), events


def _late_messages(given: Given, before: messages.Messages, after: messages.Messages, clock: Clock) -> list[Event]:
    """Messages that were lost or come late: told when the usual delay has passed, and again on arrival."""
    delay_s = int(given.params.message_delay_s)
    lines = []
    if clock.start_s < delay_s <= clock.end_s:
        silent = np.flatnonzero((before.due_s > clock.end_s) & np.isfinite(before.value) & np.isnan(after.heard))
        cause = (("max_intensity", -1),)
        lines += [
            Event("message_lost", "intensity_received", int(town), float(before.value[town]), causes=cause)
            for town in silent
        ]
    elif after is not before:
        new = np.flatnonzero(np.isnan(before.heard) & np.isfinite(after.heard))
        lines += [
            Event(
                "message_received",
                "intensity_received",
                int(town),
                float(after.heard[town]),
                causes=(("max_intensity", int(town)),),
            )
            for town in new
        ]
    return lines


def _heat_events(before: weather.Weather, after: weather.Weather, given: Given) -> list[Event]:
    danger = given.params.heat_danger_wbgt_c
    if before.wbgt_c < danger <= after.wbgt_c:
        return [Event("heat_danger", "wbgt_c", -1, after.wbgt_c)]
    return []


def measure(given: Given, state: State) -> dict[str, Array]:
    """Series by town."""
    return {
        "max_intensity": state.max_intensity,
        "wbgt_c": state.by_town.wbgt_c,
        "landslide_warning": state.slides.level,
    }


LAYER = Layer(
    name="hazard",
    doc=__doc__,
    needs=NEEDS,
    gives=GIVES,
    prepare=prepare,
    start=start,
    step=step,
    measure=measure,
    params_file=Path(__file__).with_name("params.toml"),
    series=SERIES,
    records=RECORDS,
    state_schema=3,
    every_s=60,
    tables=("cell", "municipality", "station", "fault", "shock", "observed_intensity", "day", "patch", "levee", "pump"),
)
