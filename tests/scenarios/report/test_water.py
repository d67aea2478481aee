"""Depths, breaches and orders on the pages: official colours, patterns, two pages, nothing where no water can come."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import numpy as np
import pyarrow.parquet as pq
import pytest

from scenarios import build_world, read_scenario
from scenarios.report import WANTED, render, timeline, water, water_cards, water_map, water_page, water_strip
from scenarios.report.data import read_run
from scenarios.report.text import Both
from tests.scenarios.report.conftest import MANIFEST, events_table, series_table
from twin import snapshot
from twin.errors import SnapshotError
from twin.run import RunState
from twin.store import RunFolder

MEMBERS, END_S, TOWNS = 2, 3 * 3600, ("99211", "99212")
OFFICIAL = {0.2: "#F7F5A9", 0.5: "#FFD8C0", 3.0: "#FFB7B7", 5.0: "#FF9191", 12.0: "#F285C9", 25.0: "#DC7ADC"}
TRUE = {"stranded_persons": 39.0, "people_caught": 12.0, "deaths": 20.0, "lifted_persons": 0.0, "max_intensity": 6.1}
TRUE |= {"flooded_area_m2": 3.5e6, "levees_breached": 1.0, "buildings_flooded": 290.0, "evacuees_fleeing": 80.0}
WARNING = ("hazard", "tsunami_warning", "", "99211", "hazard.tsunami_warning")
REACHED = ("hazard", "water_reached", "", "99211", "hazard.water_max_depth_m")
BREACH = ("damage", "levee_breached", "", "99211", "damage.levee_breach_s")
ORDER = ("government", "evacuation_ordered", "", "99211", "government.evacuation_order_fraction")
EVENTS = (
    (1, 180, *WARNING, 2.0, "1", [], []),
    (
        2,
        240,
        "government",
        "evacuation_ordered",
        "",
        "99211",
        "government.evacuation_order_fraction",
        1.0,
        "1",
        [1],
        [],
    ),
    (3, 1140, *REACHED, 1.9, "m", [1], [0.11]),
    (4, 1200, *BREACH, 5.0, "s", [], []),
    (5, 1200, *BREACH, 5.0, "s", [], []),
    (6, 1260, "hazard", "landslide_warning", "", "99211", "hazard.landslide_warning", 4.0, "1", [], []),
    (7, 7200, *WARNING, 0.0, "1", [], []),
)


def series_rows():
    """Every true series for both towns and the whole, the second member a tenth higher."""
    for name, level in TRUE.items():
        for member in range(MEMBERS):
            for area in (*TOWNS, "all"):
                for time_s in range(600, END_S + 1, 600):
                    yield (time_s, name, "1", area, member, "true", "simulated", level * (1 + 0.1 * member))


def state_at(now_s, outputs):
    """A run state that holds nothing but what layers handed out."""
    return RunState(1, now_s, layers={}, outputs=outputs, pending={}, returned={}, last_s={}, stocks={})


def handed_out(world, member):
    """Water on the first ten patches, deeper in the second member; one segment breached in both, one in the second."""
    depth = np.zeros(len(world["patch"]))
    depth[:10] = 1.0 + 3.0 * member
    breach_s = np.full(len(world["levee"]), np.nan)
    breach_s[0] = 1200.0
    breach_s[1] = 1300.0 if member else np.nan
    is_gate = np.asarray(world["levee"]["kind"]) == water.GATE
    hazard = {"water_depth_m": depth / 2, "water_max_depth_m": depth, "levee_level_m": breach_s}
    gates = {"gate_open_fraction": is_gate * 1.0, "pump_power": np.array([1.0, 0.0, 1.0])}
    return {"hazard": hazard, "damage": {"levee_breach_s": breach_s}, "infrastructure": gates}


@pytest.fixture(scope="module")
def bay():
    return read_scenario("coastal-town")


@pytest.fixture(scope="module")
def world(bay):
    return build_world(bay)


@pytest.fixture(scope="module")
def run(tmp_path_factory, bay, world):
    folder = RunFolder.create(tmp_path_factory.mktemp("water") / "run", {**MANIFEST, "members": MEMBERS})
    pq.write_table(series_table(series_rows()), folder.path / "series.parquet")
    pq.write_table(events_table(MEMBERS, EVENTS), folder.path / "events.parquet")
    for member in range(MEMBERS):
        writer = snapshot.Writer(folder.member_folder(member), {}, world.digest())
        writer.save(state_at(END_S, handed_out(world, member)))
    return read_run(folder, bay, WANTED)


@pytest.fixture(scope="module")
def wet(run):
    return water.read_water(run)


@pytest.fixture(scope="module")
def events(run):
    return timeline.read_timeline(run)


@pytest.mark.parametrize(("depth_m", "colour"), OFFICIAL.items())
def test_depth_colours_are_the_official_ones(depth_m, colour):
    assert water_map.depth_class(depth_m)[1] == colour


def test_every_class_but_the_lightest_has_a_pattern_of_its_own():
    assert water_map.depth_class(0.0) is None
    patterns = [pattern for _, _, _, pattern in water_map.DEPTHS]
    assert patterns[-1] == ""
    assert len(set(patterns)) == len(patterns)


def test_squares_cover_the_mask_and_nothing_else():
    mask = np.array([[1, 0, 1, 1], [0, 0, 0, 0], [1, 1, 1, 1]], dtype=bool)
    path = water_map.squares(mask)
    pieces = re.findall(r"M(\d+) (\d+)h(\d+)v8", path)
    assert sum(int(width) for _, _, width in pieces) == mask.sum() * water_map.UNIT
    assert ("0", "0", "32") in pieces  # the northernmost row is drawn at the top
    assert water_map.squares(np.zeros((2, 2), dtype=bool)) == ""


def test_edges_run_where_a_field_changes():
    towns = np.array([[0, 0, 1], [0, 0, 1]])
    assert water_map.edges(towns) == "M16 16V0"
    assert water_map.edges(towns.T) == "M0 8H16"
    assert water_map.edges(towns, among=towns == 0) == ""


def test_snapshot_gives_single_arrays(tmp_path):
    snapshot.Writer(tmp_path, {}, "place").save(state_at(60, {"hazard": {"water_depth_m": np.array([1.0, 2.0])}}))
    found = snapshot.handed_out(tmp_path, 60, {"hazard.water_depth_m", "hazard.never_heard_of"})
    assert list(found) == ["hazard.water_depth_m"]
    assert found["hazard.water_depth_m"].tolist() == [1.0, 2.0]
    (tmp_path / "at-000000060.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SnapshotError, match="damaged"):
        snapshot.handed_out(tmp_path, 60, {"hazard.water_depth_m"})


def test_water_is_read_from_the_snapshots_of_all_members(wet):
    assert [one.time_s for one in wet.seen] == [END_S]
    assert wet.last.highest_m[:, 0].tolist() == [1.0, 4.0]
    assert np.flatnonzero(wet.last.breached).tolist() == [0, 1]
    assert wet.last.dark.tolist() == [False, True, False]
    assert wet.sea


def test_people_in_the_zone_are_those_who_live_on_its_patches(world, wet):
    patch = world["patch"]
    persons = world["cell"]["night_persons"][patch["cell"]] * patch["share"] * (patch["danger"] > 0)
    assert sum(wet.ground.danger_persons.values()) == pytest.approx(persons[patch["cell"] >= 0].sum())
    assert 0 < sum(wet.ground.danger_persons.values()) < 60_000


def test_map_shows_the_median_depth_breaches_and_signs(run, wet, world):
    drawn = str(water_map.draw(run, wet.ground, wet.last, wet.last.highest_m, Both("図", "map"), large=True))
    assert ElementTree.fromstring(drawn).find("title").text
    assert drawn.count('class="depth"') == 1  # the median of 1 and 4 m
    assert OFFICIAL[0.5] in drawn
    breaches = re.search(r'class="sign-breach">.*?</g>', drawn)[0]
    assert breaches.count("<path") == 2
    assert re.search(r'class="sign-dark">.*?</g>', drawn)[0].count("<path") == 1
    assert re.search(r'class="sign-refuge">.*?</g>', drawn)[0].count("<path") == len(world["refuge"])
    small = str(water_map.draw(run, wet.ground, wet.last, wet.last.depth_m, Both("図", "map"), large=False))
    assert "sign-refuge" not in small
    assert "sign-breach" in small
    assert [row["colour"] for row in water_map.legend(wet.last.highest_m)] == [OFFICIAL[0.5]]


def test_blocks_tell_what_happened_and_nothing_else(run, wet, events):
    told = {name.en: value.en for _, rows in water_page.blocks(run, events, wet) for name, value in rows}
    assert told["major warning"] == "T+3 min (11/16 14:49)"
    assert told["now"] == "lifted"
    assert told["landslide, now"] == "landslide, level 4"
    assert told["landslide, level 4"] == "T+21 min (11/16 15:07)"
    assert told["water of 0.3 m reaches"] == "Namikoshi-shi T+19 min (11/16 15:05)"
    assert told["people stranded by water"] == "39–43 people"
    assert told["flooded ground"] == "3.5–3.9 km²"
    assert told["gates shut"] == "0 / 13"
    assert "fetched by boat or helicopter" not in told  # 0 throughout
    assert "deaths by water" not in told  # no such series


def test_course_counts_lines_that_read_the_same(events):
    told = [link.text.en for link in water_page.course(events, 0)]
    assert told == [
        "Namikoshi-shi: major tsunami warning",
        "Namikoshi-shi: evacuation ordered (100% of people)",
        "Namikoshi-shi: water 1.9 m deep (11% of the ground flooded)",
        "Namikoshi-shi: levee breaches (× 2)",
        "Namikoshi-shi: landslide alert (level 4)",
        "Namikoshi-shi: tsunami warning lifted",
    ]


def test_strip_writes_the_class_in_its_bar_and_marks_orders(run, events):
    drawn = str(water_strip.strip(run, events, 0))
    assert ElementTree.fromstring(drawn).find("title").text
    assert water_strip.CLASSES[2.0][0] in drawn
    assert "大津波警報</text>" in drawn
    assert drawn.count('class="mark"') == 3
    bar = re.search(r'x="([\d.]+)" y="0" width="([\d.]+)" height="34" fill="#C800FF"', drawn)
    assert float(bar[2]) == pytest.approx(840 * (7200 - 180) / END_S, abs=0.1)


def test_cards_ask_what_a_tsunami_asks(run, wet, events):
    cards = water_cards.cards(run, events, wet)
    first = {item.name.en: item.value.en for item in cards[0].items}
    assert first["tsunami warning"] == "major warning"
    assert first["people fleeing now"] == "80–88 people"
    assert "people trapped" not in first  # no such series in this run
    assert [bool(card.items) for card in cards] == [True, True, False, False]
    assert max(len(card.items) for card in cards) <= water_cards.MOST_ITEMS


def test_page_holds_both_maps_and_the_course(run):
    page = render(run)
    assert page.count('class="map water large"') == 1
    assert 'class="map"' in page  # the intensity of the shock that came first
    assert "Course of warnings, orders and water" in page
    assert "buildings_flooded" not in re.sub(r'<table class="fine.*?</table>', "", page, flags=re.S)
    assert "squares of 50 m" in page
    assert "nan" not in re.sub(r"<[^>]+>", " ", page).lower().split()
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_page_without_snapshots_names_what_it_does_not_know(run, tmp_path, bay):
    bare = RunFolder.create(tmp_path / "bare", dict(run.manifest))
    for name in ("series.parquet", "events.parquet"):
        (bare.path / name).write_bytes((run.folder.path / name).read_bytes())
    page = render(read_run(bare, bay, WANTED))
    assert "not known: no snapshot" in page
    assert 'class="depth"' not in page


def test_snapshots_of_another_place_are_left_out(run, tmp_path, bay):
    other = RunFolder.create(tmp_path / "other", {**json.loads(json.dumps(dict(run.manifest))), "members": 1})
    pq.write_table(series_table([row for row in series_rows() if row[4] == 0]), other.path / "series.parquet")
    writer = snapshot.Writer(other.member_folder(0), {}, "elsewhere")
    writer.save(state_at(END_S, {"hazard": {"water_depth_m": np.ones(3)}}))
    assert water.read_water(read_run(other, bay, WANTED)).last is None


def test_an_earthquake_report_knows_nothing_of_water(page):
    assert 'class="map water' not in page
    assert "床上浸水" not in page
    assert "Tsunami inundation, river flood" in page
    assert re.search(r"床上・床下浸水.*?報告項目なし.*?対象外", page, flags=re.S)
