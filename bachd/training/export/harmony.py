"""Add to a bundle the graph that names chords under a melody: train it, quantise it, and describe it for the card.

Law: it takes seconds, so nothing is kept of a training; the same pieces give the same graph.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import tensorflow as tf

from bachd.music.piece import Piece
from bachd.neural.bundle import bundle
from bachd.neural.bundle.card import HARMONY
from bachd.neural.harmonise.melody_features import FINGERPRINT, WIDTH
from bachd.training.corpus.model import Corpus
from bachd.training.export import quantise, refresh
from bachd.training.fit import harmony
from bachd.training.recipe import FILE, Recipe

_SAMPLES: Final = 600


def add(recipe: Recipe, recipe_text: bytes, corpus: Corpus, target: Path) -> None:
    """Train the graph for the bundle `target`, which is there, and write it into that. Raises ModelError."""
    names = {piece.name for piece in recipe.training_pieces(corpus)}
    pieces = [work.piece for work in corpus.works if work.piece.name in names]
    card: dict[str, Any] = json.loads((target / "card.json").read_text())
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as aside:
        made = Path(aside) / target.name
        shutil.copytree(target, made)
        (made / FILE).write_bytes(recipe_text)
        card["harmony"] = write(pieces, made, recipe.harmony, recipe.rng)
        card["files"] = refresh.checksums(made)
        (made / "card.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        bundle.Bundle.open(made)
        refresh.replace_folder(made, target)


def write(pieces: Sequence[Piece], folder: Path, epochs: int, rng: int) -> dict[str, Any]:
    """Write the graph, learned from some pieces, into a bundle's folder; returns what the card says of it."""
    known = harmony.examples(pieces)
    sets = known.commonest()
    network = harmony.train(known, sets, epochs, rng)
    drawn = np.random.default_rng(rng).choice(len(known.rows), min(_SAMPLES, len(known.rows)), replace=False)

    def samples() -> Iterator[list[quantise.Floats]]:
        for row in known.rows[drawn]:
            yield [row[None]]

    function = tf.function(lambda rows: network(rows, training=False))
    concrete = function.get_concrete_function(tf.TensorSpec((1, WIDTH), tf.float32))
    (folder / HARMONY).write_bytes(quantise.int8(concrete, network.weights, samples))
    return {"fingerprint": FINGERPRINT, "chords": [" ".join(map(str, chord)) for chord in sets]}
