"""A watchdog that names the layer that is slow or stuck."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

from twin.run import Twin


class Watchdog:
    """While entered, tells `report(layer, seconds, now_s)` once for every call of a layer longer than `limit_s`."""

    def __init__(self, twin: Twin, report: Callable[[str, float, int], None], limit_s: float = 30.0):
        self._twin, self._report, self._limit_s = twin, report, limit_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> Watchdog:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        told: tuple[str, float] | None = None
        while not self._stop.wait(self._limit_s / 4):
            busy = self._twin.busy
            if busy is None or busy == told:
                continue
            layer, begun = busy
            spent = time.perf_counter() - begun
            if spent > self._limit_s:
                told = busy
                self._report(layer, spent, self._twin.state.now_s)
