"""Builds the page (api/web) as part of every build of the package; all else stands in pyproject.toml."""

from __future__ import annotations

import sys
from importlib import util
from pathlib import Path
from types import ModuleType

from setuptools import Command, setup
from setuptools.command.build import build

WEB = Path(__file__).resolve().parent / "api" / "web"


def _backend() -> ModuleType:
    spec = util.spec_from_file_location("twin_page_backend", WEB / "backend.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"{WEB / 'backend.py'} is missing")
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class BuildPage(Command):
    """npm ci, then vite build into api/web/dist; a page that cannot be built is told and never stops an install."""

    description = "build the page (needs Node.js)"
    user_options: list[tuple[str, str | None, str]] = []  # noqa: RUF012 - setuptools' own shape
    editable_mode = False
    build_lib: str | None = None

    def initialize_options(self) -> None:
        """Nothing to set."""

    def finalize_options(self) -> None:
        """Nothing to settle."""

    def run(self) -> None:
        """Build, or say in one line why not."""
        backend = _backend()
        why = backend.build_page()
        if why:
            print(backend.NOTICE.format(why=why), file=sys.stderr)

    def get_source_files(self) -> list[str]:
        """Sources of the page, for setuptools' own lists; MANIFEST.in names them."""
        return []


class Build(build):
    """The usual build with the page first, so that its files are there to be packed."""

    sub_commands = [("build_page", None), *build.sub_commands]  # noqa: RUF012 - setuptools' own shape


setup(cmdclass={"build": Build, "build_page": BuildPage})
