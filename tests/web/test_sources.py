"""The sources of the page: types, unit tests of the pure modules, lockfile, catalogues, size of files."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "api" / "web"
SOURCES = sorted((WEB / "src").rglob("*.ts"))
TSC = WEB / "node_modules" / "typescript" / "bin" / "tsc"
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="Node.js is not on this machine")
needs_tsc = pytest.mark.skipif(
    NODE is None or not TSC.is_file(), reason="the packages of the page are not installed (npm ci in api/web)"
)


def _node(*arguments: str | Path, **more: str) -> None:
    assert NODE is not None
    done = subprocess.run(
        [NODE, *map(str, arguments)], cwd=WEB, env=os.environ | more, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@needs_tsc
def test_sources_keep_their_types_and_pure_modules_pass_their_unit_tests(tmp_path: Path) -> None:
    _node(TSC, "--noEmit", "false", "--outDir", tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    assert list(tmp_path.rglob("*.js")), "the compiler wrote no modules to test"
    modules = f"{tmp_path.as_uri()}/"
    _node("--test", Path(__file__).parent / "unit" / "pure.test.mjs", TWIN_PAGE_MODULES=modules)


def test_lockfile_names_every_package_by_hash_and_no_registry() -> None:
    text = (WEB / "package-lock.json").read_text()
    assert "resolved" not in text
    assert "://" not in text, "run npm with the .npmrc of this folder, then drop the `funding` entries"
    packages = {name: entry for name, entry in json.loads(text)["packages"].items() if name}
    assert packages
    assert all(entry.get("integrity", "").startswith("sha512-") for entry in packages.values())


def test_only_the_packages_agreed_on_are_asked_for() -> None:
    package = json.loads((WEB / "package.json").read_text())
    assert set(package["dependencies"]) == {"leaflet"}
    assert set(package["devDependencies"]) == {"vite", "typescript", "@types/leaflet"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(WEB).as_posix())
def test_files_stay_short_and_need_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 300
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)
    assert not re.search(r"innerHTML|insertAdjacentHTML|\beval\(|setAttribute\(\"style\"", text)


def test_every_text_of_the_catalogue_is_used_or_made_from_a_known_family() -> None:
    keys = re.findall(r'^  "([^"]+)":', (WEB / "src" / "i18n" / "ja.ts").read_text(), re.MULTILINE)
    code = "".join(path.read_text() for path in SOURCES if path.parent.name != "i18n")
    families = set(re.findall(r"`([a-z]+(?:\.[a-z]+)*\.)\$\{", code))
    unused = [key for key in keys if f'"{key}"' not in code and not any(key.startswith(one) for one in families)]
    assert not unused


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(WEB).as_posix())
def test_what_a_file_takes_from_another_is_there(path: Path) -> None:
    for name in re.findall(r"from \"(\.[^\"]+)\"", path.read_text()):
        assert (path.parent / name).is_file(), f"{name} is missing: is it kept out of git by .gitignore?"
