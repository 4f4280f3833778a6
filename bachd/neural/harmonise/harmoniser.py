"""Put other voices to a melody, note by note, as it comes.

Law: nothing of what follows is known. A note of the melody begins an event, and the event before is cut there; the
melody is never changed, and where the network would move it, it stays.

The melody is the top voice, unless another one is asked for. Where the bundle has a graph that names the chord under a
note, see top_voice.py; else the network draws the other notes as ever: the head spells chords from the top down, so it
begins with the note that is given. For a melody in another voice, see lower_voice.py.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Final

from bachd.music.event import Event
from bachd.music.keys import Key
from bachd.music.metre import Grid
from bachd.neural.features import HIGHEST, HOLD, LOWEST, START
from bachd.neural.harmonise.figuration import EIGHTH
from bachd.neural.harmonise.harmony import HarmonyGraph
from bachd.neural.harmonise.lower_voice import LowerVoice
from bachd.neural.harmonise.past import Past
from bachd.neural.harmonise.top_voice import TopVoice
from bachd.neural.model import Model
from bachd.neural.outlook import NOWHERE, Outlook
from bachd.neural.runtime import Int8Array
from bachd.neural.sampling.guidance import Guidance
from bachd.neural.sampling.sampler import Sampler

VOICES: Final = 4
"""Notes of a chord, where there is room for them."""
_ALONE: Final = 0.7
"""Temperature of what is played without a melody."""
_ATTEMPTS, _WARMER = 4, 0.2
"""How often an event is drawn with which the music would stand still or circle; how much more daringly each time."""


class Harmoniser:
    """Draws the other voices, event by event. Not for use by several threads at once."""

    def __init__(
        self,
        model: Model,
        sampler: Sampler,
        grid: Grid | None = None,
        voices: int = VOICES,
        key: Key | None = None,
        chords: HarmonyGraph | None = None,
        voice: int = 0,
    ) -> None:
        """grid: the bar lines; without it, those of common time from tick 0 on. voices: see VOICES.

        voice: the place of the melody from the top, 0 for the top voice; VOICES - 1 is the lowest one, however many.
        key: of the melody, if it is known as a whole; otherwise it is estimated as the melody comes. chords: names the
        chord under a note; without it, that is left to `model`, too.
        """
        self._model, self._sampler, self._voices = model, sampler, voices
        place = min(voice, voices - 1)
        self._lower = LowerVoice(model, sampler, chords, place, voices) if place else None
        self._past = Past(model.context(), grid or Grid(), key, place)
        self._melody: int | None = None
        self._in_time = True
        self.bass: int | None = None
        """The lowest note, from the next event on, where that is given, too; it takes `chords` and the top voice."""
        self._top = None if place or chords is None else TopVoice(chords, self._past, sampler.pitches[0], voices)

    @property
    def melody(self) -> int | None:
        """The note of the melody that sounds, as the network knows it; None in a rest."""
        return self._melody

    @property
    def given(self) -> frozenset[int]:
        """The notes that sound and are given, as the network knows them: of the melody and, perhaps, of the bass."""
        bass = None if self._top is None else self._top.bass
        return frozenset(note for note in (self._melody, bass) if note is not None)

    def strike(self, pitch: int, tick: int, *, in_time: bool = True) -> Event:
        """Return the event that begins with a note of the melody at `tick`; if that is earlier, it is a new piece.

        Its length is how long the chord stays as it is if the melody does; then `go_on` tells what comes next.
        in_time: whether the beat is known, so that voices may pass or be suspended while the note is held; else chords
        that are named change on quarters alone.
        """
        note = _within(pitch) if self._lower is None else self._lower.within(pitch)
        self._in_time = in_time
        outlook = self._settle(tick, lambda: self._past.given(note, held=False))
        self._melody = note
        self._take_bass(note)
        return self._draw(START + note - LOWEST, outlook)

    def go_on(self, tick: int) -> Event:
        """Return the event that follows at `tick` while the note of the melody is held.

        If all of it is held, nothing moves, and the event before just lasts longer.
        """
        note = self._melody
        if note is None:
            raise ValueError("no note of the melody is held")
        self._take_bass(note)
        chord = None if self._top is None else self._top.between(note, tick)
        if chord is not None and self._past.sounding is not None and chord == self._past.sounding.sounding:
            return Event((), chord, EIGHTH)
        outlook = self._settle(tick, lambda: self._past.given(note, held=True))
        self._melody = note
        if self._top is not None and chord is not None:
            self._past.sounding = event = self._top.moved(chord)
            return event
        return self._draw((HOLD if note in self._past.last else START) + note - LOWEST, outlook)

    def preview(self, tick: int) -> Event:
        """Return what `go_on` would return, and change nothing."""
        kept, rng = vars(self).copy(), self._sampler.rng.getstate()
        self._top = copy(self._top)
        try:
            with self._past.unchanged():
                return self.go_on(tick)
        finally:
            vars(self).update(kept)
            self._sampler.rng.setstate(rng)

    def play_alone(self, tick: int) -> Event:
        """Return the event that follows at `tick` where nobody plays the melody: all voices of it are drawn.

        It is drawn as music is that is composed, for the likeliest would soon go round in circles.
        """
        outlook = self._settle(tick, self._past.unled)
        self._melody = None
        return self._draw(None, outlook)

    def release(self, tick: int) -> None:
        """The note of the melody ends at `tick`, and the others with it."""
        if self._melody is not None:
            self._settle(tick, lambda: NOWHERE)
            self._melody, self._past.sounding = None, Event((), (), 1)
            self._take_bass(None)

    def _take_bass(self, note: int | None) -> None:
        """Let the lowest note be the given one, moved by octaves to where there is room for it below the melody."""
        if self._top is not None:
            bass = None if note is None else self.bass
            while bass is not None and bass < self._sampler.pitches[0]:
                bass += 12
            self._top.bass = None if bass is None or note is None or note - bass < self._voices else bass

    def _settle(self, tick: int, look: Callable[[], Outlook]) -> Outlook:
        sounding = self._past.sounding
        outlook = self._past.settle(tick, look)
        if self._top is not None:
            self._top.cut(sounding)
        return outlook

    def _draw(self, top: int | None, outlook: Outlook) -> Event:
        self._past.sounding = event = self._drawn(top, outlook)
        return event

    def _drawn(self, top: int | None, outlook: Outlook) -> Event:
        sampler, ticks = self._sampler, self._past.to_quarter
        if top is not None and self._top is not None:
            event = self._top.chord(outlook, sampler.temperature, sampler.rng, in_time=self._in_time)
            if event is not None:
                return event
        if self._top is not None:
            self._top.forget()
        hidden = self._model.encode(self._past.context)
        wanted = Guidance(key=outlook.key, least=self._voices, most=self._voices)
        if top is None:
            return self._draw_unled(hidden, wanted, outlook)
        if self._lower is not None:
            event = self._lower.draw(top, hidden, self._past, wanted, outlook)
            return event if self._in_time else replace(event, ticks=ticks)
        event = sampler.sample(hidden, self._past.last, wanted, outlook, given=(top,))
        assert event is not None  # a piece cannot end unless it is allowed to
        return event

    def _draw_unled(self, hidden: Int8Array, wanted: Guidance, outlook: Outlook) -> Event:
        for attempt in range(_ATTEMPTS):
            boost = _ALONE + attempt * _WARMER
            event = self._sampler.sample(hidden, self._past.last, wanted, outlook, temperature_boost=boost)
            if event is not None and not self._past.is_stuck_with(event):
                break
        assert event is not None
        return event


def _within(pitch: int) -> int:
    """The pitch, moved by octaves to where the network knows it."""
    while pitch > HIGHEST:
        pitch -= 12
    while pitch < LOWEST:
        pitch += 12
    return pitch
