"""Set chords under the notes of the highest voice, as the graph names them, and let the other voices move between.

Law: a chord has all its notes and is led without parallels, or there is none; what moves off the beat, and what is
suspended on it, is what the graph finds likely there. Equal melodies are harmonised equally, at temperature 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final

from bachd.music.event import TICKS, Event
from bachd.music.keys import Key
from bachd.music.voices import Voices
from bachd.neural.features import FloatArray
from bachd.neural.harmonise import counterpoint, figuration
from bachd.neural.harmonise.figuration import EIGHTH, Owed
from bachd.neural.harmonise.harmony import HarmonyGraph
from bachd.neural.harmonise.past import Past
from bachd.neural.harmonise.voicing import Voicing, smoothest, voicings
from bachd.neural.outlook import Outlook
from bachd.neural.sampling.nucleus import drawn_order

_AS_LIKELY, _BASS_AS_LIKELY = 0.4, 1.0
"""Nats by which a chord may be less likely than the likeliest, if voices step in it that have to: any, and the bass."""
_SUSPENDED: Final = -1.0
"""Nats by which a suspension is likelier than the chord that it delays, at least."""


class TopVoice:
    """The voices under a melody. Not for use by several threads at once."""

    def __init__(self, chords: HarmonyGraph, past: Past, lowest: int, voices: int) -> None:
        """lowest: the lowest pitch to play. voices: notes of a chord."""
        self._chords, self._past, self._lowest, self._voices = chords, past, lowest, voices
        self._owed = Owed()
        self._on_beat: tuple[Voices, Key] | None = None
        """The chord on a beat and its key, while it sounds and may move."""
        self.bass: int | None = None
        """The lowest note, where that is given, too."""

    def cut(self, sounded: Event | None) -> None:
        """Note that the event which sounded is over; None before a piece."""
        self._on_beat = None
        if sounded is None or self._past.last != sounded.sounding:  # it was over at once, or a piece begins
            self._owed = Owed()

    def forget(self) -> None:
        """Note that the event which comes is not of this class's making, so that no voice owes anything."""
        self._owed = Owed()

    def chord(self, outlook: Outlook, temperature: float, rng: Random, *, in_time: bool) -> Event | None:
        """Return the event with the chord under the given note; None where none can be set out.

        in_time: whether the beat is known. Raises ModelError.
        """
        given, key, past = outlook.given, outlook.key, self._past
        if given is None or key is None:
            return None
        quarter = past.quarter if in_time else ()
        row = past.history.features(given.pitch, past.place, outlook, held=given.held, chord=quarter)
        chord = self._set_out(row, given.pitch, key, temperature, rng)
        if not chord:
            return None if self.bass is None else Event((self.bass, given.pitch), (), past.to_quarter)
        before, phase = past.last, past.place.phase
        may_move = in_time and not phase % TICKS and figuration.is_simple(past.place) and len(chord) == self._voices
        sounding = self._suspended(row, before, chord) if may_move else chord
        resolution = None if sounding == chord else chord
        owed = {} if resolution is None else figuration.directions(sounding, chord)
        self._owed = Owed(owed, resolution, self._owed.figure if may_move else frozenset())
        if may_move:
            self._on_beat = sounding, key
        kept = set(sounding) - set(chord) if resolution else set()
        if given.held:
            kept |= set(sounding) if phase else {given.pitch}  # they are struck again in a new bar
        elif phase % TICKS:
            kept |= set(sounding) - {given.pitch}
        event = Event(sounding, (), EIGHTH if may_move else past.to_quarter)
        return figuration.tied(event, before, kept, event.ticks)

    def between(self, note: int, tick: int) -> Voices | None:
        """Return what the chord of the beat becomes at `tick`, or itself if it stays; None where it is not for it.

        note: of the melody, which is held. Raises ModelError.
        """
        past = self._past
        if self._on_beat is None or past.place_at(tick).phase % TICKS != EIGHTH:
            return None
        chord, key = self._on_beat
        if self.bass not in (None, chord[0]):
            return None
        if self._owed.resolution is not None:
            return self._owed.resolution
        found = [
            each
            for each in counterpoint.figures(chord, key, self._lowest)
            if figuration.moves(chord, each).isdisjoint(self._owed.figure) and self.bass in (None, each[0])
        ]
        outlook = past.given(note, held=True)
        row = past.history_until(tick).features(note, past.place_at(tick), outlook, held=True, chord=chord)
        likely = figuration.likely(self._chords, row, chord, found)
        if likely:
            beat = tick + EIGHTH
            ways = [(share, past.given(pitch, held=held)) for share, pitch, held in figuration.melodies(note, key)]
            chords = figuration.likely_chords(self._chords, past.history_until(beat), past.place_at(beat), ways)
            return next((each for each in likely if figuration.fits(chord, each, self._lowest, chords)), chord)
        return chord

    def moved(self, chord: Voices) -> Event:
        """Return the event in which the voices have moved to `chord`, which `between` returned."""
        before = self._past.last
        ways = {} if self._owed.resolution else figuration.directions(before, chord)
        self._owed = Owed(ways, None, figuration.moves(before, chord))
        return figuration.tied(Event(chord, (), EIGHTH), before, chord, EIGHTH)

    def _set_out(self, row: FloatArray, top: int, key: Key, temperature: float, rng: Random) -> Voices:
        """Return the likeliest chord that can be set out; nothing if none can.

        Where a voice owes a step that the likeliest chord has no room for, the next one is taken if it is as likely.
        """
        owed, before, bass = self._owed.ways, self._past.last, self.bass
        chords = self._chords.likeliest(row, top, having=None if bass is None else bass % 12)
        given = None if bass is None else (self._voices - 1, bass)
        if bass is not None:
            chords = [(nats, harmony) for nats, harmony in chords if harmony.bass == bass % 12]
        order = drawn_order([nats for nats, _ in chords], temperature, rng)
        least = chords[order[0]][0] - (_BASS_AS_LIKELY if 0 in owed else _AS_LIKELY) if order else 0.0
        best: Voicing = ()
        for sounded in (before, ()) if given else (before,):  # rather a parallel than nothing between two given notes
            for index in order:
                if best and chords[index][0] < least:
                    break
                if found := voicings(top, chords[index][1], self._voices, self._lowest, sounded, given):
                    chord, is_paid = smoothest(found, before, key, owed)
                    best = chord if is_paid else best or chord
                    if is_paid:
                        return best[::-1]
            if best:
                break
        return best[::-1]

    def _suspended(self, row: FloatArray, before: Voices, chord: Voices) -> Voices:
        """Return the chord with a note of the last one suspended, if that is likely; else as it is."""
        found: Sequence[Voices] = [
            each
            for each in counterpoint.suspensions(before, chord)
            if self._owed.ways.keys().isdisjoint(figuration.directions(each, chord))
        ]
        if not found:
            return chord
        plain, *nats = self._chords.likelihoods(row, [chord, *found])
        best = max(nats)
        return found[nats.index(best)] if best >= plain + _SUSPENDED else chord
