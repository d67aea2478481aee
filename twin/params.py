"""Parameters of a layer: read from its params.toml, each with unit, range, source and status; swapped by levers."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from twin.chance import Chance, key_of
from twin.errors import ParameterError

STATUSES = ("read", "recomputed", "calibrated", "assumed", "unverified")


@dataclass(frozen=True)
class Parameter:
    """One row of a params.toml. `vary`: drawn anew for each member over its range."""

    name: str
    value: Any
    unit: str
    low: float | None
    high: float | None
    source: str
    status: str
    reason: str = ""
    vary: bool = False


class Params(Mapping[str, Any]):
    """Immutable values by name, also as attributes: `params.repair_s`. Lists become float64 arrays."""

    def __init__(self, rows: Mapping[str, Parameter]):
        self._rows = dict(rows)
        self._values = {name: _frozen(row.value) for name, row in rows.items()}
        self.__dict__.update(self._values)  # plain attributes: a step reads thousands of them

    def __getattr__(self, name: str) -> Any:  # only names that are no parameter come here
        if name.startswith("__") or "_values" not in self.__dict__:
            raise AttributeError(name)
        raise ParameterError(_unknown(name, self._values))

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def rows(self) -> Mapping[str, Parameter]:
        """The full rows with unit, range, source and status."""
        return self._rows

    def replace(self, values: Mapping[str, Any], where: str = "") -> Params:
        """The same parameters with some values swapped.

        Raises ParameterError for an unknown name or a value outside its range; `where` names the origin.
        """
        rows = dict(self._rows)
        for name, value in values.items():
            if name not in rows:
                raise ParameterError(where + _unknown(name, rows))
            row = rows[name]
            _check_range(name, value, row.low, row.high, where)
            rows[name] = Parameter(**{**row.__dict__, "value": value})
        return Params(rows)

    def draw(self, layer: str, chance: Chance) -> Params:
        """Values for one member: rows marked `vary` are drawn over their range with the value as median.

        The density falls linearly from the value to each end of the range (two half triangles of weight 1/2).
        """
        drawn = {}
        for name, row in self._rows.items():
            if row.vary and row.low is not None and row.high is not None:
                u = float(chance.uniform("parameter", key_of(f"{layer}.{name}"))[0])
                reach = 1.0 - np.sqrt(2.0 * min(u, 1.0 - u))
                end = row.low if u < 0.5 else row.high
                drawn[name] = row.value + (end - row.value) * reach
        return self.replace(drawn)


def load(path: Path) -> Params:
    """Read a params.toml, once for as long as it stays as it is: every member of every run asks for it.

    Raises ParameterError naming file and row for a missing field or a bad status.
    """
    try:
        return _load(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise ParameterError(f"{path}: cannot read parameters: {error}") from None


@lru_cache(maxsize=64)
def _load(path: Path, changed_ns: int) -> Params:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ParameterError(f"{path}: cannot read parameters: {error}") from None
    rows = {}
    for name, row in raw.items():
        where = f"{path.parent.name}/{path.name} [{name}]: "
        missing = {"value", "unit", "source", "status"} - set(row)
        if missing:
            raise ParameterError(f"{where}missing {sorted(missing)}")
        if row["status"] not in STATUSES:
            raise ParameterError(f"{where}status '{row['status']}' is not one of {', '.join(STATUSES)}")
        if row["status"] in ("assumed", "calibrated") and ("range" not in row or not row.get("reason")):
            raise ParameterError(f"{where}{row['status']} parameters need a range and a reason")
        low, high = row.get("range", (None, None))
        _check_range(name, row["value"], low, high, where)
        rows[name] = Parameter(
            name,
            row["value"],
            row["unit"],
            low,
            high,
            row["source"],
            row["status"],
            row.get("reason", ""),
            bool(row.get("vary", False)),
        )
    return Params(rows)


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        array = np.asarray(value, dtype=None if value and isinstance(value[0], str) else np.float64)
        array.setflags(write=False)
        return array
    return value


def _check_range(name: str, value: Any, low: float | None, high: float | None, where: str) -> None:
    if isinstance(value, str) or low is None or high is None:
        return
    numbers = np.asarray(value, dtype=np.float64)
    if not np.all((numbers >= low) & (numbers <= high)):
        raise ParameterError(f"{where}{name} = {value} lies outside its valid range {low} to {high}")


def _unknown(name: str, known: Mapping[str, Any]) -> str:
    near = get_close_matches(name, list(known), n=1)
    hint = f"; did you mean '{near[0]}'?" if near else f"; known: {', '.join(sorted(known))}"
    return f"no parameter '{name}'{hint}"
