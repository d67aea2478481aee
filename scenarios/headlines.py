"""The numbers a comparison is told by: which series, how a run is summed up in one number, and which way is better."""

from __future__ import annotations

from typing import NamedTuple

EVERYONE, AGED_65, DEPENDENT, CAR_SLEEPERS = "everyone", "aged-65", "dependent", "car-sleepers"


class Headline(NamedTuple):
    """One number of a run.

    summary: `end` (value at the end of the run), `peak` (largest since the fork) or `integral` (sum over time since
    the fork, in the series' unit times hours; for series per day, times days). better: `less`, `more`, or `` where
    neither is good in itself. group: whose number it is.
    """

    quantity: str
    summary: str
    better: str
    group: str = EVERYONE


HEADLINES: tuple[Headline, ...] = (
    Headline("deaths", "end", "less"),
    Headline("deaths_related", "end", "less"),
    Headline("trapped_persons", "integral", "less"),
    Headline("rescued_persons", "end", ""),
    Headline("rescue_waiting", "integral", "less"),
    Headline("stranded_persons", "integral", "less"),
    Headline("injured_waiting", "integral", "less"),
    Headline("hospital_patients_waiting", "integral", "less"),
    Headline("ill", "end", "less"),
    Headline("buildings_burnt", "end", "less"),
    Headline("households_without_power", "integral", "less"),
    Headline("households_without_water", "integral", "less"),
    Headline("people_without_telecom", "integral", "less"),
    Headline("facilities_dark", "integral", "less"),
    Headline("roads_closed", "integral", "less"),
    Headline("evacuees_in_shelters", "peak", ""),
    Headline("evacuees_in_cars", "integral", "less", CAR_SLEEPERS),
    Headline("meals_short", "integral", "less"),
    Headline("water_short_l", "integral", "less"),
    Headline("people_without_medicine", "integral", "less", DEPENDENT),
    Headline("dependent_without_power_persons", "integral", "less", DEPENDENT),
    Headline("dependent_without_dialysis_persons", "integral", "less", DEPENDENT),
    Headline("ill_dependent_expected", "end", "less", DEPENDENT),
    Headline("deaths_aged_65", "end", "less", AGED_65),
    Headline("trapped_aged_65", "integral", "less", AGED_65),
    Headline("injured_severe_aged_65", "end", "less", AGED_65),
    Headline("evacuees_aged_65_in_shelters", "peak", "", AGED_65),
    Headline("ill_in_cars_expected", "end", "less", CAR_SLEEPERS),
    Headline("deaths_related_in_cars", "end", "less", CAR_SLEEPERS),
    Headline("trucks_queued", "integral", "less"),
    Headline("responders_working", "integral", ""),
    Headline("requests_pending", "integral", "less"),
    Headline("silent_towns", "integral", "less"),
)
PER_DAY = frozenset({"meals_short", "water_short_l"})  # series that are rates per day
# What `twin rank` weighs by default, each over its usual size and all alike: a choice of this project (assumed), which
# planners replace by their own weights.
NEEDS = (
    "deaths",
    "rescue_waiting",
    "injured_waiting",
    "hospital_patients_waiting",
    "households_without_power",
    "households_without_water",
    "meals_short",
    "water_short_l",
    "people_without_medicine",
)
