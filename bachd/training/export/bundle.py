"""Write a trained network as a bundle: two int8 graphs, seed pieces and the card.

Law: a bundle is written aside, checked by loading and measuring it, and only then takes the place of the old one.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bachd import atomic_file
from bachd.errors import UsageError
from bachd.music.form import written
from bachd.music.piece import Piece
from bachd.neural import features
from bachd.neural.bundle import bundle
from bachd.neural.bundle.card import FORMAT, GRAPHS
from bachd.neural.model import TfliteModel
from bachd.training.baselines import compare
from bachd.training.corpus import sources
from bachd.training.corpus.model import MOST_MEASURED, Corpus, Work, drawn, pitch_range
from bachd.training.evaluate import prediction
from bachd.training.evaluate.form import aims
from bachd.training.export import attribution, harmony, quantise, refresh
from bachd.training.fit import examples
from bachd.training.fit.data import altered, stream
from bachd.training.fit.data.records import pack
from bachd.training.fit.dataset import Batch
from bachd.training.fit.network import Layout, Network
from bachd.training.fit.train import measure, measured
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
    def training_works(self) -> list[Work]:
        """The works it learned from."""
        names = {piece.name for piece in self.recipe.training_pieces(self.corpus)}
        return [work for work in self.corpus.works if work.piece.name in names]


def export(source: Source, target: Path, *, edgetpu: bool = False) -> dict[str, Any]:
    """Write the bundle `target` and LICENSES.md beside it; returns the card.

    edgetpu: whether to compile for that, too. Raises ModelError when the result does not load, or cannot be compiled;
    UsageError when `target` holds something else than a bundle.
    """
    check_target(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    recipe, held, heard = source.recipe, source.recipe.held_out_works(source.corpus), source.training_works
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as aside:
        made = Path(aside) / target.name
        (made / "seeds").mkdir(parents=True)
        (made / FILE).write_bytes(source.recipe_text)
        if credited := attribution.lines(heard):
            (made / attribution.FILE).write_text(credited, encoding="utf-8")
        quantise.write_graphs(source.network, Layout(), _crops(source), made)
        card = {
            "format": FORMAT,
            "name": target.name,
            "description": recipe.description,
            "program": recipe.program,
            "fingerprint": features.FINGERPRINT,
            "context": features.CONTEXT,
            "range": playable_range(_home_pieces(source, held)),
            "sampling": refresh.sampling(recipe),
            "form": refresh.form(recipe, source.corpus, heard),
            "figures": _figures(source, made, held),
            "data": _data(source, heard, held),
            "licence": attribution.licence(heard, all_known=source.corpus.free),
            "made": {"date": datetime.now(UTC).date().isoformat(), "commit": _commit(), "recipe": asdict(recipe)},
            "seeds": refresh.write_seeds(refresh.seeds(recipe, source.corpus, heard), made / "seeds"),
        }
        if recipe.harmony:
            card["harmony"] = harmony.write([work.piece for work in heard], made, recipe.harmony, recipe.rng)
        if edgetpu:
            from bachd.training.export import edgetpu_compiler as compiler  # not needed otherwise

            card["edgetpu"] = compiler.add(made)
        card["files"] = refresh.checksums(made)
        (made / "card.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        bundle.Bundle.open(made)
        if (target / aims.FILE).is_file():  # not the network's: what is demanded of it outlives it
            (made / aims.FILE).write_bytes((target / aims.FILE).read_bytes())
        refresh.replace_folder(made, target)
        licences = attribution.licences(target.parent)
        atomic_file.replace(target.parent / attribution.LICENCES, licences.encode())
    return card


def check_target(target: Path) -> None:
    """Raise UsageError if a folder stands at `target` that no bundle may replace."""
    if target.exists() and not (target / "card.json").is_file() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target} is there and is no bundle; name a folder that does not exist yet")


def playable_range(pieces: Sequence[Piece]) -> list[int]:
    """Return the lowest and highest MIDI number of some pieces; those of the feature layout where they go beyond it."""
    low, high = pitch_range(pieces)
    return [max(low, features.LOWEST), min(high, features.HIGHEST)]


def _home_pieces(source: Source, held: Corpus) -> list[Piece]:
    """The pieces whose range the bundle keeps to."""
    names = {work.piece.name for work in held.works}
    pieces = [work.piece for work in source.training_works]
    return [piece for piece in pieces if piece.name in names] or pieces


def _crops(source: Source) -> Iterator[Batch]:
    """Single predictions, as they were shown in training."""
    recipe, rng = source.recipe, np.random.default_rng(source.recipe.rng)
    pieces = drawn([work.piece for work in source.training_works], refresh.MOST_COUNTED)
    ends = sources.phrase_ends(source.corpus)
    train = pack(((piece, written.of(piece, ends.get(piece.name, ()))) for piece in pieces), melodies=recipe.given > 0)
    shown = examples.shown(train, np.arange(len(train)), recipe, altered.voicings(train), (recipe.rng, 0))
    return stream.batches(train, shown, batch_size=1, crop_length=1, rng=rng)


def _figures(source: Source, made: Path, held: Corpus) -> dict[str, Any]:
    use_all = source.recipe.use_all
    train = [work.piece for work in source.training_works]
    everything = train if use_all else held.pieces("test")
    pieces = drawn(everything, MOST_MEASURED)
    some = "" if len(pieces) == len(everything) else f"{len(pieces)} of {len(everything)} pieces, drawn by chance, of "
    plans = sources.forms(source.corpus, pieces)
    test = pack((piece, plans[piece.name]) for piece in pieces)
    model = TfliteModel.open(made)
    return {
        "held out": f"nothing; these are figures of {some}the pieces it was trained on, which flatter"
        if use_all
        else f"{some}the test pieces; nothing was chosen by them",
        "int8": {**prediction.score(model, pieces, plans).rounded(), "runtime": model.runtime},
        "int8, told of no plan": prediction.score(model, pieces).rounded(),
        "float": measure(source.network, measured(test)).rounded(),
        **(
            {}
            if use_all
            else {
                **source.others,
                **compare.tables(train, drawn(held.pieces("valid"), MOST_MEASURED), pieces),
            }
        ),
        "bytes": {name: (made / name).stat().st_size for name in GRAPHS},
    }


def _data(source: Source, heard: Sequence[Work], held: Corpus) -> dict[str, Any]:
    works = {"train": [work.piece for work in heard]}
    works |= {split: [] if source.recipe.use_all else held.pieces(split) for split in ("valid", "test")}
    return {
        "credit": attribution.credit(heard, source.corpus.credit),
        "split": "by groups: works that share music or belong together stand on one side",
        "pieces": {split: len(pieces) for split, pieces in works.items()},
        "events": {split: sum(len(piece.events) for piece in pieces) for split, pieces in works.items()},
        "test pieces": [piece.name for piece in drawn(works["test"], MOST_MEASURED)],
    }


def _commit() -> str:
    done = subprocess.run(
        ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    )
    return done.stdout.strip() or "unknown"
