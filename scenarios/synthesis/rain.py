"""Rain place by place: from a table of places, or as bands that drift over the region and bring the hourly rain."""

from __future__ import annotations

import numpy as np

from scenarios import rain_places
from scenarios.schema import Forcing, RainBands
from scenarios.synthesis.frame import Frame
from twin.chance import Chance
from twin.errors import ScenarioError
from twin.numerics.rain import RainBand, band_rain_m_per_s
from twin.units import MM_PER_H
from twin.world import IndexSet

Array = np.ndarray
STEP_S = 600
M_PER_KM = 1000.0
LEAST_STRENGTH = 0.3  # weakest band over the strongest; assumed (0 to 1)
BETWEEN = 0.05  # rain between bands over that under a mean one, so that no hour is without; assumed (0.01 to 0.2)


def build_rain_grid(
    frame: Frame, cells: IndexSet, forcing: Forcing, hours: IndexSet
) -> tuple[list[IndexSet], dict[str, Array]]:
    """Instants of the rain known place by place and its rate at every cell from each on, (instant, cell).

    Nothing where there is neither the table `rain_grid` nor `rain_bands`. hours: the set `rain`.
    """
    table = frame.facts["rain_grid"]
    if not (len(table) or forcing.rain_bands):
        return [], {}
    if len(table) and forcing.rain_bands:
        raise ScenarioError(f"{table.path}: rain is given place by place, and forcing.rain_bands too; leave one out")
    if forcing.rain_bands:
        if len(hours) < 2:
            raise ScenarioError(
                f"{frame.facts['rain'].path}: forcing.rain_bands spreads the rain of this table, which needs two rows"
                " or more; add it or leave rain_bands out"
            )
        time_s, rates = band_rates(forcing.rain_bands, hours, np.column_stack([cells["x_m"], cells["y_m"]]))
    else:
        instants, position, mm_per_h = rain_places.by_place(table)
        share = rain_places.weights(position, np.asarray(cells["lat"], float), np.asarray(cells["lon"], float))
        time_s = np.asarray([int((one - frame.start).total_seconds()) for one in instants], dtype=np.int64)
        rates = mm_per_h @ share.T * MM_PER_H
    times = IndexSet.build("rain_grid", [f"rain_grid/{number}" for number in range(len(time_s))], time_s=time_s)
    return [times], {"rain_of_cell_m_per_s": rates}


def band_rates(bands: RainBands, hours: IndexSet, place_m: Array) -> tuple[Array, Array]:
    """Instants every ten minutes and rates (instant, place) under the bands; places (place, 2) east and north, m.

    Over each interval of `hours` time and places have the mean that it gives.
    """
    begin_s = np.asarray(hours["time_s"], np.int64)
    end_s = np.append(begin_s[1:], 2 * begin_s[-1] - begin_s[-2])
    time_s = np.arange(begin_s[0], end_s[-1], STEP_S)
    hour = np.searchsorted(begin_s, time_s, side="right") - 1
    pattern = np.full((time_s.size, len(place_m)), BETWEEN)
    for band in _train(bands, int(time_s[-1])):
        pattern += band_rain_m_per_s(band, time_s, place_m[:, 0], place_m[:, 1])
    mean = np.bincount(hour, weights=pattern.mean(axis=1)) / np.bincount(hour)
    usual = np.asarray(hours["town_m_per_s"], float)[hour][:, None]
    return time_s, usual * (1.0 - bands.share + bands.share * pattern / mean[hour][:, None])


def _train(bands: RainBands, last_s: int) -> list[RainBand]:
    """Bands one behind the other, so many that they reach past the region from the first instant to the last."""
    chance = Chance(bands.seed)
    spacing_m = bands.spacing_km * M_PER_KM
    heading = 2.0 * np.pi * chance.uniform("rain.heading", np.zeros(1, np.int64))[0]
    east, north = np.sin(heading), np.cos(heading)
    many = int(np.ceil((abs(last_s) + 86_400) * bands.drift_m_per_s / spacing_m)) + 4
    number = np.arange(-many, many + 1)
    off_m = spacing_m * (number + 0.5 * (chance.uniform("rain.place", number) - 0.5))
    strength = LEAST_STRENGTH + (1.0 - LEAST_STRENGTH) * chance.uniform("rain.strength", number)
    return [
        RainBand(
            x_m=off * east,
            y_m=off * north,
            axis_deg=float(np.degrees(np.arctan2(-east, north))),
            half_width_m=bands.half_width_km * M_PER_KM,
            half_length_m=1e9,
            peak_m_per_s=peak,
            u_m_per_s=bands.drift_m_per_s * east,
            v_m_per_s=bands.drift_m_per_s * north,
        )
        for off, peak in zip(off_m.tolist(), strength.tolist(), strict=True)
    ]
