"""Expected numbers of dead, trapped and hurt people from new damage (Tokyo 2022 damage estimate formulas)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layers.people.state import CAUGHT, KILLED, LIGHT, SEVERE
from twin.params import Params

Array = np.ndarray


class Indoors(NamedTuple):
    """People indoors now by structure, and their number over that at 05:00; shape (cell,) each."""

    wood_persons: Array
    nonwood_persons: Array
    wood_ratio: Array
    nonwood_ratio: Array


def indoors(
    params: Params, wood_residents: Array, nonwood_residents: Array, home: Array, visitors: Array, wood_floor: Array
) -> Indoors:
    """Who is inside which structure: residents at home in their own class, visitors by floor area.

    home: residents at home; visitors: people indoors away from home; wood_floor: wooden share of the floor area.
    """
    residents = np.maximum(wood_residents + nonwood_residents, 1.0)
    wood_floor = params.visitors_in_wood_weight * wood_floor
    wood = home * wood_residents / residents + visitors * wood_floor
    nonwood = home * nonwood_residents / residents + visitors * (1.0 - wood_floor)
    top = params.indoor_ratio_limit
    return Indoors(
        wood,
        nonwood,
        np.minimum(wood / np.maximum(wood_residents, 1.0), top),
        np.minimum(nonwood / np.maximum(nonwood_residents, 1.0), top),
    )


def injury_rate(damage_fraction: Array) -> Array:
    """All injuries per person indoors; q = collapsed + half of the half-collapsed share, 0..1.

    0.12 q below 0.25; 0.07 - 0.16 q to 0.375; 0.01 above (Tokyo 2022 p.358, Osaka 1997 form).
    """
    q = np.asarray(damage_fraction)
    return np.where(q < 0.25, 0.12 * q, np.where(q < 0.375, 0.07 - 0.16 * q, 0.01))


def collapse_deaths(
    params: Params, wood_buildings: Array, nonwood_buildings: Array, crowding_ratio: float, inside: Indoors
) -> Array:
    """Deaths at once in newly collapsed buildings, (cell,): form of Tokyo 2022 p.357, times the instant share."""
    wood = params.deaths_per_wood_building * wood_buildings * inside.wood_ratio
    nonwood = params.deaths_per_nonwood_building * crowding_ratio * nonwood_buildings * inside.nonwood_ratio
    return params.instant_death_fraction * (wood + nonwood)


def collapse_harm(
    params: Params, wood: tuple[Array, Array, Array], nonwood: tuple[Array, Array, Array], inside: Indoors
) -> Array:
    """Trapped, severely and lightly hurt people from new building damage, shape (outcome, cell); KILLED row 0.

    wood, nonwood: new collapsed share, damage measure q before, q now. The hurt who are trapped are rows of the
    trapped already, so they are taken out of the rates for all hurt people.
    """
    harm = np.zeros((4, len(inside.wood_persons)))
    for (collapsed, q_before, q_now), people in ((wood, inside.wood_persons), (nonwood, inside.nonwood_persons)):
        trapped = params.trapped_per_person * collapsed * people
        severe = params.severe_per_person * collapsed * people
        hurt = np.maximum(injury_rate(q_now) - injury_rate(q_before), 0.0) * people
        severe_free = np.maximum(severe - params.trapped_severe_fraction * trapped, 0.0)
        light_free = np.maximum(hurt - severe - params.trapped_light_fraction * trapped, 0.0)
        harm[CAUGHT] += trapped
        harm[SEVERE] += severe_free
        harm[LIGHT] += light_free
    return harm


def fall_rate(params: Params, intensity: Array) -> Array:
    """Share of the people indoors hurt by furniture, ceilings, glass and falls without collapse."""
    rate = params.fall_injury_fraction_at_6 * 10.0 ** (params.fall_injury_slope * (intensity - 6.0))
    return np.where(intensity >= params.fall_lowest_intensity, np.minimum(rate, params.fall_injury_limit), 0.0)


def fall_harm(params: Params, intensity_before: Array, intensity: Array, people: Array) -> Array:
    """Hurt by falls and furniture, (outcome, cell): a weaker shock than one before harms nobody anew."""
    hurt = np.maximum(fall_rate(params, intensity) - fall_rate(params, intensity_before), 0.0) * people
    harm = np.zeros((4, len(people)))
    harm[SEVERE] = params.fall_severe_fraction * hurt
    harm[LIGHT] = (1.0 - params.fall_severe_fraction) * hurt
    return harm


def fire_harm(params: Params, ignitions: Array, burnt_buildings: Array, indoor_ratio: Array) -> Array:
    """Dead and hurt by fire, (outcome, cell): failed escape at the origin, then people overrun by spread."""
    harm = np.zeros((4, len(ignitions)))
    harm[KILLED] = (params.deaths_per_ignition * ignitions + params.deaths_per_burnt_building * burnt_buildings) * (
        indoor_ratio
    )
    harm[SEVERE] = params.severe_per_ignition * ignitions * indoor_ratio
    harm[LIGHT] = params.light_per_ignition * ignitions * indoor_ratio
    return harm


def slide_harm(params: Params, buildings: Array, wood_fraction: Array, indoor_ratio: Array) -> Array:
    """Dead and hurt by slope failures, (outcome, cell); Tokyo 2022 p.367."""
    structure = params.slide_wood_factor * wood_fraction + (1.0 - wood_fraction)
    deaths = params.deaths_per_slide_building * buildings * structure * indoor_ratio
    harm = np.zeros((4, len(buildings)))
    harm[KILLED] = deaths
    harm[SEVERE] = harm[LIGHT] = params.slide_injured_per_death / 2.0 * deaths
    return harm


def site_harm(params: Params, people_under: Array) -> Array:
    """Dead, trapped and hurt among the people under lost floors of large sites, (outcome, site)."""
    shares = np.array(
        [
            params.site_dead_fraction,
            params.site_trapped_fraction,
            params.site_severe_fraction,
            params.site_light_fraction,
        ]
    )
    return shares[:, None] * people_under


def shut_in_lifts(params: Params, intensity_before: Array, intensity: Array, nonwood_persons: Array) -> Array:
    """People newly shut in lifts of non-wooden buildings, (cell,): a ramp between the two alarm intensities."""
    span = params.full_alarm_intensity - params.alarm_intensity
    before, now = (np.clip((i - params.alarm_intensity) / span, 0.0, 1.0) for i in (intensity_before, intensity))
    return params.lift_trapped_per_person * (now - before) * nonwood_persons
