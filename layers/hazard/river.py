"""Rain by the hour and what it brings: the river's discharge at the town's upstream edge, runoff of the town itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin import memo
from twin.numerics import rain, runoff
from twin.numerics.shallow_water import Series
from twin.params import Params
from twin.units import DAY_S
from twin.world import World

Array = np.ndarray
DRY_DAYS_AFTER = 30


@dataclass(frozen=True)
class Flows:
    """Rates by instant: discharge of the river into the town, and rain on the town; steady before and after."""

    river_m3_per_s: Series
    town_rain: rain.RainSeries

    def town_rain_m_per_s(self, from_s: float, to_s: float) -> float:
        """Mean rain rate on the town in an interval; none outside the series."""
        edge = self.town_rain.edge_s
        inside = np.clip([from_s, to_s], edge[0], edge[-1])
        return float(rain.accumulated_m(self.town_rain, inside[0], inside[1])) / (to_s - from_s)


def flows(world: World, params: Params) -> Flows | None:
    """The river's discharge from the rain of its catchment (storage function) and its base flow; None without rain.

    No rain is assumed before the table begins and after it ends; the catchment starts at base flow.
    """
    if "rain" not in world or len(world["rain"]) < 2 or "catchment_m2" not in world.settings:
        return None
    table = world["rain"]
    time_s = np.asarray(table["time_s"], float)
    edges = np.append(time_s, 2 * time_s[-1] - time_s[-2])
    town = rain.make_series(edges, np.asarray(table["town_m_per_s"], float) * params.rain_scale)
    hours = np.arange(edges[-1] + 3600.0, edges[-1] + DRY_DAYS_AFTER * DAY_S, 3600.0)
    catchment_rain = np.append(np.asarray(table["catchment_m_per_s"], float) * params.rain_scale, np.zeros(hours.size))
    over = rain.make_series(np.append(edges, hours), catchment_rain)
    area_m2 = world.settings["catchment_m2"]
    catchment = runoff.Catchment(
        area_m2=area_m2,
        storage_k=runoff.storage_constant(params.catchment_storage_mm_h, params.catchment_exponent),
        exponent=params.catchment_exponent,
        lag_s=world.settings.get("catchment_time_s", 0.0) * params.catchment_lag_share,
        first_fraction=params.first_runoff_fraction,
        saturation_m=params.saturation_rain_m,
        base_m3_per_s=params.base_flow_m_per_s * area_m2,
    )
    numbers = [float(value) for value in vars(catchment).values()]
    name = memo.key("river", over.edge_s, over.rate_m_per_s, *numbers)
    discharge = memo.remembered(name, lambda: runoff.catchment_runoff(over, catchment).discharge_m3_per_s)
    return Flows(Series(over.edge_s, np.maximum(discharge, 0.0), "river discharge"), town)
