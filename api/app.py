"""The web application: middlewares, routes and the parts they share, put together from settings."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from threading import Thread
from typing import Any

from anyio import to_thread
from fastapi import FastAPI

from api import geometry, ogc, problems
from api.audit import AuditLog, Recorder
from api.jobs import JobStore, Supervisor
from api.jobs.supervisor import lanes_for
from api.keys import Gate, KeyFile, Keyring
from api.limits import BodyGuard, HostGuard
from api.openapi import described
from api.page import page_router
from api.routes import Fresh, catalogue, forks, health, keys, progress, results, runs
from api.settings import Settings
from api.shelf import Shelf
from api.submissions import Desk
from api.telemetry import Figures, JobFigures, Telemetry, make_log
from twin.errors import StoreError, TwinError

ROUTERS = (
    runs.router,
    catalogue.router,
    forks.router,
    results.router,
    progress.router,
    keys.router,
    health.router,
    ogc.router,
)
DEFAULT_SCENARIO, FIRST_SHAPES = "kumamoto-2026", ("municipality", "cell", "road")


def create_app(settings: Settings, jobs: JobStore | None = None, supervise: bool = False) -> FastAPI:
    """The application. jobs: a job store that is open already; supervise: start workers with the server, and stop them.

    Raises a TwinError if the database of jobs cannot be opened or the data folder cannot be written.
    """
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the data folder {settings.data_dir} cannot be made: {error.strerror}") from None
    app = FastAPI(
        title="disaster-twin",
        lifespan=_lifespan(settings, supervise, jobs is None),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    state, log = app.state, make_log()
    state.settings, state.log = settings, log
    state.jobs = jobs or JobStore(settings.jobs_url)
    state.supervisor, state.streams, state.stopping = None, 0, False
    state.alive = lambda: len(state.supervisor.pids()) if state.supervisor else 0
    state.keys = KeyFile(settings.data_dir)
    state.audit = AuditLog(settings.data_dir / "audit.log", log.error)
    state.fresh = Fresh()
    state.shelf = Shelf(settings, state.jobs)
    state.shelf.changed = state.fresh.clear
    state.desk = Desk(settings, state.shelf)
    state.catalogue, state.comparisons = catalogue.Catalogue(), forks.Comparisons()
    state.figures = Figures(lambda: _job_figures(state))
    problems.install(app)
    _guard(app)
    for router in ROUTERS:
        app.include_router(router)
    app.include_router(page_router())
    app.openapi = lambda: described(app)  # type: ignore[method-assign]
    return app


def _guard(app: FastAPI) -> None:
    """Middlewares; the one added last is outermost."""
    state, settings = app.state, app.state.settings
    keyring = Keyring(state.keys, settings.environment_key, settings.session_key)
    app.add_middleware(Recorder, log=state.audit, warn=state.log.error)
    app.add_middleware(BodyGuard, body_bytes=settings.limits.body_bytes, depth=settings.limits.depth)
    app.add_middleware(Gate, keyring=keyring)
    app.add_middleware(HostGuard, hosts=settings.hosts)
    app.add_middleware(Telemetry, log=state.log, figures=state.figures)


def _lifespan(settings: Settings, supervise: bool, own_store: bool) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if supervise:
            app.state.supervisor = Supervisor(
                settings.data_dir, settings.jobs_url, settings.scheduler, lanes=lanes_for(settings.workers)
            )
            await to_thread.run_sync(app.state.supervisor.start)
            Thread(target=_draw_ahead, args=(app.state,), daemon=True).start()
        try:
            yield
        finally:
            app.state.stopping = True
            if app.state.supervisor is not None:
                await to_thread.run_sync(app.state.supervisor.stop)
            if own_store:
                app.state.jobs.close()

    return lifespan


def _draw_ahead(state: Any) -> None:
    """Make the shapes a first visitor will look at: those of the newest run's place, else of the default one."""
    with suppress(TwinError):  # whoever asks for them is told what is wrong
        newest = state.shelf.page(1, None)[0]
        path = geometry.shipped_path(newest[0]["scenario"] if newest else DEFAULT_SCENARIO)
        for on in FIRST_SHAPES:
            _ = geometry.geometry(path, on).etag


def _job_figures(state: Any) -> JobFigures:
    """Figures of the queue; none where the database does not answer, for then /readyz tells."""
    try:
        running = state.jobs.page(1000, state="running")[0]
        age_s = sum(max(time.time() - (job.started or job.created), 0.0) for job in running)
        return JobFigures(state.jobs.counts(), age_s, state.alive())
    except TwinError:
        return JobFigures(workers=state.alive())
