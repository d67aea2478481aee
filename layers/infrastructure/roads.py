"""Trunk roads: bridges, pavement, slopes and debris damage them; four states, unknown until inspected; travel times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import floyd_warshall

from layers.infrastructure import crews as gang
from layers.infrastructure.counts import poisson_quantile, probability
from layers.infrastructure.crews import Crews
from twin.chance import Chance
from twin.params import Params
from twin.records import changed
from twin.world import World

Array = np.ndarray

OPEN, LIMITED, EMERGENCY_ONLY, CLOSED = range(4)
EXPRESSWAY = 0
FEW_ROADS = 12  # up to so many changes cost less one by one than a new search
WAY = ("bare", "cut_off", "barred", "reversed")  # what travel times are computed from, of the roads
NO_NEED, MUST, ASKED, INSPECTED = range(4)
"""Inspection of a road; whatever is wrong with it stays unknown until INSPECTED."""


@dataclass(frozen=True)
class RoadPlace:
    """Road sections between nodes."""

    keys: Array
    node_a: Array
    node_b: Array
    road_class: Array
    free_s: Array
    length_km: Array
    bridges: Array
    slope_exposed: Array
    municipality: Array
    cell: Array
    n_node: int
    lane_km: Array  # (municipality,) of trunk roads that are no expressways
    lanes: Array  # of both directions


@dataclass(frozen=True)
class Roads:
    """Per road: intensity_max; bridge_hurt, bridge_broken: bridges with light and major damage; pavement: broken spots;
    slides_cleared, debris_cleared_m3: what gangs took away; inspected: NO_NEED … INSPECTED;
    repair_asked; found: shut or limited when inspected; slide_quantile: luck with slides;
    flooded: what water on it allows, OPEN … CLOSED; cut_off: so much of it under water that there is no way round;
    swept: stood under water and waits for a patrol;
    bare: OPEN … CLOSED, what the road itself allows; barred: closed to general traffic by order; reversed: all lanes
    lead out of the danger by order; status: OPEN … CLOSED, what holds on the ground, orders included.
    debris_m3, slides: load at the last look; settled: nothing else has changed since that look.
    """

    intensity_max: Array
    bridge_hurt: Array
    bridge_broken: Array
    pavement: Array
    slides_cleared: Array
    debris_cleared_m3: Array
    inspected: Array
    repair_asked: Array
    found: Array
    slide_quantile: Array
    flooded: Array
    cut_off: Array
    swept: Array
    bare: Array
    barred: Array
    reversed: Array
    status: Array
    debris_m3: Array
    slides: Array
    settled: bool


@dataclass(frozen=True)
class Travel:
    """Travel times between nodes, seconds, and what they were computed from: bare state of the roads, traffic by town.

    cut_off: roads without a way round, bool (road,). barred, reversed: by order, bool (road,).
    island: first node each node can be reached from by emergency vehicles: equal within a connected part, (node,).
    """

    emergency_s: Array
    truck_s: Array
    island: Array
    bare: Array
    cut_off: Array
    barred: Array
    reversed: Array
    traffic: Array


def prepare(world: World) -> RoadPlace:
    """Constants from the roads."""
    road = world["road"]
    return RoadPlace(
        keys=road.keys,
        node_a=road["node_a"],
        node_b=road["node_b"],
        road_class=road["road_class"],
        free_s=road["length_m"] / road["speed_m_per_s"],
        length_km=road["length_m"] / 1000.0,
        bridges=road["bridges"].astype(float),
        slope_exposed=road["slope_exposed_fraction"].astype(float),
        municipality=road["municipality"],
        cell=road["cell"],
        n_node=len(world["node"]),
        lane_km=_lane_km(world),
        lanes=road["lanes"].astype(float),
    )


def _lane_km(world: World) -> Array:
    road = world["road"]
    ours = (road["municipality"] >= 0) & (road["road_class"] != EXPRESSWAY)
    lane_km = road["length_m"][ours] * road["lanes"][ours] / 1000.0
    return np.bincount(road["municipality"][ours], lane_km, minlength=len(world["municipality"]))


def start(place: RoadPlace, chance: Chance) -> Roads:
    """All roads open and sound."""
    n = len(place.keys)
    nothing, whole, no = np.zeros(n), np.zeros(n, np.int64), np.zeros(n, bool)
    luck = chance.uniform("infrastructure.slide_closes", place.keys)
    seen = np.zeros(n, np.int8)
    sound = np.zeros(n, np.int8)
    return Roads(
        nothing, whole, whole, whole, nothing, nothing, seen, no, no, luck,
        sound, no, no, sound, no, no, sound, nothing, nothing, False,
    )  # fmt: skip


def start_travel(place: RoadPlace, n_municipality: int, params: Params, roads: Roads) -> Travel:
    """Times on free roads."""
    return _times(place, params, roads, np.ones(n_municipality))


def shake(roads: Roads, place: RoadPlace, params: Params, chance: Chance, intensity: Array, liquefied: Array) -> Roads:
    """Damage to bridges and pavement by a shock, and which roads must be inspected; arrays (cell,)."""
    reached = np.maximum(roads.intensity_max, intensity[place.cell])
    strong = reached >= params.bridge_damage_from_intensity
    hurt = place.bridges * np.where(strong, params.bridge_hurt_probability, 0.0)
    broken = place.bridges * np.where(strong, params.bridge_break_probability, 0.0)
    spots = place.length_km * params.pavement_spots_per_km * probability(
        reached, params.pavement_intensity, params.pavement_spread
    ) + place.length_km * params.pavement_spots_per_km_liquefied * liquefied[place.cell]  # fmt: skip
    draw = {
        name: chance.uniform(f"infrastructure.{name}", place.keys) for name in ("bridge_hurt", "bridge", "pavement")
    }
    must = (intensity[place.cell] >= params.inspect_from_intensity) & (roads.inspected == NO_NEED)
    return changed(
        roads,
        intensity_max=reached,
        bridge_hurt=np.maximum(roads.bridge_hurt, poisson_quantile(draw["bridge_hurt"], hurt)),
        bridge_broken=np.maximum(roads.bridge_broken, poisson_quantile(draw["bridge"], broken)),
        pavement=np.maximum(roads.pavement, poisson_quantile(draw["pavement"], spots)),
        inspected=np.where(must, MUST, roads.inspected).astype(np.int8),
        settled=False,
    )


def physical(roads: Roads, place: RoadPlace, params: Params, debris_m3: Array, slides: Array) -> Array:
    """What the road itself allows, OPEN … CLOSED, int8 (road,)."""
    debris_per_km = np.maximum(debris_m3 - roads.debris_cleared_m3, 0.0) / np.maximum(place.length_km, 0.1)
    state = np.where(debris_per_km > params.debris_limited_m3_per_km, LIMITED, OPEN)
    state = np.maximum(state, np.where(roads.pavement > 0, LIMITED, OPEN))
    state = np.maximum(state, np.where(roads.bridge_hurt > 0, EMERGENCY_ONLY, OPEN))
    state = np.maximum(state, np.where(roads.pavement >= params.pavement_spots_close, EMERGENCY_ONLY, OPEN))
    state = np.maximum(np.maximum(state, np.where(roads.swept, EMERGENCY_ONLY, OPEN)), roads.flooded)
    lying = np.maximum(slides - roads.slides_cleared, 0.0)
    state = np.maximum(state, np.where(lying > 0, LIMITED, OPEN))
    shut = roads.slide_quantile < 1.0 - (1.0 - params.slide_closes_probability) ** lying
    shut |= (debris_per_km > params.debris_closed_m3_per_km) | (roads.bridge_broken > 0)
    return np.where(shut, CLOSED, state).astype(np.int8)


def has_news(roads: Roads, debris_m3: Array, slides: Array) -> bool:
    """Whether anything about the roads differs from the last look."""
    same = roads.settled and np.array_equal(debris_m3, roads.debris_m3) and np.array_equal(slides, roads.slides)
    return not same


def update(roads: Roads, place: RoadPlace, params: Params, debris_m3: Array, slides: Array) -> Roads:
    """The state of each road: its own, and the precautionary closure of expressways until they are inspected."""
    state = physical(roads, place, params, debris_m3, slides)
    wait = ((roads.inspected == MUST) | (roads.inspected == ASKED)) & (place.road_class == EXPRESSWAY)
    wait &= roads.intensity_max >= params.expressway_closed_from_intensity
    state = np.maximum(state, np.where(wait, EMERGENCY_ONLY, OPEN)).astype(np.int8)
    bare = roads.bare if np.array_equal(state, roads.bare) else state
    status = np.where(roads.barred, np.maximum(bare, EMERGENCY_ONLY), bare).astype(np.int8)
    status = roads.status if np.array_equal(status, roads.status) else status
    return changed(roads, bare=bare, status=status, debris_m3=debris_m3, slides=slides, settled=True)


def ask_work(
    roads: Roads,
    state: Crews,
    place: RoadPlace,
    params: Params,
    priority: Array,
    found: tuple[Array, Array],
    now_s: int,
) -> tuple[Roads, Crews]:
    """Inspections for roads newly to be inspected, repairs for damage that inspections found.

    priority: weight of each town, (municipality,). found: (debris m3, slides) on the road.
    """
    newly = roads.inspected == MUST
    weight = np.maximum(priority[np.maximum(place.municipality, 0)], 1e-3)
    order = np.rint(10.0 * (1 + place.road_class) / weight).astype(np.int64)
    rows = np.flatnonzero(newly)
    if rows.size:
        roads = changed(roads, inspected=np.where(newly, ASKED, roads.inspected).astype(np.int8))  # still shut
        work_s = params.patrol_s_per_km * place.length_km[rows] + params.bridge_inspection_s * place.bridges[rows]
        work_s = work_s / params.inspectors_speed_up
        state = gang.ask(
            state, gang.INSPECT, gang.INSPECTION, rows, place.keys[rows], place.node_a[rows], order[rows], now_s, work_s
        )
    days = repair_crew_days(roads, place, params, *found)
    wanted = (roads.inspected == INSPECTED) & (days > 0) & ~roads.repair_asked
    rows = np.flatnonzero(wanted)
    if rows.size:
        work_s = days[rows] * params.crew_duty_s / params.gangs_per_road
        state = gang.ask(
            state, gang.CLEAR, gang.CLEARING, rows, place.keys[rows], place.node_a[rows], order[rows], now_s, work_s,
            int(params.gangs_per_road),
        )  # fmt: skip
        roads = changed(roads, repair_asked=roads.repair_asked | wanted)
    return roads, state


def repair_crew_days(roads: Roads, place: RoadPlace, params: Params, debris_m3: Array, slides: Array) -> Array:
    """Crew-days to open each road again: debris by length, slopes, bridges and pavement by number, (road,)."""
    littered = debris_m3 - roads.debris_cleared_m3 > params.debris_limited_m3_per_km * place.length_km
    days = np.where(littered, place.length_km / params.debris_km_per_crew_day, 0.0)
    days += np.maximum(slides - roads.slides_cleared, 0.0) * params.slope_crew_days
    days += roads.bridge_broken * params.bridge_broken_crew_days + roads.bridge_hurt * params.bridge_hurt_crew_days
    return days + roads.pavement * params.pavement_crew_days


def restore(roads: Roads, kind: Array, subject: Array, debris_m3: Array, slides: Array) -> Roads:
    """What finished inspections and repairs change."""
    seen, mended = subject[kind == gang.INSPECT], subject[kind == gang.CLEAR]
    if seen.size:
        inspected = roads.inspected.copy()
        inspected[seen] = INSPECTED
        found = roads.found | ((inspected == INSPECTED) & (roads.bare > OPEN))
        swept = roads.swept.copy()
        swept[seen] = roads.flooded[seen] > OPEN
        roads = changed(roads, inspected=inspected, found=found, swept=swept, settled=False)
    if mended.size:
        done = np.zeros(len(roads.status), bool)
        done[mended] = True
        roads = changed(
            roads,
            bridge_hurt=np.where(done, 0, roads.bridge_hurt),
            bridge_broken=np.where(done, 0, roads.bridge_broken),
            pavement=np.where(done, 0, roads.pavement),
            slides_cleared=np.where(done, slides, roads.slides_cleared),
            debris_cleared_m3=np.where(done, debris_m3, roads.debris_cleared_m3),
            repair_asked=roads.repair_asked & ~done,
            settled=False,
        )
    return roads


def shortest_s(place: RoadPlace, time_s: Array) -> Array:
    """Shortest travel times between all nodes, (node, node); infinite where there is no way.

    time_s: of each road, (road,), infinite when it cannot be used. Parallel roads: the faster one counts.
    """
    usable = np.flatnonzero(np.isfinite(time_s))
    usable = usable[np.argsort(-time_s[usable], kind="stable")]
    a, b = place.node_a[usable], place.node_b[usable]
    dense = np.zeros((place.n_node, place.n_node))
    dense[a, b] = time_s[usable]  # the last written, hence the fastest, stays
    dense[b, a] = time_s[usable]
    return floyd_warshall(dense)


def renewed_s(between_s: Array, place: RoadPlace, before_s: Array, now_s: Array) -> Array:
    """Shortest times after some roads changed; before_s, now_s: of each road, (road,); between_s: (node, node).

    Roads that only became faster are let in one by one, which is quicker than searching anew: each may shorten the
    way between any two nodes.
    """
    rows = np.flatnonzero(now_s != before_s)
    if (now_s > before_s).any() or rows.size > FEW_ROADS:
        return shortest_s(place, now_s)
    for row in rows.tolist():
        a, b, t = place.node_a[row], place.node_b[row], now_s[row]
        by_ab = between_s[:, a, None] + (t + between_s[b])
        by_ba = between_s[:, b, None] + (t + between_s[a])
        between_s = np.minimum(between_s, np.minimum(by_ab, by_ba))
    return between_s


def travel(old: Travel, roads: Roads, place: RoadPlace, params: Params, traffic: Array) -> Travel:
    """Travel times again, if a road's state or the traffic changed enough to matter; else the same object."""
    jam = np.abs(traffic / old.traffic - 1.0).max(initial=0.0) > params.traffic_tolerance
    if jam:
        return _times(place, params, roads, np.maximum(traffic, 1.0))
    if all(np.array_equal(getattr(roads, name), getattr(old, name)) for name in WAY):
        return old
    before, now = (ordered_times_s(place, params, way, old.traffic) for way in (old, roads))
    emergency_s = renewed_s(old.emergency_s, place, before[0], now[0])
    truck_s = renewed_s(old.truck_s, place, before[1], now[1])
    return _travel(emergency_s, truck_s, roads, old.traffic)


def jammed(place: RoadPlace, params: Params, traffic: Array, cars_units: Array) -> Array:
    """Travel time multiplier by town with the cars of those who flee, (municipality,); `traffic` itself without any.

    Speed falls in a straight line with the cars on each lane (Greenshields) down to a crawl.
    """
    if not cars_units.any():
        return traffic
    per_km = params.fleeing_on_trunk_fraction * cars_units / np.maximum(place.lane_km, 1e-9)
    share = np.where(place.lane_km > 0, per_km / params.jam_cars_per_km, 0.0)
    return traffic / np.maximum(1.0 - share, params.crawl_fraction)


def _times(place: RoadPlace, params: Params, roads: Roads, traffic: Array) -> Travel:
    emergency_s, truck_s = (shortest_s(place, time_s) for time_s in ordered_times_s(place, params, roads, traffic))
    return _travel(emergency_s, truck_s, roads, traffic)


def _travel(emergency_s: Array, truck_s: Array, roads: Roads, traffic: Array) -> Travel:
    island = np.argmax(np.isfinite(emergency_s), axis=1)
    return Travel(emergency_s, truck_s, island, roads.bare, roads.cut_off, roads.barred, roads.reversed, traffic)


def ordered_times_s(place: RoadPlace, params: Params, way: Roads | Travel, traffic: Array) -> tuple[Array, Array]:
    """As `road_times_s`, with what is ordered about the roads.

    General traffic is kept off a barred road: it goes round, emergency vehicles pass outside the jam. On a reversed
    road nobody drives into the danger but emergency vehicles, on one lane or the shoulder; relief trucks go round.
    The network knows no directions: trucks that come back out of the danger go round too.
    """
    emergency_s, truck_s = road_times_s(place, params, way.bare, way.cut_off, traffic)
    if not (way.barred.any() or way.reversed.any()):
        return emergency_s, truck_s
    barred = np.where(way.barred, np.maximum(way.bare, EMERGENCY_ONLY), way.bare)
    barred = np.where(way.reversed, np.maximum(barred, EMERGENCY_ONLY), barred)
    truck_s = road_times_s(place, params, barred, way.cut_off, traffic)[1]
    free_s = road_times_s(place, params, way.bare, way.cut_off, np.ones_like(traffic))[0]
    emergency_s = np.where(way.barred, np.minimum(free_s, emergency_s), emergency_s)
    slowed = way.reversed & (way.bare == OPEN)
    return np.where(slowed, emergency_s * params.limited_factor, emergency_s), truck_s


def road_times_s(
    place: RoadPlace, params: Params, status: Array, cut_off: Array, traffic: Array
) -> tuple[Array, Array]:
    """Seconds along each road for emergency vehicles and for trucks, (road,); infinite where there is no way.

    Trucks use open and limited roads and stand in jams; emergency vehicles pass damaged roads too. Who may not pass
    goes round by local streets, which the network does not hold: in the plain that takes a multiple of the time;
    round a closed expressway, along a slope or through wide water (cut_off, bool (road,)) there is no way.
    """
    factor = np.where(place.municipality >= 0, traffic[np.maximum(place.municipality, 0)], 1.0)
    limited = np.where(status == LIMITED, params.limited_factor, 1.0)
    plain = (place.road_class != EXPRESSWAY) & (place.slope_exposed < params.detour_slope_most) & ~cut_off
    round_about = np.where(plain, params.detour_factor, np.inf)
    truck_s = place.free_s * factor * np.where(status >= EMERGENCY_ONLY, round_about, limited)
    passed = (1.0 + (factor - 1.0) * params.emergency_jam_share) * params.emergency_factor
    slowed = np.where(status == EMERGENCY_ONLY, params.emergency_only_factor, limited)
    emergency_s = place.free_s * passed * np.where(status == CLOSED, round_about, slowed)
    return emergency_s, truck_s
