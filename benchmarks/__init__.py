"""The benchmark suite: one module per subject; `twin bench [SUBJECT]` runs it and prints the machine and its load.

measuring    warm-up, repeats, memory, the machine;   growth      exponent of wall time with size
results      `results.md`, rewritten by the command;  comparison  two measurements beside each other
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from twin.errors import Interrupted, ScenarioError, StoreError


@dataclass(frozen=True)
class Subject:
    """module: holds `measure(peers, tell)`, which yields rows, and is imported only when asked for.

    quick: part of the whole picture that `twin bench` gives in a few minutes.
    """

    module: str
    measures: str
    quick: bool = True


SUBJECTS = {
    "start-up": Subject("benchmarks.start_up", "seconds until the command line has answered"),
    "coupling-overhead": Subject("benchmarks.coupling_overhead", "milliseconds per step spent outside the layers"),
    "whole-run": Subject("benchmarks.whole_run", "seconds and memory of the shipped scenarios in one process"),
    "fork": Subject("benchmarks.fork", "seconds from a snapshot on disk to the end of the first step after it"),
    "people": Subject("benchmarks.people", "persons moved on per second by the people layer"),
    "missions": Subject("benchmarks.missions", "missions per second beside a plain SimPy model"),
    "routing": Subject("benchmarks.routing", "nodes per second of the nearest facility and of all ways"),
    "shallow-water": Subject(
        "benchmarks.shallow_water", "element updates per second of both shallow-water forms, and the memory limit"
    ),
    "shaking": Subject("benchmarks.shaking", "conditional shaking and correlated realisations"),
    "damage": Subject("benchmarks.damage", "fragility and casualties of many buildings"),
    "hazard-cache": Subject("benchmarks.hazard_cache", "seconds a second run pays for sea and river"),
    "api": Subject(
        "benchmarks.api", "reads per second, latencies while a run is going, large frames and the page in a browser"
    ),
    "what-if": Subject(
        "benchmarks.what_if",
        "seconds to the first and to 30 paired answers of a what-if, and what pairing saves",
        quick=False,
    ),
    "rank": Subject(
        "benchmarks.rank", "how often the chosen countermeasure is right, and the members it takes", quick=False
    ),
    "inundation": Subject("benchmarks.inundation", "three hours of tsunami over a town", quick=False),
    "early-evacuation": Subject(
        "benchmarks.early_evacuation", "deaths when people leave at once, and when the order comes earlier", quick=False
    ),
    "coupling-effects": Subject(
        "benchmarks.coupling_effects", "paired ensemble: what each pair and loop moves", quick=False
    ),
    "step-size": Subject(
        "benchmarks.step_size", "change of the headline series when every step is halved", quick=False
    ),
}
DEFAULTS: dict[str, Any] = {
    "size": None,
    "threads": 1,
    "dtype": "float64",
    "peers": {},
    "share_of_limit": None,
    "bytes_per_cell": None,
    "wall_s": None,
    "peak_rss_mb": None,
}


def run(
    subject: str | None,
    peers: bool = False,
    tell: Callable[[str], None] = lambda text: None,
    save: Path | None = None,
) -> dict[str, Any]:
    """Measure one subject, or all quick ones; keeps what was measured in `results.md`, also when interrupted.

    save: where to write the same content as JSON. Returns machine, results, complete (subjects measured to the end),
    failed (subject -> why; only in the whole picture, one named subject raises) and kept (where figures were put).
    Raises ScenarioError for an unknown subject, StoreError when `save` cannot be written, Interrupted on Ctrl-C.
    """
    from benchmarks import measuring, results

    if subject is not None and subject not in SUBJECTS:
        raise ScenarioError(f"no benchmark '{subject}'; there are {', '.join(SUBJECTS)}")
    names = [subject] if subject else [name for name, one in SUBJECTS.items() if one.quick]
    content: dict[str, Any] = {"machine": measuring.machine(), "results": [], "complete": [], "failed": {}}
    if save is not None:
        _write(save, content)
    try:
        for number, name in enumerate(names, 1):
            tell(f"[{number}/{len(names)}] {name}: {SUBJECTS[name].measures}")
            _add(content, name, peers, tell, alone=subject is not None)
    except KeyboardInterrupt:
        raise Interrupted(f"stopped at {name} ({number} of {len(names)}); what was measured before is kept") from None
    finally:
        content["machine"]["load_after"] = measuring.load()
        if save is not None:
            _write(save, content)
        content["kept"] = results.keep(content)
        tell(content["kept"])
    return content


def _add(content: dict[str, Any], name: str, peers: bool, tell: Callable[[str], None], alone: bool) -> None:
    """Measure one subject into the content; a fault of one does not cost the others."""
    try:
        for row in _measured(name, peers, tell):
            content["results"].append(row)
    except Exception as error:
        if alone:
            raise
        content["failed"][name] = f"{type(error).__name__}: {error}"
        tell(f"  {name} failed: {content['failed'][name]}")
        return
    content["complete"].append(name)


def _measured(name: str, peers: bool, tell: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    from benchmarks import growth, measuring

    rows = []
    for row in import_module(SUBJECTS[name].module).measure(peers=peers, tell=tell):
        rows.append(_filled(name, row, measuring.load()))
        tell(f"  {text(rows[-1])}")
        yield rows[-1]
    for row in growth.rows(rows):
        yield _filled(name, row, measuring.load())


def _filled(name: str, row: dict[str, Any], load: float) -> dict[str, Any]:
    """A row with every agreed field; `peer_ratios`: how many times as fast as each peer in the same run."""
    measured = datetime.now(UTC).isoformat(timespec="seconds")
    # through JSON, so that what is printed, saved and kept is the same and holds no arrays
    whole = {
        "subject": name,
        **DEFAULTS,
        "load": load,
        "measured": measured,
        **json.loads(json.dumps(row, default=float)),
    }
    if whole["peers"]:
        faster = whole["unit"].endswith("/s")
        whole["peer_ratios"] = {
            peer: whole["value"] / value if faster else value / whole["value"]
            for peer, value in whole["peers"].items()
            if peer.isidentifier() and value
        }
        whole["peers_measured"] = measured
    return whole


def _write(path: Path, content: dict[str, Any]) -> None:
    try:
        path.write_text(json.dumps(content, indent=1) + "\n")
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}; choose another --save") from None


def text(row: dict[str, Any]) -> str:
    """One result on one line."""
    size = f"{row['size']:,}" if isinstance(row["size"], int) else ""
    told = [f"{row['case']:<36} {size:>12} {row['value']:>10.4g} {row['unit']:<18} load {row['load']:.1f}"]
    if (row["threads"], row["dtype"]) != (DEFAULTS["threads"], DEFAULTS["dtype"]):
        told += [f"threads {row['threads']}", row["dtype"]]
    if row["peak_rss_mb"] is not None:
        told += [f"{row['peak_rss_mb']:.0f} MB"]
    if row["bytes_per_cell"] is not None:
        told += [f"{row['bytes_per_cell']:.0f} bytes/cell"]
    if row["share_of_limit"] is not None:
        told += [f"{row['share_of_limit']:.0%} of the limit"]
    told += [f"{ratio:.3g} x {peer}" for peer, ratio in row.get("peer_ratios", {}).items()]
    return "  ".join([*told, *([f"aim {row['limit']}"] if row.get("limit") else [])])


def bounds(rows: Sequence[dict[str, Any]]) -> list[str]:
    """What bounds the kernels of some rows, each case once, as the subjects say."""
    said = {row["case"]: row["bound"] for row in rows if row.get("bound")}
    return [f"{', '.join(case for case in said if said[case] == why)}: {why}" for why in dict.fromkeys(said.values())]


def lines(content: dict[str, Any]) -> list[str]:
    """Results as text."""
    return [
        f"machine: {json.dumps(content['machine'])}",
        *(f"{row['subject']:<18} {text(row)}" for row in content["results"]),
        *(f"bound by: {said}" for said in bounds(content["results"])),
        *(f"{name:<18} failed: {why}" for name, why in content["failed"].items()),
    ]
