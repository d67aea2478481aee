"""Every lever has a name in both languages, and no name stands for a lever that is gone."""

from scenarios.assemble import chosen_layers
from scenarios.report.lever_names import LEVERS, lever_name


def test_every_lever_is_named_and_nothing_else():
    there = {f"{layer.name}.{lever.name}" for layer in chosen_layers({}) for lever in layer.levers}
    assert set(LEVERS) == there


def test_names_are_told_apart():
    for names in ([name.ja for name in LEVERS.values()], [name.en for name in LEVERS.values()]):
        assert len(set(names)) == len(names)
    assert lever_name("no.lever").ja == "no.lever"
