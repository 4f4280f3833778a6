"""Run the JSB chorales benchmark: train on its training split alone, and print the test figure that others print.

Law: what is measured at the end are the int8 graphs, decision by decision, beside the networks they were made from;
nothing is chosen by the test split.

The trunk is the one that plays, with as many steps of context. Only the input and the answers differ: the benchmark's
files have voices or frames, and know neither repeated notes nor bars. A mixture of such networks and of counts
(viewpoints.py) is measured.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bachd.errors import UsageError
from bachd.neural.features import CONTEXT
from bachd.training.fit.dataset import shuffled
from bachd.training.jsb import int8_graphs
from bachd.training.jsb.data import Benchmark
from bachd.training.jsb.features import encode
from bachd.training.jsb.int8_graphs import Int8Graphs
from bachd.training.jsb.mixture import Decide, Logits, fit_weights, in_keys, mixed, nats_a_unit
from bachd.training.jsb.network import ChoraleNetwork
from bachd.training.jsb.train import moved, train
from bachd.training.jsb.viewpoints import Viewpoints
from bachd.training.progress import progress
from bachd.training.recipe import Recipe

_RECIPE: Final = Recipe(
    width=128,
    hidden=128,
    dropout=0.5,
    context_dropout=0.1,
    epochs=24,
    batch_size=4,
    learning_rate=3e-3,
    ema_decay=0.99,
)
FRAMES: Final = (_RECIPE, replace(_RECIPE, rng=2))
"""Hyperparameters for the file of frames, of each network that is mixed: as many as go into 1.5 MB."""
_VOICED: Final = replace(_RECIPE, dropout=0.4, context_dropout=0.05, epochs=30)
VOICED: Final = (_VOICED, replace(_VOICED, rng=2))
"""Hyperparameters for the file with voices, of each network that is mixed."""


@dataclass(frozen=True, slots=True)
class Result:
    """Results of the benchmark, in nats per `unit`."""

    file: str
    unit: str
    units: int
    """Of the test split."""
    float_nll: float
    int8_nll: float
    valid_nll: float
    """Of the float networks."""
    bytes: int
    """Of all graphs, and of the music from which the counts are made."""
    context: int
    """Chords or frames that the networks look back on."""


def run(data: Benchmark, folder: Path, epochs: int | None = None) -> Result:
    """Train on a file, or go on with the run in `folder`, and measure. Raises UsageError if it holds another run."""
    recipes: tuple[Recipe, ...] = VOICED if data.voiced else FRAMES
    if epochs is not None:
        recipes = tuple(replace(recipe, epochs=epochs) for recipe in recipes)
    _claim(folder, {"file": data.name, "networks": [asdict(recipe) for recipe in recipes]})
    folders = [folder / f"network{number}" for number in range(1, len(recipes) + 1)]
    networks = [train(data, recipe, each) for recipe, each in zip(recipes, folders, strict=True)]
    graphs = [_graphs(*each) for each in zip(networks, recipes, folders, [data] * len(recipes), strict=True)]
    counts = Viewpoints(data)
    counted = {split: _counted(counts, data, split) for split in ("valid", "test")}
    floats, ints = [network.decide for network in networks], [each.decide for each in graphs]
    valid = [*(_said(decide, data, "valid") for decide in floats), *counted["valid"]]
    weights = fit_weights(
        [np.concatenate(said) for said in valid],
        np.concatenate([encode(piece, data).symbols for piece in data.splits["valid"]]),
    )
    return Result(
        file=data.name,
        unit=data.unit,
        units=data.units("test"),
        float_nll=_nats([*(_said(decide, data, "test") for decide in floats), *counted["test"]], weights, data, "test"),
        int8_nll=_nats([*(_said(decide, data, "test") for decide in ints), *counted["test"]], weights, data, "test"),
        valid_nll=_nats(valid, weights, data, "valid"),
        bytes=sum(each.bytes for each in graphs) + counts.bytes,
        context=CONTEXT,
    )


def _claim(folder: Path, recipe: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(recipe, indent=2, default=str)
    file = folder / "benchmark.json"
    if file.exists() and file.read_text() != text:
        raise UsageError(f"{folder} holds another run; remove it or choose another folder with --work")
    file.write_text(text)


def _graphs(network: ChoraleNetwork, recipe: Recipe, folder: Path, data: Benchmark) -> Int8Graphs:
    rng = np.random.default_rng(0)
    int8_graphs.write(network, shuffled(moved(data, rng, recipe), batch_size=1, crop_length=1, rng=rng), folder)
    return Int8Graphs(folder, network)


def _said(decide: Decide, data: Benchmark, split: str) -> list[Logits]:
    """Return what a network says of each piece of one side of the split."""
    return [in_keys(decide, piece, data) for piece in progress(data.splits[split], f"measuring {split}", unit="piece")]


def _counted(counts: Viewpoints, data: Benchmark, split: str) -> list[list[Logits]]:
    """Return what each model of each viewpoint says of each piece."""
    pieces = [counts.said(piece) for piece in progress(data.splits[split], f"counting {split}", unit="piece")]
    return [list(one) for one in zip(*pieces, strict=True)]


def _nats(said: Sequence[Sequence[Logits]], weights: npt.NDArray[np.float64], data: Benchmark, split: str) -> float:
    """Return nats a unit of the mixture of what each model says of each piece."""
    return round(nats_a_unit((mixed(each, weights) for each in zip(*said, strict=True)), data, split), 4)


def as_text(results: Sequence[Result]) -> str:
    """Format the figures as a table."""
    return "\n".join(
        f"{result.file}: test nats a {result.unit}, {result.units} of them, {result.context} steps of context\n"
        f"  float {result.float_nll:.4f}, int8 {result.int8_nll:.4f} ({result.bytes / 1e6:.2f} MB); valid, float "
        f"{result.valid_nll:.4f}"
        for result in results
    )
