"""Requests and approvals: level by level, independent of how time is cut."""

import numpy as np

from layers.government import requests
from layers.government.requests import LEVELS, Kind
from tests.layers.government.place import CHANCE, PARAMS

KEYS = np.arange(30) * 104729 + 5
ABLE = np.ones(2)


def opened(params=PARAMS):
    kind = Kind.GENERATOR_CARS
    first_s = [int(requests.approval_s(kind, int(key), 0, 0, 1.0, params, CHANCE)) for key in KEYS]
    return requests.ask(requests.empty(), [(kind, town, 2.0, 0, first_s[town]) for town in range(30)], 0)


def decided(table, instants_s, params=PARAMS):
    out = []
    for now_s in instants_s:
        table, granted = requests.decide_requests(table, KEYS, ABLE, now_s, params, CHANCE)
        out += granted
    return table, sorted(out)


def test_every_request_passes_every_level_once():
    table, granted = decided(opened(), [10**6])
    assert len(table) == 0
    assert [g[1] for g in granted] == list(range(30))
    low = PARAMS.approval_bounds_s[0] * LEVELS[Kind.GENERATOR_CARS]
    assert min(g[3] for g in granted) >= low - 2


def test_steps_do_not_matter():
    assert decided(opened(), range(600, 40_000, 600))[1] == decided(opened(), range(60, 40_000, 60))[1]


def test_slower_offices_take_longer():
    slow = PARAMS.replace({"approval_s": 7200.0})
    waits = [np.mean([g[3] for g in decided(opened(p), [10**6], p)[1]]) for p in (PARAMS, slow)]
    assert waits[1] > 1.5 * waits[0]
    disabled = requests.approval_s(0, 7, 0, 0, 0.35, PARAMS, CHANCE)
    assert disabled > requests.approval_s(0, 7, 0, 0, 1.0, PARAMS, CHANCE)


def test_pending_and_age_by_town():
    table = opened()
    assert requests.pending(table, 31).tolist() == [1.0] * 30 + [0.0]
    assert requests.oldest_s(table, 31, 500).tolist() == [500.0] * 30 + [0.0]
    assert requests.pending(decided(table, [10**6])[0], 30).sum() == 0
