"""The server from outside: simple reads, reads while a run is going, large frames, and the page in a browser.

A real `twin serve` in a process of its own, on loopback, with one finished run of the default region.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import yaml

from api.keys import new_key
from api.page import DIST
from benchmarks.loading import Target, fastest, latencies, percentiles_ms
from benchmarks.measuring import Tell, peak_rss_mb, silent, timed
from scenarios import read_scenario
from scenarios.execution import Plan, place_of
from scenarios.running import create
from twin import store
from twin.errors import StateError
from twin.frames import FrameSampler
from twin.units import HOUR_S

Row = dict[str, Any]
SCENARIO, MEMBERS, UNTIL = "kumamoto-2026", 2, "12h"
IDLE_S, CONNECTIONS, IDLE_AIM_PER_S = 5, 8, 1000
PACED_S, PACED_PER_S, PACED_CONNECTIONS, P99_AIM_MS = 10, 300, 32, 50
GOING_MEMBERS, GOING_UNTIL = 8, "72h"
# the water grid of the shipped coastal town made finer: 101,100 of its squares are land or within reach of the sea
FRAME_SCENARIO, FRAME_SQUARE_M, FRAME_QUANTITY, FRAME_AIM_MS = "coastal-town", 16.4, "hazard.water_depth_m", 100
FORMATS = ("binary", "json", "geojson", "parquet")
PAGE_AIM_S, PAGE_REPEATS, WINDOW = 3, 3, (1366, 768)
FLAGS = ("--no-sandbox", "--enable-unsafe-swiftshader", "--disable-gpu", "--disable-background-networking")
WHOLE_PICTURE = (".stage.ready", ".curve", ".event-list li")  # map, curve and events
COLOURS = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
  const canvas = document.querySelector('canvas.painting');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  done(new Set(new Uint32Array(data.buffer)).size);
})))"""
LEAST_COLOURS = 4  # ground, outlines and at least one class of values
PATIENCE_S = 120


class Server(NamedTuple):
    """A server that runs, with its process id."""

    host: str
    port: int
    key: str
    pid: int

    @property
    def target(self) -> Target:
        """What load is sent to."""
        return Target(self.host, self.port, self.key)

    def cpu_s(self) -> float:
        """Processor time the server has used so far, without its workers; 0 where the system does not tell."""
        stat = Path(f"/proc/{self.pid}/stat")
        ticks = stat.read_text().rpartition(")")[2].split()[11:13] if stat.exists() else ()
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")

    def open(self, path: str, body: Mapping[str, Any] | None = None) -> bytes:
        """Answer to a GET, or to a POST of a body."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        asked = urllib.request.Request(f"http://{self.host}:{self.port}/{path}", data, headers)
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
            content: bytes = answer.read()
            return content

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The same as JSON."""
        return dict(json.loads(self.open(path, body)))

    def begin(self, members: int, until: str, *statuses: str) -> str:
        """Id of a new run of the default region, once it has come to one of these statuses. Raises StateError."""
        run_id = str(self.ask("v1/runs", {"scenario": SCENARIO, "members": members, "until": until})["run_id"])
        for _ in range(PATIENCE_S * 5):
            run = self.ask(f"v1/runs/{run_id}")
            if run["status"] in statuses and run["progress"] > 0:
                return run_id
            time.sleep(0.2)
        raise StateError(f"run {run_id} is {run['status']} after {PATIENCE_S} s: {run['message']}")


@contextmanager
def served(data_dir: Path) -> Iterator[Server]:
    """A server with workers until the block ends. Raises StateError if it does not start."""
    key = new_key()[1]
    command = [sys.executable, "-m", "api.cli", "--data-dir", str(data_dir), "serve", "--port", "0", "--json"]
    environment = os.environ | {"TWIN_API_KEY": key, "PYTHONUNBUFFERED": "1"}
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=nowhere, text=True) as process:
        try:
            told = "".join(takewhile(lambda line: line != "}\n", process.stdout or ()))
            if not told:
                raise StateError("the server did not start; `twin serve` tells why")
            host, _, port = json.loads(told + "}")["api"].split("/")[2].rpartition(":")
            yield Server(host, int(port), key, process.pid)
        finally:
            process.terminate()


def measure(peers: bool = False, tell: Tell = silent) -> Iterator[Row]:
    """Reads per second, latencies in ms, seconds of the page; each row names its aim."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        with served(place) as server:
            tell(f"  {MEMBERS} members of {SCENARIO} over {UNTIL}")
            run_id = server.begin(MEMBERS, UNTIL, "done")
            yield from _with_memory(server, _idle(server, run_id, tell))
            yield from _with_memory(server, _busy(server, run_id, tell))
        with served(place) as server:
            yield from _with_memory(server, _page(server, run_id, tell))
        with served(place) as server:
            yield from _with_memory(server, _frames(server, place / "runs", tell))


def _with_memory(server: Server, rows: Iterable[Row]) -> Iterator[Row]:
    """Rows with the peak memory of the server so far, without its workers."""
    return ({**row, "peak_rss_mb": peak_rss_mb(server.pid)} for row in rows)


def _idle(server: Server, run_id: str, tell: Tell) -> Iterator[Row]:
    """Answers per second of three simple reads, nothing else going on."""
    if shutil.which("wrk") is None:
        tell("  wrk is not installed (Debian: apt install wrk): reads are asked by our own, slower client")
    for name, path in (("healthz", "healthz"), ("catalogue", "v1/scenarios"), ("run object", f"v1/runs/{run_id}")):
        before_s = server.cpu_s()
        per_s, client = fastest(server.target, path, IDLE_S, CONNECTIONS)
        yield {
            "case": f"{name}, idle, {CONNECTIONS} connections, {client}",
            "value": per_s,
            "unit": "reads/s",
            "limit": f"{IDLE_AIM_PER_S:,} reads/s",
            "cpu_ms_per_read": (server.cpu_s() - before_s) / (per_s * IDLE_S) * 1000,
        }


def mix(run_id: str, going: str) -> list[str]:
    """Paths of the paced reads: both run objects, a curve, and frames of several hours."""
    kept = f"v1/runs/{run_id}"
    frames = [f"{kept}/frames/damage.peak_intensity?at={hour}h&format=binary" for hour in (1, 6, 12)]
    curve = f"{kept}/series?quantity=evacuees_in_shelters&area=all"
    return [path for frame in frames for path in (kept, curve, frame, f"v1/runs/{going}")]


def _busy(server: Server, run_id: str, tell: Tell) -> Iterator[Row]:
    """Latency of a paced mix while the workers carry out a run; `first_s`: each path asked once before, one by one.

    Raises StateError if the run ended before the reads did.
    """
    tell(f"  {PACED_PER_S} reads/s for {PACED_S} s while {GOING_MEMBERS} members run")
    going = server.begin(GOING_MEMBERS, GOING_UNTIL, "running")
    paths, begun = mix(run_id, going), time.perf_counter()
    for path in dict.fromkeys(paths):
        server.open(path)
    first_s, before_s = time.perf_counter() - begun, server.cpu_s()
    latency_s = latencies(server.target, paths, PACED_PER_S, PACED_S, PACED_CONNECTIONS)
    cpu_ms = (server.cpu_s() - before_s) / len(latency_s) * 1000
    found = percentiles_ms(latency_s) | {"cpu_ms_per_read": cpu_ms, "first_s": first_s}
    if server.ask(f"v1/runs/{going}")["status"] != "running":
        raise StateError(f"the run of {GOING_MEMBERS} members ended before the reads did; give it more members")
    server.ask(f"v1/runs/{going}/cancel", {})
    case = f"{PACED_PER_S} reads/s while {GOING_MEMBERS} members run"
    yield {"case": f"{case}, p99", "value": found["p99_ms"], "unit": "ms", "limit": f"{P99_AIM_MS} ms", **found}
    yield {"case": f"{case}, median", "value": found["p50_ms"], "unit": "ms", **found}


def large_run(place: Path, square_m: float = FRAME_SQUARE_M) -> int:
    """Make the folder of a run with one frame of a fine water grid, `place/large-frame`; returns how many squares."""
    shipped = read_scenario(FRAME_SCENARIO)
    content = yaml.safe_load(Path(shipped.path).read_text(encoding="utf-8"))
    content["facts"] = str(shipped.facts_folder)
    content["terrain"]["square_m"] = square_m
    folder = place / "large-frame"
    folder.mkdir(parents=True)
    (folder / "scenario.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    scenario = read_scenario(str(folder / "scenario.yaml"))
    plan = Plan.make(scenario, HOUR_S)
    run = create(plan, scenario, folder, folder.name, status="done", digest="made")
    squares = len(place_of(plan)[1]["patch"])
    sampler = FrameSampler([FRAME_QUANTITY])
    layer, _, quantity = FRAME_QUANTITY.partition(".")
    depth_m = np.random.default_rng(1).gamma(0.5, 2.0, squares)
    sampler.add(HOUR_S, {layer: {quantity: depth_m}})
    store.write_table(sampler.take(), run.member_folder(0) / f"frames-{HOUR_S:09d}.arrow")
    return squares


def _frames(server: Server, runs: Path, tell: Tell) -> Iterator[Row]:
    """Milliseconds from the request to the last byte of a large frame; `first_s` with shapes and ids not made yet."""
    tell(f"  a finer water grid of {FRAME_SCENARIO}")
    squares = large_run(runs)
    for name in FORMATS:
        path = f"v1/runs/large-frame/frames/{FRAME_QUANTITY}?format={name}"
        begun = time.perf_counter()
        size_bytes = len(server.open(path))
        first_s = time.perf_counter() - begun
        timing, _ = timed(partial(server.open, path), repeats=5)
        yield {
            "case": f"frame, {name}",
            "size": squares,
            "value": timing.wall_s * 1000,
            "unit": "ms",
            "limit": f"{FRAME_AIM_MS} ms",
            "answer_bytes": size_bytes,
            "first_s": first_s,
            **timing.row,
        }


def _page(server: Server, run_id: str, tell: Tell) -> Iterator[Row]:
    """Seconds from navigation until map, curve and events stand, in a window of an office PC."""
    chromium = shutil.which("chromium")
    missing = {
        "chromium (Debian: apt install chromium)": chromium is None,
        "playwright (extra `test`)": find_spec("playwright") is None,
        "the built page (pip install builds it)": not (DIST / "index.html").is_file(),
    }
    if any(missing.values()):
        tell(f"  the page is left out; missing: {', '.join(name for name, gone in missing.items() if gone)}")
        return
    from playwright.sync_api import sync_playwright

    address = f"http://{server.host}:{server.port}/#key={server.key}&run={run_id}&t={6 * HOUR_S}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        try:
            window: Any = {"viewport": {"width": WINDOW[0], "height": WINDOW[1]}}
            first = _visit(browser.new_context(**window), address)
            yield _page_row("page, first visit to a fresh server", [first])
            contexts = [browser.new_context(**window) for _ in range(PAGE_REPEATS)]
            yield _page_row("page, empty cache", [_visit(context, address) for context in contexts])
            yield _page_row("page, warm cache", [_visit(context, address) for context in contexts])
        finally:
            browser.close()


def _page_row(case: str, seconds: list[tuple[float, float]]) -> Row:
    whole_s = [whole for _, whole in seconds]
    return {
        "case": case,
        "value": median(whole_s),
        "unit": "s",
        "limit": f"{PAGE_AIM_S} s",
        "map_s": median(map_s for map_s, _ in seconds),
        "wall_s": median(whole_s),
        "spread_s": max(whole_s) - min(whole_s),
        "repeats": len(seconds),
    }


def _visit(context: Any, address: str) -> tuple[float, float]:
    """Open the page in a new tab; seconds until the map is drawn, and until the whole picture stands."""
    page = context.new_page()
    begun = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(WHOLE_PICTURE[0])
    colours = page.evaluate(COLOURS)
    map_s = time.perf_counter() - begun
    for selector in WHOLE_PICTURE[1:]:
        page.wait_for_selector(selector)
    whole_s = time.perf_counter() - begun
    page.close()
    if colours < LEAST_COLOURS:
        raise StateError(f"the map was called ready with {colours} colours on it: nothing is drawn")
    return map_s, whole_s
