"""Members in processes kept warm: the same digests however many there are and whichever of them are killed."""

import os
import signal

import pytest

from scenarios import read_scenario
from scenarios.execution import Plan, run_members
from scenarios.pool import DaskPool, MemberPool
from scenarios.running import create, finish
from twin.errors import Interrupted, ParameterError

SCENARIO = read_scenario("two-towns")
UNTIL_S = 3 * 3600


def make(path, members=3, **more):
    return create(Plan.make(SCENARIO, UNTIL_S, members=members, **more), SCENARIO, path, path.name)


@pytest.fixture(scope="module")
def pool():
    with MemberPool(2) as workers:
        yield workers


@pytest.fixture(scope="module")
def digest(tmp_path_factory):
    with MemberPool(1) as one:
        return finish(make(tmp_path_factory.mktemp("one") / "run"), pool=one, with_report=False)["digest"]


def test_a_warm_pool_gives_the_same_run_after_run(pool, digest, tmp_path):
    for name in ("first", "second"):
        assert finish(make(tmp_path / name), pool=pool, with_report=False)["digest"] == digest


def test_a_killed_process_is_replaced_and_its_member_goes_on(pool, digest, tmp_path):
    told = []

    def kill_once(member, now_s, remark):
        told.append(now_s)
        if len(told) == 3:
            os.kill(pool.pids()[0], signal.SIGKILL)

    assert finish(make(tmp_path / "killed"), progress=kill_once, pool=pool, with_report=False)["digest"] == digest
    assert len(pool.pids()) == 2


def test_a_stop_is_heard_and_the_rest_is_done_later(pool, digest, tmp_path):
    folder, told = make(tmp_path / "stopped"), []
    with pytest.raises(Interrupted, match="twin resume"):
        finish(folder, progress=lambda *news: told.append(news), stop=lambda: bool(told), pool=pool)
    assert folder.manifest()["status"] == "interrupted"
    assert finish(folder, pool=pool, with_report=False)["digest"] == digest


def test_an_error_keeps_its_kind_and_the_pool_goes_on(pool, digest, tmp_path):
    folder = make(tmp_path / "wrong", settings={"damage.no_such_parameter": 1})
    with pytest.raises(ParameterError, match="no parameter 'no_such_parameter'"):
        finish(folder, pool=pool)
    assert folder.manifest()["status"] == "failed"
    assert finish(make(tmp_path / "right"), pool=pool, with_report=False)["digest"] == digest


def test_members_on_a_cluster_give_the_same_digest(digest, tmp_path):
    distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed (extra `cluster`)")
    cluster = distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None)
    with cluster, DaskPool(cluster.scheduler_address) as far:
        folder = make(tmp_path / "far")
        assert finish(folder, pool=far, with_report=False)["digest"] == digest
        results = run_members(Plan.of(folder.manifest()), folder.path, pool=far)
        assert [result["member"] for result in results] == [0, 1, 2]
