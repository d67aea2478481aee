"""Tsunami: the sea surface an earthquake leaves, its way to the coast as a linear long wave, and what it presses on.

Inundation of land is left to `twin.numerics.shallow_water`, fed at its sea side by `stage_series`.
"""

from twin.numerics.tsunami.force import depth_multiplier, design_force_n_per_m, drag_force_n_per_m
from twin.numerics.tsunami.grid import Grid, Nest, line_of_points, make_grid
from twin.numerics.tsunami.propagation import Map, Propagation, arrival_time_s, propagate, stage_series
from twin.numerics.tsunami.slip import correlated_slip_m, cut, magnitude, mean_slip_m
from twin.numerics.tsunami.source import Coseismic, coseismic, smoothed_by_water

__all__ = [
    "Coseismic",
    "Grid",
    "Map",
    "Nest",
    "Propagation",
    "arrival_time_s",
    "correlated_slip_m",
    "coseismic",
    "cut",
    "depth_multiplier",
    "design_force_n_per_m",
    "drag_force_n_per_m",
    "line_of_points",
    "magnitude",
    "make_grid",
    "mean_slip_m",
    "propagate",
    "smoothed_by_water",
    "stage_series",
]
