"""Answers as bytes: JSON, compact binary frames, GeoJSON and Parquet. Unknown numbers are NaN, in JSON null."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from api.geometry import Geometry
from api.readings.frames import Frame
from api.readings.series import Line

Array = np.ndarray
JSON, GEOJSON, PARQUET = "application/json", "application/geo+json", "application/vnd.apache.parquet"
FRAME = "application/vnd.twin.frame"
FORMATS: Mapping[str, str] = {"binary": FRAME, "json": JSON, "geojson": GEOJSON, "parquet": PARQUET}
LENGTH_BYTES, ALIGN_BYTES = 4, 8
METADATA = b"twin"


def json_bytes(content: Any) -> bytes:
    """JSON in UTF-8; NaN and infinities become null, NumPy arrays lists."""
    return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)


def frame_binary(frame: Frame) -> bytes:
    """Header length (4 bytes, little-endian), JSON header padded with spaces to a multiple of 8, float32 values."""
    header = orjson.dumps(frame.header)
    header += b" " * (-(LENGTH_BYTES + len(header)) % ALIGN_BYTES)
    values = np.ascontiguousarray(frame.values, dtype="<f4")
    return b"".join((len(header).to_bytes(LENGTH_BYTES, "little"), header, values.data.cast("B")))


def read_frame_binary(data: bytes) -> Frame:
    """A frame from its binary form, values viewed in place. Raises ValueError for anything that is not one."""
    length = int.from_bytes(data[:LENGTH_BYTES], "little")
    begin = LENGTH_BYTES + length
    if len(data) < begin or begin % ALIGN_BYTES:
        raise ValueError("these bytes are no frame: the header is cut short or not aligned")
    header = orjson.loads(data[LENGTH_BYTES:begin])
    values = np.frombuffer(data, dtype="<f4", offset=begin)
    if len(values) != header["count"]:
        raise ValueError(f"this frame announces {header['count']} values and holds {len(values)}")
    return Frame(header, values)


def frame_json(frame: Frame, ids: Array) -> bytes:
    """Header, values and the ids they belong to."""
    values = np.ascontiguousarray(frame.values, dtype=np.float32)
    return json_bytes({**frame.header, "ids": ids.tolist(), "values": values})


def frame_geojson(frame: Frame, geometry: Geometry) -> bytes:
    """A feature for every entity with its value as property; the header stands beside the features as `frame`."""
    head = b'{"type":"FeatureCollection","frame":%b,"features":[' % orjson.dumps(frame.header)
    pieces = list(chain.from_iterable(zip(geometry.before_values, numbers(frame.values))))
    return b"".join((head, *pieces, b"}}]}" if pieces else b"]}"))


def features(geometry: Geometry, rows: Iterable[int], values: Mapping[str, Array], more: bytes = b"") -> list[bytes]:
    """GeoJSON features of some rows. values: property -> numbers of all rows; more: further properties as JSON text
    (`,"time":"…"`), the same for each."""
    chosen = list(rows)
    end = more + b"}}"
    if not values:
        return [geometry.openings[row] + end for row in chosen]
    columns = [
        [b',"%b":%b' % (name.encode(), text) for text in numbers(array[chosen])] for name, array in values.items()
    ]
    texts = columns[0] if len(columns) == 1 else [b"".join(parts) for parts in zip(*columns)]
    return [geometry.openings[row] + text + end for row, text in zip(chosen, texts)]


def numbers(values: Array) -> list[bytes]:
    """Each number as JSON text, NaN as null."""
    text = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
    return text.split(b",") if text else []


def frame_parquet(frame: Frame, ids: Array) -> bytes:
    """Columns `id` and `value`; the header stands in the file's metadata under `twin`."""
    table = pa.table({"id": pa.array(ids.tolist(), pa.string()), "value": pa.array(frame.values, pa.float32())})
    return parquet(table.replace_schema_metadata({METADATA: orjson.dumps(frame.header)}))


def parquet(table: pa.Table) -> bytes:
    """A table as a Parquet file, compressed as the files of a run."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", compression_level=1, write_statistics=False)
    return sink.getvalue().to_pybytes()


def series_json(lines: Iterable[Line], following: str | None) -> bytes:
    """Curves with their times and values; `next` is the cursor of the next page."""
    texts: dict[int, orjson.Fragment] = {}  # most curves share one and the same array of instants

    def times(array: Array) -> orjson.Fragment:
        key = hash((array.size, array.__array_interface__["data"][0]))
        if key not in texts:
            texts[key] = orjson.Fragment(json_bytes(np.ascontiguousarray(array)))
        return texts[key]

    kept = list(lines)  # keeps the arrays alive, so that no two share an address
    rows = [
        {
            **line.what._asdict(),
            "area": line.area,
            "member": line.member,
            "time_s": times(line.time_s),
            "value": np.ascontiguousarray(line.value),
        }
        for line in kept
    ]
    return json_bytes({"series": rows, "next": following})
