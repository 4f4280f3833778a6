"""A trained network becomes a bundle: two int8 graphs, seed pieces and the card.

Law: a bundle is written aside, checked by loading and measuring it, and only then takes the place of the old one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from bachd.music import midifile
from bachd.music.piece import Piece
from bachd.neural import bundle, features
from bachd.neural.model import TfliteModel
from bachd.training import evaluate, ngram
from bachd.training.corpus import Corpus, pitch_range
from bachd.training.dataset import Encoded, batches, encode
from bachd.training.fit import measure
from bachd.training.network import Network, playing_head, playing_trunk
from bachd.training.recipe import FILE, Recipe

SEEDS: Final = 32
WELL_KNOWN: Final = "bwv269"
"""A chorale that is a seed although it was trained on: the first of the usual collection of 371."""
_SAMPLES: Final = 600
"""Contexts whose values set the ranges of the int8 tensors."""

Floats = npt.NDArray[np.float32]


def export(network: Network, recipe: Recipe, corpus: Corpus, target: Path, told: bytes) -> dict[str, Any]:
    """Write the bundle `target` and return its card. Raises ModelError when the result does not load.

    told: the recipe as its file says it, which goes into the bundle.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as aside:
        made = Path(aside) / target.name
        (made / "seeds").mkdir(parents=True)
        (made / FILE).write_bytes(told)
        train = [encode(piece) for piece in corpus.pieces("train")]
        _write_graphs(network, recipe, train, made)
        seeds = _write_seeds(corpus, made / "seeds")
        card = {
            "format": bundle.FORMAT,
            "name": target.name,
            "description": "Four-part chorales after J. S. Bach",
            "fingerprint": features.FINGERPRINT,
            "context": features.CONTEXT,
            "range": list(pitch_range(corpus.pieces("train"))),
            "figures": _figures(network, made, train, corpus),
            "data": _data(corpus),
            "licence": "MIT (graphs and card); the music is in the public domain, its encodings see data.credit",
            "made": {"date": datetime.now(UTC).date().isoformat(), "commit": _commit(), "recipe": asdict(recipe)},
            "seeds": seeds,
        }
        files = sorted(path for path in made.rglob("*") if path.is_file())
        card["files"] = {
            path.relative_to(made).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
        }
        (made / "card.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n")
        bundle.Bundle.open(made)
        _replace(made, target)
    return card


def _write_graphs(network: Network, recipe: Recipe, train: Sequence[Encoded], folder: Path) -> None:
    contexts, hidden, notes = _samples(network, recipe, train)

    def for_trunk() -> Iterator[list[Floats]]:
        for context in contexts:
            yield [context[None, None]]

    def for_head() -> Iterator[list[Floats]]:
        for row, told in zip(hidden, notes, strict=True):
            yield [row[None], told[None]]

    (folder / "trunk.tflite").write_bytes(_int8(playing_trunk(network), network, for_trunk))
    (folder / "head.tflite").write_bytes(_int8(playing_head(network), network, for_head))


def _int8(function: Any, network: Network, samples: Callable[[], Iterator[list[Floats]]]) -> bytes:
    """Full-integer post-training quantisation; weights one scale a channel, activations one a tensor."""
    owner = tf.Module()  # the converter looks for the variables here, and Keras hides those of layers in a list
    owner.weights = [weight.value for weight in network.weights]
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], owner)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def _samples(network: Network, recipe: Recipe, train: Sequence[Encoded]) -> tuple[Floats, Floats, Floats]:
    """Contexts (N, CONTEXT, ROW), and for each symbol spelled after them hidden (M, D) and notes (M, NOTES).

    The head sees every hidden that the trunk gives for these contexts and no other, so that both graphs measure the
    same range and the bytes of one can be handed to the other.
    """
    rng = np.random.default_rng(recipe.rng)
    crops = batches(train, size=1, crop=1, transpose=recipe.transpose, rng=rng)
    contexts, hidden, notes = [], [], []
    for crop in crops:
        if crop.symbols[0, 0, 0] < 0:
            continue
        rows = tf.cast(crop.rows, tf.float32)
        spoken = crop.symbols[0, 0] >= 0
        contexts.append(rows[0].numpy())
        hidden.append(np.repeat(network.trunk(rows).numpy()[0], spoken.sum(), axis=0))
        notes.append(crop.notes[0, 0, spoken].astype(np.float32))
        if len(contexts) == _SAMPLES:
            break
    return np.stack(contexts), np.concatenate(hidden), np.concatenate(notes)


def _write_seeds(corpus: Corpus, folder: Path) -> dict[str, dict[str, str]]:
    """Pieces to start from: one well known, then held-out ones, one a tune, in the order of their names."""
    chosen: dict[str, Piece] = {}
    groups = set()
    for work in sorted(corpus.works, key=lambda work: (work.piece.name != WELL_KNOWN, work.piece.name)):
        wanted = work.split != "train" or work.piece.name == WELL_KNOWN
        if wanted and work.group not in groups and len(chosen) < SEEDS:
            chosen[work.piece.name] = work.piece
            groups.add(work.group)
    card = {}
    for name, piece in sorted(chosen.items()):
        (folder / f"{name}.mid").write_bytes(midifile.write(piece))
        card[name] = {
            "file": f"seeds/{name}.mid",
            "title": f"{name.replace('bwv', 'BWV ')}, {piece.grid.changes[0][1]}",
        }
    return card


def _figures(network: Network, made: Path, train: Sequence[Encoded], corpus: Corpus) -> dict[str, Any]:
    pieces = corpus.pieces("test")
    test = [encode(piece) for piece in pieces]
    valid = [encode(piece) for piece in corpus.pieces("valid")]
    unigram = ngram.NGram(1, relative=False)
    unigram.fit(train)
    table = ngram.best(train, valid)
    model = TfliteModel.open(made)
    return {
        "held out": "the test pieces; nothing was chosen by them",
        "int8": {**evaluate.score(model, pieces).rounded(), "runtime": model.runtime},
        "float": measure(network, test).rounded(),
        f"best n-gram (order {table.order}, {'relative' if table.relative else 'absolute'} pitch)": table.score(
            test
        ).rounded(),
        "unigram": unigram.score(test).rounded(),
        "bytes": {name: (made / name).stat().st_size for name in bundle.GRAPHS},
    }


def _data(corpus: Corpus) -> dict[str, Any]:
    return {
        "credit": corpus.credit,
        "split": "by melody; one tenth of the tunes each for choosing and for testing",
        "pieces": {split: len(corpus.pieces(split)) for split in ("train", "valid", "test")},
        "events": {
            split: sum(len(piece.events) for piece in corpus.pieces(split)) for split in ("train", "valid", "test")
        },
        "test pieces": [piece.name for piece in corpus.pieces("test")],
    }


def _commit() -> str:
    done = subprocess.run(
        ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    )
    return done.stdout.strip() or "unknown"


def _replace(made: Path, target: Path) -> None:
    """Put the new folder where the old one is; a rename, so that nobody ever finds half a bundle."""
    old = target.with_name(f".{target.name}-old-{os.getpid()}")
    if target.exists():
        target.rename(old)
    made.rename(target)
    shutil.rmtree(old, ignore_errors=True)
