"""API keys: who may call the server, in which role. Secrets are random and kept only as SHA-256."""

from __future__ import annotations

import fcntl
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import Problem
from twin.errors import ScenarioError, StoreError

ROLES = ("viewer", "planner", "admin")
RANK = {role: rank for rank, role in enumerate(ROLES)}
KEY = re.compile(r"twin_([a-z0-9]{4,32})_([\x21-\x7e]{16,200})")
SHORTEST_ENVIRONMENT_KEY = 16
PROTECTED = ("/v1", "/ogc", "/metrics")
OPEN = ("/v1/problems",)
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="twin"'}


@dataclass(frozen=True)
class Who:
    """The caller of a request: id and name of the key, and its role."""

    key_id: str
    name: str
    role: str

    def may(self, role: str) -> bool:
        """Whether the caller has at least this role."""
        return RANK[self.role] >= RANK[role]


@dataclass(frozen=True)
class StoredKey:
    """A key as kept on disk; `sha256` is of the secret, times are UTC instants, empty: never."""

    id: str
    name: str
    role: str
    sha256: str
    created: str
    expires: str = ""
    revoked: str = ""

    def shown(self) -> dict[str, Any]:
        """What may be told about the key: everything but the hash."""
        return {name: value or None for name, value in asdict(self).items() if name != "sha256"}

    def has_ended(self) -> str:
        """Why the key no longer holds, empty while it does."""
        if self.revoked:
            return "this key was revoked"
        past = self.expires and datetime.fromisoformat(self.expires) <= datetime.now(UTC)
        return "this key has expired" if past else ""


def new_key() -> tuple[str, str, str]:
    """A fresh key: its id, its whole text `twin_<id>_<secret>`, and the SHA-256 of the secret."""
    key_id, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    return key_id, f"twin_{key_id}_{secret}", _hash(secret)


class KeyFile:
    """The keys of a data folder (`keys.json`, readable by its owner only); safe with several processes."""

    def __init__(self, data_dir: Path):
        self.path = data_dir / "keys.json"
        self._seen: tuple[int, ...] = ()
        self._keys: dict[str, StoredKey] = {}

    def all(self) -> dict[str, StoredKey]:
        """Keys by id; read again only when the file changed. Raises StoreError if it is damaged."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self._seen, self._keys = (), {}
            return self._keys
        seen = (found.st_mtime_ns, found.st_size, found.st_ino)
        if seen != self._seen:
            self._keys, self._seen = self._read(), seen
        return self._keys

    def add(self, name: str, role: str, expires_s: int | None = None) -> tuple[StoredKey, str]:
        """Make a key and keep its hash; returns the record and the key's text, which is shown only once."""
        if role not in ROLES:
            raise ScenarioError(f"no role '{role}'; roles are {', '.join(ROLES)}")
        if not name.strip() or len(name) > 100 or not name.isprintable():
            raise ScenarioError("a key needs a name of 1 to 100 printable characters: whose it is")
        key_id, text, digest = new_key()
        now = datetime.now(UTC)
        expires = "" if expires_s is None else _instant(now + timedelta(seconds=expires_s))
        stored = StoredKey(key_id, name.strip(), role, digest, _instant(now), expires)
        with self._locked() as keys:
            keys[key_id] = stored
        return stored, text

    def revoke(self, key_id: str) -> StoredKey | None:
        """End a key at once; None if there is no such key. Revoking twice keeps the first instant."""
        with self._locked() as keys:
            stored = keys.get(key_id)
            if stored is not None and not stored.revoked:
                stored = keys[key_id] = replace(stored, revoked=_instant(datetime.now(UTC)))
        return stored

    def _read(self) -> dict[str, StoredKey]:
        try:
            rows = json.loads(self.path.read_text(encoding="utf-8"))["keys"]
            return {row["id"]: StoredKey(**row) for row in rows}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{self.path} cannot be read ({type(error).__name__}); restore it or remove it") from None

    @contextmanager
    def _locked(self) -> Iterator[dict[str, StoredKey]]:
        """The keys, to be changed by one process at a time; written back in one step."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(self.path.with_suffix(".lock"), "a", opener=_owner_only) as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                keys = self._read()
                yield keys
                self._write(keys)
        except OSError as error:
            raise StoreError(f"cannot write {self.path}: {error.strerror}") from None

    def _write(self, keys: dict[str, StoredKey]) -> None:
        temporary = self.path.with_suffix(".tmp")
        with open(temporary, "w", encoding="utf-8", opener=_owner_only) as file:
            json.dump({"keys": [asdict(key) for key in keys.values()]}, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.path)


class Keyring:
    """Everyone who may call: stored keys, the key of the environment, the one-time key of this process."""

    def __init__(self, file: KeyFile, environment_key: str = "", session_key: str = ""):
        self.file = file
        texts = {"environment": environment_key, "session": session_key}
        self._process = [(Who(name, name, "admin"), _hash(text)) for name, text in texts.items() if text]

    def who(self, text: str) -> Who:
        """The caller who holds this key. Raises Problem `unauthorized` for anything that is not a key in force."""
        digest = _hash(text)
        for who, expected in self._process:
            if hmac.compare_digest(digest, expected):
                return who
        match = KEY.fullmatch(text)
        try:
            stored = self.file.all().get(match[1]) if match else None
        except StoreError:
            raise Problem("unavailable", "the keys of this server cannot be read; tell its operator") from None
        secret = _hash(match[2]) if match else digest
        fits = hmac.compare_digest(secret, stored.sha256 if stored else _NOBODY)
        if stored is None or not fits:
            raise Problem("unauthorized", "this key is not known here", headers=CHALLENGE)
        if told := stored.has_ended():
            raise Problem("unauthorized", told, headers=CHALLENGE)
        return Who(stored.id, stored.name, stored.role)


class Gate:
    """ASGI middleware: whoever asks for a protected path must hold a key; `state.who` tells the rest who it is."""

    def __init__(self, app: ASGIApp, keyring: Keyring):
        self.app, self.keyring = app, keyring

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or answer 401."""
        if scope["type"] == "http" and needs_key(scope["path"]):
            try:
                scope.setdefault("state", {})["who"] = self.keyring.who(_bearer(scope))
            except Problem as problem:
                await problem.response(scope)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def needs_key(path: str) -> bool:
    """Whether a path is closed to callers without a key."""

    def below(places: tuple[str, ...]) -> bool:
        return any(path == place or path.startswith(place + "/") for place in places)

    return below(PROTECTED) and not below(OPEN)


def check_environment_key(text: str) -> str:
    """The key of TWIN_API_KEY, checked. Raises ScenarioError if it is too weak to be one."""
    if text and not re.fullmatch(rf"[\x21-\x7e]{{{SHORTEST_ENVIRONMENT_KEY},300}}", text):
        raise ScenarioError(
            f"TWIN_API_KEY must have {SHORTEST_ENVIRONMENT_KEY} to 300 visible ASCII characters; "
            "`twin keys add NAME --role ROLE` makes a good key"
        )
    return text


def _bearer(scope: Scope) -> str:
    found = [value for name, value in scope["headers"] if name == b"authorization"]
    scheme, _, text = (found[0] if len(found) == 1 else b"").partition(b" ")
    if scheme.lower() != b"bearer" or not text.strip():
        raise Problem("unauthorized", "send one header `Authorization: Bearer KEY`", headers=CHALLENGE)
    return text.strip().decode("latin-1")


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


_NOBODY = _hash(secrets.token_hex(32))  # compared with where no key has the id, so that both cases take as long
