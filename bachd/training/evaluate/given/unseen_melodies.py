"""Let a bundle harmonise melodies that it cannot be at home in: folk songs, and tunes that jump by a tritone half-way.

Law: nobody here wrote or chose the melodies; the folk songs are those of the Essen collection that music21 has, at even
distances.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median
from typing import Any, Final

from bachd.music import keys
from bachd.music.event import TICKS, Event
from bachd.music.metre import Grid, Metre
from bachd.music.piece import Piece
from bachd.neural.harmonise.melody import Turn, top_line
from bachd.training.evaluate.analysis.chords import chord
from bachd.training.evaluate.given.figures import cells, is_near, sharps
from bachd.training.progress import progress

SONGS: Final = 100
"""Folk songs that are harmonised."""
_LONGEST: Final = 4
"""Bars in a row in another key that are forgiven."""
_WINDOW: Final = 2
"""Bars by which the key of a bar is judged: itself and the next one."""
_BACK: Final = 2
"""Beats in a row with plain chords, after which they are back."""
_TRITONE: Final = 6
_BEAT: Final = 4
"""Sixteenths of a beat."""

Harmonise = Callable[[Sequence[Turn], Grid], Sequence[Event]]


@dataclass(frozen=True, slots=True)
class UnseenMelodies:
    """What was found."""

    songs: int
    in_key: float
    """Share of the folk songs that are never in a wrong key for more than `_LONGEST` bars."""
    beats_after_tritone: float
    """Beats after a jump by a tritone until plain chords are back, in the median."""

    def as_text(self) -> str:
        """For people."""
        return (
            f"{self.songs} folk songs: {100 * self.in_key:.0f} % never in a wrong key for over {_LONGEST} bars\n"
            f"after a jump by a tritone, plain chords are back after {self.beats_after_tritone:g} beats (median)"
        )


@dataclass(frozen=True, slots=True)
class Song:
    """A melody with the key that it is written in."""

    melody: Sequence[Turn]
    grid: Grid
    fifths: int
    """Sharps of its key signature; flats are negative."""


def measure(harmonise: Harmonise, songs: Sequence[Song], pieces: Sequence[Piece]) -> UnseenMelodies:
    """Harmonise songs, and the melodies of `pieces` with their second half moved. Raises ModelError."""
    right = sum(
        longest_wrong(harmonise(song.melody, song.grid), song) <= _LONGEST
        for song in progress(songs, "harmonising", unit="folk song")
    )
    beats = []
    for piece in progress(pieces, "harmonising", unit="jump"):
        jump, moved = with_jump(top_line(piece.events))
        beats.append(beats_until_plain(harmonise(moved, piece.grid), jump))
    return UnseenMelodies(len(songs), right / max(1, len(songs)), median(beats))


def with_jump(melody: Sequence[Turn]) -> tuple[int, list[Turn]]:
    """Return a melody whose second half is a tritone higher, or lower if it is high; and the tick of the jump."""
    jump = next(turn.tick for turn in melody if turn.tick >= melody[-1].tick / 2 and turn.tick % TICKS == 0)
    pitches = [turn.pitch for turn in melody if turn.pitch is not None]
    by = -_TRITONE if sum(pitches) / len(pitches) > 72 else _TRITONE
    return jump, [
        Turn(turn.tick, turn.pitch + by) if turn.pitch is not None and turn.tick >= jump else turn for turn in melody
    ]


def beats_until_plain(events: Sequence[Event], tick: int) -> int:
    """Return after how many beats from `tick` on the first `_BACK` beats in a row have plain chords."""
    beats = [chord(cell) is not None for cell in cells(events)[tick * _BEAT // TICKS :: _BEAT]]
    for beat in range(len(beats)):
        if all(beats[beat : beat + _BACK]):
            return beat
    return len(beats)


def longest_wrong(events: Sequence[Event], song: Song) -> int:
    """Return how many bars in a row are in a key that is further from the song's than a neighbour."""
    bars: list[list[float]] = []
    tick = 0
    for event in events:
        bar = song.grid.place(tick).bar
        while len(bars) <= bar:
            bars.append([0.0] * 12)
        for pitch in event.sounding:
            bars[bar][pitch % 12] += event.ticks
        tick += event.ticks
    wrong = []
    for bar in range(len(bars)):
        weights = [sum(column) for column in zip(*bars[bar : bar + _WINDOW], strict=True)]
        wrong.append(any(weights) and not is_near(sharps(keys.estimate(weights)) - song.fifths))
    return max((len(list(run)) for is_wrong, run in groupby(wrong) if is_wrong), default=0)


def folk_songs(most: int = SONGS) -> Iterator[Song]:
    """Yield songs of the Essen collection, at even distances. Needs music21."""
    from music21 import converter, corpus

    texts = []
    for book in sorted(corpus.getComposer("essenFolksong")):
        if book.suffix == ".abc":
            _, *tunes = re.split(r"^(?=X:)", book.read_text(encoding="latin-1"), flags=re.MULTILINE)
            texts += tunes
    for text in texts[:: max(1, len(texts) // most)][:most]:
        try:
            song = _song(converter.parse(text, format="abc"))
        except Exception:  # noqa: BLE001  whatever one broken tune raises, the others are still wanted
            continue
        if song is not None:
            yield song


def _song(tune: Any) -> Song | None:
    """Return a tune of music21's; None where it changes its metre, or says no key."""
    metres = {(each.numerator, each.denominator) for each in tune.flatten().getElementsByClass("TimeSignature")}
    signatures = list(tune.flatten().getElementsByClass("KeySignature"))
    notes = list(tune.flatten().notes)
    if len(metres) != 1 or not signatures or not notes:
        return None
    upper, lower = metres.pop()
    melody = [Turn(round(note.offset * TICKS), note.pitches[-1].midi) for note in notes]
    melody.append(Turn(round((notes[-1].offset + notes[-1].quarterLength) * TICKS), None))
    measures = list(tune.recurse().getElementsByClass("Measure"))
    first = round(measures[0].duration.quarterLength * TICKS) if measures else 0
    metre = Metre(upper, lower)
    return Song(melody, Grid(((0, metre),), first if first < metre.bar else 0), int(signatures[0].sharps))
