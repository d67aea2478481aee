"""The benchmark suite: one module per subject; `twin bench [SUBJECT]` runs it and prints the machine and its load.

measuring    warm-up, repeats, memory, the machine;   limits      what the machine can do at most
growth       exponent of wall time with size;         aims        what was aimed at: met or missed
results      `results.md`, rewritten by the command;  comparison  two measurements beside each other
"""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from twin.errors import Interrupted, ScenarioError, StoreError


@dataclass(frozen=True)
class Subject:
    """module: holds `measure(peers, tell)`, which yields rows, and is imported only when asked for.

    minutes: about how long it takes on two quiet cores, without peers. study: an experiment with the model rather than
    a measurement of speed; not part of the whole picture, all of them together are called `studies`.
    """

    module: str
    measures: str
    minutes: float = 0.5
    study: bool = False


STUDIES = "studies"
SUBJECTS = {
    "start-up": Subject("benchmarks.start_up", "seconds until the command line has answered"),
    "coupling-overhead": Subject("benchmarks.coupling_overhead", "milliseconds per step spent outside the layers", 1),
    "whole-run": Subject("benchmarks.whole_run", "seconds and memory of the shipped scenarios in one process", 2),
    "fork": Subject("benchmarks.fork", "seconds from a snapshot on disk to the end of the first step after it"),
    "people": Subject("benchmarks.people", "persons moved on per second by the people layer"),
    "missions": Subject("benchmarks.missions", "missions per second beside plain SimPy models"),
    "routing": Subject("benchmarks.routing", "nodes per second of the nearest facility and of all ways"),
    "shallow-water": Subject(
        "benchmarks.shallow_water", "element updates per second of both shallow-water forms, and the memory limit", 2.5
    ),
    "shaking": Subject("benchmarks.shaking", "conditional shaking and correlated realisations", 1),
    "damage": Subject("benchmarks.damage", "fragility and casualties of many buildings", 1),
    "hazard-cache": Subject("benchmarks.hazard_cache", "seconds a second run pays for sea and river", 1),
    "inundation": Subject("benchmarks.inundation", "three hours of tsunami over a town", 2.5),
    "api": Subject(
        "benchmarks.api",
        "reads per second, latencies while a run is going, large frames and the page in a browser",
        2,
    ),
    "what-if": Subject("benchmarks.what_if", "seconds to the first and to 30 paired answers of a what-if", 4),
    "pairing": Subject("benchmarks.pairing", "how much variance pairing saves in a what-if", 3, study=True),
    "rank": Subject(
        "benchmarks.rank", "how often the chosen countermeasure is right, and the members it takes", 4, study=True
    ),
    "early-evacuation": Subject(
        "benchmarks.early_evacuation",
        "deaths when people leave at once, and when the order comes earlier",
        10,
        study=True,
    ),
    "coupling-effects": Subject(
        "benchmarks.coupling_effects", "paired ensemble: what each pair and loop moves", 12, study=True
    ),
    "step-size": Subject(
        "benchmarks.step_size", "change of the headline series when every step is halved", 1, study=True
    ),
}
NOT_BY_CLOCK = ("reads/s", "simulated s/s")  # cycles of one answer or second say nothing
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


def chosen(subjects: Sequence[str]) -> list[str]:
    """Names of the subjects meant: all that measure speed when none is given; `studies` stands for all studies.

    Raises ScenarioError for an unknown one.
    """
    groups = {True: [name for name, one in SUBJECTS.items() if one.study]}
    groups[False] = [name for name in SUBJECTS if name not in groups[True]]
    unknown = [name for name in subjects if name not in (*SUBJECTS, STUDIES)]
    if unknown:
        raise ScenarioError(f"no benchmark '{unknown[0]}'; there are {', '.join(SUBJECTS)}, and {STUDIES}")
    named = [one for name in subjects for one in (groups[True] if name == STUDIES else [name])]
    return list(dict.fromkeys(named)) or groups[False]


def run(
    *subjects: str,
    peers: bool = False,
    tell: Callable[[str], None] = lambda text: None,
    save: Path | None = None,
) -> dict[str, Any]:
    """Measure some subjects, or all that measure speed; each is kept in `results.md` as soon as it is measured.

    subjects: as for `chosen`. save: where to write the same content as JSON. Returns machine, results, aims (each with
    `met`), complete (subjects measured to the end), took_s (by subject), failed (subject -> why; one subject alone
    raises) and kept (where figures were put). Raises ScenarioError for an unknown subject, StoreError when `save`
    cannot be written, Interrupted on Ctrl-C or SIGTERM, with the rows measured so far kept.
    """
    from benchmarks import measuring

    names = chosen(subjects)
    content: dict[str, Any] = {"machine": measuring.machine(), "results": [], "aims": [], "complete": []}
    content |= {"took_s": {}, "failed": {}}
    if save is not None:
        _write(save, content)
    minutes = sum(SUBJECTS[name].minutes for name in names)
    tell(f"{len(names)} of {len(SUBJECTS)} subjects, about {minutes:.0f} min on two quiet cores without peers")
    for number, name in enumerate(names, 1):
        tell(f"[{number}/{len(names)}] {name}: {SUBJECTS[name].measures}; about {SUBJECTS[name].minutes:g} min")
        try:
            with _ended_as_by_ctrl_c():
                _add(content, name, peers, tell, alone=len(names) == 1)
        except (KeyboardInterrupt, Interrupted):  # the latter by members at work when it came
            left = " ".join(names[number - 1 :])
            text = f"stopped at {name} ({number} of {len(names)}); what was measured before is kept"
            raise Interrupted(f"{text}; go on with `twin bench {left}`") from None
        finally:
            _keep(content, save)
    tell(content["kept"])
    return content


@contextmanager
def _ended_as_by_ctrl_c() -> Iterator[None]:
    """While inside, SIGTERM lets servers and workers end and rows be kept, too; only in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _keep(content: dict[str, Any], save: Path | None) -> None:
    """Put what was measured so far on disk."""
    from benchmarks import aims, measuring, results

    content["machine"]["load_after"] = measuring.load()
    content["aims"] = [one.fields for one in aims.of(content["results"])]
    if save is not None:
        _write(save, content)
    content["kept"] = results.keep(content)


def _add(content: dict[str, Any], name: str, peers: bool, tell: Callable[[str], None], alone: bool) -> None:
    """Measure one subject into the content; a fault of one does not cost the others."""
    begun = time.perf_counter()
    try:
        for row in _measured(name, peers, tell, content["machine"].get("clock_ghz")):
            content["results"].append(row)
    except Interrupted:
        raise
    except Exception as error:
        if alone:
            raise
        content["failed"][name] = f"{type(error).__name__}: {error}"
        tell(f"  {name} failed: {content['failed'][name]}")
        return
    content["complete"].append(name)
    content["took_s"][name] = round(time.perf_counter() - begun, 1)


def _measured(
    name: str, peers: bool, tell: Callable[[str], None], clock_ghz: float | None = None
) -> Iterator[dict[str, Any]]:
    """Rows of a subject and their growth; memory is the peak of this process while a row was measured.

    A row that knows better has a figure of its own; studies work in other processes.
    """
    from benchmarks import growth, measuring

    rows = []
    measuring.restart_peak()
    for row in import_module(SUBJECTS[name].module).measure(peers=peers, tell=tell):
        peak_rss_mb = None if SUBJECTS[name].study else measuring.peak_rss_mb()
        rows.append(_filled(name, {"peak_rss_mb": peak_rss_mb, **row}, measuring.load()))
        if clock_ghz and rows[-1]["unit"].endswith("/s") and rows[-1]["unit"] not in NOT_BY_CLOCK:
            rows[-1]["cycles_each"] = rows[-1]["threads"] * clock_ghz * 1e9 / rows[-1]["value"]
        tell(f"  {text(rows[-1])}")
        yield rows[-1]
        measuring.restart_peak()
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
        told += [f"{row['share_of_limit']:.0%} of the {row.get('limit_of', 'limit')}"]
    if row.get("cycles_each"):
        told += [f"{row['cycles_each']:.3g} cycles each"]
    told += [f"{ratio:.3g} x {peer}" for peer, ratio in row.get("peer_ratios", {}).items()]
    return "  ".join([*told, *([f"aim {row['limit']}"] if row.get("limit") else [])])


def bounds(rows: Sequence[dict[str, Any]]) -> list[str]:
    """What bounds the kernels of some rows, each case once, as the subjects say."""
    said = {row["case"]: row["bound"] for row in rows if row.get("bound")}
    return [f"{', '.join(case for case in said if said[case] == why)}: {why}" for why in dict.fromkeys(said.values())]


def lines(content: dict[str, Any]) -> list[str]:
    """Results as text."""
    from benchmarks import aims

    return [
        f"machine: {json.dumps(content['machine'])}",
        *(f"{row['subject']:<18} {text(row)}" for row in content["results"]),
        *(f"bound by: {said}" for said in bounds(content["results"])),
        *(f"aim {aims.told(one)}" for one in aims.of(content["results"])),
        *(f"{name:<18} failed: {why}" for name, why in content["failed"].items()),
    ]
