"""A test that fails does not make a later one fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TESTS = """
import gc, socket, pytest

class Holder:
    def __init__(self):
        self.me, self.socket = self, socket.socket()

@pytest.fixture
def broken():
    yield
    held = Holder()
    raise OSError("in a fixture")

def test_that_fails():
    held = Holder()
    try:
        raise OSError("first")
    except OSError:
        assert held is None

def test_whose_fixture_fails(broken):
    pass

def test_that_comes_later():
    gc.collect()
"""


def test_what_a_failed_test_leaves_open_is_no_fault_of_another(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    top = Path(__file__).parents[1]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.failed_tests",
        "-p",
        "no:cacheprovider",
        str(tmp_path),
    ]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(top)}, capture_output=True, text=True, check=False
    )
    assert "1 failed, 2 passed, 1 error" in done.stdout.splitlines()[-1], done.stdout
