"""Names from elsewhere, in a terminal."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.commands.cli import main
from bachd.printable import printable
from bachd.realtime.lateness import Lateness
from bachd.service import sd_notify
from bachd.service.log_format import PrintableFormatter
from bachd.service.telemetry.run_stats import FAULTS, LONGEST, RunStats

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\r\u202egnp.\x7f\udcff"


@given(st.text(st.characters(codec=None)))
def test_nothing_is_left_that_a_terminal_obeys(text: str) -> None:
    shown = printable(text)
    shown.encode()
    assert all(letter.isprintable() or letter in "\t\n" for letter in shown)
    assert not {"\x1b", "\x9b", "\r", "\u202e", "\u2066", "\ufeff"} & set(shown)
    if text.isprintable():
        assert shown == text


def test_what_is_invisible_or_not_assigned_is_written_as_a_code() -> None:
    assert printable("a\u200bb\u2028\ud7fc\U000e0001\xa0") == r"a\u200bb\u2028\ud7fc\U000e0001\xa0"


def test_letters_of_all_scripts_are_left_as_they_are() -> None:
    for text in ("F\u00fcr Elise", "\u97f3\u697d", "a\tb\nc", "\N{MUSICAL SYMBOL G CLEF}"):
        assert printable(text) == text


def test_the_log_is_printable() -> None:
    record = logging.LogRecord("bachd", logging.INFO, "", 0, "now %s", (EVIL,), None)
    assert PrintableFormatter().format(record) == ("now \\x1b]0;owned\\x07\\x1b[2J\\x9b31m\\r\\u202egnp.\\x7f\\udcff")


def test_so_are_faults_the_status_and_what_the_command_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    report = RunStats(Lateness())
    report.handle(logging.LogRecord("bachd", logging.WARNING, "", 0, EVIL + "x" * 9999, (), None))
    (fault,) = report._faults
    assert "\x1b" not in fault["what"]
    assert len(fault["what"]) < 2 * LONGEST
    assert "\x1b" not in sd_notify._status(EVIL)
    config = tmp_path / "evil.yaml"
    config.write_text('model: "a\\e[31mb"\nseed: {piece: "\\e[2J"}\n')
    assert main(["check", "--config", str(config)]) == 78
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err


def test_all_faults_are_counted_and_the_last_kept() -> None:
    report = RunStats(Lateness())
    for number in range(3 * FAULTS):
        report.handle(logging.LogRecord("bachd", logging.WARNING, "", 0, f"fault {number}", (), None))
    assert report._faulted == 3 * FAULTS
    assert [fault["what"] for fault in report._faults][-1] == f"fault {3 * FAULTS - 1}"
    assert len(report._faults) == FAULTS
