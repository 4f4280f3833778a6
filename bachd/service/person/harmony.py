"""Play the other voices to what a person plays, at once.

Law: a chord is played for the note that sounds: one that was computed for a note that is over is left out. While the
person's melody sounds, the others move as the network wants; with its end they end.

The network is asked in the thread that composes, one thing at a time, in the order in which things happened.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import Any, Final, TypeAlias

from bachd.config import BOTH, TOGETHER_VOICES
from bachd.errors import BachdError
from bachd.midi.input.melody import TOGETHER, MelodyFinder, Note
from bachd.midi.input.person import PersonEvent
from bachd.music.event import TICKS
from bachd.realtime.transport import Conductor
from bachd.service.parts import Parts
from bachd.service.person.beat import PersonBeat
from bachd.service.person.live_harmoniser import Chord, LiveHarmoniser, drawn_by
from bachd.service.person.voices import Sent, Voices

log = logging.getLogger("bachd")

MODES: Final = ("harmonise", "duet")
YIELDING: Final = TICKS
"""Ticks for which the melody is left to the person after a note."""
_VELOCITY: Final = 75
"""Of a melody that nobody plays, before the others are made softer."""
PATIENCE: Final = 0.1
"""Seconds after a chord until the next one is looked for: somebody who plays faster is not to wait for that."""
Expect: TypeAlias = Callable[[Sequence[int]], None]
"""Called with what comes next while the note is held, the note left out; with nothing when that is not so any more."""
SHORTEST: Final = TICKS // 4
"""Ticks that a chord lasts at least while the melody holds its note."""


class HarmonyPartner:
    """Harmonises a person's melody. For the event loop, but for what `thread` does."""

    def __init__(
        self,
        parts: Parts,
        conductor: Callable[[], Conductor],
        clock: Callable[[], float],
        sent: Sent,
        thread: Executor,
        expect: Expect | None = None,
    ) -> None:
        """conductor: the present one. clock: monotonic seconds. sent: called with what was sent. expect: see Expect."""
        self._conductor, self._clock, self._thread = conductor, clock, thread
        self._parts = parts
        self._finder, self._left = MelodyFinder(), MelodyFinder()
        self._beat = PersonBeat(parts.bpm)
        self._voices = Voices(parts.outputs, parts.config.midi.channels, clock, sent)
        self._harmoniser = LiveHarmoniser()
        self._active = self._plays_alone = False
        self._turn = 0  # which note of the melody it is
        self._timer: asyncio.TimerHandle | None = None
        self._struck: tuple[Note, int, bool] | None = None  # what waits for the left hand
        self._look: asyncio.TimerHandle | None = None  # ahead, soon
        self._expect, self._is_expecting = expect, False
        self.use(parts)

    @property
    def bpm(self) -> float | None:
        """Quarter notes a minute that the person plays, once they are found."""
        return self._beat.found

    def use(self, parts: Parts) -> None:
        """Play with other parts from here on, if the settings want that at all."""
        from bachd.service.factory import mix, patches

        before, self._parts = self._parts, parts
        was_active, was_alone = self._active, self._plays_alone
        self._active = parts.gives_way and parts.config.together in MODES
        self._plays_alone = self._active and parts.config.together == "duet"
        self._voices.use(parts.outputs, parts.config.midi.channels, mix(parts.config))
        self._beat.use(parts.bpm, self._clock(), steady=self._plays_alone)
        if was_active and not self._active:
            self._stop()
        if not self._active:
            return
        voice, split = parts.config.together_voice, parts.config.together_split
        self._finder.use(lowest=voice == TOGETHER_VOICES[-1], split=split)
        self._left.use(lowest=True, split=split)
        sounds = patches(parts.config)
        if not was_active or (sounds, parts.outputs) != (patches(before.config), before.outputs):
            self._voices.set_up([message for group in sounds for message in group])
        if not was_active or drawn_by(parts.config) != drawn_by(before.config):
            self._ask(lambda: self._harmoniser.open(parts), lambda _: None)
        if self._plays_alone and not was_alone and self._finder.note is None:
            self._go_alone_from(self._beat.strike(self._clock(), self._conductor()))
        elif was_alone and not self._plays_alone and self._finder.note is None:
            self._turn += 1
            self._cancel()
            self._voices.release()

    def take(self, event: PersonEvent) -> None:
        """React to what a person does."""
        bass_before = self._bass
        is_other, note = self._finder.take(event), self._finder.note
        self._left.take(event)
        bass = self._bass
        if not self._active or not (is_other or (note is not None and bass != bass_before)):
            return
        waiting = self._struck
        self._turn += 1
        self._cancel()
        if note is None:
            self._let_go(self._beat.at(event.moment, self._conductor()))
        elif is_other:
            tick = self._beat.strike(event.moment, self._conductor())
            struck = note, tick, self._beat.is_known(event.moment, self._conductor())
            if bass is None and self._parts.config.together_voice == BOTH:
                self._struck = struck
                self._timer = asyncio.get_running_loop().call_later(TOGETHER, self._strike, *struck)
            else:
                self._strike(*struck)
        elif waiting is not None:
            self._strike(*waiting)
        else:
            self._go_on(note, self._beat.at(event.moment, self._conductor()))

    def _strike(self, note: Note, tick: int, in_time: bool) -> None:
        """Play the chord under a note that has begun, and over the bass, if that is given, too."""
        self._timer = self._struck = None
        pitch, bass = note.pitch, self._bass
        self._ask_for_chord(lambda: self._harmoniser.strike(pitch, bass, tick, in_time=in_time), note, tick)

    @property
    def _bass(self) -> int | None:
        """The lowest note that the person plays beside the melody, where that is for the left hand."""
        bass, note = self._left.note, self._finder.note
        if self._parts.config.together_voice != BOTH or bass is None or note is None or bass.pitch >= note.pitch:
            return None
        return bass.pitch

    def _let_go(self, tick: int) -> None:
        """The melody ends: so do the others, or, in a duet, bachd takes it over after a while."""
        if self._plays_alone:
            self._go_alone_from(-(-(tick + YIELDING) // TICKS) * TICKS)
        else:
            self._voices.release()
            self._ask(lambda: self._harmoniser.release(tick), lambda _: None)

    def _go_alone_from(self, tick: int) -> None:
        self._call_at(tick, self._go_alone, tick)

    def _go_alone(self, tick: int) -> None:
        """Play all voices, the melody's, too."""
        self._timer = None
        self._beat.at(self._clock(), self._conductor())  # so that this is no silence
        self._ask_for_chord(lambda: self._harmoniser.play_alone(tick), None, tick)

    def _call_at(self, tick: int, call: Callable[..., None], *arguments: Any) -> None:
        now = self._clock()
        wait = max(0.0, self._beat.due(tick, now, self._conductor()) - now)
        self._timer = asyncio.get_running_loop().call_later(wait, call, *arguments)

    def close(self) -> None:
        """End what sounds; nothing follows."""
        self._active = self._plays_alone = False
        self._stop()

    def _stop(self) -> None:
        self._turn += 1
        self._cancel()
        self._voices.release()
        self._finder, self._left = MelodyFinder(), MelodyFinder()

    def _cancel(self) -> None:
        self._struck = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._look_no_more()

    def _look_ahead(self, tick: int, turn: int) -> None:
        """Find out what is played at `tick` if the note is held until then, unless it is over soon."""
        self._look = None

        def show(chord: Chord | None) -> None:
            if chord and chord[0].starts and turn == self._turn and self._timer and self._expect is not None:
                self._is_expecting = True
                self._expect([pitch for pitch in chord[0].sounding if pitch not in chord[1]])

        self._ask(lambda: self._harmoniser.preview(tick), show)

    def _look_no_more(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None
        if self._is_expecting and self._expect is not None:
            self._is_expecting = False
            self._expect([])

    def _go_on(self, note: Note, tick: int) -> None:
        """Move the other voices under a note that is held."""
        self._timer = None
        self._beat.at(self._clock(), self._conductor())
        bass = self._bass
        self._ask_for_chord(lambda: self._harmoniser.go_on(bass, tick), note, tick)

    def _ask_for_chord(self, ask: Callable[[], Chord | None], note: Note | None, tick: int) -> None:
        turn = self._turn

        def play(chord: Chord | None) -> None:
            if chord is None or turn != self._turn:
                return
            event, given = chord
            velocity = _VELOCITY if note is None else note.velocity
            self._voices.play(event, velocity, self._finder.pitches, given)
            self._look_no_more()  # once it sounds
            ends = tick + max(SHORTEST, event.ticks)
            if note is None:
                self._go_alone_from(ends)
            else:
                self._call_at(ends, self._go_on, note, ends)
                if self._expect is not None:
                    self._look = asyncio.get_running_loop().call_later(PATIENCE, self._look_ahead, ends, turn)

        self._ask(ask, play)

    def _ask(self, ask: Callable[[], Chord | None], answer: Callable[[Chord | None], None]) -> None:
        """Call `ask` in the thread, then `answer` here; an asyncio future would take the loop one more turn."""

        def done(future: Future[Chord | None]) -> None:
            if future.cancelled():
                return
            try:
                answer(future.result())
            except BachdError as fault:
                log.error("no other voices: %s", fault)

        call = asyncio.get_running_loop().call_soon_threadsafe

        def tell(future: Future[Chord | None]) -> None:
            with suppress(RuntimeError):  # the loop is closed: bachd ends
                call(done, future)

        self._thread.submit(ask).add_done_callback(tell)
