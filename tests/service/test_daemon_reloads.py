"""A run that is given other settings, and one that a service manager watches."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from bachd.service import daemon
from bachd.service.settings import last_good
from tests.fakes import steps
from tests.service.conftest import QUICK, Stage, heard, once

BAR = steps("C4 D4 E4 F4")


def test_what_is_saved_while_the_music_plays_is_used_from_a_bar_on(
    stage: Stage, tmp_path: Path, stop_when: Callable[..., None]
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("tempo: 300")
    stage.script = [*BAR, once(lambda: path.write_text("tempo: 240\nmidi: {channels: 3}"))]
    stop_when("in use from this bar on: tempo, midi.channels of ", "now a piece")
    assert daemon.run(QUICK, path=path) == 0
    assert stage.ends_in_silence()
    tick = next(int(sign.split()[0]) for sign in stage.output.signs if sign.endswith("set_tempo 250000"))
    assert tick % BAR[0].place.metre.bar == 0
    struck = [timed for timed in stage.output.messages if timed.message.type == "note_on"]
    assert {timed.tick < tick for timed in struck if timed.message.channel == 0} == {True}


def test_settings_that_are_wrong_are_refused_with_all_their_faults_and_the_music_goes_on(
    stage: Stage, tmp_path: Path, stop_when: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("tempo: 300")
    stage.script = [*BAR, once(lambda: path.write_text("tempo: 1200\nmidi: {channels: 77}"))]
    stop_when("config refused")
    assert daemon.run(QUICK, path=path) == 0
    assert stage.ends_in_silence()
    (refusal,) = (line for line in caplog.messages if "refused" in line)
    assert f"{path}:1: tempo: 1200 is not between 20 and 300\n{path}:2: midi.channels: 77" in refusal


def test_a_restart_with_a_file_that_is_wrong_says_by_what_it_plays(
    stage: Stage,
    tmp_path: Path,
    stop_when: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    path = tmp_path / "config.yaml"
    path.write_text("tempo: 300")
    last_good.keep("tempo: 300", last_good.tree("tempo: 300", path))
    path.write_text("tempo: 1200")
    stop_when("config refused")
    assert daemon.run(last_good.load(path), path=path) == 0
    (refusal,) = (line for line in caplog.messages if "refused" in line)
    assert refusal == (
        "config refused, playing by the last settings that could be used: "
        f"{path}:1: tempo: 1200 is not between 20 and 300"
    )


def test_what_raises_something_unexpected_is_refused_and_the_music_goes_on(
    stage: Stage,
    tmp_path: Path,
    stop_when: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def explode(*_: object) -> None:
        raise ValueError("embedded null byte")

    path = tmp_path / "config.yaml"
    path.write_text("tempo: 300")

    def save() -> None:
        monkeypatch.setattr("bachd.service.factory.open_composer", explode)
        path.write_text("tempo: 300\nseed: {bars: 2}")

    stage.script = [*BAR, once(save)]
    stop_when("config refused", "now a piece", "now a piece")
    assert daemon.run(QUICK, path=path) == 0
    assert stage.ends_in_silence()
    (refusal,) = (record for record in caplog.records if "refused" in record.message)
    assert refusal.message == "config refused, the music goes on as it was, for a bug in bachd"
    assert refusal.exc_info is not None
    assert isinstance(refusal.exc_info[1], ValueError)


def test_a_service_reads_its_settings_again_on_sighup(
    stage: Stage, manager: socket.socket, tmp_path: Path, stop_when: Callable[..., None]
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("tempo: 300")

    def save_unseen() -> None:
        times = path.stat()
        path.write_text("tempo: 240")
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        os.kill(os.getpid(), signal.SIGHUP)

    stage.script = [*BAR, once(save_unseen)]
    stop_when("in use from this bar on: tempo of")
    daemon.run(QUICK, path=path)
    assert stage.ends_in_silence()
    assert any(line.startswith("RELOADING=1\nMONOTONIC_USEC=") for line in heard(manager))


def test_a_service_whose_settings_were_refused_says_so_in_its_status(
    stage: Stage, manager: socket.socket, tmp_path: Path, stop_when: Callable[..., None]
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("tempo: none")
    stop_when("config refused")
    daemon.run(QUICK, path=path)
    (status,) = (line for line in heard(manager) if "refused" in line)
    assert status.startswith("STATUS=a piece at 300 bpm on a recording; config refused: ")
    assert f"{path}:1: tempo: " in status


def test_what_was_saved_before_the_music_began_is_used_too(
    stage: Stage, tmp_path: Path, stop_when: Callable[..., None]
) -> None:
    """`daemon.run` has been given what the file said a moment ago."""
    path = tmp_path / "config.yaml"
    path.write_text("tempo: 240")
    stage.script = BAR
    stop_when("in use from this bar on: tempo of ", "now a piece")
    assert daemon.run(QUICK, path=path) == 0
    assert any(sign.endswith("set_tempo 250000") for sign in stage.output.signs)
