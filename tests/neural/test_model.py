from __future__ import annotations

import numpy as np
import pytest

from bachd.errors import ModelError
from bachd.music.event import parse
from bachd.music.metre import Grid
from bachd.neural.features import CONTEXT, LOGITS, NOTES, ROW, SAID
from bachd.neural.model import TfliteModel
from bachd.neural.runtime import Graph, Int8Array
from tests.neural.fakes import FakeInterpreter

WIDTH = 8
WINDOW = (1, 1, CONTEXT, ROW)
HIDDEN = (0.25, -128)
INPUT = (1 / 255, -128)


def trunk(output: tuple[float, int] = HIDDEN, window: tuple[int, ...] = WINDOW, width: int = WIDTH) -> Graph:
    """Counts the ones in the window."""

    def count(rows: Int8Array) -> Int8Array:
        return np.full((1, width), (rows == 127).sum() - 128, np.int8)

    return Graph(FakeInterpreter([window], (1, width), count, [INPUT, output]), "fake", "trunk.tflite")


def head(notes_first: bool = False, hidden: tuple[float, int] = HIDDEN, width: int = WIDTH, said: int = SAID) -> Graph:
    """Repeats the notes, and hidden as the last lengths; of distances it says nothing."""

    def repeat(one: Int8Array, other: Int8Array) -> Int8Array:
        notes, heard = (one, other) if notes_first else (other, one)
        output = np.full((1, said), -10, np.int8)
        output[0, :100] = notes[0, :100]
        output[0, LOGITS - width : LOGITS] = heard
        return output

    inputs = [((1, width), hidden), ((1, NOTES), (1.0, 5))]
    ordered = inputs[::-1] if notes_first else inputs
    kinds = [kind for _, kind in ordered]
    interpreter = FakeInterpreter([shape for shape, _ in ordered], (1, said), repeat, [*kinds, (0.5, -10)])
    return Graph(interpreter, "fake", "head.tflite")


@pytest.mark.parametrize("notes_first", [False, True])
def test_what_the_trunk_says_reaches_the_head_byte_by_byte_and_logits_are_values(notes_first: bool) -> None:
    model = TfliteModel(trunk(), head(notes_first))
    context = model.context()
    context.reset(Grid().place(0))
    context.push(parse("C4"), Grid().place(24))
    hidden = model.encode(context)
    logits = model.head_logits(hidden, [3, 7], ())
    assert logits.shape == (LOGITS,)
    assert logits.dtype == np.float32
    # Notes of 0 and 1 are the bytes 5 and 6; a byte b means (b + 10) / 2.
    expected = np.full(100, 7.5)
    expected[[3, 7]] = 8.0
    assert np.array_equal(logits[:100], expected)
    ones = (context.window == 127).sum()
    assert np.array_equal(logits[-WIDTH:], np.full(WIDTH, (ones - 128 + 10) / 2))


def test_one_call_leaves_nothing_behind_for_the_next() -> None:
    model = TfliteModel(trunk(), head())
    context = model.context()
    first = model.head_logits(model.encode(context), [3, 2, 1], ()).copy()
    model.head_logits(model.encode(context), [4], ())
    assert np.array_equal(model.head_logits(model.encode(context), [3, 2, 1], ()), first)


@pytest.mark.parametrize(
    ("graphs", "complaint"),
    [
        ((trunk(window=(1, 1, CONTEXT, ROW + 1)), head()), "the trunk's input is not"),
        ((trunk(), head(width=WIDTH + 1)), "the head's inputs are"),
        ((trunk(width=NOTES), head(width=NOTES)), "cannot be distinguished"),
        ((trunk(), head(said=SAID - 1)), "the head's output is not"),
        ((trunk((0.25001, -128)), head()), "quantised differently"),
        ((trunk((0.25, -127)), head()), "quantised differently"),
        ((head(), head()), "the trunk's input is not"),
        ((trunk(), trunk()), "the head's inputs are"),
    ],
)
def test_graphs_that_are_no_pair_are_refused(graphs: tuple[Graph, Graph], complaint: str) -> None:
    with pytest.raises(ModelError, match=complaint):
        TfliteModel(*graphs)


def test_a_scale_may_differ_by_rounding() -> None:
    TfliteModel(trunk((0.25 * (1 + 1e-6), -128)), head())
