"""Maps in the official colours with numbers and hatches; curves with gaps where nothing was heard."""

from __future__ import annotations

import re

import numpy as np
import pytest

from scenarios.report import maps, svg
from scenarios.report.data import Block, Observed
from scenarios.report.text import Both
from scenarios.report.timeline import read_timeline

OFFICIAL = {  # 気象庁ホームページにおける気象情報の配色に関する設定指針
    1.0: "#F2F2FF",
    2.0: "#00AAFF",
    3.0: "#0041FF",
    4.0: "#FAE696",
    4.7: "#FFE600",
    5.2: "#FF9900",
    5.7: "#FF2800",
    6.2: "#A50021",
    6.8: "#B40068",
}


@pytest.mark.parametrize(("value", "colour"), OFFICIAL.items())
def test_colours_are_the_official_ones(value, colour):
    assert maps.intensity_class(value)[2] == colour


@pytest.mark.parametrize(
    ("value", "name"), [(0.4, "–"), (0.5, "1"), (4.49, "4"), (4.5, "5弱"), (5.5, "6弱"), (6.0, "6強"), (6.5, "7")]
)
def test_classes_begin_at_their_lower_bound(value, name):
    assert maps.intensity_class(value)[0] == name


def test_unknown_intensity_is_a_question_mark():
    assert maps.intensity_class(float("nan"))[0] == "?"


def test_map_shows_class_numbers_and_hatches_silence(run):
    shapes, events = maps.outlines(run), read_timeline(run)
    early, late = (maps.silence(run, events, at) for at in (1800, 36_000))
    assert early == {"99201": maps.UNREPORTED, "99202": maps.SILENT}
    assert late == {"99202": maps.UNREPORTED}
    drawn = str(maps.draw(run, early, shapes, 1800, Both("図", "map"), large=True))
    assert drawn.count("#A50021") == 2
    assert drawn.count("6強</text>") == 2
    assert "url(#hatch-silent)" in drawn
    assert "url(#hatch-" not in str(maps.draw(run, {}, shapes, 1800, Both("図", "map"), large=True))


def test_outlines_lie_inside_the_drawing(run):
    shapes = maps.outlines(run)
    for path in shapes.paths.values():
        points = np.array(re.findall(r"(-?\d+) (-?\d+)", path), dtype=float)
        assert points.min() >= 0
        assert points[:, 0].max() <= np.ceil(shapes.width)
        assert points[:, 1].max() <= np.ceil(shapes.height)


def block(values):
    values = np.asarray(values, dtype=float)
    return Block("person", np.arange(1, values.shape[1] + 1) * 3600, ("all",), values[:, None, :])


def test_reported_line_has_a_gap_where_nothing_is_heard():
    reported = block([[np.nan, np.nan, 4.0, 5.0]])
    drawn = str(svg.curve(Both("量", "quantity"), 14_400, block([[1, 2, 3, 4]]), reported, []))
    line = re.search(r'class="reported-line" d="([^"]*)"', drawn)[1]
    assert line.startswith(f"M{float(svg.Scale(14_400, 5.0).x(3 * 3600)):.1f}")
    assert line.count("M") == 1


def test_curve_marks_observations_inside_the_run_only():
    points = [Observed("deaths", "all", at, 3.0, "cabinet") for at in (3600, 99_999)]
    drawn = str(svg.curve(Both("量", "quantity"), 14_400, block([[1, 2, 3, 4]]), None, points))
    assert drawn.count('class="observed"') == 1
    assert "nan" not in drawn


def test_a_single_draw_has_no_band_and_many_have_one():
    one = str(svg.curve(Both("量", "quantity"), 14_400, block([[1, 2, 3, 4]]), None, []))
    many = str(svg.curve(Both("量", "quantity"), 14_400, block([[1, 2, 3, 4], [2, 3, 4, 9]]), None, []))
    assert 'class="band"' not in one
    assert 'class="band"' in many


@pytest.mark.parametrize(("largest", "top"), [(0.0, 1.0), (7.0, 8.0), (81.0, 100.0), (100.0, 100.0), (2300.0, 2500.0)])
def test_axis_ends_on_a_round_number(largest, top):
    assert svg.nice_top(largest) == top
