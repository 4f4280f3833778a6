"""Answer a person's phrases, or go on from them: whoever is silent leaves the music to the other.

Law: bachd is silent at once when the person plays. It begins on a beat, after a quarter of silence, and only with what
follows the phrase that was played last.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from itertools import count
from typing import Final

from bachd.errors import BachdError
from bachd.midi.input.melody import MelodyFinder
from bachd.midi.input.person import PersonEvent
from bachd.music.event import TICKS
from bachd.music.piece import Origin, Piece, Step
from bachd.realtime.player import Player
from bachd.service.parts import Parts
from bachd.service.person.answer import Answer, open_answer
from bachd.service.person.beat import PersonBeat
from bachd.service.person.phrase import PhraseRecorder

log = logging.getLogger("bachd")

QUIET: Final = TICKS
"""Ticks of silence at least, after which a phrase is over."""
_SHORTEST: Final = 4 * TICKS
"""Ticks that an answer lasts at least."""
_MARGIN: Final = 0.05
"""Seconds, beside the lead, in which the player gets ready."""
MODES: Final = ("answer", "continue")

Lend = Callable[[Answer | None], None]
"""Has the player play an answer instead of what the composer composes; None: no longer."""


class PhrasePartner:
    """Listens to phrases, and lets the player follow them. For the event loop, but for what `thread` does."""

    def __init__(self, parts: Parts, player: Player, clock: Callable[[], float], lend: Lend, thread: Executor) -> None:
        """clock: monotonic seconds."""
        self._parts, self._player, self._clock, self._lend, self._thread = parts, player, clock, lend, thread
        self._finder = MelodyFinder()
        self._recorder = PhraseRecorder()
        self._beat = PersonBeat(parts.bpm)
        self._rng = count(parts.rng)
        self._turn = 0
        self._timer: asyncio.TimerHandle | None = None
        self.answering = False
        """Whether it is bachd's turn."""

    @property
    def is_active(self) -> bool:
        """Whether the settings want this."""
        return self._parts.gives_way and self._parts.config.together in MODES

    @property
    def bpm(self) -> float | None:
        """Quarter notes a minute that the person plays, once they are found."""
        return self._beat.found

    def use(self, parts: Parts) -> None:
        """Play with other parts from here on."""
        before, self._parts = self._parts, parts
        self._beat.use(parts.bpm, self._clock())
        if before.config.together != parts.config.together or not self.is_active:
            self._be_silent()
            self._recorder.clear()
            self._lend(None)

    def take(self, event: PersonEvent) -> None:
        """React to what a person does."""
        was_down = bool(self._finder.pitches)
        self._finder.take(event)
        if not self.is_active:
            return
        conductor = self._player.conductor
        if event.message.type == "note_on":
            if self.answering:
                self._be_silent()
                self._recorder.clear()
            self._cancel()
            self._recorder.take(event, self._beat.strike(event.moment, conductor))
        else:
            self._recorder.take(event, self._beat.at(event.moment, conductor))
        if was_down and not self._finder.pitches and not self._recorder.is_empty:
            self._phrase_may_be_over(event.moment)

    def on_step(self, step: Step, due: float) -> None:
        """Note that a step was sent, which sounds at `due`; a rest says that an answer is over."""
        if self.answering and step.origin is Origin.BREATH and self._parts.config.together == "answer":
            turn = self._turn
            asyncio.get_running_loop().call_later(max(0.0, due - self._clock()) + _MARGIN, self._end, turn)

    def _phrase_may_be_over(self, moment: float) -> None:
        """Get ready to begin on the next beat that comes after some silence."""
        conductor = self._player.conductor
        tick = self._beat.at(moment, conductor)
        begins = -(-(tick + QUIET) // TICKS) * TICKS
        due = self._beat.due(begins, moment, conductor)
        phrase = self._recorder.piece(tick)
        self._cancel()
        turn = self._turn
        ahead = conductor.lead + self._parts.config.midi.latency_ms / 1e3 + _MARGIN
        now = self._clock()
        wait = max(0.0, due - ahead - now)
        until = now + wait / 2  # the other half is for the answer that is being composed then
        ready = asyncio.get_running_loop().run_in_executor(self._thread, self._open, phrase, until)
        self._timer = asyncio.get_running_loop().call_later(wait, self._begin, ready, begins, turn)

    def _first_beat(self, tick: int) -> float:
        """Return the moment of the first beat from `tick` on for which there is time to get ready."""
        conductor, now = self._player.conductor, self._clock()
        soonest = now + conductor.lead + self._parts.config.midi.latency_ms / 1e3
        while (due := self._beat.due(tick, now, conductor)) < soonest:
            tick += TICKS
        return due

    def _open(self, phrase: Piece, until: float) -> Answer:
        config = self._parts.config
        ticks = max(_SHORTEST, -(-phrase.ticks // TICKS) * TICKS) if config.together == "answer" else None
        model, rng = self._parts.composer.model, next(self._rng)
        return open_answer(config, model, phrase, ticks, rng, lambda: self._clock() < until)

    def _begin(self, ready: asyncio.Future[Answer], tick: int, turn: int) -> None:
        """Begin at `tick`, or, if the answer is not ready by then, on the first beat that it is ready for."""
        self._timer = None

        def begin(ready: asyncio.Future[Answer]) -> None:
            if turn != self._turn or ready.cancelled():
                return
            try:
                answer = ready.result()
            except BachdError as fault:
                log.error("no answer: %s", fault)
                return
            self.answering = True
            found = self._beat.found
            answer.pace = 1.0 if found is None else found / self._parts.bpm
            self._lend(answer)
            self._player.rewind()
            self._player.conductor.suspend(False, until=self._first_beat(tick))

        ready.add_done_callback(begin)

    def _be_silent(self) -> None:
        self._cancel()
        if self.answering:
            self.answering = False
            self._player.conductor.suspend(True)

    def _end(self, turn: int) -> None:
        """An answer is over: it is the person's turn."""
        if turn == self._turn and self.answering:
            self._be_silent()
            self._recorder.clear()

    def _cancel(self) -> None:
        self._turn += 1
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
