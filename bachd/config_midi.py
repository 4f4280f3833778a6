"""What a person may choose about MIDI: where the music goes, the sound it has there, and the clocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from bachd import config_kinds
from bachd.yamlfile import kinds
from bachd.yamlfile.keys import setting

PerChannel: TypeAlias = "int | tuple[tuple[int, int], ...] | None"
"""One value for every channel, or pairs of a channel, 1 to 16, and its value."""


def for_channel(value: PerChannel, channel: int) -> int | None:
    """Return the value of a channel, 1 to 16."""
    return dict(value).get(channel) if isinstance(value, tuple) else value


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

    output: tuple[str, ...] = setting(
        ("auto",),
        config_kinds.outputs("auto", "virtual", "jack", "none"),
        """Where the music goes. `bachd ports` lists what there is.
          auto           the first synth that is found, or the first that is plugged in later; without MIDI, a .mid file
          virtual        no synth: other programs connect to the port 'bachd'
          jack           a JACK port
          none           nowhere: to look at the music only
          file:NAME.mid  a MIDI file of all that is played; ~ is your home
          FP-30X         or any other part of a port's name; quotes around it, if it holds ': ' or ' #'. Where two have
                         one name, 'FP-30X#2' or 'FP-30X@1-1.2', the USB socket: `bachd ports` shows both
        Several at once are a list: [FP-30X, 'file:today.mid']. One that cannot be opened joins when it can be; the
        others play.""",
    )
    channels: tuple[int, ...] = setting(
        (1,),
        kinds.wholes(1, 16),
        """The MIDI channels, {limits}. One takes all voices; with more, the voices are spread from the top down and the
        last channel takes the rest: [1, 2, 3, 4] gives soprano, alto, tenor and bass a channel each. 10 is for
        drums.""",
    )
    # 0 to 127, as on the wire.
    program: PerChannel = setting(
        None,
        config_kinds.per_channel(kinds.whole(1, 128, zero=1)),
        """The sound to ask the synth for, as General MIDI numbers them: {limits}. 1 is a piano, 7 a harpsichord, 20 a
        church organ. null leaves the synth as it is. One for each channel: {1: 20, 2: 49}""",
    )
    # MSB x 128 + LSB, as Bank Select sends them.
    bank: PerChannel = setting(
        None,
        config_kinds.bank(),
        """The bank that the program is taken from, as the synth's manual gives it: MSB/LSB, such as 87/64, or the MSB
        alone. null selects none. One for each channel: {1: 87/64, 2: 8}""",
    )
    latency_ms: float = setting(
        0.0,
        kinds.number(0, 500),
        """How late the synth answers, in milliseconds: {limits}. Notes leave that much early, so that several sound
        together.""",
    )
    input: str = setting(
        "auto",
        kinds.text("auto"),
        """Where a MIDI clock to follow comes in: part of a port's name, or
          auto  any hardware, and whatever is connected to the port 'bachd clock'""",
    )
    wait_for_start: bool = setting(
        False,
        kinds.switch(),
        """Whether a MIDI clock that is followed has to start the music, even if it runs all the time: true or false.
        With false, clocks without a start play after a beat.""",
    )
    # None sends no clock.
    clock: ClockOut | None = setting(
        None,
        config_kinds.clock(ClockOut),
        """Whether a MIDI clock is sent wherever the music goes: true or false. Or how:
          while_stopped: true             also while the music stands still
          offset_ms: 5                    so much later than the music, -50 to 50; less than 0 is earlier
          offset_ms: {FP-30X: 5}          the same for one of several outputs""",
    )

    @property
    def offsets(self) -> dict[str, float]:
        """Seconds by which a clock is later than the music, by the words of `output`, where it is."""
        return {} if self.clock is None else {name: ms / 1e3 for name, ms in self.clock.offsets_ms}
