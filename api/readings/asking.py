"""What a query asks for, checked: instants, names, and the two ways it can go wrong."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from difflib import get_close_matches

from api.problems import Problem
from scenarios.schema import MAX_UNTIL_S, duration_s
from twin.errors import ScenarioError

LONGEST_TEXT = 64
SHOWN = 8


class AskError(ScenarioError):
    """A query asks for something impossible; the message says what would be possible (HTTP 422)."""


class NotThere(Problem):
    """The thing a query names does not exist (HTTP 404)."""

    def __init__(self, detail: str):
        super().__init__("not-found", detail)


def moment_s(text: str, start: datetime) -> int:
    """Seconds since the start of a duration (`6h`, `21600`) or of an instant with a zone. Raises AskError."""
    told = f"'{text[:LONGEST_TEXT]}' is no time: write a duration since the start (6h) or an instant with its zone"
    if len(text) > LONGEST_TEXT:
        raise AskError(told)
    try:
        seconds = duration_s(text)
    except ValueError:
        seconds = _instant_s(text, start, told)
    if abs(seconds) > MAX_UNTIL_S:
        raise AskError(f"{told}; it lies more than 365 days from the start")
    return seconds


def _instant_s(text: str, start: datetime, told: str) -> int:
    try:
        at = datetime.fromisoformat(text.strip().replace(" ", "+"))  # a plus sign that was not escaped is a space
    except ValueError:
        raise AskError(told) from None
    if at.tzinfo is None:
        raise AskError(f"{told}; this one has no zone")
    return int((at - start).total_seconds())


def known_name(what: str, name: str, known: Collection[str]) -> str:
    """The name itself if it is known. Raises AskError with the nearest names, else with some that exist."""
    if name in known:
        return name
    shown = name[:LONGEST_TEXT]
    near = get_close_matches(shown, list(known), n=3) or sorted(known)[:SHOWN]
    raise AskError(f"no {what} '{shown}' here; for example: {', '.join(near) or 'none at all'}")
