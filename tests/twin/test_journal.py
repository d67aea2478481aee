"""The journal: causes found through carriers, cuts and whole-region events; ids unique and the same after a resume."""

from dataclasses import replace

import pytest

from tests.twin import toy
from twin import snapshot
from twin.contract import Event, Var
from twin.errors import StateError
from twin.journal import Journal, subjects
from twin.wiring import connect

SPRING = replace(toy.SPRING, records=(Var("luck", "1", "cell"),))


def journal(cuts=(), links=toy.LINKS):
    return Journal(connect((SPRING, toy.BASIN), links, toy.world(), cuts))


def sent(book, *rows):
    """Write in a new step that the spring sent water from these cells; returns the ids of the lines."""
    book.write(len(book.lines), 0, SPRING, [Event("sent", "water_l", row) for row in rows], 60)
    return [line[0] for line in book.lines[-len(rows) :]]


def causes_of(book, *causes, layer=toy.BASIN, quantity="calls"):
    position = 0 if layer is SPRING else 1
    book.write(len(book.lines), position, layer, [Event("filled", quantity, 0, causes=causes)], 600)
    return book.lines[-1][7]


def test_a_cause_in_a_town_is_found_in_its_cells():
    """The sum carrier gives both cells of town 0 the same weight: the first of them stands for the town."""
    book = journal()
    first, _, other_town = sent(book, 0, 1, 2)
    assert causes_of(book, ("water_l", 0)) == (first,)
    assert causes_of(book, ("water_l", 1)) == (other_town,)


def test_the_cell_that_weighs_most_is_the_cause():
    """The mean carrier weighs the cells of town 0 as 1 to 3, so the second cell speaks for the town."""
    book = journal()
    book.write(0, 0, SPRING, [Event("fell", "pressure", row) for row in (0, 1, 2)], 60)
    _, heavy, other_town = (line[0] for line in book.lines)
    assert causes_of(book, ("pressure", 0)) == (heavy,)
    assert causes_of(book, ("pressure", 1)) == (other_town,)
    assert causes_of(book, ("pressure", 1), ("pressure", 0)) == (other_town, heavy)


def test_without_a_carrier_the_row_is_the_same():
    book = journal()
    book.write(0, 1, toy.BASIN, [Event("filled", "calls", row) for row in (0, 2)], 60)
    assert causes_of(book, ("basin_calls", 2), layer=SPRING, quantity="luck") == (book.lines[1][0],)
    assert causes_of(book, ("basin_calls", 1), layer=SPRING, quantity="luck") == ()


def test_only_the_last_change_is_the_cause():
    book = journal()
    sent(book, 2)
    (last,) = sent(book, 2)
    assert causes_of(book, ("water_l", 1)) == (last,)


def test_an_event_of_the_whole_region_is_the_cause_where_nothing_nearer_is():
    book = journal()
    (everywhere,) = sent(book, -1)
    assert causes_of(book, ("water_l", 0)) == (everywhere,)
    (near,) = sent(book, 0)
    assert causes_of(book, ("water_l", 0)) == (near,)
    assert causes_of(book, ("water_l", 1)) == (everywhere,)
    assert causes_of(book, ("water_l", -1)) == (everywhere,)


@pytest.mark.parametrize("cut", ["water", "spring.water_l>basin.water_l", "spring>basin"])
def test_a_cut_row_hands_on_no_cause(cut):
    book = journal(cuts=(cut,))
    sent(book, 0)
    assert causes_of(book, ("water_l", 0)) == ()


def test_a_layer_may_cite_its_own_quantities_and_records():
    book = journal()
    (line,) = sent(book, 1)
    book.write(1, 0, SPRING, [Event("turned", "luck", 1, causes=(("water_l", 1), ("luck", 1)))], 120)
    turned = book.lines[-1]
    assert turned[7] == (line,)
    assert causes_of(book, ("luck", 1), layer=SPRING, quantity="water_l") == (turned[0],)


def test_a_cause_cited_twice_stands_once_and_unknown_ones_are_left_out():
    book = journal()
    (line,) = sent(book, 2)
    assert causes_of(book, ("water_l", 1), ("water_l", 1), ("water_l", 0), ("pressure", 1)) == (line,)


def test_undeclared_quantities_are_refused_by_name():
    with pytest.raises(StateError, match="basin writes an event on 'colour'"):
        causes_of(journal(), quantity="colour")
    with pytest.raises(StateError, match="basin cites 'colour'"):
        causes_of(journal(), ("colour", 0))
    with pytest.raises(StateError, match="spring cites 'calls'"):
        causes_of(journal(), ("calls", 0), layer=SPRING, quantity="luck")


def test_an_event_has_its_own_time_or_that_of_the_step():
    book = journal()
    book.write(0, 0, SPRING, [Event("sent", "water_l", 0, time_s=17), Event("sent", "water_l", 1)], 60)
    assert [line[1] for line in book.lines] == [17, 60]


def test_ids_are_unique_ascend_with_the_steps_and_fit_the_table():
    lines = toy.final(toy.twin()).journal.lines
    ids = [line[0] for line in lines]
    assert len(set(ids)) == len(ids) > 20
    assert ids == sorted(ids)
    assert ids[0] >= 0
    book = journal()
    book.write(10**7, 1, toy.BASIN, [Event("filled", "calls", 0)], 10**9)  # a step a second for four months
    assert book.lines[0][0] < 2**63
    known = set()
    for line in lines:
        assert set(line[7]) <= known, "a cause stands before its effect"
        known.add(line[0])


@pytest.mark.parametrize("cut_s", [60, 600, 3000])
def test_ids_and_causes_are_the_same_after_a_resume(cut_s, tmp_path):
    whole = toy.final(toy.twin())
    first, second = toy.final(toy.twin(), cut_s), toy.twin()
    snapshot.Writer(tmp_path, {}, "w").save(first.state)
    second.resume(snapshot.load(tmp_path, cut_s, second.state, {}, "w"))
    toy.final(second)
    assert second.journal.lines == whole.journal.lines[len(first.journal.lines) :]
    before = {line[0] for line in first.journal.lines}
    assert any(before & set(line[7]) for line in second.journal.lines), "no cause reaches back over the resume"


def test_subjects_are_named_by_id_and_town():
    place = toy.world()
    lines = [(0, 0, 0, "k", "water_l", row, 0.0, (), ()) for row in (2, -1)]
    lines.append((0, 0, 1, "k", "level", 1, 0.0, (), ()))
    on = {"spring.water_l": "cell", "basin.level": "municipality*item"}
    names, areas = subjects(place, on, lines, ["spring", "basin"])
    assert names == ["c", "", "99202"]
    assert areas == ["99202", "all", "99202"]
