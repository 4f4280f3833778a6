"""Voices that move under a note that is held: in time, by step, and never in the way of the melody."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random

import pytest

from bachd.music.event import Event, parse_line, print_line
from bachd.music.keys import Key
from bachd.music.metre import Grid, Metre
from bachd.music.voices import Voices
from bachd.neural import assemble
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.features import FloatArray
from bachd.neural.harmonise.harmoniser import Harmoniser
from bachd.neural.harmonise.harmony import Harmony
from bachd.neural.harmonise.melody import Turn, harmonise, top_line
from bachd.neural.harmonise.melody_features import CHORD
from bachd.neural.model import TfliteModel
from bachd.neural.sampling.sampler import Sampler
from tests.neural.fakes import ScriptedModel

TUNE = parse_line("G4 A4 B4 G4 C5:2 B4:2 A4 B4 C5 A4 G4:2 D5:2 C5 B4 A4 B4 G4:4")


class Chords:
    """Names a chord for each note of the melody, by its pitch class, and knows what it may become."""

    def __init__(self, named: dict[int, Harmony], *likely: str) -> None:
        """likely: chords that are likelier than what sounds or is meant, the likeliest first."""
        self._named = named
        self._likely = [parse_line(each)[0].sounding for each in likely]
        self.told: list[FloatArray] = []

    def likeliest(self, row: object, pitch: int, having: int | None = None) -> list[tuple[float, Harmony]]:
        return [(0.0, self._named[pitch % 12])]

    def name(self, pitch_class: int, harmony: Harmony) -> None:
        """Name another chord for a note from now on."""
        self._named[pitch_class] = harmony

    def likelihoods(self, row: FloatArray, chords: Sequence[Voices]) -> list[float]:
        self.told.append(row)
        ranks = [self._likely.index(each) if each in self._likely else 9 for each in chords[1:]]
        return [0.0, *(3.0 - rank for rank in ranks)]


C = Harmony(frozenset({0, 4, 7}), 0)
F = Harmony(frozenset({5, 9, 0}), 5)
G = Harmony(frozenset({7, 11, 2}), 7)
AROUND = {0: C, 2: G, 4: C, 5: F, 7: C, 9: F, 11: G}
"""Each note of C major with a chord."""


@pytest.fixture(scope="module")
def chorales() -> tuple[Bundle, TfliteModel]:
    bundle = Bundle.open("chorales")
    return bundle, TfliteModel.open(bundle.folder)


def led(named: dict[int, Harmony], *likely: str, grid: Grid | None = None) -> tuple[Harmoniser, Chords]:
    """A harmoniser with a graph, and that graph."""
    model, chords = ScriptedModel(()), Chords(named, *likely)
    sampler = Sampler(model, Random(1), temperature=0, top_p=1, pitches=(36, 84))
    return Harmoniser(model, sampler, grid, key=Key(0), chords=chords), chords  # type: ignore[arg-type]


def shipped(chorales: tuple[Bundle, TfliteModel], grid: Grid | None = None) -> Harmoniser:
    bundle, model = chorales
    return assemble.harmoniser(bundle, model, assemble.sampler(bundle, model, Random(1), temperature=0.0), grid)


def begins_off_beat(events: Sequence[Event]) -> int:
    """Count the events that begin between two quarters."""
    ticks = 0
    found = 0
    for event in events:
        found += ticks % 24 != 0
        ticks += event.ticks
    return found


def test_a_voice_passes_while_a_note_is_held_where_that_is_likely() -> None:
    harmoniser, chords = led(AROUND, "C3.A3.E4.C5")
    assert print_line([harmoniser.strike(72, 0), harmoniser.go_on(12)]) == "C3.G3.E4.C5:0.5 ~C3.A3.~E4.~C5:0.5"
    assert (
        chords.told[-1][CHORD].sum() == 3 + 1 + 1
    )  # the notes of the chord on the beat, its bass, and that it is known


def test_what_is_no_step_of_the_key_does_not_pass() -> None:
    harmoniser, _ = led(AROUND, "C3.G#3.E4.C5")
    harmoniser.strike(72, 0)
    assert harmoniser.go_on(12) == Event((), (48, 55, 64, 72), 12)


def test_of_two_figures_the_likelier_one_is_played(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bachd.neural.harmonise.figuration.fits", lambda *_: True)
    harmoniser, _ = led(AROUND, "C3.G3.F4.C5", "C3.A3.E4.C5")
    harmoniser.strike(72, 0)
    assert harmoniser.go_on(12).sounding == (48, 55, 65, 72)


def test_a_chord_that_is_likelier_to_stay_stays_and_is_one_event() -> None:
    harmoniser, _ = led(AROUND)
    assert harmoniser.strike(72, 0).ticks == 12
    assert harmoniser.go_on(12) == Event((), (48, 55, 64, 72), 12)
    (first, second) = harmonise(harmoniser, [Turn(0, 72), Turn(24, 74), Turn(48, None)])
    assert (first.ticks, second.ticks) == (24, 24)


def test_nothing_passes_without_a_beat_or_in_compound_time() -> None:
    harmoniser, _ = led(AROUND, "C3.A3.E4.C5")
    assert harmoniser.strike(72, 0, in_time=False).ticks == 24
    harmoniser, _ = led(AROUND, "C3.A3.E4.C5", grid=Grid(((0, Metre(6, 8)),)))
    assert harmoniser.strike(72, 0).ticks == 24


def test_a_note_that_could_not_go_on_does_not_come() -> None:
    stuck = dict.fromkeys(AROUND, Harmony(frozenset({0, 4, 7}), 0))  # whatever follows, A has to go back or to stay
    harmoniser, _ = led(stuck, "C3.A3.E4.C5")
    harmoniser.strike(72, 0)
    assert 57 not in harmoniser.go_on(12).sounding


def test_a_suspension_is_held_into_the_beat_and_goes_down_off_it() -> None:
    harmoniser, chords = led({7: C}, "G3.C4.D4.G4")
    first = harmoniser.strike(67, 0)
    harmoniser.go_on(12)
    chords.name(7, G)
    second = harmoniser.strike(67, 24)
    assert print_line([first, second]) == "C3.C4.E4.G4:0.5 G3.~C4.D4.G4:0.5"
    assert print_line([harmoniser.go_on(36)]) == "~G3.B3.~D4.~G4:0.5"


def test_the_same_chord_is_not_struck_again_under_a_note_that_is_held() -> None:
    harmoniser, _ = led(AROUND)
    harmoniser.strike(72, 0)
    harmoniser.go_on(12)
    assert harmoniser.go_on(24).starts == ()


def test_under_an_eighth_of_the_melody_the_notes_of_the_quarter_are_held() -> None:
    harmoniser, _ = led(AROUND)
    harmoniser.strike(72, 0)
    assert set(harmoniser.strike(76, 12).held) <= {48, 55, 64}
    assert harmoniser.strike(72, 24).held == ()


def test_with_the_shipped_bundle_voices_move_between_the_quarters(chorales: tuple[Bundle, TfliteModel]) -> None:
    melody = top_line(TUNE)
    events = list(harmonise(shipped(chorales), melody))
    assert top_line(events) == melody
    assert begins_off_beat(events) >= 4
    assert events == list(harmonise(shipped(chorales), melody))
    for before, after in pairwise(events):
        if len(before.sounding) == len(after.sounding) and not after.starts:
            assert after.sounding != before.sounding  # what only lasts longer is one event


def test_in_free_time_they_wait_for_the_quarter(chorales: tuple[Bundle, TfliteModel]) -> None:
    harmoniser, tick = shipped(chorales), 0
    for event in TUNE:
        ends = tick + event.ticks
        tick += harmoniser.strike(event.sounding[-1], tick, in_time=False).ticks
        while tick < ends:
            assert tick % 24 == 0
            tick += harmoniser.go_on(tick).ticks
        tick = ends


def test_melody_notes_that_come_early_or_at_once_lose_nothing(chorales: tuple[Bundle, TfliteModel]) -> None:
    harmoniser, random, tick = shipped(chorales), Random(3), 0
    for _ in range(150):
        pitch = random.randint(55, 84)
        event = harmoniser.strike(pitch, tick, in_time=random.random() < 0.8)
        assert event.sounding[-1] == pitch
        for _ in range(random.randint(0, 3)):
            tick += event.ticks
            event = harmoniser.go_on(tick)
            assert event.sounding[-1] == pitch
            assert len(event.sounding) == 4
        tick += random.choice([0, 0, 6, 12, 12, 24, 24, 18])
