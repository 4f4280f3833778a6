"""What a person may choose, as values.

Law: every value has a default, and `Config()` is what an empty file plays; none of them changes once it is made.

The comments in config.yaml say what the keys mean to people; configfile.py reads it into these values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bachd.music import expression

DEVICES: Final = ("auto", "cpu", "edgetpu")
"""What the network may be asked to run on."""

LEADERS: Final = ("clock", "link")
"""Whose tempo may be followed: a MIDI clock's, or that of an Ableton Link session."""

_BPM: Final = 84.0


@dataclass(frozen=True, slots=True)
class Seed:
    """What the music grows from."""

    piece: str | None = None
    """A piece of the bundle, or the absolute path of a .mid file; None takes any piece of the bundle."""
    bars: int = 4
    """Bars of the piece that are played before the network takes over."""
    rng: int | None = None
    """Seed of the random numbers; None draws one at each start."""


@dataclass(frozen=True, slots=True)
class ClockOut:
    """How a MIDI clock is sent."""

    while_stopped: bool = False
    """Whether it goes on while the music stands still."""
    offsets_ms: tuple[tuple[str, float], ...] = ()
    """Milliseconds by which it is later than the music, or earlier, by the words of `Midi.output`."""


@dataclass(frozen=True, slots=True)
class Midi:
    """Where the music goes, and the clocks."""

    output: tuple[str, ...] = ("auto",)
    """Each `auto`, `virtual`, `jack`, `none`, `file:NAME.mid` or a part of a port's name."""
    channels: tuple[int, ...] = (1,)
    """1 to 16, for the voices from the top; the last takes the rest."""
    program: int | None = None
    """0 to 127, as on the wire; None leaves the synth as it is."""
    latency_ms: float = 0.0
    """Milliseconds by which messages leave early, because the synth answers late."""
    input: str = "auto"
    """Where a MIDI clock to follow comes in: `auto` or a part of a port's name."""
    clock: ClockOut | None = None
    """None sends no clock."""

    @property
    def offsets(self) -> dict[str, float]:
        """Seconds by which a clock is later than the music, by the words of `output`, where it is."""
        return {} if self.clock is None else {name: ms / 1e3 for name, ms in self.clock.offsets_ms}


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next event is drawn; None leaves it to the bundle."""

    temperature: float | None = None
    """1 draws what the network believes; less is tamer, more is wilder; 0 always takes the likeliest."""
    top_p: float | None = None
    """The likeliest notes that together have this probability are drawn from."""
    key: float | None = None
    """How strongly the music is drawn to the key of the piece that it grew from; 0 is not at all."""
    leading: bool = True
    """Whether voices are kept from parallel fifths and octaves."""
    range: tuple[int, int] | None = None
    """Lowest and highest MIDI number that may be played; None stays near the range of the seed piece."""
    lookahead: int | str = "auto"
    """How many continuations are composed for each that is played; 'auto': as many as there is time for, to 16."""


@dataclass(frozen=True, slots=True)
class Expression:
    """How the music is played; with 50, 0, 0 and False, as it is written."""

    swing: float = expression.STRAIGHT
    """Where the second of two eighths falls, in per cent of both."""
    humanise_ms: float = 8.0
    """Milliseconds by which a note may be late by chance."""
    ritardando: float = 0.5
    """How much endings slow down, 0 to 1."""
    dynamics: bool = True
    """Whether loudness follows metre and phrase."""


@dataclass(frozen=True, slots=True)
class Web:
    """The page."""

    listen: tuple[str, int] | None = ("127.0.0.1", 8080)
    """Address and port; None is no page."""


@dataclass(frozen=True, slots=True)
class Config:
    """All settings; `Config()` is what an empty file means."""

    model: str = "chorales"
    """A bundle's name or the absolute path of its folder."""
    device: str = "auto"
    """One of DEVICES; `auto` takes an Edge TPU where there is one and it is the faster."""
    seed: Seed = Seed()
    tempo: float | str = _BPM
    """Quarter notes a minute, or one of LEADERS."""
    midi: Midi = Midi()
    sampling: Sampling = Sampling()
    expression: Expression = Expression()
    web: Web = Web()

    @property
    def bpm(self) -> float:
        """Quarter notes a minute where nobody is followed."""
        return _BPM if isinstance(self.tempo, str) else self.tempo
