"""Tables of the job queue in SQLite or PostgreSQL, and the connections to them."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    insert,
    select,
    text,
)
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from api.jobs.errors import QueueError, VersionError

VERSION = 1
BUSY_S = 30.0  # a writer waits this long for another one
READING = "twin_reading"  # execution option: this transaction only reads
_LOCK = 0x7477696E  # advisory lock of PostgreSQL while tables are made: the letters "twin"

METADATA = MetaData()
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts up by itself only in a plain INTEGER

SCHEMA = Table("job_schema", METADATA, Column("version", Integer, primary_key=True, autoincrement=False))

JOB = Table(
    "job",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("run_id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("idempotency_key", Text),  # SHA-256 of what the caller sent
    Column("request_digest", Text, nullable=False),
    Column("parent", Text),
    Column("priority", Integer, nullable=False),
    Column("created", Float(53), nullable=False),
    Column("started", Float(53)),
    Column("finished", Float(53)),
    Column("attempt", Integer, nullable=False),
    Column("worker", Text, nullable=False),
    Column("lease_s", Float(53), nullable=False),
    Column("beats", BigInteger, nullable=False),
    Column("wish", Text, nullable=False),
    Column("setbacks", Integer, nullable=False),
    Column("furthest", Float(53), nullable=False),
    Column("now_s", BigInteger, nullable=False),
    Column("progress", Float(53), nullable=False),
    Column("message", Text, nullable=False),
    Column("digest", Text),
    Column("result", Text),
    Column("last_seq", BigInteger, nullable=False),
    UniqueConstraint("owner", "idempotency_key"),
    Index("job_by_state", "state", "priority", "number"),
    Index("job_by_parent", "parent"),
    sqlite_autoincrement=True,  # a number is never used again, so a page's cursor stays valid
)

EVENT = Table(
    "job_event",
    METADATA,
    Column("run_id", Text, ForeignKey("job.run_id", ondelete="CASCADE"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("time", Float(53), nullable=False),
    Column("kind", Text, nullable=False),
    Column("data", Text, nullable=False),
    PrimaryKeyConstraint("run_id", "seq"),
)


def default_url(data_dir: Path) -> str:
    """SQLite in the data folder."""
    return f"sqlite:///{data_dir.absolute() / 'jobs.sqlite'}"


def open_engine(url: str) -> Engine:
    """Connections to the database, with the tables made if they are missing.

    Raises QueueError for a URL or database that cannot be used, VersionError for tables of another version.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise QueueError("the URL of the job database cannot be read; write sqlite:///FILE or postgresql://…") from None
    if parsed.get_backend_name() == "sqlite":
        engine = _open_sqlite(parsed)
    elif parsed.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        engine = create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    else:
        raise QueueError(f"jobs are kept in SQLite or PostgreSQL, not in '{parsed.drivername}'")
    try:
        with engine.begin() as connection:
            _make_tables(connection)
    except OperationalError as error:
        engine.dispose()
        raise QueueError(f"the job database {parsed.render_as_string()} cannot be opened") from error
    except VersionError:
        engine.dispose()
        raise
    return engine


def _open_sqlite(url: Any) -> Engine:
    if not url.database or url.database == ":memory:":
        raise QueueError("a job database in memory would be lost with its process; name a file")
    path = Path(url.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _set_wal(path)
    except (OSError, sqlite3.Error) as error:
        raise QueueError(f"the job database {path.name} cannot be opened: {error}") from None
    engine = create_engine(url, connect_args={"timeout": BUSY_S})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _set_wal(path: Path) -> None:
    """Readers beside one writer; kept in the file. SQLite does not wait here for others who do the same."""
    deadline = time.monotonic() + BUSY_S
    while True:
        connection = sqlite3.connect(path, timeout=BUSY_S)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        finally:
            connection.close()


def _prepare(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # BEGIN is ours, see _begin
    connection.execute("PRAGMA synchronous=FULL")  # an accepted job outlives a power cut
    connection.execute("PRAGMA foreign_keys=ON")


def _begin(connection: Connection) -> None:
    """Writers take the write lock at once: a reader that turns writer half-way would be refused."""
    reading = connection.get_execution_options().get(READING)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _make_tables(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    METADATA.create_all(connection, tables=[SCHEMA])
    found = connection.execute(select(SCHEMA.c.version)).scalar()
    if found is None:
        METADATA.create_all(connection)
        connection.execute(insert(SCHEMA).values(version=VERSION))
    elif found != VERSION:
        raise VersionError(
            f"the job database has version {found}, this program needs version {VERSION}; "
            "finish its jobs with the program that wrote it, or name another database"
        )
