"""Keyed chance: a draw is a function of (seed, member, purpose, entity, occurrence) and of nothing else.

Two runs that differ by a countermeasure therefore share every draw the countermeasure does not touch.
The purpose is hashed once with BLAKE2b; entity keys are mixed in with SplitMix64 (Steele, Lea & Flood 2014,
doi:10.1145/2660193.2660195), vectorised.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from scipy.special import ndtri

Array = np.ndarray
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_OCCURRENCE = np.uint64(0xD6E8FEB86659FD93)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_1, _11, _27, _30, _31 = (np.uint64(number) for number in (1, 11, 27, 30, 31))


def key_of(text: str) -> int:
    """Permanent 63-bit key of a natural id (`cell/49307512`), the same on every machine."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def keys_of(kind: str, ids: Array) -> Array:
    """int64 keys of many ids of one kind, shape as `ids`."""
    return np.array([key_of(f"{kind}/{name}") for name in ids.tolist()], dtype=np.int64)


@lru_cache(maxsize=4096)
def _purpose_key(seed: int, member: int, purpose: str) -> np.uint64:
    digest = blake2b(f"{seed}|{member}|{purpose}".encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def _mix(z: Array) -> Array:
    """Mixes in place; arrays of one dimension or more overflow silently, as meant here."""
    z ^= z >> _30
    z *= _FIRST
    z ^= z >> _27
    z *= _SECOND
    z ^= z >> _31
    return z


@dataclass(frozen=True)
class Chance:
    """Source of all randomness of one member of one run; holds no hidden state."""

    seed: int
    member: int = 0

    def uniform(self, purpose: str, keys: Array | int, occurrence: Array | int = 0) -> Array:
        """One number in (0, 1) per key; `occurrence` counts real repetitions (third repair of this pole)."""
        z = np.atleast_1d(keys).astype(np.uint64)
        z *= _GOLDEN
        z += _purpose_key(self.seed, self.member, purpose)
        z = _mix(_mix(z) + (np.atleast_1d(occurrence).astype(np.uint64) + _1) * _OCCURRENCE)
        z >>= _11
        u = z.astype(np.float64)
        u += 0.5
        u *= 2.0**-53
        return u

    def normal(self, purpose: str, keys: Array | int, occurrence: Array | int = 0) -> Array:
        """Standard normal draw per key."""
        return ndtri(self.uniform(purpose, keys, occurrence))

    def exponential(self, purpose: str, keys: Array | int, mean: Array | float, occurrence: Array | int = 0) -> Array:
        """Exponential draw of the given mean per key."""
        return -np.log(self.uniform(purpose, keys, occurrence)) * mean

    def whole(self, purpose: str, keys: Array | int, mean: Array, occurrence: Array | int = 0) -> Array:
        """Whole number floor(mean + u): expectation `mean`, never falls when `mean` grows for the same key."""
        return np.floor(np.asarray(mean, dtype=np.float64) + self.uniform(purpose, keys, occurrence))
