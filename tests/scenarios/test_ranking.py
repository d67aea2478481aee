"""A race of countermeasures on the small world: what helps wins, nothing wins where nothing helps, and it resumes."""

import pytest

from scenarios import read_scenario
from scenarios.execution import Plan
from scenarios.pool import MemberPool
from scenarios.ranking import NOTHING, objective_of, rank
from scenarios.running import create, finish
from twin.errors import Interrupted, ScenarioError

SCENARIO = read_scenario("two-towns")
UNTIL_S, AT_S = 4 * 3600, 2 * 3600
LEAVE = {"name": "empty-halls", "measures": [{"lever": "evacuation.close_shelter", "value": 1, "areas": ["all"]}]}
IDLE = {"name": "idle"}


@pytest.fixture(scope="module")
def pool():
    with MemberPool(2) as workers:
        yield workers


@pytest.fixture(scope="module")
def parent(tmp_path_factory, pool):
    plan = Plan.make(SCENARIO, UNTIL_S, members=5)
    folder = create(plan, SCENARIO, tmp_path_factory.mktemp("parent") / "run", "parent")
    finish(folder, pool=pool, with_report=False)
    return folder


def test_what_does_harm_loses_and_what_does_nothing_is_as_good_as_nothing(parent, pool, tmp_path):
    told = []
    answer = rank(
        parent, AT_S, [LEAVE, IDLE], tmp_path / "r", objective="evacuees_in_cars", pool=pool, tell=told.append
    )
    rows = {row["name"]: row for row in answer["candidates"]}
    assert rows["idle"]["difference"]["verdict"] == "same"
    assert rows["empty-halls"]["difference"]["mean"] > 0
    assert rows["empty-halls"]["probability_best"] < 0.05
    assert answer["best"] in (NOTHING, "idle")
    assert answer["verdict"] == "best"
    assert answer["members_used"] <= answer["members_equal_allocation"]
    assert told[-1] == answer
    assert not any((tmp_path / "r").iterdir())  # the branches are gone


def test_where_nothing_matters_the_answer_says_so(parent, pool, tmp_path):
    answer = rank(parent, AT_S, [IDLE], tmp_path / "r", objective="deaths", pool=pool)
    assert answer["verdict"] == "indifferent"
    assert answer["candidates"][1]["regret"] == 0


def test_a_race_cut_short_goes_on_to_the_same_answer(parent, pool, tmp_path):
    whole = rank(parent, AT_S, [LEAVE], tmp_path / "whole", objective="evacuees_in_cars", pool=pool)
    asked = iter([False, False, True])
    with pytest.raises(Interrupted):
        rank(
            parent, AT_S, [LEAVE], tmp_path / "cut", objective="evacuees_in_cars", pool=pool,
            stop=lambda: next(asked, True),
        )  # fmt: skip
    assert rank(parent, AT_S, [LEAVE], tmp_path / "cut", objective="evacuees_in_cars", pool=pool) == whole


@pytest.mark.parametrize(
    ("candidates", "more", "part"),
    [
        ([], {}, "0 candidates"),
        ([IDLE, IDLE], {}, "a name of its own"),
        ([{"name": NOTHING}], {}, "none may be called"),
        ([IDLE], {"objective": "happiness"}, "no headline 'happiness'"),
        ([IDLE], {"objective": "deaths=-1"}, "must be more than 0"),
        ([IDLE], {"objective": "deaths=much"}, "is no weight"),
        ([IDLE], {"most_members": 1}, "one draw says nothing"),
        ([{"name": "x", "measures": [{"lever": "no.lever", "value": 1}]}], {}, "there is no 'no.lever'"),
    ],
)
def test_what_cannot_be_ranked_is_refused(parent, tmp_path, candidates, more, part):
    with pytest.raises(ScenarioError, match=part):
        rank(parent, AT_S, candidates, tmp_path / "r", **more)


def test_objectives_may_be_weighed():
    weights = {one.quantity: weight for one, weight in objective_of("deaths=5, meals_short").items()}
    assert weights == {"deaths": 5.0, "meals_short": 1.0}
    assert len(objective_of(None)) == 9
