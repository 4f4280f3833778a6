"""Take a voice out of some music as a melody, and harmonise it from its beginning to its end.

Law: the harmoniser is told of each note when it is reached, and of none before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bachd.music.event import Event
from bachd.neural.harmonise.harmoniser import Harmoniser


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a melody does something."""

    tick: int
    pitch: int | None
    """The note that begins; None for a rest, or the end."""
    bass: int | None = None
    """The lowest note below it, where that is given, too."""
    held: bool = False
    """Whether the note began before, and only the bass is another one."""


def line(events: Iterable[Event], voice: int) -> list[Turn]:
    """Return a voice of some events as a melody, and its end.

    voice: its place from the top, such as 0 for the highest notes; where there are too few notes, the lowest are taken.
    """
    found: list[Turn] = []
    tick, before = 0, None
    for event in events:
        note = event.sounding[max(-len(event.sounding), -1 - voice)] if event.sounding else None
        if note != before or note in event.starts:
            found.append(Turn(tick, note))
        tick, before = tick + event.ticks, note
    return [*found, Turn(tick, None)]


def outer_lines(events: Iterable[Event]) -> list[Turn]:
    """Return the highest notes of some events as a melody with the lowest ones as its bass, and its end."""
    found: list[Turn] = []
    tick, top, bass = 0, None, None
    for event in events:
        notes = event.sounding
        before, (top, bass) = (
            (top, bass),
            (notes[-1], notes[0]) if len(notes) > 1 else (notes[-1] if notes else None, None),
        )
        begins = top != before[0] or top in event.starts
        if begins or bass != before[1]:
            found.append(Turn(tick, top, bass, held=not begins))
        tick += event.ticks
    return [*found, Turn(tick, None)]


def top_line(events: Iterable[Event]) -> list[Turn]:
    """Return the highest notes of some events as a melody, and its end."""
    return line(events, 0)


def harmonise(harmoniser: Harmoniser, melody: Sequence[Turn]) -> Iterator[Event]:
    """Yield the events of a melody with the other voices, from tick 0 to where it ends. Raises ModelError."""
    begins, event = 0, Event((), (), 1)
    for turn in melody:
        while harmoniser.melody is not None and begins + event.ticks < turn.tick:
            following = harmoniser.go_on(begins + event.ticks)
            if following.starts or following.sounding != event.sounding:
                yield event
                begins += event.ticks
                event = following
            else:
                event = Event(event.starts, event.held, event.ticks + following.ticks)
        if begins < turn.tick:
            yield Event(event.starts, event.held, turn.tick - begins)
        begins = turn.tick
        if turn.pitch is None:
            harmoniser.release(turn.tick)
            event = Event((), (), 1)
        else:
            harmoniser.bass = turn.bass
            event = harmoniser.go_on(turn.tick) if turn.held else harmoniser.strike(turn.pitch, turn.tick)
