"""The shape of the code: who may import whom, how long things are, and that every number has a source."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from twin import params

ROOT = Path(__file__).parents[2]
PACKAGES = ("twin", "layers", "scenarios", "api", "benchmarks")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
ALLOWED = {
    "twin": {"twin"},
    "layers": {"twin"},
    "scenarios": {"scenarios", "layers", "twin"},
    "api": {"api", "scenarios", "layers", "twin", "benchmarks"},
    "benchmarks": {"benchmarks", "scenarios", "layers", "twin", "api"},
}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(path: Path) -> set[str]:
    """Dotted names a module imports, relative imports made absolute."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            found.add(".".join([*base, node.module or ""]).strip("."))
    return found


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_import_law(path):
    parts = path.relative_to(ROOT).parts
    package = parts[0]
    for module in imported(path):
        top = module.split(".")[0]
        if top not in PACKAGES:
            continue
        own_layer = package == "layers" and len(parts) > 2 and module.startswith(f"layers.{parts[1]}")
        table_of_contents = parts == ("layers", "__init__.py") and top == "layers"
        assert top in ALLOWED[package] or own_layer or table_of_contents, f"{name_of(path)} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_modules_and_functions_stay_short(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400, f"{name_of(path)} is longer than 400 lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            assert lines <= 40, f"{name_of(path)}:{node.lineno} {node.name} has {lines} lines"


@pytest.mark.parametrize("path", [path for path in FILES if path.parts[-2] != "tests"], ids=name_of)
def test_public_functions_say_what_they_do(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree) or not tree.body, f"{name_of(path)} has no docstring"
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{name_of(path)}:{node.lineno} {node.name} has no docstring"


@pytest.mark.parametrize("path", sorted(ROOT.glob("layers/*/params.toml")), ids=name_of)
def test_every_parameter_has_unit_range_source_and_status(path):
    rows = params.load(path).rows
    assert rows
    for row in rows.values():
        assert row.unit, f"{name_of(path)} [{row.name}] has no unit"
        assert row.source, f"{name_of(path)} [{row.name}] has no source"


@pytest.mark.parametrize("folder", sorted(p.parent for p in ROOT.glob("layers/*/params.toml")), ids=name_of)
def test_layers_have_one_shape_and_no_sentences(folder):
    assert {"__init__.py", "state.py", "params.toml"} <= {path.name for path in folder.iterdir()}
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                japanese = any("぀" <= letter <= "鿿" for letter in node.value)
                assert not japanese, f"{name_of(path)}:{node.lineno} holds text for people"


STARTS_PROCESSES = (("jobs", "supervisor.py"), ("web", "backend.py"))  # workers; Node.js, to build the page


def test_no_pickle_eval_or_shell():
    forbidden = {"pickle", "marshal", "shelve", "dill", "subprocess"}
    for path in FILES:
        names = {module.split(".")[0] for module in imported(path)} & forbidden
        starts_processes = path.parts[-2:] in STARTS_PROCESSES or path.parts[-2] == "benchmarks"
        assert not names - ({"subprocess"} if starts_processes else set()), f"{name_of(path)} imports {names}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                assert not any(keyword.arg == "shell" for keyword in node.keywords), f"{name_of(path)}:{node.lineno}"
                called = node.func.id if isinstance(node.func, ast.Name) else ""
                assert called not in ("eval", "exec"), f"{name_of(path)}:{node.lineno}"
