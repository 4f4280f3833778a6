"""Cut notes with a beginning and an end into events, and join events to notes.

Law: cutting and joining are each other's reverse, but for notes of one pitch that overlap: the new one ends the old and
sounds until the later of their two ends, as a key does that two voices share.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from bachd.music.event import Event


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One note. Raises ValueError unless it starts at tick 0 or later and ends after its start."""

    start: int
    """Ticks from the start of the piece."""
    end: int
    """Ticks from the start of the piece at which the note no longer sounds."""
    pitch: int
    """MIDI number."""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"a note from tick {self.start} to {self.end} does not sound")


def cut(notes: Iterable[Note], until: int | None = None) -> tuple[Event, ...]:
    """Cut notes into events at every onset and release, from tick 0 to `until` or the last release.

    Silence becomes rests. A pitch that starts again while it sounds is struck again.
    """
    sorted_notes = sorted(notes)
    edges = {0} | {note.start for note in sorted_notes} | {note.end for note in sorted_notes}
    if until is not None:
        edges = {edge for edge in edges if edge < until} | {until}
    ticks = sorted(edges)
    events: list[Event] = []
    sounding: dict[int, int] = {}  # pitch -> end
    upcoming = 0
    for tick, after in pairwise(ticks):
        sounding = {pitch: end for pitch, end in sounding.items() if end > tick}
        starts: set[int] = set()
        while upcoming < len(sorted_notes) and sorted_notes[upcoming].start <= tick:
            note = sorted_notes[upcoming]
            sounding[note.pitch] = max(note.end, sounding.get(note.pitch, 0))
            starts.add(note.pitch)
            upcoming += 1
        event = Event(tuple(sorted(starts)), tuple(sorted(sounding.keys() - starts)), after - tick)
        if events and not starts and event.sounding == events[-1].sounding:  # the release of a note that another covers
            event = replace(events[-1], ticks=events.pop().ticks + event.ticks)
        events.append(event)
    return tuple(events)


def join(events: Iterable[Event]) -> Iterator[Note]:
    """The notes of a row of events, in the order in which they end; one held from nowhere starts where it is held."""
    open_notes: dict[int, int] = {}  # pitch -> start
    tick = 0
    for event in events:
        ending = [pitch for pitch in open_notes if pitch not in event.held]
        for pitch in sorted(ending):
            yield Note(open_notes.pop(pitch), tick, pitch)
        for pitch in event.sounding:
            open_notes.setdefault(pitch, tick)
        tick += event.ticks
    for pitch in sorted(open_notes):
        yield Note(open_notes[pitch], tick, pitch)
