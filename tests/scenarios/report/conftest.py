"""A run folder made by hand: two-towns, three members, values chosen so that every case of the report occurs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scenarios import read_scenario
from scenarios.report import WANTED, write_report
from scenarios.report.data import read_run
from twin.store import EVENTS_SCHEMA, SERIES_SCHEMA, RunFolder

MEMBERS, END_S, STEP_S = 3, 72 * 3600, 1800
TOWNS = ("99201", "99202")
TRUE = {
    "deaths": 14.0,
    "trapped_persons": 61.0,
    "buildings_collapsed": 187.0,
    "power_contracts_out": 8123.0,
    "households_without_water": 5210.0,
    "evacuees_in_shelters": 1604.0,
    "evacuees_in_cars": 333.0,
    "max_intensity": 6.2,
    "responders_working": 140.0,
    "meals_short": 2400.0,
    "approval_delay_s": 5400.0,
    "requests_pending": 3.0,
}
REPORTED = ("deaths", "households_without_power", "households_without_water", "evacuees_in_shelters")
FIRST_REPORT_S = 2 * 3600


def series_rows(kind, name, factor_of, members):
    """Rows of one series for all members, areas and times."""
    times = np.arange(STEP_S, END_S + 1, STEP_S)
    for member in range(members):
        for area in (*TOWNS, "all"):
            for time_s in times.tolist():
                yield (time_s, name, "person", area, member, kind, "simulated", factor_of(member, area, time_s))


def reported_value(member, area, time_s):
    """Nothing before the first report; the second town is never heard."""
    if time_s < FIRST_REPORT_S or area == "99202":
        return float("nan")
    return 7.0 + member


def rows(members):
    """All rows of the series table."""
    for name, level in TRUE.items():
        grow = 0.0 if name == "max_intensity" else 0.1
        yield from series_rows("true", name, lambda m, a, t, level=level, grow=grow: level * (1 + grow * m), members)
    for name in REPORTED:
        yield from series_rows("reported", name, reported_value, members)
    yield from series_rows("reported", "roads_closed", lambda m, a, t: float("nan"), members)
    yield from series_rows("true", "silent_towns", lambda m, a, t: float(a == "99202" and t < 6 * 3600), members)
    for source, at_s, value in (("cabinet", 50_000, 35.0), ("pref", 60_000, 33.0)):
        yield (at_s, "deaths", "person", "all", -1, "observed", f"observed:{source}", value)


def series_table(lines):
    """Rows as a table of the store's schema."""
    columns = list(zip(*lines, strict=True))
    names = ("time_s", "quantity", "unit", "area", "member", "kind", "label", "value")
    data = dict(zip(names, columns, strict=True))
    data["time"] = pa.array(data["time_s"], pa.int64()).cast(pa.timestamp("s", tz="Asia/Tokyo"))
    return pa.table({field.name: pa.array(data[field.name]).cast(field.type) for field in SERIES_SCHEMA})


EVENTS = (
    # id, member, time, layer, kind, subject, area, quantity, amount, unit, causes, args
    (1, 60, "hazard", "mainshock", "", "all", "hazard.shock_intensity", 6.9, "1", [], []),
    (2, 60, "damage", "collapse", "45350001", "99201", "damage.buildings_collapsed", 12.0, "building", [1], []),
    (3, 60, "people", "trapped", "45350001", "99201", "people.trapped_persons", 9.0, "person", [2], [0]),
    (4, 900, "people", "died_trapped", "45350001", "99201", "people.deaths_persons", 4.0, "person", [3], []),
    (5, 7200, "government", "report_published", "", "all", "government.reports_published", 1.0, "1", [], []),
    (6, 5600, "government", "sdf_called", "", "all", "government.sdf_called", 1.0, "1", [1], []),
    (7, 9000, "rescue", "never_heard_of", "99202", "99202", "rescue.crews_sent", 2.0, "1", [1], ["x"]),
)


def events_table(members, events=EVENTS):
    """Events of every member."""
    columns = {name: [] for name in EVENTS_SCHEMA.names}
    for member in range(members):
        for number, time_s, layer, kind, subject, area, quantity, amount, unit, causes, args in events:
            row = (number, member, time_s, layer, kind, subject, area, quantity, amount, unit, causes, json.dumps(args))
            for name, value in zip(columns, row, strict=True):
                columns[name].append(value)
    return pa.table({f.name: pa.array(columns[f.name]).cast(f.type) for f in EVENTS_SCHEMA})


MANIFEST = {
    "run_id": "made-by-hand",
    "members": MEMBERS,
    "seed": 1,
    "until_s": END_S,
    "cuts": ["shock_intensity-to-damage"],
    "params_unverified": [],
    "params_calibrated": [],
    "params_assumed": ["hazard.message_delay_s", "hazard.not_there_any_more"],
    "labels": {"municipality": "derived", "cell": "synthetic"},
    "sources": [{"table": "municipality", "title": "<b>census</b>", "url": "https://example.org/", "licence": "CC BY"}],
    "attribution": ["made & up"],
    "wall_s": 3.2,
}


def make_folder(path: Path, members: int = MEMBERS) -> RunFolder:
    """A finished run folder at `path`."""
    folder = RunFolder.create(path, {**MANIFEST, "members": members})
    pq.write_table(series_table(rows(members)), path / "series.parquet")
    pq.write_table(events_table(members), path / "events.parquet")
    return folder


@pytest.fixture(scope="session")
def scenario():
    return read_scenario("two-towns")


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("report") / "run")


@pytest.fixture(scope="session")
def one_draw(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("report") / "one", members=1)


@pytest.fixture(scope="session")
def run(folder, scenario):
    return read_run(folder, scenario, WANTED)


@pytest.fixture(scope="session")
def page(folder, scenario):
    return write_report(folder, scenario).read_text(encoding="utf-8")
