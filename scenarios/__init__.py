"""Scenarios: a place, an event and what drives them.

`read_scenario` reads a scenario file, `build_world` makes its region, `check` lists every problem without
running, `scenario_names` tells what is shipped. Facts are tables in the scenario's folder; everything else
is synthesised by the rules in `rules.toml`.
"""

from scenarios.checking import check
from scenarios.reading import read_scenario, scenario_names
from scenarios.synthesis import build_world

__all__ = ["build_world", "check", "read_scenario", "scenario_names"]
