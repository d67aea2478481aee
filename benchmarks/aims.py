"""What was aimed at, beside what was measured: met or missed, derived from the rows so that nobody writes it by hand.

A row whose `limit` is a number with its unit is judged by it: "0.3 s", "1,000 reads/s", "at least 0.95", "5 s and
2048 MB at 50,000 cells" (judged at that size only). The ratios of shallow water are put together from several fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Row = Mapping[str, Any]
PLAIN = re.compile(
    r"(?P<sense>at least |at most )?(?P<bound>[\d.,]+)(?P<unit> [a-z]+(?:/s)?)??(?: and (?P<memory_mb>[\d.,]+) MB)?"
    r"(?: (?:at|for) (?P<size>[\d,]+)(?: cells)?)?"
)
UPDATES, SIMULATED = {"anuga": 6, "landlab": 8}, {"anuga": 10}  # times as fast as the peer
DEPTH_L1, THREADS, FLOAT32, COMPILE_S = 0.02, 1.8, 1.6, 30


@dataclass(frozen=True)
class Aim:
    """What was measured and what was wanted: at least or at most `bound`; both in `unit`, which is empty for ratios."""

    subject: str
    what: str
    value: float
    bound: float
    at_least: bool
    unit: str = ""
    remark: str = ""

    @property
    def met(self) -> bool:
        """Whether it holds; where at most is allowed, a change downwards counts by its size."""
        return self.value >= self.bound if self.at_least else abs(self.value) <= self.bound

    @property
    def fields(self) -> dict[str, Any]:
        """The same as JSON."""
        return {**asdict(self), "met": self.met}


def of(rows: Sequence[Row]) -> list[Aim]:
    """The aims of these rows, those of one subject beside each other."""
    found = [aim for row in rows if row["subject"] != "shallow-water" for aim in _plain(row)]
    return found + list(_shallow_water([row for row in rows if row["subject"] == "shallow-water"]))


def _plain(row: Row) -> Iterator[Aim]:
    """Aims a row carries itself; seconds are those of `value`, or of `wall_s` where the value is a speed."""
    read = PLAIN.fullmatch(str(row.get("limit") or ""))
    if read is None or (read["size"] and _number(read["size"]) != row["size"]):
        return
    bound, unit = _number(read["bound"]), (read["unit"] or "").strip()
    in_seconds = unit == "s" and row["unit"] != "s"
    at_least = read["sense"] == "at least " or (not read["sense"] and unit.endswith("/s"))
    what = ", ".join([row["case"], *_kind(row)])
    yield Aim(row["subject"], what, row["wall_s"] if in_seconds else row["value"], bound, at_least, unit)
    if read["memory_mb"] and row["peak_rss_mb"]:
        yield Aim(row["subject"], f"{what}, memory", row["peak_rss_mb"], _number(read["memory_mb"]), False, "MB")


def _kind(row: Row) -> Iterator[str]:
    if row["size"] is not None:
        yield f"{row['size']:,}"
    if row["threads"] != 1:
        yield f"{row['threads']} threads"
    if row["dtype"] != "float64":
        yield row["dtype"]


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def _shallow_water(rows: Sequence[Row]) -> Iterator[Aim]:
    """Ratios at the largest size, form by form, then the time to compile."""
    known = [row["size"] for row in rows if "ratio_to_float64_1_thread" in row]
    for row in rows:
        if row["size"] == max(known, default=None) and "ratio_to_float64_1_thread" in row:
            yield from _ratios(row)
    compiled = [row["cold_compile_s"] for row in rows if row.get("cold_compile_s")]
    if compiled:
        yield Aim("shallow-water", "both forms compiled, cache empty", compiled[0], COMPILE_S, False, "s")


def _ratios(row: Row) -> Iterator[Aim]:
    case, ratio = row["case"], row["ratio_to_float64_1_thread"]
    if (row["dtype"], row["threads"]) == ("float64", 2):
        limit = row.get("two_processes_over_one")
        remark = f"two processes of one thread at once reach {limit:.2f} x one" if limit else ""
        yield Aim("shallow-water", f"{case}: two threads over one, float64", ratio, THREADS, True, "x", remark)
    elif (row["dtype"], row["threads"]) == ("float32", 1):
        yield Aim("shallow-water", f"{case}: float32 over float64, one thread", ratio, FLOAT32, True, "x")
    for peer, faster in row.get("peer_ratios", {}).items():
        yield from _beside(row, peer, faster)


def _beside(row: Row, peer: str, faster: float) -> Iterator[Aim]:
    """Beside a peer: updates, simulated seconds and depth. Both speeds of ours are of the run the peer took part in."""
    case, theirs = row["case"], row["peers"]
    day = f"measured {row['peers_measured'][:10]}"
    ours, simulated = faster * theirs[peer] * row["simulated_s_per_s"] / row["value"], theirs[f"{peer} simulated s/s"]
    yield Aim("shallow-water", f"{case}: updates/s over {peer}", faster, UPDATES[peer], True, "x", day)
    if peer in SIMULATED:
        said = f"{ours:.3g} and {simulated:.3g} simulated s/s, {day}"
        what = f"{case}: simulated s/s over {peer}"
        yield Aim("shallow-water", what, ours / simulated, SIMULATED[peer], True, "x", said)
    apart = theirs[f"{peer} depth, relative L1"]
    yield Aim("shallow-water", f"{case}: depth beside {peer}, relative L1", apart, DEPTH_L1, False, "", day)


def told(aim: Aim) -> str:
    """One aim on one line."""
    remark = f" ({aim.remark})" if aim.remark else ""
    return f"{'met' if aim.met else 'missed':<7} {aim.subject}: {aim.what}: {measured(aim)}, aim {wanted(aim)}{remark}"


def measured(aim: Aim) -> str:
    """The measured value with its unit."""
    return _with_unit(aim.value, aim.unit)


def wanted(aim: Aim) -> str:
    """The aim with its sense and unit."""
    return f"{'at least' if aim.at_least else 'at most'} {_with_unit(aim.bound, aim.unit)}"


def _with_unit(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if abs(value) >= 1000 else f"{value:.3g} {unit}".rstrip()
