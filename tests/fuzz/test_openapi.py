"""Schemathesis over the whole OpenAPI document: requests made from it, answers held to it, in every role."""

from __future__ import annotations

from copy import deepcopy
from itertools import product
from types import SimpleNamespace

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.python.asgi import get_client
from schemathesis.specs.openapi import checks as conformance

from api.openapi import described
from api.routes import progress
from tests.fuzz.laws import hold
from tests.fuzz.place import BODIES, ROLES, RUN, SCENARIO

FEW_CASES, MANY_CASES = 300, 2000
FEW, MANY = 8, 20  # most cases of one operation; those without parameters have fewer different ones
CHECKS = [
    not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_schema_conformance,
    conformance.response_headers_conformance,
]
POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.differing_executors]


@pytest.fixture(scope="module")
def schema(place):
    """The document as the server hands it out, but with the small scenario as the only one, for the sake of time."""
    document = deepcopy(described(place.app))
    for name in ("RunAsk", "CheckAsk"):
        document["components"]["schemas"][name]["properties"]["scenario"]["enum"] = [SCENARIO]
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["security"] = []  # keys are sent by the tests; wrong ones have tests of their own
    stream = document["paths"]["/v1/runs/{run_id}/progress"]["get"]["responses"]["200"]["content"]
    del stream["text/event-stream"]["schema"]  # Schemathesis takes it for that of a list of events; it is of the text
    made = schemathesis.openapi.from_dict(document)
    made.app = place.app
    return made


@pytest.fixture
def ended_streams(monkeypatch):
    """No worker will ever take the runs that wait, so their streams end after what was told."""
    monkeypatch.setattr(progress, "ended", lambda job: True)


def as_client_has_it(answer):
    """An answer of Schemathesis, which keeps lists of values by header name, in the form of the other tests."""
    headers = {name.lower(): ", ".join(values) for name, values in answer.headers.items()}
    return SimpleNamespace(
        status_code=answer.status_code, headers=headers, content=answer.content, text=answer.text[:500]
    )


def fits_path(case, answer):
    """Whether the operation itself answered; wrong values with a slash or a question mark lead to another path."""
    return case.meta.generation.mode.is_positive or answer.status_code != 405


def cases_of(operation, place):
    """Requests that fit the document, such that do not, and both kinds about things that exist."""
    good = operation.as_strategy(POSITIVE)
    raw = operation.definition.raw
    if not raw.get("parameters") and not raw.get("requestBody"):
        return good
    known = list(known_values(operation, place))
    modes = [(mode, about) for about in known for mode in (POSITIVE, NEGATIVE)]
    return st.one_of(
        good, operation.as_strategy(NEGATIVE), *(operation.as_strategy(mode, **about) for mode, about in modes)
    )


def known_values(operation, place):
    """What a caller who has read the lists would put in; the finished run itself is never deleted."""
    deletes = operation.method.lower() == "delete"
    collections = ["places.two-towns.cell", f"state.{RUN}.municipality"]
    catalogue = ["invalid"] if "problems" in operation.path else [SCENARIO]
    known = {
        "run_id": place.spares if deletes else [RUN, place.spares[0]],
        "process_id": [SCENARIO],
        "scenario": [SCENARIO],
        "name": collections if operation.path.startswith("/ogc") else catalogue,
        "on": ["cell"],
        "quantity": ["damage.buildings_collapsed"],
        "event_id": [place.event_id],
    }
    places = [one["name"] for one in operation.definition.raw.get("parameters", ()) if one["in"] == "path"]
    rows = product(*(known[name] for name in places if name in known))
    names = [name for name in places if name in known]
    for row in rows if names else ():
        yield {"path_parameters": dict(zip(names, row))}
    if operation.path == "/v1/compare":
        yield {"query": {"base": RUN, "branch": [RUN]}}
    ending = operation.path.rpartition("/")[2]
    if ending in BODIES and operation.method.lower() == "post":
        yield {"path_parameters": {"run_id": RUN, "process_id": SCENARIO}, "body": BODIES[ending]}


def send_all(schema, place, roles, most):
    """Ask every operation up to `most` times; returns the number of requests."""
    sent = 0
    with get_client(place.app) as client:
        for found in schema.get_all_operations():
            operation = found.ok()

            @settings(max_examples=most, suppress_health_check=QUIET)
            @given(st.tuples(st.sampled_from(roles), cases_of(operation, place)))
            def one(asked):
                nonlocal sent
                role, case = asked
                answer = case.call(session=client, headers=place.headers_of(role), allow_redirects=False)
                sent += 1
                hold(as_client_has_it(answer), place.secrets())
                case.validate_response(answer, checks=CHECKS if fits_path(case, answer) else CHECKS[:1])

            try:
                one()
            except Unsatisfiable:
                pytest.fail(f"no request could be made for {operation.label}")
    return sent


@pytest.mark.usefixtures("ended_streams")
def test_every_operation_keeps_its_word(schema, place):
    assert send_all(schema, place, ROLES, FEW) >= FEW_CASES


@pytest.mark.slow
@pytest.mark.usefixtures("ended_streams")
@pytest.mark.parametrize("role", ROLES)
def test_every_operation_keeps_its_word_in_every_role(schema, place, role):
    assert send_all(schema, place, [role], MANY) >= MANY_CASES / len(ROLES)


def links_of(schema):
    """Every link that can be told from the document, as (operation, status, operation it leads to, parameters)."""
    assert schema.apply_stateful_inference(None).total > 100
    for found in schema.get_all_operations():
        for status, response in found.ok().definition.raw["responses"].items():
            for link in response.get("links", {}).values():
                yield found.ok(), int(status), link["operationRef"], link["parameters"]


def followed(expression, content):
    """What a link takes out of an answer, of several the first; None where the answer has no such thing."""
    _, _, pointer = expression.partition("$response.body#/")
    for name in pointer.split("/") if pointer else ():
        content = content[0] if name == "*" and content else content.get(name) if isinstance(content, dict) else None
    return content if pointer else None


@pytest.mark.usefixtures("ended_streams")
def test_what_one_answer_leads_to_keeps_its_word_too(schema, place):
    """Made, then shown, forked, cancelled, resumed or deleted, then shown again: along the links of the answers."""
    client, walked = get_client(place.app), set()
    headers = {"headers": place.headers_of("admin"), "session": client, "allow_redirects": False}
    for source, status, reference, parameters in links_of(schema):
        run_id = place.run(until="1h")["run_id"]
        parent = RUN if "forks" in source.path or "events" in source.path else run_id
        place.planner.post(f"/v1/runs/{RUN}/forks", json=BODIES["forks"])
        target = source.path.format(run_id=parent)
        body = {"json": BODIES.get(target.rpartition("/")[2])} if source.method == "post" else {}
        first = place.admin.request(source.method, target, **body)
        assert first.status_code == status, (target, first.text)
        values = {name.removeprefix("path."): followed(where, first.json()) for name, where in parameters.items()}
        if None in values.values():
            continue
        operation = schema.find_operation_by_reference(reference)

        @settings(max_examples=1, suppress_health_check=QUIET)
        @given(operation.as_strategy(path_parameters=values))
        def follow(case):
            answer = case.call(**headers)
            hold(as_client_has_it(answer), place.secrets())
            case.validate_response(answer, checks=CHECKS)

        follow()
        walked.add((source.label, operation.label))
        after = place.viewer.get(f"/v1/runs/{next(iter(values.values()))}")
        hold(after, place.secrets())
        assert operation.label != "DELETE /v1/runs/{run_id}" or after.status_code == 404
    assert len(walked) >= 100


def test_an_accepted_ranking_has_the_shape_of_a_ranking(ask):
    """What Schemathesis found once: the answer lacked `result`, which the document promises."""
    answer = ask("POST", f"/v1/runs/{RUN}/ranks", json=BODIES["ranks"])
    assert answer.status_code == 202
    assert answer.json()["result"] is None
