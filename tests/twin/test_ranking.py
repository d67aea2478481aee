"""Choosing the best of many with few members: how often it is right, and what that costs."""

import numpy as np
import pytest

from twin import ranking

TOLERANCE = 5.0  # 5 % of a baseline of 100


def problem(seed, candidates=24, members=30):
    """Outcomes (candidate, member) on common members: a wide spread of the disaster, and effects of several sizes."""
    generator = np.random.default_rng(seed)
    effects = np.concatenate(([0.0], -generator.gamma(1.5, 8.0, candidates)))
    noise = generator.uniform(0.5, 3.0, candidates + 1)
    noise[0] = 0.0
    disaster = generator.normal(100.0, 40.0, members)
    return disaster + effects[:, None] + noise[:, None] * generator.normal(0, 4.0, (candidates + 1, members))


def race(table, tolerance=TOLERANCE, sure=0.95):
    """The rule as `scenarios.ranking` plays it, on outcomes known beforehand: choice, members used."""
    members = table.shape[1]
    have = [members] + [ranking.FIRST_MEMBERS] * (len(table) - 1)
    while True:
        outcomes = [row[:number] for row, number in zip(table, have, strict=True)]
        now = ranking.standing(outcomes, tolerance)
        if max(now.good, now.alike) >= sure:
            break
        extra = ranking.allocate(outcomes, tolerance, 6, members)[1:]
        if not any(extra):
            break
        have = [members, *(number + more for number, more in zip(have[1:], extra, strict=True))]
    return now.leader, sum(have[1:])


def test_the_choice_is_good_in_19_of_20_races_with_less_than_half_of_the_members():
    good, used = [], []
    for seed in range(120):
        table = problem(seed)
        means = np.array([row.mean() for row in table])
        leader, members = race(table)
        good.append(means[leader] - means.min() <= TOLERANCE)
        used.append(members / (24 * 30))
    assert np.mean(good) >= 0.95
    assert np.mean(used) <= 0.5


def test_members_go_where_the_choice_is_open():
    generator = np.random.default_rng(1)
    clear, close = np.full(6, 50.0) + generator.normal(0, 1, 6), generator.normal(0.5, 4, 6)
    outcomes = [np.full(30, 60.0), clear, np.zeros(6), close]
    extra = ranking.allocate(outcomes, 0.1, 12, 30)
    assert extra[3] > 0
    assert extra[1] == 0
    assert sum(extra) == 12


def test_nobody_gets_more_members_than_there_are():
    outcomes = [np.arange(5.0), np.arange(5.0)[::-1].copy()]
    assert ranking.allocate(outcomes, 0.1, 9, 6) == [1, 1]


def test_candidates_without_any_effect_are_alike_and_sure_of_it():
    same = np.random.default_rng(2).normal(100, 20, 6)
    now = ranking.standing([same, same.copy(), same.copy()], 1.0)
    assert now.alike == now.good == 1.0
    assert now.probability_best == pytest.approx([1 / 3] * 3)
    assert not now.regret.any()


def test_a_lucky_start_does_not_make_sure():
    base = np.array([100.0, 120.0, 90.0, 110.0])
    lucky, noisy = base - np.array([2.0, 2.0, 2.0, 2.001]), base + np.array([9.0, -12.0, 8.0, -11.0])
    now = ranking.standing([base, lucky, noisy], 0.5)
    assert now.good < 0.95


def test_the_answer_depends_on_nothing_but_the_outcomes():
    outcomes = [row[:6] for row in problem(7, 5)]
    first, second = (ranking.standing(outcomes, TOLERANCE) for _ in range(2))
    assert (first.probability_best == second.probability_best).all()
    assert first.probability_best.sum() == pytest.approx(1.0)


def test_a_candidate_without_effect_is_known_as_well_as_the_leader():
    generator = np.random.default_rng(4)
    nothing = generator.normal(100.0, 20.0, 30)
    leader = nothing[:20] - generator.lognormal(2.0, 0.5, 20)
    now = ranking.standing([nothing, leader, nothing[:4].copy()], 1.0)
    effect = leader - nothing[:20]
    assert now.mean[2] == pytest.approx(-effect.mean())
    assert now.error[2] == pytest.approx(now.error[0])
    assert ranking.allocate([nothing, leader, nothing[:4].copy()], 1.0, 6, 30) == [0, 6, 0]


def test_the_leaders_further_members_tell_of_a_candidate_that_is_like_it():
    effect = np.random.default_rng(5).lognormal(2.0, 1.0, 20)
    nothing = np.full(30, 100.0)
    now = ranking.standing([nothing, nothing[:20] - effect, nothing[:4] - 0.5 * effect[:4]], 0.1)
    assert now.mean[2] == pytest.approx(0.5 * effect.mean())


def test_nobody_is_the_best_before_it_has_shown_it_on_enough_members():
    nothing, far = np.full(30, 100.0), np.full(30, 50.0)
    verdicts = [ranking.standing([nothing, far[:number]], 1.0).verdict for number in (4, ranking.LEADER_MEMBERS)]
    assert verdicts == [ranking.UNDECIDED, ranking.BEST]


def test_a_race_ends_with_its_budget():
    table = problem(3, candidates=5)
    have = np.zeros(5, np.int64)

    def run(extra):
        have[:] += extra
        return [table[0], *(row[:number] for row, number in zip(table[1:], have))]

    *_, last = ranking.race(run, 5, 0.0, 30, 27)
    assert have.sum() == 27
    assert last.verdict == ranking.UNDECIDED
