"""What if: branches of a run, their comparison, and rankings of countermeasures."""

from __future__ import annotations

from collections import OrderedDict
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.audit import note
from api.jobs.records import DONE
from api.problems import Problem
from api.routes import IdempotencyKey, Planner, RunId, answer, look, packed, tag_of, told
from api.routes.runs import MADE, accepted, fresh, told_of
from api.schemas import RUN_ID, ForkAsk, Rank, RankAsk, RunPage

router = APIRouter(prefix="/v1", tags=["what if"])
ONE = {"application/json": {"schema": {"type": "object"}}}
SAME: dict[int | str, dict[str, Any]] = {304: {"description": "not modified"}}
RunIdText = Annotated[str, Query(pattern=RUN_ID)]
Quantity = Annotated[str, Query(pattern=r"^[A-Za-z0-9_.]{1,80}$")]
Area = Annotated[str, Query(pattern=r"^[A-Za-z0-9/_-]{1,40}$")]


class Comparisons:
    """Finished comparisons by what was compared, the last few; one at a time is worked out."""

    def __init__(self, most: int = 32):
        self.most, self.turns = most, CapacityLimiter(1)
        self._kept: OrderedDict[tuple[Any, ...], tuple[bytes, str]] = OrderedDict()

    def hold(self) -> None:
        """Raises Problem `too-many` while a long queue waits for its turn."""
        if self.turns.statistics().tasks_waiting >= self.most:
            raise Problem("too-many", "too many comparisons wait already", headers={"Retry-After": "5"})

    def get(self, key: tuple[Any, ...]) -> tuple[bytes, str] | None:
        """What was kept under a key."""
        return self._kept.get(key)

    def keep(self, key: tuple[Any, ...], body: bytes) -> tuple[bytes, str]:
        """Keep an answer; the oldest goes when there are too many."""
        kept = self._kept[key] = body, tag_of(body)
        while len(self._kept) > self.most:
            self._kept.popitem(last=False)
        return kept


@router.post("/runs/{run_id}/forks", summary="分岐を作る / fork a run", **MADE)
async def make_fork(
    request: Request, run_id: RunId, ask: ForkAsk, who: Planner, idempotency_key: IdempotencyKey = None
) -> Response:
    """Accept a branch: the run's past up to `at`, then the countermeasure. An empty one repeats the run exactly."""
    note(request.state, decision="fork", parent=run_id, at_s=ask.at, **told_of(ask.countermeasure))
    desk = request.app.state.desk
    return accepted(request, *await to_thread.run_sync(desk.fork, run_id, ask, who.key_id, idempotency_key))


@router.get(
    "/runs/{run_id}/forks", summary="分岐の一覧 / list forks", response_model=RunPage, responses=told(404, 422, 503)
)
async def list_forks(request: Request, run_id: RunId) -> Response:
    """Branches of a run, newest first."""
    shelf = request.app.state.shelf
    await look(request, shelf.show, run_id)
    return answer(request, packed({"runs": await look(request, shelf.forks, run_id), "next": None}))


@router.get(
    "/compare",
    summary="分岐を比べる / compare",
    responses={200: {"description": "paired differences", "content": ONE}, **SAME, **told(404, 409, 422, 429, 503)},
)
async def compare(
    request: Request,
    base: RunIdText,
    branch: Annotated[list[RunIdText], Query(min_length=1, max_length=100, description="branches of the base")],
    quantity: Annotated[list[Quantity] | None, Query(max_length=100, description="series; default: all")] = None,
    area: Annotated[list[Area] | None, Query(max_length=100, description="municipality codes or all")] = None,
) -> Response:
    """Differences between branches and their base, member by member; also while runs are going on."""
    state = request.app.state
    most = state.settings.limits.branches
    if len(branch) > most:
        raise Problem("invalid", f"at most {most} branches at once", [("?branch", f"at most {most}")])
    ids = list(dict.fromkeys((base, *branch)))
    shown = [await look(request, state.shelf.show, run_id) for run_id in ids]
    if any(run["kind"] == "rank" for run in shown):
        raise Problem("invalid", "a ranking cannot be compared", [("?branch", "name runs and forks")])
    done = all(run["status"] == DONE for run in shown)
    asked = (tuple(quantity or ()), tuple(area or ()))
    key = (base, tuple(branch), *asked, *(run["digest"] for run in shown))
    kept = state.comparisons.get(key) if done else None
    if kept is None:
        state.comparisons.hold()
        body = await to_thread.run_sync(_compare, state.shelf, base, branch, asked, limiter=state.comparisons.turns)
        kept = state.comparisons.keep(key, body) if done else (body, "")
    return answer(request, *kept)


@router.post(
    "/runs/{run_id}/ranks", summary="対策を順位づける / rank countermeasures", **{**MADE, "response_model": Rank}
)
async def make_rank(
    request: Request, run_id: RunId, ask: RankAsk, who: Planner, idempotency_key: IdempotencyKey = None
) -> Response:
    """Accept a ranking: members are given to candidates one after another until the best is clear."""
    names = ", ".join(str(one.get("name", "?"))[:60] for one in ask.candidates[:100])
    note(request.state, decision="rank", parent=run_id, at_s=ask.at, countermeasure=names)
    desk = request.app.state.desk
    job, is_new = await to_thread.run_sync(desk.rank, run_id, ask, who.key_id, idempotency_key)
    return accepted(request, job, is_new, "ranks")


@router.get(
    "/ranks/{run_id}",
    summary="順位づけの結果 / show a ranking",
    response_model=Rank,
    responses={**SAME, **told(404, 422, 503)},
)
async def show_rank(request: Request, run_id: RunId) -> Response:
    """State of a ranking and, once there is one, its result."""

    def show() -> tuple[Any, bool]:
        shown = request.app.state.shelf.rank(run_id)
        return shown, shown["status"] == DONE

    return await fresh(request).get(request, ("rank", run_id), show)


def _compare(shelf: Any, base: str, branches: list[str], asked: tuple[tuple[str, ...], tuple[str, ...]]) -> bytes:
    from scenarios.comparing import compare as paired

    quantities, areas = asked
    folders = [shelf.folder(run_id) for run_id in branches]
    return packed(paired(shelf.folder(base), folders, list(quantities) or None, list(areas) or None))
