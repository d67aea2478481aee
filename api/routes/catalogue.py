"""What there is to run: scenarios, regions, layers, couplings, levers, maps; each answer is made once and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from api.problems import KINDS, Problem
from api.routes import Planner, answer, packed, tag_of, told
from api.schemas import SCENARIO, CheckAsk, Problems

router = APIRouter(prefix="/v1", tags=["catalogue"])
MAX_AGE_S = 60
Name = Annotated[str, Path(pattern=SCENARIO, description="name of a scenario", examples=["two-towns"])]
LISTED: dict[int | str, dict[str, Any]] = {
    200: {"description": "the list", "content": {"application/json": {"schema": {"type": "object"}}}}
}
SAME: dict[int | str, dict[str, Any]] = {304: {"description": "not modified"}}


class Catalogue:
    """Answers by path, each made on first use and then held as (bytes, tag)."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[bytes, str]] = {}

    async def get(self, request: Request, key: str, make: Callable[[], Any]) -> Response:
        """The kept answer, or a new one made in a thread, for it may have to import and build a region."""
        kept = self._kept.get(key)
        if kept is None:
            body = packed(await to_thread.run_sync(make))
            kept = self._kept[key] = body, tag_of(body)
        return answer(request, *kept, max_age_s=MAX_AGE_S)


def _catalogue(request: Request) -> Catalogue:
    return request.app.state.catalogue


def _listing(path: str, summary: str, make: Callable[[], Any], description: str) -> None:
    """A route whose answer never changes while the server runs."""

    async def listed(request: Request) -> Response:
        return await _catalogue(request).get(request, path, make)

    name = path.strip("/").replace("/", "_") or "landing"
    router.add_api_route(
        path,
        listed,
        methods=["GET"],
        name=name,
        operation_id=f"get_{name}",
        summary=summary,
        description=description,
        responses={**LISTED, **SAME, **told()},
    )


def landing() -> dict[str, Any]:
    """What this is, its version, and where everything stands."""
    from importlib import metadata

    paths = ("scenarios", "regions", "layers", "couplings", "levers", "mapped", "countermeasures/schema", "runs")
    links = {name.replace("/", "_"): f"/v1/{name}" for name in (*paths, "compare", "decisions", "problems")}
    return {
        "name": "disaster-twin",
        "version": metadata.version("disaster-twin"),
        "api": "v1",
        "title_ja": "災害対応デジタルツイン",
        "title_en": "Digital twin for disaster response",
        "exercise": "訓練 / exercise: results are simulated",
        "links": {**links, "openapi": "/openapi.json", "ogc": "/ogc", "page": "/"},
    }


def scenarios() -> dict[str, Any]:
    """The scenarios that come with the program, in brief."""
    from scenarios import read_scenario, scenario_names

    return {"scenarios": [_brief(read_scenario(name)) for name in scenario_names()]}


def scenario(name: str) -> dict[str, Any]:
    """One scenario whole, as its file has it. Raises Problem `not-found`."""
    found = _known(name)
    content = found.model_dump(mode="json", by_alias=True, exclude={"path", "facts"})
    return {**_brief(found), **content, "region_link": f"/v1/regions/{name}"}


def regions() -> dict[str, Any]:
    """One region for every scenario."""
    from scenarios import read_scenario, scenario_names

    found = [read_scenario(name) for name in scenario_names()]
    rows = [{"name": one.name, "title_ja": one.title_ja, "title_en": one.title_en} for one in found]
    return {"regions": [{**row, "link": f"/v1/regions/{row['name']}"} for row in rows]}


def region(name: str) -> dict[str, Any]:
    """Index sets with their sizes, towns, sources and labels of a region. Raises Problem `not-found`."""
    from scenarios.execution import Plan, place_of

    found = _known(name)
    _, world, digest = place_of(Plan.make(found))
    towns = world["municipality"]
    columns = [column for column in ("name_ja", "name_en") if column in towns]
    return {
        "name": name,
        "title_ja": found.title_ja,
        "title_en": found.title_en,
        "digest": digest,
        "sets": {one: len(world[one]) for one in sorted(world.sets)},
        "municipalities": [
            {"id": str(one), **{column: str(towns[column][row]) for column in columns}}
            for row, one in enumerate(towns.ids.tolist())
        ],
        "labels": dict(world.labels),
        "sources": [dict(row) for row in world.sources],
        "attribution": sorted({row["attribution"] for row in world.sources if row.get("attribution")}),
        "geometry": f"/v1/regions/{name}/geometry/municipality",
    }


def mapped() -> dict[str, Any]:
    """Quantities kept for maps, with the index set and unit their layer gives them."""
    import layers as phenomena
    from scenarios.mapped import MAPPED, SCALES

    given = {
        f"{name}.{var.name}": var
        for name in phenomena.MODELS
        for var in (*phenomena.choose(name).gives, *phenomena.choose(name).records)
    }
    rows = []
    for one in MAPPED:
        var = given[one.quantity]
        titles = {"title_ja": one.title_ja, "title_en": one.title_en}
        rows.append({"quantity": one.quantity, **titles, "on": var.on, "unit": var.unit, "scale": one.scale})
    return {"mapped": rows, "scales": list(SCALES)}


def measure_schema() -> dict[str, Any]:
    """JSON schema of countermeasures."""
    from scenarios.countermeasures import json_schema

    return json_schema()


def _table(name: str) -> Callable[[], Any]:
    def made() -> Any:
        from api import tables

        return getattr(tables, name)()

    return made


def problems() -> dict[str, Any]:
    """Every kind of problem document the API answers with."""
    return {"problems": [problem(name) for name in KINDS]}


def problem(name: str) -> dict[str, Any]:
    """One kind of problem: status, titles, what to do."""
    if name not in KINDS:
        raise Problem("not-found", "no such kind of problem; GET /v1/problems lists them")
    kind = KINDS[name]
    titles = {"title": kind.title, "title_ja": kind.title_ja}
    return {"type": f"/v1/problems/{name}", "status": kind.status, **titles, "cure": kind.cure}


def _brief(found: Any) -> dict[str, Any]:
    names = ("name", "version", "title_ja", "title_en", "until_s", "seed", "members")
    brief = {name: getattr(found, name) for name in names}
    return {**brief, "start": found.start.isoformat(), "link": f"/v1/scenarios/{found.name}"}


def _known(name: str) -> Any:
    from scenarios import read_scenario, scenario_names

    if name not in scenario_names():
        raise Problem("not-found", f"there is no scenario or region '{name}'; the lists tell which there are")
    return read_scenario(name)


_listing("", "入口 / landing page", landing, "What this server is, and links to everything.")
_listing("/scenarios", "シナリオ一覧 / scenarios", scenarios, "Scenarios that come with the program.")
_listing("/regions", "地域一覧 / regions", regions, "Regions, one for each scenario.")
_listing("/layers", "レイヤ一覧 / layers", _table("layers"), "Layers with needs, gives, series, parameters.")
_listing("/couplings", "結合行列 / couplings", _table("couplings"), "Every feedback between layers, pairs and loops.")
_listing("/levers", "対策の一覧 / levers", _table("levers"), "What decision makers can change: range, unit, owner.")
_listing("/mapped", "地図に出せる量 / mapped quantities", mapped, "Quantities kept hourly for maps, with colour scale.")
_listing("/countermeasures/schema", "対策のスキーマ / schema", measure_schema, "JSON schema of a countermeasure.")
_listing("/problems", "エラーの種類 / kinds of problems", problems, "What the `type` of a problem document can be.")


@router.get("/scenarios/{name}", summary="シナリオ / one scenario", responses={**LISTED, **SAME, **told(404, 422)})
async def get_scenario(request: Request, name: Name) -> Response:
    """A scenario as its file has it."""
    return await _catalogue(request).get(request, f"/scenarios/{name}", lambda: scenario(name))


@router.get("/regions/{name}", summary="地域 / one region", responses={**LISTED, **SAME, **told(404, 422)})
async def get_region(request: Request, name: Name) -> Response:
    """Index sets, towns, sources and attribution of a region; the first call builds it."""
    return await _catalogue(request).get(request, f"/regions/{name}", lambda: region(name))


@router.get("/problems/{name}", summary="エラーの種類 / one problem", responses={**LISTED, **SAME, **told(404, 422)})
async def get_problem(request: Request, name: Name) -> Response:
    """What one `type` of problem document means and what to do."""
    return await _catalogue(request).get(request, f"/problems/{name}", lambda: problem(name))


@router.post(
    "/countermeasures/check",
    summary="対策の検査 / check a countermeasure",
    response_model=Problems,
    responses=told(403, 413, 415, 422),
)
async def check_measure(request: Request, ask: CheckAsk, who: Planner) -> Response:
    """Everything that keeps a countermeasure from being carried out; nothing is run or kept."""
    from api.submissions import known_scenario, problems_of

    found = await to_thread.run_sync(lambda: problems_of(ask.countermeasure, known_scenario(ask.scenario), ask.at or 0))
    return answer(request, packed({"problems": found}))
