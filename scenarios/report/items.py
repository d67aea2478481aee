"""One answer on a card of the first page: a number with its range, what was reported of it, and the daylight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenarios.report.data import RunData
from scenarios.report.sentences import singular
from scenarios.report.spread import Spread
from scenarios.report.text import NOT_MODELLED, UNKNOWN, Both, clock, duration, joined
from scenarios.report.words import quantity_name, unit_name
from twin.numerics import sky

TRUE, REPORTED = Both("真", "true"), Both("報", "rep.")


@dataclass(frozen=True)
class Item:
    """One answer on a card. mark: whether the value is simulated truth or what was reported."""

    name: Both
    value: Both
    mark: Both | None = None
    detail: Both | None = None


@dataclass(frozen=True)
class Card:
    """What must be known at one horizon."""

    title: Both
    clock: str
    question: Both
    items: list[Item]


def true_item(run: RunData, name: str, time_s: int, detail: Both | None = None, label: Both | None = None) -> Item:
    """Simulated truth of the whole region at an instant, with its unit."""
    if run.block("true", name) is None:
        return Item(label or quantity_name(name), NOT_MODELLED)
    spread = Spread.of(run.at("true", name, "all", time_s))
    value = spread.text(UNKNOWN, seconds=name.endswith("_s"))
    unit = unit_name(name)
    if unit.ja and spread.known:
        value = Both(f"{value.ja}{unit.ja}", singular(f"{value.en} {unit.en}"))
    return Item(label or quantity_name(name), value, TRUE, detail)


def with_reported(run: RunData, name: str, reported: str, time_s: int) -> Item:
    """Truth with the reported value beneath; silence is named."""
    told = Spread.of(run.at("reported", reported, "all", time_s)).text(digits=None)
    return true_item(run, name, time_s, Both(f"報告：{told.ja}", f"reported: {told.en}"))


def worst_towns(run: RunData, name: str, time_s: int, most: int = 3) -> Item:
    """The towns with the largest medians, each with its range."""
    spreads = [(Spread.of(run.at("true", name, town.code, time_s)), town) for town in run.towns]
    worst = sorted((pair for pair in spreads if pair[0].middle > 0), key=lambda pair: -pair[0].middle)[:most]
    told = [town.name + " " + spread.text() for spread, town in worst]
    label = Both("うち多い町", "most of them in")
    return Item(label, joined(told, "、") if told else Both("なし", "none"), TRUE)


def forces_note(run: RunData, time_s: int) -> Both:
    """Responders asked for and on their way."""
    asked, moving = (
        Spread.of(run.at("true", name, "all", time_s)).text(UNKNOWN)
        for name in ("responders_requested", "responders_moving")
    )
    return Both(f"要請 {asked.ja}・移動 {moving.ja}", f"requested {asked.en}, moving {moving.en}")


def dark_note(run: RunData, time_s: int) -> Both:
    """Key facilities without any power."""
    without = Spread.of(run.at("true", "facilities_dark", "all", time_s)).text(UNKNOWN)
    return Both(f"電源なし {without.ja}施設", f"facilities dark: {without.en}")


def oldest_note(run: RunData, time_s: int) -> Both:
    """How long the oldest request has waited."""
    waited = Spread.of(run.at("true", "approval_delay_s", "all", time_s)).text(UNKNOWN, seconds=True)
    return Both(f"最長 {waited.ja}", f"longest wait {waited.en}")


def unclassified_note(run: RunData, time_s: int) -> Both:
    """Homes reported whose damage is not yet classed."""
    told = Spread.of(run.at("reported", "homes_unclassified", "all", time_s)).text(digits=None)
    return Both(f"報告：分類未了 {told.ja}", f"reported, not yet classed: {told.en}")


def _middle(run: RunData) -> tuple[float, float]:
    return float(np.mean([town.lat for town in run.towns])), float(np.mean([town.lon for town in run.towns]))


def sun(run: RunData, time_s: float) -> tuple[float, float]:
    """Next sunrise and next sunset after an instant, seconds since the start."""
    origin_s, (lat, lon) = run.scenario.start.timestamp(), _middle(run)
    edges = [sky.sunrise_sunset_s(origin_s + time_s + day * 86400.0, lat, lon) for day in (-1, 0, 1, 2)]
    rises, sets = (sorted(float(edge[side]) - origin_s for edge in edges) for side in (0, 1))
    return next(at for at in rises if at > time_s), next(at for at in sets if at > time_s)


def daylight_left(run: RunData, time_s: float) -> Both:
    """Time to sunset, or that it is night."""
    rise, down = sun(run, time_s)
    if rise < down:
        at = clock(run.scenario.start, rise)
        return Both(f"夜間（日の出 {at}）", f"night (sunrise {at})")
    at = clock(run.scenario.start, down)
    return duration(down - time_s) + Both(f"（{at}）", f" ({at})")


def until_sunrise(run: RunData, time_s: float) -> Both:
    """Time to sunrise, or that it is day."""
    rise, down = sun(run, time_s)
    if down < rise:
        return Both("日中", "daytime")
    at = clock(run.scenario.start, rise)
    return duration(rise - time_s) + Both(f"（{at}）", f" ({at})")
