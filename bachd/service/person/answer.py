"""Compose what follows a phrase that a person has played.

Law: the phrase is what the network knows of the music so far, and nothing of it is played again. An answer lasts as
long as it is asked to, and then there is silence.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Final

from bachd.config import Config
from bachd.music import keys
from bachd.music.event import TICKS, Event
from bachd.music.metre import Place
from bachd.music.piece import Origin, Piece, Step
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.composer import Composer
from bachd.neural.harmonise.melody import harmonise, top_line
from bachd.neural.model import Model
from bachd.neural.planning.texture import Texture
from bachd.neural.step_buffer import StepBuffer

_KEY: Final = 1.5
"""How strongly an answer is drawn to the key of its phrase, which is too short for the network to know it well."""
_CANDIDATES: Final = 8
"""Answers that are composed if there is time; the one is given that is most in the key of the phrase."""
_LOOKAHEAD: Final = 1
"""Continuations of each phrase that are compared within each of them: there is little time."""
_KNOWN: Final = 8 * TICKS
"""Ticks of an answer without an end by which it is judged."""
_LONGEST: Final = 64
"""Bars of a phrase that are known."""


class Answer:
    """Steps that follow a phrase, and the silence after them. As StepBuffer, for the thread that composes."""

    def __init__(self, first: Sequence[Step], steps: StepBuffer, ticks: int | None) -> None:
        """first: what is composed already, before `steps`. ticks: how long it lasts; None for ever."""
        self._first = deque(first)
        self._steps = steps
        self._left = ticks
        self._last: Step | None = None
        self.pace = 1.0
        """The person's tempo, as a share of the one that is set."""

    @property
    def composed(self) -> int:
        """Steps that were composed."""
        return self._steps.composed

    @property
    def ahead(self) -> Sequence[Step]:
        """What is known to follow."""
        return [*self._first, *self._steps.ahead] if self._left is None else ()

    def record_alternatives(self, wanted: bool) -> None:
        """As StepBuffer does."""
        self._steps.record_alternatives(wanted)

    def extend(self) -> bool:
        """Compose ahead; whether there is room for more."""
        return self._left is None and self._steps.extend()

    def restart(self) -> None:
        """Do nothing: an answer is given once."""

    def next(self) -> Step:
        """Return the next step; when it is over, rests up to the next bar line, of origin BREATH."""
        if self._left == 0 and self._last is not None:
            place = _after(self._last)
            step = Step(Event((), (), place.metre.bar - place.phase), place, Origin.BREATH, self._last.piece)
        else:
            step = self._first.popleft() if self._first else self._steps.next()
        if self._left:
            ticks = min(step.event.ticks, self._left)
            step = replace(step, event=Event(step.event.starts, step.event.held, ticks))
            self._left -= ticks
        self._last = step = replace(step, tempo=None)  # the person's
        return step


def _after(step: Step) -> Place:
    """The place at which a step ends."""
    bars, phase = divmod(step.place.phase + step.event.ticks, step.place.metre.bar)
    return Place(step.place.bar + bars, phase, step.place.metre)


def open_answer(
    config: Config, model: Model, phrase: Piece, ticks: int | None, rng: int, has_time: Callable[[], bool]
) -> Answer:
    """Return what follows a phrase, with the first of it composed. Raises ModelError and SeedError.

    model: the network of `config`, which is open. has_time: whether another answer to choose from can be composed.
    """
    from bachd.service.factory import open_harmoniser

    bundle = Bundle.open(config.model)
    wanted = replace(config.sampling, lookahead=_LOOKAHEAD)
    config = replace(config, sampling=wanted if wanted.key is not None else replace(wanted, key=_KEY))
    key = keys.estimate(keys.weights(phrase.events))
    usual = Texture.of(bundle.seed(bundle.seed_names[0])).voices
    if usual > 2 and Texture.of(phrase).voices < usual:  # the network knows no such music with fewer voices
        harmoniser = open_harmoniser(config, Random(rng), model=model, grid=phrase.grid, key=key)
        phrase = Piece(phrase.name, tuple(harmonise(harmoniser, top_line(phrase.events))), phrase.grid)
    answers = [_compose(config, bundle, model, phrase, ticks or _KNOWN, rng)]
    while len(answers) < _CANDIDATES and has_time():
        answers.append(_compose(config, bundle, model, phrase, ticks or _KNOWN, rng + len(answers)))
    first, composer = max(answers, key=lambda each: keys.correlation(keys.weights(s.event for s in each[0]), key))
    return Answer(first, StepBuffer(composer), ticks)


def _compose(
    config: Config, bundle: Bundle, model: Model, phrase: Piece, ticks: int, rng: int
) -> tuple[list[Step], Composer]:
    """Return so many ticks of what follows a phrase, or a little more, and the composer that can go on."""
    from bachd.service.factory import compose_from

    composer = compose_from(config, bundle, model, phrase, _LONGEST, rng)
    while composer.mark().seed:
        composer.next()
    steps: list[Step] = []
    while ticks > 0:
        steps.append(composer.next())
        ticks -= steps[-1].event.ticks
    return steps, composer
