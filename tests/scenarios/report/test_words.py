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
from scenarios.report.words import LAYERS, LOOPS_JA, QUANTITIES
from tests.contract.runs import SCENARIO, begin

REPORT_FOLDER = Path(report.__file__).parent
LAYER_FOLDER = Path(layers.__file__).parent
HEADLINES = """households_without_power households_without_water households_without_gas base_stations_down
people_without_telecom roads_closed evacuees_in_shelters evacuees_in_cars shelters_open buildings_collapsed
buildings_half_collapsed buildings_partial fires_burning buildings_burnt deaths injured_severe injured_light
trapped_persons rescued_persons rescue_waiting hospital_patients_waiting responders_requested responders_moving
responders_working meals_short water_short_l trucks_queued requests_pending approval_delay_s debris_m3"""


def literal_kinds():
    """Kinds of events that stand as text in the layers."""
    for path in LAYER_FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            event = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Event"
            if event and node.args and isinstance(node.args[0], ast.Constant):
                yield node.args[0].value


def test_headline_series_have_names_and_units():
    assert [name for name in HEADLINES.split() if name not in QUANTITIES] == []


def test_every_series_named_in_the_pages_is_read():
    named = {
        node.value
        for page in ("glance", "situation", "annex", "maps", "timeline")
        for node in ast.walk(ast.parse((REPORT_FOLDER / f"{page}.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert len(named & set(QUANTITIES)) > 40
    assert sorted(named & set(QUANTITIES) - set(WANTED.quantities) - set(OUTCOMES)) == []


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
