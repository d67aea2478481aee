"""Answers as bytes: what goes in comes out again, in every form."""

import io

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from api import encoding
from api.geometry import Geometry
from api.readings.frames import Frame
from api.readings.series import Kind, Line, table_of
from twin.store import SERIES_SCHEMA

NUMBERS = st.floats(width=32, allow_infinity=False) | st.just(float("nan"))
VALUES = st.integers(0, 40).flatmap(lambda size: arrays(np.float32, size, elements=NUMBERS))
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def frame_of(values, **more):
    return Frame(
        {"run": "r", "quantity": "a.b", "on": "cell", "count": len(values), "dtype": "float32", **more}, values
    )


def ids_of(values):
    return np.array([f"49300535/{row}" for row in range(len(values))], dtype=np.str_)


def geometry_of(values):
    places = [(130.0 + row / 64, 32.5) for row in range(len(values))]
    shapes = shapely.points(np.array(places).reshape(-1, 2))
    return Geometry("cell", "synthetic", ids_of(values), shapes, [{"id": str(one)} for one in ids_of(values)])


def as_read(values):
    return [None if not np.isfinite(one) else one for one in values.tolist()]


def single(values):
    """Numbers of a JSON text as the float32 they were."""
    return [None if one is None else float(np.float32(one)) for one in values]


@given(VALUES, st.dictionaries(WORDS, WORDS | st.integers(-(2**53), 2**53), max_size=4))
def test_binary_frames_come_back_bit_for_bit(values, more):
    frame = frame_of(values) if not more else Frame({**frame_of(values).header, "more": more}, values)
    data = encoding.frame_binary(frame)
    back = encoding.read_frame_binary(data)
    assert back.header == frame.header
    assert back.values.tobytes() == values.tobytes()
    length = int.from_bytes(data[:4], "little")
    assert (4 + length) % 8 == 0
    assert len(data) == 4 + length + 4 * len(values)


@given(VALUES)
def test_json_frames_hold_ids_and_values(values):
    back = orjson.loads(encoding.frame_json(frame_of(values), ids_of(values)))
    assert back["ids"] == ids_of(values).tolist()
    assert single(back["values"]) == as_read(values)


@given(VALUES)
def test_geojson_frames_hold_a_feature_for_every_value(values):
    back = orjson.loads(encoding.frame_geojson(frame_of(values), geometry_of(values)))
    assert back["frame"] == frame_of(values).header
    assert [one["id"] for one in back["features"]] == ids_of(values).tolist()
    assert single([one["properties"]["value"] for one in back["features"]]) == as_read(values)
    assert [one["geometry"]["coordinates"][0] for one in back["features"]] == [
        130.0 + r / 64 for r in range(len(values))
    ]


@given(VALUES)
def test_parquet_frames_come_back_bit_for_bit(values):
    table = pq.read_table(io.BytesIO(encoding.frame_parquet(frame_of(values), ids_of(values))))
    assert table["id"].to_pylist() == ids_of(values).tolist()
    assert np.array_equal(table["value"].to_numpy(), values, equal_nan=True)
    assert orjson.loads(table.schema.metadata[encoding.METADATA]) == frame_of(values).header


@given(VALUES, st.data())
def test_features_of_some_rows_are_those_rows(values, data):
    rows = data.draw(st.lists(st.integers(0, max(len(values) - 1, 0)), unique=True)) if len(values) else []
    pieces = encoding.features(geometry_of(values), rows, {"a": values, "b": values * 0 + 1}, b',"time":"now"')
    back = [orjson.loads(one)["properties"] for one in pieces]
    assert [one["id"] for one in back] == [str(ids_of(values)[row]) for row in rows]
    assert single([one["a"] for one in back]) == as_read(values[rows])
    assert all(one["time"] == "now" for one in back)


@pytest.mark.parametrize(
    "data", [b"", b"\x04\x00\x00\x00", b"\x0c\x00\x00\x00" + b'{"count":3} ' + b"\0" * 8, b"\xff" * 40]
)
def test_bytes_that_are_no_frame_are_refused(data):
    with pytest.raises(ValueError, match="frame"):
        encoding.read_frame_binary(data)


TIMES = st.lists(st.integers(0, 10**6), unique=True, max_size=8).map(sorted)


@settings(max_examples=25)
@given(st.lists(st.tuples(WORDS, WORDS, st.integers(0, 99), TIMES, st.data()), max_size=5))
def test_series_come_back_from_json_and_parquet(rows):
    lines = [
        Line(
            Kind("true", name, "person", "simulated"),
            area,
            member,
            np.array(times, np.int64),
            np.array([data.draw(st.floats(allow_infinity=False)) for _ in times], float),
        )
        for name, area, member, times, data in rows
    ]
    told = orjson.loads(encoding.series_json(lines, "next"))
    table = pq.read_table(io.BytesIO(encoding.parquet(table_of(lines, 1_785_000_000))), schema=SERIES_SCHEMA)
    assert told["next"] == "next"
    begin = 0
    for line, back in zip(lines, told["series"], strict=True):
        assert (back["quantity"], back["area"], back["member"]) == (line.what.quantity, line.area, line.member)
        assert back["time_s"] == line.time_s.tolist()
        assert back["value"] == as_read(line.value)
        mine = table.slice(begin, len(line.time_s))
        begin += len(line.time_s)
        assert mine["quantity"].to_pylist() == [line.what.quantity] * len(mine)
        assert np.array_equal(mine["value"].to_numpy(), line.value, equal_nan=True)
    assert begin == len(table)


def test_unknown_and_endless_numbers_are_null():
    assert encoding.json_bytes({"a": float("nan"), "b": np.array([np.inf, 1.5])}) == b'{"a":null,"b":[null,1.5]}'
