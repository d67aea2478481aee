"""Catalogues: every series and every kind of event has words in both languages."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import layers
from layers.couplings import LOOPS, ORDER
from scenarios import report
from scenarios.report import WANTED
from scenarios.report.sentences import ACTS, SENTENCES, sentence
from scenarios.report.text import Both, clock, duration, lead, number
from scenarios.report.timeline import OUTCOMES
from scenarios.report.water_page import COURSE
from scenarios.report.water_strip import MARKS
from scenarios.report.words import LAYERS, LOOPS_JA, QUANTITIES
from tests.contract.runs import SCENARIO, begin

REPORT_FOLDER = Path(report.__file__).parent
PAGES = ["glance", "items", "situation", "annex", "maps", "timeline", "water_cards", "water_page", "water_strip"]
LAYER_FOLDER = Path(layers.__file__).parent
HEADLINES = """households_without_power households_without_water households_without_gas base_stations_down
people_without_telecom roads_closed evacuees_in_shelters evacuees_in_cars shelters_open buildings_collapsed
buildings_half_collapsed buildings_partial fires_burning buildings_burnt deaths injured_severe injured_light
trapped_persons rescued_persons rescue_waiting hospital_patients_waiting responders_requested responders_moving
responders_working meals_short water_short_l trucks_queued requests_pending approval_delay_s debris_m3"""


def texts(node):
    """Texts a plain expression can become: a constant, or both branches of a choice."""
    if isinstance(node, ast.IfExp):
        return texts(node.body) | texts(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def named_texts(function, name):
    """Texts that a local name can stand for: assigned, or taken from a tuple of tuples in a loop."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and any(getattr(one, "id", "") == name for one in node.targets):
            found |= texts(node.value)
        if isinstance(node, ast.For) and isinstance(node.iter, ast.Tuple):
            targets = node.target.elts if isinstance(node.target, ast.Tuple) else [node.target]
            places = [number for number, one in enumerate(targets) if getattr(one, "id", "") == name]
            for row in node.iter.elts:
                found |= {one for at in places if isinstance(row, ast.Tuple) for one in texts(row.elts[at])}
    return found


def kinds_of(function):
    """Kinds of events that stand as text in the calls of a function that make events."""
    for node in ast.walk(function):
        maker = isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", ""))
        if maker in ("Event", "_add") and node.args:
            first = node.args[0]
            yield from named_texts(function, first.id) if isinstance(first, ast.Name) else texts(first)


def literal_kinds():
    """Kinds of events that stand as text in the layers."""
    for path in LAYER_FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield from kinds_of(node)


def test_kinds_are_found_however_they_are_written():
    kinds = set(literal_kinds())
    assert {"levee_breached", "drowned_on_way", "gate_left_open", "lifted", "jam_ends", "killed"} <= kinds


def test_headline_series_have_names_and_units():
    assert [name for name in HEADLINES.split() if name not in QUANTITIES] == []


def test_every_series_named_in_the_pages_is_read():
    named = {
        node.value
        for page in PAGES
        for node in ast.walk(ast.parse((REPORT_FOLDER / f"{page}.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert len(named & set(QUANTITIES)) > 40
    events = set(COURSE)  # a landslide warning is both an event and a series, and told as an event
    assert sorted(named & set(QUANTITIES) - set(WANTED.quantities) - set(OUTCOMES) - events) == []


def test_all_series_of_the_layers_have_names():
    names = {series.name.removeprefix("reported.") for name in ORDER for series in layers.choose(name).series}
    assert sorted(names - set(QUANTITIES)) == []


def test_kinds_written_in_the_layers_have_sentences():
    assert sorted(set(literal_kinds()) - set(SENTENCES)) == []


def test_kinds_of_a_run_have_sentences():
    twin = begin()
    for _ in twin.advance(min(2 * 3600, SCENARIO.until_s)):
        pass
    assert sorted({line[3] for line in twin.journal.lines} - set(SENTENCES)) == []


def test_layers_acts_and_loops_have_words():
    assert set(LAYERS) == set(ORDER)
    assert set(ACTS) <= set(SENTENCES)
    assert set(LOOPS) == set(LOOPS_JA)


def test_kinds_that_water_brings_have_sentences():
    assert {*COURSE, *MARKS} <= set(SENTENCES)
    assert {f"flood_warning={level}" for level in range(2, 6)} <= set(SENTENCES)


def test_amounts_and_shares_choose_the_words():
    place = Both("波越市", "Namikoshi")
    assert sentence("tsunami_warning", place, 2.0, "x.y", "1", []).en == "Namikoshi: major tsunami warning"
    assert sentence("tsunami_warning", place, 1.0, "x.y", "1", []).ja == "波越市に津波警報"
    assert sentence("flood_warning", place, 4.0, "x.y", "1", []).ja.endswith("（レベル4）")
    assert sentence("flood_warning", place, 0.0, "x.y", "1", []).en == "Namikoshi: flood warning lifted"
    reached = sentence("water_reached", place, 1.9, "hazard.water_max_depth_m", "m", [0.11])
    assert reached.en == "Namikoshi: water 1.9 m deep (11% of the ground flooded)"
    assert "<1%" in sentence("water_reached", place, 0.4, "x.y", "m", [0.0]).ja


@pytest.mark.parametrize("kind", sorted(SENTENCES))
def test_every_sentence_can_be_filled(kind):
    told = sentence(kind.partition(":")[0], Both("東町", "Higashi"), 1.0, f"x.{kind.partition(':')[2]}", "1", [])
    assert "{" not in told.ja + told.en
    assert told.ja != told.en


def test_unknown_kind_and_unknown_amount_are_told_plainly():
    told = sentence("never_heard_of", Both("東町", "Higashi"), float("nan"), "rescue.rescue_waiting", "person", [])
    assert told.ja == "東町：never_heard_of（救助待ち 不明人）"
    assert "waiting for rescue crews" in told.en


def test_one_of_something_is_singular():
    told = sentence("died_trapped", Both("", "Uki"), 1.0, "people.deaths_persons", "person", [])
    assert told.en == "Uki: 1 person die before they are freed"
    told = sentence("stations_down", Both("", "Uki"), 21.0, "x.y", "unit", [])
    assert told.en == "Uki: 21 mobile base stations down"


def test_numbers_durations_and_times():
    assert number(1234567.0, 3) == "1,230,000"
    assert number(0.0, 3) == "0"
    assert number(2.54) == "2.5"
    assert duration(5400).en == "90 min"
    assert duration(4 * 86400).ja == "4日"
    assert lead(1800).en == "T+30 min"
    assert lead(3 * 3600).ja == "T+3時間"
    assert clock(SCENARIO.start, 8 * 3600) == "8/4 00:30"
    with pytest.raises(ValueError, match="unknown"):
        number(float("nan"))
