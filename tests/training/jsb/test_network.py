from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bachd.training.recipe import Recipe

features: Any = pytest.importorskip(
    "bachd.training.jsb.features", reason="needs the extra 'train'", exc_type=ImportError
)
network: Any = pytest.importorskip("bachd.training.jsb.network", exc_type=ImportError)

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own

SOPRANO, ALTO, BEFORE, TONIC = 30, 25, 27, 4


@pytest.fixture
def notes() -> Any:
    """The alto's decision, with a soprano chosen, the alto's note before, a tonic, and a proposal."""
    told = np.zeros((1, features.NOTES), np.float32)
    told[0, SOPRANO] = 1
    told[0, features.LEFT + features.PLACES + BEFORE] = 1
    told[0, features.DECISION + 1] = 1
    told[0, features.TONIC + TONIC] = 1
    told[0, features.PROPOSED + ALTO] = 1
    return told


def raised(column: int, notes: Any) -> list[int]:
    """Return which answers are raised by saying one thing alone."""
    said = np.zeros((1, features.SAID), np.float32)
    said[0, column] = 1
    built = network.ChoraleNetwork(Recipe(width=8, hidden=8), voiced=True)
    return [int(answer) for answer in np.flatnonzero(built.answers(said, notes).numpy()[0])]


def test_what_is_said_of_intervals_is_said_of_pitches(notes: Any) -> None:
    assert raised(7, notes) == [7]
    assert raised(features.COPY, notes) == [ALTO]
    assert raised(features.SAID_STEP + features.SPAN + 3, notes) == [BEFORE + 3]
    assert raised(features.SAID_BELOW + features.SPAN - 9, notes) == [SOPRANO - 9]
    assert raised(features.SAID_DEGREE + 7, notes) == [
        place for place in range(features.SILENCE) if place % 12 == (TONIC + 7) % 12
    ]


def test_without_a_note_before_a_voice_above_a_tonic_and_a_proposal_nothing_is_raised(notes: Any) -> None:
    silent = np.zeros_like(notes)
    silent[0, features.DECISION + 1] = 1
    for column in (features.COPY, features.SAID_STEP + 30, features.SAID_BELOW + 12, features.SAID_DEGREE):
        assert raised(column, silent) == []


def test_of_a_length_only_lengths_are_said(notes: Any) -> None:
    notes[0, features.DECISION : features.DECISION + 5] = [0, 0, 0, 0, 1]
    for column in (features.SAID_STEP + 30, features.SAID_BELOW + 12, features.SAID_DEGREE):
        assert raised(column, notes) == []
