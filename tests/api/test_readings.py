"""Reading results: curves equal the run's table, frames its snapshots, pages and chains are whole."""

import contextlib
import shutil
import threading
import time
from datetime import datetime
from itertools import chain as flat

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from api.readings import AskError, NotThere, events, find, frames, moment_s, runs, series
from api.readings.runs import Kept
from scenarios.assemble import chosen_layers
from scenarios.mapped import MAPPED, SCALES
from tests.api.finished import MEMBERS, OTHER, REACHED_S, RUN, UNDER_WAY, UNTIL_S, make_runs
from twin import snapshot
from twin.errors import StoreError

START = datetime.fromisoformat("2026-07-28T16:27:00+09:00")
COLLAPSED = "damage.buildings_collapsed"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return make_runs(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def run(data_dir):
    return find(data_dir, RUN)


def test_mapped_quantities_are_handed_out_by_the_layer_they_belong_to():
    given_by_layers = frames.given_vars()
    for one in MAPPED:
        assert one.quantity in given_by_layers
        assert one.quantity.startswith(f"{one.phenomenon}.") or one.scale == "jma-intensity"  # damage keeps the peak
        assert one.scale in SCALES
        assert one.title_ja
        assert one.title_en


def test_every_phenomenon_has_two_to_five_maps_and_no_map_stands_twice():
    layers = [layer.name for layer in chosen_layers({})]
    counts = [sum(one.phenomenon == name for one in MAPPED) for name in layers]
    assert len(layers) == 8
    assert all(2 <= count <= 5 for count in counts)
    assert len({one.quantity for one in MAPPED}) == len(MAPPED) <= 32


def test_property_names_of_maps_on_one_set_differ():
    names = [(frames.given_vars()[one.quantity].on, one.quantity.partition(".")[2]) for one in MAPPED]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ["../runs/finished-run", "", "a/b", "x" * 122, "a\0b", ".", "-a", "ru n"])
def test_only_plain_ids_name_a_run(data_dir, name):
    with pytest.raises(NotThere):
        find(data_dir, name)


def test_looking_at_a_run_makes_nothing(data_dir, run):
    with pytest.raises(NotThere):
        find(data_dir, "no-such-run")
    assert not (data_dir / "runs" / "no-such-run").exists()
    with pytest.raises(NotThere):
        frames.frame(run, COLLAPSED, None, 77)
    assert not run.member_place(77).exists()


def test_curves_equal_the_rows_of_the_table(run):
    table = run.folder.series()
    book = series.series_book(run)
    wanted = series.Wanted(areas=frozenset(["99201"]))
    seen = 0
    for line in book.lines(book.keys(wanted), wanted):
        mine = pc.and_(pc.equal(table["quantity"], line.what.quantity), pc.equal(table["kind"], line.what.kind))
        mine = pc.and_(mine, pc.and_(pc.equal(table["area"], line.area), pc.equal(table["member"], line.member)))
        rows = table.filter(mine)
        assert np.array_equal(rows["value"].to_numpy(), line.value, equal_nan=True)
        assert np.array_equal(rows["time_s"].to_numpy(), line.time_s)
        seen += len(rows)
    assert seen == pc.sum(pc.equal(table["area"], "99201")).as_py()


def plain(table):
    """The table with its texts as plain strings, which can be sorted."""
    texts = [pa.field(one.name, pa.string() if pa.types.is_dictionary(one.type) else one.type) for one in table.schema]
    return table.cast(pa.schema(texts))


def test_all_curves_together_are_the_whole_table(run):
    book = series.series_book(run)
    keys = book.keys(series.Wanted())
    assert book.points(keys, series.Wanted()) == len(run.folder.series())
    table = series.table_of(list(book.lines(keys, series.Wanted())), int(run.start.timestamp()))
    order = [(name, "ascending") for name in ("member", "time_s", "kind", "quantity", "area")]
    told, stored = (plain(one).sort_by(order) for one in (table, run.folder.series()))
    for name in table.column_names:
        same = np.array_equal if name != "value" else lambda a, b: np.array_equal(a, b, equal_nan=True)
        assert same(np.array(told[name].to_pylist()), np.array(stored[name].to_pylist())), name


def test_a_run_without_parts_is_read_from_its_merged_file(run, monkeypatch):
    wanted = series.Wanted(quantities=frozenset(["deaths"]))
    book = series.series_book(run)
    monkeypatch.setattr(series, "_strand", lambda run, member: series.Strand(member, []))
    merged = series._open(run)
    pairs = zip(book.lines(book.keys(wanted), wanted), merged.lines(merged.keys(wanted), wanted), strict=True)
    for one, two in pairs:
        assert (one.what, one.area, one.member) == (two.what, two.area, two.member)
        assert np.array_equal(one.value, two.value, equal_nan=True)


def test_instants_are_cut_with_both_ends_included(run):
    wanted = series.Wanted(quantities=frozenset(["deaths"]), from_s=1200, to_s=2400)
    book = series.series_book(run)
    line = next(book.lines(book.keys(wanted), wanted))
    assert line.time_s.tolist() == [1200, 1800, 2400]


def test_a_run_under_way_shows_what_each_member_has(data_dir):
    run = find(data_dir, UNDER_WAY)
    book = series.series_book(run)
    assert not run.done
    assert [strand.time_s[-1] for strand in book.strands.values()] == [UNTIL_S, REACHED_S]
    assert events.event_book(run).numbers["time_s"].size > 0


def test_a_part_of_another_order_is_refused(run):
    table = series.read_table(run.parts("series", 0)[0], series.SERIES_SCHEMA)
    with pytest.raises(StoreError):
        series.block_of(table.slice(0, len(table) - 1))
    half = len(table) // 2
    with pytest.raises(StoreError):
        series.block_of(pa.concat_tables([table.slice(half), table.slice(1, half)]))


def test_wrong_names_are_told_with_near_ones(run):
    with pytest.raises(AskError, match="buildings_collapsed"):
        series.series_book(run).check(series.Wanted(quantities=["buildings_colapsed"]))


@pytest.mark.parametrize("quantity", sorted(frames.given_vars()))
def test_frames_equal_the_snapshot(run, quantity):
    found = frames.frame(run, quantity, UNTIL_S, 1)
    stored = snapshot.handed_out(run.member_place(1), UNTIL_S, {quantity})[quantity]
    assert np.array_equal(found.values, stored.ravel().astype(np.float32), equal_nan=True)
    assert found.header["count"] == len(stored)
    assert found.header["time_s"] == UNTIL_S


@pytest.mark.parametrize("one", MAPPED, ids=lambda one: one.quantity)
def test_kept_frames_equal_what_the_folder_reads(run, one):
    times = frames.times(run, one.quantity)
    assert times == run.folder.frames(0)[one.quantity] == [3600, 7200, 10800]
    for time_s in times:
        at, values = run.folder.frame(one.quantity, time_s + 5)
        found = frames.frame(run, one.quantity, time_s + 5)
        assert found.header["time_s"] == at == time_s
        assert np.array_equal(found.values, values, equal_nan=True)


def test_what_over_members_means(run):
    each = np.stack([frames.frame(run, COLLAPSED, UNTIL_S, member).values for member in range(MEMBERS)])
    mean = frames.frame(run, COLLAPSED, UNTIL_S, "mean")
    low, high = (frames.frame(run, COLLAPSED, UNTIL_S, end).values for end in ("low", "high"))
    assert np.allclose(mean.values, each.mean(axis=0))
    assert mean.header["members"] == MEMBERS
    assert (low <= high).all()
    assert np.allclose(low, np.quantile(each, 0.1, axis=0), atol=1e-4)


@given(
    arrays(np.float32, (5, 7), elements=st.floats(-1e6, 1e6, width=32) | st.just(np.nan)),
    st.sampled_from(["low", "high"]),
)
def test_range_over_members_is_that_of_numpy(values, end):
    known = np.isfinite(values)
    found = frames.summary(values, end)
    for column in range(values.shape[1]):
        some = values[known[:, column], column].astype(float)
        expected = np.quantile(some, 0.1 if end == "low" else 0.9) if some.size else np.nan
        assert np.isclose(found[column], expected, rtol=1e-5, atol=1e-2, equal_nan=True)


def test_a_run_less_itself_is_nothing_and_less_another_is_the_difference(data_dir, run):
    same = frames.frame(run, COLLAPSED, UNTIL_S, 0, run)
    assert not same.values.any()
    other = find(data_dir, OTHER)
    difference = frames.frame(run, COLLAPSED, UNTIL_S, 1, other)
    alone = [frames.frame(one, COLLAPSED, UNTIL_S, 1).values for one in (run, other)]
    assert np.array_equal(difference.values, alone[0] - alone[1])
    assert difference.header["minus"] == OTHER
    assert alone[0].any()
    assert not np.array_equal(*alone)


@pytest.mark.parametrize("quantity", ["damage.nothing", "infrastructure.travel_truck_s", "x" * 500, "../a"])
def test_frames_of_what_is_not_one_array_per_place_are_refused(run, quantity):
    with pytest.raises(AskError):
        frames.frame(run, quantity)


def test_before_the_first_frame_there_is_none(run):
    with pytest.raises(NotThere):
        frames.frame(run, COLLAPSED, 0)


def test_pages_cover_every_event_once_and_in_order(run):
    book, found, cursor = events.event_book(run), [], None
    while True:
        page, cursor = book.page(events.Asked({}), 97, cursor)
        found += [(event["id"], event["member"]) for event in page]
        if cursor is None:
            break
    assert found == sorted(set(found))
    assert len(found) == len(run.folder.events())


def test_filters_of_events_hold_together(run):
    book = events.event_book(run)
    asked = events.Asked({"layer": ["people"], "area": ["99201"]}, members=[1], from_s=0, to_s=7200)
    page, _ = book.page(asked, 1000, None)
    assert page
    for event in page:
        assert (event["layer"], event["area"], event["member"]) == ("people", "99201", 1)
        assert 0 <= event["time_s"] <= 7200
        assert event["sentence_ja"]
        assert event["sentence_en"]


@pytest.mark.parametrize("cursor", ["", "1", "a.b", "1.2.3", "-1.0", "9" * 30, "٣.0", f"{2**62}.0", "1.99999"])
def test_cursors_nobody_gave_are_refused(run, cursor):
    with pytest.raises(AskError):
        events.event_book(run).page(events.Asked({}), 10, cursor)


def chain_ids(event):
    """Ids of the events that stand whole in a chain, and of those only named."""
    whole = [event["id"]] if "kind" in event else []
    named = [] if "kind" in event else [event["id"]]
    below = [chain_ids(cause) for cause in event.get("causes", [])]
    return whole + list(flat.from_iterable(b[0] for b in below)), named + list(flat.from_iterable(b[1] for b in below))


def test_chains_of_causes_end_cite_known_events_and_hold_each_once(run):
    book = events.event_book(run)
    table = run.folder.events()
    known = set(zip(table["member"].to_pylist(), table["id"].to_pylist()))
    for event in book.told(np.arange(0, len(book.table), 61)):
        whole, named = chain_ids(book.chain(event["id"], event["member"], events.DEEPEST))
        assert len(whole) == len(set(whole)) <= events.MOST_EVENTS
        assert {(event["member"], one) for one in whole + named} <= known
        assert max(whole) == event["id"]  # causes come before what they cause


def test_depth_bounds_a_chain(run):
    book = events.event_book(run)
    caused = next(event for event in book.told(np.arange(len(book.table))) if event["causes"])
    bare = book.chain(caused["id"], caused["member"], 0)
    assert bare["causes"] == [{"id": one} for one in caused["causes"]]
    assert "kind" in book.chain(caused["id"], caused["member"], 1)["causes"][0]


def test_unknown_events_are_not_there(run):
    for number in (5, 2**60):
        with pytest.raises(NotThere):
            events.event_book(run).chain(number, 0, 3)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("6h", 21600), ("90", 90), ("2026-07-28T17:27:00+09:00", 3600), ("2026-07-28T07:27:00Z", 0), ("0", 0)],
)
def test_instants_and_durations_are_one_clock(text, seconds):
    assert moment_s(text, START) == seconds
    assert moment_s(text.replace("+", " "), START) == seconds


@given(st.text(max_size=80))
def test_any_other_text_is_no_time(text):
    seconds = 0
    with contextlib.suppress(AskError):
        seconds = moment_s(text, START)
    assert abs(seconds) <= 365 * 86400


@pytest.mark.parametrize("text", ["2026-07-28T17:27:00", "9" * 60, "1e9h", "99999999d", "-5h", "nan", "inf"])
def test_times_without_zone_or_bounds_are_refused(text):
    with pytest.raises(AskError):
        moment_s(text, START)


def test_costly_readings_are_made_once_for_all_who_ask_at_once():
    kept, made, gate = Kept(2), [], threading.Barrier(4)

    def make():
        made.append(1)
        time.sleep(0.05)
        return "content"

    def ask():
        gate.wait()
        found.append(kept.get("key", make))

    found: list[str] = []
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (found, len(made)) == (["content"] * 4, 1)


def test_what_was_unused_for_longest_goes_first():
    kept = Kept(2)
    for key in ("a", "b", "a", "c"):
        kept.get(key, lambda: key)  # noqa: B023
    assert [kept.peek(key) for key in "abc"] == ["a", None, "c"]


def test_a_reading_that_fails_is_tried_again():
    kept = Kept(2)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1 // 0)
    assert kept.get("a", lambda: 5) == 5


def test_new_parts_of_a_run_under_way_are_seen(tmp_path, data_dir, monkeypatch):
    monkeypatch.setattr(runs, "LOOK_AGAIN_S", 1e-9)
    monkeypatch.setattr(runs, "LOOK_AGAIN_PER_MEMBER_S", 0.0)
    shutil.copytree(data_dir / "runs" / UNDER_WAY, tmp_path / "runs" / UNDER_WAY)
    early = find(tmp_path, UNDER_WAY)
    assert series.series_book(early).strands[1].time_s[-1] == REACHED_S
    for part in (data_dir / "runs" / RUN / "snapshots" / "member-001").glob("series-*.arrow"):
        shutil.copy(part, early.member_place(1))
    late = find(tmp_path, UNDER_WAY)
    assert late.version != early.version
    assert series.series_book(late).strands[1].time_s[-1] == UNTIL_S
