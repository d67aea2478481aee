"""Progress of a run as server-sent events, replayed from any id."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import anyio
from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.jobs.errors import NotFoundError
from api.jobs.records import CANCELLED, DONE, FAILED, INTERRUPTED, Event, Job
from api.jobs.supervisor import MOST_RETRIES
from api.problems import Problem
from api.routes import RunId, look, told

router = APIRouter(prefix="/v1", tags=["runs"])
ENDED = (DONE, FAILED, CANCELLED)
SOONEST_S, LATEST_S = 0.1, 1.0
MOST_AT_ONCE = 500
LARGEST_ID = 2**62
EventId = Annotated[str | None, Header(alias="Last-Event-ID", description="go on after this event")]
EventIdAsked = Annotated[
    str | None, Query(alias="last_event_id", max_length=40, description="the same, for clients without that header")
]


async def begin_after(request: Request, run_id: RunId, told_id: EventId = None, asked_id: EventIdAsked = None) -> int:
    """Id after which to begin. Raises Problem for an unknown run, a bad id, or too many open streams."""
    place, text = ("header:Last-Event-ID", told_id) if told_id is not None else ("?last_event_id", asked_id)
    number = text.strip() if text else "0"
    if not (number.isascii() and number.isdigit()) or len(number) > 19 or int(number) > LARGEST_ID:
        raise Problem("invalid", "an event id is a whole number", [(place, "not an id this stream gave out")])
    await look(request, request.app.state.shelf.show, run_id)
    state = request.app.state
    if state.streams >= state.settings.limits.streams:
        raise Problem("too-many", "too many progress streams are open", headers={"Retry-After": "10"})
    return int(number)


@router.get(
    "/runs/{run_id}/progress",
    summary="進捗 / progress",
    response_class=EventSourceResponse,
    responses={
        200: {
            "description": "events `progress`, `remark` and `status` with ascending ids; ends after the last status",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **told(404, 422, 429, 503),
    },
)
async def progress(
    request: Request, run_id: RunId, after: Annotated[int, Depends(begin_after)]
) -> AsyncIterator[ServerSentEvent]:
    """How far a run is, remarks on what happens in it, and its fate."""
    state = request.app.state
    state.streams += 1
    state.figures.streams.set(state.streams)
    try:
        async for event in _events(request, run_id, after):
            yield event
    finally:
        state.streams -= 1
        state.figures.streams.set(state.streams)


async def _events(request: Request, run_id: str, after: int) -> AsyncIterator[ServerSentEvent]:
    """Events as they come, until the run has ended and all of them are told, or the run is deleted."""
    shelf, wait_s = request.app.state.shelf, SOONEST_S
    if await to_thread.run_sync(shelf.job, run_id) is None:
        shown = await to_thread.run_sync(shelf.show, run_id)
        yield ServerSentEvent(data={"status": shown["status"], "message": ""}, event="status", id="1")
        return
    while not request.app.state.stopping:
        job = await to_thread.run_sync(shelf.job, run_id)
        try:
            events: list[Event] = await to_thread.run_sync(shelf.jobs.events_after, run_id, after, MOST_AT_ONCE)
        except NotFoundError:
            return
        for event in events:
            after = event.seq
            yield ServerSentEvent(data=shelf.without_paths(event.data), event=event.kind, id=str(event.seq))
        if (job is None or ended(job)) and len(events) < MOST_AT_ONCE:
            return
        wait_s = SOONEST_S if events else min(wait_s * 1.5, LATEST_S)
        await anyio.sleep(wait_s)


def ended(job: Job) -> bool:
    """Whether nothing more will happen to a job by itself; one interrupted by a setback is tried again."""
    return job.state in ENDED or (job.state == INTERRUPTED and not 0 < job.setbacks <= MOST_RETRIES)
