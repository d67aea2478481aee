"""OGC API – Processes: each scenario is a process; executing one makes a run, which is its job."""

from __future__ import annotations

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from starlette.responses import Response

from api.audit import note
from api.ogc.jobs import OUTPUTS, status_info
from api.ogc.pages import both_forms, here, link, only, told
from api.problems import Problem
from api.routes import IdempotencyKey, Planner, Viewer
from api.routes import told as problems
from api.routes.runs import told_of
from api.schemas import EXAMPLE_MEASURE, RunAsk
from scenarios import read_scenario, scenario_names
from scenarios.schema import Scenario
from twin.units import HOUR_S

router = APIRouter(prefix="/ogc", tags=["OGC processes"])
NO_PROCESS = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-process"
ProcessId = Annotated[str, Path(max_length=60, description="name of a scenario", examples=["two-towns"])]
# name -> title, JSON schema
INPUTS: dict[str, tuple[str, dict[str, Any]]] = {
    "until": ("length since the start, e.g. 72h", {"type": "string", "pattern": "^[0-9]{1,8}[smhd]?$"}),
    "seed": ("seed of chance", {"type": "integer", "minimum": 0}),
    "members": ("ensemble members", {"type": "integer", "minimum": 1}),
    "set": ("layer.parameter -> value", {"type": "object"}),
    "cut": ("coupling rows to cut", {"type": "array", "items": {"type": "string"}}),
    "countermeasure": ("what is done, from the start of the run on", {"type": "object", "example": EXAMPLE_MEASURE}),
}


class Execution(BaseModel):
    """An execution request. outputs: always all, by reference; response: always a document."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"inputs": {"until": "6h", "members": 2}, "response": "document"}]},
    )
    inputs: dict[str, JsonValue] = Field(default_factory=dict, max_length=len(INPUTS))
    outputs: dict[str, JsonValue] = Field(default_factory=dict, max_length=len(OUTPUTS))
    response: str = Field("document", pattern="^document$")


@router.get("/processes", responses=problems(400), response_class=Response)
async def list_processes(request: Request, who: Viewer) -> Response:
    """Scenarios that can be run."""
    only(request, ("limit",))
    found = await to_thread.run_sync(lambda: [_summary(read_scenario(name)) for name in scenario_names()])
    rows = [{**one, "links": [link(f"{here(request)}/processes/{one['id']}", "self")]} for one in found]
    return told(request, {"processes": rows, "links": both_forms(request)}, title="Processes")


@router.get("/processes/{process_id}", responses=problems(400, 404), response_class=Response)
async def show_process(request: Request, process_id: ProcessId, who: Viewer) -> Response:
    """What a scenario takes and what a run of it gives."""
    only(request, ())
    scenario = await to_thread.run_sync(known_process, process_id)
    address = f"{here(request)}/processes/{scenario.name}"
    links = [
        *both_forms(request),
        link(f"{address}/execution", "http://www.opengis.net/def/rel/ogc/1.0/execute", title="run this scenario"),
    ]
    inputs = {name: {"title": title, "schema": schema, "minOccurs": 0} for name, (title, schema) in INPUTS.items()}
    inputs["until"]["schema"] = {**INPUTS["until"][1], "default": f"{scenario.until_s // HOUR_S}h"}
    return told(request, {**_summary(scenario), "inputs": inputs, "outputs": OUTPUTS_TOLD, "links": links})


@router.post(
    "/processes/{process_id}/execution",
    status_code=201,
    responses=problems(403, 404, 413, 415, 422, 429, 507),
    response_class=Response,
)
async def execute(
    request: Request, process_id: ProcessId, ask: Execution, who: Planner, idempotency_key: IdempotencyKey = None
) -> Response:
    """Run a scenario; the answer says where its job is. It is always carried out in the background."""
    scenario = await to_thread.run_sync(known_process, process_id)
    run = run_ask(scenario.name, ask)
    note(request.state, decision="run", **told_of(run.countermeasure))
    job, is_new = await to_thread.run_sync(request.app.state.desk.run, run, who.key_id, idempotency_key)
    note(request.state, run_id=job.run_id, **({} if is_new else {"decision": "repeated"}))
    response = told(request, status_info(request, request.app.state.shelf.show_job(job)), status=201)
    response.headers["Location"] = f"{here(request)}/jobs/{job.run_id}"
    response.headers["Preference-Applied"] = "respond-async"
    return response


def known_process(name: str) -> Scenario:
    """A scenario by its name. Raises Problem `not-found` of the type the standard names."""
    if name not in scenario_names():
        raise Problem("not-found", f"no such process; there are {', '.join(scenario_names())}", type=NO_PROCESS)
    return read_scenario(name)


def run_ask(scenario: str, ask: Execution) -> RunAsk:
    """The run an execution request asks for. Raises Problem `invalid` that names every wrong input."""
    for name, how in ask.outputs.items():
        mode = how.get("transmissionMode", "reference") if isinstance(how, dict) else None
        if name not in OUTPUTS or mode != "reference":
            raise Problem("invalid", "outputs are handed over by reference", [("#/outputs", ", ".join(OUTPUTS))])
    unknown = [name for name in ask.inputs if name not in INPUTS]
    if unknown:
        raise Problem("invalid", "unknown inputs", [(f"#/inputs/{name[:60]}", "unknown") for name in unknown])
    values = {name: _plain(value) for name, value in ask.inputs.items()}
    try:
        return RunAsk.model_validate({"scenario": scenario, **values})
    except ValidationError as error:
        found = [("#/inputs/" + "/".join(map(str, item["loc"])), item["msg"]) for item in error.errors()]
        raise Problem("invalid", "some inputs cannot be used", found) from None


def _plain(value: JsonValue) -> JsonValue:
    """An input value out of its qualified form `{"value": …}`."""
    qualified = (
        isinstance(value, dict) and "value" in value and set(value) <= {"value", "mediaType", "encoding", "schema"}
    )
    return value["value"] if qualified and isinstance(value, dict) else value


def _summary(scenario: Scenario) -> dict[str, Any]:
    return {
        "id": scenario.name,
        "version": str(scenario.version),
        "title": scenario.title_en,
        "description": f"{scenario.title_ja}; simulated, starts {scenario.start.isoformat()}",
        "jobControlOptions": ["async-execute", "dismiss"],
        "outputTransmission": ["reference"],
    }


OUTPUTS_TOLD = {
    name: {"title": title, "schema": {"type": "string", "contentMediaType": media_type}}
    for name, (title, media_type, _) in OUTPUTS.items()
}
