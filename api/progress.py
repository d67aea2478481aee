"""Progress of a run on the terminal: simulated time, share done, wall time left, and warnings."""

from __future__ import annotations

from types import TracebackType

from api.console import Console
from twin.units import HOUR_S


class RunProgress:
    """A Rich progress bar over all members; silent with --quiet or --json. Call it as a `Progress` callback."""

    def __init__(self, console: Console, members: int, until_s: int):
        from rich.console import Console as RichConsole
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        self._now_s = dict.fromkeys(range(members), 0)
        self._until_s, self._lang = until_s, console.lang
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            TextColumn("残り" if console.lang == "ja" else "left"),
            TimeRemainingColumn(),
            console=RichConsole(stderr=True),
            disable=console.quiet or console.json,
        )
        self._task = self._bar.add_task("T+0 h", total=members * until_s)

    def __enter__(self) -> RunProgress:
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.__exit__(kind, error, trace)

    def __call__(self, member: int, now_s: int, remark: tuple[str, str] | None) -> None:
        """Member `member` has reached `now_s`; the remark, in Japanese and English, is worth a line."""
        if remark and not self._bar.disable:
            self._bar.console.print(remark[0 if self._lang == "ja" else 1], highlight=False)
        self._now_s[member] = max(now_s, self._now_s[member])
        slowest = min(self._now_s.values())
        self._bar.update(
            self._task,
            completed=sum(self._now_s.values()),
            description=f"T+{slowest / HOUR_S:.0f}/{self._until_s / HOUR_S:.0f} h",
        )
