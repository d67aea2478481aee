"""Who responds and what drives the run: bases, goods, days, fault, shocks, observed intensities, incidents."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np

from scenarios.schema import Forcing
from scenarios.synthesis.frame import Frame, filled, nearest_cell, nearest_node
from twin.errors import ScenarioError
from twin.units import MINUTE_S, MM_PER_H
from twin.world import IndexSet

Array = np.ndarray
BASE_CODE = {
    "fire": 0,
    "volunteer": 1,
    "police": 2,
    "sdf": 3,
    "dmat": 4,
    "aid_fire": 5,
    "aid_police": 6,
    "aid_sdf": 7,
    "engineers": 8,
}
FROM_OUTSIDE = (5, 6, 7)
CLASS_BOUNDS = {
    "0": (-1.0, 0.5),
    "1": (0.5, 1.5),
    "2": (1.5, 2.5),
    "3": (2.5, 3.5),
    "4": (3.5, 4.5),
    "5-": (4.5, 5.0),
    "5+": (5.0, 5.5),
    "6-": (5.5, 6.0),
    "6+": (6.0, 6.5),
}  # instrumental intensity of each class (Japan Meteorological Agency)


def build_bases(frame: Frame, nodes: IndexSet) -> IndexSet:
    """Bases of all forces. A base without a municipality stands at the gateway its teams enter by."""
    table = frame.facts["base"]
    town = frame.rows_of(table["municipality"])
    x_m, y_m = frame.local(table["lat"], table["lon"])
    node = nearest_node(nodes, x_m, y_m, town)
    gates = np.flatnonzero(nodes["kind"] == 3)
    outside = town < 0
    if len(gates) and outside.any():
        squared = (x_m[outside][:, None] - nodes["x_m"][gates]) ** 2 + (
            y_m[outside][:, None] - nodes["y_m"][gates]
        ) ** 2
        node[outside] = gates[np.argmin(squared, axis=1)]
    kind = np.asarray([BASE_CODE[name] for name in table["kind"].tolist()], dtype=np.int64)
    return IndexSet.build(
        "base",
        table["id"],
        kind=kind,
        name_ja=table["name_ja"],
        municipality=town,
        node=node,
        crews=table["crews"].astype(np.int64),
        crew_persons=table["crew_size"].astype(np.int64),
        mobilise_s=table["mobilise_min"] * MINUTE_S,
        local=(~outside & ~np.isin(kind, FROM_OUTSIDE)).astype(np.int64),
    )


def build_items(frame: Frame) -> IndexSet:
    """Relief goods with their volume and the unit they are counted in."""
    rules = frame.rules
    return IndexSet.build("item", rules.goods, volume_m3=rules.item_volume_m3, unit=rules.item_unit)


def build_days(frame: Frame, forcing: Forcing) -> IndexSet:
    """Weather by day; `start_s` is local midnight. With rain `dry` no day has rain."""
    table = frame.facts["weather"]
    starts = [_seconds(frame, _midnight(frame, day)) for day in table["date"].tolist()]
    order = np.argsort(starts, kind="stable")
    if starts[order[0]] > 0:
        raise ScenarioError(f"{table.path}: the first day is {table['date'][order[0]]}, after the start {frame.start}")
    if np.any(table["tmin_c"] > table["tmax_c"]):
        line = table.lines[np.argmax(table["tmin_c"] > table["tmax_c"])]
        raise ScenarioError(f"{table.path}:{line}: tmin_c: the lowest temperature is above the highest")
    rain = table["rain_mm"] if forcing.rain == "assumed" else np.zeros(len(table))
    wind = table["wind_from_deg"][order]
    return IndexSet.build(
        "day",
        table["date"][order],
        start_s=np.asarray(starts, dtype=np.int64)[order],
        max_c=table["tmax_c"][order],
        min_c=table["tmin_c"][order],
        humidity_fraction=table["humidity"][order],
        rain_mm=rain[order],
        kind=table["kind"][order],
        **({"wind_from_deg": wind} if np.isfinite(wind).any() else {}),
    )


def build_rain(frame: Frame) -> IndexSet:
    """Rain rates from each instant on, over the towns and over the rivers' upper catchment; no rows: see the days."""
    table = frame.facts["rain"]
    time_s = np.asarray([_seconds(frame, instant) for instant in table["time"].tolist()], dtype=np.int64)
    order = np.argsort(time_s, kind="stable")
    return IndexSet.build(
        "rain",
        [f"rain/{number}" for number in range(len(table))],
        time_s=time_s[order],
        town_m_per_s=table["town_mm_per_h"][order] * MM_PER_H,
        catchment_m_per_s=table["catchment_mm_per_h"][order] * MM_PER_H,
    )


def _midnight(frame: Frame, day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), frame.start.tzinfo)


def _seconds(frame: Frame, instant: datetime) -> int:
    return int((instant - frame.start).total_seconds())


def build_fault(frame: Frame) -> IndexSet:
    """Rectangular fault planes; lat, lon are the middle of the top edge, slip is NaN where not given.

    `kind` (crustal, interface or intraslab) stands in the set unless the table gives none.
    """
    table = frame.facts["fault"]
    kind = np.where(table["kind"] == "", "crustal", table["kind"])
    x_m, y_m = frame.local(table["lat"], table["lon"])
    return IndexSet.build(
        "fault",
        [f"fault/{number}" for number in range(len(table))],
        x_m=x_m,
        y_m=y_m,
        lat=table["lat"],
        lon=table["lon"],
        strike_deg=table["strike_deg"],
        dip_deg=table["dip_deg"],
        length_m=table["length_km"] * 1000.0,
        width_m=table["width_km"] * 1000.0,
        top_m=table["top_km"] * 1000.0,
        rake_deg=table["rake_deg"],
        magnitude_mw=table["mw"],
        slip_m=table["slip_m"],
        **({} if len(table) and np.all(table["kind"] == "") else {"kind": kind}),
    )


def build_shocks(frame: Frame) -> IndexSet:
    """The main shock and the given aftershocks, by time."""
    table, rules = frame.facts["shock"], frame.rules
    time_s = np.asarray([_seconds(frame, instant) for instant in table["time"].tolist()], dtype=np.int64)
    order = np.argsort(time_s, kind="stable")
    x_m, y_m = frame.local(table["lat"], table["lon"])
    depth_m = filled(table["depth_km"] * 1000.0, rules.shock_depth_m)
    return IndexSet.build(
        "shock",
        table["id"][order],
        time_s=time_s[order],
        x_m=x_m[order],
        y_m=y_m[order],
        lat=table["lat"][order],
        lon=table["lon"][order],
        depth_m=depth_m[order],
        mj=table["mj"][order],
        mw=filled(table["mw"], table["mj"] - rules.magnitude_step)[order],
        role=np.where(np.isin(table["role"], ("main", "mainshock")), 0, 1)[order],
    )


def build_stations(frame: Frame, cells: IndexSet) -> IndexSet:
    """Intensity stations; each stands on the ground of the nearest inhabited cell of its municipality."""
    table = frame.facts["station"]
    town = frame.rows_of(table["municipality"])
    x_m, y_m = frame.local(table["lat"], table["lon"])
    cell = nearest_cell(cells, x_m, y_m, town)
    return IndexSet.build(
        "station",
        table["number"],
        municipality=town,
        cell=cell,
        x_m=x_m,
        y_m=y_m,
        avs30_m_per_s=cells["avs30_m_per_s"][cell],
    )


def build_observed(frame: Frame, shocks: IndexSet) -> IndexSet:
    """Observed maximum intensity by shock and municipality, as bounds of its class and the time it arrived.

    A value that came late (after a message was lost) carries its later class and time; one that never came
    is NaN, which is not weak shaking.
    """
    table = frame.facts["intensity_observed"]
    later = table["class_later"] != ""
    shown = np.where(later, table["class_later"], table["class"])
    received_min = np.where(later, table["received_later_min"], table["received_min"])
    high = {**CLASS_BOUNDS, "7": (6.5, float(frame.rules.seventh_class_high))}
    bounds = np.asarray([high.get(name, (np.nan, np.nan)) for name in shown.tolist()]).reshape(-1, 2)
    row_of = {name: row for row, name in enumerate(shocks.ids.tolist())}
    shock = np.asarray([row_of[name] for name in table["shock"].tolist()], dtype=np.int64)
    heard = np.isfinite(received_min) & np.isfinite(bounds[:, 0])
    received_s = np.where(heard, shocks["time_s"][shock] + filled(received_min, 0.0) * MINUTE_S, np.nan)
    return IndexSet.build(
        "observed_intensity",
        [f"{s}/{m}" for s, m in zip(table["shock"].tolist(), table["municipality"].tolist())],
        shock=shock,
        municipality=frame.rows_of(table["municipality"]),
        low=np.where(heard, bounds[:, 0], np.nan),
        high=np.where(heard, bounds[:, 1], np.nan),
        received_s=received_s,
    )


def build_incidents(frame: Frame, sites: IndexSet) -> IndexSet:
    """Given incidents at large sites; unknown counts are NaN."""
    table = frame.facts["incident"]
    row_of = {name: row for row, name in enumerate(sites.ids.tolist())}
    return IndexSet.build(
        "incident",
        [f"{site}/{number}" for number, site in enumerate(table["site"].tolist(), start=1)],
        site=np.asarray([row_of[name] for name in table["site"].tolist()], dtype=np.int64),
        time_s=table["time_s"].astype(np.int64),
        kind=table["kind"],
        persons_exposed=table["persons_exposed"],
        persons_dead=table["persons_dead_given"],
        persons_trapped=table["persons_trapped_given"],
        damage_fraction=filled(table["damage_fraction"], frame.rules.incident_damage_fraction),
        needs_machine=filled(table["needs_machine"], 1.0).astype(np.int64),
    )
