"""The command line as a user meets it: results, exit codes, and messages without tracebacks."""

from __future__ import annotations

import json
import os
import sys
from subprocess import run as process

import pytest

from api import cli
from api.console import BAD_INPUT, DONE
from twin.errors import ScenarioError


def twin(capsys, *arguments):
    """Exit code, stdout and stderr of a command."""
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    out, err = capsys.readouterr()
    return ended.value.code, out, err


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A short finished run of two-towns."""
    data = tmp_path_factory.mktemp("data")
    with pytest.raises(SystemExit) as ended:
        cli.main(
            ["--quiet", "--data-dir", str(data), "run", "two-towns", "--until", "2h", "--out", str(data / "short")]
        )
    assert ended.value.code == DONE
    return data / "short"


def test_a_run_leaves_exactly_the_agreed_files(finished):
    assert sorted(path.name for path in finished.iterdir()) == [
        "events.parquet",
        "manifest.json",
        "report.html",
        "series.parquet",
        "snapshots",
    ]


def test_the_manifest_says_what_was_run(finished):
    manifest = json.loads((finished / "manifest.json").read_text())
    needed = (
        "run_id scenario scenario_sha256 code_version seed members command start until_s status wall_s import_s "
        "peak_rss_mb layer_s steps cuts absorbed_until_s params_unverified params_calibrated params_assumed sources "
        "attribution schema_versions digest"
    )
    assert set(needed.split()) <= set(manifest)
    assert manifest["status"] == "done"
    assert manifest["until_s"] == 7200
    assert len(manifest["layer_s"]) == 8


def test_report_and_resume_of_a_finished_run(finished, capsys):
    before = (finished / "report.html").read_text()
    code, out, _ = twin(capsys, "report", str(finished))
    assert code == DONE
    assert "report.html" in out
    assert (finished / "report.html").read_text() == before
    assert twin(capsys, "resume", str(finished))[0] == DONE


@pytest.mark.parametrize("command", ["couplings", "layers", "levers", "scenarios", "schema", "doctor", "runs"])
def test_json_is_one_object_and_nothing_else(command, capsys, tmp_path):
    code, out, err = twin(capsys, command, "--json", "--data-dir", str(tmp_path))
    assert code == DONE
    assert isinstance(json.loads(out), dict)
    assert err == ""


@pytest.mark.parametrize("command", ["couplings", "layers", "levers", "scenarios", "doctor"])
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_text_listings_print(command, lang, capsys):
    code, out, _ = twin(capsys, "--lang", lang, command)
    assert code == DONE
    assert len(out.splitlines()) >= 1


def test_couplings_json_has_the_agreed_fields(capsys):
    content = json.loads(twin(capsys, "couplings", "--json")[1])
    assert set(content["rows"][0]) == {"id", "source", "target", "reason", "lag", "transfer", "bites_in"}
    assert len(content["pairs"]) >= 36
    rows = {row["id"] for row in content["rows"]}
    assert all(row in rows for loop in content["loops"] for row in loop)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "two-town"], "did you mean 'two-towns'"),
        (["run", "two-towns", "--until", "soon"], "90m, 72h or 30d"),
        (["run", "two-towns", "--until", "10s"], "shorter than one step"),
        (["run", "two-towns", "--cut", "nothing"], "no coupling row"),
        (["run", "two-towns", "--set", "people"], "layer.parameter=value"),
        (["run", "two-towns", "--set", "people.nothing=1"], "no parameter 'nothing'"),
        (["run", "two-towns", "--set", "peple.nothing=1"], "did you mean 'people"),
        (["run", "two-towns", "--members", "0"], "--members"),
        (["resume", "nowhere"], "no run 'nowhere'"),
        (["report", "nowhere"], "no run 'nowhere'"),
        (["check", "no-such"], "no scenario"),
        (["validate", "two-towns"], "nothing was observed"),
        (["bench", "nothing"], "no benchmark"),
        (["--lang", "fr", "layers"], "ja or en"),
        (["nonsense"], "nonsense"),
        (["run", "two-towns", "--absorb-until", "3h"], "not part of this version"),
    ],
)
def test_mistakes_get_a_message_exit_2_and_no_traceback(arguments, told, capsys, tmp_path):
    code, out, err = twin(capsys, "--data-dir", str(tmp_path), *arguments)
    assert code == BAD_INPUT
    assert told in err + out
    assert "Traceback" not in err + out


def test_an_error_in_json_mode_is_json(capsys, tmp_path):
    code, out, _ = twin(capsys, "--json", "--data-dir", str(tmp_path), "run", "no-such")
    content = json.loads(out)
    assert (code, content["exit_code"]) == (BAD_INPUT, BAD_INPUT)
    assert content["error"] == "ScenarioError"


def test_debug_shows_the_traceback(tmp_path):
    with pytest.raises(ScenarioError, match="no scenario"):
        cli.main(["--debug", "--data-dir", str(tmp_path), "run", "no-such"])


def test_a_run_folder_is_never_overwritten(finished, capsys):
    code, _, err = twin(capsys, "--quiet", "run", "two-towns", "--until", "1h", "--out", str(finished))
    assert code == BAD_INPUT
    assert "already holds a run" in err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_told(capsys, tmp_path):
    tmp_path.chmod(0o500)
    code, _, err = twin(capsys, "--quiet", "run", "two-towns", "--until", "1h", "--out", str(tmp_path / "run"))
    assert code == BAD_INPUT
    assert "choose another --out" in err


def test_help_imports_nothing_heavy():
    """What `twin --help` loads: no numerics, no web, no tables."""
    script = "import sys\nfrom api import cli\ntry:\n    cli.main(['--help'])\nexcept SystemExit:\n    pass\n"
    script += "print('LOADED', *[name for name in sys.modules])"
    done = process([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = done.stdout.split("LOADED")[1].split()
    heavy = {
        "numpy",
        "scipy",
        "pandas",
        "pyarrow",
        "mesa",
        "simpy",
        "shapely",
        "geopandas",
        "fastapi",
        "matplotlib",
        "dask",
    }
    assert not heavy & set(loaded)


def test_a_plain_run_imports_no_plotting_web_or_statistics():
    script = "import sys\nfrom scenarios import execution, report\nfrom api import runs\nprint(*sys.modules)"
    done = process([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"matplotlib", "dask", "fastapi", "scipy.stats", "geopandas"} & set(done.stdout.split())
