"""A run on disk: manifest, series and events as Parquet, snapshots; parts are written with each snapshot and merged
at the end, so that a run cut short at any moment goes on from its last snapshot with the same result.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from twin.contract import Layer
from twin.errors import StoreError
from twin.files import settle
from twin.frames import FRAMES_SCHEMA, TEXT
from twin.journal import Line, subjects
from twin.world import World

Array = np.ndarray
SERIES_VERSION = 1
SERIES_SCHEMA = pa.schema(
    [
        ("time_s", pa.int64()),
        ("time", pa.timestamp("s", tz="Asia/Tokyo")),
        ("quantity", TEXT),
        ("unit", TEXT),
        ("area", TEXT),
        ("member", pa.int16()),
        ("kind", TEXT),
        ("label", TEXT),
        ("value", pa.float64()),
    ]
)
EVENTS_SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("member", pa.int16()),
        ("time_s", pa.int64()),
        ("layer", TEXT),
        ("kind", TEXT),
        ("subject", TEXT),
        ("area", TEXT),
        ("quantity", TEXT),
        ("amount", pa.float64()),
        ("unit", TEXT),
        ("causes", pa.list_(pa.int64())),
        ("args", pa.string()),
    ]
)


class Sampler:
    """Turns measured series into rows of the series table."""

    def __init__(self, world: World, layers: Sequence[Layer], member: int):
        self.origin_s = int(world.origin.timestamp())
        self.areas = [*world["municipality"].ids.tolist(), "all"]
        self.member = member
        self.series = [series for layer in layers for series in layer.series]
        self.how = np.array([series.total for series in self.series])
        self._times: list[int] = []
        self._values: list[Array] = []

    def add(self, now_s: int, measured: Mapping[str, Array]) -> None:
        """Keep one sample of every series; each array has shape (municipality,)."""
        block = np.empty((len(self.series), len(self.areas)))
        for row, series in enumerate(self.series):
            block[row, :-1] = measured[series.name]
        block[:, -1] = _totals(block[:, :-1], self.how)
        self._times.append(now_s)
        self._values.append(block)

    def take(self) -> pa.Table:
        """The rows sampled since the last call, ordered by time, quantity, area."""
        n_time, n_series, n_area = len(self._times), len(self.series), len(self.areas)
        time_s = np.repeat(np.array(self._times, dtype=np.int64), n_series * n_area)
        which = np.tile(np.repeat(np.arange(n_series, dtype=np.int32), n_area), n_time)
        area = np.tile(np.arange(n_area, dtype=np.int32), n_time * n_series)
        value = np.concatenate([block.ravel() for block in self._values]) if n_time else np.empty(0)
        self._times, self._values = [], []
        columns = {
            "time_s": time_s,
            "time": pa.array(time_s + self.origin_s).view(pa.timestamp("s", tz="Asia/Tokyo")),
            "quantity": _dictionary(which, [series.name.removeprefix("reported.") for series in self.series]),
            "unit": _dictionary(which, [series.unit for series in self.series]),
            "area": _dictionary(area, self.areas),
            "member": np.full(len(time_s), self.member, dtype=np.int16),
            "kind": _dictionary(which, [series.kind for series in self.series]),
            "label": _dictionary(np.zeros(len(time_s), dtype=np.int32), ["simulated"]),
            "value": value,
        }
        return pa.table(columns, schema=SERIES_SCHEMA)


class Block(NamedTuple):
    """What a sampler wrote in one part. values: shape (time, series, area); quantities and kinds: of the series."""

    time_s: Array
    quantities: list[str]
    kinds: list[str]
    areas: list[str]
    values: Array


def block(part: Path) -> Block | None:
    """A part of the series as a block, read where it lies, None for an empty part.

    Raises StoreError if it is damaged or laid out in another way than a Sampler does.
    """
    table = read_table(part, SERIES_SCHEMA)
    if not len(table):
        return None
    quantity, kind, area = (table[name].combine_chunks() for name in ("quantity", "kind", "area"))
    n_series, n_area = len(quantity.dictionary), len(area.dictionary)
    n_time, rest = divmod(len(table), n_series * n_area)
    if rest or len(kind.dictionary) != n_series:
        raise StoreError(f"{part} is not laid out by time, series and area; run again with another --out")
    values = table["value"].to_numpy().reshape(n_time, n_series, n_area)
    time_s = table["time_s"].to_numpy()[:: n_series * n_area]
    words = [column.dictionary.to_pylist() for column in (quantity, kind, area)]
    return Block(time_s, words[0], words[1], words[2], values)


def events_table(world: World, layers: Sequence[Layer], lines: Sequence[Line], member: int) -> pa.Table:
    """Journal lines as a table with subjects, areas and units spelled out."""
    names = [layer.name for layer in layers]
    declared = {f"{layer.name}.{var.name}": var for layer in layers for var in (*layer.gives, *layer.records)}
    subject, area = subjects(world, {path: var.on for path, var in declared.items()}, lines, names)
    quantity = [f"{names[line[2]]}.{line[4]}" for line in lines]
    columns = {
        "id": [line[0] for line in lines],
        "member": np.full(len(lines), member, dtype=np.int16),
        "time_s": [line[1] for line in lines],
        "layer": pa.array([names[line[2]] for line in lines], pa.string()).dictionary_encode(),
        "kind": pa.array([line[3] for line in lines], pa.string()).dictionary_encode(),
        "subject": pa.array(subject, pa.string()).dictionary_encode(),
        "area": pa.array(area, pa.string()).dictionary_encode(),
        "quantity": pa.array(quantity, pa.string()).dictionary_encode(),
        "amount": [line[6] for line in lines],
        "unit": pa.array([declared[path].unit for path in quantity], pa.string()).dictionary_encode(),
        "causes": pa.array([list(line[7]) for line in lines], pa.list_(pa.int64())),
        "args": [json.dumps(line[8], default=float) for line in lines],
    }
    return pa.table(columns, schema=EVENTS_SCHEMA)


class RunFolder:
    """The folder of one run. Raises StoreError with a cure whenever the disk refuses."""

    def __init__(self, path: Path):
        self.path = path

    @classmethod
    def create(cls, path: Path, manifest: Mapping[str, Any]) -> RunFolder:
        """Make the folder and write the first manifest; refuses a folder that already holds a run."""
        folder = cls(path)
        if (path / "manifest.json").exists():
            raise StoreError(f"{path} already holds a run; choose another --out, or `twin resume {path}`")
        try:
            (path / "snapshots").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot create run folder {path}: {error.strerror}; choose another --out") from None
        folder.write_manifest(manifest)
        return folder

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """An existing run. Raises StoreError if there is none."""
        if not (path / "manifest.json").is_file():
            raise StoreError(f"{path} is not a run folder (no manifest.json); `twin runs` lists the runs there are")
        return cls(path)

    def manifest(self) -> dict[str, Any]:
        """The manifest as a dict. Raises StoreError if it is damaged."""
        path = self.path / "manifest.json"
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise StoreError(f"{path} cannot be read: {error}") from None
        if not isinstance(manifest, dict):
            raise StoreError(f"{path} cannot be read: it holds no fields")
        return manifest

    def write_manifest(self, manifest: Mapping[str, Any]) -> None:
        """Replace the manifest in one step."""
        self._write("manifest.json", json.dumps(dict(manifest), ensure_ascii=False, indent=1).encode())

    def update_manifest(self, **changes: Any) -> dict[str, Any]:
        """Change some fields of the manifest and return it whole."""
        manifest = {**self.manifest(), **changes}
        self.write_manifest(manifest)
        return manifest

    def member_folder(self, member: int) -> Path:
        """Where a member keeps its snapshots and parts."""
        folder = self._member_path(member)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot create {folder}: {error.strerror}") from None
        return folder

    def write_text(self, name: str, text: str) -> Path:
        """Write a file of the run (the report) in one step."""
        self._write(name, text.encode())
        return self.path / name

    def merge(self, members: Iterable[int], observed: pa.Table | None = None) -> str:
        """Merge the parts of all members into series.parquet and events.parquet; returns the digest."""
        hasher = blake2b(digest_size=16)
        for name, schema in (("series", SERIES_SCHEMA), ("events", EVENTS_SCHEMA)):
            tables = [
                read_table(part, schema) for member in members for part in parts(self.member_folder(member), name)
            ]
            if name == "series" and observed is not None and len(observed):
                tables.append(observed.cast(schema))
            table = pa.concat_tables(tables).unify_dictionaries() if tables else schema.empty_table()
            _digest(table, hasher)
            write_table(table, self.path / f"{name}.parquet")
        return hasher.hexdigest()

    def series(self) -> pa.Table:
        """The series of the run. Raises StoreError before it is finished."""
        return self._read("series.parquet", SERIES_SCHEMA)

    def events(self) -> pa.Table:
        """The events of the run. Raises StoreError before it is finished."""
        return self._read("events.parquet", EVENTS_SCHEMA)

    def series_so_far(self) -> pa.Table:
        """The series of the run, finished or not."""
        return self._so_far("series", SERIES_SCHEMA)

    def events_so_far(self) -> pa.Table:
        """The events of the run, finished or not."""
        return self._so_far("events", EVENTS_SCHEMA)

    def frames(self, member: int = 0) -> dict[str, list[int]]:
        """Seconds at which each framed quantity was kept, ascending."""
        found: dict[str, list[int]] = {}
        for part in parts(self._member_path(member), "frames"):
            table = read_table(part, FRAMES_SCHEMA)
            for name, time_s in zip(table["quantity"].to_pylist(), table["time_s"].to_pylist()):
                found.setdefault(name, []).append(time_s)
        return found

    def frame(self, quantity: str, at_s: int, member: int = 0) -> tuple[int, Array]:
        """The frame kept last at or before an instant, with its second; float32, flat.

        Raises StoreError where none was kept.
        """
        for part in reversed(parts(self._member_path(member), "frames")):
            table = read_table(part, FRAMES_SCHEMA)
            mine = pc.and_(pc.equal(table["quantity"], quantity), pc.less_equal(table["time_s"], at_s))
            rows = table.filter(mine)
            if len(rows):
                full = rows.filter(pc.is_valid(rows["values"]))
                values = full["values"].slice(len(full) - 1).combine_chunks().flatten()
                return rows["time_s"][-1].as_py(), values.to_numpy()
        raise StoreError(f"no frame of '{quantity}' at or before T+{at_s} s in member {member} of {self.path.name}")

    def _member_path(self, member: int) -> Path:
        return self.path / "snapshots" / f"member-{member:03d}"

    def _so_far(self, name: str, schema: pa.Schema) -> pa.Table:
        if (self.path / f"{name}.parquet").is_file():
            return self._read(f"{name}.parquet", schema)
        tables = [
            read_table(part, schema)
            for folder in sorted((self.path / "snapshots").glob("member-*"))
            for part in parts(folder, name)
        ]
        return pa.concat_tables(tables).unify_dictionaries() if tables else schema.empty_table()

    def _read(self, name: str, schema: pa.Schema) -> pa.Table:
        if not (self.path / name).is_file():
            raise StoreError(f"{self.path} has no {name} yet; `twin resume {self.path}` finishes the run")
        return read_table(self.path / name, schema)

    def _write(self, name: str, data: bytes) -> None:
        temporary = self.path / f".{name}.tmp"
        try:
            temporary.write_bytes(data)
            settle(temporary)
            temporary.replace(self.path / name)
            settle(self.path)  # its name, and those of the tables written before it
        except OSError as error:
            raise StoreError(f"cannot write {self.path / name}: {error.strerror}; nothing finished is lost") from None


def parts(folder: Path, name: str) -> list[Path]:
    """Part files of a member (`series`, `events` or `frames`) in order of time."""
    return sorted(folder.glob(f"{name}-*.arrow"))


def is_whole(part: Path) -> bool:
    """Whether a part is there with its end, which is written last."""
    try:
        with pa.memory_map(str(part)) as file:
            return pa.ipc.open_file(file).num_record_batches >= 0
    except (OSError, pa.ArrowException):
        return False


def read_table(path: Path, schema: pa.Schema) -> pa.Table:
    """Read a part or a Parquet file as `schema` has it (Parquet knows no whole seconds).

    Raises StoreError if the file is damaged.
    """
    try:
        if path.suffix == ".arrow":
            with pa.memory_map(str(path)) as file:
                return pa.ipc.open_file(file).read_all().cast(schema)
        return pq.read_table(path, schema=schema)
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"{path} cannot be read: {error}; it is damaged, run again with another --out") from None


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table in one step: parts (`.arrow`) as they lie in memory, results as Parquet.

    Raises StoreError if the disk refuses.
    """
    temporary = path.with_suffix(".tmp")
    try:
        if path.suffix == ".arrow":
            framed = table.schema == FRAMES_SCHEMA  # one frame a batch: a reader unpacks the one it wants
            how = pa.ipc.IpcWriteOptions(compression="lz4" if framed else None)
            with pa.OSFile(str(temporary), "wb") as file, pa.ipc.new_file(file, table.schema, options=how) as writer:
                writer.write_table(table, max_chunksize=1 if framed else None)
        else:
            pq.write_table(table, temporary, compression="zstd", compression_level=1, write_statistics=False)
        settle(temporary)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(f"cannot write {path}: {error}; free disk space, then `twin resume`") from None


def _totals(values: Array, how: Array) -> Array:
    """How towns add up to the whole region, (series,); values (series, town), NaN for what is not known."""
    known = ~np.isnan(values)
    number = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    highest = np.where(known, values, -np.inf).max(axis=1, initial=-np.inf)
    total = np.select([how == "max", how == "mean"], [highest, total / np.maximum(number, 1)], total)
    return np.where((number > 0) & (how != "none"), total, np.nan)


def _dictionary(codes: Array, names: Sequence[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(list(names), pa.string()))


def _digest(table: pa.Table, hasher: Any) -> None:
    """Feed a table to the hasher, independent of how its dictionaries and chunks happen to be laid out."""
    for name in table.column_names:
        column = table.column(name)
        hasher.update(name.encode())
        if pa.types.is_dictionary(column.type):
            for chunk in column.chunks:
                words = np.frombuffer(b"".join(map(_word, chunk.dictionary.to_pylist())), dtype=np.uint64)
                hasher.update(words[chunk.indices.to_numpy()])
        elif pa.types.is_list(column.type):
            column = column.combine_chunks()
            hasher.update(column.value_lengths().to_numpy().tobytes() + column.flatten().to_numpy().tobytes())
        elif pa.types.is_string(column.type):
            hasher.update("\n".join(column.to_pylist()).encode())
        elif not pa.types.is_timestamp(column.type):  # the timestamp follows from time_s
            for chunk in column.chunks:
                hasher.update(np.ascontiguousarray(chunk.to_numpy()))


@lru_cache(maxsize=100_000)
def _word(word: str) -> bytes:
    return blake2b(word.encode(), digest_size=8).digest()
