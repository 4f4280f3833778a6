"""The table of all settings: values, kinds, limits, defaults, and the comments of the shipped config.yaml.

Law: every value has a default, and `Config()` is what an empty file plays; a value never changes once it is made.

A setting is added here, in one place: configfile.py reads it, the page shows its limits, and
`python -m bachd.config > config.yaml` explains it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bachd import config_kinds
from bachd.config_midi import Midi
from bachd.music.performance import expression, tempo
from bachd.music.piece import Step
from bachd.neural.bundle.card import SAMPLING_LIMITS
from bachd.yamlfile import kinds
from bachd.yamlfile.keys import section, setting

DEVICES: Final = ("auto", "cpu", "edgetpu")
"""What the network may be asked to run on."""

LEADERS: Final = ("clock", "link")
"""Whose tempo may be followed: a MIDI clock's, or that of an Ableton Link session."""

TOGETHER: Final = ("none", "harmonise", "duet", "answer", "continue")
"""What is done with what a person plays."""

TOKENS: Final = ("auto", "required")
"""When the page asks for its token: where other machines reach it, or always."""

_HEAD: Final = """
The settings of bachd. Each key stands here with its default: take out what you do not change, an empty file plays.
`bachd check` tells what is wrong with this file, with line numbers.
"""


@dataclass(frozen=True, slots=True)
class Seed:
    """What the music grows from."""

    # The absolute path of a .mid file, or a piece of the bundle.
    piece: str | None = setting(
        None,
        config_kinds.seed_piece(),
        """What the music starts with: the name of a piece of the bundle ('bwv269'), or a .mid file of your own
        ('./tune.mid', beside this file). null takes a piece at random.""",
    )
    bars: int = setting(
        4, kinds.whole(1, 64), "How many bars of it are played before the network takes over: {limits}."
    )
    rng: int | None = setting(
        None,
        kinds.whole(0, 2**32 - 1),
        """The seed of the random numbers. The same number gives the same music: {limits}. null is new each time.""",
    )


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next event is drawn; None leaves it to the bundle."""

    temperature: float | None = setting(
        None,
        kinds.number(*SAMPLING_LIMITS["temperature"]),
        """Each of the first three may be null: then it is as the bundle's maker found best.
        How daring the network is: {limits}. Lower is tamer, 1 is what it learned, higher is wilder.""",
    )
    top_p: float | None = setting(
        None,
        kinds.number(*SAMPLING_LIMITS["top_p"]),
        "Only the likeliest notes that together have this probability are drawn from: {limits}.",
    )
    key: float | None = setting(
        None,
        kinds.number(*SAMPLING_LIMITS["key"]),
        "How strongly the music is drawn to the key of the piece that it grew from: {limits}; 0 is not at all.",
    )
    leading: bool = setting(
        True,
        kinds.switch(),
        """Whether voices are kept from parallel fifths and octaves, which no teacher of counterpoint allows: true or
        false.""",
    )
    range: tuple[int, int] | None = setting(
        None,
        config_kinds.note_range(),
        """The lowest and the highest note it may play, such as [C2, C6]. null is the range of the seed piece, and two
        semitones more at each end.""",
    )
    lookahead: int | str = setting(
        "auto",
        config_kinds.whole_or_word(1, 64, "auto"),
        """How many continuations of each phrase are composed, of which the one is played that fits the plan best:
        {limits}. More gives better voices and cadences, and takes more of the CPU. With a number, the same rng gives
        the same music on every machine.
          auto  as many as this machine has time for, 16 at most""",
    )


@dataclass(frozen=True, slots=True)
class Expression:
    """How the music is played; with 50, 0, 0 and False, as it is written."""

    swing: float = setting(
        float(expression.STRAIGHT),
        kinds.number(expression.STRAIGHT, expression.WIDEST),
        """Where the second of two eighths falls, in per cent of both: {limits}. 50 is even, 75 a dotted eighth and a
        sixteenth, 60 a light swing. Where a beat is divided into sixteenths, they swing instead; beats of three stay
        even.""",
    )
    humanise_ms: float = setting(
        8.0,
        kinds.number(0, 30),
        """By how many milliseconds a note may be late by chance, as a player's fingers are: {limits}. Its loudness
        strays along, by a step of velocity for every four milliseconds. The top voice strays half as much.""",
    )
    ritardando: float = setting(
        0.5,
        kinds.number(0, 1),
        """How much the music slows down into the end of a piece, and a little into the end of a phrase: {limits}; 0
        is not at all.""",
    )
    dynamics: bool = setting(
        True,
        kinds.switch(),
        """Whether loudness follows metre and phrase, and the top voice stands out; otherwise all notes are equally
        loud: true or false.""",
    )


@dataclass(frozen=True, slots=True)
class Web:
    """The page."""

    listen: tuple[str, int] | None = setting(
        ("127.0.0.1", 8080),
        config_kinds.address(),
        """The address and port it is served at. 127.0.0.1 is for this machine alone. 0.0.0.0:8080 is for everybody on
        the network who has the token, which `bachd status` shows. null is no page.""",
    )
    # In lower case.
    hosts: tuple[str, ...] = setting(
        (),
        config_kinds.hosts(),
        "The names by which a proxy on this machine may ask for it, such as [music.example].",
    )
    token: str = setting(
        "auto",
        kinds.choice(*TOKENS),
        """required asks for the token on this machine, too: without it, every account here may steer. auto asks where
        other machines reach the page.""",
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
        """What the network runs on.
          auto     a Coral Edge TPU, if one is plugged in, the bundle was compiled for it and it is faster than the CPU
          cpu      the CPU, without looking for anything else
          edgetpu  the Edge TPU, or not at all""",
    )
    seed: Seed = section(Seed())
    tempo: float | str | None = setting(
        None,
        kinds.number(20, 300, *LEADERS),
        """Quarter notes a minute: {limits}. null is as suits each piece: the tempo in the file of the seed piece, or a
        usual one, so that a gigue is faster than a sarabande. Or whom to follow:
          clock  a MIDI clock that comes in at midi.input: its tempo, start, stop and position
          link   an Ableton Link session in this network (pip install 'bachd[link]')""",
    )
    together: str = setting(
        "none",
        kinds.choice(*TOGETHER),
        """What happens when you play, on a keyboard at midi.input.
          none       nothing
          harmonise  what you play is the top voice, and the others join it at once
          duet       the same, but the music goes on in time without you: whenever you play, the top voice is yours
          answer     you play a phrase, and it is answered, for as long, on the next beat after a quarter of silence
          continue   the same, and the music goes on until you play again""",
    )
    midi: Midi = section(Midi())
    sampling: Sampling = section(Sampling())
    expression: Expression = section(Expression())
    web: Web = section(
        Web(),
        """The page: what plays and what comes next, to see, to hear and to steer in a browser. `web: null` is none.""",
        null=Web(None),
    )

    @property
    def bpm(self) -> float:
        """Quarter notes a minute where nobody is followed."""
        return self.tempo if isinstance(self.tempo, float | int) else tempo.USUAL

    def pace(self, step: Step) -> float:
        """How fast a step's piece goes, as a share of `bpm`."""
        return step.tempo / self.bpm if self.tempo is None and step.tempo is not None else 1.0


if __name__ == "__main__":
    from bachd.yamlfile.document import document

    print(document(Config, _HEAD), end="")  # noqa: T201
