"""Earthquake shaking at a point: attenuation with distance, soft ground, JMA intensity and its classes.

Formulas were published in km, cm/s and gal (cm/s2) with base-10 logarithms; they are evaluated in these units
inside and take and return SI (m, m/s, m/s2). JMA (instrumental) intensity is a number without unit. All
functions broadcast. The distance to a fault is in `fault.py`. Two independent routes to intensity: Si &
Midorikawa PGV -> `site_amplification` -> `intensity`, and `intensity_morikawa_fujiwara`; for crustal
earthquakes of Mw 6 to 7.5 at 10 to 100 km they differ by 0.04 to 0.17 on average (see the test).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from twin.errors import ParameterError

Array = np.ndarray
T = TypeVar("T")

M_PER_KM = 1000.0
CM_PER_M = 100.0  # also gal per m/s2
BEDROCK_600_TO_400 = 1.41  # PGV factor from ground of Vs 600 to 400 m/s, read from OQ si_midorikawa_1999.py

# Si & Midorikawa 1999: constant d by kind of earthquake
SM99_PGV_KIND = {"crustal": 0.0, "interface": -0.02, "intraslab": 0.12}
SM99_PGA_KIND = {"crustal": 0.0, "interface": 0.01, "intraslab": 0.22}
# Japan's two halves (NIED technical report 2009 p.148-149 as coded in OpenQuake, read), by measure of motion:
# north-east: exponents of the far-field gain 10^a (R/300 km)^b, then trench slope per km and offset per km of depth
SM99_NORTHEAST = {"pgv": (-0.012, 2.064, -4.021e-5, 9.905e-3), "pga": (0.13, 3.2, -8.1e-5, 2.0e-2)}
# south-west: slope per km from the volcanic front and km of depth, and the value beyond 75 km from the front
SM99_SOUTHWEST = {"pgv": (4.28e-5, 3.21e-3), "pga": (7.06e-5, 5.30e-3)}
FRONT_LIMIT_M = 75_000.0
CORRECTION_DEPTH_KM = 30.0  # both corrections and the anomalous intensity start from this depth

JMA_CLASS_NAMES = ("0", "1", "2", "3", "4", "5-", "5+", "6-", "6+", "7")
JMA_CLASS_LOWER = np.array([-np.inf, 0.5, 1.5, 2.5, 3.5, 4.5, 5.0, 5.5, 6.0, 6.5])
JMA_CLASS_UPPER = np.append(JMA_CLASS_LOWER[1:], np.inf)
# Middle of each class; the open ends take half a step (class 0: 0.25, class 7: 6.75, a convention, not a
# mean).
JMA_CLASS_MIDDLE = np.array([0.25, 1.0, 2.0, 3.0, 4.0, 4.75, 5.25, 5.75, 6.25, 6.75])

# Below the first joint the 2005 form governs, above it the 1999 form: the lower root of their difference.
INTENSITY_JOINT_LOG_PGV = (0.883 - np.sqrt(0.883**2 - 4 * 0.213 * 0.678)) / (2 * 0.213)


def _of_kind(table: Mapping[str, T], kind: str, what: str = "kind of earthquake") -> T:
    try:
        return table[kind]
    except KeyError:
        raise ParameterError(f"unknown {what} '{kind}'; known: {', '.join(table)}") from None


def pgv_si_midorikawa_m_per_s(
    magnitude_w: ArrayLike, hypocentre_depth_m: ArrayLike, distance_m: ArrayLike, kind: str = "crustal"
) -> Array:
    """Median peak ground velocity on ground of Vs 600 m/s; distance: closest to the fault plane.

    log PGV(cm/s) = 0.58 Mw + 0.0038 D + d - 1.29 - log(X + 0.0028 10^(0.5 Mw)) - 0.002 X; Mw clipped at 8.3.
    Source: Si & Midorikawa 1999 as coded in OpenQuake 3.26 (status read).
    """
    magnitude = np.minimum(np.asarray(magnitude_w, float), 8.3)
    depth_km, distance_km = np.asarray(hypocentre_depth_m) / M_PER_KM, np.asarray(distance_m) / M_PER_KM
    log_pgv = 0.58 * magnitude + 0.0038 * depth_km + _of_kind(SM99_PGV_KIND, kind) - 1.29
    log_pgv = log_pgv - np.log10(distance_km + 0.0028 * 10 ** (0.5 * magnitude)) - 0.002 * distance_km
    return 10.0**log_pgv / CM_PER_M


def pga_si_midorikawa_m_per_s2(
    magnitude_w: ArrayLike, hypocentre_depth_m: ArrayLike, distance_m: ArrayLike, kind: str = "crustal"
) -> Array:
    """Median peak ground acceleration; arguments as `pgv_si_midorikawa_m_per_s`.

    log PGA(gal) = 0.50 Mw + 0.0043 D + d + 0.61 - log(X + 0.0055 10^(0.5 Mw)) - 0.003 X.
    Source: as above (read); the clip of Mw at 8.3 is taken over from the PGV row.
    """
    magnitude = np.minimum(np.asarray(magnitude_w, float), 8.3)
    depth_km, distance_km = np.asarray(hypocentre_depth_m) / M_PER_KM, np.asarray(distance_m) / M_PER_KM
    log_pga = 0.50 * magnitude + 0.0043 * depth_km + _of_kind(SM99_PGA_KIND, kind) + 0.61
    log_pga = log_pga - np.log10(distance_km + 0.0055 * 10 ** (0.5 * magnitude)) - 0.003 * distance_km
    return 10.0**log_pga / CM_PER_M


def northeast_factor(
    measure: str, hypocentral_distance_m: ArrayLike, hypocentre_depth_m: ArrayLike, trench_distance_m: ArrayLike
) -> Array:
    """Factor on Si & Midorikawa PGV or PGA for subduction earthquakes felt in north-east Japan.

    max(1, 10^a (R / 300 km)^b), and below 30 km depth H also 10^((c x_tr + d)(H - 30)). `measure` "pgv" or
    "pga"; `trench_distance_m` >= 0 from the site to the trench axis. Source: see SM99_NORTHEAST (read).
    """
    gain, power, slope, offset = _of_kind(SM99_NORTHEAST, measure, "measure of motion")
    far = 10.0**gain * (np.asarray(hypocentral_distance_m, float) / 300e3) ** power
    below_km = np.maximum(np.asarray(hypocentre_depth_m, float) / M_PER_KM - CORRECTION_DEPTH_KM, 0.0)
    return np.maximum(far, 1.0) * 10.0 ** ((slope * np.asarray(trench_distance_m) / M_PER_KM + offset) * below_km)


def southwest_factor(measure: str, hypocentre_depth_m: ArrayLike, front_distance_m: ArrayLike) -> Array:
    """Factor on Si & Midorikawa PGV or PGA for subduction earthquakes felt in south-west Japan.

    10^(slope x_vf (H - 30)) up to 75 km from the volcanic front, a constant slope beyond; as published it also
    lowers the motion of earthquakes shallower than 30 km. `front_distance_m`: positive on the ocean side.
    Source: see SM99_SOUTHWEST (read).
    """
    slope, beyond = _of_kind(SM99_SOUTHWEST, measure, "measure of motion")
    front_m = np.asarray(front_distance_m, float)
    per_km = np.where(front_m <= FRONT_LIMIT_M, slope * front_m / M_PER_KM, beyond)
    return 10.0 ** (per_km * (np.asarray(hypocentre_depth_m, float) / M_PER_KM - CORRECTION_DEPTH_KM))


def sigma_si_midorikawa(distance_m: ArrayLike) -> Array:
    """Total standard deviation of log10 motion for crustal earthquakes (NIED form, OpenQuake, read).

    0.23 up to 20 km, linear in log distance to 0.20 at 30 km, 0.20 beyond.
    """
    log_km = np.log10(np.maximum(np.asarray(distance_m, float) / M_PER_KM, 1.0))
    return np.interp(log_km, [np.log10(20.0), np.log10(30.0)], [0.23, 0.20])


def sigma_subduction(pgv_m_per_s: ArrayLike) -> Array:
    """Total standard deviation of log10 motion for subduction earthquakes (NIED form, OpenQuake, read).

    0.20 up to PGV 25 cm/s, linear to 0.15 at 50 cm/s, 0.15 beyond.
    """
    return np.interp(np.asarray(pgv_m_per_s, float) * CM_PER_M, [25.0, 50.0], [0.20, 0.15])


@dataclass(frozen=True)
class MorikawaFujiwaraRow:
    """Coefficients of one measure of motion; the units are those of the published table (km, cm, s)."""

    a: float
    b: tuple[float, float, float]  # crustal, interface, intraslab
    c: tuple[float, float, float]
    d: float
    basin_slope: float
    basin_least_m: float
    site_slope: float
    site_most_m_per_s: float
    front_slope: tuple[float, float]  # north-east, south-west; per km from the volcanic front and km of depth
    philippine_sea: float
    sigma: float


@dataclass(frozen=True)
class Site:
    """Ground under the places asked for: mean shear velocity of the upper 30 m and depth to Vs 1400 m/s."""

    vs30_m_per_s: ArrayLike
    basin_depth_m: ArrayLike = 300.0


@dataclass(frozen=True)
class DeepSource:
    """What the anomalous intensity of a subduction earthquake needs: stronger on the ocean side of the front.

    `front_distance_m`: from the site to the volcanic front, positive on the ocean side, number or array;
    clipped to +-`front_limit_m`. The paper clips at 75 km; OpenQuake has at times left the north-east unclipped
    (discussion gem/oq-engine 11361), which is `front_limit_m=inf`. `philippine_sea`: the earthquake lies inside
    the Philippine Sea plate; counts for intraslab earthquakes shallower than 80 km.
    """

    hypocentre_depth_m: ArrayLike
    front_distance_m: ArrayLike
    side: str  # "north-east" or "south-west" Japan
    philippine_sea: bool = False
    front_limit_m: float = FRONT_LIMIT_M


MF13_SIDES = {"north-east": 0, "south-west": 1}
PHILIPPINE_SEA_DEPTH_M = 80_000.0
MF13_KINDS = ("crustal", "interface", "intraslab")
MF13_HALF_INTENSITY = MorikawaFujiwaraRow(
    -0.0321, (-0.003736, -0.003320, -0.004195), (6.9301, 6.9042, 7.2975),
    0.005078, 0.032214, 320.0, -0.756496, 1200.0, (6.1e-5, 5.9e-5), -0.2284, 0.3493,
)  # fmt: skip
MF13_PGA = MorikawaFujiwaraRow(
    -0.0321, (-0.005315, -0.005042, -0.005605), (7.0830, 7.1181, 7.5035),
    0.011641, -0.055358, 15.0, -0.523212, 1950.0, (7.6e-5, 6.3e-5), -0.2426, 0.3761,
)  # fmt: skip
MF13_PGV = MorikawaFujiwaraRow(
    -0.0325, (-0.002654, -0.002408, -0.003451), (5.6952, 5.6026, 6.0030),
    0.002266, 0.129142, 105.0, -0.693402, 850.0, (4.7e-5, 3.7e-5), -0.2643, 0.3399,
)  # fmt: skip


def _log_morikawa_fujiwara(
    row: MorikawaFujiwaraRow,
    magnitude_w: ArrayLike,
    distance_m: ArrayLike,
    site: Site,
    kind: str,
    deep: DeepSource | None,
) -> Array:
    """log10 of the measure, published units; see the three public functions."""
    if kind not in MF13_KINDS:
        raise ParameterError(f"unknown kind of earthquake '{kind}'; known: {', '.join(MF13_KINDS)}")
    which = MF13_KINDS.index(kind)
    magnitude = np.minimum(np.asarray(magnitude_w, float), 8.2)
    distance_km = np.asarray(distance_m, float) / M_PER_KM
    path = row.b[which] * distance_km - np.log10(distance_km + row.d * 10 ** (0.5 * magnitude))
    basin = row.basin_slope * np.log10(np.maximum(site.basin_depth_m, row.basin_least_m) / 300.0)
    shallow = row.site_slope * np.log10(np.minimum(site.vs30_m_per_s, row.site_most_m_per_s) / 350.0)
    total = row.a * (magnitude - 16.0) ** 2 + row.c[which] + path + basin + shallow
    return total if deep is None else total + _deep_terms(row, kind, deep)


def _deep_terms(row: MorikawaFujiwaraRow, kind: str, deep: DeepSource) -> Array:
    """Anomalous intensity and, inside the Philippine Sea plate, its offset; log10 of the measure."""
    slope = row.front_slope[_of_kind(MF13_SIDES, deep.side, "side of Japan")]
    depth_m = np.asarray(deep.hypocentre_depth_m, float)
    front_km = np.clip(deep.front_distance_m, -deep.front_limit_m, deep.front_limit_m) / M_PER_KM
    anomalous = slope * front_km * np.maximum(depth_m / M_PER_KM - CORRECTION_DEPTH_KM, 0.0)
    inside_plate = deep.philippine_sea and kind == "intraslab"
    return anomalous + np.where(inside_plate & (depth_m < PHILIPPINE_SEA_DEPTH_M), row.philippine_sea, 0.0)


def intensity_morikawa_fujiwara(
    magnitude_w: ArrayLike, distance_m: ArrayLike, site: Site, kind: str = "crustal", deep: DeepSource | None = None
) -> Array:
    """Mean JMA intensity at the surface, valid to Mw 9 (an independent check on the PGV chain).

    `distance_m`: closest to the fault plane; `kind`: see MF13_KINDS; `deep`: adds the terms of subduction
    earthquakes. Twice the sum of the published row (sigma 2 x 0.3493). Source: Morikawa & Fujiwara 2013 as
    coded in OpenQuake 3.26 (status read).
    """
    return 2.0 * _log_morikawa_fujiwara(MF13_HALF_INTENSITY, magnitude_w, distance_m, site, kind, deep)


def pga_morikawa_fujiwara_m_per_s2(
    magnitude_w: ArrayLike, distance_m: ArrayLike, site: Site, kind: str = "crustal", deep: DeepSource | None = None
) -> Array:
    """Median surface peak ground acceleration; arguments and source as `intensity_morikawa_fujiwara`."""
    return 10.0 ** _log_morikawa_fujiwara(MF13_PGA, magnitude_w, distance_m, site, kind, deep) / CM_PER_M


def pgv_morikawa_fujiwara_m_per_s(
    magnitude_w: ArrayLike, distance_m: ArrayLike, site: Site, kind: str = "crustal", deep: DeepSource | None = None
) -> Array:
    """Median surface peak ground velocity; arguments and source as `intensity_morikawa_fujiwara`."""
    return 10.0 ** _log_morikawa_fujiwara(MF13_PGV, magnitude_w, distance_m, site, kind, deep) / CM_PER_M


def site_amplification(vs30_m_per_s: ArrayLike) -> Array:
    """PGV at the surface over PGV on ground of Vs 600 m/s: log ARV = 2.367 - 0.852 log AVS30.

    Source: Fujimoto & Midorikawa 2006 (status unverified). Outside 100 to 1500 m/s the nearest end is used
    (assumed span of the data).
    """
    return 10.0 ** (2.367 - 0.852 * np.log10(np.clip(vs30_m_per_s, 100.0, 1500.0)))


def intensity_1999(pgv_m_per_s: ArrayLike) -> Array:
    """JMA intensity from surface PGV > 0: I = 2.68 + 1.72 log PGV(cm/s), for I >= 4, sd about 0.21.

    Source: Midorikawa, Fujimoto & Muramatsu 1999 (status unverified). Not cut off below 4: use `intensity`
    there.
    """
    return 2.68 + 1.72 * np.log10(np.asarray(pgv_m_per_s, float) * CM_PER_M)


def intensity(pgv_m_per_s: ArrayLike) -> Array:
    """JMA intensity from surface PGV over the whole range, continuous and rising, 0 for no motion.

    The 1999 form above the point where it meets the 2005 form I = 2.002 + 2.603 L - 0.213 L^2, L = log
    PGV(cm/s), i.e. from 10.4 cm/s or I = 4.43; below it the 2005 form (Fujimoto & Midorikawa 2005), floored
    at 0. At I = 4, the edge of the 1999 form, the two differ by 0.13. Both unverified; the joint is our
    choice (assumed).
    """
    log_pgv = np.log10(np.maximum(np.asarray(pgv_m_per_s, float) * CM_PER_M, 0.01))
    weak = 2.002 + 2.603 * log_pgv - 0.213 * log_pgv**2
    strong = 2.68 + 1.72 * log_pgv
    return np.maximum(np.where(log_pgv < INTENSITY_JOINT_LOG_PGV, weak, strong), 0.0)


def pgv_from_intensity_m_per_s(jma_intensity: ArrayLike) -> Array:
    """Surface PGV whose `intensity` is the given value (> 0); inverse of that function."""
    wanted = np.asarray(jma_intensity, float)
    strong = (wanted - 2.68) / 1.72
    # the rising branch of the parabola; beyond its top the strong branch is taken anyway
    root = np.sqrt(np.maximum(2.603**2 - 4 * 0.213 * (wanted - 2.002), 0.0))
    weak = (2.603 - root) / (2 * 0.213)
    log_pgv = np.where(strong < INTENSITY_JOINT_LOG_PGV, weak, strong)
    return 10.0**log_pgv / CM_PER_M


def jma_class(jma_intensity: ArrayLike) -> Array:
    """Row in JMA_CLASS_NAMES (0, 1, 2, 3, 4, 5-, 5+, 6-, 6+, 7) of each instrumental intensity; -1 for NaN.

    Classes are closed below: 4.5 is 5-, 6.5 is 7. Source: JMA intensity scale of 1996.
    """
    values = np.asarray(jma_intensity, float)
    row = np.searchsorted(JMA_CLASS_LOWER[1:], values, side="right")
    return np.where(np.isnan(values), -1, row).astype(np.int8)


def intensity_of_mesh_code(class_code: ArrayLike) -> Array:
    """Middle of the class that a published mesh code stands for (5.0 = 5-, 5.5 = 5+, ... 7.0 = 7).

    The code is an upper edge, not a value: 6.0 means 5.5 to 5.9. So code - 0.25 from 5.0 up (7.0 gives 6.75,
    open ended); codes of 4 and less name a whole class and are its middle. Taken as numbers codes bias by
    +0.25.
    """
    code = np.asarray(class_code, float)
    return np.where(code >= 5.0, code - 0.25, code)
