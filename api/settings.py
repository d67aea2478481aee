"""What a server is started with: folders, database, limits, who may call it. Plain frozen data, made once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from twin.units import DAY_S

ANY_ADDRESS = "@address"  # stands for any IP address: names, not addresses, are what a foreign site can forge
LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Limits:
    """The most a request may ask for; beyond it 413, 422 or 429.

    queued: runs accepted or running on the whole server; queued_of_one: of one key.
    branches: runs compared at once; streams: open progress streams.
    """

    body_bytes: int = 1_000_000
    depth: int = 32
    until_s: int = 60 * DAY_S
    members: int = 200
    settings: int = 100
    candidates: int = 100
    branches: int = 12
    page: int = 200
    queued: int = 200
    queued_of_one: int = 50
    streams: int = 100
    disk_free_bytes: int = 200_000_000


@dataclass(frozen=True)
class Settings:
    """Everything `create_app` needs.

    data_dir: folder of runs, keys, audit log and (by default) the database of jobs.
    database_url: where jobs are kept; empty: SQLite in the data folder.
    scheduler: address of a dask.distributed scheduler; empty: members run on this machine.
    workers: worker processes; None: as many as the supervisor finds right.
    hosts: names this server answers to (Host header), without port; "*" answers to all, ANY_ADDRESS to any IP address.
    session_key, environment_key: whole key texts that hold for this process only; empty: none.
    """

    data_dir: Path
    database_url: str = field(default="", repr=False)
    scheduler: str = ""
    workers: int | None = None
    hosts: tuple[str, ...] = LOCAL_HOSTS
    limits: Limits = field(default_factory=Limits)
    session_key: str = field(default="", repr=False)
    environment_key: str = field(default="", repr=False)

    @property
    def runs_dir(self) -> Path:
        """Folder that holds one folder per run."""
        return self.data_dir / "runs"

    @property
    def jobs_url(self) -> str:
        """URL of the database of jobs."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'jobs.sqlite'}"
