"""Text in two languages and numbers as people read them: both languages stand in the file, CSS shows one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup, escape

HOUR_S, DAY_S = 3600, 86400


@dataclass(frozen=True)
class Both:
    """One text in Japanese and English; as HTML it is two spans with their language."""

    ja: str
    en: str

    def __html__(self) -> str:
        if self.ja == self.en:
            return str(escape(self.ja))
        return f'<span lang="ja">{escape(self.ja)}</span><span lang="en">{escape(self.en)}</span>'

    def __add__(self, other: Both | str) -> Both:
        more = both(other)
        return Both(self.ja + more.ja, self.en + more.en)

    @property
    def flat(self) -> str:
        """Both texts in one line, for places that cannot be switched (titles of pictures)."""
        return self.ja if self.ja == self.en else f"{self.ja} / {self.en}"


NOT_HEARD = Both("未受信", "not heard")
NOT_OBSERVED = Both("観測なし", "not observed")
NOT_MODELLED = Both("対象外", "not modelled")
NOT_REACHED = Both("計算期間外", "beyond the run")
UNKNOWN = Both("不明", "unknown")


def both(text: Both | str) -> Both:
    """A text as `Both`; plain strings read the same in both languages."""
    return text if isinstance(text, Both) else Both(text, text)


def joined(parts: list[Both], ja: str = "、", en: str = ", ") -> Both:
    """Texts with a separator between them."""
    return Both(ja.join(part.ja for part in parts), en.join(part.en for part in parts))


def svg_text(text: Both | str, attributes: str) -> Markup:
    """A text element for SVG, one per language."""
    words = both(text)
    if words.ja == words.en:
        return Markup("<text {}>{}</text>").format(Markup(attributes), words.ja)
    return Markup('<text lang="ja" {0}>{1}</text><text lang="en" {0}>{2}</text>').format(
        Markup(attributes), words.ja, words.en
    )


def number(value: float, digits: int | None = None) -> str:
    """A number with thousands marks; `digits` rounds to so many significant ones. NaN has no number: ValueError."""
    if not math.isfinite(value):
        raise ValueError("an unknown value must be named, not printed as a number")
    if digits and value:
        value = round(value, digits - 1 - math.floor(math.log10(abs(value))))
    if abs(value) >= 10 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 0.05 else f"{value:.2g}"


def duration(seconds: float) -> Both:
    """A length of time: minutes below two hours, then hours, from three days on days."""
    if not math.isfinite(seconds):
        return UNKNOWN
    minutes = round(seconds / 60)
    if minutes < 120:
        return Both(f"{minutes}分", f"{minutes} min")
    if seconds < 3 * DAY_S:
        return Both(f"{number(seconds / HOUR_S, 3)}時間", f"{number(seconds / HOUR_S, 3)} h")
    return Both(f"{number(seconds / DAY_S, 3)}日", f"{number(seconds / DAY_S, 3)} d")


def lead(seconds: int) -> Both:
    """Time since the start, `T+3 h`."""
    if seconds < HOUR_S:
        return Both(f"T+{seconds // 60}分", f"T+{seconds // 60} min")
    hours, minutes = divmod(round(seconds / 60), 60)
    if minutes:
        return Both(f"T+{hours}時間{minutes}分", f"T+{hours} h {minutes} min")
    return Both(f"T+{hours}時間", f"T+{hours} h")


def clock(origin: datetime, seconds: float) -> str:
    """Local date and time of a second since the start, `7/28 16:57`."""
    at = origin + timedelta(seconds=float(seconds))
    return f"{at.month}/{at.day} {at:%H:%M}"
