"""One finished run for the whole session, and a server of its own for each file."""

from __future__ import annotations

import pytest

from tests.fuzz.laws import hold
from tests.fuzz.place import Place, finished_run


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """Folder of a finished run of two members."""
    return finished_run(tmp_path_factory.mktemp("finished") / "run")


@pytest.fixture(scope="module")
def place(tmp_path_factory, finished):
    """A server with the finished run and one that waits."""
    made = Place(tmp_path_factory.mktemp("fuzz") / "data", finished, queued=100_000, queued_of_one=100_000)
    yield made
    made.close()


@pytest.fixture
def ask(place):
    """Send a request as a role, hold the answer to all laws, and return it."""

    def asked(method, path, role="planner", **more):
        headers = place.headers_of(role) | (more.pop("headers", None) or {})
        answer = place.nobody.request(method, path, headers=headers, **more)
        hold(answer, place.secrets())
        return answer

    return asked


@pytest.fixture
def raw(place):
    """The same with a request that is sent byte by byte as given."""

    def asked(*request, **more):
        answer = place.raw(*request, **more)
        hold(answer, place.secrets())
        return answer

    return asked
