"""The subject `api`: its load clients on a small server of their own, what wrk prints, and the large frame."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np
import pytest

from api.readings import find, frame
from benchmarks import api, loading
from twin.errors import StateError

WRK = """Running 5s test @ http://127.0.0.1:8765/healthz
  1 threads and 8 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     7.90ms    1.20ms  20.11ms   90.10%
  5061 requests in 5.00s, 1.02MB read
Requests/sec:   1012.15
Transfer/sec:    209.55KB
"""


@contextmanager
def answering(status: int = 200, stall_s: float = 0.0) -> Iterator[tuple[loading.Target, list[str]]]:
    """A server that answers every GET with this status, the first one late; yields where, and the paths asked."""
    asked: list[str] = []
    ready, loop = threading.Event(), asyncio.new_event_loop()
    port: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                asked.append(head.split(b" ")[1].decode())
                await asyncio.sleep(stall_s if len(asked) == 1 else 0)
                writer.write(b"HTTP/1.1 %d told\r\nContent-Length: 5\r\n\r\nhello" % status)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def live() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port.append(server.sockets[0].getsockname()[1])
        ready.set()
        async with server:
            await stop.wait()
            still = asyncio.all_tasks() - {asyncio.current_task()}
            for task in still:
                task.cancel()
            await asyncio.gather(*still, return_exceptions=True)

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(live()))
    thread.start()
    ready.wait()
    yield loading.Target("127.0.0.1", port[0], "secret"), asked
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


def test_every_paced_request_is_asked_once_and_in_turn():
    with answering() as (target, asked):
        found = loading.paced(*target, ["a", "b?x=1"], per_s=400, seconds=0.2, connections=4)
    assert (len(found.latency_s), found.failed) == (80, 0)
    assert sorted(asked) == ["/a"] * 40 + ["/b?x=1"] * 40


def test_a_stall_counts_for_all_that_were_due_meanwhile():
    stall_s = 0.2
    with answering(stall_s=stall_s) as (target, _):
        found = loading.paced(*target, ["a"], per_s=100, seconds=0.15, connections=1)
    due_s = np.arange(15) / 100
    assert (np.array(found.latency_s) >= stall_s - due_s - 1e-3).all()


def test_what_is_never_answered_counts_with_the_time_waited(monkeypatch):
    monkeypatch.setattr(loading, "LATE_S", 0.1)
    with answering(stall_s=0.6) as (target, _):
        found = loading.paced(*target, ["a"], per_s=50, seconds=0.2, connections=1)
    assert len(found.latency_s) == 10
    assert min(found.latency_s) >= 0.1


def test_refused_requests_are_counted_and_their_speed_is_not_told(monkeypatch):
    with answering(status=429) as (target, _):
        found = loading.greedy(*target, "a", seconds=0.1, connections=2)
        assert found.failed == len(found.latency_s) > 0
        monkeypatch.setattr(loading.shutil, "which", lambda name: None)
        monkeypatch.setattr(loading, "in_child", lambda module, name, *given: (getattr(loading, name)(*given), 0.0))
        with pytest.raises(StateError, match="requests failed"):
            loading.fastest(target, "a", 0.05, 1)


def test_without_wrk_our_own_client_asks(monkeypatch):
    monkeypatch.setattr(loading.shutil, "which", lambda name: None)
    monkeypatch.setattr(loading, "in_child", lambda module, name, *given: (getattr(loading, name)(*given), 0.0))
    with answering() as (target, asked):
        per_s, client = loading.fastest(target, "healthz", 0.1, 2)
    assert (client, set(asked)) == (loading.OWN, {"/healthz"})
    assert 0 < per_s <= len(asked) / 0.1


def test_what_wrk_prints_is_read():
    assert loading.read_wrk(WRK) == (1012.15, 0)
    bad = "  Socket errors: connect 0, read 2, write 0, timeout 1\n  Non-2xx or 3xx responses: 40\n"
    assert loading.read_wrk(bad + WRK) == (1012.15, 43)
    with pytest.raises(StateError, match="unable to connect"):
        loading.read_wrk("unable to connect to 127.0.0.1:9")


def test_percentiles_are_latencies_that_were_seen():
    found = loading.percentiles_ms(np.arange(1, 101) / 1000)
    assert found == pytest.approx({"p50_ms": 51.0, "p99_ms": 100.0, "most_ms": 100.0})


def test_the_large_frame_can_be_read_as_of_any_run(tmp_path):
    squares = api.large_run(tmp_path / "runs", square_m=100.0)
    run = find(tmp_path, "large-frame")
    found = frame(run, api.FRAME_QUANTITY)
    assert (run.done, found.header["on"], found.header["count"]) == (True, "patch", squares)
    assert np.isfinite(found.values).all()
    assert found.values.max() > 0
