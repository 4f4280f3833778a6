"""Ask the harmoniser of the settings, in the thread that composes.

Law: it is called in that thread alone, one thing at a time, in the order in which things happened.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, TypeAlias

from bachd.config import Config
from bachd.music.event import Event
from bachd.service.parts import Parts

if TYPE_CHECKING:
    from bachd.neural.harmonise.harmoniser import Harmoniser

Chord: TypeAlias = tuple[Event, frozenset[int]]
"""An event, and the notes of it that the person plays."""


class LiveHarmoniser:
    """A harmoniser, once it is open; until then there are no chords."""

    def __init__(self) -> None:
        self._harmoniser: Harmoniser | None = None

    def open(self, parts: Parts) -> None:
        """Open the one that the settings ask for. Raises ModelError."""
        from bachd.service.factory import open_harmoniser

        place = parts.config.given_voice
        self._harmoniser = open_harmoniser(parts.config, Random(parts.rng), model=parts.composer.model, voice=place)

    def strike(self, pitch: int, bass: int | None, tick: int, *, in_time: bool) -> Chord | None:
        """Return the chord under a note that begins; see Harmoniser.strike. bass: a lowest note that is given, too."""
        if (harmoniser := self._harmoniser) is None:
            return None
        harmoniser.bass = bass
        return harmoniser.strike(pitch, tick, in_time=in_time), harmoniser.given

    def go_on(self, bass: int | None, tick: int) -> Chord | None:
        """Return what follows while the note is held."""
        harmoniser = self._harmoniser
        if harmoniser is None or harmoniser.melody is None:
            return None
        harmoniser.bass = bass
        return harmoniser.go_on(tick), harmoniser.given

    def preview(self, tick: int) -> Chord | None:
        """Return what would follow, and change nothing."""
        harmoniser = self._harmoniser
        if harmoniser is None or harmoniser.melody is None:
            return None
        return harmoniser.preview(tick), harmoniser.given

    def play_alone(self, tick: int) -> Chord | None:
        """Return the next chord where nobody plays."""
        return None if self._harmoniser is None else (self._harmoniser.play_alone(tick), frozenset())

    def release(self, tick: int) -> None:
        """The melody ends."""
        if self._harmoniser is not None:
            self._harmoniser.release(tick)


def drawn_by(config: Config) -> tuple[object, ...]:
    """Return what a harmoniser is opened by."""
    return config.model, config.device, config.sampling, config.together_voice
