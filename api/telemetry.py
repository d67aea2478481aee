"""What the server tells about itself: one JSON log line per request on stderr, and figures for Prometheus."""

from __future__ import annotations

import re
import secrets
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.audit import route_of
from api.problems import as_problem
from api.schemas import RUN_ID

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
CSP_OF_DATA = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Content-Security-Policy": CSP_OF_DATA,
}


class _Stderr:
    """Whatever stderr is at the moment; a log nobody reads any more must not cost a request."""

    def info(self, line: str) -> None:
        """Write one line."""
        with suppress(OSError, ValueError):
            sys.stderr.write(line + "\n")

    error = warning = info


def make_log() -> Any:
    """A logger of JSON lines on stderr with time in UTC and level; it changes no global set-up."""
    return structlog.wrap_logger(
        _Stderr(),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=lambda value, **_: orjson.dumps(value, default=str).decode()),
        ],
    )


class JobFigures(NamedTuple):
    """What the queue holds: jobs by (kind, state), wall seconds since those under way began, workers alive."""

    counts: Mapping[tuple[str, str], int] = MappingProxyType({})
    running_s: float = 0.0
    workers: int = 0


class Figures:
    """Counts of one server, in a registry of its own."""

    def __init__(self, jobs: Callable[[], JobFigures] = lambda: JobFigures()):
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "twin_http_requests", "requests answered", ("route", "method", "status"), registry=self.registry
        )
        self.latency_s = Histogram(
            "twin_http_request_seconds",
            "time until an answer was sent whole",
            ("route", "method"),
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self.streams = Gauge("twin_sse_clients", "progress streams that are open", registry=self.registry)
        self.registry.register(_JobCollector(jobs))

    def answered(self, route: str, method: str, status: int, spent_s: float) -> None:
        """Count one answer."""
        method = method if method in METHODS else "other"
        self.requests.labels(route, method, str(status)).inc()
        self.latency_s.labels(route, method).observe(spent_s)


class _JobCollector(Collector):
    """Jobs by kind and state, and workers alive, asked from the job store whenever the figures are read."""

    def __init__(self, jobs: Callable[[], JobFigures]):
        self._jobs = jobs

    def collect(self) -> Iterator[GaugeMetricFamily]:
        found = self._jobs()
        jobs = GaugeMetricFamily("twin_jobs", "jobs by kind and state", labels=("kind", "state"))
        for (kind, state), count in sorted(found.counts.items()):
            jobs.add_metric([kind, state], float(count))
        yield jobs
        yield GaugeMetricFamily("twin_jobs_running_seconds", "age of the jobs under way, summed", found.running_s)
        yield GaugeMetricFamily("twin_workers_alive", "worker processes that live", found.workers)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        return iter(())


class Telemetry:
    """ASGI middleware, outermost: request id, security headers, log line, figures, and the last net for faults."""

    def __init__(self, app: ASGIApp, log: Any, figures: Figures):
        self.app, self.log, self.figures = app, log, figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request; a fault nobody foresaw becomes a 500 that tells only the request id."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 0
        state = scope.setdefault("state", {})
        state["request_id"] = request_id = _request_id(scope)

        async def telling(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self.app(scope, receive, telling)
        except Exception as error:
            self.log.error("fault", request_id=request_id, trace="".join(traceback.format_exception(error)))
            if status == 0:
                await as_problem(RuntimeError()).response(scope)(scope, receive, telling)
        finally:
            self._tell(scope, status, time.perf_counter() - begun)

    def _tell(self, scope: Scope, status: int, spent_s: float) -> None:
        state, route = scope["state"], route_of(scope)
        self.figures.answered(route, scope["method"], status, spent_s)
        who = state.get("who")
        line = {
            "request_id": state["request_id"],
            "run_id": _run_id(scope) or state.get("audit", {}).get("run_id"),
            "key_id": who.key_id if who else None,
            "method": scope["method"],
            "route": route,
            "status": status,
            "duration_s": round(spent_s, 6),
            "audit_hash": state.get("audit_hash"),
        }
        self.log.info("request", **{name: value for name, value in line.items() if value is not None})


def _run_id(scope: Scope) -> str | None:
    """The run a path names; nothing that only stands in its place, for that may be a secret or of any length."""
    text = str(scope.get("path_params", {}).get("run_id", ""))
    return text if re.fullmatch(RUN_ID, text) else None


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text = value.decode("latin-1")
            if REQUEST_ID.fullmatch(text):
                return str(text)
    return secrets.token_hex(8)
