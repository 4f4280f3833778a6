"""What else could come: the chords that the sampler would draw from, with their probabilities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest

from bachd.music.event import parse
from bachd.music.metre import Grid
from bachd.music.piece import Origin, Piece
from bachd.neural import features
from bachd.neural.composer import CHANCES, Composer
from bachd.neural.context import Context
from bachd.neural.features import FloatArray
from bachd.neural.outlook import NOWHERE, Outlook
from bachd.neural.runtime import Int8Array
from bachd.neural.sampling.sampler import Sampler
from bachd.neural.step_buffer import StepBuffer
from tests.neural.fakes import SURE

HIDDEN = np.zeros((1, 1), np.int8)


class Undecided:
    """A model that has the same opinion of each note, whatever was chosen before; it likes some pitches and lengths."""

    def __init__(self) -> None:
        rng = Random(3)
        self._logits = np.full(features.LOGITS, -SURE, np.float32)
        for pitch in (48, 52, 55, 60, 64):
            self._logits[pitch - features.LOWEST] = rng.uniform(-1, 1)
            self._logits[features.HOLD + pitch - features.LOWEST] = rng.uniform(-1, 1)
        self._logits[[features.END, features.END_OF_PIECE]] = (0.5, -2.0)
        self._logits[features.SYMBOLS : features.SYMBOLS + 3] = (0.0, 1.0, -1.0)

    def context(self) -> Context:
        return Context(0, 1)

    def encode(self, context: Context) -> Int8Array:
        return HIDDEN

    def head_logits(
        self, hidden: Int8Array, chosen: Sequence[int], sounded: tuple[int, ...], outlook: Outlook = NOWHERE
    ) -> FloatArray:
        return self._logits.copy()


def sampler(rng: Random, temperature: float = 0.9, *, leading: bool = False) -> Sampler:
    return Sampler(Undecided(), rng, temperature=temperature, top_p=1.0, pitches=(36, 81), leading=leading)


def composer() -> Composer:
    piece = Piece("one", (parse("C3.E3.G3.C4"), parse("~C3.G3.E4")), Grid())
    rng = Random(5)
    return Composer(Undecided(), sampler(rng), first=piece, others=("one",), load=lambda name: piece, bars=1, rng=rng)


@pytest.mark.parametrize("leading", [False, True])
def test_the_probabilities_are_those_with_which_it_draws(leading: bool) -> None:
    drawing = sampler(Random(1), leading=leading)
    drawn = Counter(drawing.sample(HIDDEN, (48, 60)) for _ in range(20_000))
    chances = drawing.likeliest(HIDDEN, (48, 60), 12)
    assert len(chances) == 12
    for event, share in chances:
        assert drawn[event] / 20_000 == pytest.approx(share, abs=0.012)


def test_the_likeliest_comes_first() -> None:
    shares = [share for _, share in sampler(Random(1)).likeliest(HIDDEN, (), 8)]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 1.0


def test_without_any_temperature_one_is_certain() -> None:
    drawing = sampler(Random(1), temperature=0.0)
    (event, share), *_ = drawing.likeliest(HIDDEN, (48,), 4)
    assert event == drawing.sample(HIDDEN, (48,))
    assert share == pytest.approx(1.0)


def test_who_is_curious_hears_the_same_music() -> None:
    plain, recording_alternatives = composer(), composer()
    recording_alternatives.recording_alternatives = True
    for _ in range(40):
        step, told = plain.next(), recording_alternatives.next()
        assert (step.event, step.place, step.origin) == (told.event, told.place, told.origin)
        assert step.chances == ()
        assert len(told.chances) == (CHANCES if told.origin is Origin.MODEL else 0)


def test_a_plan_becomes_curious_from_the_next_step_on() -> None:
    plan = StepBuffer(composer())
    for _ in range(3):
        assert not plan.next().chances
    plan.record_alternatives(True)
    assert plan.next().chances
    plan.record_alternatives(False)
    assert not plan.next().chances
