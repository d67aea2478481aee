"""Orders follow the last report."""

import numpy as np

from layers.government.supply import ITEMS, decide_goods
from tests.layers.government.place import PARAMS

NOTHING = np.zeros((1, len(ITEMS)))
MEALS, WATER, BEDS, TOILETS = (ITEMS.index(name) for name in ("meals", "water", "beds", "toilets"))


def ordered(evacuees=1000.0, dry=0.0, stock=0.0, before=NOTHING, received=NOTHING):
    return decide_goods(np.array([evacuees]), np.array([dry]), np.array([stock]), before, received, PARAMS)[0]


def test_an_unheard_town_gets_nothing():
    assert ordered(np.nan, np.nan, np.nan).sum() == 0


def test_three_meals_a_day_for_everyone_counted():
    assert ordered()[MEALS] == 3000.0


def test_own_stock_lowers_the_order_and_a_dry_town_raises_it():
    assert ordered(stock=0.5)[MEALS] == 1500.0
    assert ordered(stock=1.0)[MEALS] == 0.0
    assert ordered(dry=1000.0)[WATER] > ordered()[WATER]
    assert ordered(dry=1000.0)[TOILETS] > 0 == ordered()[TOILETS]


def test_goods_on_the_way_are_not_ordered_again():
    first = ordered()
    again = ordered(before=first[None])
    assert again[MEALS] == 0
    assert ordered(before=first[None], received=first[None])[MEALS] == first[MEALS]
    assert ordered(before=first[None], received=first[None])[BEDS] == 0
