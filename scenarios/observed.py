"""Public reports of a scenario as rows of the series table: label `observed`, member -1, at their as-of time.

A report has three times (as-of, published, received); the series holds as-of, the report table all three.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from scenarios.schema import Scenario
from twin.store import SERIES_SCHEMA
from twin.world import World

# quantity of the report table -> (series quantity, unit)
SERIES_OF_REPORT = {
    "power_contracts_out": ("power_contracts_out", "customer"),
    "households_without_water": ("households_without_water", "household"),
    "gas_stopped": ("gas_stopped", "customer"),
    "gas_restored": ("gas_restored", "customer"),
    "evacuees_in_shelters": ("evacuees_in_shelters", "person"),
    "shelters_open": ("shelters_open", "unit"),
    "deaths": ("deaths", "person"),
    "cardiac_arrest": ("cardiac_arrest", "person"),
    "injured_severe": ("injured_severe", "person"),
    "injured_moderate": ("injured_moderate", "person"),
    "injured_light": ("injured_light", "person"),
    "homes_full": ("buildings_collapsed", "building"),
    "homes_half": ("buildings_half_collapsed", "building"),
    "homes_partial": ("buildings_partial", "building"),
    "homes_unclassified": ("homes_unclassified", "building"),
    "base_stations_down": ("base_stations_down", "unit"),
    "rescued_persons": ("rescued_fire_service", "person"),
    "sdf_personnel": ("sdf_personnel", "person"),
    "fire_aid_personnel": ("fire_aid_personnel", "person"),
    "fires_total": ("fires_total", "1"),
}


@dataclass(frozen=True)
class Report:
    """One reported number. Times are seconds since the scenario's start; `area` is a code or `all`."""

    as_of_s: int
    published_s: int
    source: str
    area: str
    quantity: str
    value: float
    flags: frozenset[str]


def reports(scenario: Scenario) -> list[Report]:
    """The report stream of a scenario, in order of as-of time; empty where nothing was observed."""
    path = scenario.facts_folder / "report.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return sorted(_rows(csv.DictReader(file), scenario), key=lambda report: report.as_of_s)


def _rows(rows: csv.DictReader[str], scenario: Scenario) -> Iterator[Report]:
    origin_s = scenario.start.timestamp()
    for row in rows:
        if not row["value"]:
            continue
        yield Report(
            as_of_s=int(datetime.fromisoformat(row["as_of"]).timestamp() - origin_s),
            published_s=int(datetime.fromisoformat(row["published"]).timestamp() - origin_s),
            source=row["source"],
            area=row["municipality"],
            quantity=row["quantity"],
            value=float(row["value"]),
            flags=frozenset(filter(None, row.get("flag", "").split("+"))),
        )


def observed_table(scenario: Scenario, world: World, until_s: int) -> pa.Table:
    """Reports up to `until_s` as series rows; stale copies are left out."""
    origin_s = int(world.origin.timestamp())
    known = [
        (report, *SERIES_OF_REPORT[report.quantity])
        for report in reports(scenario)
        if report.quantity in SERIES_OF_REPORT and report.as_of_s <= until_s and "stale_copy" not in report.flags
    ]
    time_s = np.array([report.as_of_s for report, _, _ in known], dtype=np.int64)
    columns = {
        "time_s": time_s,
        "time": pa.array(time_s + origin_s).cast(pa.timestamp("s", tz="Asia/Tokyo")),
        "quantity": pa.array([name for _, name, _ in known], pa.string()).dictionary_encode(),
        "unit": pa.array([unit for _, _, unit in known], pa.string()).dictionary_encode(),
        "area": pa.array([report.area for report, _, _ in known], pa.string()).dictionary_encode(),
        "member": np.full(len(known), -1, dtype=np.int16),
        "kind": pa.array(["observed"] * len(known), pa.string()).dictionary_encode(),
        "label": pa.array([f"observed:{report.source}" for report, _, _ in known], pa.string()).dictionary_encode(),
        "value": np.array([report.value for report, _, _ in known]),
    }
    return pa.table(columns, schema=SERIES_SCHEMA)
