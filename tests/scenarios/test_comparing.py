"""Comparisons on made series whose sums are known: paired, in part, by town; and what is refused."""

import numpy as np
import pytest

from scenarios import build_world, read_scenario
from scenarios.assemble import chosen_layers
from scenarios.comparing import compare, outcomes
from scenarios.execution import Plan
from scenarios.headlines import HEADLINES, NEEDS, PER_DAY
from scenarios.running import create
from twin import store
from twin.errors import ScenarioError, StoreError

SCENARIO = read_scenario("two-towns")
WORLD, LAYERS = build_world(SCENARIO), chosen_layers({})
HOUR_S = 3600
OF = {one.quantity: one for one in HEADLINES}


def made(path, members=1, hours=4, **values):
    """A run folder with series laid out by hand: quantity -> function of (member, hour), all in the first town."""
    plan = Plan.make(SCENARIO, 4 * HOUR_S, members=members)
    folder = create(plan, SCENARIO, path, path.name)
    for member in range(members):
        sampler = store.Sampler(WORLD, LAYERS, member)
        for hour in range(hours + 1):
            measured = {series.name: np.full(2, 1e9) for layer in LAYERS for series in layer.series}
            for name, value in values.items():
                measured[name] = np.array([value(member, hour), 0.0])
            sampler.add(hour * HOUR_S, measured)
        store.write_table(sampler.take(), folder.member_folder(member) / f"series-{hours * HOUR_S:09d}.arrow")
    return folder


def row(told, quantity):
    return next(one for one in told["branches"][0]["differences"] if one["quantity"] == quantity)


def test_a_run_is_summed_up_as_each_headline_says(tmp_path):
    folder = made(
        tmp_path / "a", deaths=lambda m, h: h * h, trapped_persons=lambda m, h: 10 - h, meals_short=lambda m, h: 24.0,
        evacuees_in_shelters=lambda m, h: (0, 5, 9, 7, 3)[h],
    )  # fmt: skip
    chosen = [OF[name] for name in ("deaths", "trapped_persons", "meals_short", "evacuees_in_shelters")]
    told = outcomes(folder, 0, chosen, HOUR_S, 4 * HOUR_S)
    assert [told[one] for one in chosen] == pytest.approx([16.0, 3 * 7.5, 24.0 / 8, 9.0])


def test_members_are_paired_and_reported_values_left_out(tmp_path):
    base = made(tmp_path / "a", 6, deaths=lambda m, h: 100 * m + h)
    branch = made(tmp_path / "b", 6, deaths=lambda m, h: 100 * m + h - 3 - (m % 2))
    told = compare(base, [branch])
    one = row(told, "deaths")
    assert one["difference"]["mean"] == pytest.approx(-3.5)
    assert one["difference"]["verdict"] == "better"
    assert one["difference"]["range95"][0] >= -4
    assert one["base"]["mean"] == pytest.approx(254.0)
    assert one["curve"]["middle"] == pytest.approx([-3.5] * 5)
    assert (told["branches"][0]["members"], told["branches"][0]["of"]) == (6, 6)


def test_while_a_branch_goes_on_only_members_at_the_end_count(tmp_path):
    base, branch = made(tmp_path / "a", 3, deaths=lambda m, h: m), made(tmp_path / "b", 3, deaths=lambda m, h: m - 1)
    for member in (1, 2):
        part = store.parts(branch.member_folder(member), "series")[0]
        whole = store.read_table(part, store.SERIES_SCHEMA)
        short = whole.slice(0, 2 * len(whole) // 5)
        store.write_table(short, part.with_name(f"series-{HOUR_S:09d}.arrow"))
        part.unlink()
    told = compare(base, [branch])["branches"][0]
    assert (told["members"], told["of"], told["until_s"]) == (1, 3, 4 * HOUR_S)
    assert row({"branches": [told]}, "deaths")["difference"]["verdict"] == "one-draw"


def test_a_part_laid_out_in_another_way_is_refused(tmp_path):
    folder = made(tmp_path / "a", deaths=lambda m, h: h)
    part = store.parts(folder.member_folder(0), "series")[0]
    store.write_table(store.read_table(part, store.SERIES_SCHEMA).slice(3), part)
    with pytest.raises(StoreError, match="not laid out"):
        compare(folder, [folder])


def test_before_any_member_is_at_the_end_what_has_been_reached_is_told(tmp_path):
    base, branch = made(tmp_path / "a", deaths=lambda m, h: h), made(tmp_path / "b", hours=2, deaths=lambda m, h: h + 1)
    told = compare(base, [branch])["branches"][0]
    assert (told["members"], told["until_s"]) == (1, 2 * HOUR_S)
    empty = create(Plan.make(SCENARIO, 4 * HOUR_S), SCENARIO, tmp_path / "c", "c")
    assert compare(base, [empty])["branches"][0]["differences"] == []


def test_towns_are_told_apart(tmp_path):
    folder = made(tmp_path / "a", deaths=lambda m, h: h)
    towns = [*WORLD["municipality"].ids.tolist(), "all"]
    told = compare(folder, [folder], ["deaths"], towns)["branches"][0]["differences"]
    assert [(one["area"], one["base"]["mean"]) for one in told] == list(zip(towns, (4.0, 0.0, 4.0), strict=True))


def test_units_follow_the_summary(tmp_path):
    folder = made(tmp_path / "a", deaths=lambda m, h: h, trapped_persons=lambda m, h: h, meals_short=lambda m, h: h)
    told = compare(folder, [folder])
    assert [row(told, name)["unit"] for name in ("deaths", "trapped_persons", "meals_short")] == [
        "person", "person*h", "meal"
    ]  # fmt: skip
    assert row(told, "meals_short")["unit_ja"] == "食"


def test_an_unknown_headline_is_refused_with_those_there_are(tmp_path):
    folder = made(tmp_path / "a", deaths=lambda m, h: h)
    with pytest.raises(ScenarioError, match=r"no headline 'death'; headlines: .*deaths"):
        compare(folder, [folder], ["death"])


def test_every_headline_is_a_series_and_what_weighs_has_a_good_direction():
    series = {one.name: one for layer in chosen_layers({}) for one in layer.series if one.kind == "true"}
    for one in HEADLINES:
        assert one.quantity in series, one.quantity
        assert one.summary in ("end", "peak", "integral")
        assert one.better in ("less", "more", "")
    assert all(OF[name].better == "less" for name in NEEDS)
    assert set(PER_DAY) <= set(series)
    assert len({one.quantity for one in HEADLINES}) == len(HEADLINES)
    assert np.isin(["everyone", "aged-65", "dependent", "car-sleepers"], [one.group for one in HEADLINES]).all()
