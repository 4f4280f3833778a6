"""Music at random, for Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from bachd.music.event import Event
from bachd.music.metre import Grid, Metre
from bachd.music.notes import Note, cut, join
from bachd.music.piece import Piece

PITCHES = st.integers(0, 127)
METRES = st.builds(Metre, st.integers(1, 255), st.sampled_from([1, 2, 4, 8, 16, 32]))
USUAL_METRES = st.sampled_from(
    [Metre(4, 4), Metre(3, 4), Metre(2, 2), Metre(3, 8), Metre(6, 8), Metre(12, 8), Metre(5, 16)]
)
NOTES = st.builds(
    lambda start, length, pitch: Note(start, start + length, pitch),
    st.integers(0, 300),
    st.integers(1, 100),
    st.integers(58, 64) | PITCHES,
)


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Any event there can be."""
    sounding = draw(st.sets(PITCHES, max_size=8))
    held = draw(st.sets(st.sampled_from(sorted(sounding)))) if sounding else set()
    return Event(
        tuple(sorted(sounding - held)), tuple(sorted(held)), draw(st.integers(1, 200) | st.integers(1, 10**12))
    )


@st.composite
def rows(draw: st.DrawFn) -> tuple[Event, ...]:
    """Events of a piece: something sounds at the start and at the end, and each begins with an onset or a release."""
    found = draw(st.lists(NOTES, min_size=1, max_size=40))
    first = min(note.start for note in found)
    return cut(Note(note.start - first, note.end - first, note.pitch) for note in join(cut(found)))


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """Any grid there can be."""
    ticks = sorted(draw(st.sets(st.integers(1, 1000), max_size=5)))
    metres = draw(st.lists(METRES, min_size=len(ticks) + 1, max_size=len(ticks) + 1))
    return Grid(tuple(zip([0, *ticks], metres, strict=True)), draw(st.integers(0, metres[0].bar - 1)))


@st.composite
def pieces(draw: st.DrawFn) -> Piece:
    """A piece as `read` gives one: the metre changes only on bar lines and within the music, and the first lasts."""
    music = draw(rows())
    length = sum(event.ticks for event in music)
    metre = draw(USUAL_METRES)
    changes = [(0, metre)]
    upbeat = tick = draw(st.integers(0, metre.bar - 1))
    for following in draw(st.lists(USUAL_METRES, max_size=3)):
        tick += draw(st.integers(1, 4)) * metre.bar
        if tick < length and following != metre and (len(changes) > 1 or tick >= following.bar):
            changes.append((tick, following))
            metre = following
    name = draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
    bpm = draw(st.none() | st.integers(2000, 30000).map(lambda hundredths: hundredths / 100))
    return Piece(name, music, Grid(tuple(changes), upbeat), bpm)
