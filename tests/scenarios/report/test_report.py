"""The report as a document: well formed, self-contained, in two languages, and honest about what is not known."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from scenarios import read_scenario
from scenarios.report import WANTED, annex, glance, render, situation, timeline, write_report
from scenarios.report.data import read_run
from scenarios.report.text import NOT_HEARD
from twin.errors import StoreError
from twin.store import RunFolder

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Checker(HTMLParser):
    """Keeps a stack of open elements, all attributes, and the text of table cells of the situation table."""

    def __init__(self):
        super().__init__()
        self.stack, self.attributes, self.tags = [], [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.stack[-1:] == [tag], f"</{tag}> closes {self.stack[-3:]}"
        self.stack.pop()


def checked(text):
    checker = Checker()
    checker.feed(text)
    checker.close()
    return checker


def test_html_is_well_formed_and_ids_are_unique(page):
    checker = checked(page)
    assert checker.stack == []
    ids = [value for _, name, value in checker.attributes if name == "id"]
    assert len(ids) == len(set(ids)) > 5


def test_every_picture_is_well_formed_and_has_a_title(page):
    pictures = re.findall(r'<svg class="(?:curve|map)[^>]*>.*?</svg>', page, flags=re.S)
    assert len(pictures) > 10
    for picture in pictures:
        assert ElementTree.fromstring(picture).find("title").text


def test_nothing_is_loaded_from_anywhere(page):
    checker = checked(page)
    loading = {"src", "href", "xlink:href", "action", "data", "poster", "srcset"}
    assert all(value.startswith("#") for _, name, value in checker.attributes if name in loading)
    assert not checker.tags & {"link", "iframe", "object", "img", "base", "embed"}
    style = re.search(r"<style>(.*?)</style>", page, flags=re.S)[1]
    assert "url(" not in style
    assert "@import" not in style
    assert not re.search(r"fetch|XMLHttp|import\(", re.search(r"<script>(.*?)</script>", page, flags=re.S)[1])


def test_both_languages_and_the_exercise_mark_stand_on_every_page(page):
    assert '<html lang="ja">' in page
    sections = re.findall(r'<section class="page.*?</section>', page, flags=re.S)
    assert len(sections) >= 9
    for section in sections:
        assert "訓練・シミュレーション" in section
        assert "EXERCISE" in section
        assert section.count('lang="ja"') == section.count('lang="en"') > 0


def test_tables_have_scoped_heads(page):
    heads = re.findall(r"<th\b[^>]*>", page)
    assert heads
    assert all("scope=" in head for head in heads)


def test_not_known_is_never_a_number(run, page):
    groups = situation.table(run, timeline.read_timeline(run), 3600)
    rows = {row.name.ja: row for _, rows in groups for row in rows}
    assert rows["死者"].reported.value == NOT_HEARD
    assert rows["通行止め（幹線区間）"].reported.value == NOT_HEARD
    assert rows["車中泊"].observed[0].value.ja == "観測なし"
    assert rows["重傷"].true.known is False
    assert "nan" not in re.sub(r"<[^>]+>", " ", page).lower().split()


def test_every_number_of_the_situation_table_has_as_of_and_source(page):
    form = re.search(r'<table class="form">.*?</table>', page, flags=re.S)[0]
    shown = re.findall(r'<b class="([^"]*)">(.*?)</b>(.*?)(?=<b class|</td>)', form, flags=re.S)
    numbers = [(value, rest) for name, value, rest in shown if name != "word"]
    assert len(numbers) > 12
    for value, rest in numbers:
        assert re.search(r"\d", value)
        assert re.search(r'class="asof">.*\d.*class="source">\s*\S', rest, flags=re.S), value


def test_situation_shows_range_report_and_both_sources(run):
    groups = situation.table(run, timeline.read_timeline(run), run.end_s)
    deaths = next(row for _, rows in groups for row in rows if row.name.ja == "死者")
    assert deaths.true.value.ja == "14–17"
    assert deaths.reported.value.ja == "7–9"
    assert "1/2" in deaths.reported.source.ja
    assert "第1報" in deaths.reported.as_of.ja
    assert [(one.value.ja, one.source.ja) for one in deaths.observed] == [("35", "内閣府"), ("33", "県")]


def test_observations_after_the_instant_are_not_shown(run):
    assert run.latest_observed("deaths", 49_999) == []
    assert [one.value for one in run.latest_observed("deaths", 55_000)] == [35.0]


def test_hostile_names_are_escaped(tmp_path, scenario, folder):
    place = tmp_path / "place"
    shutil.copytree(scenario.path.parent, place)
    table = place / "municipality.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("東町", "<script>alert(1)</script>"), encoding="utf-8")
    hostile = read_scenario(place / "scenario.yaml").model_copy(update={"title_ja": '"><img src=x onerror=alert(2)>'})
    text = render(read_run(folder, hostile, WANTED))
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert checked(text).stack == []


def test_unfinished_run_is_refused_with_the_cure(tmp_path, scenario):
    with pytest.raises(StoreError, match="twin resume"):
        write_report(RunFolder.create(tmp_path / "run", {"status": "running"}), scenario)


def test_cut_rows_and_unverified_numbers_are_named(page):
    assert "<code>shock_intensity-to-damage</code>" in page
    assert "hazard.message_delay_s" in page
    assert "hazard.not_there_any_more" in page
    assert "&lt;b&gt;census&lt;/b&gt;" in page


def test_validation_is_shown_when_it_lies_in_the_folder(folder, scenario, page):
    assert 'id="validation"' not in page
    area = {"area": "all", "error": 0.4, "covered": 1, "time_s": [3600, 7200], "observed": [5, 6], "scored": [1, 1]}
    area |= {"median": [4, 5], "low": [3, 4], "high": [6, 7], "fitted": [0, 0]}
    row = {"quantity": "deaths", "kind": "true", "measure": "factor", "limit": 2.0, "note": "", "n_scored": 2}
    row |= {"areas": [area], "error": 1.4, "passed": True, "baselines": {"persistence": 1.1}}
    result = {"band": 0.8, "members": 3, "coverage": 0.5, "coverage_points": 2, "not_observed": ["evacuees_in_cars"]}
    result["quantities"] = [row, {"quantity": "roads_closed", "limit": 2.0, "result": "not observed"}]
    path = folder.path / "validation.json"
    path.write_text(json.dumps(result), encoding="utf-8")
    text = render(read_run(folder, scenario, WANTED))
    path.write_text("{", encoding="utf-8")
    damaged = render(read_run(folder, scenario, WANTED))
    path.unlink()
    assert "▲ better</span>" in text
    assert "covers 50% of 2" in text
    assert "cannot be read" in damaged


def test_one_draw_is_labelled_as_such(one_draw, scenario):
    text = render(read_run(one_draw, scenario, WANTED))
    assert "one draw (no range)" in text
    assert "P10–P90 of" not in text


def test_chains_run_from_cause_to_effect(run):
    chains = timeline.chains(timeline.read_timeline(run), timeline.typical_member(run))
    told = [[link.text.ja for link in chain] for chain in chains]
    assert ["本震（Mw 6.9）", "東町で12棟が全壊", "東町で9人が閉じ込め", "東町で救出前に4人が死亡"] in told


def test_blocks_hold_what_the_table_holds(run):
    block = run.block("true", "deaths")
    assert block.values.shape == (3, 3, 144)
    assert np.allclose(block.at("99202", 3700), [14.0, 15.4, 16.8])
    assert np.isnan(block.at("99202", 10)).all()
    assert np.isnan(run.at("reported", "deaths", "99202", 80_000)).all()
    assert run.block("true", "no_such_series") is None


def test_worst_towns_stand_on_the_first_card(run):
    card = glance.cards(run, timeline.read_timeline(run))[0]
    worst = next(item for item in card.items if item.name.ja == "うち多い町")
    assert worst.value.ja == "東町 61–73、西村 61–73"
    silent = next(item for item in card.items if item.name.ja == "報告のない市町村")
    assert silent.value.ja == "2/2"


def test_cards_beyond_the_run_are_empty(run):
    short = dataclasses.replace(run)
    short.end_s = 4 * 3600
    cards = glance.cards(short, timeline.read_timeline(run))
    assert [bool(card.items) for card in cards] == [True, True, False, False]


def test_night_and_day(run):
    assert glance.daylight_left(run, 1800).en.startswith("112 min")
    assert "night" in glance.daylight_left(run, 6 * 3600).en


def test_town_table_knows_every_true_column(run):
    heads, rows = annex.towns(run)
    assert [row["code"] for row in rows] == ["99201", "99202"]
    shown = {head.ja: cell for head, cell in zip(heads, rows[1]["cells"], strict=True)}
    assert shown["死者（真値）"][0].ja == "14–17"
    assert shown["避難所の避難者（報告）"] == (NOT_HEARD, False)
    assert all(known for head, (_, known) in shown.items() if "真値" in head)


def test_worst_moment_of_every_queue_names_its_town(run):
    rows = {row["name"].ja: row for row in situation.queues(run)}
    assert rows["不足する食事"]["where"].ja == "東町"
    assert rows["決裁の待ち時間"]["peak"].en == "90 min–108 min"
    assert rows["荷下ろし待ちトラック"]["known"] is False
