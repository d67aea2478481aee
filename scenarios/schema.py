"""What a scenario file may say: names, units and limits of every field, as pydantic models.

Durations are written `90m`, `72h`, `30d` (or plain seconds); instants carry a zone. Unknown fields are errors.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

LAYERS = (
    "hazard",
    "damage",
    "people",
    "rescue",
    "infrastructure",
    "evacuation",
    "logistics",
    "government",
)
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
MAX_UNTIL_S = 365 * 86400


def duration_s(text: str | int | float) -> int:
    """Whole seconds of `72h`, `30d`, `90m`, `45s` or a plain number of seconds.

    Raises ValueError for anything else, for a negative value and for one that is not a whole second.
    """
    if isinstance(text, bool):
        raise ValueError("a duration is written like 90m, 72h or 30d")
    match = re.fullmatch(r"\s*(\d{1,12}(?:\.\d{1,12})?)\s*([smhd]?)\s*", str(text), re.ASCII)
    if not match:
        raise ValueError("a duration is written like 90m, 72h or 30d")
    seconds = float(match[1]) * SECONDS[match[2] or "s"]
    if seconds != int(seconds):
        raise ValueError("a duration must be a whole number of seconds")
    return int(seconds)


def _positive(seconds: int) -> int:
    if not 0 < seconds <= MAX_UNTIL_S:
        raise ValueError("a duration must be more than 0 and at most 365d")
    return seconds


def _layer_name(name: str) -> str:
    if name not in LAYERS:
        raise ValueError(f"no layer '{name}'; layers are {', '.join(LAYERS)}")
    return name


def _dotted(name: str) -> str:
    layer, dot, parameter = name.partition(".")
    if not dot or not parameter:
        raise ValueError("write layer.parameter")
    _layer_name(layer)
    return name


def _series_kind(kind: Any) -> Any:
    return "true" if kind is True else kind  # YAML reads a bare `true` as yes


SeriesKind = Annotated[Literal["true", "reported"], BeforeValidator(_series_kind)]
DurationS = Annotated[int, BeforeValidator(duration_s), AfterValidator(_positive)]
LayerName = Annotated[str, AfterValidator(_layer_name)]
ParameterName = Annotated[str, AfterValidator(_dotted)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class Strict(BaseModel):
    """A block in which every field is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(Strict):
    """Step length of the loop until a time since the start, both durations."""

    step_s: DurationS = Field(description="length of one step")
    until: DurationS = Field(description="time since the start up to which this step holds")


class Region(Strict):
    """How the synthetic region is made; its seed is apart from the run's, so members share one place."""

    cell_size_m: Literal[1000, 500, 250] = Field(default=1000, description="nominal size of the mesh cells")
    max_cells: int = Field(default=4000, ge=1, le=20_000, description="most inhabited cells; the thinnest are merged")
    seed: int = Field(default=1, ge=0, description="seed of everything synthetic in the region")
    coast: dict[str, tuple[int, int]] = Field(
        default_factory=dict,
        description="outline ring -> first and last vertex of its sea shore; rings not named are all shore",
    )


SMALLEST_LAND_M, LARGEST_LAND_M = 2000.0, 20_000.0
MOST_SQUARES = 1_000_000
SIZES = {"bay": (6400.0, 6000.0), "river": (8000.0, 5000.0)}  # west to east, south to north
OF_KIND = {
    "bay": ("breakwater_crest_m", "breakwater_opening_m", "sea_level_m", "sea_square_m"),
    "river": ("catchment_km2", "concentration_h", "tributary_catchment_km2"),
}


def _length_m(value: float | None) -> float | None:
    """A side of the terrain; small numbers are degrees or kilometres written where metres are meant."""
    if value is not None and not SMALLEST_LAND_M <= value <= LARGEST_LAND_M:
        hint = "; lengths are metres, not degrees or kilometres" if 0 < value < SMALLEST_LAND_M / 10 else ""
        raise ValueError(f"must be {SMALLEST_LAND_M:.0f} to {LARGEST_LAND_M:.0f} m{hint}")
    return value


LandLength = Annotated[float | None, AfterValidator(_length_m)]


class Terrain(Strict):
    """Generated ground, river, sea, levees and walls about the middle of the outline. Lengths and heights in metres."""

    kind: Literal["bay", "river"] = Field(description="town on a bay open to the east, or valley with a leveed river")
    seed: int = Field(1, ge=0, description="seed of the ground's shape; the general plan stays")
    square_m: float = Field(50.0, ge=10, le=100, description="side of the squares of the water grid")
    west_east_m: LandLength = Field(None, description="length of the water grid; default 6400 (bay), 8000 (river)")
    south_north_m: LandLength = Field(None, description="width of the water grid; default 6000 (bay), 5000 (river)")
    levee_crest_m: float = Field(
        5.0, gt=0, le=15, description="crest of the sea wall above datum (bay), of the levee above the plain (river)"
    )
    river_width_m: float | None = Field(
        None, ge=30, le=400, description="between the levees of the main river; default 100 (bay), 180 (river)"
    )
    breakwater_crest_m: float = Field(4.0, gt=0, le=12, description="bay: crest of the breakwaters above datum")
    breakwater_opening_m: float = Field(300.0, ge=100, le=1500, description="bay: gap between the breakwaters")
    sea_level_m: float = Field(0.3, ge=-2, le=2, description="bay: tide at the start, above datum")
    sea_square_m: float = Field(1000.0, ge=500, le=4000, description="bay: side of the squares of the offshore grid")
    catchment_km2: float = Field(520.0, gt=0, le=20_000, description="river: catchment above the upstream side")
    tributary_catchment_km2: float = Field(30.0, gt=0, le=5000, description="river: catchment of the tributary")
    concentration_h: float = Field(4.0, gt=0, le=48, description="river: time of concentration of the catchment")

    @model_validator(mode="after")
    def _fits(self) -> Terrain:
        """Fields of the other kind are mistakes; the grid must be of a size that can be computed."""
        for kind, names in OF_KIND.items():
            given = [name for name in names if name in self.model_fields_set]
            if kind != self.kind and given:
                raise ValueError(f"{given[0]} belongs to kind {kind}, not {self.kind}; take it out")
        rows, columns = self.shape
        if rows * columns > MOST_SQUARES:
            raise ValueError(f"{rows} x {columns} squares, at most {MOST_SQUARES}; make square_m larger")
        return self

    @property
    def width_m(self) -> float:
        """Distance between the levees of the main river."""
        return self.river_width_m or {"bay": 100.0, "river": 180.0}[self.kind]

    @property
    def size_m(self) -> tuple[float, float]:
        """Length west to east and south to north."""
        length_m, width_m = SIZES[self.kind]
        return self.west_east_m or length_m, self.south_north_m or width_m

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the water grid: whole squares that fit the size."""
        length_m, width_m = self.size_m
        return int(width_m / self.square_m + 1e-9), int(length_m / self.square_m + 1e-9)


class RainBands(Strict):
    """Bands of heavy rain that drift over the region: where the hourly rain of `rain.csv` falls within each hour."""

    seed: int = Field(1, ge=0, description="seed of the bands' strengths, places and heading")
    share: Fraction = Field(0.6, description="share of the rain that falls in the bands, the rest everywhere alike")
    spacing_km: float = Field(12.0, ge=2, le=100, description="mean distance from one band to the next")
    half_width_km: float = Field(2.5, ge=0.5, le=30, description="distance from a band's axis to 61 % of its rate")
    drift_m_per_s: float = Field(1.5, ge=0, le=30, description="speed at which the bands move across their axis")


class Forcing(Strict):
    """What drives the run from outside the eight layers."""

    aftershocks: Literal["given", "simulated", "both", "none"] = Field(
        default="both", description="shocks from the table, from the Omori law, both or none"
    )
    rain: Literal["dry", "assumed"] = Field(
        default="dry",
        description="dry days, or the rain assumed in the weather table; rain given by time counts all the same",
    )
    rain_bands: RainBands | None = Field(default=None, description="hourly rain falls in moving bands, not evenly")
    special_incidents: bool = Field(default=True, description="the given incidents at large sites happen")
    school_holiday: bool = Field(default=False, description="schools are closed")
    holiday: bool = Field(default=False, description="the first day is a Sunday or public holiday")
    intensity_reports: bool = Field(default=True, description="observed intensities reach the hazard layer as messages")


class ScoredQuantity(BaseModel):
    """One quantity compared with the reports by `twin validate`; further fields of plain type are allowed."""

    model_config = ConfigDict(extra="allow", frozen=True)

    quantity: str = Field(description="series name")
    report: str = Field(description="quantity name in the report table")
    source: str = Field("", description="only reports of this source; empty: any")
    kind: SeriesKind = "true"
    areas: list[list[str]] = Field(
        default_factory=lambda: [["all"]], description="groups of codes summed and scored as one"
    )
    fit_until: AwareDatetime | None = Field(None, description="reports to this instant may be fitted")
    score_from: AwareDatetime | None = None
    score_until: AwareDatetime | None = None
    measure: Literal["rms_of_peak", "factor", "count"] = "rms_of_peak"
    limit: float = Field(0.15, gt=0)
    report_factor: float = Field(1.0, gt=0, description="reported value times this is comparable with the series")
    note: str = ""


class Validation(Strict):
    """What `twin validate` runs and scores."""

    until: DurationS = 120 * 3600
    members: int = Field(20, ge=1, le=200)
    band: Fraction = 0.8
    quantities: list[ScoredQuantity] = Field(default_factory=list)


def _default_schedule() -> list[Step]:
    hour_s, day_s = 3600, 86400
    return [
        Step(step_s=60, until=6 * hour_s),
        Step(step_s=600, until=72 * hour_s),
        Step(step_s=3600, until=60 * day_s),
    ]


class Scenario(Strict):
    """A scenario as read from its file."""

    name: Name
    version: int = Field(1, ge=1, description="version of this scenario; runs of another one are not comparable")
    title_ja: str = Field(min_length=1)
    title_en: str = Field(min_length=1)
    start: AwareDatetime = Field(description="second 0 of the run, with its zone")
    until: DurationS = Field(description="default end of a run, since the start")
    seed: int = Field(1, ge=0)
    members: int = Field(1, ge=1, le=1000)
    schedule: list[Step] = Field(default_factory=_default_schedule, min_length=1)
    facts: str = Field(".", description="folder of the fact tables, relative to this file")
    region: Region = Field(default_factory=Region)
    terrain: Terrain | None = Field(None, description="generated ground that water can reach; without it none can")
    models: dict[LayerName, str] = Field(default_factory=dict, description="layer -> model name")
    set: dict[ParameterName, Any] = Field(default_factory=dict, description="layer.parameter -> value")
    cut: list[str] = Field(default_factory=list, description="coupling rows cut in this scenario")
    forcing: Forcing = Field(default_factory=Forcing)
    scoring: Validation | None = Field(None, alias="validate", description="what `twin validate` scores")
    path: Path = Field(default=Path(), exclude=True, json_schema_extra={"readOnly": True})

    @property
    def facts_folder(self) -> Path:
        """Folder that holds the fact tables."""
        return (self.path.parent / self.facts).resolve()

    @property
    def until_s(self) -> int:
        """Default end of a run, seconds since the start."""
        return self.until

    @property
    def origin(self) -> datetime:
        """Local wall-clock time of second 0."""
        return self.start

    def boundaries_s(self, until_s: int | None = None) -> list[int]:
        """Ends of all steps up to `until_s` (default: the scenario's end); the last one is cut to fit."""
        end_s = self.until if until_s is None else until_s
        ends: list[int] = []
        now_s = 0
        for step in self.schedule:
            while now_s < min(step.until, end_s):
                now_s = min(now_s + step.step_s, step.until, end_s)
                ends.append(now_s)
        while now_s < end_s:
            now_s = min(now_s + self.schedule[-1].step_s, end_s)
            ends.append(now_s)
        return ends
