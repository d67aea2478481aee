"""HTTP load on loopback: as fast as answers come, or paced.

The paced client is open-loop: request k is due at k / rate, and its latency counts from then, also while every
connection still waits for an earlier answer. A client that waits for its turn would hide each stall of the server.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count, takewhile
from typing import Any, NamedTuple

import numpy as np

from benchmarks.measuring import in_child
from twin.errors import StateError

OWN, WRK = "own client", "wrk"
LATE_S = 3.0  # after the last request was due nothing is waited for any longer
CONNECT_S = 5.0
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Target(NamedTuple):
    """Where a server listens and the key it wants."""

    host: str
    port: int
    key: str

    def request(self, path: str) -> bytes:
        """A GET on a connection that stays open; path without its first slash."""
        lines = (f"GET /{path} HTTP/1.1", f"Host: {self.host}:{self.port}", f"Authorization: Bearer {self.key}")
        return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


class Answers(NamedTuple):
    """What came back. latency_s: of each request from the moment it was due; failed: answers that were not 2xx or 3xx,
    and connections that broke; wall_s: from the first request to the last answer."""

    latency_s: list[float]
    failed: int
    wall_s: float


def fastest(target: Target, path: str, seconds: int, connections: int) -> tuple[float, str]:
    """Answers per second to one path, asked again on each connection as soon as it was answered, and which client.

    The client is wrk where it is installed, else our own, which is slower. Raises StateError for a failed answer.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        told, _ = in_child(__name__, "greedy", *target, path, seconds, connections)
        found = Answers(*told)
        _refuse_failed(found.failed, path)
        return len(found.latency_s) / found.wall_s, OWN
    how = ["-t", "1", "-c", str(connections), "-d", str(seconds), "-H", f"Authorization: Bearer {target.key}"]
    command = [wrk, *how, f"http://{target.host}:{target.port}/{path}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 20)
    per_s, failed = read_wrk(done.stdout)
    _refuse_failed(failed, path)
    return per_s, WRK


def read_wrk(text: str) -> tuple[float, int]:
    """Requests per second and failed ones out of what wrk prints. Raises StateError if it prints none."""
    rate = re.search(r"^Requests/sec:\s+([\d.]+)", text, re.MULTILINE)
    if rate is None:
        raise StateError(f"wrk gave no result: {text.strip()[-200:]}")
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    numbers = [*(refused.groups() if refused else ()), *(broken.groups() if broken else ())]
    return float(rate[1]), sum(map(int, numbers))


def latencies(target: Target, paths: Sequence[str], per_s: int, seconds: int, connections: int) -> np.ndarray:
    """Latency of every request of a paced mix, seconds from the moment it was due; client in a process of its own.

    Raises StateError for a failed answer.
    """
    told, _ = in_child(__name__, "paced", *target, list(paths), per_s, seconds, connections)
    found = Answers(*told)
    _refuse_failed(found.failed, ", ".join(paths))
    return np.array(found.latency_s)


def _refuse_failed(failed: int, what: str) -> None:
    if failed:
        raise StateError(f"{failed} requests failed, so their speed says nothing: {what}")


def greedy(host: str, port: int, key: str, path: str, seconds: float, connections: int) -> Answers:
    """Ask one path again and again on so many connections."""
    request = Target(host, port, key).request(path)

    def due(elapsed_s: Callable[[], float]) -> Iterator[tuple[float, bytes]]:
        return ((at_s, request) for at_s in takewhile(lambda at_s: at_s < seconds, (elapsed_s() for _ in count())))

    return asyncio.run(_load((host, port), due, seconds + LATE_S, connections))


def paced(
    host: str, port: int, key: str, paths: Sequence[str], per_s: float, seconds: float, connections: int
) -> Answers:
    """Ask these paths in turn at a steady rate, whatever the server does."""
    requests = [Target(host, port, key).request(path) for path in paths]

    def due(elapsed_s: Callable[[], float]) -> Iterator[tuple[float, bytes]]:
        return ((number / per_s, requests[number % len(requests)]) for number in range(round(per_s * seconds)))

    return asyncio.run(_load((host, port), due, seconds + LATE_S, connections))


async def _load(
    address: tuple[str, int], due: Callable[..., Iterator[tuple[float, bytes]]], most_s: float, connections: int
) -> Answers:
    """Send each request when it is due on the first connection that is free.

    due: given the elapsed seconds, yields the second each request is due at, ascending, and its bytes. What is not
    answered after `most_s` counts with the time waited until then.
    """
    streams = [await asyncio.wait_for(asyncio.open_connection(*address), CONNECT_S) for _ in range(connections)]
    begun = time.perf_counter()

    def elapsed_s() -> float:
        return time.perf_counter() - begun

    queue, failed, latency_s, open_s = due(elapsed_s), 0, [], dict[int, float]()

    async def ask(number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal failed
        for due_s, request in queue:
            open_s[number] = due_s
            await asyncio.sleep(due_s - elapsed_s())
            writer.write(request)
            status = await _status(reader)
            failed += not 200 <= status < 400
            latency_s.append(elapsed_s() - open_s.pop(number))

    asking = [asyncio.create_task(ask(number, *stream)) for number, stream in enumerate(streams)]
    done, waiting = await asyncio.wait(asking, timeout=most_s)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    failed += sum(task.exception() is not None for task in done)
    wall_s = elapsed_s()
    if waiting:
        latency_s += [wall_s - due_s for due_s in (*open_s.values(), *(due_s for due_s, _ in queue)) if due_s < wall_s]
    for _, writer in streams:
        writer.close()
    await asyncio.gather(*(writer.wait_closed() for _, writer in streams), return_exceptions=True)
    return Answers(latency_s, failed, wall_s)


async def _status(reader: asyncio.StreamReader) -> int:
    """Status of the next answer, once its body is read too. Raises ConnectionError for one without a length."""
    head = await reader.readuntil(b"\r\n\r\n")
    status, length = int(head.split(b" ", 2)[1]), LENGTH.search(head)
    if length is None and status not in (204, 304):
        raise ConnectionError("an answer without Content-Length")
    if length is not None:
        await reader.readexactly(int(length[1]))
    return status


def percentiles_ms(latency_s: np.ndarray) -> dict[str, Any]:
    """Median, 99th percentile and largest latency, milliseconds."""
    p50_ms, p99_ms, most_ms = np.quantile(latency_s, (0.5, 0.99, 1.0), method="higher") * 1000
    return {"p50_ms": float(p50_ms), "p99_ms": float(p99_ms), "most_ms": float(most_ms)}
