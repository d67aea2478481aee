"""Constants and state of the hazard layer, and the draw of the main shock at time 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.hazard import aftershocks, messages, shaking, warnings, water_place, weather
from layers.hazard.water import Seen, Water, no_water, nothing_seen
from layers.hazard.water import start as start_water
from twin.chance import Chance
from twin.numerics.fault import Rectangles, distance_to_rectangles_m
from twin.params import Params
from twin.table import Table
from twin.world import IndexSet, World

Array = np.ndarray
RECLAIMED, ALLUVIAL = 1, 0
NOT_HEARD_LOW = 4.5  # a town listed without a value: 5-lower or more was expected there (JMA usage, mark 5@)


@dataclass(frozen=True)
class Given:
    """Constants of the layer; towns are municipalities, `seen` the cells whose intensity a town reports."""

    params: Params
    cells: shaking.Ground
    stations: shaking.Ground
    town_of_station: Array
    main_distance_m: Array  # (cell,)
    station_distance_m: Array  # (station,)
    main: shaking.Source
    zone: aftershocks.Zone
    coast_m: float  # from the main fault to the nearest shore with people
    soft_coast: Array  # (cell,) ground that can liquefy
    coast_distance_m: Array  # (cell,)
    seen_cell: Array  # (seen,) sorted by town
    seen_start: Array  # (town,) first row of each town in seen_cell
    town_keys: Array
    town_of_cell: Array
    coastal: Array  # (town,)
    given_shocks: Table
    observed_low: Array  # (shock, town) NaN: no bound
    observed_high: Array
    received_s: Array  # (shock, town) NaN: never, or not in the table
    listed: Array  # (shock, town) whether the town stands in the observed table
    use_given: bool
    use_simulated: bool
    weather: weather.WeatherTable
    zero_cell: Array
    zero_town: Array
    n_patch: int
    town_of_patch: Array
    town_of_levee: Array
    bank: Array  # (levee,) number of the levee a segment belongs to
    n_levee: int
    water: water_place.Place | None  # None: no water grid
    gauges: warnings.Gauges
    slopes: warnings.Slopes


@dataclass(frozen=True)
class WeatherOutputs:
    """The weather as arrays, kept so that unchanged steps hand out the same ones."""

    wbgt_c: Array  # (town,)
    soil_water_m: Array  # (cell,)
    critical_ratio: Array  # (cell,) largest of the marks passed in the last step
    rain_m_per_s: Array  # (town,) mean of its cells
    daylight: Array  # (1,), the region
    wind_m_per_s: Array  # (1,)
    wind_from_deg: Array  # (1,)

    @classmethod
    def of(cls, now: weather.Weather, given: Given) -> WeatherOutputs:
        """Heat and wind are the same everywhere; rain and what it leaves go by zone."""
        zone, n_town = given.weather.zone_of_cell, given.zero_town.size
        rain = np.bincount(given.town_of_cell, weights=now.rain_m_per_s[zone], minlength=n_town)
        cells = np.bincount(given.town_of_cell, minlength=n_town)
        one_zone = given.weather.n_zone == 1
        return cls(
            np.full(n_town, now.wbgt_c),
            now.tank_m.sum(axis=0)[zone],
            now.peak_ratio[zone],
            np.full(n_town, now.rain_m_per_s[0]) if one_zone else rain / np.maximum(cells, 1),
            np.array([now.daylight]),
            np.array([now.wind_m_per_s]),
            np.array([now.wind_from_deg]),
        )


@dataclass(frozen=True)
class State:
    """What the layer remembers."""

    residual_log10: Array  # (cell,) of the main shock
    station_log10_pgv: Array  # (station,) of the main shock, m/s
    shocks: Table
    next_shock: int
    liquefied: Array  # (cell,)
    max_intensity: Array  # (town,) as the stations saw it
    stopped_until_s: Array  # (town,) int64
    messages: messages.Messages
    weather: weather.Weather
    advisory: bool
    by_town: WeatherOutputs
    warned: Array  # (town,) class of the tsunami warning in force
    stages: warnings.Stages
    slides: warnings.SlideLevels
    water: Water
    seen: Seen


def prepare(world: World, params: Params) -> Given:
    """Constants for all runs: distances, observations, weather table."""
    cell, station, town = world["cell"], world["station"], world["municipality"]
    shaking.check_attenuation(params)
    fault, main = _fault(world), _main_source(world)
    observed = _observed(world)
    seen_cell, seen_town = _seen(world)
    shore = cell["coast_distance_m"] < params.shore_m
    distance_m = _distance_m(cell, fault)
    return Given(
        params=params,
        cells=_ground(cell),
        stations=_ground(station),
        town_of_station=np.asarray(station["municipality"], dtype=np.int64),
        main_distance_m=distance_m,
        station_distance_m=_distance_m(station, fault),
        main=main,
        zone=_zone(world),
        coast_m=float(distance_m[shore].min(initial=np.inf)),
        soft_coast=_soft_coast(cell, params),
        coast_distance_m=np.asarray(cell["coast_distance_m"], float),
        seen_cell=seen_cell,
        seen_start=np.searchsorted(seen_town, np.arange(len(town))),
        town_keys=town.keys,
        town_of_cell=np.asarray(cell["municipality"], dtype=np.int64),
        coastal=np.asarray(town["coastal"], dtype=float),
        given_shocks=_given_shocks(world),
        use_given=world.settings.get("aftershocks_given", 1.0) > 0.0,
        use_simulated=world.settings.get("aftershocks_simulated", 1.0) > 0.0 and main.magnitude_mw > 0.0,
        weather=weather.make_table(world),
        zero_cell=np.zeros(len(cell)),
        zero_town=np.zeros(len(town)),
        n_patch=len(world["patch"]),
        town_of_patch=np.asarray(world["patch"]["municipality"], np.int64),
        town_of_levee=np.asarray(world["levee"]["municipality"], np.int64),
        bank=np.asarray(world["levee"]["bank"], np.int64),
        n_levee=len(world["levee"]),
        water=water_place.prepare(world, params),
        gauges=warnings.gauges_of(world),
        slopes=warnings.slopes_of(world, params.warned_slope_deg),
        **observed,
    )


def start(given: Given, chance: Chance) -> State:
    """Draw the main shock's residual (given the observed town maxima, if any) and the list of shocks."""
    params, n_town = given.params, given.zero_town.size
    residual, read = _draw_main(given, chance)
    shocks = aftershocks.list_shocks(
        given.given_shocks, given.zone, given.use_simulated, given.use_given, params, chance
    )
    now = weather.first_weather(given.weather, params)
    return State(
        residual_log10=residual,
        station_log10_pgv=read,
        shocks=shocks,
        next_shock=0,
        liquefied=np.zeros(given.zero_cell.size),
        max_intensity=np.zeros(n_town),
        stopped_until_s=np.zeros(n_town, dtype=np.int64),
        messages=messages.none_sent(n_town),
        weather=now,
        advisory=False,
        by_town=WeatherOutputs.of(now, given),
        warned=given.zero_town,
        stages=warnings.no_stages(n_town),
        slides=warnings.SlideLevels(given.zero_town, 0),
        water=start_water(given.water) if given.water is not None else no_water(),
        seen=nothing_seen(given.n_patch, given.n_levee),
    )


def _draw_main(given: Given, chance: Chance) -> tuple[Array, Array]:
    """Residual of the main shock at the cells and what its stations read; nothing where there is no earthquake."""
    if not given.main.magnitude_mw > 0.0:
        return given.zero_cell, np.zeros(given.station_distance_m.size)
    median = shaking.median_log10(given.main, given.station_distance_m, given.stations, given.params)
    main = _main_of(given)
    bounds = shaking.bounds_of_classes(
        np.where(given.listed[main] & np.isnan(given.observed_low[main]), NOT_HEARD_LOW, given.observed_low[main]),
        given.observed_high[main],
        given.town_of_station,
    )
    return shaking.draw_residual(given.cells, given.stations, bounds, median, given.params, chance)


def _soft_coast(cell: IndexSet, params: Params) -> Array:
    """Cells whose ground can liquefy: reclaimed land, and alluvium near the shore."""
    kind, near = np.asarray(cell["ground"]), np.asarray(cell["coast_distance_m"]) < params.soft_coast_m
    return (kind == RECLAIMED) | ((kind == ALLUVIAL) & near)


def _ground(members: IndexSet) -> shaking.Ground:
    columns = ("x_m", "y_m", "avs30_m_per_s")
    return shaking.Ground(*(np.asarray(members[name], dtype=float) for name in columns))


def _fault(world: World) -> Rectangles:
    fault = world["fault"]
    names = ("x_m", "y_m", "top_m", "strike_deg", "dip_deg", "length_m", "width_m")
    return Rectangles(*(np.asarray(fault[name], dtype=float) for name in names))


def _zone(world: World) -> aftershocks.Zone:
    """Where aftershocks happen: along all planes of the fault, taken as one in the strike of the first."""
    fault = world["fault"]
    if not len(fault):
        return aftershocks.Zone(0.0, 0.0, 0.0, 0.0, 0.0)
    strike = np.radians(float(fault["strike_deg"][0]))
    along_m = (fault["x_m"] - fault["x_m"][0]) * np.sin(strike) + (fault["y_m"] - fault["y_m"][0]) * np.cos(strike)
    length_m = float(np.ptp(along_m) + fault["length_m"].mean()) if len(fault) > 1 else float(fault["length_m"][0])
    middle = (float(fault["x_m"].mean()), float(fault["y_m"].mean()))
    return aftershocks.Zone(*middle, float(fault["strike_deg"][0]), length_m, float(fault["magnitude_mw"][0]))


def _main_source(world: World) -> shaking.Source:
    """Magnitude, depth and kind of the main shock; magnitude 0 where the world has no earthquake."""
    rows = np.flatnonzero(np.asarray(world["shock"]["role"]) == 0)
    if not rows.size or not len(world["fault"]):
        return shaking.Source(0.0, 0.0)
    fault = world["fault"]
    kind = str(fault["kind"][0]) if "kind" in fault else "crustal"
    return shaking.Source(float(fault["magnitude_mw"][0]), float(world["shock"]["depth_m"][rows[0]]), kind)


def _distance_m(places: IndexSet, fault: Rectangles) -> Array:
    """Closest distance to the fault (place,); endless without one."""
    if not np.asarray(fault.x_m).size:
        return np.full(len(places), np.inf)
    return distance_to_rectangles_m(places["x_m"], places["y_m"], fault)


def _main_of(given: Given) -> int:
    shocks = given.given_shocks
    return int(shocks["row"][shocks["origin"] == aftershocks.MAIN][0])


def _given_shocks(world: World) -> Table:
    shock = world["shock"]
    main = np.asarray(shock["role"]) == 0
    return Table(
        {
            "time_s": np.asarray(shock["time_s"], dtype=np.int64),
            "x_m": np.asarray(shock["x_m"], dtype=float),
            "y_m": np.asarray(shock["y_m"], dtype=float),
            "depth_m": np.asarray(shock["depth_m"], dtype=float),
            "mw": np.asarray(shock["mw"], dtype=float),
            "origin": np.where(main, aftershocks.MAIN, aftershocks.GIVEN),
            "key": shock.keys,
            "row": np.arange(len(shock)),
            "residual_log10": np.zeros(len(shock)),
        }
    )


def _observed(world: World) -> dict[str, Array]:
    """Class bounds and arrival by (shock, town) from the observed table; all NaN where reports are switched off."""
    shape = (len(world["shock"]), len(world["municipality"]))
    low, high, received = (np.full(shape, np.nan) for _ in range(3))
    listed = np.zeros(shape, dtype=bool)
    if "observed_intensity" in world and world.settings.get("intensity_reports", 1.0) > 0.0:
        table = world["observed_intensity"]
        at = (table["shock"], table["municipality"])
        low[at], high[at], received[at] = table["low"], table["high"], table["received_s"]
        listed[at] = True
    return {"observed_low": low, "observed_high": high, "received_s": received, "listed": listed}


def _seen(world: World) -> tuple[Array, Array]:
    """Cells that stand for a town's intensity: those of its stations, or all its cells if it has none."""
    station, town_of_cell = world["station"], np.asarray(world["cell"]["municipality"])
    town_of_station = np.asarray(station["municipality"], dtype=np.int64)
    bare = ~np.isin(town_of_cell, town_of_station)
    cells = np.concatenate([np.asarray(station["cell"], dtype=np.int64), np.flatnonzero(bare)])
    towns = np.concatenate([town_of_station, town_of_cell[bare]])
    order = np.argsort(towns, kind="stable")
    return cells[order], towns[order]
