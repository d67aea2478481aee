"""Tables, parameters, worlds, units: the small parts of the machine."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin import params, units
from twin.chance import Chance
from twin.errors import ParameterError, ScenarioError, StateError
from twin.table import Table
from twin.world import IndexSet, membership


def test_table_grows_shrinks_and_leaves_the_old_one_alone():
    table = Table.empty(due_s="int64", town="U5")
    grown = table.append(due_s=np.array([3, 1]), town="43201").append(due_s=9, town="43202")
    assert len(table) == 0
    assert grown["due_s"].tolist() == [3, 1, 9]
    assert grown.select(grown["due_s"] > 2)["town"].tolist() == ["43201", "43202"]
    assert grown.with_columns(due_s=np.zeros(3)).columns["town"] is grown.columns["town"]


def test_table_refuses_ragged_and_unknown_columns():
    with pytest.raises(StateError, match="differ in length"):
        Table({"a": np.zeros(2), "b": np.zeros(3)})
    with pytest.raises(StateError, match="exactly the columns"):
        Table.empty(a="int64").append(b=1)


ROW = 'value = 2.0\nunit = "1"\nrange = [1.0, 4.0]\nsource = "x"\nstatus = "assumed"\nreason = "y"\nvary = true\n'


def write(tmp_path, text):
    folder = tmp_path / "toy"
    folder.mkdir(exist_ok=True)
    path = folder / "params.toml"
    path.write_text(text)
    return path


def test_parameters_are_read_swapped_and_checked(tmp_path):
    table = params.load(write(tmp_path, "[a]\n" + ROW))
    assert table.a == 2.0
    assert table.replace({"a": 3.0}).a == 3.0
    with pytest.raises(ParameterError, match=r"a = 5.0 lies outside its valid range 1.0 to 4.0"):
        table.replace({"a": 5.0})
    with pytest.raises(ParameterError, match="did you mean 'a'"):
        table.replace({"aa": 1.0})
    with pytest.raises(ParameterError, match="no parameter 'b'"):
        _ = table.b


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[a]\nvalue = 1\n", "missing"),
        ("[a]\n" + ROW.replace("assumed", "guessed"), "not one of"),
        ("[a]\n" + ROW.replace('reason = "y"\n', ""), "need a range and a reason"),
        ("[a]\n" + ROW.replace("2.0", "9.0"), "outside its valid range"),
        ("[a\n", "cannot read"),
    ],
)
def test_bad_parameter_files_are_named(tmp_path, text, told):
    with pytest.raises(ParameterError, match=told):
        params.load(write(tmp_path, text))


def test_members_draw_within_the_range_around_the_value(tmp_path):
    table = params.load(write(tmp_path, "[a]\n" + ROW))
    drawn = np.array([table.draw("toy", Chance(1, member)).a for member in range(1, 600)])
    assert drawn.min() >= 1.0
    assert drawn.max() <= 4.0
    assert abs(np.median(drawn) - 2.0) < 0.1
    assert table.draw("toy", Chance(1, 5)).a == drawn[4]


@given(
    parents=st.lists(st.integers(-1, 3), min_size=1, max_size=30),
    weights=st.lists(st.floats(0, 1e6), min_size=30, max_size=30),
)
def test_carriers_conserve(parents, weights):
    parent = np.array(parents)
    weight = np.array(weights[: len(parents)])
    carriers = membership("child", "parent", parent, 4, weight)
    amount = np.arange(1.0, len(parents) + 1)
    assert carriers["child_to_parent_sum"](amount).sum() == pytest.approx(amount[parent >= 0].sum())
    has_child = np.isin(np.arange(4), parent)
    shared = carriers["parent_to_child_share"](np.where(has_child, 7.0, 0.0))
    assert shared.sum() == pytest.approx(7.0 * has_child.sum())
    assert carriers["child_to_parent_mean"](np.ones(len(parents)))[has_child] == pytest.approx(1.0)
    assert carriers["parent_to_child"](np.arange(4.0))[parent >= 0].tolist() == parent[parent >= 0].tolist()


def test_index_sets_refuse_doubles_and_ragged_columns():
    with pytest.raises(ScenarioError, match="'a' stands more than once"):
        IndexSet.build("cell", ["a", "a"])
    with pytest.raises(ScenarioError, match="column 'x' has 3 rows, not 2"):
        IndexSet.build("cell", ["a", "b"], x=np.zeros(3))
    with pytest.raises(ScenarioError, match="has no column 'y'; it has x"):
        _ = IndexSet.build("cell", ["a"], x=np.zeros(1))["y"]


@pytest.mark.parametrize(
    ("name", "unit", "fits"),
    [
        ("debris_m3", "m3", True),
        ("debris_m3", "m", False),
        ("travel_s", "s", True),
        ("persons_home", "person", True),
        ("home_persons", "person", True),
        ("water_fraction", "1", True),
        ("water_l", "1", False),
        ("anything", "furlong", False),
    ],
)
def test_suffix_and_unit_belong_together(name, unit, fits):
    assert units.suffix_fits(name, unit) is fits
