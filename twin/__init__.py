"""The machine of the twin: contract, wiring, time loop, chance, journal, snapshots. Knows no phenomenon."""

__version__ = "0.1.0"
