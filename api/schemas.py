"""Shapes of what the API takes and gives. What is taken is strict: every field known, no silent conversion."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, WithJsonSchema

from scenarios.schema import duration_s

RUN_ID = r"^[A-Za-z0-9][A-Za-z0-9-]{0,120}$"
SCENARIO = r"^[a-z0-9][a-z0-9-]{0,59}$"
SETTING = r"^[a-z]{1,40}\.[A-Za-z0-9_]{1,80}$"
DURATION = r"^[0-9]{1,8}[smhd]?$"
LARGEST_S = 10**9
INT64 = 2**63 - 1
EXAMPLE_RUN = "two-towns-20260728t072700z-1f2e3d4c"
EXAMPLE_MEASURE: dict[str, JsonValue] = {
    "countermeasure": 1,
    "name": "second-hub",
    "title_ja": "第二拠点を開く",
    "title_en": "Open a second hub",
    "reason": "one hub cannot unload what arrives",
    "measures": [],
}


def _seconds(value: Any) -> int:
    """`6h` or whole seconds."""
    if isinstance(value, bool) or not isinstance(value, (int, str)) or not re.fullmatch(DURATION, str(value)):
        raise ValueError("write a duration like 90m, 72h or 30d, or whole seconds")
    seconds = duration_s(value)
    if seconds > LARGEST_S:
        raise ValueError(f"at most {LARGEST_S} s")
    return seconds


Seconds = Annotated[
    int,
    BeforeValidator(_seconds),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": DURATION}, {"type": "integer", "minimum": 0, "maximum": LARGEST_S}]}
    ),
]
SettingName = Annotated[str, Field(pattern=SETTING)]
SettingValue = float | Annotated[str, Field(max_length=200)] | Annotated[list[float], Field(max_length=1000)]
Measure = Annotated[
    dict[str, JsonValue],
    Field(
        max_length=20,
        description="a countermeasure, see /v1/countermeasures/schema",
        json_schema_extra={"examples": [EXAMPLE_MEASURE]},
    ),
]


class Ask(BaseModel):
    """A request body: unknown fields are errors, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class RunAsk(Ask):
    """A run to be made; what is left out is taken from the scenario."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"scenario": "two-towns", "until": "6h", "members": 2, "seed": 1}]}
    )
    scenario: str = Field(pattern=SCENARIO, description="a name from /v1/scenarios")
    until: Seconds | None = Field(None, description="length since the start, e.g. 72h")
    seed: int | None = Field(None, ge=0, le=INT64, description="seed of chance")
    members: int | None = Field(None, ge=1, le=1000, description="ensemble members")
    set: dict[SettingName, SettingValue] = Field(
        default_factory=dict, max_length=1000, description="layer.parameter -> value"
    )
    cut: list[Annotated[str, Field(max_length=200)]] = Field(
        default_factory=list, max_length=200, description="coupling rows to cut"
    )
    countermeasure: Measure | None = Field(None, description="pulled from the start of the run")


class ForkAsk(Ask):
    """A branch of a run: its past up to `at`, then the countermeasure."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"at": "6h", "countermeasure": EXAMPLE_MEASURE, "members": 1}]}
    )
    at: Seconds = Field(description="moment of the fork since the start of the scenario")
    countermeasure: Measure
    members: int | None = Field(None, ge=1, le=1000, description="the first so many members; default: all of the run")


class CheckAsk(Ask):
    """A countermeasure to be checked against a scenario."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"scenario": "two-towns", "at": "6h", "countermeasure": EXAMPLE_MEASURE}]}
    )
    scenario: str = Field(pattern=SCENARIO)
    at: Seconds | None = Field(None, description="moment of the fork; measures may not begin before it")
    countermeasure: Measure


class RankAsk(Ask):
    """Countermeasures to be ranked from one moment of a run on."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"at": "6h", "candidates": [EXAMPLE_MEASURE], "members": 10}]}
    )
    at: Seconds
    candidates: list[Measure] = Field(min_length=1, max_length=1000)
    objective: str | None = Field(
        None,
        pattern=r"^[a-z0-9_=., -]{1,400}$",
        description="headlines to make smaller, with weights: deaths=5,meals_short=1; default: unmet needs, all alike",
    )
    horizon: Seconds | None = Field(None, description="how far to look, since the start of the scenario")
    members: int | None = Field(None, ge=1, le=1000, description="most members of one candidate")
    effort: int | None = Field(None, ge=1, le=100_000, description="most members run in all")


class KeyAsk(Ask):
    """A key to be made."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "prefecture planner 1", "role": "planner", "expires_in": "30d"}]}
    )
    name: str = Field(min_length=1, max_length=100, description="whose it is")
    role: Literal["viewer", "planner", "admin"]
    expires_in: Seconds | None = Field(None, description="how long it holds; default: until revoked")


class Run(BaseModel):
    """A run, fork or ranking as the API shows it; null where a value is not known (yet)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "run_id": EXAMPLE_RUN,
                    "kind": "run",
                    "scenario": "two-towns",
                    "status": "running",
                    "members": 1,
                    "seed": 1,
                    "until_s": 86400,
                    "start": "2026-07-28T16:27:00+09:00",
                    "created": "2026-07-28T07:30:00+00:00",
                    "finished": None,
                    "now_s": 3600,
                    "progress": 0.04,
                    "parent": None,
                    "forked_at_s": None,
                    "countermeasure": None,
                    "digest": None,
                    "draws": "one draw",
                    "message": "",
                    "links": {"self": f"/v1/runs/{EXAMPLE_RUN}"},
                }
            ]
        }
    )
    run_id: str = Field(pattern=RUN_ID)
    kind: Literal["run", "fork", "rank"]
    scenario: str | None
    status: Literal["accepted", "running", "done", "interrupted", "failed", "cancelled"]
    members: int | None
    seed: int | None
    until_s: int | None
    start: str | None = Field(description="instant of second 0")
    created: str | None
    finished: str | None
    now_s: int | None = Field(description="simulated second reached by the slowest member")
    progress: float | None = Field(ge=0, le=1)
    parent: str | None
    forked_at_s: int | None
    countermeasure: dict[str, Any] | None
    digest: str | None
    draws: str | None
    message: str
    links: dict[str, str]


class RunPage(BaseModel):
    """Some runs, newest first, and where to go on."""

    runs: list[Run]
    next: str | None = Field(description="cursor of the next page; null: this is the last")


class Rank(Run):
    """A ranking; `result` is there once it is done, and in part before."""

    result: dict[str, Any] | None


class Problems(BaseModel):
    """What keeps a countermeasure from being carried out; empty: nothing does."""

    problems: list[str]


class ErrorPlace(BaseModel):
    """One mistake: where (JSON pointer into the body, or ?name, header:name, path:name) and what."""

    pointer: str
    detail: str


class ProblemDocument(BaseModel):
    """RFC 9457 problem document."""

    type: str = Field(json_schema_extra={"format": "uri-reference"})
    title: str
    status: int
    detail: str
    instance: str = Field(description="id of the request, as in X-Request-Id")
    errors: list[ErrorPlace] | None = None


class KeyShown(BaseModel):
    """A key without its secret."""

    id: str
    name: str
    role: Literal["viewer", "planner", "admin"]
    created: str
    expires: str | None
    revoked: str | None


class KeyMade(KeyShown):
    """A new key; `key` is told this once and kept nowhere."""

    key: str


class KeyList(BaseModel):
    """All keys that were ever made."""

    keys: list[KeyShown]


class AuditPage(BaseModel):
    """Entries of the audit log, newest first."""

    entries: list[dict[str, Any]]
    next: str | None
    broken_line: int | None = Field(description="first line that does not fit the chain; null: none")


class Decision(BaseModel):
    """Who decided what about a run, when and why."""

    time: str
    decision: str
    run_id: str | None
    parent: str | None
    countermeasure: str | None
    title_ja: str | None
    title_en: str | None
    reason: str | None
    key_id: str
    name: str | None
    role: str


class DecisionPage(BaseModel):
    """Decisions, newest first."""

    decisions: list[Decision]
    next: str | None
