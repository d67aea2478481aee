"""Keys: kept as hashes, compared whole, ended at once; and the gate that asks for them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest
from starlette.testclient import TestClient

from api.keys import Gate, KeyFile, Keyring, Who, check_environment_key, needs_key
from api.problems import Problem
from twin.errors import ScenarioError, StoreError

ENVIRONMENT = "an-environment-key-of-an-operator"


@pytest.fixture
def keys(tmp_path):
    return KeyFile(tmp_path)


def test_the_secret_is_random_and_kept_only_as_hash(keys):
    stored, text = keys.add("planner 1", "planner")
    secret = text.removeprefix(f"twin_{stored.id}_")
    kept = keys.path.read_text()
    assert len(secret) >= 43
    assert secret not in kept
    assert sha256(secret.encode()).hexdigest() in kept
    assert text != keys.add("planner 1", "planner")[1]


def test_only_the_owner_can_read_the_file(keys):
    keys.add("a", "viewer")
    assert keys.path.stat().st_mode & 0o777 == 0o600


def test_shown_keys_hold_no_hash(keys):
    stored, _ = keys.add("a", "viewer", expires_s=3600)
    assert "sha256" not in stored.shown()
    assert stored.shown()["revoked"] is None
    assert stored.shown()["expires"] > stored.created


@pytest.mark.parametrize(("name", "role"), [("", "viewer"), ("a", "king"), ("x" * 101, "viewer"), ("a\nb", "viewer")])
def test_bad_names_and_roles_are_refused(keys, name, role):
    with pytest.raises(ScenarioError):
        keys.add(name, role)


def test_a_key_opens_with_its_role(keys):
    stored, text = keys.add("a", "planner")
    assert Keyring(keys).who(text) == Who(stored.id, "a", "planner")


def test_wrong_revoked_and_expired_keys_are_refused(keys):
    stored, text = keys.add("a", "viewer")
    _, expired = keys.add("b", "viewer", expires_s=0)
    ring = Keyring(keys, ENVIRONMENT)
    wrong = [text[:-1], text + "x", f"twin_{stored.id}_{'x' * 43}", "twin_", "", "x", "ключ", ENVIRONMENT[:-1], expired]
    for one in wrong:
        with pytest.raises(Problem) as told:
            ring.who(one)
        assert told.value.status == 401
    assert ring.who(text).role == "viewer"
    keys.revoke(stored.id)
    with pytest.raises(Problem, match="revoked"):
        ring.who(text)


def test_a_change_by_another_process_is_seen_at_once(keys):
    ring = Keyring(keys)
    other = KeyFile(keys.path.parent)
    stored, text = other.add("a", "admin")
    assert ring.who(text).role == "admin"
    other.revoke(stored.id)
    with pytest.raises(Problem):
        ring.who(text)


def test_keys_made_at_the_same_time_are_all_kept(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: KeyFile(tmp_path).add(f"k{number}", "viewer")[0].id, range(24)))
    assert set(KeyFile(tmp_path).all()) == set(made)


def test_keys_of_the_process_are_admins(keys):
    ring = Keyring(keys, ENVIRONMENT, "twin_session_0123456789abcdef0123")
    assert ring.who(ENVIRONMENT).key_id == "environment"
    assert ring.who("twin_session_0123456789abcdef0123").role == "admin"


def test_a_damaged_file_is_told_and_not_taken_for_empty(keys):
    keys.add("a", "viewer")
    keys.path.write_text("{")
    with pytest.raises(StoreError, match="cannot be read"):
        KeyFile(keys.path.parent).all()
    with pytest.raises(StoreError):
        KeyFile(keys.path.parent).add("b", "viewer")


def test_with_a_damaged_file_only_keys_of_the_process_open(keys):
    _, text = keys.add("a", "viewer")
    keys.path.write_text("[]")
    ring = Keyring(keys, ENVIRONMENT)
    assert ring.who(ENVIRONMENT).role == "admin"
    with pytest.raises(Problem) as told:
        ring.who(text)
    assert told.value.status == 503


def test_a_weak_environment_key_is_refused():
    assert check_environment_key("") == ""
    assert check_environment_key(ENVIRONMENT) == ENVIRONMENT
    for weak in ("short", "x" * 15, "with a space in it", "ключключключключключ"):
        with pytest.raises(ScenarioError, match="TWIN_API_KEY"):
            check_environment_key(weak)


def test_roles_contain_each_other():
    assert Who("a", "a", "admin").may("planner")
    assert Who("a", "a", "viewer").may("viewer")
    assert not Who("a", "a", "viewer").may("planner")
    assert not Who("a", "a", "planner").may("admin")


@pytest.mark.parametrize(
    ("path", "closed"),
    [
        *((path, True) for path in ("/v1", "/v1/runs", "/ogc", "/ogc/x", "/metrics")),
        *((path, False) for path in ("/v1x", "/", "/assets/a.js", "/healthz", "/readyz", "/v1/problems/invalid")),
    ],
)
def test_what_needs_a_key(path, closed):
    assert needs_key(path) is closed


@pytest.mark.parametrize(
    "headers",
    [[], [("authorization", "Basic eDp5")], [("authorization", "Bearer ")], [("authorization", "Bearer nobody")]],
)
def test_the_gate_challenges(keys, headers):
    async def never(scope, receive, send):
        raise AssertionError("let through")

    answer = TestClient(Gate(never, Keyring(keys))).get("/v1/runs", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert json.loads(answer.content)["title"] == "A valid key is needed"


def test_two_keys_in_one_request_are_refused(keys):
    _, text = keys.add("a", "admin")

    async def never(scope, receive, send):
        raise AssertionError("let through")

    headers = [("authorization", f"Bearer {text}")] * 2
    assert TestClient(Gate(never, Keyring(keys))).get("/v1", headers=headers).status_code == 401
