"""What the planner must know at each horizon of a tsunami or a flood; only quantities that mattered in the run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scenarios.report.data import RunData
from scenarios.report.items import REPORTED, Card, Item, daylight_left, forces_note, true_item, with_reported
from scenarios.report.maps import silence
from scenarios.report.spread import Spread
from scenarios.report.text import UNKNOWN, Both, clock, lead
from scenarios.report.timeline import Timeline
from scenarios.report.water import Water
from scenarios.report.words import quantity_name
from twin.units import HOUR_S

MOST_ITEMS = 7
MakeItem = Callable[[RunData, Timeline, Water, int], Item | None]
Ask = str | tuple[str, str] | MakeItem  # a true series; a true and a reported one; or something made
TSUNAMI_WARNINGS = {
    0.0: Both("解除", "lifted"),
    1.0: Both("津波警報", "warning"),
    2.0: Both("大津波警報", "major warning"),
}


def warning(run: RunData, timeline: Timeline, water: Water, time_s: int) -> Item | None:
    """Tsunami warning or flood level in force, the highest of all towns; None if there never was one."""
    for kind, name, name_of in (
        ("tsunami_warning", Both("津波警報", "tsunami warning"), class_name),
        ("flood_warning", Both("洪水の警戒レベル", "flood warning"), level_name),
    ):
        if kind in timeline.rows_of_kind:
            return Item(name, in_force(timeline, kind, name_of, time_s))
    return None


def in_force(timeline: Timeline, kind: str, name_of: Callable[[float], Both], time_s: float) -> Both:
    """Highest class or level in force over all towns, in words, as a range over the members."""
    values = highest_in_force(timeline, kind, time_s)
    low, high = name_of(values[0]), name_of(values[-1])
    return low if low == high else Both(f"{low.ja}～{high.ja}", f"{low.en} to {high.en}")


def highest_in_force(timeline: Timeline, kind: str, time_s: float) -> list[float]:
    """Highest amount in force over all towns at an instant, by member, ascending."""
    column, last = timeline.columns, {}
    for row in timeline.rows_of_kind.get(kind, []):
        if column["time_s"][row] <= time_s:
            last[(int(column["member"][row]), column["area"][row])] = float(column["amount"][row])
    by_member = [max((v for (m, _), v in last.items() if m == n), default=0.0) for n in range(timeline.run.n_member)]
    return sorted(by_member)


def class_name(amount: float) -> Both:
    """Name of a class of tsunami warning."""
    return TSUNAMI_WARNINGS.get(amount, UNKNOWN)


def level_name(level: float) -> Both:
    """`Level 4`; none for 0."""
    return Both(f"レベル{level:.0f}", f"level {level:.0f}") if level else Both("発表なし", "none")


def landslide_name(level: float) -> Both:
    """`Landslide, level 4`; none for 0."""
    return Both("土砂災害 ", "landslide, ") + level_name(level) if level else level_name(level)


def not_heard(run: RunData, timeline: Timeline, water: Water, time_s: int) -> Item:
    """Towns nobody can vouch for."""
    quiet = silence(run, timeline, time_s)
    told = f"{len(quiet)}/{len(run.towns)}"
    return Item(Both("報告のない市町村", "towns not heard"), Both(told, told), REPORTED)


def light(run: RunData, timeline: Timeline, water: Water, time_s: int) -> Item:
    """Daylight left."""
    return Item(Both("日没まで", "daylight left"), daylight_left(run, time_s))


def at_work(run: RunData, timeline: Timeline, water: Water, time_s: int) -> Item:
    """Responders at work, those asked for and on their way."""
    return true_item(run, "responders_working", time_s, forces_note(run, time_s))


TSUNAMI: tuple[tuple[int, Both, tuple[Ask, ...]], ...] = (
    (
        HOUR_S // 2,
        Both("波はどこまで来たか、誰がまだ逃げているか", "How far is the water, who is still fleeing?"),
        (
            warning,
            "evacuees_fleeing",
            "evacuees_in_refuges",
            "people_caught",
            ("trapped_persons", "trapped_persons"),
            not_heard,
            light,
        ),
    ),
    (
        3 * HOUR_S,
        Both("誰が取り残され、誰が舟で行けるか", "Who is cut off, and who can reach them?"),
        (
            warning,
            "stranded_persons",
            "lifted_persons",
            ("deaths", "deaths"),
            ("trapped_persons", "trapped_persons"),
            at_work,
            ("roads_closed", "roads_closed"),
            light,
        ),
    ),
    (
        24 * HOUR_S,
        Both("何が水に浸かり、何が足りないか", "What stands in water, what runs short?"),
        (
            "stranded_persons",
            ("buildings_flooded", "buildings_flooded"),
            "buildings_washed",
            ("missing", "missing"),
            "pumps_stopped",
            ("evacuees_in_shelters", "evacuees_in_shelters"),
            "households_without_power",
            "households_without_water",
            "meals_short",
        ),
    ),
    (
        72 * HOUR_S,
        Both("捜索から生活へ切り替えられるか", "Time to switch from search to living?"),
        (
            ("missing", "missing"),
            "persons_displaced",
            ("evacuees_in_shelters", "evacuees_in_shelters"),
            "households_without_power",
            "households_without_water",
            "meals_short",
            "deaths_related",
            "debris_m3",
        ),
    ),
)
FLOOD: tuple[tuple[int, Both, tuple[Ask, ...]], ...] = (
    (
        6 * HOUR_S,
        Both("どこが危ないか、いつ誰に避難を呼びかけるか", "Where is it dangerous, whom to call out, and when?"),
        (
            warning,
            "residents_ordered",
            "evacuees_fleeing",
            "care_home_persons_moved",
            ("evacuees_in_shelters", "evacuees_in_shelters"),
            light,
        ),
    ),
    (
        12 * HOUR_S,
        Both("どこが切れ、誰が取り残されたか", "Where did it break, who is cut off?"),
        (
            warning,
            "levees_breached",
            "flooded_area_m2",
            "stranded_persons",
            ("deaths", "deaths"),
            ("roads_closed", "roads_closed"),
            light,
        ),
    ),
    (
        24 * HOUR_S,
        Both("誰から救い、どこから排水するか", "Whom to fetch first, where to drain first?"),
        (
            "stranded_persons",
            "lifted_persons",
            ("deaths", "deaths"),
            ("buildings_flooded", "buildings_flooded"),
            "pumps_stopped",
            ("evacuees_in_shelters", "evacuees_in_shelters"),
            at_work,
            "households_without_power",
        ),
    ),
    (
        72 * HOUR_S,
        Both("水は引いたか、住まいに戻れるか", "Has the water gone, can people go home?"),
        (
            "stranded_persons",
            ("buildings_flooded", "buildings_flooded"),
            "persons_displaced",
            "pumps_stopped",
            ("evacuees_in_shelters", "evacuees_in_shelters"),
            "households_without_power",
            "households_without_water",
            "debris_m3",
        ),
    ),
)
NAMES = tuple(
    {name for row in (*TSUNAMI, *FLOOD) for ask in row[2] if not callable(ask) for name in np.atleast_1d(ask).tolist()}
)


def horizons(water: Water) -> tuple[tuple[int, Both, tuple[Ask, ...]], ...]:
    """The cards that fit the place: a tsunami is over in hours, a flood takes half a day to come."""
    return TSUNAMI if water.sea else FLOOD


def cards(run: RunData, timeline: Timeline, water: Water) -> list[Card]:
    """One card per horizon; those beyond the run say so."""
    found = []
    for time_s, question, asks in horizons(water):
        made = [_item(run, timeline, water, ask, time_s) for ask in asks] if time_s <= run.end_s else []
        items = [item for item in made if item is not None][:MOST_ITEMS]
        found.append(Card(lead(time_s), clock(run.scenario.start, time_s), question, items))
    return found


def _item(run: RunData, timeline: Timeline, water: Water, ask: Ask, time_s: int) -> Item | None:
    if callable(ask):
        return ask(run, timeline, water, time_s)
    true, reported = (ask, "") if isinstance(ask, str) else ask
    if not run.happened(true):
        return None
    return with_reported(run, true, reported, time_s) if reported else true_item(run, true, time_s)


def peak_row(run: RunData, name: str) -> tuple[Both, Both] | None:
    """Largest value of each member as a range, with the value at the end; None where nothing happened."""
    block = run.block("true", name)
    if block is None or not run.happened(name):
        return None
    whole = np.nan_to_num(block.of("all"))
    item = true_item(run, name, run.end_s)
    peak, now = Spread.of(whole.max(axis=1)).text(), item.value
    if peak == Spread.of(whole[:, -1]).text():
        return quantity_name(name), now
    return quantity_name(name), now + Both(f"（最大{peak.ja}）", f" (peak {peak.en})")
