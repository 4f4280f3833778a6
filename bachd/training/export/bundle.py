"""A trained network becomes a bundle: two int8 graphs, seed pieces and the card.

Law: a bundle is written aside, checked by loading and measuring it, and only then takes the place of the old one.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bachd.neural import bundle, features
from bachd.neural.model import TfliteModel
from bachd.training.baselines import compare
from bachd.training.corpus.model import Corpus, Work, pitch_range
from bachd.training.evaluate import evaluation
from bachd.training.export import attribution, quantise, refresh
from bachd.training.fit.dataset import Encoded, batches, encode
from bachd.training.fit.network import Layout, Network
from bachd.training.fit.train import measure
from bachd.training.recipe import FILE, Recipe


@dataclass(frozen=True, slots=True)
class Source:
    """What a bundle is made from."""

    network: Network
    recipe: Recipe
    recipe_text: bytes
    """The recipe as its file says it, which goes into the bundle."""
    corpus: Corpus
    others: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """What other networks reach on the same pieces, by their names."""

    @property
    def heard(self) -> list[Work]:
        """The works it learned from."""
        names = {piece.name for piece in self.recipe.heard(self.corpus)}
        return [work for work in self.corpus.works if work.piece.name in names]


def export(source: Source, target: Path, *, edgetpu: bool = False) -> dict[str, Any]:
    """Write the bundle `target` and LICENSES.md beside it; returns the card.

    edgetpu: whether to compile for that, too. Raises ModelError when the result does not load, or cannot be compiled.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    recipe, held, heard = source.recipe, source.recipe.held(source.corpus), source.heard
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as aside:
        made = Path(aside) / target.name
        (made / "seeds").mkdir(parents=True)
        (made / FILE).write_bytes(source.recipe_text)
        if credited := attribution.lines(heard):
            (made / attribution.FILE).write_text(credited)
        train = [encode(work.piece) for work in heard]
        rng = np.random.default_rng(recipe.rng)
        crops = batches(train, size=1, crop=1, transpose=recipe.transpose, rng=rng)
        quantise.write_graphs(source.network, Layout(), crops, made)
        card = {
            "format": bundle.FORMAT,
            "name": target.name,
            "description": recipe.description,
            "fingerprint": features.FINGERPRINT,
            "context": features.CONTEXT,
            "range": list(pitch_range(held.pieces("train") or [work.piece for work in heard])),
            "sampling": refresh.sampling(recipe),
            "form": refresh.form(recipe, source.corpus, heard),
            "figures": _figures(source, made, train, held),
            "data": _data(source, heard, held),
            "licence": attribution.licence(heard),
            "made": {"date": datetime.now(UTC).date().isoformat(), "commit": _commit(), "recipe": asdict(recipe)},
            "seeds": refresh.write_seeds(refresh.seeds(recipe, source.corpus, heard), made / "seeds"),
        }
        if edgetpu:
            from bachd.training.export import edgetpu_compiler as compiler  # not needed otherwise

            card["edgetpu"] = compiler.add(made)
        card["files"] = refresh.checksums(made)
        (made / "card.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n")
        bundle.Bundle.open(made)
        refresh.replace_folder(made, target)
        listed = Path(aside) / attribution.LICENCES
        listed.write_text(attribution.licences(target.parent))
        listed.replace(target.parent / attribution.LICENCES)
    return card


def _figures(source: Source, made: Path, train: Sequence[Encoded], held: Corpus) -> dict[str, Any]:
    pieces = held.pieces("test")
    test = [encode(piece) for piece in pieces]
    valid = [encode(piece) for piece in held.pieces("valid")]
    model = TfliteModel.open(made)
    return {
        "held out": "the test pieces; nothing was chosen by them",
        "int8": {**evaluation.score(model, pieces).rounded(), "runtime": model.runtime},
        "float": measure(source.network, test).rounded(),
        **source.others,
        **compare.tables(train, valid, test),
        "bytes": {name: (made / name).stat().st_size for name in bundle.GRAPHS},
    }


def _data(source: Source, heard: Sequence[Work], held: Corpus) -> dict[str, Any]:
    named = f"encodings by those whom {attribution.FILE} names piece by piece; the music is in the public domain"
    works = {"train": [work.piece for work in heard]} | {split: held.pieces(split) for split in ("valid", "test")}
    return {
        "credit": named if attribution.lines(heard) else source.corpus.credit,
        "split": "by groups: works that share music or belong together stand on one side",
        "pieces": {split: len(pieces) for split, pieces in works.items()},
        "events": {split: sum(len(piece.events) for piece in pieces) for split, pieces in works.items()},
        "test pieces": [piece.name for piece in works["test"]],
    }


def _commit() -> str:
    done = subprocess.run(
        ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    )
    return done.stdout.strip() or "unknown"
