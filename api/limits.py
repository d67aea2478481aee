"""What a request may look like before any route sees it: host name, size, media type, and sane JSON."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problem
from api.settings import ANY_ADDRESS

WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")
LARGEST_INT = 2**63 - 1
DIGITS_OF_INT = 20
NO_NUL = "the character U+0000 is not allowed"


class HostGuard:
    """ASGI middleware: only names this server was given are answered, so that no other site can reach it by DNS."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]):
        self.app, self.hosts = app, frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or answer 421."""
        if scope["type"] == "http" and "*" not in self.hosts:
            found = [value for name, value in scope["headers"] if name == b"host"]
            if len(found) != 1 or not self._knows(host_name(found[0].decode("latin-1"))):
                problem = Problem("misdirected", "this server does not answer to the name in the Host header")
                await problem.response(scope)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _knows(self, name: str) -> bool:
        return name in self.hosts or (ANY_ADDRESS in self.hosts and is_address(name))


def is_address(name: str) -> bool:
    """Whether a host name is an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def host_name(text: str) -> str:
    """The name in a Host header, without port and without the brackets of IPv6."""
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^\[\]:@/]+))(?::\d{1,5})?", text.strip())
    return ((match[1] or match[2]) if match else "").lower()


class BodyGuard:
    """ASGI middleware: reads the body of a write, refuses what is too large or no plain JSON, and hands it on."""

    def __init__(self, app: ASGIApp, body_bytes: int, depth: int):
        self.app, self.body_bytes, self.depth = app, body_bytes, depth

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or answer 400, 413, 415 or 422."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        try:
            self._check_declared(headers.get(b"content-length", "0"))
            if scope["method"] in WITH_BODY:
                body = await self._read(receive)
                if body:
                    check_media_type(headers)
                    check_json(body, self.depth)
                receive = _replay(body, receive)
        except Problem as problem:
            await problem.response(scope)(scope, receive, send)
            return
        except ConnectionAbortedError:
            return
        await self.app(scope, receive, send)

    def _check_declared(self, text: str) -> None:
        if not (text.isascii() and text.isdigit()):
            raise Problem("bad-request", "Content-Length is not a number")
        if len(text) > 15 or int(text) > self.body_bytes:
            raise self._too_large()

    async def _read(self, receive: Receive) -> bytes:
        blocks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionAbortedError
            blocks.append(message.get("body", b""))
            size += len(blocks[-1])
            if size > self.body_bytes:
                raise self._too_large()
            if not message.get("more_body", False):
                return b"".join(blocks)

    def _too_large(self) -> Problem:
        return Problem("too-large", f"a body may have at most {self.body_bytes} bytes", headers={"Connection": "close"})


def check_media_type(headers: dict[bytes, str]) -> None:
    """Raises Problem `unsupported-media-type` for anything but plain JSON in UTF-8."""
    media_type, *parameters = (part.strip().lower() for part in headers.get(b"content-type", "").split(";"))
    charsets = [part.partition("=")[2].strip().strip('"') for part in parameters if part.startswith("charset")]
    known = media_type == "application/json" or re.fullmatch(r"application/[a-z0-9.-]+\+json", media_type)
    if not known or any(charset not in ("utf-8", "utf8") for charset in charsets):
        raise Problem("unsupported-media-type", "a body must be application/json in UTF-8")
    if headers.get(b"content-encoding", "identity").strip().lower() != "identity":
        raise Problem("unsupported-media-type", "a body must not be compressed")


def check_json(body: bytes, depth: int) -> None:
    """Raises Problem `invalid` for what is no JSON, is nested too deep, or holds values no field can take."""
    try:
        problems = list(_walk(orjson.loads(body), "#", depth))
        if not problems:
            json.loads(body, parse_int=_bounded, object_pairs_hook=_distinct)
    except orjson.JSONDecodeError as error:
        raise Problem("invalid", "the body is not valid JSON", [("#", str(error)[:200])]) from None
    except ValueError as error:
        problems = [("#", str(error))]
    if problems:
        raise Problem("invalid", "the body holds values that cannot be used", problems)


def _walk(value: Any, pointer: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if "\0" in value:
            yield pointer, NO_NUL
    elif isinstance(value, (dict, list)):
        if depth == 0:
            yield pointer[:200], "nested too deep"
            return
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            if isinstance(key, str) and "\0" in key:
                yield pointer, NO_NUL
            yield from _walk(item, f"{pointer}/{str(key)[:80]}", depth - 1)


def _bounded(text: str) -> int:
    """An integer that 64 bits hold; longer ones would silently become inexact."""
    if len(text) > DIGITS_OF_INT or abs(int(text)) > LARGEST_INT:
        raise ValueError(f"integer {text[:24]} does not fit in 64 bits")
    return int(text)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"field '{doubled[:80]}' stands twice in one object")
    return found


def _replay(body: bytes, receive: Receive) -> Receive:
    """`receive` for the application: the body already read, then whatever follows."""
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
