"""Shaking between the places where it was observed: residuals given point AND area observations, each with its error.

A point observation is the residual at one place (a station). An area observation is the mean residual over
many places (a municipality, the trace of a survey). Both are linear in the residual field, so with the prior of
`residuals.py` everything stays normal: `update` gives mean and standard deviation at any number of places,
`draws` gives correlated realisations (an unconditional field by circulant embedding, bent by Matheron's rule so
that it honours the observations). A town's reported largest class is no linear observation: `town_maximum.py`
turns it into point values first.

Cost: places are handled in blocks, so the largest array is a block; no matrix of all places by all places, and
none of all places by all observations, is ever held. Nothing here draws: callers hand in standard normals.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import cholesky, solve_triangular
from scipy.spatial.distance import cdist

from twin.errors import ParameterError, StateError
from twin.numerics.residuals import RELATIVE_JITTER, FieldPlan, Prior, Stations, draw_field, plan_field

Array = np.ndarray

BLOCK_VALUES = 2_000_000  # numbers in one block of (place, member) covariances: 16 MB, stays near the cache
BATCH_VALUES = 4_000_000  # lattice numbers transformed at a time by `draws`
MOST_MEMBERS = 32  # representative places kept of an area
SAME_PLACE_M = 1e-3


@dataclass(frozen=True)
class Areas:
    """Sets of places whose mean residual was observed; members (member,) lie sorted by area, weights sum to 1."""

    x_m: Array
    y_m: Array
    weight: Array
    first_member: Array  # (area,) where each area's members begin
    noise_sd: Array  # (area,) standard error of the observed mean

    @classmethod
    def none(cls) -> "Areas":
        """No area at all."""
        nothing = np.empty(0)
        return cls(nothing, nothing, nothing, np.empty(0, np.int64), nothing)


@dataclass(frozen=True)
class Observed:
    """All observations of one earthquake; `value` (…, observation): points first, then areas, residual unit."""

    points: Stations
    areas: Areas
    value: Array

    @property
    def noise_sd(self) -> Array:
        """Standard error of every observation (observation,)."""
        return np.concatenate([self.points.noise_sd, self.areas.noise_sd])

    @property
    def members(self) -> tuple[Array, Array]:
        """Coordinates (member,) of all points, then of all places that stand for areas."""
        points, areas = self.points, self.areas
        return np.concatenate([points.x_m, areas.x_m]), np.concatenate([points.y_m, areas.y_m])


@dataclass(frozen=True)
class Posterior:
    """Residuals given the observations: at the places (place,) and for the between-event part."""

    mean: Array
    sd: Array
    event_mean: float
    event_sd: float


@dataclass(frozen=True)
class DrawPlan:
    """What `draws` prepares once: the lattice, and what a place varies on its own within its square of nodes.

    `lattice.normals_shape` is (row, column) of the nodes, `lattice.first_node` their place. `n_local`: places,
    points and members of areas together. Each entry of `inside`: rows of places that share squares (square,
    place of square) and the Cholesky factors of their own variation.
    """

    lattice: FieldPlan
    inside: tuple[tuple[Array, Array], ...]
    n_local: int


@dataclass(frozen=True)
class Normals:
    """Standard normals of `draws`; the leading axis counts the draws."""

    lattice: Array  # (draw, row, column) of the plan's lattice
    local: Array  # (draw, place + point + member of an area)
    event: Array  # (draw,)
    noise: Array  # (draw, observation)


def areas_of_cells(
    x_m: ArrayLike, y_m: ArrayLike, area_of_cell: ArrayLike, noise_sd: ArrayLike, most_members: int = MOST_MEMBERS
) -> Areas:
    """Areas as means over cells; x, y, area (cell,): row of the area, -1 for a cell of none; noise_sd (area,).

    More than `most_members` cells are grouped (halved across the longer side until few enough) and each group
    stands in its centre with its share. Its covariance with a place then errs by at most 0.13 (side of a group /
    range)^2, measured on squares: 2.5 % for an area of 25 km, 32 members and a range of 10 km, and the variance
    of its mean comes out 3 % large. Raises ParameterError for an area without cells.
    """
    places = np.column_stack([np.asarray(x_m, float), np.asarray(y_m, float)])
    area, noise = np.asarray(area_of_cell), np.asarray(noise_sd, float)
    groups: list[Array] = []
    first: list[int] = []
    for row in range(noise.size):
        cells = np.flatnonzero(area == row)
        if cells.size == 0:
            raise ParameterError(f"area {row} has no cell; drop its observation or give it one")
        first.append(len(groups))
        groups.extend(_halved(places, cells, most_members))
    centre = np.array([places[group].mean(axis=0) for group in groups]).reshape(-1, 2)
    size = np.array([group.size for group in groups], float)
    start = np.array(first, np.int64)
    share = size / np.repeat(np.add.reduceat(size, start), np.diff([*first, len(groups)])) if first else size
    return Areas(centre[:, 0], centre[:, 1], share, start, noise)


def _halved(places: Array, cells: Array, most: int) -> list[Array]:
    """Groups of cells, at most `most`, made by halving the largest group across its longer side."""
    groups = [cells]
    while len(groups) < min(most, cells.size):
        widest = groups.pop(max(range(len(groups)), key=lambda k: groups[k].size))
        spread = np.ptp(places[widest], axis=0)
        order = widest[np.argsort(places[widest, int(spread[1] > spread[0])], kind="stable")]
        groups += [order[: order.size // 2], order[order.size // 2 :]]
    return groups


def update(x_m: ArrayLike, y_m: ArrayLike, observed: Observed, prior: Prior) -> Posterior:
    """Mean and standard deviation of the residual at places (place,) given the observations.

    Exact for the prior (up to RELATIVE_JITTER of its variance, which lets places observed twice through).
    `observed.value` (observation,). Source: Worden et al. 2018 (ShakeMap 4). Raises ParameterError for input
    that cannot be: NaN, negative errors, two exact and different values at one place.
    """
    places = _checked(x_m, y_m, observed, prior)
    root = _root(observed, prior)
    whitened = solve_triangular(root, observed.value, lower=True)
    variance = prior.tau**2 + prior.phi**2
    mean, sd = np.empty(len(places)), np.empty(len(places))
    for part, cross in _blocks(places, observed, prior):
        pull = solve_triangular(root, cross.T, lower=True, overwrite_b=True, check_finite=False)
        mean[part] = whitened @ pull
        sd[part] = np.sqrt(np.maximum(variance - np.einsum("op,op->p", pull, pull), 0.0))
    to_event = solve_triangular(root, np.full(observed.noise_sd.size, prior.tau**2), lower=True)
    event_sd = np.sqrt(max(prior.tau**2 - to_event @ to_event, 0.0))
    return Posterior(mean, sd, float(to_event @ whitened), float(event_sd))


def plan_draws(x_m: ArrayLike, y_m: ArrayLike, observed: Observed, prior: Prior, spacing_m: float) -> DrawPlan:
    """Prepare `draws` at the places and at everything observed, on a lattice y = row x spacing, x = column x spacing.

    A place takes the kriging of the four nodes around it plus its own variation given them (joint within a
    square), so variances are exact, and so are correlations of a place with its nodes. What is left: less than
    0.01 by the period (see `residuals.plan_field`) and, between close places in neighbouring squares, at most
    half of spacing / range. Places on nodes have no such error: choose the mesh as the lattice where it is one.
    """
    places = _checked(x_m, y_m, observed, prior)
    everything = np.concatenate([places, np.column_stack(observed.members)])
    plan = plan_field(everything[:, 0], everything[:, 1], prior.range_m, spacing_m)
    row, column = np.divmod(plan.node, plan.normals_shape[1])
    node_m = np.stack([column + plan.first_node[1], row + plan.first_node[0]], axis=-1) * spacing_m
    to_node = _correlation(everything[:, None], node_m, prior.range_m)
    among_nodes = _correlation(node_m[:1, :, None], node_m[:1, None], prior.range_m)[0]
    weight = np.linalg.solve(among_nodes, to_node.T).T
    inside = []
    for rows in _sharing(plan.node[:, 0]):
        own = _correlation(everything[rows][:, :, None], everything[rows][:, None], prior.range_m)
        own -= np.einsum("sin,sjn->sij", weight[rows], to_node[rows])
        own[:, np.arange(rows.shape[1]), np.arange(rows.shape[1])] += RELATIVE_JITTER
        inside.append((rows, np.linalg.cholesky(own)))
    return DrawPlan(replace(plan, weight=weight), tuple(inside), len(everything))


def _correlation(here_m: Array, there_m: Array, range_m: float) -> Array:
    """exp(-h / range) between places whose coordinates lie on the last axis."""
    return np.exp(-np.sqrt(((here_m - there_m) ** 2).sum(axis=-1)) / range_m)


def _sharing(square: Array) -> Iterator[Array]:
    """Rows of equal `square`, squares with the same number of rows together: (square, row of square)."""
    order = np.argsort(square, kind="stable")
    _, first, count = np.unique(square[order], return_index=True, return_counts=True)
    for size in np.unique(count):
        yield order[first[count == size][:, None] + np.arange(size)]


def draws(x_m: ArrayLike, y_m: ArrayLike, observed: Observed, prior: Prior, plan: DrawPlan, normals: Normals) -> Array:
    """Correlated realisations of the residual given the observations; shape (draw, place).

    `plan` from `plan_draws` with the same places and observations. Each draw of the prior is bent by the kriging
    of its misfit (Matheron's rule): its mean and spread are those of `update`, and an error-free observation is
    met in every draw. `observed.value` may be (draw, observation), e.g. from
    `town_maximum.draw_given_town_maxima`.
    """
    places = _checked(x_m, y_m, observed, prior)
    _check_normals(plan, observed, normals)
    n_draw = normals.event.size
    field, misfit = np.empty((n_draw, len(places))), np.empty((n_draw, observed.noise_sd.size))
    batch = max(1, BATCH_VALUES // int(np.prod(plan.lattice.normals_shape)))
    for start in range(0, n_draw, batch):
        part = slice(start, start + batch)
        free = prior.phi * _unconditional(plan, normals.lattice[part], normals.local[part])
        free += prior.tau * normals.event[part, None]
        field[part] = free[:, : len(places)]
        misfit[part] = _observe(free[:, len(places) :], observed) + observed.noise_sd * normals.noise[part]
    root = _root(observed, prior)
    pull = solve_triangular(root, (observed.value - misfit).T, lower=True)
    pull = solve_triangular(root, pull, lower=True, trans="T", overwrite_b=True)
    for block, cross in _blocks(places, observed, prior):
        field[:, block] += (cross @ pull).T
    return field


def _unconditional(plan: DrawPlan, lattice: Array, local: Array) -> Array:
    """Unit-variance field at all places of the plan (draw, place + member)."""
    field = draw_field(plan.lattice, lattice)
    for rows, root in plan.inside:
        field[:, rows] += np.einsum("sij,dsj->dsi", root, local[:, rows])
    return field


def _observe(at_members: Array, observed: Observed) -> Array:
    """What the observations see of values at the members: the points themselves, then the means of the areas."""
    n_point, areas = observed.points.x_m.size, observed.areas
    if areas.first_member.size == 0:
        return at_members
    means = np.add.reduceat(at_members[..., n_point:] * areas.weight, areas.first_member, axis=-1)
    return np.concatenate([at_members[..., :n_point], means], axis=-1)


def _blocks(places: Array, observed: Observed, prior: Prior) -> Iterator[tuple[slice, Array]]:
    """Covariance of a block of places with the observations, noise aside: slice of the places, (place, obs.)."""
    members = np.column_stack(observed.members)
    rows = max(64, BLOCK_VALUES // max(len(members), 1))
    for start in range(0, len(places), rows):
        part = slice(start, start + rows)
        covariance = cdist(places[part], members)
        covariance *= -1.0 / prior.range_m
        np.exp(covariance, out=covariance)
        seen = _observe(covariance, observed)
        seen *= prior.phi**2
        seen += prior.tau**2
        yield part, seen


def _root(observed: Observed, prior: Prior) -> Array:
    """Lower Cholesky factor of the covariance of the observed values, noise included."""
    members = np.column_stack(observed.members)
    at_members = np.concatenate([cross for _, cross in _blocks(members, observed, prior)])
    covariance = _observe(at_members.T, observed).T
    jitter = RELATIVE_JITTER * (prior.tau**2 + prior.phi**2)
    covariance[np.diag_indices_from(covariance)] += observed.noise_sd**2 + jitter
    return cholesky(covariance, lower=True, overwrite_a=True)


def _checked(x_m: ArrayLike, y_m: ArrayLike, observed: Observed, prior: Prior) -> Array:
    """Places as (place, 2) after everything handed in was looked at."""
    if not (prior.tau >= 0.0 and prior.phi > 0.0 and prior.range_m > 0.0):
        raise ParameterError(f"prior needs tau >= 0, phi > 0 and range > 0 m, got {prior}")
    places = np.column_stack([np.asarray(x_m, float), np.asarray(y_m, float)])
    n_observed = observed.noise_sd.size
    if n_observed == 0:
        raise ParameterError("no observation given; without any the prior is the answer")
    if observed.value.shape[-1] != n_observed:
        raise ParameterError(f"{observed.value.shape[-1]} values for {n_observed} points and areas")
    for name, numbers in (
        ("place", places.sum(axis=1)),
        ("member of an observation", np.add(*observed.members)),
        ("value of observation", np.atleast_2d(observed.value).sum(axis=0)),
        ("standard error of observation", np.where(observed.noise_sd >= 0.0, observed.noise_sd, np.nan)),
    ):
        if not np.all(np.isfinite(numbers)):
            raise ParameterError(f"{name} {np.flatnonzero(~np.isfinite(numbers))[0]} is no number or negative")
    _check_contradiction(observed)
    return places


def _check_contradiction(observed: Observed) -> None:
    """Two error-free points at one place must agree; the factor would hide it in the jitter."""
    points = observed.points
    exact = np.flatnonzero(points.noise_sd == 0.0)
    if exact.size < 2:
        return
    spot = np.round(np.column_stack([points.x_m[exact], points.y_m[exact]]) / SAME_PLACE_M)
    _, first, which = np.unique(spot, axis=0, return_index=True, return_inverse=True)
    apart = np.abs(observed.value[..., exact] - observed.value[..., exact[first[which.ravel()]]])
    clash = np.flatnonzero(np.atleast_2d(apart).max(axis=0) > 0.0)
    if clash.size:
        second = exact[clash[0]]
        raise ParameterError(
            f"points {exact[first[which.ravel()[clash[0]]]]} and {second} lie at one place with different values and "
            "no error; give them a standard error"
        )


def _check_normals(plan: DrawPlan, observed: Observed, normals: Normals) -> None:
    n_draw, n_observed = normals.event.size, observed.noise_sd.size
    wanted = {
        "lattice": (n_draw, *plan.lattice.normals_shape),
        "local": (n_draw, plan.n_local),
        "noise": (n_draw, n_observed),
    }
    for name, shape in wanted.items():
        got = getattr(normals, name).shape
        if got != shape:
            raise StateError(f"normals '{name}' must have shape {shape}, got {got}")
