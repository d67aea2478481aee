"""Every error this project raises on purpose: one tree, each message says what, where and what to do next."""

from __future__ import annotations


class TwinError(Exception):
    """Root of all deliberate errors; the command line prints the message and no traceback."""


class ScenarioError(TwinError):
    """A scenario, fact table or option asks for something impossible."""


class ParameterError(TwinError):
    """A parameter is unknown, has no source, or lies outside its range."""


class WiringError(TwinError):
    """Layers and coupling rows do not fit together; lists every problem found."""


class StateError(TwinError):
    """A running state broke a law: a leak in a stock, a wrong shape, a NaN; names layer, quantity and time."""


class SnapshotError(TwinError):
    """A snapshot cannot be read: damaged, of another version, or of another scenario."""


class StoreError(TwinError):
    """A run folder cannot be written or read (disk full, read-only, not a run)."""


class Interrupted(TwinError):
    """The user or the system stopped a run; what was finished is kept and `twin resume` goes on."""
