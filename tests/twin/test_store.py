"""The run on disk: totals and schemas of the tables, a digest of content alone, order of merging, disks that refuse."""

from dataclasses import replace
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twin import toy
from twin import store
from twin.contract import Series
from twin.errors import StoreError
from twin.store import RunFolder, Sampler

NAN = float("nan")


def sampler_of(*series, member=0):
    return Sampler(toy.world(), [replace(toy.SPRING, series=series)], member)


def sample(sampler, now_s=60, **values):
    sampler.add(now_s, {name: np.array(value, float) for name, value in values.items()})
    return sampler.take()


def digest_of(table):
    hasher = blake2b(digest_size=16)
    store._digest(table, hasher)
    return hasher.hexdigest()


def rows(*times, member=0, value=1.0):
    sampler = sampler_of(Series("tank", "litre", "d"), Series("reported.level", "1", "d", "reported", "max"))
    sampler.member = member
    for now_s in times:
        sampler.add(now_s, {"tank": np.array([value, now_s]), "reported.level": np.array([NAN, 0.5])})
    return sampler.take()


def lines_of(one):
    return store.events_table(one.world, one.wiring.layers, one.journal.lines, 0)


@pytest.mark.parametrize(
    ("how", "values", "total"),
    [
        ("sum", (2.0, 3.0), 5.0),
        ("sum", (NAN, 3.0), 3.0),
        ("max", (-2.0, NAN), -2.0),
        ("max", (2.0, 3.0), 3.0),
        ("mean", (2.0, 4.0), 3.0),
        ("mean", (NAN, 4.0), 4.0),
        ("none", (2.0, 4.0), NAN),
        ("sum", (NAN, NAN), NAN),
        ("mean", (NAN, NAN), NAN),
        ("max", (NAN, NAN), NAN),
    ],
)
def test_towns_add_up_as_declared_and_unheard_towns_count_as_nothing(how, values, total):
    table = sample(sampler_of(Series("x", "1", "d", "true", how)), x=values)
    assert table["area"].to_pylist() == ["99201", "99202", "all"]
    assert table["value"].to_pylist() == pytest.approx([*values, total], nan_ok=True)


def test_samples_keep_their_order_time_zone_kind_and_member():
    table = rows(60, 120, member=3)
    assert table.schema == store.SERIES_SCHEMA
    assert table["time_s"].to_pylist() == [60] * 6 + [120] * 6
    assert table["quantity"].to_pylist()[:6] == ["tank"] * 3 + ["level"] * 3
    assert table["kind"].to_pylist()[:6] == ["true"] * 3 + ["reported"] * 3
    assert set(table["member"].to_pylist()) == {3}
    assert table["time"].to_pylist()[-1].isoformat() == "2026-07-28T16:29:00+09:00"
    assert table["value"].to_pylist()[6:9] == [1.0, 120.0, 121.0]


def test_what_was_taken_is_not_taken_again():
    sampler = sampler_of(Series("x", "1", "d"))
    assert len(sample(sampler, x=(1, 2))) == 3
    again = sampler.take()
    assert len(again) == 0
    assert again.schema == store.SERIES_SCHEMA


def test_events_name_subject_area_unit_and_causes():
    one = toy.final(toy.twin(), 1200)
    table = lines_of(one)
    assert table.schema == store.EVENTS_SCHEMA
    by_kind = {row["kind"]: row for row in table.to_pylist()}
    sent, filled = by_kind["sent"], by_kind["filled"]
    assert (sent["subject"], sent["area"], sent["quantity"], sent["unit"]) in [
        (cell, town, "spring.water_l", "litre") for cell, town in (("a", "99201"), ("b", "99201"), ("c", "99202"))
    ]
    assert (filled["quantity"], filled["layer"]) == ("basin.calls", "basin")
    known = set(table["id"].to_pylist())
    assert len(known) == len(table)
    assert all(set(causes) <= known for causes in table["causes"].to_pylist())


def test_a_run_without_lines_has_an_empty_table_of_events():
    one = toy.twin()
    assert lines_of(one).schema == store.EVENTS_SCHEMA
    assert len(lines_of(one)) == 0


@given(cuts=st.lists(st.integers(0, 24), max_size=4))
def test_the_digest_does_not_see_chunks(cuts):
    table = rows(60, 120, 180, 240)
    edges = [0, *sorted(cuts), len(table)]
    pieces = [table.slice(a, b - a) for a, b in pairwise(edges)]
    assert digest_of(pa.concat_tables(pieces).unify_dictionaries()) == digest_of(table)


def test_the_digest_does_not_see_the_order_of_a_dictionary():
    table = rows(60)
    at = table.column_names.index("area")
    names = ["unused", "all", "99202", "99201"]
    codes = [names.index(area) for area in table["area"].to_pylist()]
    other = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(names))
    assert digest_of(table.set_column(at, table.schema.field("area"), other)) == digest_of(table)


@pytest.mark.parametrize("name", [name for name in store.SERIES_SCHEMA.names if name != "time"])
def test_the_digest_sees_every_value_of_the_series(name):
    table = rows(60, 120)
    values = table[name].to_pylist()
    values[4] = "other" if isinstance(values[4], str) else 7
    changed = pa.array(values, pa.string()).dictionary_encode() if isinstance(values[4], str) else pa.array(values)
    changed = changed.cast(store.SERIES_SCHEMA.field(name).type)
    at = table.column_names.index(name)
    assert digest_of(table.set_column(at, table.schema.field(name), changed)) != digest_of(table)


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row | {"causes": [*row["causes"], 5]},
        lambda row: row | {"causes": []},
        lambda row: row | {"args": "[1]"},
        lambda row: row | {"amount": row["amount"] + 1e-9},
        lambda row: row | {"subject": "b" if row["subject"] == "a" else "a"},
    ],
)
def test_the_digest_sees_every_value_of_the_events(change):
    table = lines_of(toy.final(toy.twin(), 1200))
    lines = table.to_pylist()
    at = next(n for n, row in enumerate(lines) if row["causes"])
    lines[at] = change(lines[at])
    assert digest_of(pa.Table.from_pylist(lines, schema=store.EVENTS_SCHEMA)) != digest_of(table)


def test_causes_moved_to_the_neighbour_line_change_the_digest():
    lines = lines_of(toy.final(toy.twin(), 1200)).to_pylist()[:2]

    def with_causes(*causes):
        chosen = [row | {"causes": list(c)} for row, c in zip(lines, causes)]
        return digest_of(pa.Table.from_pylist(chosen, schema=store.EVENTS_SCHEMA))

    assert with_causes([1, 2], []) != with_causes([1], [2])


@pytest.fixture
def folder(tmp_path):
    return RunFolder.create(tmp_path / "run", {"status": "running"})


def put(folder, member, at_s, table):
    place = folder.member_folder(member)
    store.write_table(table, place / f"series-{at_s:09d}.arrow")
    store.write_table(store.EVENTS_SCHEMA.empty_table(), place / f"events-{at_s:09d}.arrow")


def test_parts_are_merged_by_member_then_time_whatever_was_written_first(folder):
    put(folder, 1, 120, rows(120, member=1))
    put(folder, 0, 120, rows(120))
    put(folder, 1, 60, rows(60, member=1))
    put(folder, 0, 60, rows(60))
    folder.merge(range(2))
    series = folder.series()
    order = list(zip(series["member"].to_pylist(), series["time_s"].to_pylist()))
    assert order == sorted(order)
    assert len(order) == 4 * 6
    assert len(folder.events()) == 0
    assert series.schema.equals(store.SERIES_SCHEMA)


def test_how_a_run_was_cut_into_parts_does_not_show(folder, tmp_path):
    put(folder, 0, 180, rows(60, 120, 180))
    other = RunFolder.create(tmp_path / "other", {})
    for at_s in (60, 120, 180):
        put(other, 0, at_s, rows(at_s))
    digest = folder.merge([0])
    assert other.merge([0]) == digest
    assert other.merge([0]) == digest
    put(other, 0, 180, rows(180, value=2.0))
    assert other.merge([0]) != digest


def test_observations_come_last_and_count(folder):
    put(folder, 0, 60, rows(60))
    alone = folder.merge([0])
    at = store.SERIES_SCHEMA.names.index("label")
    label = pa.array(["observed"] * 6).dictionary_encode()
    observed = rows(30).set_column(at, "label", label)
    assert folder.merge([0], observed) != alone
    assert folder.series()["label"].to_pylist() == ["simulated"] * 6 + ["observed"] * 6
    assert folder.merge([0], observed.slice(0, 0)) == alone


def test_a_run_without_parts_merges_to_empty_tables(folder):
    assert folder.merge([0]) == folder.merge([0])
    assert len(folder.series()) == len(folder.events()) == 0


def test_the_manifest_changes_field_by_field(folder):
    folder.update_manifest(digest="ab", words="八代市")
    assert RunFolder.open(folder.path).manifest() == {"status": "running", "digest": "ab", "words": "八代市"}


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"3", b"\xff\xfe"])
def test_a_damaged_manifest_is_told_with_its_path(folder, text):
    (folder.path / "manifest.json").write_bytes(text)
    with pytest.raises(StoreError, match=r"manifest\.json cannot be read"):
        folder.manifest()


def test_a_folder_that_holds_a_run_is_not_overwritten(folder):
    with pytest.raises(StoreError, match=r"already holds a run.*twin resume"):
        RunFolder.create(folder.path, {})
    assert folder.manifest() == {"status": "running"}


def test_what_is_no_run_or_no_finished_run_is_told_with_a_cure(folder, tmp_path):
    with pytest.raises(StoreError, match=r"not a run folder.*twin runs"):
        RunFolder.open(tmp_path)
    with pytest.raises(StoreError, match=r"no series\.parquet yet.*twin resume"):
        folder.series()


def test_a_damaged_table_or_part_is_told(folder):
    put(folder, 0, 60, rows(60))
    folder.merge([0])
    table = folder.path / "series.parquet"
    table.write_bytes(table.read_bytes()[:40])
    with pytest.raises(StoreError, match=r"series\.parquet cannot be read"):
        folder.series()
    part = store.parts(folder.member_folder(0), "series")[0]
    part.write_bytes(b"PAR1")
    with pytest.raises(StoreError, match=r"series-000000060\.arrow cannot be read"):
        folder.merge([0])


def refuse(*_args, **_kwargs):
    raise OSError(28, "No space left on device")


def test_a_refused_text_leaves_the_old_one(folder, monkeypatch):
    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(StoreError, match=r"cannot write .*report\.html: No space left"):
        folder.write_text("report.html", "new")
    with pytest.raises(StoreError, match="nothing finished is lost"):
        folder.update_manifest(status="done")
    assert folder.manifest() == {"status": "running"}


def test_a_refused_table_leaves_the_old_one_and_no_rest(tmp_path, monkeypatch):
    path = tmp_path / "series.parquet"
    store.write_table(rows(60), path)

    def half(table, where, **_options):
        Path(where).write_bytes(b"half")
        refuse()

    monkeypatch.setattr(pq, "write_table", half)
    with pytest.raises(StoreError, match=r"No space left.*free disk space, then `twin resume`"):
        store.write_table(rows(120), path)
    assert [file.name for file in tmp_path.iterdir()] == ["series.parquet"]
    assert pq.read_table(path)["time_s"].to_pylist() == [60] * 6


def test_a_folder_that_cannot_be_made_is_told(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StoreError, match=r"cannot create run folder.*choose another --out"):
        RunFolder.create(tmp_path / "new", {})
    with pytest.raises(StoreError, match=r"cannot create .*member-004"):
        folder.member_folder(4)


def test_a_file_is_on_disk_before_it_has_its_name(folder, tmp_path, monkeypatch):
    order, replace_file, settle = [], Path.replace, store.settle
    monkeypatch.setattr(store, "settle", lambda path: (order.append(path.name), settle(path)))
    monkeypatch.setattr(Path, "replace", lambda path, to: (order.append(to.name), replace_file(path, to)))
    store.write_table(rows(60), tmp_path / "series-000000060.arrow")
    folder.write_text("report.html", "text")
    part = ["series-000000060.tmp", "series-000000060.arrow"]
    assert order == [*part, ".report.html.tmp", "report.html", folder.path.name]
    assert store.is_whole(tmp_path / "series-000000060.arrow")
    assert not store.is_whole(tmp_path / "report.html")
