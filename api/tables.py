"""Listings of what the twin is made of: layers, levers, couplings, installation."""

from __future__ import annotations

import os
import platform
import shutil
from importlib import metadata, util
from pathlib import Path
from typing import Any

import layers as phenomena
from layers.couplings import COUPLINGS, LOOPS, ORDER, matrix, pairs
from scenarios.report.lever_names import lever_name
from scenarios.report.words import quantity_name, unit_name
from twin import params
from twin.contract import Layer, Var

JA = {
    "hazard": "気象・地盤",
    "damage": "地表・建物",
    "infrastructure": "インフラ",
    "people": "人",
    "evacuation": "避難",
    "logistics": "物資",
    "rescue": "救助",
    "government": "行政",
}

OPTIONAL = {"numba": "fast", "distributed": "cluster", "psycopg": "postgres"}


def layers() -> dict[str, Any]:
    """Every layer with models, needs, gives, series, stocks and parameters."""
    return {
        "layers": [
            {**_layer(phenomena.choose(name)), "models": list(phenomena.MODELS[name]), "title_ja": JA[name]}
            for name in ORDER
        ]
    }


def layers_text(content: dict[str, Any]) -> list[str]:
    """One line per layer."""
    return [
        f"{row['name']:<15} {row['title_ja']}  models {', '.join(row['models'])}; needs {len(row['needs'])}, "
        f"gives {len(row['gives'])}, series {len(row['series'])}, parameters {len(row['parameters'])}\n    {row['doc']}"
        for row in content["layers"]
    ]


def levers() -> dict[str, Any]:
    """Every lever of every layer; `lever` is what a countermeasure names, `target` what --set takes (or "")."""
    rows = []
    for name in ORDER:
        layer = phenomena.choose(name)
        rows += [
            {
                "lever": f"{name}.{lever.name}",
                "title_ja": lever_name(f"{name}.{lever.name}").ja,
                "title_en": lever_name(f"{name}.{lever.name}").en,
                "name": lever.name,
                "layer": name,
                "target": f"{name}.{lever.target}" if lever.target else "",
                "on": lever.on if not lever.target else "region",
                "withdraws": bool(lever.target) or lever.withdraws,
                "prepares": lever.prepares,
                "unit": lever.unit,
                "low": lever.low,
                "high": lever.high,
                "owner": lever.owner,
                "doc": lever.doc,
            }
            for lever in layer.levers
        ]
    return {"levers": rows}


def levers_text(content: dict[str, Any], lang: str) -> list[str]:
    """Two lines per lever: what it is called, and where, how far and by whom it is pulled."""
    return [
        f"{row['lever']:<42} {row[f'title_{lang}']}\n    {row['low']:g}–{row['high']:g} {row['unit']}, on {row['on']}, "
        f"by {row['owner']}: {row['doc']}"
        for row in content["levers"]
    ]


def couplings() -> dict[str, Any]:
    """Rows, directed pairs and loops of the coupling table."""
    return {
        "rows": [
            {
                "id": link.id,
                "source": link.source,
                "target": link.target,
                "reason": link.reason,
                "lag": link.lag,
                "transfer": link.transfer,
                "bites_in": link.bites_in,
            }
            for link in COUPLINGS
        ],
        "pairs": [list(pair) for pair in pairs()],
        "loops": [list(rows) for _, rows in LOOPS.values()],
    }


def matrix_markdown() -> list[str]:
    """The coupling matrix as a Markdown table: row = source, column = target, number of rows (the README shows it)."""
    count = matrix()
    head = "| from \\ to | " + " | ".join(ORDER) + " |"
    rule = "|---|" + "---|" * len(ORDER)
    body = [
        f"| {source} | " + " | ".join("–" if s == source else str(count[source][s] or "") for s in ORDER) + " |"
        for source in ORDER
    ]
    return [head, rule, *body]


def couplings_text(lang: str) -> list[str]:
    """Matrix, then loops, then rows."""
    lines = matrix_markdown()
    lines += ["", f"{len(pairs())} of 56 directed pairs, {len(COUPLINGS)} rows, {len(LOOPS)} closed loops", ""]
    lines += [f"loop {name}: {text}\n    " + " -> ".join(rows) for name, (text, rows) in LOOPS.items()]
    lines += ["", *(f"{link.id:<48} {'lag ' if link.lag else '    '}{link.reason}" for link in COUPLINGS)]
    return lines


def doctor(data_dir: Path) -> dict[str, Any]:
    """Installation, cores, disk, optional parts."""
    checks = [
        _check("python", platform.python_version_tuple() >= ("3", "11"), platform.python_version()),
        _check("cores", True, str(os.cpu_count())),
        _check("data folder", _writable(data_dir), str(data_dir)),
    ]
    place = next((p for p in (data_dir, *data_dir.parents) if p.exists()), Path.cwd())
    free_gb = shutil.disk_usage(place).free / 1e9
    checks.append(_check("free disk", free_gb > 1.0, f"{free_gb:.1f} GB (a run needs about 0.1)"))
    for package in (
        "numpy",
        "scipy",
        "mesa",
        "simpy",
        "shapely",
        "geopandas",
        "pyarrow",
        "fastapi",
        "pydantic",
        "typer",
        "sqlalchemy",
        "orjson",
    ):
        found = util.find_spec(package) is not None
        checks.append(_check(package, found, metadata.version(package) if found else "missing: pip install -e ."))
    for package, extra in OPTIONAL.items():
        found = util.find_spec(package) is not None
        checks.append(_check(package, True, metadata.version(package) if found else f"not there (extra `{extra}`)"))
    built = (Path(__file__).parent / "web" / "dist" / "index.html").is_file()
    checks.append(_check("page", True, "built" if built else "not built: needs Node.js when installing; API works"))
    return {"checks": checks, "ok": all(row["ok"] for row in checks)}


def _check(name: str, ok: bool, detail: str) -> dict[str, Any]:
    return {"name": name, "ok": bool(ok), "detail": detail}


def _writable(folder: Path) -> bool:
    existing = next((p for p in (folder, *folder.parents) if p.exists()), None)
    return existing is not None and os.access(existing, os.W_OK)


def _layer(layer: Layer) -> dict[str, Any]:
    rows = params.load(layer.params_file).rows
    return {
        "name": layer.name,
        "doc": (layer.doc or "").strip().splitlines()[0],
        "every_s": layer.every_s,
        "needs": [_var(var) for var in layer.needs],
        "gives": [_var(var) for var in layer.gives],
        "series": [
            {
                "quantity": s.name.removeprefix("reported."),
                "title_ja": quantity_name(s.name.removeprefix("reported.")).ja,
                "title_en": quantity_name(s.name.removeprefix("reported.")).en,
                "unit_ja": unit_name(s.name.removeprefix("reported."), s.unit).ja,
                "unit_en": unit_name(s.name.removeprefix("reported."), s.unit).en,
                "unit": s.unit,
                "kind": s.kind,
                "total": s.total,
                "doc": s.doc,
            }
            for s in layer.series
        ],
        "stocks": [{"name": stock.name, "unit": stock.unit} for stock in layer.stocks],
        "parameters": [
            {
                "name": row.name,
                "unit": row.unit,
                "status": row.status,
                "source": row.source,
                "low": row.low,
                "high": row.high,
            }
            for row in rows.values()
        ],
    }


def _var(var: Var) -> dict[str, str]:
    return {"name": var.name, "unit": var.unit, "on": var.on, "kind": var.kind, "doc": var.doc}
