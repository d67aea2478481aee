"""Missions of crews against the closed forms of queueing theory at one tabulated point."""

import numpy as np
import pytest

from twin.missions import Missions, Units, advance

SERVICE_S = 6000
N = 12_000


def test_three_crews_at_two_thirds_load_wait_as_tabulated():
    """Compared: M/M/3 with 2 arrivals in a mean service time: mean wait 0.4444 and P(wait > 1) = 0.1635 service times,
    P(wait) = 0.4444, queue 0.8889 (standard table, checked against the stationary birth-death chain).

    Band: four standard errors over 20 batches of one run; the wait's tail and its mean can be wrong separately, when
    the order of the queue is wrong or a crew is idle while work waits.
    """
    rng = np.random.default_rng(4)
    asked_s = np.cumsum(rng.exponential(SERVICE_S / 2, N)).astype(np.int64)
    work_s = np.rint(rng.exponential(SERVICE_S, N)).astype(np.int64)
    missions = Missions.empty().append(key=np.arange(N), place=0, asked_s=asked_s, work_s=work_s)
    crews = Units.empty().append(key=np.arange(3), base=0)
    done, _, _ = advance(missions, crews, 0, 10**9, lambda rows, _from, _to: np.zeros(len(rows)))
    wait = (done.began_s - done.asked_s)[N // 10 :] / SERVICE_S

    def error(values, exact):
        means = np.array([batch.mean() for batch in np.array_split(values, 20)])
        return abs(means.mean() - exact) / (means.std(ddof=1) / np.sqrt(20))

    assert error(wait, 0.444444) < 4.0
    assert error(wait > 0, 0.444444) < 4.0
    assert error(wait > 1.0, 0.163502) < 4.0
    rate = len(wait) / ((done.asked_s[-1] - done.asked_s[N // 10]) / SERVICE_S)
    assert rate * wait.mean() == pytest.approx(0.888889, rel=0.15)
