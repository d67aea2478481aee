"""What the command line prints: results, progress, errors; in JSON mode stdout holds one object and nothing else."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from twin.errors import Interrupted, StateError, TwinError

DONE, FAULT, BAD_INPUT, INTERRUPTED = 0, 1, 2, 3


def exit_code(error: BaseException) -> int:
    """0 done, 1 fault of the program, 2 bad input, 3 interrupted and resumable."""
    if isinstance(error, typer.Exit):
        return error.exit_code
    if isinstance(error, (Interrupted, KeyboardInterrupt, typer.Abort)):
        return INTERRUPTED
    if isinstance(error, StateError):
        return FAULT
    if isinstance(error, TwinError) or _usage(error):
        return BAD_INPUT
    return FAULT


def _usage(error: BaseException) -> str:
    """What the command-line parser has to say, empty for any other error; its classes moved between versions."""
    told = getattr(error, "format_message", None)
    return str(told()) if told else ""


class Console:
    """Where and how to print; filled from the global options."""

    def __init__(self) -> None:
        self.json, self.quiet, self.debug, self.lang = False, False, False, "ja"
        self._data_dir: Path | None = None

    def set(
        self,
        as_json: bool = False,
        quiet: bool = False,
        debug: bool = False,
        lang: str = "ja",
        data_dir: Path | None = None,
    ) -> None:
        """Take over the global options."""
        self.json, self.quiet, self.debug, self.lang, self._data_dir = as_json, quiet, debug, lang, data_dir

    @property
    def data_dir(self) -> Path:
        """Folder that holds runs, regions and caches: --data-dir, TWIN_DATA_DIR, else ~/.disaster-twin."""
        chosen = self._data_dir or os.environ.get("TWIN_DATA_DIR") or Path.home() / ".disaster-twin"
        return Path(chosen)

    def show(self, content: Any, lines: Sequence[str]) -> None:
        """The result of a command: JSON, or lines of text."""
        if self.json:
            self.show_json(content)
        else:
            sys.stdout.write("\n".join(lines) + "\n" if lines else "")

    def show_json(self, content: Any) -> None:
        """One JSON object on stdout; unknown numbers are null."""
        sys.stdout.write(json.dumps(_finite(content), ensure_ascii=False, indent=1) + "\n")

    def note(self, text: str) -> None:
        """A remark beside the result, on stderr; silent with --quiet or --json."""
        if not (self.quiet or self.json):
            sys.stderr.write(text + "\n")

    def say(self, ja: str, en: str) -> None:
        """A remark in the chosen language."""
        self.note(ja if self.lang == "ja" else en)

    def tell_error(self, error: BaseException, code: int) -> int:
        """Print what went wrong, without traceback, and return the exit code."""
        if isinstance(error, typer.Exit):
            return code
        if isinstance(error, TwinError):
            text = str(error)
        elif _usage(error):
            text = _usage(error)
        elif isinstance(error, (KeyboardInterrupt, typer.Abort)):
            text = "interrupted / 中断しました"
        else:
            text = f"fault of the program ({type(error).__name__}: {error}); run again with --debug and report it"
        if self.json:
            self.show_json({"error": type(error).__name__, "message": text, "exit_code": code})
        else:
            sys.stderr.write(f"twin: {text}\n")
        return code


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if isinstance(value, Path):
        return str(value)
    return value
