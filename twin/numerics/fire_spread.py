"""How fire runs through a town: from patch to patch of houses, by wind, gaps, construction, firebreaks and crews.

A patch is a building, a cluster or a cell. Patches side by side are joined by directed edges; an edge is open if its
keyed uniform lies below the chance that fire crosses it, and an open edge takes the time the front needs. Nothing is
drawn here: the same uniforms give the same fire, and stronger wind, narrower gaps or weaker houses only add to it.
Trees and graph routines of SciPy are slow to import, so only the functions that need them do.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from twin.errors import ParameterError

Array = np.ndarray
S_PER_MIN = 60.0

# Limit distance of spread in Hamada's formula, 1.15 (5 + 0.5 v) m (denominator in wirc-sjsu/firebench Hamada_2, read;
# its name and use as a limit: common practice, unverified). Fire-resistant walls halve it (assumed, 0.3 to 0.7).
REACH_CALM_M, REACH_PER_WIND_S = 1.15 * 5.0, 1.15 * 0.5
RESISTANT_REACH_FRACTION = 0.5
# Hamada's front outruns observed ones; Sakata 1976 ran at 150 to 160 m/h (J-STAGE 火災 48-1, read) in wind of about
# 12 m/s (unverified): calibrated on houses of 10 m, gaps of 3 m, half of them with fire-resistant walls (assumed).
# The same town at 3 m/s gives 21 (across) to 63 m/h (downwind); Kobe 1995 is quoted with 20 to 40 m/h (unverified).
OBSERVED_SPEED_FRACTION = 0.40
# Gap that alone stopped fire in Nagata, Kobe 1995: 14.0 m (Shimizu technical report 62-14, read), in wind of about
# 3 m/s (unverified). Roads count as space that does not burn from 6 m on (kotobank.jp 不燃領域率, read).
STOP_WIDTH_M, STOP_WIND_M_PER_S, STREET_WIDTH_M = 14.0, 3.0, 6.0
FRONT_PER_CREW_M = 10.0  # front a crew with hydrants holds; assumed (5 to 30): two hoses of one house width each
DRY_CREW_FRACTION = 0.4  # the same without piped water; assumed (0.1 to 0.8)
CALM_M_PER_S = 1.0  # below it the wind has no direction worth the name; assumed (0.5 to 2)
# Hamada's clear distance grows as 5 + 0.5 v with the wind, 5 + 0.25 v across, 5 + 0.2 v against it (firebench Hamada_1,
# read): what is left of the wind towards a direction.
ACROSS_SHARE, AGAINST_SHARE = 0.5, 0.4
SHAPE_RAYS = 360


@dataclass(frozen=True)
class Graph:
    """Patches and directed edges between neighbours, sorted by source; edges of patch p: first[p] to first[p + 1]."""

    first: Array
    source: Array
    target: Array
    distance_m: Array
    east: Array  # unit vector of the edge
    north: Array


@dataclass(frozen=True)
class Town:
    """What stands on the patches, arrays (patch,) or numbers; fractions 0 to 1, lengths > 0."""

    house_m: ArrayLike  # side of a house
    gap_m: ArrayLike  # mean gap between houses
    resistant_fraction: ArrayLike = 0.5  # wooden houses with fire-resistant walls, over all that burn
    fireproof_fraction: ArrayLike = 0.0  # buildings that do not burn
    houses_along_edge: ArrayLike = 1.0  # pairs of houses that face each other across a side of the patch


def join(x_m: Array, y_m: Array, first: Array, second: Array) -> Graph:
    """Graph of patches at the given places; first, second: the two patches of each pair of neighbours."""
    source = np.concatenate([first, second]).astype(np.int32)
    target = np.concatenate([second, first]).astype(np.int32)
    order = np.lexsort((target, source))
    source, target = source[order], target[order]
    east_m, north_m = x_m[target] - x_m[source], y_m[target] - y_m[source]
    distance_m = np.hypot(east_m, north_m)
    if not np.all(distance_m > 0.0):
        raise ParameterError("two patches lie in the same place, or a place is no number")
    starts = np.searchsorted(source, np.arange(len(x_m) + 1))
    return Graph(starts, source, target, distance_m, east_m / distance_m, north_m / distance_m)


def grid_graph(n_row: int, n_column: int, side_m: float) -> Graph:
    """Squares on a grid, numbered row by row from the south-west; each has up to eight neighbours."""
    number = np.arange(n_row * n_column).reshape(n_row, n_column)
    pairs = [
        (number[:, :-1], number[:, 1:]), (number[:-1], number[1:]),
        (number[:-1, :-1], number[1:, 1:]), (number[:-1, 1:], number[1:, :-1]),
    ]  # fmt: skip
    first, second = (np.concatenate([pair[side].ravel() for pair in pairs]) for side in (0, 1))
    row, column = np.divmod(np.arange(n_row * n_column), n_column)
    return join(column * side_m, row * side_m, first, second)


def near_graph(x_m: Array, y_m: Array, reach_m: float) -> Graph:
    """Patches anywhere; neighbours are those at most `reach_m` apart, centre to centre."""
    from scipy.spatial import cKDTree

    pairs = cKDTree(np.column_stack([x_m, y_m])).query_pairs(reach_m, output_type="ndarray")
    return join(np.asarray(x_m, float), np.asarray(y_m, float), pairs[:, 0], pairs[:, 1])


def gap_of_coverage_m(house_m: ArrayLike, coverage_fraction: ArrayLike) -> Array:
    """Gap between square houses on a regular grid that cover this share of the ground (0 to 1, not 0)."""
    return np.asarray(house_m, float) * (1.0 / np.sqrt(np.asarray(coverage_fraction, float)) - 1.0)


def reach_m(wind_m_per_s: ArrayLike) -> Array:
    """Widest gap between two bare wooden houses that fire crosses."""
    return REACH_CALM_M + REACH_PER_WIND_S * np.asarray(wind_m_per_s, float)


def jump_probability(town: Town, wind_m_per_s: ArrayLike) -> Array:
    """Chance that fire passes from a house to the next one: gap within reach and a next house that burns.

    Gaps vary exponentially about their mean (assumed), so P(gap <= reach) = 1 - exp(-reach / mean).
    """
    gaps = reach_m(wind_m_per_s) / np.maximum(np.asarray(town.gap_m, float), 1e-9)
    resistant = np.asarray(town.resistant_fraction, float)
    passes = -(1.0 - resistant) * np.expm1(-gaps) - resistant * np.expm1(-RESISTANT_REACH_FRACTION * gaps)
    return (1.0 - np.asarray(town.fireproof_fraction, float)) * passes


def openness(width_m: ArrayLike, wind_m_per_s: ArrayLike) -> Array:
    """Share of fire that a road, river or park of this width lets through: 1 to 6 m, 0 from the stopping width on.

    The stopping width is 14 m in wind of 3 m/s and grows as the reach of fire does; straight between (assumed).
    """
    stop_m = STOP_WIDTH_M * reach_m(wind_m_per_s) / reach_m(STOP_WIND_M_PER_S)
    return np.clip((stop_m - np.asarray(width_m, float)) / (stop_m - STREET_WIDTH_M), 0.0, 1.0)


def edge_probability(graph: Graph, town: Town, wind_m_per_s: float, break_width_m: ArrayLike = 0.0) -> Array:
    """Chance that fire crosses each edge, (edge,): any of the pairs of houses along it, through what lies between.

    break_width_m: width of the road or river on the edge, 0 for none. Two patches meet with their mean chance to jump.
    """
    n_patch = len(graph.first) - 1
    fails = np.broadcast_to(1.0 - jump_probability(town, wind_m_per_s), n_patch)
    pairs = np.broadcast_to(np.asarray(town.houses_along_edge, float), n_patch)
    fail = 0.5 * (fails[graph.source] + fails[graph.target])
    along = np.minimum(pairs[graph.source], pairs[graph.target])
    return openness(break_width_m, wind_m_per_s) * (1.0 - fail**along)


def hamada_m_per_s(town: Town, wind_m_per_s: float) -> tuple[Array, Array, Array]:
    """Speed of the front with, across and against the wind, same shape as the town.

    Hamada's formula as in wirc-sjsu/firebench Hamada_1 (read), times the share that observed fires reached. It jumps
    at calm; here the wind gets its direction between 0 and 1 m/s, so that calm fire is round.
    """
    v = float(wind_m_per_s)
    if not v >= 0.0:
        raise ParameterError(f"wind speed is {wind_m_per_s}; it must be a number from 0 m/s on")
    down, side, up = (
        _hamada(town, clear_m_per_min, gain)
        for clear_m_per_min, gain in (
            (25.0 + 2.5 * v, 1.5 * (1.0 + 0.1 * v + 0.007 * v * v)),
            (5.0 + 0.25 * v, 1.0 + 0.005 * v * v),
            (5.0 + 0.2 * v, 1.0 + 0.002 * v * v),
        )
    )
    return side + (down - side) * min(v / CALM_M_PER_S, 1.0), side, up


def _hamada(town: Town, clear: float, gain: float) -> Array:
    """House and gap over the minutes that one house and one gap take."""
    house, gap = np.asarray(town.house_m, float), np.asarray(town.gap_m, float)
    bare_min = 3.0 + 0.375 * house + 8.0 * gap / clear
    resistant_min = 5.0 + 0.625 * house + 16.0 * gap / clear
    share = np.asarray(town.resistant_fraction, float)
    minutes = ((1.0 - share) * bare_min + share * resistant_min) / gain
    return OBSERVED_SPEED_FRACTION * (house + gap) / (minutes * S_PER_MIN)


def along_wind(east: ArrayLike, north: ArrayLike, wind_from_deg: float) -> Array:
    """Cosine of the angle between directions (unit vectors) and the way the wind blows: 1 with it, -1 against it.

    wind_from_deg: where the wind comes from, clockwise from north (meteorological convention).
    """
    to = np.radians(wind_from_deg + 180.0)
    return np.asarray(east, float) * np.sin(to) + np.asarray(north, float) * np.cos(to)


def felt_wind_m_per_s(along: ArrayLike, wind_m_per_s: float) -> Array:
    """Wind that widens the reach of fire towards directions (-1 to 1, see `along_wind`): all of it with the wind."""
    shares = np.interp(np.asarray(along, float), [-1.0, 0.0, 1.0], [AGAINST_SHARE, ACROSS_SHARE, 1.0])
    return wind_m_per_s * shares


def front_stretch(along: ArrayLike, down: float, side: float, up: float) -> Array:
    """How far burnt ground reaches towards a straight border, over the radius of the circle of equal area.

    along: cosine between the way to the border and the wind, -1 to 1. down, side, up: speeds with, across and against
    the wind (`hamada_m_per_s`). The fire is a point at first, and the shape the one of `crossing_s`.
    """
    if down == side == up:
        return np.ones(np.shape(along))
    ray = np.arange(SHAPE_RAYS) * (2.0 * np.pi / SHAPE_RAYS)
    speed = 1.0 / _slowness(np.cos(ray), down, side, up)
    angle = np.arccos(np.clip(along, -1.0, 1.0))
    reach = (speed * np.cos(ray - angle[..., None])).max(axis=-1)
    return reach / np.sqrt(np.mean(speed**2))


def _slowness(along: Array, down: Array | float, side: Array | float, up: Array | float) -> Array:
    """Seconds per metre by the angle to the wind.

    Towards: two wind and side speeds in a harmonic mean (ellipse about its focus); backwards: an ellipse.
    """
    forward = (1.0 - along) / side + along / down
    backward = np.sqrt((along / up) ** 2 + (1.0 - along**2) / np.square(side))
    return np.where(along >= 0.0, forward, backward)


def crossing_s(graph: Graph, town: Town, wind_east_m_per_s: float, wind_north_m_per_s: float) -> Array:
    """Time the front needs along each edge, (edge,): half through either patch, by its angle to the wind."""
    wind = float(np.hypot(wind_east_m_per_s, wind_north_m_per_s))
    along = (
        (graph.east * wind_east_m_per_s + graph.north * wind_north_m_per_s) / wind if wind > 0.0 else 0.0 * graph.east
    )
    n_patch = len(graph.first) - 1
    down, side, up = (np.broadcast_to(speed, n_patch) for speed in hamada_m_per_s(town, wind))
    slow = np.zeros(graph.source.size)
    for patch in (graph.source, graph.target):
        slow += 0.5 * _slowness(along, down[patch], side[patch], up[patch])
    return graph.distance_m * slow


def arrival_s(
    graph: Graph, edge_s: Array, is_open: Array, ignited: Array, ignite_s: ArrayLike = 0.0, until_s: float = np.inf
) -> Array:
    """When fire reaches each patch under constant wind and without crews, (patch,); inf where not before `until_s`.

    ignited: rows of the patches that catch fire by themselves, at `ignite_s`. Shortest times over the open edges.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    n_patch, n_fire = len(graph.first) - 1, len(ignited)
    begin_s = np.broadcast_to(np.asarray(ignite_s, float), n_fire)
    kept = np.flatnonzero(is_open)
    first = np.searchsorted(kept, graph.first)
    last = first[-1] + n_fire
    low_s = float(begin_s.min(initial=0.0)) - 1.0  # edges of no length are no edges to the solver
    times = csr_array(
        (
            np.concatenate([edge_s[kept], begin_s - low_s]),
            np.concatenate([graph.target[kept], ignited]).astype(np.int32),
            np.concatenate([first, [last]]).astype(np.int32),
        ),
        shape=(n_patch + 1, n_patch + 1),
    )
    return dijkstra(times, indices=n_patch, limit=until_s - low_s)[:n_patch] + low_s


@dataclass(frozen=True)
class Fires:
    """Fire in a town: when each patch caught it (inf: not yet), how far the front is along each edge, 0 to 1."""

    ignite_s: Array
    progress: Array


def no_fires(graph: Graph) -> Fires:
    """A town without fire."""
    return Fires(np.full(len(graph.first) - 1, np.inf), np.zeros(graph.source.size))


def ignite(fires: Fires, patches: Array, at_s: ArrayLike) -> Fires:
    """The same with patches that catch fire by themselves; one that burns already keeps its time."""
    ignite_s = fires.ignite_s.copy()
    np.minimum.at(ignite_s, patches, at_s)
    return Fires(ignite_s, fires.progress)


def advance(
    graph: Graph, fires: Fires, edge_s: Array, is_open: Array, held: ArrayLike, start_s: float, end_s: float
) -> Fires:
    """Fire at `end_s`; conditions hold over the interval, and cutting it in two changes nothing.

    edge_s, is_open: (edge,) for the wind of the interval; held: share of the front that crews hold, (patch,) or one
    number, 0 to 1: it slows the front, and stops it at 1. Sub-steps no longer than the fastest edge, so that no front
    crosses two edges in one; only edges at the front are worked on.
    """
    ignite_s, progress = fires.ignite_s.copy(), fires.progress.copy()
    free = np.broadcast_to(1.0 - np.asarray(held, float), ignite_s.size)
    step_s = float(edge_s[is_open].min(initial=np.inf)) if end_s > start_s else np.inf
    front = _edges_of(graph, np.flatnonzero(ignite_s <= end_s))
    caught = np.zeros(ignite_s.size, bool)
    now_s = start_s
    while now_s < end_s and front.size:
        front = front[is_open[front] & (ignite_s[graph.target[front]] > now_s) & (free[graph.source[front]] > 0.0)]
        then_s = min(now_s + step_s, end_s)
        rate = free[graph.source[front]] / edge_s[front]
        begin_s = np.clip(ignite_s[graph.source[front]], now_s, then_s)
        ahead = progress[front] + (then_s - begin_s) * rate
        over = ahead >= 1.0
        target, reach_s = graph.target[front[over]], begin_s[over] + (1.0 - progress[front[over]]) / rate[over]
        fresh = np.unique(target[reach_s < ignite_s[target]])
        np.minimum.at(ignite_s, target, reach_s)
        progress[front] = np.minimum(ahead, 1.0)
        born = _edges_of(graph, fresh)
        progress[born] = (then_s - ignite_s[graph.source[born]]) * free[graph.source[born]] / edge_s[born]
        caught[fresh] = True  # one that was to catch fire later has edges at the front already
        front = np.concatenate([front[~over & ~caught[graph.source[front]]], born])
        caught[fresh] = False
        now_s = then_s
    return Fires(ignite_s, progress)


def _edges_of(graph: Graph, patches: Array) -> Array:
    """Edges that leave these patches."""
    many = graph.first[patches + 1] - graph.first[patches]
    within = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    return np.repeat(graph.first[patches], many) + within


def held_fraction(front_m: ArrayLike, crews: ArrayLike, water_fraction: ArrayLike) -> Array:
    """Share of a burning front that crews hold, by its length and the share of piped water; 1 where nothing burns."""
    useful = DRY_CREW_FRACTION + (1.0 - DRY_CREW_FRACTION) * np.asarray(water_fraction, float)
    front = np.asarray(front_m, float)
    return np.minimum(np.asarray(crews, float) * FRONT_PER_CREW_M * useful / np.where(front > 0.0, front, 1e-9), 1.0)


def front_m(graph: Graph, fires: Fires, is_open: Array, edge_width_m: ArrayLike, now_s: float) -> Array:
    """Length of front that still has something to burn, by patch: widths of open edges to patches not yet on fire."""
    burning = fires.ignite_s <= now_s
    live = is_open & burning[graph.source] & ~burning[graph.target]
    width = np.broadcast_to(np.asarray(edge_width_m, float), live.size)[live]
    return np.bincount(graph.source[live], weights=width, minlength=burning.size)


def clusters(graph: Graph, is_open: Array) -> Array:
    """Number of the cluster of each patch: patches joined by open edges burn together (延焼クラスター)."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    kept = np.flatnonzero(is_open)
    shape = (len(graph.first) - 1,) * 2
    joined = csr_array((np.ones(kept.size, bool), (graph.source[kept], graph.target[kept])), shape=shape)
    return connected_components(joined, directed=False)[1]


def cluster_burn_probability(n_buildings: ArrayLike, ignition_probability: ArrayLike) -> Array:
    """Chance that a building burns with its cluster of n: 1 - exp(-n p), p the mean ignition chance (TKY22 p.352)."""
    return -np.expm1(-np.asarray(n_buildings, float) * np.asarray(ignition_probability, float))
