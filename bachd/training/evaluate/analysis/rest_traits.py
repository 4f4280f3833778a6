"""Compute features of a soprano note from which a phrase end is predicted.

Law: traits follow from the chord, its neighbours and its place in the bar alone, never from where other phrases end:
the lengths of phrases are counted from what is found by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from bachd.music.event import TICKS, Event
from bachd.music.piece import Piece
from bachd.training.evaluate.analysis.chords import Chord, chord


@dataclass(frozen=True)
class Candidate:
    """A note of the soprano, from its onset to the next one."""

    piece: Piece
    onsets: Sequence[int]
    first: int
    """Index of the event with which it begins."""
    end: int
    """Index of the event with which the next note of the soprano begins; of the end of the piece after the last."""

    @property
    def tick(self) -> int:
        """Tick of its onset."""
        return self.onsets[self.first]

    @property
    def ticks(self) -> int:
        """Its duration in ticks."""
        return self.onsets[self.end] - self.tick

    @cached_property
    def rest(self) -> int:
        """Index of its longest event that is a consonant triad over its root, else of its longest event."""
        events = self.piece.events

        def rank(index: int) -> tuple[bool, int]:
            found = chord(events[index].sounding)
            return bool(found and found.is_consonant and found.in_root_position), events[index].ticks

        return max(range(self.first, self.end), key=rank)


def candidates(piece: Piece, onsets: Sequence[int]) -> list[Candidate]:
    """The notes of the soprano of a piece; the first and the last are no candidates."""
    starts = [
        index for index, event in enumerate(piece.events) if (event.sounding and event.sounding[-1] in event.starts)
    ]
    return [Candidate(piece, onsets, first, end) for first, end in pairwise(starts)][1:]


def traits(candidate: Candidate) -> dict[str, float]:
    """Features of a candidate for a resting point."""
    events, here = candidate.piece.events, candidate.piece.events[candidate.rest]
    after = events[candidate.end]
    place = candidate.piece.grid.place(candidate.tick)
    rest_place = candidate.piece.grid.place(candidate.onsets[candidate.rest])
    length = candidate.ticks / TICKS
    ahead = _previous(events, candidate.rest)
    now, then, led = chord(here.sounding), chord(after.sounding), chord(ahead.sounding)
    bass, bass_after, bass_before = _bass(here), _bass(after), _bass(ahead)
    soprano = here.sounding[-1] if here.sounding else 0
    soprano_before, soprano_after = (event.sounding[-1] if event.sounding else soprano for event in (ahead, after))
    stillness = (candidate.onsets[candidate.end] - candidate.onsets[candidate.rest]) / TICKS
    busy_before = _onsets_between(candidate, -TICKS, 0)
    busy_within = _onsets_between(candidate, 1, min(candidate.ticks, 2 * TICKS))
    dominant = bool(led and now and led.is_dominant and (led.root - now.root) % 12 == 7)
    return {
        "constant": 1.0,
        "a quarter or longer": length >= 1,
        "one and a half or longer": length >= 1.5,
        "a half or longer": length >= 2,
        "length, up to 4": min(length, 4),
        "stillness, up to 3": min(stillness, 3),
        "rests for a quarter": here.ticks >= TICKS,
        "rests for a half": here.ticks >= 2 * TICKS,
        "nothing held over": not after.held,
        "voices that go on": len(after.starts) / 4,
        "silence follows": not after.sounding,
        "voices that arrive": len(here.starts) / 4,
        "consonant": bool(now and now.is_consonant),
        "over its root": bool(now and now.is_consonant and now.in_root_position),
        "over its root, long and left by all": bool(
            now and now.is_consonant and now.in_root_position and not after.held and length >= 1
        ),
        "major": bool(now and now.quality == "major"),
        "with its fifth": bool(now and now.complete),
        "after its dominant": dominant,
        "after its dominant, bass from root to root": dominant and (bass - bass_before) % 12 == 5,
        "after its leading tone's chord": _is_leading_tone(led, now),
        "on the bar line": place.phase == 0,
        "in the middle of the bar": 2 * place.phase == place.metre.bar,
        "on a beat": place.phase % place.metre.beat == 0,
        "rests on a beat": rest_place.phase % place.metre.beat == 0,
        "fills the bar": place.phase + candidate.ticks == place.metre.bar,
        "onsets in the quarter before": busy_before,
        "onsets within": busy_within,
        "onsets in the quarter after": min(_onsets_between(candidate, candidate.ticks, candidate.ticks + TICKS), 4),
        "soprano came by step": abs(soprano_before - soprano) <= 2,
        "soprano came down by step": soprano_before - soprano in (1, 2),
        "soprano repeats its note": soprano_after == soprano,
        "soprano leaps away": abs(soprano_after - soprano) > 2,
        "bass leaps away": abs(bass_after - bass) > 4,
        "bass stays": bass_after == bass,
        "same root after": bool(now and then and now.root == then.root),
        "root in the soprano": bool(now) and soprano % 12 == (now.root if now else 0),
        "bass came by a fifth": (bass_before - bass) % 12 in (5, 7),
    }


def _previous(events: Sequence[Event], index: int) -> Event:
    """The event before the chord at `index` that has other pitch classes."""
    classes = {pitch % 12 for pitch in events[index].sounding}
    for earlier in range(index - 1, max(index - 6, -1), -1):
        if events[earlier].sounding and {pitch % 12 for pitch in events[earlier].sounding} != classes:
            return events[earlier]
    return events[index]


def _bass(event: Event) -> int:
    return event.sounding[0] if event.sounding else 0


def _onsets_between(candidate: Candidate, begin: int, end: int) -> int:
    """Events with a note that starts, from `begin` up to `end` ticks after the candidate's onset."""
    count = 0
    for step in (-1, 1):
        index = candidate.first if step > 0 else candidate.first - 1
        while 0 <= index < len(candidate.piece.events):
            away = candidate.onsets[index] - candidate.tick
            if away >= end or (away < begin - 1 and step < 0):
                break
            count += begin <= away < end and bool(candidate.piece.events[index].starts)
            index += step
    return count


def _is_leading_tone(led: Chord | None, now: Chord | None) -> bool:
    return bool(led and now and led.quality.startswith(("diminished", "half")) and (now.root - led.root) % 12 == 1)
