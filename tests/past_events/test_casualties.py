"""Deaths and trapped of past earthquakes from the formulas of the people layer: Kobe 1995, Kumamoto 2016, Tokyo 2022.

Deaths per collapsed house differ by a factor of 2 between wards that lie side by side and were shaken alike: no
formula of this kind can be held to less than a factor of 2 in one place.
"""

from datetime import datetime

import numpy as np
import pytest

from layers.people import LAYER, presence
from layers.people.casualties import Indoors, collapse_deaths, collapse_harm, indoors
from layers.people.state import CAUGHT
from layers.people.victims import neighbour_reach
from scenarios import build_world, read_scenario
from tests.layers.people.small import begin, small_world
from twin.params import load

PARAMS = load(LAYER.params_file)
TOKYO_COEFFICIENT = 0.0676  # deaths per collapsed wooden building, Tokyo 2022 estimate p. 357
TOKYO = PARAMS.replace({"deaths_per_wood_building": TOKYO_COEFFICIENT, "instant_death_fraction": 1.0})
NONE = np.zeros(1)

# ward or city: deaths, collapsed buildings (Japanese Wikipedia on the earthquake, from the prefecture's tables)
KOBE = {
    "Higashinada": (1469, 13687),
    "Nada": (933, 12757),
    "Chuo": (243, 6344),
    "Hyogo": (554, 9533),
    "Nagata": (919, 15521),
    "Suma": (399, 7696),
    "Tarumi": (25, 1176),
    "Nishi": (9, 436),
    "Kita": (13, 271),
    "Nishinomiya": (1126, 20667),
    "Ashiya": (443, 3915),
    "Takarazuka": (117, 3559),
    "Itami": (22, 1395),
    "Amagasaki": (49, 5688),
}
HARD_HIT = ("Higashinada", "Nada", "Chuo", "Hyogo", "Nagata", "Suma", "Nishinomiya", "Ashiya")


def people_inside(now, wood=1e6, nonwood=0.0):
    """Where residents of wooden and other buildings are at an hour of a weekday, by the layer's own profile."""
    places = presence.place_fractions(PARAMS, now, school_holiday=False, holiday=False)
    residents = wood + nonwood
    home, out = residents * (1.0 - places.sum()), residents * places[:3].sum()
    one = np.ones(1)
    return indoors(PARAMS, wood * one, nonwood * one, home * one, out * one, wood / residents * one)


def deaths(params, inside, wood, nonwood=0.0, crowding=1.0):
    return float(collapse_deaths(params, np.array([wood]), np.array([nonwood]), crowding, inside)[0])


def kobe_ratios(params):
    """Modelled over recorded deaths of each ward and city, Tuesday 17 January 1995, 05:46."""
    inside = people_inside(datetime(1995, 1, 17, 5, 46))
    return {name: deaths(params, inside, collapsed) / dead for name, (dead, collapsed) in KOBE.items()}


def within(ratio, factor):
    return 1.0 / factor <= ratio <= factor


def test_kobe_deaths_of_most_wards_lie_within_a_factor_of_two():
    """Compared: recorded deaths of 14 wards and cities against the layer's formula, all collapses taken as wooden.

    Band: factor 2, and the places with many deaths must all meet it. Recorded deaths include about 10 % by fire.
    Where houses were condemned but stood (Itami, Amagasaki, the western wards) the formula must err high, not low.
    """
    ratios = kobe_ratios(TOKYO)
    good = [name for name in KOBE if within(ratios[name], 2.0)]
    assert len(good) >= 10
    assert set(HARD_HIT) <= set(good)
    assert all(ratios[name] > 2.0 and KOBE[name][0] < 60 for name in set(KOBE) - set(good))


def test_kobe_deaths_of_the_hard_hit_wards_together():
    """Compared: 6,086 deaths in eight wards and cities. Band: within 25 %: single wards scatter by 1.7 either way, so
    eight of them together by about a quarter."""
    inside = people_inside(datetime(1995, 1, 17, 5, 46))
    dead, collapsed = np.array([KOBE[name] for name in HARD_HIT]).sum(axis=0)
    assert dead == 6086
    assert within(deaths(TOKYO, inside, collapsed) / dead, 1.25)


@pytest.mark.xfail(
    strict=True,
    reason="measured: 0.15 to 0.44 of the recorded deaths by ward, 0.25 in all. The shipped coefficient is fitted to "
    "2016, when a certified total collapse seldom fell storey by storey: not for a stock like Kobe's in 1995",
)
def test_kobe_deaths_with_the_shipped_coefficient():
    """Compared: as above, but with the coefficient the layer ships. Band: factor 2 in each hard-hit ward."""
    shipped = PARAMS.replace({"instant_death_fraction": 1.0})
    ratios = kobe_ratios(shipped)
    assert all(within(ratios[name], 2.0) for name in HARD_HIT)


def test_kumamoto_2016_direct_deaths():
    """Compared: 50 direct deaths with 8,667 total collapses (Tokyo 2022 p. 430), a third of the people at home.

    The coefficient was fitted to this ratio, so this guards the chain of occupancy, instant share and coefficient
    only: whoever changes one of them must fit again. Band: factor 2.
    """
    third = indoors(PARAMS, np.full(1, 3e4), NONE, np.full(1, 1e4), NONE, np.ones(1))
    assert within(deaths(PARAMS, third, 8667) / 50, 2.0)


def test_kumamoto_2016_trapped_left_for_the_fire_service():
    """Compared: 295 rescues by the fire service of the prefecture (123deta ynej70ky) against people trapped in
    8,667 collapsed houses, a third of them at home, less those neighbours free in the dark (01:25).

    Residents per wooden house are those of the shipped Kumamoto scenario. Independent of any fit: the coefficient
    0.117 comes from Kobe. Band: factor 2; rescues by police and the defence forces are not in the 295.
    """
    cell = build_world(read_scenario("kumamoto-2026"))["cell"]
    per_house = cell["residents"][:, :3].sum() / cell["buildings"][:, :3].sum()
    home = np.full(1, 8667 * per_house / 3)
    inside = Indoors(home, NONE, np.full(1, 1 / 3), NONE)
    trapped = collapse_harm(PARAMS, (np.ones(1), NONE, np.ones(1)), (NONE, NONE, NONE), inside)[CAUGHT].sum()
    given, _ = begin(small_world())
    left = 1.0 - neighbour_reach(given, 0.0, np.array([0]))[0]
    assert within(trapped * left / 295, 2.0)


def test_trapped_of_hyogo_1995():
    """Compared: about 27,000 freed by residents and 8,000 by officials (`unverified`) with the trapped in collapsed
    dwellings of 186,175 households (Fire Agency) of about 2.7 persons (census 1995, rounded). Band: factor 2.
    """
    inside = people_inside(datetime(1995, 1, 17, 5, 46), wood=186_175 * 2.7)
    trapped = collapse_harm(PARAMS, (np.ones(1), NONE, np.ones(1)), (NONE, NONE, NONE), inside)[CAUGHT].sum()
    assert within(trapped / 35_000, 2.0)


def test_tokyo_2022_deaths_before_dawn_are_the_published_bound():
    """Compared: 68,938 wooden collapses x 0.0676 = 4,660 (check of the published chain) with everyone at home.

    Band: 0.1 %, the rounding of the product. At 05:00 the layer's own profile must come within 5 % below it.
    """
    everyone = Indoors(np.ones(1), NONE, np.ones(1), NONE)
    assert deaths(TOKYO, everyone, 68938) == pytest.approx(4660, rel=1e-3)
    at_five = deaths(TOKYO, people_inside(datetime(2022, 1, 18, 5)), 68938)
    assert 0.95 * 4660 < at_five < 4660


def test_tokyo_2022_deaths_at_six_in_the_evening():
    """Compared: 6,148 - 2,482 by fire = 3,666 deaths (p. 142, 411) with the layer's own occupancy at 18:00 against
    05:00.

    Independent of the deaths coefficient's origin: it tests the daily profile and the share of visitors in wooden
    buildings. Assumed: 40 % of the residents in wooden buildings, three times the people in others. Band: factor
    1.3, since slopes, block walls and falling objects are in the 3,666 and not in the formula.
    """
    inside = people_inside(datetime(2022, 1, 18, 18), wood=0.4e6, nonwood=0.6e6)
    assert within(deaths(TOKYO, inside, 68938, 11593, crowding=3.0) / 3666, 1.3)


def test_tokyo_2022_trapped_mean_a_plausible_number_of_people_per_collapsed_building():
    """Compared: 35,049 trapped (winter, early morning, p. 151) with 80,530 collapsed buildings (p. 130).

    Solved for the people in a collapsed building. Band: between one household of Tokyo (1.9 persons, census 2020)
    and all residents of the metropolis over all its buildings (14.05 million over about 2.8 million).
    """
    inside = people_inside(datetime(2022, 1, 18, 5))
    one_each = Indoors(80530 * inside.wood_ratio, NONE, inside.wood_ratio, NONE)
    trapped = collapse_harm(PARAMS, (np.ones(1), NONE, np.ones(1)), (NONE, NONE, NONE), one_each)[CAUGHT].sum()
    assert 1.9 < 35049 / trapped < 5.0
