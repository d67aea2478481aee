"""Laws of the missions engine, on random cases: several pools, crews, shifts, pre-emption, pauses, closed roads."""

import io
from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.missions import DONE, IDLE, TRAVELLING, WAITING, WORKING, Missions, Units, advance

END_S = 3000
N_PLACE = 6


def random_case(seed):
    """Missions, units and surroundings; times are coarse, so that many things fall on the same second."""
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(1, 40)), int(rng.integers(1, 12))
    grain_s = int(rng.choice([1, 50]))

    def times(size, most):
        return rng.integers(0, most // grain_s + 1, size) * grain_s

    m = Missions.empty().append(
        key=rng.permutation(1000)[:n],
        place=rng.integers(0, N_PLACE, n),
        asked_s=times(n, END_S),
        work_s=times(n, 600),
        pool=rng.integers(0, 2, n),
        priority=rng.integers(0, 4, n),
        need=rng.choice([1, 1, 1, 2, 3], n),
        preemptible=rng.random(n) < 0.6,
    )
    u = Units.empty().append(
        key=rng.permutation(1000)[:k] + 1000,
        base=rng.integers(0, N_PLACE, k),
        pool=rng.integers(0, 2, k),
        available_s=times(k, 600) * (rng.random(k) < 0.4),
        leave_s=np.where(rng.random(k) < 0.3, times(k, END_S), 10**9),
        duty_s=700,
        rest_s=np.where(rng.random(k) < 0.5, times(k, 500), 0),
        shift_offset_s=times(k, 1000),
        return_to_base=rng.random(k) < 0.3,
    )
    way_s = times((N_PLACE, N_PLACE), 250) * (rng.random((N_PLACE, N_PLACE)) < 0.8)
    way_s = np.where(rng.random((N_PLACE, N_PLACE)) < 0.2, np.inf, way_s)
    around = {"pause": rng.random(N_PLACE) < 0.2, "stretch": rng.choice([0.0, 0.7, 1.0, 1.1, 3.0], N_PLACE)}
    return m, u, lambda _rows, from_places, to_place: way_s[from_places, to_place], around


def run(case, cuts):
    m, u, travel_s, around = case
    logs = []
    for start_s, until_s in pairwise(cuts):
        m, u, log = advance(m, u, start_s, until_s, travel_s, **around)
        logs.append(log)
    return m, u, np.concatenate(logs)


def same(one, other):
    return all(np.array_equal(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), cuts=st.lists(st.integers(1, END_S - 1), max_size=12))
def test_any_sub_division_gives_the_same_missions_units_and_log(seed, cuts):
    case = random_case(seed)
    whole, cut = run(case, [0, END_S]), run(case, [0, *sorted(cuts), END_S])
    assert same(whole[0], cut[0])
    assert same(whole[1], cut[1])
    assert np.array_equal(whole[2], cut[2])


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("beside_s", [-1, 0, 1])
def test_cuts_at_or_beside_everything_that_happens_change_nothing(seed, beside_s):
    case = random_case(seed)
    m, u, _, _ = case
    whole = run(case, [0, END_S])
    instants = np.concatenate([whole[2]["time_s"], m.asked_s, u.available_s, u.leave_s]) + beside_s
    cuts = np.unique(instants[(instants > 0) & (instants < END_S)])
    cut = run(case, [0, *cuts.tolist(), END_S])
    assert same(whole[0], cut[0])
    assert same(whole[1], cut[1])
    assert np.array_equal(whole[2], cut[2])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), order=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(seed, order):
    m, u, travel_s, around = random_case(seed)
    rows_m, rows_u = order.sample(range(len(m)), len(m)), order.sample(range(len(u)), len(u))
    plain = run((m, u, travel_s, around), [0, END_S])
    mixed = run((m.select(rows_m), u.select(rows_u), travel_s, around), [0, END_S])
    assert same(plain[0].select(rows_m), mixed[0])
    assert same(plain[1].select(rows_u), mixed[1])
    assert np.array_equal(plain[2], mixed[2])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_arguments_are_left_alone_even_if_they_are_read_only(seed):
    m, u, travel_s, around = random_case(seed)
    for table in (m, u):
        for column in fields(table):
            getattr(table, column.name).flags.writeable = False
    before = (through_bytes(m), through_bytes(u))
    advance(m, u, 0, END_S, travel_s, **around)
    assert same(before[0], m)
    assert same(before[1], u)


def through_bytes(table):
    """The table written to a file and read back."""
    file = io.BytesIO()
    np.savez(file, **{column.name: getattr(table, column.name) for column in fields(table)})
    file.seek(0)
    return type(table)(**np.load(file))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), cut_s=st.integers(1, END_S - 1))
def test_the_columns_are_the_whole_state(seed, cut_s):
    m, u, travel_s, around = random_case(seed)
    whole = run((m, u, travel_s, around), [0, END_S])
    m, u, _ = run((m, u, travel_s, around), [0, cut_s])
    later = run((through_bytes(m), through_bytes(u), travel_s, around), [cut_s, END_S])
    assert same(whole[0], later[0])
    assert same(whole[1], later[1])


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), until_s=st.integers(1, END_S))
def test_crews_are_complete_or_absent_at_every_instant(seed, until_s):
    m, u, _ = run(random_case(seed), [0, until_s])
    crew = np.array([(u.mission == key).sum() for key in m.key])
    runs = (m.phase == TRAVELLING) | (m.phase == WORKING)
    assert np.array_equal(crew, np.where(runs, m.need, 0))
    assert runs.sum() == len(np.unique(u.mission[u.mission != IDLE]))
    assert np.array_equal(m.due_s >= 0, runs)
    pool_of = dict(zip(m.key.tolist(), m.pool.tolist()))
    assert all(pool_of[key] == pool for key, pool in zip(u.mission.tolist(), u.pool.tolist()) if key != IDLE)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_log_tells_the_whole_story(seed):
    m, u, travel_s, around = random_case(seed)
    after, _, log = run((m, u, travel_s, around), [0, END_S])
    phase = dict.fromkeys(m.key.tolist(), WAITING)
    assert (np.diff(log["time_s"]) >= 0).all()
    for line in log:
        assert phase[line["key"]] == line["before"]
        phase[line["key"]] = line["after"]
    assert list(phase.values()) == after.phase.tolist()
    assert (log["after"] == DONE).sum() == (after.phase == DONE).sum()


def test_the_cases_are_rich_enough_to_mean_something():
    logs = np.concatenate([run(random_case(seed), [0, END_S])[2] for seed in range(60)])
    interrupted_at_work = (logs["before"] == WORKING) & (logs["after"] == WAITING)
    turned_back = (logs["before"] == TRAVELLING) & (logs["after"] == WAITING)
    assert interrupted_at_work.sum() > 10
    assert turned_back.sum() > 10
    assert (logs["after"] == DONE).sum() > 300
