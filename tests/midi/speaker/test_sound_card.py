from __future__ import annotations

from pathlib import Path

import pytest

from bachd.errors import OutputError
from bachd.midi.speaker import sound_card

PI = """\
00-00: bcm2835 Headphones : bcm2835 Headphones : playback 8
01-00: MAI PCM i2s-hifi-0 : MAI PCM i2s-hifi-0 : playback 1
02-00: USB Audio : USB Audio : capture 1
03-00: USB Audio : USB Audio : playback 1 : capture 1
"""
NAMES = ("Headphones", "vc4hdmi", "Webcam", "DAC")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Raspberry Pi with a webcam and a DAC on USB, without a sound server."""
    for number, name in enumerate(NAMES):
        (tmp_path / f"card{number}").mkdir()
        (tmp_path / f"card{number}/id").write_text(f"{name}\n")
    (tmp_path / "pcm").write_text(PI)
    monkeypatch.setattr(sound_card, "PCM", tmp_path / "pcm")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def devices(card: str = "") -> list[str | int]:
    found = sound_card.drivers(card)
    return [driver.settings["audio.alsa.device"] for driver in found if driver.name == "alsa"]


@pytest.mark.usefixtures("machine")
def test_what_was_plugged_in_comes_first_and_a_monitor_last() -> None:
    assert devices() == ["sysdefault:CARD=DAC", "sysdefault:CARD=Headphones", "sysdefault:CARD=vc4hdmi"]


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("card", "device"), [("head", "sysdefault:CARD=Headphones"), ("hdmi", "sysdefault:CARD=vc4hdmi"), ("hw:3", "hw:3")]
)
def test_a_card_is_chosen_by_part_of_its_name(card: str, device: str) -> None:
    assert devices(card) == [device]


@pytest.mark.usefixtures("machine")
def test_an_unknown_card_is_refused_with_those_that_are_there() -> None:
    with pytest.raises(
        OutputError, match="no sound card is called 'Scarlett'; there is 'DAC', 'Headphones', 'vc4hdmi'"
    ):
        devices("Scarlett")


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("device", ["file:'|touch x'", "file:x,raw", "tee:hw,x,raw", "hw:0;x", "plughw:'|x'"])
def test_a_device_that_is_no_sound_card_is_refused(device: str) -> None:
    with pytest.raises(OutputError, match="no sound card is called"):
        devices(device)


def test_a_machine_without_cards_has_none(machine: Path) -> None:
    (machine / "pcm").unlink()
    assert not sound_card.cards()
    assert not sound_card.is_there(jack=False)
    with pytest.raises(OutputError, match="there is no sound card; plug one in"):
        devices("DAC")


def test_a_sound_server_has_the_card(machine: Path) -> None:
    (machine / "pulse").mkdir()
    (machine / "pulse/native").touch()
    assert next(sound_card.drivers()).name == "pulseaudio"


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("complaint", "told"),
    [
        ('The "hw:0" audio device is used by another application', "is in use by another program; quit that, or set"),
        ('Failed to open the "hw:7" audio device', "cannot be opened; speaker.card can be DAC, Headphones, vc4hdmi"),
        ("Requested sample rate of 48000, got 192000 instead", "plays at no sample rate that FluidSynth has; set"),
    ],
)
def test_what_fluidsynth_says_is_put_into_what_to_do(complaint: str, told: str) -> None:
    assert told in next(sound_card.drivers("DAC")).fault(complaint)


def test_a_sound_server_that_may_not_be_looked_for_is_none(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(machine / ("x" * 300)))  # as a service is refused to look into /run/user
    assert "pulseaudio" not in {driver.name for driver in sound_card.drivers()}
    sound_card.is_there(jack=False)
