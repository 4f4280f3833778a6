"""bachd as a process: its streams, signals and locale."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bachd.commands.cli import main
from bachd.midi.port_names import PortInfo
from bachd.music import smf

BACHD = (sys.executable, "-m", "bachd")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_are_no_fault(tmp_path: Path, closed: str) -> None:
    (tmp_path / "config.yaml").write_text("midi: {output: 'file:out.mid'}\nweb: null\ntempo: 300")
    command = f"{shlex.join([*BACHD, 'run', '--events', '4'])} {closed}"
    assert subprocess.run(["sh", "-c", command], check=False).returncode == 0
    assert (tmp_path / "out.mid").read_bytes().startswith(b"MThd")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_before_it_begins(number: signal.Signals, tmp_path: Path) -> None:
    """PyYAML, which takes its time on a small machine, takes for ever here."""
    (tmp_path / "config.yaml").write_text("tempo: 90\n")
    (tmp_path / "slow").mkdir()
    (tmp_path / "slow" / "yaml.py").write_text("import signal\nprint('reading', flush=True)\nsignal.pause()\n")
    path = os.pathsep.join([str(tmp_path / "slow"), str(Path(__file__).parents[2])])
    with subprocess.Popen(
        [*BACHD, "run"], env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"reading\n"
        process.send_signal(number)
        _, err = process.communicate()
    assert (process.returncode, err) == (0, b"")


def test_a_reader_that_has_seen_enough() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*BACHD, "ports"], stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_name_that_the_locale_cannot_spell_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("seed: {piece: './\u97f3\u697d.mid'}", encoding="utf-8")
    environment = {
        **os.environ,
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    for verb in (["check"], ["run", "--seconds", "1"], ["render", "out.mid"]):
        done = subprocess.run(
            [sys.executable, "-m", "bachd", *verb],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 78, done.stderr
        (line,) = done.stderr.splitlines()
        assert "seed.piece" in line
        assert "locale" in line


def test_a_bug_shows_where_it_is(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def buggy() -> list[PortInfo]:
        raise ZeroDivisionError

    monkeypatch.setattr("bachd.midi.systems.list_ports", buggy)
    assert main(["ports"]) == 70
    err = capsys.readouterr().err
    assert err.startswith("Traceback")
    assert "in buggy" in err


def test_ctrl_c_is_no_fault(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> list[PortInfo]:
        raise KeyboardInterrupt

    monkeypatch.setattr("bachd.midi.systems.list_ports", interrupted)
    assert main(["ports"]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_run_plays_by_its_options_and_not_by_the_file(folder: Path) -> None:
    (folder / "config.yaml").write_text("tempo: 250\nweb: null\n")
    options = ["--tempo", "280", "--output", "file:out.mid", "--ritardando", "0", "--seconds", "4"]
    done = subprocess.run([*BACHD, "run", *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    data = (folder / "out.mid").read_bytes()
    assert [message.tempo for _, _, message in smf.parse(data).messages if message.type == "set_tempo"] == [
        round(60e6 / 280)
    ]


def test_of_an_empty_file_that_means_the_defaults_nothing_is_said(folder: Path) -> None:
    (folder / "config.yaml").write_text("")
    options = ["--config", "config.yaml", "--output", "none", "--tempo", "280", "--seconds", "2"]
    done = subprocess.run([*BACHD, "run", *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "empty" not in done.stderr
