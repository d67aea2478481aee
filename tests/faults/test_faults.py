"""Faults against a real server: one of each kind, and (slow) two hundred at random."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.disk import in_namespace
from tests.faults.server import ROOT

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are found by /proc")
EACH = "kill unclaimed,kill member,kill worker,disk full,clock leap,kill forkserver,pause worker,kill server"


def soak(limit_s, *arguments):
    """Run the program; returns what it printed."""
    command, given = in_namespace([sys.executable, "-m", "tests.faults.soak", *arguments])
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, timeout=limit_s, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_one_fault_of_each_kind():
    told = soak(280, "--kinds", EACH, "--runs", "2", "--forks", "0", "--minutes", "3", "--rest", "60")
    assert "faults: 8 (" in told


@pytest.mark.slow
def test_two_hundred_faults():
    told = soak(3000, "--kills", "200", "--seed", "1", "--minutes", "30", "--rest", "900")
    assert "faults: 2" in told
