"""Mix what several models say into one probability of each decision: networks, asked in several keys, and counts.

Law: each decision's probabilities add up to one, and follow from the decisions before it; weights come from 'valid'.

Probabilities are multiplied, each to the power of its weight, and divided by their sum (a logarithmic opinion pool,
Genest and Zidek 1986).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from bachd.training.fit.dataset import EMPTY, Encoded
from bachd.training.jsb.data import Benchmark, Chorale
from bachd.training.jsb.features import SILENCE, encode

KEYS: Final = range(-4, 7, 2)
"""Semitones by which a piece is moved when a network is asked: half of those that it was trained in."""

_NEWTON: Final = 20
"""Steps of Newton's method, at most."""
_HALVINGS: Final = 20
"""How often such a step is halved, at most, until it leads upwards."""
_ENOUGH: Final = 1e-6
"""Nats by which a step is to be better than none."""

Logits = npt.NDArray[np.float64]
"""Shape (decisions, ANSWERS); -inf where an answer is impossible."""
Known = npt.NDArray[np.bool_]
Decide = Callable[[Encoded], Logits]
"""Logits of all decisions of a piece, in order."""


def sure(decide: Decide, piece: Chorale, data: Benchmark, shift: int) -> Logits:
    """Return the logarithms of the probabilities of all answers, asked `shift` semitones higher, in the piece's key."""
    logits = decide(encode(piece, data, shift, whole=True))
    back = np.full_like(logits, -np.inf)
    low, high = max(0, -shift), min(SILENCE, SILENCE - shift)
    back[:, low:high] = logits[:, low + shift : high + shift]
    back[:, SILENCE:] = logits[:, SILENCE:]
    return normalised(back)


def in_keys(decide: Decide, piece: Chorale, data: Benchmark) -> Logits:
    """Return the same as the mean over KEYS."""
    return normalised(np.mean([sure(decide, piece, data, shift) for shift in KEYS], axis=0))


def normalised(scores: Logits) -> Logits:
    """Return the logarithms of probabilities that are proportional to exp(scores)."""
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def mixed(said: Sequence[Logits], weights: npt.NDArray[np.float64]) -> Logits:
    """Return the mixture for a piece: what each model says, and weights of shape (decisions a chord, models)."""
    scores = np.stack(said, axis=-1)
    possible: Known = np.all(np.isfinite(scores), axis=-1)
    each = np.tile(weights, (len(scores) // len(weights), 1))
    powers = np.einsum("nak,nk->na", np.where(possible[:, :, None], scores, 0.0), each)
    return normalised(np.where(possible, powers, -np.inf))


def fit_weights(said: Sequence[Logits], truth: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    """Return the weights, shape (decisions a chord, models), at which the true answers are likeliest.

    said: of all pieces in a row, by each model; truth: shape (chords, decisions a chord), EMPTY where not known.
    """
    weights = np.empty((truth.shape[1], len(said)))
    for decision, right in enumerate(truth.T):
        asked = right != EMPTY
        scores = np.stack([one[decision :: truth.shape[1]][asked] for one in said], axis=-1)
        possible: Known = np.all(np.isfinite(scores), axis=-1)
        weights[decision] = _likeliest(np.where(possible[:, :, None], scores, 0.0), possible, right[asked])
    return weights


def _likeliest(
    scores: npt.NDArray[np.float64], possible: Known, right: npt.NDArray[np.int32]
) -> npt.NDArray[np.float64]:
    """Return the weights of one decision, by Newton's method: the likelihood is concave in them.

    scores: shape (n, ANSWERS, models); right: the true answers, shape (n,).
    """
    true = scores[np.arange(len(scores)), right]

    def chances(weights: npt.NDArray[np.float64]) -> Logits:
        return normalised(np.where(possible, scores @ weights, -np.inf))

    def likelihood(chances: Logits) -> float:
        return float(chances[np.arange(len(chances)), right].sum())

    weights = np.full(scores.shape[-1], 1 / scores.shape[-1])
    now = chances(weights)
    for _ in range(_NEWTON):
        probabilities = np.exp(now)
        expected = np.einsum("na,nak->nk", probabilities, scores)
        spread = np.einsum("na,nak,naj->kj", probabilities, scores, scores, optimize=True) - expected.T @ expected
        step = np.linalg.solve(spread + np.eye(len(spread)), (true - expected).sum(axis=0))
        for _ in range(_HALVINGS):
            then = chances(weights + step)
            if likelihood(then) > likelihood(now):
                break
            step /= 2
        else:
            break
        done = likelihood(then) - likelihood(now) < _ENOUGH
        weights, now = weights + step, then
        if done:
            break
    return weights


def nats_a_unit(said: Iterable[Logits], data: Benchmark, split: str) -> float:
    """Return nats a unit of one side of the split by logarithms of probabilities, piece by piece."""
    pieces = zip(said, data.splits[split], strict=True)
    return sum(nats(each, encode(piece, data, whole=True), data.voiced) for each, piece in pieces) / data.units(split)


def nats(said: Logits, piece: Encoded, voiced: bool) -> float:
    """Return the nats of a whole piece; of its last chord only a least duration is known."""
    truth = piece.symbols.ravel()
    nats = -said[np.arange(len(truth)), truth]
    if voiced:
        nats[-1] = -np.logaddexp.reduce(said[-1, truth[-1] :])
    return float(nats.sum())
