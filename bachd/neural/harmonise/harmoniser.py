"""Put other voices to a melody, note by note, as it comes.

Law: nothing of what follows is known. A note of the melody begins an event, and the event before is cut there; the
melody is never changed, and where the network would move it, it stays.

The melody is the top voice, unless another one is asked for. The head spells chords from the top down, so it begins
with the note that is given. Where the bundle has a graph that names the chord under a note, the head chooses among the
ways to set that chord out; else the other notes are drawn as ever. For a melody in another voice, see lower_voice.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from typing import Final

from bachd.music.event import TICKS, Event
from bachd.music.keys import Key
from bachd.music.loop_detector import FreezeDetector, LoopDetector
from bachd.music.metre import Grid
from bachd.neural import features
from bachd.neural.features import HIGHEST, HOLD, LOWEST, PITCHES, START
from bachd.neural.harmonise import lower_voice
from bachd.neural.harmonise.harmony import Harmony, HarmonyGraph
from bachd.neural.harmonise.melody_features import MelodyHistory
from bachd.neural.harmonise.voicing import voicings
from bachd.neural.model import Model
from bachd.neural.outlook import NOWHERE, Melody, Outlook
from bachd.neural.runtime import Int8Array
from bachd.neural.sampling.guidance import Guidance
from bachd.neural.sampling.nucleus import drawn_order
from bachd.neural.sampling.sampler import Sampler

SILENCE: Final = 2
"""Bars of silence after which a new piece begins: the network knows no longer rests."""
VOICES: Final = 4
"""Notes of a chord, where there is room for them."""
_ALONE: Final = 0.7
"""Temperature of what is played without a melody."""
_ATTEMPTS, _WARMER = 4, 0.2
"""How often an event is drawn with which the music would stand still or go round in circles, and how much more daringly
each time."""


class Harmoniser:
    """The music so far, and the event that sounds. Not for use by several threads at once."""

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
        self._key = key
        self._model, self._sampler, self._voices = model, sampler, voices
        self._voice = min(voice, voices - 1)
        self._grid = grid or Grid()
        self._context = model.context()
        self._freeze, self._loop = FreezeDetector(), LoopDetector()
        self._sounding: Event | None = None
        self._since = 0
        self._melody: int | None = None
        self._begin(0, lambda: NOWHERE)

    @property
    def melody(self) -> int | None:
        """The note of the melody that sounds, as the network knows it; None in a rest."""
        return self._melody

    def strike(self, pitch: int, tick: int) -> Event:
        """Return the event that begins with a note of the melody at `tick`; if that is earlier, it is a new piece.

        Its length is how long the chord stays as it is if the melody does; then `go_on` tells what comes next.
        """
        note = lower_voice.within(pitch, self._voice, self._sampler.pitches) if self._voice else _within(pitch)
        outlook = self._settle(tick, lambda: self._given(note, held=False))
        self._melody = note
        return self._draw(START + note - LOWEST, outlook)

    def go_on(self, tick: int) -> Event:
        """Return the event that follows at `tick` while the note of the melody is held."""
        note = self._melody
        if note is None:
            raise ValueError("no note of the melody is held")
        outlook = self._settle(tick, lambda: self._given(note, held=True))
        self._melody = note
        return self._draw((HOLD if note in self._last else START) + note - LOWEST, outlook)

    def preview(self, tick: int) -> Event:
        """Return what `go_on` would return, and change nothing."""
        kept, context, rng = vars(self).copy(), self._context.save(), self._sampler.rng.getstate()
        vars(self).update({name: copy(kept[name]) for name in ("_played", "_history", "_freeze", "_loop")})
        try:
            return self.go_on(tick)
        finally:
            vars(self).update(kept)
            self._context.restore(context)
            self._sampler.rng.setstate(rng)

    def play_alone(self, tick: int) -> Event:
        """Return the event that follows at `tick` where nobody plays the melody: all voices of it are drawn.

        It is drawn as music is that is composed, for the likeliest would soon go round in circles.
        """
        outlook = self._settle(tick, self._unled)
        self._melody = None
        return self._draw(None, outlook)

    def release(self, tick: int) -> None:
        """The note of the melody ends at `tick`, and the others with it."""
        if self._melody is not None:
            self._settle(tick, lambda: NOWHERE)
            self._melody, self._sounding = None, Event((), (), 1)

    def _begin(self, tick: int, look: Callable[[], Outlook]) -> Outlook:
        """Forget everything; the next note is the first of a piece, whatever the place of `tick` in its bar."""
        place = self._grid.place(tick)
        self._bars = Grid(((0, place.metre),), place.phase and place.metre.bar - place.phase)
        self._tick, self._place = 0, self._bars.place(0)
        self._played, self._history = Melody(), MelodyHistory()
        self._note: int | None = None  # of the melody's voice, whoever played it
        self._last: tuple[int, ...] = ()
        outlook = look()
        self._context.reset(self._place, outlook)
        return outlook

    def _settle(self, tick: int, look: Callable[[], Outlook]) -> Outlook:
        """Let the network know what has sounded until `tick`, and what `look` returns then of the event to come."""
        ticks, sounding = tick - self._since, self._sounding
        self._since = tick
        if sounding is None or ticks < 0 or (not sounding.sounding and ticks >= SILENCE * self._place.metre.bar):
            return self._begin(tick, look)
        outlook = NOWHERE
        parts = features.to_layout(Event(sounding.starts, sounding.held, ticks)) if ticks else ()
        for left, part in zip(range(len(parts) - 1, -1, -1), parts, strict=True):
            top = part.sounding[-1] if part.sounding else None
            self._history.push(top, part.ticks, self._place, starts=top in part.starts)
            if part.sounding:
                self._note = note = part.sounding[max(-len(part.sounding), -1 - self._voice)]
                self._played.push(note, part.ticks)
            outlook = look() if not left else self._given(note, held=True) if part.sounding else NOWHERE
            self._push(part, outlook)
        if not parts:  # what sounded was over at once, and is not known
            outlook = look()
            self._context.look(outlook)
        return outlook

    def _push(self, event: Event, outlook: Outlook) -> None:
        self._freeze.add(event, self._place.metre)
        self._loop.add(event)
        self._tick += event.ticks
        self._place = self._bars.place(self._tick)
        self._context.push(event, self._place, outlook)
        self._last = event.sounding

    def _given(self, pitch: int, *, held: bool) -> Outlook:
        outlook = self._played.outlook(pitch, held=held)
        if self._voice:
            outlook = replace(outlook, given=None)  # for it would be taken for the highest note
        return outlook if self._key is None else replace(outlook, home=self._key, key=self._key)

    def _unled(self) -> Outlook:
        """What is known where nobody plays the melody: the keys."""
        return NOWHERE if self._note is None else replace(self._given(self._note, held=False), given=None)

    def _draw(self, top: int | None, outlook: Outlook) -> Event:
        wanted = Guidance(key=outlook.key, least=self._voices, most=self._voices)
        hidden, before = self._model.encode(self._context), self._last
        if top is not None and self._voice:
            event = self._draw_around(top, hidden, wanted, outlook)
        elif top is not None:
            wanted = self._with_chord(wanted, outlook)
            event = self._sampler.sample(hidden, before, wanted, outlook, given=(top,))
        else:
            for attempt in range(_ATTEMPTS):
                boost = _ALONE + attempt * _WARMER
                event = self._sampler.sample(hidden, before, wanted, outlook, temperature_boost=boost)
                if event is not None and not self._is_stuck_with(event):
                    break
        assert event is not None  # a piece cannot end unless it is allowed to
        self._sounding = event
        return event

    def _with_chord(self, wanted: Guidance, outlook: Outlook) -> Guidance:
        """Add the ways to set out a chord that is drawn for the given note and lasts until the next quarter."""
        given = outlook.given
        if self._chords is None or given is None:
            return wanted
        row = self._history.features(given.pitch, self._place, outlook, held=given.held)
        chords, lowest = self._chords.likeliest(row, given.pitch), self._sampler.pitches[0]
        for index in drawn_order([logit for logit, _ in chords], self._sampler.temperature, self._sampler.rng):
            if found := voicings(given.pitch, chords[index][1], self._voices, lowest, self._last):
                return replace(wanted, voicings=found, longest=TICKS - self._place.phase % TICKS)
        return wanted

    def _draw_around(self, symbol: int, hidden: Int8Array, wanted: Guidance, outlook: Outlook) -> Event | None:
        """Draw the event in which a voice below the top has the note `symbol`.

        Where no chord can be set out around it, it is alone.
        """
        given = lower_voice.Given(self._voice, LOWEST + symbol % PITCHES, self._voices)
        pitches, before = self._sampler.pitches, self._last
        logits = self._model.head_logits(hidden, (), before, outlook)
        tops = lower_voice.likeliest_tops(logits, pitches, before, given)
        found = lower_voice.ranked(tops, lambda top: self._named(top, given, outlook), given)
        order = drawn_order([nats for nats, _, _ in found], self._sampler.temperature, self._sampler.rng)
        for sounded in (before, ()):  # rather a parallel than no chord
            for _, top, harmony in (found[index] for index in order):
                place = given.place, given.pitch
                if ways := voicings(LOWEST + top % PITCHES, harmony, self._voices, pitches[0], sounded, place):
                    wanted = replace(wanted, voicings=ways, longest=TICKS - self._place.phase % TICKS)
                    event = self._sampler.sample(hidden, before, wanted, outlook, given=(top,))
                    return event and lower_voice.keep_note(event, given.pitch, is_held=symbol >= HOLD)
        return self._sampler.sample(hidden, before, replace(wanted, least=1, most=1), outlook, given=(symbol,))

    def _named(self, symbol: int, given: lower_voice.Given, outlook: Outlook) -> Sequence[tuple[float, Harmony]]:
        """Return the chords under a highest note, with their log-likelihoods."""
        top = LOWEST + symbol % PITCHES
        if self._chords is None:
            return [] if outlook.key is None else lower_voice.plain_chords(top, outlook.key, given)
        row = self._history.features(top, self._place, outlook, held=symbol >= HOLD)
        return self._chords.likeliest(row, top, having=given.pitch % 12)

    def _is_stuck_with(self, event: Event) -> bool:
        return self._freeze.would_freeze(event, self._place.metre) or self._loop.would_loop(event)


def _within(pitch: int) -> int:
    """The pitch, moved by octaves to where the network knows it."""
    while pitch > HIGHEST:
        pitch -= 12
    while pitch < LOWEST:
        pitch += 12
    return pitch
