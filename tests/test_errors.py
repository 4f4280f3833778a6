"""Faults as people and programs get them."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from bachd.errors import ConfigError, Fault, did_you_mean, pip_install
from bachd.printable import one_line


def test_an_error_of_settings_holds_all_faults_in_the_order_of_the_file() -> None:
    faults = [Fault(9, "tempo", "is too fast"), Fault(None, "", "is odd"), Fault(2, "", "not YAML")]
    error = ConfigError(faults, Path("config.yaml"))
    assert str(error) == "config.yaml: is odd\nconfig.yaml:2: not YAML\nconfig.yaml:9: tempo: is too fast"
    assert error.faults == (faults[1], faults[2], faults[0])
    assert str(error.without_places()) == "is odd\nnot YAML\ntempo: is too fast"
    assert error.exit_code == 78


def test_words_alone_are_faults_too() -> None:
    assert ConfigError("one\ntwo").faults == (Fault(None, "", "one"), Fault(None, "", "two"))


def test_a_terminal_obeys_nothing_that_stands_in_a_fault() -> None:
    error = ConfigError([Fault(1, "\x1b]0;x\x07", "\u202e\udcff\n")], Path("\x1b[2J"))
    assert str(error) == "\\x1b[2J:1: \\x1b]0;x\\x07: \\u202e\\udcff\\n"
    assert one_line("é 音") == "é 音"


@pytest.mark.parametrize(
    ("name", "found"),
    [("Auto", "auto"), ("EDGTPU", "edgetpu"), ("USB", "usb"), ("zzz", None), ("auto ", "auto")],
)
def test_the_likeliest_name_is_suggested_in_whatever_case_it_is_written(name: str, found: str | None) -> None:
    assert did_you_mean(name, ["auto", "cpu", "edgetpu", "usb"]) == (f"; did you mean {found!r}?" if found else "")


def test_of_two_names_that_differ_in_case_alone_the_first_is_suggested() -> None:
    assert did_you_mean("C4", ["c4", "C4"]) == "; did you mean 'c4'?"


def test_what_is_missing_is_installed_by_a_line_that_can_be_copied(tmp_path: Path) -> None:
    """In any folder, and beside this bachd, whichever pip comes first on the way."""
    line = [*shlex.split(pip_install("numpy")), "--dry-run", "--no-index", "--quiet"]
    assert subprocess.run(line, cwd=tmp_path, check=False).returncode == 0
    assert line[0] == sys.executable
    (extra,) = shlex.split(pip_install("[train]"))[-1:]
    assert extra == "bachd[train]" or (Path(extra.removesuffix("[train]")) / "setup.cfg").exists()
