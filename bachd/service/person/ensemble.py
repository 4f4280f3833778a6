"""Play with a person in the way that the settings want.

Law: as long as a person leads, there is no other music; only one of the partners plays.
"""

from __future__ import annotations

from concurrent.futures import Executor

from bachd.midi.input.person import PersonEvent
from bachd.music.piece import Step
from bachd.realtime.clock import Clock
from bachd.realtime.player import Player
from bachd.service.parts import Parts, PartsExchange
from bachd.service.person.desk import PersonDesk
from bachd.service.person.harmony import Expect, HarmonyPartner
from bachd.service.person.turn_taking import Lend, PhrasePartner
from bachd.service.person.voices import Sent
from bachd.service.person_source import PersonSource


class Ensemble:
    """All the partners. For the event loop."""

    def __init__(self, player: Player, harmony: HarmonyPartner, phrases: PhrasePartner) -> None:
        self._player, self._harmony, self._phrases = player, harmony, phrases
        self._person: PersonSource | None = None

    def use(self, parts: Parts) -> None:
        """Play with other parts from here on."""
        self._person = parts.person
        self._phrases.use(parts)
        self._harmony.use(parts)
        if not self._phrases.answering:
            self._player.conductor.suspend(parts.gives_way)

    def take(self, event: PersonEvent) -> None:
        """React to what a person does."""
        self._phrases.take(event)
        self._harmony.take(event)
        if self._person is not None:
            self._person.bpm = self._phrases.bpm if self._phrases.is_active else self._harmony.bpm

    def close(self) -> None:
        """End what sounds."""
        self._harmony.close()

    def on_step(self, step: Step, due: float) -> None:
        """Note that a step was sent, which sounds at `due`, in monotonic seconds."""
        self._phrases.on_step(step, due)


def make_ensemble(
    parts: Parts, player: Player, clock: Clock, sent: Sent, lend: Lend, thread: Executor, expect: Expect | None = None
) -> Ensemble:
    """Make all partners, and let the one play that the settings want. See their own arguments."""
    harmony = HarmonyPartner(parts, lambda: player.conductor, clock.now, sent, thread, expect)
    ensemble = Ensemble(player, harmony, PhrasePartner(parts, player, clock.now, lend, thread))
    ensemble.use(parts)
    return ensemble


def open_desk(exchange: PartsExchange, player: Player, clock: Clock, lend: Lend, thread: Executor) -> PersonDesk:
    """Make the desk with all partners behind it."""
    desk = PersonDesk(exchange, clock.now)
    desk.partner = make_ensemble(exchange.present, player, clock, desk.voices_sent, lend, thread, desk.expect)
    return desk
