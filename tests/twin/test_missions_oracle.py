"""The missions engine against SimPy's own resources, mission by mission, where both can say the same thing."""

import numpy as np
import pytest
import simpy

from twin.missions import Missions, Units, advance

LONG_S = 10**7  # so long that no two things fall on the same second: SimPy breaks such ties by creation order
END_S = 10**11


def random_queue(seed, most=80):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, most))
    asked_s = np.cumsum(rng.integers(1, LONG_S, n))
    return {
        "key": rng.permutation(n),
        "asked_s": asked_s,
        "work_s": rng.integers(1, 3 * LONG_S, n),
        "priority": rng.integers(0, 4, n),
    }, int(rng.integers(1, 6))


def by_engine(columns, n_unit, preemptible):
    m = Missions.empty().append(place=0, preemptible=preemptible, **columns)
    u = Units.empty().append(key=np.arange(n_unit), base=0)
    return advance(m, u, 0, END_S, lambda rows, _from, _to: np.zeros(len(rows)))[0]


def job(env, resource, row, done_s, began_s):
    """One mission as a SimPy process; interrupted, it asks again with the order it had at first."""
    key, asked_s, left_s, priority = row
    yield env.timeout(asked_s)
    while True:
        with resource.request(priority=(priority, asked_s, key)) as request:
            yield request
            since_s = env.now
            began_s.setdefault(key, since_s)
            try:
                yield env.timeout(left_s)
            except simpy.Interrupt:
                left_s -= env.now - since_s
            else:
                done_s[key] = env.now
                return


def by_simpy(columns, resource):
    began_s, done_s = {}, {}
    for row in zip(*(columns[name].tolist() for name in ("key", "asked_s", "work_s", "priority"))):
        resource._env.process(job(resource._env, resource, row, done_s, began_s))
    resource._env.run()
    keys = columns["key"].tolist()
    return [began_s[key] for key in keys], [done_s[key] for key in keys]


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("preemptible", [False, True])
def test_every_mission_begins_and_ends_as_with_simpys_resource(seed, preemptible):
    columns, n_unit = random_queue(seed)
    kind = simpy.PreemptiveResource if preemptible else simpy.PriorityResource
    began_s, done_s = by_simpy(columns, kind(simpy.Environment(), n_unit))
    m = by_engine(columns, n_unit, preemptible)
    assert m.began_s.tolist() == began_s
    assert m.done_s.tolist() == done_s


def test_pre_emption_happens_in_these_cases_and_matters():
    def ends(preemptible):
        return [by_engine(*random_queue(seed), preemptible).done_s.tolist() for seed in range(25)]

    assert sum(a != b for a, b in zip(ends(True), ends(False))) > 15
