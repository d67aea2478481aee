"""Wiring errors are all found before the first step, together, each with its cure."""

import dataclasses

import pytest

from tests.twin import toy
from twin.contract import Link, Var
from twin.errors import WiringError
from twin.wiring import connect, find_problems, select_cuts


def problems(layers=(toy.SPRING, toy.BASIN), links=toy.LINKS):
    return find_problems(layers, links, toy.world())


def test_the_toy_is_sound():
    assert problems() == []


def test_all_problems_are_told_at_once():
    basin = dataclasses.replace(
        toy.BASIN,
        needs=(*toy.BASIN.needs, Var("sun", "1", "cell"), Var("odd", "furlong", "nowhere")),
        wakes=("rain",),
    )
    told = "\n".join(problems((toy.SPRING, basin)))
    for text in ("basin.sun", "furlong", "'nowhere' is not in world", "wakes on 'rain'"):
        assert text in told
    with pytest.raises(WiringError, match=r"5 wiring problems"):
        connect((toy.SPRING, basin), toy.LINKS, toy.world())


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"carrier": None}, "name a carrier"),
        ({"carrier": "cell_to_moon"}, "no carrier"),
        ({"carrier": "municipality_to_cell"}, "maps municipality to cell"),
        ({"lag": True}, "must not be lagged"),
        ({"reason": ""}, "has no reason"),
        ({"source": "spring.nothing"}, "has no 'nothing'"),
        ({"source": "moon.water_l"}, "no layer 'moon'"),
        ({"source": "spring.pressure"}, "does not fit"),
        ({"neutral": "free_travel_s"}, "not an array of world"),
    ],
)
def test_a_bad_row_is_named(change, text):
    links = (dataclasses.replace(toy.LINKS[0], **change), *toy.LINKS[1:])
    assert any("row 'water'" in problem and text in problem for problem in problems(links=links))


def test_backward_rows_need_a_lag_and_a_first_value():
    links = (*toy.LINKS[:2], dataclasses.replace(toy.LINKS[2], lag=False))
    assert any("needs lag=True" in problem for problem in problems(links=links))


def test_levels_have_one_source_amounts_add_up():
    links = (*toy.LINKS, dataclasses.replace(toy.LINKS[1], id="again"), dataclasses.replace(toy.LINKS[0], id="more"))
    told = problems(links=links)
    assert len(told) == 1
    assert "basin.pressure is a level fed by 2 rows" in told[0]


def test_doubled_row_ids_are_told():
    assert any("stands twice" in problem for problem in problems(links=(*toy.LINKS, toy.LINKS[0])))


def test_cuts_by_id_by_quantities_and_by_pair():
    assert select_cuts(toy.LINKS, ["water"]) == {"water"}
    assert select_cuts(toy.LINKS, ["spring.pressure>basin.pressure"]) == {"pressure"}
    assert select_cuts(toy.LINKS, ["spring>basin"]) == {"water", "pressure"}
    with pytest.raises(WiringError, match="did you mean 'water'"):
        select_cuts(toy.LINKS, ["watr"])


def test_link_names_its_layers():
    link = Link("x", "spring.water_l", "basin.water_l", "r")
    assert (link.source_layer, link.target_layer) == ("spring", "basin")
