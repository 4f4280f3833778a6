"""Define the table of all settings: kinds, limits, defaults, and the comments of the shipped config.yaml.

Law: every value has a default, and `Config()` is what an empty file plays; a value never changes once it is made.

A setting is added here, in one place: configfile.py reads it, the page shows its limits, and
`python -m bachd.config > config.yaml` explains it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from bachd import config_kinds
from bachd.config_midi import Midi
from bachd.config_voices import Speaker, Voices
from bachd.config_web import Web
from bachd.music.performance import expression, tempo
from bachd.music.piece import Step
from bachd.neural.bundle.card import SAMPLING_LIMITS
from bachd.realtime.hours import Hours, parse_hours
from bachd.yamlfile import kinds
from bachd.yamlfile.fields import Section
from bachd.yamlfile.keys import section, setting
from bachd.yamlfile.kinds import Kind

DEVICES: Final = ("auto", "cpu", "edgetpu")
"""Devices that can run the network."""

LEADERS: Final = ("clock", "link")
"""External tempos: a MIDI clock, or an Ableton Link session."""

TOGETHER: Final = ("none", "harmonise", "duet", "answer", "continue")
"""What is done with what a person plays."""

TOGETHER_VOICES: Final = ("soprano", "alto", "tenor", "bass")
BOTH: Final = "both"
"""Stands for the soprano and the bass."""
"""The voices that a person can play, from the top."""

_HEAD: Final = """
The settings of bachd, each with its default. Remove what you do not change; an empty file is fine, too.
`bachd check` reports what is wrong in this file, with line numbers.
"""


def _hours() -> Kind:
    """Return hours of the day, or several."""

    def read(section: Section, name: str, default: Any) -> Any:
        found = []
        for text in section.texts(name, ()):
            try:
                found.append(parse_hours(text))
            except ValueError as fault:
                section.fault(name, str(fault))
        return tuple(found) or default

    return Kind(read, plain=lambda value: kinds.only_or_all([str(each) for each in value]) if value else None)


@dataclass(frozen=True, slots=True)
class Seed:
    """The piece that the music starts with, and the random numbers."""

    piece: str | None = setting(
        None,
        config_kinds.seed_piece(),
        """The piece that the music starts with: the name of a piece of the bundle ('bwv269'), or your own .mid file
        ('./tune.mid', beside this file). null takes a piece at random.""",
    )
    bars: int = setting(
        4, kinds.whole(1, 64), "The bars of it that are played before the network takes over: {limits}."
    )
    rng: int | None = setting(
        None,
        kinds.whole(0, 2**32 - 1),
        """The seed of the random numbers. The same number gives the same music: {limits}. null is new each time.""",
    )


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampling of the next event; None is the bundle's default."""

    temperature: float | None = setting(
        None,
        kinds.number(*SAMPLING_LIMITS["temperature"]),
        """The temperature: {limits}. Lower is more predictable, 1 is what the network learned, higher is wilder. null
        is the bundle's own.""",
    )
    top_p: float | None = setting(
        None,
        kinds.number(*SAMPLING_LIMITS["top_p"]),
        """Notes are drawn only from the likeliest that together have this probability: {limits}. null is the bundle's
        own.""",
    )
    key: float | None = setting(
        None,
        kinds.number(*SAMPLING_LIMITS["key"]),
        """How strongly the music keeps to the key of its seed piece: {limits}; 0 is not at all. null is the bundle's
        own.""",
    )
    leading: bool = setting(
        True, kinds.switch(), "Whether parallel fifths and octaves are ruled out, as in counterpoint: true or false."
    )
    range: tuple[int, int] | None = setting(
        None,
        config_kinds.note_range(),
        """The lowest and the highest note, such as [C2, C6]. null is the range of the seed piece and two semitones
        more at each end.""",
    )
    lookahead: int | str = setting(
        "auto",
        config_kinds.whole_or_word(1, 64, "auto"),
        """How many continuations of each phrase are composed; the one that fits the plan best is played: {limits}.
        More gives better voices and cadences, and takes more of the CPU. With a number, the same rng gives
        the same music on every machine.
          auto  as many as this machine has time for, 16 at most""",
    )


@dataclass(frozen=True, slots=True)
class Expression:
    """Expression; with 50, 0, 0 and False, the music is played as written."""

    swing: float = setting(
        float(expression.STRAIGHT),
        kinds.number(expression.STRAIGHT, expression.WIDEST),
        """The place of the second of two eighths, in per cent of both: {limits}. 50 is even, 75 a dotted eighth and a
        sixteenth, 60 a light swing. Where a beat is divided into sixteenths, they swing instead; beats of three stay
        even.""",
    )
    humanise_ms: float = setting(
        8.0,
        kinds.number(0, 30),
        """How late a note may be at random, in milliseconds: {limits}. Its velocity varies along, by one for every four
        milliseconds. The top voice varies half as much.""",
    )
    ritardando: float = setting(
        0.5,
        kinds.number(0, 1),
        """How much the music slows down into the end of a piece, and a little into the end of a phrase: {limits}; 0 is
        not at all.""",
    )
    dynamics: bool = setting(
        True,
        kinds.switch(),
        """Whether loudness follows metre and phrase, and the top voice stands out; otherwise all notes are equally
        loud: true or false.""",
    )


@dataclass(frozen=True, slots=True)
class Config:
    """All settings; `Config()` is what an empty file means."""

    # The absolute path of a folder, or a bundle's name.
    model: str = setting(
        "chorales",
        config_kinds.bundle_name(),
        """The bundle that composes: the name of one that came with bachd, or the path of a folder ('./my-bundle').""",
    )
    device: str = setting(
        "auto",
        kinds.choice(*DEVICES),
        """The device that runs the network.
          auto     a Coral Edge TPU, if one is plugged in, the bundle was compiled for it and it is faster than the CPU
          cpu      the CPU, without looking for anything else
          edgetpu  the Edge TPU; without one, bachd does not start""",
    )
    seed: Seed = section(Seed())
    tempo: float | str | None = setting(
        None,
        kinds.number(20, 300, *LEADERS),
        """The tempo in quarter notes a minute: {limits}. null is the tempo in the file of each seed piece, or a usual
        one, so that a gigue is faster than a sarabande. Or the external tempo to follow:
          clock  a MIDI clock that comes in at midi.input: its tempo, start, stop and position
          link   an Ableton Link session in this network (pip install 'bachd[link]')""",
    )
    transpose: int = setting(
        0, kinds.whole(-24, 24), "How many semitones higher all of it is played than it is composed: {limits}."
    )
    hours: tuple[Hours, ...] = setting(
        (),
        _hours(),
        """The hours of playing, in local time, such as '08:00-22:00', or a list of several. Outside of them, the music
        pauses with a bar; Play plays nevertheless. null is always.""",
    )
    together: str = setting(
        "none",
        kinds.choice(*TOGETHER),
        """What happens when you play, on a keyboard at midi.input.
          none       nothing
          harmonise  what you play is one voice, and the others join it at once
          duet       the same, but the music goes on in time without you: whenever you play, that voice is yours
          answer     you play a phrase, and it is answered, for as long, on the next beat after a quarter of silence
          continue   the same, and the music goes on until you play again""",
    )
    together_voice: str = setting(
        "soprano",
        kinds.choice(*TOGETHER_VOICES, BOTH),
        """The voice that you play, where the others join it: soprano, alto, tenor or bass. Of keys that are struck at
        once, the highest counts; for the bass, the lowest. With both, your right hand is the soprano and your left hand
        the bass; alto and tenor join the right hand.""",
    )
    together_split: int | None = setting(
        None,
        kinds.note(),
        """The key that divides the keyboard, such as C4: the keys from there up are your voice, or those below it, if
        that is the bass. The others accompany it, or are the bass of both. null does not divide it.""",
    )
    midi: Midi = section(Midi())
    speaker: Speaker = section(
        Speaker(), "The loudspeaker of this machine, where FluidSynth plays while there is no synth: see midi.output."
    )
    voices: Voices = section(
        Voices(),
        """The four voices: which are heard, how loud, and with which sound. Where fewer notes sound, the lowest is the
        bass. A change is heard within an event or two.""",
    )
    sampling: Sampling = section(Sampling())
    expression: Expression = section(Expression())
    web: Web = section(
        Web(),
        """The page, which shows and controls the music in a browser. `web: null` is no page.""",
        null=Web(None),
    )

    @property
    def bpm(self) -> float:
        """The tempo in quarter notes a minute while no external one is followed."""
        return self.tempo if isinstance(self.tempo, float | int) else tempo.USUAL

    @property
    def given_voice(self) -> int:
        """The place of the voice that a person plays, counted from the top, from 0 on."""
        return 0 if self.together_voice == BOTH else TOGETHER_VOICES.index(self.together_voice)

    def pace(self, step: Step) -> float:
        """Return the pace of a step's piece, as a share of `bpm`."""
        return step.tempo / self.bpm if self.tempo is None and step.tempo is not None else 1.0


if __name__ == "__main__":
    from bachd.yamlfile.document import document

    print(document(Config, _HEAD), end="")  # noqa: T201  (what this module does when it is run)
