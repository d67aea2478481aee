"""A queue in SQLite and, where TWIN_TEST_DATABASE_URL names a server, the same in PostgreSQL."""

from __future__ import annotations

import os
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from api.jobs.schema import default_url
from api.jobs.store import JobStore


def postgres_url():
    """A schema of its own in the server the environment names."""
    given = os.environ.get("TWIN_TEST_DATABASE_URL")
    if not given:
        pytest.skip("TWIN_TEST_DATABASE_URL names no PostgreSQL database to test with")
    name = f"test_{uuid4().hex[:12]}"
    url = make_url(given).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    yield url.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield default_url(tmp_path)
    else:
        yield from postgres_url()


@pytest.fixture
def store(url):
    with JobStore(url) as opened:
        yield opened


@pytest.fixture
def submit(store):
    """Submit a job by its run id; further arguments as of JobStore.submit."""

    def put(run_id, kind="run", owner="planner", payload=None, **more):
        return store.submit(kind, run_id, payload or {}, owner, **more)[0]

    return put
