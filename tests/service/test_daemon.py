"""A run, whatever ends it: everything is played or released, then closed, and said in the log."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from bachd.config import Config, Midi
from bachd.errors import ModelError, OutputError
from bachd.midi.outputs import Outputs
from bachd.music.piece import Step
from bachd.realtime.clock import Clock
from bachd.realtime.lateness import Lateness
from bachd.service import daemon
from tests.conftest import PATIENCE
from tests.fakes import RecordingOutput, ScriptedComposer, steps

QUICK = Config(tempo=300.0)
CHORDS = steps("C3.E4.G4:1/6 ~C3.F4:1/6 R:1/12")


class Stage:
    """What a run would open for itself, opened here instead."""

    output: RecordingOutput
    lateness: Lateness

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        monkeypatch.setenv("RUNTIME_DIRECTORY", str(folder))
        monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
        self.script: Sequence[Step | Exception | Callable[[], object]] = CHORDS
        monkeypatch.setattr("bachd.midi.ports.open_outputs", self.open_outputs)
        monkeypatch.setattr("bachd.service.composing.open_composer", self.open_composer)

    def open_outputs(self, specs: Sequence[str], clock: Clock, lateness: Lateness, **_: object) -> Outputs:
        self.output, self.lateness = RecordingOutput(clock), lateness
        return Outputs([self.output])

    def open_composer(self, config: Config, rng: int, model: object = None) -> ScriptedComposer:
        return ScriptedComposer(*self.script)

    def ends_in_silence(self) -> bool:
        """Whether every note has ended, and the output was closed after that."""
        kinds = [timed.message.type for timed in self.output.messages]
        return self.output.closed and kinds.count("note_on") == kinds.count("note_off") > 0


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stage:
    return Stage(monkeypatch, tmp_path)


def test_a_number_of_events_is_played_to_the_end(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert daemon.run(QUICK, events=3) == 0
    assert stage.output.log == [
        "0 on G4",
        "0 on E4",
        "0 on C3",
        "0.0333 off G4",
        "0.0333 off E4",
        "0.0333 on F4",
        "0.0667 off C3",
        "0.0667 off F4",
    ]
    assert stage.ends_in_silence()
    first, last = caplog.messages
    assert first.startswith("playing a piece at 300 bpm on a recording (rng ")
    assert last == "stopped after 3 events"


def test_a_number_of_seconds_ends_a_run_that_would_go_on(stage: Stage) -> None:
    assert daemon.run(QUICK, seconds=0.05) == 0
    assert stage.ends_in_silence()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_run_with_every_note_released(stage: Stage, number: signal.Signals) -> None:
    stage.script = [*steps("C4.E4:400"), lambda: os.kill(os.getpid(), number), *steps("D4")]
    assert daemon.run(QUICK) == 0
    assert [line.split()[1:] for line in stage.output.log] == [["on", "E4"], ["on", "C4"], ["off", "E4"], ["off", "C4"]]
    assert stage.output.closed


def test_signals_are_the_systems_again_after_a_run(stage: Stage) -> None:
    before = [signal.getsignal(number) for number in daemon.SIGNALS]
    daemon.run(QUICK, events=1)
    assert [signal.getsignal(number) for number in daemon.SIGNALS] == before


def test_a_fault_of_the_model_is_raised_after_the_release(stage: Stage) -> None:
    stage.script = [*CHORDS, ModelError("the graph failed")]
    with pytest.raises(ModelError, match="the graph failed"):
        daemon.run(QUICK)
    assert stage.ends_in_silence()


def test_a_model_that_cannot_be_loaded_closes_the_output(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(config: Config, rng: int) -> ScriptedComposer:
        raise ModelError("no such bundle")

    monkeypatch.setattr("bachd.service.composing.open_composer", fail)
    with pytest.raises(ModelError, match="no such bundle"):
        daemon.run(QUICK)
    assert stage.output.closed
    assert not stage.output.messages


def test_an_output_that_cannot_be_opened_ends_the_run(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(specs: Sequence[str], clock: Clock, lateness: Lateness, *, awaiting: bool) -> Outputs:
        raise OutputError(f"no port {specs[0]}")

    monkeypatch.setattr("bachd.midi.ports.open_outputs", fail)
    with pytest.raises(OutputError, match="no port FP-30X"):
        daemon.run(Config(midi=Midi(output=("FP-30X",))))


def test_what_happens_to_the_output_and_how_late_it_is_are_told(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def poll() -> Sequence[str]:
        stage.lateness.record(0.002)
        os.kill(os.getpid(), signal.SIGTERM)
        return ["the synth is gone"]

    monkeypatch.setattr(RecordingOutput, "poll", lambda _: poll())
    monkeypatch.setattr(daemon, "TENDING", 0.02)
    monkeypatch.setattr(daemon, "REPORTING", 1)
    with caplog.at_level(logging.INFO):
        daemon.run(QUICK)
    assert "the synth is gone" in caplog.messages
    assert any(line.startswith("lateness of 1 messages: p50 2.0") for line in caplog.messages)


def test_a_new_piece_is_told(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.script = [*CHORDS, *steps("C4:1/6", piece="the next")]
    with caplog.at_level(logging.INFO):
        daemon.run(QUICK, events=4)
    assert "now the next" in caplog.messages


BAR = steps("C4 D4 E4 F4")


class StopWhen(logging.Handler):
    """Ends the run when its log says something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def emit(self, record: logging.LogRecord) -> None:
        if self._text in record.getMessage():
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture
def stop_when() -> Iterator[Callable[[str], None]]:
    root, handlers = logging.getLogger(), []

    def stop_when(text: str) -> None:
        handlers.append(StopWhen(text))
        root.addHandler(handlers[-1])

    yield stop_when
    for handler in handlers:
        root.removeHandler(handler)


def once(act: Callable[[], object]) -> Callable[[], None]:
    """Do it the first time only: scripts go round."""
    rest = [act]

    def first() -> None:
        if rest:
            rest.pop()()

    return first


def test_what_is_saved_while_the_music_plays_is_used_from_a_bar_on(
    stage: Stage, tmp_path: Path, stop_when: Callable[[str], None]
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("tempo: 300")
    stage.script = [*BAR, once(lambda: path.write_text("tempo: 240\nmidi: {channels: 3}"))]
    stop_when("in use from this bar on: tempo, midi.channels of ")
    assert daemon.run(QUICK, path=path) == 0
    assert stage.ends_in_silence()
    tick = next(int(sign.split()[0]) for sign in stage.output.signs if sign.endswith("set_tempo 250000"))
    assert tick % BAR[0].place.metre.bar == 0
    struck = [timed for timed in stage.output.messages if timed.message.type == "note_on"]
    assert {timed.tick < tick for timed in struck if timed.message.channel == 0} == {True}


def test_settings_that_are_wrong_are_refused_with_all_their_faults_and_the_music_goes_on(
    stage: Stage, tmp_path: Path, stop_when: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("tempo: 300")
    stage.script = [*BAR, once(lambda: path.write_text("tempo: 1200\nmidi: {channels: 77}"))]
    stop_when("config refused")
    assert daemon.run(QUICK, path=path) == 0
    assert stage.ends_in_silence()
    (refusal,) = (line for line in caplog.messages if "refused" in line)
    assert f"{path}:1: tempo: 1200 is not between 20 and 300\n{path}:2: midi.channels: 77" in refusal


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


def test_a_service_that_hangs_in_its_network_is_not_alive(stage: Stage, manager: socket.socket, tmp_path: Path) -> None:
    released = threading.Event()
    stage.script = [*CHORDS, lambda: os.kill(os.getpid(), signal.SIGALRM), lambda: released.wait(PATIENCE), *CHORDS]
    signs: list[int] = []

    def count(*_: object) -> None:
        signs.extend(heard(manager).count("WATCHDOG=1") for _ in range(2))
        released.set()
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.signal(signal.SIGALRM, count)
    daemon.run(QUICK)
    signal.signal(signal.SIGALRM, before)
    assert signs[0] <= len(CHORDS)
    assert signs[1] == 0


def test_a_service_reads_its_settings_again_on_sighup(
    stage: Stage, manager: socket.socket, tmp_path: Path, stop_when: Callable[[str], None]
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("tempo: 240")
    stage.script = [*BAR, once(lambda: os.kill(os.getpid(), signal.SIGHUP))]
    stop_when("in use from this bar on: tempo of")
    daemon.run(QUICK, path=path)
    assert stage.ends_in_silence()
    assert any(line.startswith("RELOADING=1\nMONOTONIC_USEC=") for line in heard(manager))


def test_a_service_whose_settings_were_refused_says_so_in_its_status(
    stage: Stage, manager: socket.socket, tmp_path: Path, stop_when: Callable[[str], None]
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("tempo: none")
    stage.script = [*BAR, once(lambda: os.kill(os.getpid(), signal.SIGHUP))]
    stop_when("config refused")
    daemon.run(QUICK, path=path)
    (status,) = (line for line in heard(manager) if "refused" in line)
    assert status.startswith("READY=1\nSTATUS=a piece at 300 bpm on a recording; config refused: ")
    assert f"{path}:1: tempo: " in status
