"""Find the sound card to play on, and the driver of FluidSynth that reaches it.

Law: nothing is opened here; whoever has the card already (PulseAudio, PipeWire, JACK) is asked first: it would be busy.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bachd.errors import OutputError

NO_CARD: Final = "there is no sound card; plug one in, or see whether 'aplay -l' shows it"
PCM: Final = Path("/proc/asound/pcm")
"""A line for each of ALSA's devices: '00-00: USB Audio : USB Audio : playback 1 : capture 1'."""
SHARED: Final = Path("/dev/shm")
"""Where JACK servers keep what they share with their clients."""
_LIBRARIES: Final = ("/usr/lib/*", "/usr/lib", "/usr/local/lib", "/opt/homebrew/lib")
_PLAYS: Final = re.compile(r"^([0-9]+)-[0-9]+: ([^:]*)(:.*)?: playback", re.MULTILINE)
_DEVICE: Final = re.compile(r"default|sysdefault|(hw|plughw|default|sysdefault|dmix|hdmi|front|iec958):[A-Za-z0-9_=,]+")
"""Devices of ALSA's that are sound cards: others may be files or commands."""
_USB, _OTHER, _HDMI, _LOOP = range(4)
"""The order in which cards are tried: a monitor may have no loudspeaker, and a loopback never has."""


@dataclass(frozen=True, slots=True)
class Card:
    """A sound card of ALSA's that plays."""

    number: int
    name: str
    """The kernel's id of it: 'Headphones', 'vc4hdmi0'."""
    description: str

    @property
    def kind(self) -> int:
        """Its place in the order in which cards are tried."""
        text = f"{self.name} {self.description}".lower()
        if "hdmi" in text:
            return _HDMI
        return _LOOP if "loopback" in text else _USB if "usb" in text else _OTHER


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver of FluidSynth, and how it is set."""

    name: str
    label: str
    """What it plays on, for people."""
    settings: Mapping[str, str | int] = field(default_factory=dict)

    def is_absent(self, complaint: str) -> bool:
        """Return whether that only means that no such server runs for this user."""
        return self.name == "jack" and "Failed to connect" in complaint

    def fault(self, complaint: str) -> str:
        """Return why it cannot be used, from what FluidSynth says of it."""
        if "used by another application" in complaint:
            return f"{self.label} is in use by another program; quit that, or set speaker.card to another one"
        if "No such" in complaint or "Failed to open" in complaint:
            there = ", ".join(card.name for card in cards())
            return f"{self.label} cannot be opened; speaker.card can be {there or 'nothing, as there is no sound card'}"
        if "sample rate" in complaint.lower():
            return f"{self.label} plays at no sample rate that FluidSynth has; set speaker.card to another one"
        return f"{self.label} cannot be used: {complaint}"


def cards() -> list[Card]:
    """Return the cards that play, in the order in which they are tried."""
    try:
        text = PCM.read_text(errors="replace")
    except OSError:
        return []
    found = {int(number): description.strip() for number, description, _ in reversed(_PLAYS.findall(text))}
    return sorted((_card(*each) for each in found.items()), key=lambda card: (card.kind, card.number))


def _card(number: int, description: str) -> Card:
    try:
        name = PCM.with_name(f"card{number}").joinpath("id").read_text(errors="replace").strip()
    except OSError:
        name = str(number)
    return Card(number, name, description)


def drivers(card: str = "", *, jack: bool = True) -> Iterator[Driver]:
    """Yield the drivers to try, the likeliest first.

    card: part of a card's name, or an ALSA device such as 'plughw:1'; empty for any. jack: whether a JACK server can be
    reached, where that is known. Raises OutputError.
    """
    if card:
        yield _alsa(card)
        return
    if _has_pulse():
        # Its threads have no real-time priority, so it holds more of the sound.
        yield Driver("pulseaudio", "the sound server (PulseAudio or PipeWire)", {"audio.periods": 8})
    if jack and any(SHARED.glob("jack*")):
        yield Driver("jack", "JACK")
    for each in cards():
        yield _of(each)


def _alsa(card: str) -> Driver:
    if _DEVICE.fullmatch(card):
        return Driver("alsa", f"the sound card {card!r}", {"audio.alsa.device": card})
    there = cards()
    fitting = [each for each in there if card.lower() in f"{each.name} {each.description}".lower()]
    if not fitting:
        names = ", ".join(repr(each.name) for each in there)
        raise OutputError(f"no sound card is called {card!r}; {f'there is {names}' if names else NO_CARD}")
    return _of(fitting[0])


def _of(card: Card) -> Driver:
    # 'sysdefault' converts rates and formats, and shares a card among programs, where a 'hw' would not.
    return Driver("alsa", f"the sound card {card.name!r}", {"audio.alsa.device": f"sysdefault:CARD={card.name}"})


def _has_pulse() -> bool:
    """Return whether the user's sound server listens, and may be asked: a service may not look into that folder."""
    folder = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    return os.access(Path(folder, "pulse/native"), os.W_OK)


def is_there(*, jack: bool) -> bool:
    """Return whether this machine can be expected to have a loudspeaker. jack: whether a JACK server can be reached."""
    return jack or _has_pulse() or bool(cards())


def has_library() -> bool:
    """Return whether FluidSynth's library is installed, without loading it."""
    return any(any(Path("/").glob(f"{folder[1:]}/libfluidsynth.*")) for folder in _LIBRARIES)
