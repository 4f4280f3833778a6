"""The whole of it: FluidSynth's library in its process, playing into a JACK server."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bachd.errors import OutputError
from bachd.midi.port_names import PortInfo
from bachd.midi.ports import open_outputs
from bachd.midi.resolve import examine
from bachd.midi.speaker import sound_card, soundfont
from bachd.midi.speaker.output import SpeakerOutput
from bachd.midi.speaker.settings import USUAL, SpeakerSettings
from bachd.midi.systems import list_ports
from bachd.music.message import note_off, note_on
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import TimedMessage
from tests.conftest import PATIENCE, JackServer
from tests.midi.jack.jackport import PlugSynth

jack = pytest.importorskip("jack")

pytestmark = [
    pytest.mark.usefixtures("only_jack"),
    pytest.mark.skipif(
        not sound_card.has_library() or not soundfont.installed(), reason="needs FluidSynth and a soundfont"
    ),
]


def eventually(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def opened(settings: SpeakerSettings = USUAL) -> SpeakerOutput:
    return SpeakerOutput(settings, MonotonicClock(), Lateness())


def pid(output: SpeakerOutput) -> int:
    assert output._child is not None
    return output._child._process.pid


class Ear:
    """Knows the loudest sample that the loudspeaker has played."""

    def __init__(self) -> None:
        self.peak = 0.0
        self._client = jack.Client("ear", no_start_server=True)
        self._port = self._client.inports.register("in")
        self._client.set_process_callback(self._listen)
        self._client.activate()

    def _listen(self, _: int) -> None:
        self.peak = max(self.peak, float(abs(self._port.get_array()).max()))

    def connect(self) -> None:
        eventually(lambda: bool(self._client.get_ports("bachd speaker:left")))
        eventually(self._is_connected)

    def _is_connected(self) -> bool:
        try:
            self._client.connect("bachd speaker:left", self._port)
        except jack.JackErrorCode:
            return bool(self._port.connections)
        return True

    def close(self) -> None:
        self._client.deactivate()
        self._client.close()


@pytest.fixture
def ear() -> Iterator[Ear]:
    ear = Ear()
    yield ear
    ear.close()


def play(output: SpeakerOutput) -> None:
    now = time.monotonic()
    output.send([TimedMessage(now, 0, note_on(0, 60, 100)), TimedMessage(now + 0.05, 0, note_off(0, 60))])


def test_it_sounds_and_ends_with_its_output(ear: Ear) -> None:
    output = opened()
    output.set_program(19, ())
    ear.connect()
    play(output)
    eventually(lambda: ear.peak > 0.01)
    number = pid(output)
    output.close()
    assert not Path(f"/proc/{number}").exists()


def test_a_crash_ends_neither_the_music_nor_the_sound(ear: Ear) -> None:
    output = opened()
    os.kill(pid(output), signal.SIGSEGV)
    told: list[str] = []

    def died() -> bool:
        told.extend(output.poll())
        return bool(told)

    eventually(died)
    assert told[0].startswith("speaker: the process that plays has failed (exit code -11)")
    play(output)
    eventually(lambda: output.poll() == ("the loudspeaker is there",))
    ear.connect()
    play(output)
    eventually(lambda: ear.peak > 0.01)
    output.close()


def test_a_damaged_soundfont_is_one_line(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.sf2"
    whole = bytearray(min(soundfont.installed(), key=lambda font: font.stat().st_size).read_bytes())
    whole[12:4096] = bytes(4084)
    damaged.write_bytes(whole)
    with pytest.raises(OutputError, match=f"^speaker: {damaged}: FluidSynth cannot read this soundfont"):
        opened(SpeakerSettings(soundfont=str(damaged)))


def test_without_a_sound_card_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "bachd-test-none")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    if sound_card.cards():
        pytest.skip("this machine has a sound card")
    for attempt in (opened, lambda: examine(["speaker"])):
        with pytest.raises(OutputError, match=r"^speaker: there is no sound card; plug one in"):
            attempt()


def test_auto_plays_on_the_loudspeaker_until_a_synth_is_there(jack: JackServer, plug_synth: PlugSynth) -> None:
    outputs = open_outputs(["auto"], MonotonicClock(), Lateness())
    assert outputs.description == "port 'bachd' of JACK, the loudspeaker"
    plug_synth("synth")
    eventually(lambda: outputs.poll() == ["synth:in is there: reset, and in from the next bar on"])
    outputs.bar(time.monotonic())
    again = open_outputs(["auto"], MonotonicClock(), Lateness(), present=outputs)
    assert list(again.outputs) == list(outputs.outputs)
    outputs.close()


def test_it_is_listed_as_a_word_of_midi_output() -> None:
    assert list_ports()[-1] == PortInfo("speaker", "fluidsynth", "loudspeaker")


def test_where_something_is_missing_a_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sound_card, "_LIBRARIES", ())
    caplog.set_level("INFO")
    outputs = open_outputs(["auto"], MonotonicClock(), Lateness())
    assert outputs.description == "port 'bachd' of JACK"
    assert caplog.messages == [
        "to hear the music from the loudspeaker while there is no synth: speaker: FluidSynth is not installed: "
        f"{soundfont.INSTALL}"
    ]
    outputs.close()


def test_a_service_waits_for_a_sound_card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    if sound_card.cards():
        pytest.skip("this machine has a sound card")
    with monkeypatch.context() as without:
        without.setenv("JACK_DEFAULT_SERVER", "bachd-test-none")
        outputs = open_outputs(["speaker"], MonotonicClock(), Lateness(), awaiting=True)
        assert outputs.description == "waiting for a sound card"
    eventually(lambda: outputs.poll() == ["the loudspeaker is there"])
    outputs.close()
