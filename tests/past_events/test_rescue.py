"""Who lives to be pulled out, and by whom: Kobe 1995 against the clocks of the people layer.

Two things differ on purpose. Kobe's counts by day are of people *extracted* by the fire service and the defence
forces, living and dead together; those who called out were dug for first. The model's forces free the living only,
the dead are found by a clock of their own. So shapes are compared, and levels only where said.
"""

import numpy as np
import pytest

from layers.people.state import DEAD, NEVER_S, TRAPPED
from layers.people.victims import neighbour_reach
from tests.layers.people.small import PARAMS, begin, small_world, struck
from twin.units import DAY_S

# extracted and of these alive by day (MLIT from the Kobe fire service and the ground forces)
EXTRACTED = np.array([692, 806, 883, 484, 209])
ALIVE = np.array([518, 195, 133, 26, 10])
SHARE_ALIVE = ALIVE / EXTRACTED
MIDDAY_S = (np.arange(5) + 0.5) * DAY_S


@pytest.fixture(scope="module")
def victims():
    """Rows of about 4,000 trapped and dead at once after a night shock with the deaths and danger of Kobe."""
    world = small_world(n_cells=60)
    given, state = begin(world, deaths_per_wood_building=0.0676, dwelling_life_threatened=0.5)
    state, _ = struck(world, given, state, daylight=0.0)
    return state.victims


def test_half_life_of_the_share_alive():
    """Compared: the half-life of a straight line through ln(share alive) over days 1 to 5 with the layer's half-life
    of the trapped whose life is threatened. Band: factor 1.5; the line itself misses single days by up to 40 %.
    """
    slope = np.polyfit(np.arange(5), np.log(SHARE_ALIVE), 1)[0]
    recorded_s = -np.log(2.0) / slope * DAY_S
    assert 1 / 1.5 < PARAMS.delayed_death_half_life_s / recorded_s < 1.5


def test_share_alive_by_day_of_those_in_danger(victims):
    """Compared: share alive of Kobe by day over its first day with the drawn death clocks of the trapped in danger.

    Band: RMS 0.15 of a share. Kobe falls faster from day 1 to 2 (to 0.32 of the first day, the model to 0.5), since
    whoever could be heard was dug out on the first day.
    """
    trapped = victims.select(victims["state"] == TRAPPED)
    due_s = trapped["die_s"][trapped["die_s"] < NEVER_S]
    assert len(due_s) > 1000
    alive = np.array([(due_s > at_s).mean() for at_s in MIDDAY_S])
    error = alive / alive[0] - SHARE_ALIVE / SHARE_ALIVE[0]
    assert np.sqrt(np.mean(error[1:] ** 2)) < 0.15


def share_alive_in_the_ruins(victims):
    """Share alive at the middle of each day among those dead at once and those neighbours cannot free."""
    left = victims.select((victims["state"] == TRAPPED) & ~np.isfinite(victims["effort_due_s"]))
    dead_at_once = int((victims["state"] == DEAD).sum())
    return np.array([(left["die_s"] > at_s).sum() / (len(left) + dead_at_once) for at_s in MIDDAY_S])


def test_share_alive_in_the_ruins_on_the_first_day(victims):
    """Compared: 74.9 % alive of those extracted on day 1 with the share alive in the model's ruins, dead and all.

    Band: 0.25; extraction prefers the living, so the model's share in the ruins must be the smaller one.
    """
    assert 0.0 < SHARE_ALIVE[0] - share_alive_in_the_ruins(victims)[0] < 0.25


@pytest.mark.xfail(
    strict=True,
    reason="measured: 48, 42, 39 and 38 % against 24, 15, 5 and 5 %. Half of the trapped carry no death clock and "
    "would live for ever: too many once rescue takes longer than a day; a slower clock (thirst, crush) is missing",
)
def test_share_alive_in_the_ruins_on_later_days(victims):
    """Compared: 24, 15, 5 and 5 % alive on days 2 to 5 with the model's ruins. Band: factor 2 on each day."""
    ratio = share_alive_in_the_ruins(victims)[1:] / SHARE_ALIVE[1:]
    assert ((ratio > 0.5) & (ratio < 2.0)).all()


def test_share_of_deaths_at_once(victims):
    """Compared: 2,221 of 2,456 deaths in buildings of Kobe city fell within about 15 minutes (medical examiner), with
    the share at once in the model if nobody but neighbours ever digs, the worst case.

    Band: below Kobe's 0.90, where forces came, and above half of it.
    """
    left = (victims["state"] == TRAPPED) & ~np.isfinite(victims["effort_due_s"]) & (victims["die_s"] < NEVER_S)
    at_once = int((victims["state"] == DEAD).sum())
    assert 0.45 < at_once / (at_once + left.sum()) < 2221 / 2456


def test_neighbours_free_most_of_the_trapped():
    """Compared: about 27,000 freed by residents against 8,000 by officials (`unverified`; a survey of Kobe and
    Nishinomiya gives the residents 96 %) with the share neighbours free in the dark (05:46). Band: 0.45 to 0.96: the
    model's figure is a share of all trapped, Kobe's of those who were freed at all.
    """
    given, _ = begin(small_world())
    night, day = (neighbour_reach(given, daylight, np.array([0]))[0] for daylight in (0.0, 1.0))
    assert 0.45 < night < day < 0.96
