"""What the sampler tells the model, and what it need not ask."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np

from bachd.music.event import parse
from bachd.neural.features import END, HOLD, LOGITS, LOWEST, START, FloatArray
from bachd.neural.model import Model
from bachd.neural.outlook import NOWHERE, Outlook
from bachd.neural.runtime import Int8Array
from bachd.neural.sampling.sampler import Sampler
from tests.neural.fakes import SURE, FixedModel, ScriptedModel

HIDDEN = np.zeros((1, 1), np.int8)


def sampler(model: Model, temperature: float = 0.95) -> Sampler:
    return Sampler(model, Random(1), temperature=temperature, top_p=0.98, pitches=(24, 95))


def test_the_model_is_told_what_was_chosen_and_what_sounded() -> None:
    told: list[tuple[list[int], tuple[int, ...]]] = []

    class Listening(FixedModel):
        def head_logits(
            self, hidden: Int8Array, chosen: Sequence[int], sounded: tuple[int, ...], outlook: Outlook = NOWHERE
        ) -> FloatArray:
            told.append((list(chosen), sounded))
            return super().head_logits(hidden, chosen, sounded)

    logits = np.full(LOGITS, -SURE, np.float32)
    logits[[START + 40, HOLD + 30, END]] = 3.0, 2.0, 1.0
    sounded = (LOWEST + 10, LOWEST + 30)
    sampler(Listening(lambda: logits), temperature=0).sample(HIDDEN, sounded)
    assert told == [([], sounded), ([START + 40], sounded), ([START + 40, HOLD + 30], sounded)]


def test_the_highest_notes_may_be_given() -> None:
    model = ScriptedModel([parse("C3.E3.G3.C4"), parse("~C3.~E3.G3.C4"), parse("C3.E3.G3.C4")])
    drawing = sampler(model)
    for given_symbols, sounded, expected in (
        ([START + 71 - LOWEST], (), "C3.E3.G3.B4"),
        ([HOLD + 60 - LOWEST, START + 55 - LOWEST], (48, 52, 60), "~C3.~E3.G3.~C4"),
        ([START + LOWEST - LOWEST], (), "C1"),
    ):
        model.encode(model.context())
        assert str(drawing.sample(HIDDEN, sounded, given=given_symbols)) == expected
