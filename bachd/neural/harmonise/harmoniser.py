"""Put other voices to a melody, note by note, as it comes.

Law: nothing of what follows is known. A note of the melody begins an event, and the event before is cut there; the
melody is never changed, and where the network would move it, it stays.

The melody is the top voice, unless another one is asked for. The head spells chords from the top down, so it begins
with the note that is given. Where the bundle has a graph that names the chord under a note, the head chooses among the
ways to set that chord out; else the other notes are drawn as ever. For a melody in another voice, see lower_voice.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from bachd.music.event import TICKS, Event
from bachd.music.keys import Key
from bachd.music.metre import Grid
from bachd.music.voices import Voices
from bachd.neural.features import HIGHEST, HOLD, LOWEST, START
from bachd.neural.harmonise import figuration
from bachd.neural.harmonise.figuration import EIGHTH, Owed, Spelled
from bachd.neural.harmonise.harmony import HarmonyGraph
from bachd.neural.harmonise.lower_voice import LowerVoice
from bachd.neural.harmonise.past import Past
from bachd.neural.harmonise.voicing import Voicing, smoothest, voicings
from bachd.neural.model import Model
from bachd.neural.outlook import NOWHERE, Outlook
from bachd.neural.runtime import Int8Array
from bachd.neural.sampling.guidance import Guidance
from bachd.neural.sampling.nucleus import drawn_order
from bachd.neural.sampling.sampler import Sampler

VOICES: Final = 4
"""Notes of a chord, where there is room for them."""
_ALONE: Final = 0.7
"""Temperature of what is played without a melody."""
_AS_LIKELY, _BASS_AS_LIKELY = 0.4, 1.0
"""Nats by which a chord may be less likely than the likeliest, if voices step in it that have to: any, and the bass."""
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
        self._chords = chords
        self._model, self._sampler, self._voices = model, sampler, voices
        place = min(voice, voices - 1)
        self._lower = LowerVoice(model, sampler, chords, place, voices) if place else None
        self._past = Past(model.context(), grid or Grid(), key, place)
        self._melody: int | None = None
        self._in_time = True
        self._owed = Owed()
        self._spelled: Spelled | None = None
        """The chord on a beat, while it sounds."""

    @property
    def melody(self) -> int | None:
        """The note of the melody that sounds, as the network knows it; None in a rest."""
        return self._melody

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
        return self._draw(START + note - LOWEST, outlook)

    def go_on(self, tick: int) -> Event:
        """Return the event that follows at `tick` while the note of the melody is held.

        If all of it is held, nothing moves, and the event before just lasts longer.
        """
        note = self._melody
        if note is None:
            raise ValueError("no note of the melody is held")
        figures: Sequence[Voices] = ()
        if (spelled := self._spelled) is not None and self._past.place_at(tick).phase % TICKS == EIGHTH:
            figures = self._figures(spelled, note, tick)
            if not figures:
                return Event((), spelled.event.sounding, EIGHTH)
        outlook = self._settle(tick, lambda: self._past.given(note, held=True))
        self._melody = note
        return self._draw((HOLD if note in self._past.last else START) + note - LOWEST, outlook, figures)

    def preview(self, tick: int) -> Event:
        """Return what `go_on` would return, and change nothing."""
        kept, rng = vars(self).copy(), self._sampler.rng.getstate()
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

    def _settle(self, tick: int, look: Callable[[], Outlook]) -> Outlook:
        sounding = self._past.sounding
        outlook, self._spelled = self._past.settle(tick, look), None
        if sounding is None or self._past.last != sounding.sounding:  # it was over at once, or a piece begins
            self._owed = Owed()
        return outlook

    def _draw(self, top: int | None, outlook: Outlook, figures: Sequence[Voices] = ()) -> Event:
        wanted = Guidance(key=outlook.key, least=self._voices, most=self._voices)
        hidden = self._model.encode(self._past.context)
        if top is None:
            event, self._owed = self._draw_unled(hidden, wanted, outlook), Owed()
        elif self._lower is not None:
            event = self._lower.draw(top, hidden, self._past, wanted, outlook)
            event = event if self._in_time else replace(event, ticks=self._past.to_quarter)
        elif figures:
            event = self._draw_figure(top, hidden, replace(wanted, voicings=_spelled(figures)), outlook)
        else:
            event = self._draw_chord(top, hidden, wanted, outlook)
        self._past.sounding = event
        return event

    def _draw_unled(self, hidden: Int8Array, wanted: Guidance, outlook: Outlook) -> Event:
        for attempt in range(_ATTEMPTS):
            boost = _ALONE + attempt * _WARMER
            event = self._sampler.sample(hidden, self._past.last, wanted, outlook, temperature_boost=boost)
            if event is not None and not self._past.is_stuck_with(event):
                break
        assert event is not None
        return event

    def _draw_figure(self, top: int, hidden: Int8Array, wanted: Guidance, outlook: Outlook) -> Event:
        before = self._past.last
        drawn = self._sampler.sample(hidden, before, wanted, outlook, given=(top,))
        assert drawn is not None  # a piece cannot end unless it is allowed to
        event = figuration.tied(drawn, before, drawn.sounding, EIGHTH)
        ways = {} if self._owed.resolution else figuration.directions(before, event.sounding)
        self._owed = Owed(ways, None, figuration.moves(before, event.sounding))
        return event

    def _draw_chord(self, top: int, hidden: Int8Array, wanted: Guidance, outlook: Outlook) -> Event:
        """Draw the chord under a note of the melody; on a beat one of its notes may be suspended."""
        before, place = self._past.last, self._past.place
        wanted = self._with_chord(wanted, outlook)
        on_beat = bool(wanted.voicings) and self._in_time and figuration.is_simple(place) and place.phase % TICKS == 0
        is_held = outlook.given is not None and outlook.given.held
        resolutions = figuration.suspended(before, _spelled(wanted.voicings), self._owed) if on_beat else {}
        if resolutions:  # under a note that is held there is nothing to lose
            plain = () if is_held else wanted.voicings
            wanted = replace(wanted, voicings=(*plain, *_spelled(resolutions)))
        event = self._sampler.sample(hidden, before, wanted, outlook, given=(top,))
        assert event is not None
        resolution = resolutions.get(event.sounding)
        owed = {} if resolution is None else figuration.directions(event.sounding, resolution)
        self._owed = Owed(owed, resolution, self._owed.figure if on_beat else frozenset())
        if wanted.voicings and is_held and event.sounding == before and place.phase:
            event = figuration.tied(event, before, before, event.ticks)  # it is struck again in a new bar alone
        if on_beat and len(event.sounding) == self._voices:
            kept = () if resolution is None else set(event.sounding) - set(resolution)
            event = figuration.tied(event, before, kept, min(event.ticks, EIGHTH))
            self._spelled = Spelled(hidden.copy(), before, outlook, event)
        if wanted.voicings and not self._in_time:
            event = replace(event, ticks=self._past.to_quarter)
        return event

    def _figures(self, spelled: Spelled, note: int, tick: int) -> Sequence[Voices]:
        """Return what the chord that sounds may become off the beat at `tick`; nothing if it stays."""
        chord, key = spelled.event.sounding, spelled.outlook.key
        if (resolution := self._owed.resolution) is not None:
            return (resolution,)
        if self._chords is None or key is None or not spelled.moves(self._model):
            return ()
        past, beat = self._past, tick + EIGHTH
        ways = [(share, past.given(pitch, held=held)) for share, pitch, held in figuration.melodies(note, key)]
        chords = figuration.likely_chords(self._chords, past.history_until(beat), past.place_at(beat), ways)
        found = figuration.fitting(chord, key, self._sampler.pitches[0], chords)
        return [each for each in found if figuration.moves(chord, each).isdisjoint(self._owed.figure)]

    def _with_chord(self, wanted: Guidance, outlook: Outlook) -> Guidance:
        """Add the ways to set out a chord that is drawn for the given note and lasts until the next quarter.

        Where a voice owes a step that the likeliest chord has no room for, the next one is taken if it is as likely.
        """
        given, key, owed = outlook.given, outlook.key, self._owed.ways
        if self._chords is None or given is None or key is None:
            return wanted
        row = self._past.history.features(given.pitch, self._past.place, outlook, held=given.held)
        chords, lowest = self._chords.likeliest(row, given.pitch), self._sampler.pitches[0]
        order = drawn_order([logit for logit, _ in chords], self._sampler.temperature, self._sampler.rng)
        if not order:
            return wanted
        least = chords[order[0]][0] - (_BASS_AS_LIKELY if 0 in owed else _AS_LIKELY)
        best: tuple[Voicing, ...] = ()
        for index in order:
            if best and chords[index][0] < least:
                break
            found = voicings(given.pitch, chords[index][1], self._voices, lowest, self._past.last)
            found, is_paid = smoothest(found, self._past.last, key, owed)
            best = found if is_paid and found else best or found
            if is_paid and found:
                break
        return replace(wanted, voicings=best, longest=self._past.to_quarter) if best else wanted


def _spelled(chords: Iterable[Voices]) -> tuple[Voicing, ...]:
    """Return chords turned round: from the top down, or back."""
    return tuple([each[::-1] for each in chords])


def _within(pitch: int) -> int:
    """The pitch, moved by octaves to where the network knows it."""
    while pitch > HIGHEST:
        pitch -= 12
    while pitch < LOWEST:
        pitch += 12
    return pitch
