"""`twin serve` and `twin keys`: who may reach the server, and what is printed."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import urllib.request
from subprocess import PIPE, Popen

import pytest

from api.audit import verify
from api.console import Console
from api.keys import KeyFile
from api.serving import add_key, greeting, list_keys, listening, revoke_key, settings_for
from api.settings import ANY_ADDRESS
from twin.errors import ScenarioError

SERVE = """
import sys
from pathlib import Path
from api.console import Console
from api import serving
console = Console()
console.set(as_json=True, data_dir=Path(sys.argv[1]))
serving.serve(console, port=0, workers=1)
"""


@pytest.fixture
def console(tmp_path):
    made = Console()
    made.set(as_json=True, data_dir=tmp_path)
    return made


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv("TWIN_API_KEY", raising=False)


def test_at_home_there_is_a_one_time_key(tmp_path):
    settings = settings_for(tmp_path, "127.0.0.1")
    assert settings.session_key.startswith("twin_")
    assert settings.session_key != settings_for(tmp_path, "127.0.0.1").session_key
    assert set(settings.hosts) == {"127.0.0.1", "localhost", "::1"}
    assert settings.session_key not in repr(settings)
    content, lines = greeting("http://127.0.0.1:1/", settings.session_key)
    assert content["url"] == f"http://127.0.0.1:1/#key={settings.session_key}"
    assert content["url"] in lines[0]


def test_other_machines_need_a_key_that_is_kept(tmp_path, monkeypatch):
    with pytest.raises(ScenarioError, match="twin keys add"):
        settings_for(tmp_path, "0.0.0.0")
    stored, _ = KeyFile(tmp_path).add("a", "admin")
    settings = settings_for(tmp_path, "0.0.0.0", allow_hosts=("twin.example",))
    assert settings.session_key == ""
    assert {ANY_ADDRESS, "twin.example"} <= set(settings.hosts)
    KeyFile(tmp_path).revoke(stored.id)
    with pytest.raises(ScenarioError, match="TWIN_API_KEY"):
        settings_for(tmp_path, "0.0.0.0")
    monkeypatch.setenv("TWIN_API_KEY", "a-long-key-of-the-operator")
    assert settings_for(tmp_path, "0.0.0.0").environment_key == "a-long-key-of-the-operator"
    assert settings_for(tmp_path, "127.0.0.1").session_key == ""


def test_a_port_in_use_is_told():
    with listening("127.0.0.1", 0) as bound:
        with pytest.raises(ScenarioError, match="choose another --port"):
            listening("127.0.0.1", bound.getsockname()[1])
        assert bound.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_keys_at_the_command_line(console, capsys):
    add_key(console, "planner 1", "planner", "30d")
    made = json.loads(capsys.readouterr().out)
    list_keys(console)
    listed = capsys.readouterr().out
    assert made["id"] in listed
    assert made["key"] not in listed
    revoke_key(console, made["id"])
    assert json.loads(capsys.readouterr().out)["revoked"]
    with pytest.raises(ScenarioError, match="no key"):
        revoke_key(console, "00000000")
    with pytest.raises(ScenarioError, match="--expires"):
        add_key(console, "b", "viewer", "soon")
    log = console.data_dir / "audit.log"
    assert verify(log) is None
    assert [json.loads(line)["key_id"] for line in log.read_text().splitlines()] == ["command-line"] * 2


@pytest.mark.slow  # a process of its own that imports everything
def test_a_server_prints_its_key_answers_and_stops_when_told(tmp_path):
    with Popen([sys.executable, "-c", SERVE, str(tmp_path)], stdout=PIPE, stderr=PIPE, text=True) as process:
        try:
            printed = "".join(iter(process.stdout.readline, "}\n")) + "}"
            told = json.loads(printed)
            request = urllib.request.Request(f"{told['api']}/runs", headers={"Authorization": f"Bearer {told['key']}"})
            with urllib.request.urlopen(request) as answer:
                assert json.load(answer) == {"runs": [], "next": None}
        finally:
            os.kill(process.pid, signal.SIGINT)
        rest, log = process.communicate(timeout=60)
    assert process.returncode == 0
    assert rest == ""
    lines = [json.loads(line) for line in log.splitlines()]
    assert told["key"] not in log
    assert "/v1/runs" in [line.get("route") for line in lines]
