from __future__ import annotations

import pytest

from bachd.config import Config
from bachd.config_midi import Midi
from bachd.config_voices import Speaker
from bachd.config_web import Web
from bachd.midi.speaker import sound_card, soundfont
from bachd.service.doctor.loudspeaker import loudspeaker
from bachd.service.doctor.machine import Machine
from tests.service.conftest import Bench

PCM = "00-00: bcm2835 Headphones : bcm2835 Headphones : playback 8\n"
ASKED, UNUSED = Config(midi=Midi(output=("speaker",))), Config(midi=Midi(output=("FP-30X",)))


@pytest.fixture
def pi(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A machine with a sound card, FluidSynth and a soundfont, and without a sound server."""
    bench.files(
        {
            "proc/asound/pcm": PCM,
            "proc/asound/card0/id": "Headphones\n",
            "dev/snd/pcmC0D0p": "",
            "lib/libfluidsynth.so.3": "",
            "fonts/TimGM6mb.sf2": "RIFF\x04\x00\x00\x00sfbk",
        }
    )
    monkeypatch.setattr(sound_card, "PCM", bench.root / "proc/asound/pcm")
    monkeypatch.setattr(sound_card, "_LIBRARIES", (str(bench.root / "lib"),))
    monkeypatch.setattr(soundfont, "FOLDERS", (str(bench.root / "fonts"),))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(bench.root))
    monkeypatch.setattr(sound_card, "SHARED", bench.root)  # another JACK may run here
    return bench


def test_all_is_there(pi: Bench) -> None:
    found = loudspeaker(pi.machine, Config(), jack=False)
    assert (found.state, found.seen) == ("ok", "FluidSynth with TimGM6mb.sf2 on the sound card 'Headphones'")


@pytest.mark.parametrize(
    ("missing", "seen"),
    [("lib/libfluidsynth.so.3", "FluidSynth is not installed"), ("fonts/TimGM6mb.sf2", "there is no")],
)
def test_what_to_install(pi: Bench, missing: str, seen: str) -> None:
    (pi.root / missing).unlink()
    for config, state in ((ASKED, "fault"), (Config(), "note")):
        found = loudspeaker(pi.machine, config, jack=False)
        assert (found.state, seen in found.seen) == (state, True)
        assert found.todo.startswith("sudo apt install libfluidsynth3")
    assert loudspeaker(pi.machine, UNUSED, jack=False).state == "ok"


def test_no_sound_card(pi: Bench) -> None:
    (pi.root / "proc/asound/pcm").unlink()
    found = loudspeaker(pi.machine, Config(), jack=False)
    assert (found.state, "'Listen here' on the page" in found.seen) == ("ok", True)
    assert "page" not in loudspeaker(pi.machine, Config(web=Web(None)), jack=False).seen
    found = loudspeaker(pi.machine, ASKED, jack=False)
    assert (found.state, "there is no sound card" in found.seen) == ("fault", True)


def test_a_card_of_another_name(pi: Bench) -> None:
    found = loudspeaker(pi.machine, Config(speaker=Speaker(card="DAC")), jack=False)
    assert (found.state, "there is 'Headphones'" in found.seen) == ("note", True)


def test_a_user_without_the_right(pi: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Machine, "may_use", lambda *_: False)
    found = loudspeaker(pi.machine, Config(), jack=False)
    assert "may not open /dev/snd/pcmC0D0p" in found.seen
    assert found.todo.startswith("sudo usermod -aG")
