"""Define the settings of MIDI: outputs, channels, sounds, and clocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from bachd import config_kinds
from bachd.errors import did_you_mean
from bachd.midi.port_names import normal
from bachd.yamlfile import kinds
from bachd.yamlfile.fields import Section
from bachd.yamlfile.keys import keys, setting
from bachd.yamlfile.kinds import Kind

if TYPE_CHECKING:
    from bachd.midi.input.controls import Control

_LAST_CONTROLLER: Final = 95
"""Controllers after it choose parameters, and the last are channel modes (MIDI 1.0, table III)."""
_TAKEN: Final = frozenset((6, 32, 38, *range(64, 70)))
"""Data entry, the bank, and pedals."""

_NOT_LIVE: Final = ("web.", "midi.controls")
"""What no controller changes."""

PerChannel: TypeAlias = "int | tuple[tuple[int, int], ...] | None"
"""One value for every channel, or pairs of a channel, 1 to 16, and its value."""


def for_channel(value: PerChannel, channel: int) -> int | None:
    """Return the value of a channel, 1 to 16."""
    return dict(value).get(channel) if isinstance(value, tuple) else value


def _controls() -> Kind:
    """Return the controls of a mapping of triggers to what they do."""

    def read(section: Section, name: str, default: Any) -> Any:
        triggers = section.keys_below(name)
        entries = section.section(name, triggers)
        if not triggers:
            return default
        from bachd.midi.input.controls import parse  # slow, and seldom needed

        found: list[Control] = []
        for key in triggers:
            if (text := entries.text(key, None)) is None:
                if entries.is_empty(key):
                    entries.fault(key, "what is it to do? write a key or a command behind it, or null for nothing")
                continue
            try:
                control = parse(key, text, _live_keys(section))
            except ValueError as fault:
                entries.fault(key, str(fault))
                continue
            if twin := next((each for each in found if each.trigger.overlaps(control.trigger)), None):
                entries.fault(key, f"'{twin.trigger}' does '{twin.text}' already; keep one of them")
            else:
                found.append(control)
        return tuple(found) or default

    def plain(value: tuple[Control, ...]) -> Any:
        return {str(control.trigger): control.text for control in value} or None

    return Kind(read, plain=plain, example=plain)


def _live_keys(section: Section) -> dict[str, Kind]:
    """Return the keys that can be steered, with their kinds."""
    root = section
    while root.above is not None:
        root = root.above
    return {key.path: key.kind for key in keys(root.table) if key.kind and not key.path.startswith(_NOT_LIVE)}


def _thru() -> Kind:
    """Return true or false, or some words of `output`, which is read before."""

    def read(section: Section, name: str, default: Any) -> Any:
        if section.is_switch(name):
            return section.switch(name, default)
        known, found = section.read["output"], tuple(map(normal, section.texts(name, ())))
        for word in found:
            if word not in known:
                hint = did_you_mean(word, known) or f"; write true, false, or some of {', '.join(known)}"
                section.fault(name, f"{word[:60]!r} is not in midi.output{hint}")
        return found or default

    def plain(value: Any) -> Any:
        return list(value) if isinstance(value, tuple) else value

    return Kind(read, plain=plain, choices=(False, True))


@dataclass(frozen=True, slots=True)
class ClockOut:
    """MIDI clock that is sent."""

    while_stopped: bool = False
    """Whether it goes on while the music stands still."""
    offsets_ms: tuple[tuple[str, float], ...] = ()
    """Milliseconds by which it is later than the music, or earlier, by the words of `Midi.output`."""


def _phrase_controller() -> Kind:
    """Return the number of a controller that may swell and fall."""

    def read(section: Section, name: str, default: Any) -> Any:
        found = section.whole(name, 1, _LAST_CONTROLLER, default)
        if found in _TAKEN:
            section.fault(
                name, f"controller {found} does something else; write such as 11 for expression, or 74 for the filter"
            )
            return default
        return found

    return Kind(read, (1, _LAST_CONTROLLER), whole=True)


@dataclass(frozen=True, slots=True)
class Midi:
    """Outputs, channels, sounds, and clocks."""

    output: tuple[str, ...] = setting(
        ("auto",),
        config_kinds.outputs("auto", "speaker", "virtual", "jack", "none"),
        """The output. `bachd ports` lists the ports there are.
          auto           the first synth that is found, or the first that is plugged in later; while there is none, the
                         loudspeaker; with neither, a .mid file
          speaker        this machine's loudspeaker, which sounds by itself: see `speaker` below
          virtual        no synth: other programs connect to the port 'bachd'
          jack           a JACK port
          none           no output, to see the music only on the page or in a terminal
          file:NAME.mid  a MIDI file of everything that is played; ~ is your home
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
        config_kinds.per_channel(kinds.program(zero=1)),
        """The program to select on the synth, as General MIDI numbers them, {limits}, or its name there, such as cello
        or church organ. null leaves the synth's program as it is, and gives the loudspeaker the bundle's own. One for
        each channel: {1: 20, 2: 49}""",
    )
    # MSB x 128 + LSB, as Bank Select sends them.
    bank: PerChannel = setting(
        None,
        config_kinds.bank(),
        """The bank of the program, as in the synth's manual: MSB/LSB, such as 87/64, or the MSB
        alone. null selects none. One for each channel: {1: 87/64, 2: 8}""",
    )
    phrase_controller: int | None = setting(
        None,
        _phrase_controller(),
        """The controller that swells and falls with each phrase, on all channels in use: {limits}, such as 11 for
        expression or 74 for the filter. null is none.""",
    )
    latency_ms: float = setting(
        0.0,
        kinds.number(0, 500),
        """The latency of the synth in milliseconds: {limits}. Notes are sent that much earlier, so that several synths
        sound together.""",
    )
    input: tuple[str, ...] = setting(
        ("auto",),
        kinds.texts("auto"),
        """The inputs for the MIDI clock to follow, and for what you play: part of a port's name, several as a list, or
          auto  any hardware, and all that is connected to the ports 'bachd clock' and 'bachd in'""",
    )
    # 1 to 16; None for all.
    input_channels: tuple[int, ...] | None = setting(
        None,
        kinds.wholes(1, 16),
        "The MIDI channels that you play on, {limits}, such as [1, 2]. null is all of them.",
    )
    # Words of `output`, if only some of them get it.
    thru: bool | tuple[str, ...] = setting(
        False,
        _thru(),
        """Whether what you play is sent to the outputs as well: true for a keyboard without sound of its own. true or
        false, or those of the outputs that get it, as a list: not the one that you play on.""",
    )
    controls: tuple[Control, ...] = setting(
        (),
        _controls(),
        """What your controllers, pedals, notes and programs do: change a key, or give a command. `bachd learn` shows
        their names.
          cc 21: tempo 60 to 120       from one end of the controller to the other; without a range, all of it
          cc 22: sampling.top_p inverted pick-up    the other way round; not before it has met the present value
          note C2: together harmonise  a value, when it is struck
          pedal: freeze                or play, pause, stop, panic, tap (the beat), next piece, re-roll (the bar, anew),
                                       undo (back to the bar before), freeze (repeat the bar; again to go on),
                                       shutdown (of the machine: twice within three seconds, see web.shutdown)
          bend: transpose -12 to 12    semitones
          program: seed.piece          each program a piece; 'program 5' is one of them; 'on channel 2' only that one
        null is nothing, for one of them, too.""",
    )
    wait_for_start: bool = setting(
        False,
        kinds.switch(),
        """Whether the music waits for the start of the MIDI clock that it follows: true or false. With false, clocks
        without a start play after a beat.""",
    )
    # None sends no clock.
    clock: ClockOut | None = setting(
        None,
        config_kinds.clock(ClockOut),
        """Whether a MIDI clock is sent to the outputs: true or false. Or how:
          while_stopped: true             also while the music is stopped
          offset_ms: 5                    so much later than the music, -50 to 50; less than 0 is earlier
          offset_ms: {FP-30X: 5}          the same for one of several outputs""",
    )

    @property
    def thru_only(self) -> tuple[str, ...]:
        """The words of `output` that alone may be sent what is played; none for all of them."""
        return self.thru if isinstance(self.thru, tuple) else ()

    @property
    def offsets(self) -> dict[str, float]:
        """Seconds by which a clock is later than the music, by the words of `output`, where it is."""
        return {} if self.clock is None else {name: ms / 1e3 for name, ms in self.clock.offsets_ms}
