"""The page `results.md`: all subjects measured so far with date, machine and load; rewritten, never edited by hand.

`results.json` beside it holds the same figures; the page is made from it. Only the measured subjects are replaced.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import SUBJECTS, aims, bounds

Row = dict[str, Any]
Kept = dict[str, dict[str, Any]]  # subject -> machine, results
PAGE = Path(__file__).with_name("results.md")
STORE = Path(__file__).with_name("results.json")
HEAD = """# Results

Written by `twin bench`; do not edit. Speeds are meant as ratios in one run on one machine; the load stands beside every
figure. Wall time is the median of the repeats, spread the largest less the smallest of them. Memory is the peak of the
process while the row was measured, Python and libraries included. Beside peers: how many times as fast as the peer in
the same run, with its date where that was another one. Of the limit: share of what the machine can do at most, measured
in the same run: the memory bandwidth of one core, with two threads that of two processes at once; for shaking the rate
of matrix products; for a fork plain reading of the same files. Cycles each: of the clock as measured before, one core's
times the threads.
"""


def keep(content: Mapping[str, Any]) -> str:
    """Put what was measured into the page and its store; returns a line that says where, or why not.

    content: as `benchmarks.run` gives it. A subject that was not measured to the end keeps its other rows.
    """
    if not content["results"]:
        return "nothing was measured"
    try:
        kept = merged(_stored(), content)
        _replace(STORE, json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
        _replace(PAGE, page(kept))
    except OSError as error:
        return f"{PAGE.name} is left as it is, {PAGE.parent} cannot be written ({error.strerror}); use --save FILE"
    return f"written: {PAGE}"


def _stored() -> Kept:
    """What is kept so far; a store that cannot be read counts as empty, since it can be measured again."""
    try:
        return dict(json.loads(STORE.read_text())["subjects"]) if STORE.exists() else {}
    except (ValueError, KeyError, TypeError):
        return {}


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def identity(row: Row) -> tuple[Any, ...]:
    """What two measurements of the same thing share."""
    return tuple(row.get(name) for name in ("subject", "case", "size", "threads", "dtype"))


def merged(kept: Kept, content: Mapping[str, Any]) -> dict[str, Any]:
    """The store after a measurement, subjects in the order of the table."""
    subjects = {name: dict(one) for name, one in kept.items()}
    for name in dict.fromkeys(row["subject"] for row in content["results"]):
        fresh = [dict(row) for row in content["results"] if row["subject"] == name]
        old = kept.get(name)
        if old and _alike(old["machine"], content["machine"]):
            fresh = _with_old(fresh, old["results"], whole=name in content["complete"])
        subjects[name] = {"machine": content["machine"], "results": fresh}
        if name in content.get("took_s", {}):
            subjects[name]["took_s"] = content["took_s"][name]
    return {"subjects": {name: subjects[name] for name in SUBJECTS if name in subjects}}


def _alike(one: Row, other: Row) -> bool:
    return all(one.get(name) == other.get(name) for name in ("processor", "cores", "system"))


def _with_old(fresh: list[dict[str, Any]], old: Sequence[Row], whole: bool) -> list[dict[str, Any]]:
    """Fresh rows, with the peers of before where none ran now, and the rows of before that were not reached now."""
    before = {identity(row): row for row in old}
    for row in fresh:
        known = before.pop(identity(row), {})
        if not row["peers"] and known.get("peers"):
            row |= {name: known[name] for name in ("peers", "peer_ratios", "peers_measured") if name in known}
    return fresh if whole else fresh + [dict(row) for row in before.values()]


def page(kept: Mapping[str, Any]) -> str:
    """The whole page as Markdown; the same store gives the same text."""
    subjects = kept["subjects"]
    return HEAD + _picture(subjects) + "".join(_section(name, one) for name, one in subjects.items())


def _picture(subjects: Kept) -> str:
    """What holds and what does not, over all subjects, and what was never measured."""
    found = [aim for one in subjects.values() for aim in aims.of(one["results"])]
    missed = [aim for aim in found if not aim.met]
    absent = [name for name in SUBJECTS if name not in subjects]
    lines = [f"{len(found) - len(missed)} of {len(found)} aims met."] if found else []
    lines += ["Missed:\n", *(_item(f"{aim.subject}: ", aim) for aim in missed)] if missed else []
    lines += [f"\nNot measured yet: {', '.join(absent)}."] if absent else []
    return "\n".join(["\n## The whole picture\n", *lines]) + "\n"


def _item(before: str, aim: aims.Aim) -> str:
    remark = f" ({aim.remark})" if aim.remark else ""
    return f"- {before}{aim.what}: {aims.measured(aim)}, aim {aims.wanted(aim)}{remark}"


def _section(name: str, one: Mapping[str, Any]) -> str:
    machine, rows = one["machine"], one["results"]
    what = SUBJECTS[name].measures
    plain = [row for row in rows if row["unit"] != "exponent"]
    growth = [
        f"- {row['case']} ({row['threads']} thread, {row['dtype']}): size to the power {row['value']:.2f}, "
        f"{row['sizes'][0]:,} to {row['sizes'][-1]:,}"
        for row in rows
        if row["unit"] == "exponent"
    ]
    parts = [f"\n## {name}\n", f"{what[0].upper()}{what[1:]}.\n", f"{_machine(machine)}{_took(one)}\n", _table(plain)]
    judged = [f"{_item('', aim)}: {'met' if aim.met else '**missed**'}" for aim in aims.of(plain)]
    said = [f"- {line}" for line in bounds(plain)]
    for title, items in (("Aims:", judged), ("Bound by:", said), ("Growth of wall time:", growth)):
        parts += [f"\n{title}\n", *items] if items else []
    return "\n".join(parts) + "\n"


def _machine(machine: Row) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    clock = f" at {machine['clock_ghz']} GHz" if machine.get("clock_ghz") else ""
    return (
        f"{machine['processor']}{clock}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}, "
        f"Python {machine['python']}, {packages}; load {machine['load']} before, {machine['load_after']} after."
    )


def _took(one: Mapping[str, Any]) -> str:
    return f" Took {one['took_s'] / 60:.1f} min." if one.get("took_s") else ""


COLUMNS: dict[str, Callable[[Row], str]] = {
    "case": lambda row: row["case"],
    "size": lambda row: "" if row["size"] is None else f"{row['size']:,}",
    "threads": lambda row: str(row["threads"]),
    "type": lambda row: row["dtype"],
    "value": lambda row: f"{_number(row['value'])} {row['unit']}",
    "aim": lambda row: str(row.get("limit") or ""),
    "wall time": lambda row: "" if row["wall_s"] is None else f"{_number(row['wall_s'])} s",
    "spread": lambda row: "" if row.get("spread_s") is None else f"{_number(row['spread_s'])} s",
    "memory": lambda row: "" if row["peak_rss_mb"] is None else f"{row['peak_rss_mb']:.0f} MB",
    "bytes per cell": lambda row: "" if row["bytes_per_cell"] is None else f"{row['bytes_per_cell']:.0f}",
    "of the limit": lambda row: _share(row),
    "cycles each": lambda row: f"{row['cycles_each']:.3g}" if row.get("cycles_each") else "",
    "beside peers": lambda row: _peers(row),
    "load": lambda row: f"{row['load']:.1f}",
    "measured": lambda row: row["measured"][:10],
}


def _table(rows: Sequence[Row]) -> str:
    """A Markdown table of the columns that hold something."""
    cells = {name: [show(row) for row in rows] for name, show in COLUMNS.items()}
    used = {name: column for name, column in cells.items() if any(column)}
    head = f"| {' | '.join(used)} |\n|{'---|' * len(used)}"
    return "\n".join([head, *(f"| {' | '.join(values)} |" for values in zip(*used.values(), strict=True))])


def _number(value: float) -> str:
    """Three figures that count, large numbers with commas."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _share(row: Row) -> str:
    if row["share_of_limit"] is None:
        return ""
    return f"{row['share_of_limit']:.0%}" + (f" of {row['limit_of']}" if row.get("limit_of") else "")


def _peers(row: Row) -> str:
    ratios = ", ".join(f"{ratio:.3g} x {peer}" for peer, ratio in row.get("peer_ratios", {}).items())
    other_run = ratios and row["peers_measured"] != row["measured"]
    return f"{ratios} ({row['peers_measured'][:10]})" if other_run else ratios
