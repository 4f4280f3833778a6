"""Name notes and find voices while the music is composed: nothing more of it is known than what is planned.

Law: a step is written once: what was shown of it while it was planned is what is shown when it sounds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from copy import copy
from itertools import islice
from typing import Final, NamedTuple

from bachd.music import keys
from bachd.music.event import Event
from bachd.music.keys import Key
from bachd.music.notation.spelling import Spelled, spell
from bachd.music.notation.voices import Voices
from bachd.music.piece import Step

_BEFORE: Final = 40
"""Notes before one that have a say in its name: more than where what follows is known, too."""
_AFTER: Final = 10
"""Notes from one on that have a say, as far as they are planned."""


class Written(NamedTuple):
    """How a step is written."""

    names: dict[int, Spelled]
    """By the MIDI numbers of what sounds."""
    voices: dict[int, int]
    """The same: 0 is the highest voice."""
    key: Key

    def text(self, event: Event) -> str:
        """The event's text with these names."""
        return event.text(lambda pitch: str(self.names[pitch]))


class _Page:
    """What is written so far."""

    def __init__(self) -> None:
        self._past: deque[int] = deque(maxlen=_BEFORE)
        self._names: dict[int, Spelled] = {}
        self._voices = Voices()
        self._key: Key | None = None

    def __copy__(self) -> _Page:
        made = _Page()
        made._past, made._names, made._key = self._past.copy(), self._names, self._key
        made._voices = copy(self._voices)
        return made

    def write(self, step: Step, ahead: Sequence[Step]) -> Written:
        """Write the next step; ahead: what follows it."""
        event = step.event
        if step.opens:
            self._past.clear()
            self._voices = Voices()
        if step.key is not None or step.opens or self._key is None:
            self._key = step.key or keys.home([event, *(each.event for each in ahead)])
        coming = islice(_starts(ahead), _AFTER)
        new = [pitch for pitch in event.sounding if pitch not in event.held or pitch not in self._names]
        wanted = slice(len(self._past), len(self._past) + len(new))
        found = spell([*self._past, *new, *coming], self._key, before=_BEFORE, after=_AFTER, wanted=wanted)
        names = dict(zip(new, found, strict=True))
        self._names = {pitch: names.get(pitch) or self._names[pitch] for pitch in event.sounding}
        self._past.extend(event.starts)
        return Written(self._names, self._voices.assign(event), self._key)


def _starts(steps: Sequence[Step]) -> Iterator[int]:
    """The pitches that begin in steps, up to the end of their piece."""
    for step in steps:
        if step.opens:
            return
        yield from step.event.starts


class LiveNotation:
    """Writes steps as they are played, and those that are planned."""

    def __init__(self) -> None:
        self._page = _Page()
        self._planned: list[tuple[Event, Written, _Page]] = []

    def played(self, step: Step, ahead: Sequence[Step] = ()) -> Written:
        """A step that sounds next; ahead: what is known of those after it."""
        if self._planned and self._planned[0][0] is step.event:
            (_, written, self._page), *self._planned = self._planned
            return written
        self._planned = []
        return self._page.write(step, ahead)

    def planned(self, steps: Sequence[Step]) -> list[Written]:
        """The steps that follow the last that was played."""
        same = 0
        while same < min(len(steps), len(self._planned)) and self._planned[same][0] is steps[same].event:
            same += 1
        del self._planned[same:]
        for index in range(same, len(steps)):
            page = copy(self._planned[-1][2] if self._planned else self._page)
            self._planned.append((steps[index].event, page.write(steps[index], steps[index + 1 :]), page))
        return [written for _, written, _ in self._planned]
