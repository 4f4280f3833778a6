"""The article's network on a few bars: that its attention attends, and that its figures are those of a distribution."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.neural import features
from bachd.training.baselines import lstm_tokens
from tests.training.small import corpus, recipe

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own


@pytest.fixture(scope="module")
def lstm() -> Any:
    """The part that needs the framework, which takes seconds to import."""
    pytest.importorskip("tensorflow", reason="needs the extra 'train'")
    from bachd.training.baselines import lstm

    return lstm


def piece(line: str) -> Piece:
    return Piece("p", parse_line(line), Grid())


def test_a_token_says_who_starts_and_who_is_held() -> None:
    row = lstm_tokens.row(piece("A2.G#3 ~A2.E3 A2.E3 R:2"))
    assert row.tokens[1] != row.tokens[2]
    assert row.tokens[-1] == (features.END_OF_PIECE,)
    assert list(row.struck) == [True, True, True, False, False]
    assert list(row.lengths) == [features.LENGTHS.index(24)] * 3 + [features.LENGTHS.index(48), -1]


def test_what_stands_once_is_unknown() -> None:
    row = lstm_tokens.row(piece("C4 D4 C4 E4"))
    known = lstm_tokens.vocabulary([row])
    numbered = lstm_tokens.numbered(row, known)
    assert list(numbered.said) == [4, lstm_tokens.UNKNOWN, 4, lstm_tokens.UNKNOWN, lstm_tokens.END_OF_PIECE]
    assert list(numbered.read) == [lstm_tokens.START, 4, lstm_tokens.UNKNOWN, 4, lstm_tokens.UNKNOWN]


@pytest.mark.parametrize("first", [0, 17, lstm_tokens.CROP - 1])
def test_crops_say_each_event_once_with_all_that_may_be_seen_before_it(first: int) -> None:
    row = lstm_tokens.row(piece(" ".join(["C4 D4 E4"] * 60)))
    whole = lstm_tokens.numbered(row, lstm_tokens.vocabulary([row]))
    said: list[int] = []
    for crop in lstm_tokens.crops(whole, first):
        asked = np.flatnonzero(crop.said != lstm_tokens.EMPTY)
        assert asked[0] == min(len(said), features.CONTEXT)
        said += list(crop.said[asked])
    assert said == list(whole.said)


def test_attention_is_a_distribution_over_the_last_events(lstm: Any) -> None:
    attention = lstm.Attention()
    states = np.random.default_rng(0).normal(size=(2, 60, 256)).astype(np.float32)
    weights = attention.weights_over_time(states).numpy()
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
    for place in range(60):
        seen = np.flatnonzero(weights[0, place])
        assert list(seen) == list(range(max(0, place - features.CONTEXT + 1), place + 1))
    assert weights[0, 50].max() > 2 / features.CONTEXT  # it prefers some to others


def test_what_is_said_depends_on_what_attention_finds(lstm: Any) -> None:
    states = np.random.default_rng(0).normal(size=(1, 60, 256)).astype(np.float32)
    attention = lstm.Attention()
    found = attention(states).numpy()
    for back, changes in ((features.CONTEXT - 1, True), (features.CONTEXT, False)):
        other = states.copy()
        other[0, 55 - back] *= 3
        assert (abs(attention(other).numpy()[0, 55] - found[0, 55]).max() > 1e-4) == changes
    network = lstm.ArticleLSTM(9)
    read, before = np.random.default_rng(1).integers(4, 9, (1, 50)), np.zeros((1, 50), int)
    asked = np.ones((1, 50), bool)
    network((read, before, asked))
    network.of_token.set_weights([network.of_token.get_weights()[0] * 10])  # fresh states hardly differ otherwise
    said = network((read, before, asked))[0].numpy()
    network.attention.ask.set_weights([network.attention.ask.get_weights()[0] * 50])
    assert abs(network((read, before, asked))[0].numpy() - said)[-1].max() > 1e-4


def test_known_and_unknown_chords_share_one_distribution(lstm: Any) -> None:
    rows = [lstm_tokens.row(piece("C4 D4 C4 D4 G4"))]
    known = lstm_tokens.vocabulary(rows)
    network = lstm.ArticleLSTM(len(known) + lstm_tokens.END_OF_PIECE)
    # All first events that there can be with at most one note, and what is left for fuller ones.
    singles = [f"{name}" for name in (f"{n}{o}" for o in range(1, 7) for n in "C C# D D# E F F# G G# A A# B".split())]
    shared = 0.0
    for line in [*singles, "R"]:
        row = lstm_tokens.row(piece(line))
        read, before, said, _ = lstm_tokens.numbered(row, known)
        answers = network((read[None], before[None], np.ones((1, len(read)), bool)))[0].numpy()[0]
        sure = answers - np.log(np.exp(answers).sum())
        by_name = sure[said[0]] if said[0] != lstm_tokens.UNKNOWN else -np.inf
        shared += float(np.exp(np.logaddexp(by_name, sure[lstm_tokens.UNKNOWN] - row.spelling[0])))
    assert 0 < shared < 1


def test_it_learns_a_cadence_that_comes_again_and_again(lstm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lstm, "_SIZE", 2)
    monkeypatch.setattr(lstm, "_STEPS", 30)
    monkeypatch.setattr(lstm, "_ROUNDS", 2)
    pieces = corpus().pieces("train")
    figures = lstm.measure(pieces, pieces, pieces, replace(recipe(1), transpose=(0, 0)))
    assert figures.events == 62
    assert figures.unknown == 0
    assert figures.event_nll < 1.5  # guessing costs more than that for the token alone
    assert figures.pitch_event_nll < figures.event_nll
    assert figures.pitch_event_accuracy > 0.5
