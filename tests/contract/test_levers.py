"""Every lever bites: pulled in the middle of a run, the run gives something else than without it.

And: it changes nothing before it is pulled, a run that is saved and restored amid its pulls is the same bit by bit,
what is taken back ends, and every stock stays booked (the loop raises where it does not).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layers.couplings import ORDER
from scenarios.levers import Levers
from tests.contract import pulls, runs
from tests.contract.pulls import HOUR_S, Case, Recorded, find, past
from twin import snapshot
from twin.contract import Lever
from twin.run import Twin

PREPARATION = {  # decided before the event: nothing is left to change once the houses have fallen
    "damage.retrofit_share": "houses were strengthened or not when the ground shook",
    "people.furniture_fixed": "furniture was fixed or not when the ground shook",
    "people.neighbour_help": "who can be freed by neighbours is settled when houses fall",
    "people.site_first_rescue": "who can be freed by neighbours is settled when houses fall",
}
AT_ONCE = {"evacuation.close_shelter": "a door once shut is shut until key and staff are there again"}
SOON = 1 / 6  # hours after the mainshock
FEW_TRUCKS = ("forces_trucks_units-to-logistics",)
COAST, VALLEY, REGION = "coastal-town", "river-town", "kumamoto-2026"
EARLY = Case(0.0, 0.9, name=COAST)  # the tsunami is warned of within minutes
FLED = Case(SOON, 0.9, name=COAST)
LATE = Case(hours=48.0)  # repair gangs and aid that come on the second day

CASES = {
    "damage.first_extinguishing_fraction": Case(SOON),
    "damage.levee_raised_m": FLED,
    "infrastructure.gates_remote": EARLY,
    "infrastructure.gate_hands": EARLY._replace(value=0.0),
    "infrastructure.pump_cars": Case(2, 6, name=COAST, settings=(("infrastructure.pump_cars_after_s", 7200.0),)),
    "infrastructure.water_crews": LATE,
    "infrastructure.shelter_first": LATE,
    "infrastructure.power_crews_sent": Case(SOON),
    "infrastructure.water_crews_sent": LATE,
    "infrastructure.power_first": Case(3, rows=(1,)),
    "infrastructure.water_first": LATE._replace(rows=(0,)),
    "infrastructure.hospital_first": Case(3),
    "infrastructure.office_first": Case(3),
    "infrastructure.road_first": Case(SOON, value=1.0, rows=(4,)),
    "infrastructure.generator_at_depot": Case(SOON),
    "infrastructure.generator_at_office": Case(SOON),
    "people.stay_at_work": Case(3),
    "people.upstairs_help": FLED,
    "evacuation.leave_at_once": FLED,
    "evacuation.leave_after_errand": FLED,
    "evacuation.flee_by_car": FLED,
    "evacuation.loudspeakers": FLED,
    "evacuation.follow_order": Case(2, 12, name=VALLEY),
    "evacuation.care_home_vehicles": Case(2, 12, name=VALLEY),
    "evacuation.care_home_transport": Case(2, 12, name=VALLEY),
    "logistics.night_shift": Case(value=1.0),
    "logistics.contract_trucks": Case(cuts=FEW_TRUCKS),
    "logistics.trucks_sent": Case(SOON, cuts=FEW_TRUCKS),
    "logistics.airlift": LATE,
    "rescue.extra_fire_crews": Case(SOON),
    "rescue.call_takers": Case(SOON),
    "rescue.site_crews": Case(SOON, value=1.0),
    "rescue.search_detection": Case(1, 12, value=0.1, name=REGION),
    "rescue.helicopters": Case(value=0.0),
    "rescue.boats": Case(2, 12, name=VALLEY),
    "rescue.reserve": Case(SOON),
    "government.staff_support": LATE,
    "government.silence_timer": Case(3),
    "government.mutual_aid_size": Case(value=0.0),
    "government.push_time": Case(SOON, value=3600.0),
    "government.consolidation": Case(1, 24, name=REGION),
    "government.flood_order_time": Case(2, 12, value=3 * 3600.0, name=VALLEY),
    "government.flood_reluctance": Case(2, 18, value=0.0, name=VALLEY),
    "government.request_fire_aid": Case(SOON, value=0.1),
    "government.request_police": Case(SOON, value=0.1),
    "government.request_medical": Case(SOON, value=0.1),
    "government.request_self_defence": Case(SOON, value=0.1),
    "government.request_staff_support": Case(0.5, value=0.1),
    "government.push_goods_now": Case(SOON, value=0.1),
}
LAYERS = {layer.name: layer for layer in past().twin.wiring.layers}
NAMES = [f"{layer.name}.{lever.name}" for layer in LAYERS.values() for lever in layer.levers]
WITHDRAWING = [name for name in NAMES if find(name)[1].withdraws]
WITH_LEVERS = [name for name in ORDER if LAYERS[name].levers]
AT_S, BACK_S, END_S = 3 * HOUR_S, 3 * HOUR_S + 1800, 4 * HOUR_S


def case_of(name: str) -> Case:
    """The case of a lever."""
    return CASES.get(name, Case())


def listed(names: list[str]) -> list[Any]:
    """The levers as cases; those that need another place than the test bed, or more than a day, are slow."""
    slow = {name for name in names if case_of(name).name != "two-towns" or case_of(name).hours > 24}
    return [pytest.param(name, marks=[pytest.mark.slow] if name in slow else []) for name in names]


def test_the_tables_name_levers():
    assert {*CASES, *PREPARATION} <= set(NAMES)
    assert not set(CASES) & set(PREPARATION)
    prepares = {f"{layer.name}.{lever.name}" for layer in LAYERS.values() for lever in layer.levers if lever.prepares}
    assert set(PREPARATION) <= prepares
    for layer in LAYERS.values():
        assert layer.obey is not None or all(lever.target for lever in layer.levers), layer.name


@pytest.mark.parametrize("name", listed([name for name in NAMES if name not in PREPARATION]))
def test_every_lever_bites_in_the_middle_of_a_run_and_ends_when_taken_back(name):
    """Orders that can be taken back are, at the first look after the pull."""
    case = case_of(name)
    before, until_s = past(case.name, case.settings, case.cuts), case.at_s + round(case.hours * HOUR_S)
    twin = before.branch(case.at_s)
    pulls.pull(twin, name, case)
    pulled = Recorded(twin)
    bites_s, _ = before.first_difference(pulled, case.at_s, until_s)
    assert bites_s > case.at_s, f"{name} changes no output and no series within {case.hours} h"
    lever = find(name)[1]
    assert lever.target or ("ordered", (lever.name,)) in [(line[3], line[8][:1]) for line in twin.journal.lines]
    if lever.withdraws:
        ended = pulled.branch(min(at_s for at_s in pulled.states if at_s > case.at_s))
        pulls.take_back(ended, name, case)
        from_s = ended.state.now_s
        assert pulled.first_difference(Recorded(ended), from_s, until_s)[1], f"{name} goes on when taken back"


@pytest.mark.parametrize("name", PREPARATION)
def test_levers_of_preparation_bite_from_the_start_only(name):
    before, case, (layer, lever) = past(), Case(), find(name)
    value = pulls.value_of(before.twin, name, case)
    prepared = runs.begin(settings={f"{layer.name}.{lever.target}": value})
    assert before.first_difference(Recorded(prepared), 0, HOUR_S)[1]
    late = before.branch(case.at_s)
    pulls.pull(late, name, case)
    differs = before.first_difference(Recorded(late), case.at_s, case.at_s + 6 * HOUR_S)
    assert differs == (-1, []), "no longer one of preparation: move it to CASES"


@pytest.mark.parametrize("layer", WITH_LEVERS)
def test_orders_taken_back_at_once_leave_nothing(layer):
    """Nothing had time to move: outputs and series are those of the run without the orders."""
    twin = past().branch(AT_S)
    for name in WITHDRAWING:
        if name.startswith(f"{layer}.") and name not in AT_ONCE:
            pulls.pull(twin, name, case_of(name))
            pulls.take_back(twin, name, case_of(name))
    assert past().first_difference(Recorded(twin), AT_S, AT_S + 5 * HOUR_S) == (-1, [])


def in_play(layer: str) -> list[Lever]:
    """Levers that may be pulled once the event has begun."""
    return [lever for lever in LAYERS[layer].levers if not lever.prepares]


def all_levers_of(layer: str) -> dict[str, Any]:
    """A countermeasure that pulls every lever of a layer at AT_S, each order on one row; half of them end at BACK_S."""
    world, measures = past().twin.world, []
    for number, lever in enumerate(in_play(layer)):
        name = f"{layer}.{lever.name}"
        record = {"lever": name, "at": AT_S, "value": pulls.value_of(past().twin, name, case_of(name))}
        if not lever.target and lever.on != "region":
            ids = world[lever.on].ids.tolist()
            if not ids:  # the test bed has none of these
                continue
            record["areas"] = [str(ids[number % len(ids)])]
        if number % 2 and (lever.target or lever.withdraws):
            record["until"] = BACK_S
        measures.append(record)
    return {"name": "all-levers", "measures": measures}


def driven(layer: str, twin: Twin) -> tuple[Twin, Levers]:
    """The twin with all levers of a layer in hand, those of its past pulled."""
    levers = Levers(twin, [{"from_s": 0, "record": all_levers_of(layer)}], runs.SCENARIO)
    levers.catch_up()
    return twin, levers


def drive(twin: Twin, levers: Levers, until_s: int) -> None:
    """Run on, pulling what is due."""
    levers.pull()
    for now_s in twin.advance(until_s):
        if now_s < until_s:
            levers.pull()


@pytest.mark.parametrize("layer", WITH_LEVERS)
def test_levers_change_nothing_before_they_are_pulled(layer):
    twin, levers = driven(layer, past().branch(AT_S - 1800))
    drive(twin, levers, AT_S)
    assert runs.content(twin) == runs.content(past().branch(AT_S))
    levers.pull()
    now, usual = (one.given[layer].params for one in (twin, past().twin))
    swapped = any(not np.array_equal(now[name], usual[name]) for name in usual)
    assert swapped or runs.content(twin) != runs.content(past().branch(AT_S))


@pytest.mark.parametrize("layer", WITH_LEVERS)
def test_a_run_saved_and_restored_amid_its_levers_is_the_same(layer, tmp_path: Path):
    """Cut while all are pulled, and again when half of them have been taken back."""
    whole, levers = driven(layer, past().branch(AT_S))
    drive(whole, levers, END_S)
    schemas = {name: one.state_schema for name, one in LAYERS.items()}
    writer, lines = snapshot.Writer(tmp_path, schemas, "w"), []
    twin, levers = driven(layer, past().branch(AT_S))
    for cut_s in (AT_S + 1200, BACK_S, BACK_S + 600):
        drive(twin, levers, cut_s)
        lines += twin.journal.lines
        writer.save(twin.state)
        fresh = past().branch(0)
        fresh.resume(snapshot.load(tmp_path, cut_s, fresh.state, schemas, "w"))
        twin, levers = driven(layer, fresh)
    drive(twin, levers, END_S)
    assert runs.content(twin) == runs.content(whole)
    assert lines + twin.journal.lines == whole.journal.lines


@pytest.mark.parametrize("layer", WITH_LEVERS)
def test_parameters_taken_back_are_the_usual_ones(layer):
    twin, levers = driven(layer, past().branch(AT_S))
    usual = twin.given[layer].params
    levers.pull()
    pulled = {lever.target for lever in in_play(layer) if lever.target}
    assert all(twin.given[layer].params[name] != usual[name] for name in pulled)
    drive(twin, levers, BACK_S)
    levers.pull()
    ended = {lever.target for number, lever in enumerate(in_play(layer)) if lever.target and number % 2}
    now = twin.given[layer].params
    assert {name for name in pulled if now[name] == usual[name]} == ended
    assert all(np.array_equal(now[name], usual[name]) for name in usual if name not in pulled)


def test_layers_without_obey_refuse_orders():
    twin = past().branch(0)
    bare = tuple(replace(layer, obey=None) for layer in twin.wiring.layers)
    twin.wiring = replace(twin.wiring, layers=bare)
    with pytest.raises(Exception, match="has no `obey`"):
        pulls.pull(twin, "evacuation.open_shelter", Case())
