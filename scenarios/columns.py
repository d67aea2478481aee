"""What the fact tables of a scenario must hold: columns, their kinds and the values they may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

INTENSITY_CLASSES = ("0", "1", "2", "3", "4", "5-", "5+", "6-", "6+", "7", "5@")


@dataclass(frozen=True)
class Column:
    """Rule for one column. kind: text, code, number, count (whole), time (with zone) or date.

    blank: an empty field is allowed (NaN for numbers, "" for text). low, high: limits, both allowed.
    choices: the only texts allowed. refers: table and column that must hold the value.
    needed: False if the whole column may be absent (it then reads as all blank).
    """

    kind: str = "text"
    blank: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    refers: tuple[str, str] | None = None
    also: tuple[str, ...] = ()
    needed: bool = True


TEXT = Column()
NOTE = Column(blank=True, needed=False)
LAT = Column("number", low=20.0, high=46.0)
LON = Column("number", low=122.0, high=154.0)
CODE = Column("code", refers=("municipality", "code"))
CODE_OR_NONE = Column("code", blank=True, refers=("municipality", "code"))
SHARE = Column("number", low=0.0, high=1.0)
SHARE_OR_NONE = Column("number", blank=True, low=0.0, high=1.0)
COUNT = Column("count", low=0)
COUNT_OR_NONE = Column("count", blank=True, low=0)
AMOUNT = Column("number", low=0.0)
AMOUNT_OR_NONE = Column("number", blank=True, low=0.0)
LATER = Column("number", blank=True, low=0.0, needed=False)
ORDER = Column("count", low=0)

MUNICIPALITY = {
    "code": Column("code"),
    "name_ja": TEXT,
    "name_en": TEXT,
    "kind": Column(choices=("designated_city", "city", "town", "village")),
    "office_lat": LAT,
    "office_lon": LON,
    "centre_lat": LAT,
    "centre_lon": LON,
    "area_km2": Column("number", low=0.5, high=5000.0),
    "population": Column("count", low=1, high=4_000_000),
    "households": Column("count", low=1, high=2_000_000),
    "share_65": SHARE_OR_NONE,
    "daytime_ratio": Column("number", blank=True, low=0.3, high=20.0),
    "water_utility": Column(blank=True),
    "gas_customers": COUNT_OR_NONE,
}
BASE_KINDS = (
    "fire",
    "volunteer",
    "police",
    "sdf",
    "dmat",
    "aid_fire",
    "aid_police",
    "aid_sdf",
    "engineers",
)
SITE_KINDS = ("factory", "mall", "hall", "office", "school")
NODE_KINDS = ("office", "interchange", "junction", "gateway", "port", "airport")
ROAD_CLASSES = ("expressway", "national", "prefectural", "local")
OFFICE_KINDS = ("municipality", "prefecture", "state")
FAULT_KINDS = ("crustal", "interface", "intraslab")
GROUNDS = ("alluvial", "reclaimed", "terrace", "hill", "mountain")

TABLES: Mapping[str, Mapping[str, Column]] = {
    "municipality": MUNICIPALITY,
    "settlement": {
        "municipality": CODE,
        "name_en": TEXT,
        "lat": LAT,
        "lon": LON,
        "weight": Column("number", low=1e-6, high=1.0),
        "radius_km": Column("number", low=0.1, high=30.0),
    },
    "outline": {"ring": TEXT, "order": ORDER, "lat": LAT, "lon": LON},
    "ground": {"ring": TEXT, "order": ORDER, "lat": LAT, "lon": LON, "ground": Column(choices=GROUNDS)},
    "fault": {
        "lat": LAT,
        "lon": LON,
        "strike_deg": Column("number", low=0.0, high=360.0),
        "dip_deg": Column("number", low=5.0, high=90.0),
        "length_km": Column("number", low=1.0, high=500.0),
        "width_km": Column("number", low=1.0, high=100.0),
        "top_km": Column("number", low=0.0, high=50.0),
        "rake_deg": Column("number", low=-180.0, high=180.0),
        "mw": Column("number", low=4.0, high=9.3),
        "slip_m": Column("number", blank=True, low=0.0, high=60.0, needed=False),
        "kind": Column(blank=True, choices=FAULT_KINDS, needed=False),
    },
    "shock": {
        "id": TEXT,
        "time": Column("time"),
        "lat": LAT,
        "lon": LON,
        "depth_km": AMOUNT_OR_NONE,
        "mj": Column("number", low=2.0, high=9.3),
        "mw": Column("number", blank=True, low=2.0, high=9.3),
        "max_class": Column(blank=True, choices=INTENSITY_CLASSES),
        "role": Column(choices=("main", "mainshock", "aftershock", "foreshock")),
    },
    "intensity_observed": {
        "shock": Column(refers=("shock", "id")),
        "municipality": CODE,
        "class": Column(choices=INTENSITY_CLASSES),
        "received_min": AMOUNT_OR_NONE,
        "class_later": Column(blank=True, choices=INTENSITY_CLASSES, needed=False),
        "received_later_min": LATER,
    },
    "station": {"number": TEXT, "municipality": CODE, "lat": LAT, "lon": LON},
    "node": {
        "id": TEXT,
        "name_en": NOTE,
        "name_ja": NOTE,
        "lat": LAT,
        "lon": LON,
        "kind": Column(choices=NODE_KINDS),
        "municipality": CODE_OR_NONE,
    },
    "road": {
        "id": TEXT,
        "route": TEXT,
        "name_ja": NOTE,
        "road_class": Column(choices=ROAD_CLASSES),
        "node_a": Column(refers=("node", "id")),
        "node_b": Column(refers=("node", "id")),
        "length_km": Column("number", low=0.01, high=500.0),
        "bridges": COUNT,
        "slope_exposed_fraction": SHARE,
        "lanes": Column("count", low=1, high=12),
    },
    "office": {
        "id": TEXT,
        "kind": Column(choices=OFFICE_KINDS),
        "municipality": CODE_OR_NONE,
        "name_ja": NOTE,
        "lat": LAT,
        "lon": LON,
        "staff": COUNT_OR_NONE,
        "emergency_power_h": AMOUNT_OR_NONE,
    },
    "hospital": {
        "id": TEXT,
        "name_ja": TEXT,
        "municipality": CODE,
        "lat": LAT,
        "lon": LON,
        "beds": Column("count", blank=True, low=1, high=3000),
        "disaster_base": Column("count", low=0, high=1),
    },
    "base": {
        "id": TEXT,
        "kind": Column(choices=BASE_KINDS),
        "name_ja": TEXT,
        "municipality": CODE_OR_NONE,
        "lat": LAT,
        "lon": LON,
        "personnel": COUNT,
        "crews": COUNT,
        "crew_size": COUNT,
        "mobilise_min": AMOUNT,
    },
    "site": {
        "id": TEXT,
        "name_ja": TEXT,
        "kind": Column(choices=SITE_KINDS),
        "municipality": CODE,
        "lat": LAT,
        "lon": LON,
        "persons_day": COUNT,
        "persons_night": COUNT,
        "floor_m2": AMOUNT,
    },
    "incident": {
        "site": Column(refers=("site", "id")),
        "time_s": COUNT,
        "kind": TEXT,
        "persons_exposed": COUNT_OR_NONE,
        "persons_dead_given": COUNT_OR_NONE,
        "persons_trapped_given": COUNT_OR_NONE,
        "needs_machine": Column("count", blank=True, low=0, high=1),
        "damage_fraction": Column("number", blank=True, low=0.0, high=1.0, needed=False),
    },
    "weather": {
        "date": Column("date"),
        "tmax_c": Column("number", low=-40.0, high=45.0),
        "tmin_c": Column("number", low=-45.0, high=40.0),
        "humidity": Column("number", low=0.0, high=1.0),
        "rain_mm": Column("number", low=0.0, high=1500.0),
        "wind_from_deg": Column("number", blank=True, low=0.0, high=360.0, needed=False),
        "kind": TEXT,
    },
    "sources": {
        "table": TEXT,
        "title": TEXT,
        "url": Column(blank=True),
        "licence": TEXT,
        "attribution": Column(blank=True),
        "retrieved": Column(blank=True),
        "label": Column(choices=("real", "derived", "synthetic")),
        "note": NOTE,
    },
}
REFUGE_KINDS = ("public", "agreement", "tower")
# Tables that belong to the place but may be absent, or have no rows: there is no such thing in the scenario.
PLACE_TABLES: Mapping[str, Mapping[str, Column]] = {
    "refuge": {
        "id": TEXT,
        "name_ja": NOTE,
        "kind": Column(choices=REFUGE_KINDS),
        "municipality": CODE,
        "lat": LAT,
        "lon": LON,
        "capacity_persons": Column("count", low=1, high=20_000),
        "floor_height_m": Column("number", low=2.0, high=80.0),
    },
    "care_home": {
        "id": TEXT,
        "name_ja": NOTE,
        "municipality": CODE,
        "lat": LAT,
        "lon": LON,
        "persons": Column("count", low=1, high=2000),
    },
    "pump": {
        "id": TEXT,
        "name_ja": NOTE,
        "municipality": CODE,
        "lat": LAT,
        "lon": LON,
        "capacity_m3_per_s": Column("number", low=0.01, high=500.0),
        "start_depth_m": Column("number", low=0.0, high=5.0),
        "generator_h": AMOUNT,
    },
    "gate": {
        "id": TEXT,
        "name_ja": NOTE,
        "lat": LAT,
        "lon": LON,
        "width_m": Column("number", low=0.5, high=300.0),
        "sill_m": Column("number", low=-10.0, high=100.0),
    },
    "rain": {
        "time": Column("time"),
        "town_mm_per_h": Column("number", low=0.0, high=300.0),
        "catchment_mm_per_h": Column("number", low=0.0, high=300.0),
        "kind": TEXT,
    },
    # rain place by place: a place is a mesh code (8 to 10 digits) or a point
    "rain_grid": {
        "time": Column("time"),
        "mesh": Column(blank=True, needed=False),
        "lat": Column("number", blank=True, low=20.0, high=46.0, needed=False),
        "lon": Column("number", blank=True, low=122.0, high=154.0, needed=False),
        "mm_per_h": Column("number", low=0.0, high=300.0),
    },
}
# Of the other tables, those a place without an earthquake, or with a terrain of its own, leaves out.
MAY_BE_EMPTY = frozenset({"fault", "shock", "intensity_observed", "station", "incident", "ground", *PLACE_TABLES})
# Tables that need not be there: read by the comparison with reality, not by the world.
OPTIONAL_TABLES: Mapping[str, Mapping[str, Column]] = {
    "report": {
        "as_of": Column("time"),
        "published": Column("time"),
        "received": Column("time"),
        "source": TEXT,
        "municipality": Column(refers=("municipality", "code"), also=("all",)),
        "quantity": TEXT,
        "value": AMOUNT_OR_NONE,
        "flag": NOTE,
    },
    "report_road": {
        "snapshot": Column("time"),
        "road_class": TEXT,
        "route": Column(blank=True),
        "sections_closed": COUNT_OR_NONE,
        "sections_limited": COUNT_OR_NONE,
    },
    "traffic": {
        "counter": TEXT,
        "date": Column("date"),
        "hour_from": Column("count", low=0, high=23),
        "ratio": AMOUNT_OR_NONE,
    },
}
UNIQUE = {
    "municipality": ("code",),
    "shock": ("id",),
    "node": ("id",),
    "road": ("id",),
    "station": ("number",),
    "hospital": ("id",),
    "base": ("id",),
    "site": ("id",),
    "office": ("id",),
    "weather": ("date",),
    "intensity_observed": ("shock", "municipality"),
    "refuge": ("id",),
    "care_home": ("id",),
    "pump": ("id",),
    "gate": ("id",),
    "rain": ("time",),
    "rain_grid": ("time", "mesh", "lat", "lon"),
}
