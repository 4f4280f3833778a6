"""A test that fails is run again if JACK skipped cycles meanwhile, and only then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CONFTEST = """
import pytest
from tests.jack_xruns import pytest_configure, pytest_terminal_summary, run_in_time

skipped = []

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    for report in run_in_time(item, nextitem, lambda: len(skipped)):
        item.ihook.pytest_runtest_logreport(report=report)
    return True
"""
TESTS = """
import pytest
from conftest import skipped

runs = {}

@pytest.fixture
def run(request):
    name = request.node.name
    runs[name] = runs.get(name, 0) + 1
    yield runs[name]

def test_that_fails_twice_while_cycles_are_skipped(run):
    skipped.append(run)
    assert run == 3

def test_that_always_fails_then(run):
    skipped.append(run)
    assert run == 4

def test_that_fails_in_time(run):
    assert run == 2

def test_that_passes(run):
    skipped.append(run)
    assert run == 1
"""


def test_only_what_fails_while_cycles_are_skipped_is_run_again(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_some.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PYTHONPATH": f"{Path(__file__).parents[1]}:{tmp_path}"},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert "2 failed, 2 passed" in lines[-1], done.stdout
    assert sum("RUN AGAIN" in line for line in lines) == 4
