"""What `twin serve` and `twin keys` do: bind, check who may call, print the first key, run until told to stop."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from api.audit import AuditLog
from api.console import Console
from api.keys import KeyFile, check_environment_key, new_key
from api.settings import ANY_ADDRESS, LOCAL_HOSTS, Settings
from twin.errors import ScenarioError, StoreError

ENVIRONMENT_KEY = "TWIN_API_KEY"
DEFAULT_PORT = 8765
STOP_S = 3  # open streams are cut this long after the server was told to stop
IDLE_S = 30
BACKLOG = 2048


def serve(
    console: Console,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    database_url: str = "",
    scheduler: str = "",
    workers: int | None = None,
    allow_hosts: Sequence[str] = (),
) -> None:
    """Serve API and page until SIGINT or SIGTERM, with workers of its own.

    port 0: any free one. Raises ScenarioError for a host or port that cannot be had, and for a host other machines
    reach while no key is stored; QueueError if the database of jobs cannot be opened.
    """
    import uvicorn

    from api.app import create_app
    from api.jobs.worker import log_to_stderr

    log_to_stderr()
    settings = settings_for(console.data_dir, host, database_url, scheduler, workers, allow_hosts)
    os.environ.pop(ENVIRONMENT_KEY, None)  # the workers need none
    with listening(host, port) as bound:
        app = create_app(settings, supervise=True)
        place = f"http://{_shown_host(host)}:{bound.getsockname()[1]}/"
        console.show(*greeting(place, settings.session_key))
        sys.stdout.flush()  # a pipe or file would keep it until the end
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="on",
            ws="none",
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=STOP_S,
        )
        server = uvicorn.Server(config)
        on_signal = server.handle_exit

        def leave(number: int, frame: FrameType | None) -> None:
            app.state.stopping = True  # progress streams end by themselves
            on_signal(number, frame)

        server.handle_exit = leave  # type: ignore[assignment, method-assign]
        with suppress(KeyboardInterrupt):
            server.run(sockets=[bound])


def settings_for(
    data_dir: Path,
    host: str,
    database_url: str = "",
    scheduler: str = "",
    workers: int | None = None,
    allow_hosts: Sequence[str] = (),
) -> Settings:
    """Settings of a server on this host; on the own machine with a one-time key, unless TWIN_API_KEY gives one.

    Raises ScenarioError where other machines could reach a server that has no key.
    """
    environment_key = check_environment_key(os.environ.get(ENVIRONMENT_KEY, ""))
    local = host in LOCAL_HOSTS
    if not local and not environment_key and not has_key(KeyFile(data_dir)):
        raise ScenarioError(
            f"--host {host} can be reached by other machines and there is no key yet; make one with "
            f"`twin keys add NAME --role admin`, or set {ENVIRONMENT_KEY}"
        )
    names = () if local else (ANY_ADDRESS, socket.gethostname(), host)
    return Settings(
        data_dir,
        database_url,
        scheduler,
        workers,
        hosts=(*LOCAL_HOSTS, *names, *allow_hosts),
        session_key=new_key()[1] if local and not environment_key else "",
        environment_key=environment_key,
    )


def has_key(keys: KeyFile) -> bool:
    """Whether any stored key holds now."""
    return any(not key.has_ended() for key in keys.all().values())


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises ScenarioError with what to do where it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        told = getattr(error, "strerror", None) or str(error)
        raise ScenarioError(f"cannot listen on {host} port {port}: {told}; choose another --port") from None
    # Connections inherit it; asyncio sets it only on sockets made with an explicit protocol number. Without it the
    # second part of an answer waits some 40 ms for the peer's acknowledgement of the first.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


def greeting(place: str, session_key: str) -> tuple[dict[str, Any], list[str]]:
    """What is printed at the start, as JSON and as lines."""
    url = f"{place}#key={session_key}" if session_key else place
    lines = [f"開く / open: {url}"]
    if session_key:
        lines += [
            f"キー / key: {session_key}",
            "このキーはこのサーバーが動いている間だけ有効です。 / This key holds while this server runs.",
        ]
    return {"url": url, "api": f"{place}v1", "key": session_key or None}, lines


def add_key(console: Console, name: str, role: str, expires: str | None = None) -> None:
    """`twin keys add`: make a key and print it, this once."""
    from scenarios.schema import duration_s

    try:
        expires_s = None if expires is None else duration_s(expires)
    except ValueError as error:
        raise ScenarioError(f"--expires '{expires}': {error}") from None
    stored, text = KeyFile(console.data_dir).add(name, role, expires_s)
    _note(console, made_key=stored.id, made_role=role)
    note = "このキーは二度と表示されません。 / This key is not shown again."
    console.show({**stored.shown(), "key": text}, [text, note])


def list_keys(console: Console) -> None:
    """`twin keys list`."""
    rows = [key.shown() for key in KeyFile(console.data_dir).all().values()]
    lines = [
        f"{row['id']}  {row['role']:<8} {row['revoked'] or row['expires'] or '-':<26} {row['name']}" for row in rows
    ]
    console.show({"keys": rows}, lines)


def revoke_key(console: Console, key_id: str) -> None:
    """`twin keys revoke`: the key ends at once, also for a server that runs."""
    stored = KeyFile(console.data_dir).revoke(key_id)
    if stored is None:
        raise ScenarioError(f"there is no key '{key_id}'; `twin keys list` shows all")
    _note(console, revoked_key=key_id)
    console.show(stored.shown(), [f"{stored.id}  {stored.revoked}  {stored.name}"])


def _note(console: Console, **what: str) -> None:
    """What is done to keys at the command line stands in the audit log as well."""
    try:
        AuditLog(console.data_dir / "audit.log").append({"key_id": "command-line", "role": "admin", **what})
    except OSError as error:
        raise StoreError(f"the audit log cannot be written: {error.strerror}") from None


def _shown_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
