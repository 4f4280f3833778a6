"""A run that is given other settings, and one that a service manager watches."""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from bachd.config import Config
from bachd.realtime.input import Receive
from bachd.service import daemon
from bachd.service.settings import last_good
from tests.fakes import steps
from tests.service.conftest import QUICK, Stage

BAR = steps("C4 D4 E4 F4")


class When(logging.Handler):
    """Does something when the log has said some things, one after the other."""

    def __init__(self, act: Callable[[], object], *texts: str) -> None:
        super().__init__()
        self._act, self._texts = act, list(texts)

    def emit(self, record: logging.LogRecord) -> None:
        if self._texts and self._texts[0] in record.getMessage():
            self._texts.pop(0)
            if not self._texts:
                self._act()


@pytest.fixture
def when() -> Iterator[Callable[..., None]]:
    root, handlers = logging.getLogger(), []

    def when(act: Callable[[], object], *texts: str) -> None:
        handlers.append(When(act, *texts))
        root.addHandler(handlers[-1])

    yield when
    for handler in handlers:
        root.removeHandler(handler)


@pytest.fixture
def stop_when(when: Callable[..., None]) -> Callable[..., None]:
    return lambda *texts: when(lambda: os.kill(os.getpid(), signal.SIGTERM), *texts)


def once(act: Callable[[], object]) -> Callable[[], None]:
    """Do it the first time only: scripts go round."""
    rest = [act]

    def first() -> None:
        if rest:
            rest.pop()()

    return first


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


class Nobody:
    """A clock's input at which nothing comes in unless a test says it."""

    description = "nobody"

    def __init__(self) -> None:
        self.hears: list[Receive] = []
        self.closed = 0

    def open(self, specs: Sequence[str], hear: Receive, *_: object) -> Nobody:
        self.hears.append(hear)
        return self

    def poll(self) -> tuple[str, ...]:
        return ()

    def close(self) -> None:
        self.closed += 1

    def say(self, *statuses: int) -> None:
        for status in statuses:
            self.hears[-1](time.monotonic(), bytes([status]), "a master")


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nobody]:
    nobody = Nobody()
    monkeypatch.setattr("bachd.midi.inputs.open_input", nobody.open)
    monkeypatch.setattr("bachd.realtime.clock_out._IDLE_POLL", 0.01)
    yield nobody
    assert nobody.closed == len(nobody.hears)


@pytest.mark.usefixtures("nobody")
def test_a_service_that_waits_for_a_clock_is_ready_alive_and_says_what_it_waits_for(
    stage: Stage, manager: socket.socket, stop_when: Callable[..., None]
) -> None:
    stop_when("waiting for a MIDI clock")
    daemon.run(Config(tempo="clock"))
    told = heard(manager)
    assert "READY=1\nSTATUS=nothing yet at 120 bpm on a recording; waiting for a MIDI clock (nobody)" in told
    assert "WATCHDOG=1" in told
    assert not stage.output.messages


@pytest.mark.usefixtures("nobody")
def test_whoever_waits_for_a_clock_can_be_given_a_tempo(
    stage: Stage, tmp_path: Path, when: Callable[..., None], stop_when: Callable[..., None]
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("tempo: clock")
    stage.script = BAR
    when(lambda: path.write_text("tempo: 300"), "waiting for a MIDI clock", "waiting for a MIDI clock")
    stop_when("in use from this bar on: tempo of ", "now a piece")
    assert daemon.run(Config(tempo="clock"), path=path) == 0
    assert stage.ends_in_silence()


def test_a_run_is_given_a_clock_to_follow_and_follows_it(
    stage: Stage, nobody: Nobody, tmp_path: Path, when: Callable[..., None], stop_when: Callable[..., None]
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("tempo: 300")
    stage.script = [*BAR, once(lambda: path.write_text("tempo: clock"))]
    in_use = "in use from this bar on: tempo of "
    when(lambda: nobody.say(0xFA, 0xF8), in_use)
    stop_when(in_use, "the MIDI clock is lost: playing on without it", "now a piece")
    assert daemon.run(QUICK, path=path) == 0
    assert stage.ends_in_silence()


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: Stage) -> Iterator[socket.socket]:
    """What a service manager hears."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "60000000")
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        yield manager


def heard(manager: socket.socket) -> list[str]:
    found = []
    with suppress(BlockingIOError):
        while True:
            found.append(manager.recv(4096).decode())
    return found


def test_a_service_is_ready_with_its_first_event_and_alive_with_each(stage: Stage, manager: socket.socket) -> None:
    daemon.run(QUICK, events=3)
    told = [line for line in heard(manager) if not line.startswith("STATUS")]
    assert told == [
        "WATCHDOG=1",
        "READY=1\nSTATUS=a piece at 300 bpm on a recording",
        "WATCHDOG=1",
        "WATCHDOG=1",
        "STOPPING=1",
    ]


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
