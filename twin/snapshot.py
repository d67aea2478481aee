"""Snapshots: the whole run state on disk, raw arrays memory-mapped back, unchanged arrays not written again.

A snapshot at second t is `at-<t>.json` (the tree: numbers, names, and where each array lies) and `at-<t>.bin`
(the arrays that changed since the last snapshot). Each array carries its BLAKE2b digest, checked on loading.
Classes are never named in the file: the shape of the state comes from the layers' own fresh state.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from twin.errors import SnapshotError, StoreError
from twin.run import RunState, freeze
from twin.table import Table

Array = np.ndarray
FORMAT = 1
PACKED = ".zst"  # added to the name of an array file once its run is archived
_ALIGN = 64
_ARRAY_FILE = re.compile(rb'"file": "(at-\d{9}\.bin)"')


class Writer:
    """Writes the snapshots of one member; remembers which array objects already lie on disk."""

    def __init__(self, folder: Path, schemas: Mapping[str, int], world_digest: str):
        self.folder = folder
        self.header = {"format": FORMAT, "schemas": dict(schemas), "world": world_digest}
        self._known: dict[int, tuple[Array, dict[str, Any]]] = {}
        self._by_digest: dict[str, dict[str, Any]] = {}
        self.written_bytes, self.last_s = 0, 0.0  # in all, and the time the last snapshot took

    def save(self, state: RunState) -> Path:
        """Write a snapshot and return its path. Raises StoreError if the disk refuses."""
        begun_s, name = time.perf_counter(), f"at-{state.now_s:09d}"
        chunks: list[Array] = []
        kept: dict[int, tuple[Array, dict[str, Any]]] = {}
        offset = 0

        def place(array: Array) -> dict[str, Any]:
            """Where an array stands on disk; queued for writing unless its content stands there already."""
            nonlocal offset
            known = self._known.get(id(array))
            if known is not None and known[0] is array:
                kept[id(array)] = known
                return known[1]
            data = np.ascontiguousarray(array)
            digest = blake2b(_raw(data), digest_size=16).hexdigest()
            where = self._by_digest.get(f"{digest}{data.dtype.str}{data.shape}")
            if where is None:
                shape = list(data.shape)
                where = {"file": f"{name}.bin", "at": offset, "dtype": data.dtype.str, "shape": shape, "digest": digest}
                chunks.append(data)
                offset += -(-data.nbytes // _ALIGN) * _ALIGN
                self._by_digest[f"{digest}{data.dtype.str}{data.shape}"] = where
            kept[id(array)] = (array, where)
            return where

        tree = {"state": _encode(_plain(state), place), **self.header, "now_s": state.now_s}
        self._known = kept
        try:
            _write_chunks(self.folder / f"{name}.bin", chunks)
            _write_atomically(self.folder / f"{name}.json", json.dumps(tree).encode())
        except OSError as error:
            self._known, self._by_digest = {}, {}
            raise StoreError(
                f"cannot write snapshot {name} in {self.folder}: {error.strerror}; free disk space, then `twin resume`"
            ) from None
        self.written_bytes += offset
        self.last_s = time.perf_counter() - begun_s
        return self.folder / f"{name}.json"


def times(folder: Path) -> list[int]:
    """Seconds of all complete snapshots in a folder, ascending."""
    return sorted(int(path.stem[3:]) for path in folder.glob("at-*.json") if path.stem[3:].isdigit())


def load(folder: Path, at_s: int, fresh: RunState, schemas: Mapping[str, int], world_digest: str) -> RunState:
    """Restore the snapshot of second `at_s`; `fresh` is a state at time 0, which gives the classes.

    Raises SnapshotError if the file is damaged, of another version, or of another place.
    """
    path = folder / f"at-{at_s:09d}.json"
    try:
        tree = json.loads(path.read_text())
        for key, mine in (("format", FORMAT), ("schemas", dict(schemas)), ("world", world_digest)):
            if tree[key] != mine:
                raise SnapshotError(f"{path.name}: {key} is {tree[key]}, this program and scenario have {mine}")
        plain = _decode(tree["state"], _plain(fresh), _Reader(folder))
    except SnapshotError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SnapshotError(
            f"{path}: damaged snapshot ({error}); delete it, `twin resume` uses the one before"
        ) from None
    state = _rebuild(plain)
    for layer in state.layers.values():
        freeze(layer)
    return state


def files(folder: Path, at_s: int) -> list[Path]:
    """The files a snapshot needs: its own and those of earlier ones whose arrays it shares.

    Names are picked out of the text, not parsed: a branch asks this of every member, and what is damaged is found when
    the snapshot is loaded. Raises SnapshotError where there is none.
    """
    path = folder / f"at-{at_s:09d}.json"
    try:
        names = sorted({name.decode() for name in _ARRAY_FILE.findall(path.read_bytes())})
    except OSError as error:
        raise SnapshotError(f"{path}: cannot be read: {error.strerror}") from None
    packed = {name: folder / f"{name}{PACKED}" for name in names}
    return [path, *(packed[name] if packed[name].is_file() else folder / name for name in names)]


def compress(folder: Path) -> tuple[int, int]:
    """Pack the array files of a member's folder, one after another; returns bytes before and after.

    Snapshots stay readable. Raises StoreError if the disk refuses; what was packed until then stays packed.
    """
    before = after = 0
    for file in sorted(folder.glob("at-*.bin")):
        packed = file.with_name(f"{file.name}{PACKED}")
        temporary = packed.with_suffix(".tmp")
        try:
            before += file.stat().st_size
            with pa.CompressedOutputStream(pa.OSFile(str(temporary), "wb"), "zstd") as stream:
                stream.write(file.read_bytes())
            temporary.replace(packed)
            after += packed.stat().st_size
            file.unlink()
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise StoreError(f"cannot pack {file}: {error.strerror}; free disk space and archive again") from None
    return before, after


def handed_out(folder: Path, at_s: int, wanted: Collection[str]) -> dict[str, Array]:
    """What layers had handed out last at second `at_s`, `layer.quantity` -> array, without the rest of the state.

    Quantities that the snapshot does not hold are left out. Raises SnapshotError for a damaged or foreign file.
    """
    path = folder / f"at-{at_s:09d}.json"
    try:
        tree = json.loads(path.read_text())
        if tree["format"] != FORMAT:
            raise SnapshotError(f"{path.name}: format is {tree['format']}, this program has {FORMAT}")
        layers, read = tree["state"]["map"]["outputs"]["map"], _Reader(folder)
        return {
            f"{layer}.{name}": read(array["array"])
            for layer, content in layers.items()
            for name, array in content["map"].items()
            if f"{layer}.{name}" in wanted
        }
    except SnapshotError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SnapshotError(f"{path}: damaged snapshot ({error}); run again to have it whole") from None


class _Reader:
    def __init__(self, folder: Path):
        self.folder = folder
        self._maps: dict[str, Array] = {}

    def __call__(self, where: Mapping[str, Any]) -> Array:
        name = where["file"]
        if Path(name).name != name:
            raise SnapshotError(f"array file '{name}' points outside the snapshot folder")
        if name not in self._maps:
            self._maps[name] = self._bytes(name)
        dtype, shape = np.dtype(where["dtype"]), tuple(where["shape"])
        if dtype.hasobject:
            raise SnapshotError(f"{name}: objects are not allowed in a snapshot")
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        raw = self._maps[name][where["at"] : where["at"] + size] if size else np.empty(0, np.uint8)
        if raw.size != size or blake2b(raw.data, digest_size=16).hexdigest() != where["digest"]:
            raise SnapshotError(f"{self.folder / name}: array at byte {where['at']} is damaged")
        return raw.view(dtype).reshape(shape) if size else np.empty(shape, dtype)

    def _bytes(self, name: str) -> Array:
        """Content of an array file: memory-mapped as it lies, or unpacked where the run was archived."""
        packed = self.folder / f"{name}{PACKED}"
        if not packed.is_file():
            mapped = np.memmap(self.folder / name, dtype=np.uint8, mode="r")
            return np.asarray(mapped)  # a plain array: NumPy calls Python for every operation on its own memmap
        with pa.CompressedInputStream(pa.OSFile(str(packed)), "zstd") as stream:
            return np.frombuffer(stream.read(), np.uint8)


def _plain(state: RunState) -> dict[str, Any]:
    """The run state as nested dicts; event keys, which are pairs, become three columns."""
    plain = {item.name: getattr(state, item.name) for item in fields(state) if item.name != "last_event"}
    keys = list(state.last_event)
    names = sorted({quantity for quantity, _ in keys})
    position = {name: number for number, name in enumerate(names)}
    plain["last_event"] = {
        "names": np.array(names, dtype=np.str_) if names else np.empty(0, "U1"),
        "name": np.array([position[quantity] for quantity, _ in keys], dtype=np.int64),
        "row": np.array([row for _, row in keys], dtype=np.int64),
        "id": np.array(list(state.last_event.values()), dtype=np.int64),
    }
    return plain


def _rebuild(plain: dict[str, Any]) -> RunState:
    events = plain.pop("last_event")
    names = events["names"].tolist()
    last = {
        (names[name], row): number
        for name, row, number in zip(
            events["name"].tolist(), events["row"].tolist(), events["id"].tolist(), strict=True
        )
    }
    return RunState(**plain, last_event=last)


def _encode(value: Any, place: Any) -> Any:
    if isinstance(value, np.ndarray):
        return {"array": place(value)}
    if isinstance(value, Table):
        return {"table": {name: _encode(column, place) for name, column in value.columns.items()}}
    if is_dataclass(value):
        return {"record": {item.name: _encode(getattr(value, item.name), place) for item in fields(value)}}
    if isinstance(value, Mapping):
        return {"map": {name: _encode(item, place) for name, item in value.items()}}
    if isinstance(value, (bool, int, float, str)) or value is None:
        return value
    if isinstance(value, np.generic):
        return value.item()
    raise StoreError(
        f"a state may hold arrays, numbers, texts, Tables and records of these; found {type(value).__name__}"
    )


def _decode(node: Any, like: Any, read: _Reader) -> Any:
    """Build the value described by `node`; `like` gives the class of records where one is needed."""
    if not isinstance(node, dict):
        return node
    kind, content = next(iter(node.items()))
    if kind == "array":
        return read(content)
    if kind == "table":
        return Table({name: _decode(column, None, read) for name, column in content.items()})
    if kind == "record":
        if set(content) != {item.name for item in fields(like)}:
            raise SnapshotError(f"fields of {type(like).__name__} differ from this program's: {sorted(content)}")
        values = {name: _decode(item, getattr(like, name), read) for name, item in content.items()}
        return type(like)(**values)
    if kind == "map":
        known = like if isinstance(like, Mapping) else {}
        return {name: _decode(item, known.get(name), read) for name, item in content.items()}
    raise SnapshotError(f"unknown node '{kind}'")


def _raw(array: Array) -> memoryview:
    """The bytes of an array that lies in one piece, not copied."""
    return array.reshape(-1).view(np.uint8).data


def _write_chunks(path: Path, chunks: list[Array]) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        for chunk in chunks:
            file.write(_raw(chunk))
            file.write(bytes(-chunk.nbytes % _ALIGN))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _write_atomically(path: Path, data: bytes) -> None:
    temporary = path.with_suffix(".tmp-json")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
