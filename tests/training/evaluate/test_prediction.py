from __future__ import annotations

import numpy as np
import pytest

from bachd.neural import features
from bachd.training.evaluate.prediction import Bin, Decisions, Score, tally

A, HELD = features.START + 9, features.HOLD + 4
LENGTH = features.SYMBOLS
ROW = [
    # symbol, nats, probability of the likeliest, whether that is right
    (A, 1.0, 0.95, True),
    (HELD, 2.0, 0.9, True),
    (features.END, 3.0, 0.5, True),
    (LENGTH, 0.5, 0.5, False),
    (HELD, 4.0, 0.9, False),  # nothing starts: no pitch event
    (features.END, 1.0, 0.9, True),
    (LENGTH, 0.5, 0.5, True),
    (A, 5.0, 0.9, False),
    (features.END, 1.0, 0.9, True),
    (LENGTH, 1.0, 0.5, True),
    (features.END_OF_PIECE, 1.0, 0.1, True),
]


def decisions() -> Decisions:
    symbols, nats, tops, hits = zip(*ROW, strict=True)
    return Decisions(np.array(symbols, np.int32), np.array(nats), np.array(tops), np.array(hits))


def test_each_figure_counts_what_it_says() -> None:
    score = tally(decisions())
    assert score.events == 4
    assert score.event_nll == pytest.approx(20 / 4)
    assert score.note_nll == pytest.approx(18 / 4)  # four notes are spelled
    assert score.note_accuracy == pytest.approx(6 / 8)
    assert score.length_accuracy == pytest.approx(2 / 3)
    assert score.pitch_event_nll == pytest.approx((6 + 6) / 2)
    assert score.pitch_event_accuracy == pytest.approx(1 / 2)


def test_calibration_compares_what_was_believed_with_what_came_true() -> None:
    score = tally(decisions())
    expected = (Bin(1, 0.1, 1.0), Bin(1, 0.5, 1.0), Bin(5, 0.9, 3 / 5), Bin(1, 0.95, 1.0))
    assert np.array(score.reliability) == pytest.approx(np.array(expected))
    assert score.calibration_error == pytest.approx((0.9 + 0.5 + 5 * 0.3 + 0.05) / 8)


def test_what_nobody_counted_is_not_shown() -> None:
    assert Score(4.42106, 0.7, 0.8, 12).rounded() == {
        "event_nll": 4.4211,
        "note_accuracy": 0.7,
        "length_accuracy": 0.8,
        "events": 12,
    }
    assert "calibration_error" in tally(decisions()).rounded()
