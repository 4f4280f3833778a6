"""Run the JSB chorales benchmark: train on its training split alone, and print the test figure that others print.

Law: what is measured at the end is the pair of int8 graphs, decision by decision, beside the network they were made
from; nothing is chosen by the test split.

The trunk is the one that plays, with as many steps of context. Only the input and the answers differ: the benchmark's
files have voices or frames, and know neither repeated notes nor bars.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import ops

from bachd.errors import UsageError
from bachd.neural.features import CONTEXT
from bachd.neural.runtime import load
from bachd.training.export.quantise import write_graphs
from bachd.training.fit import step_math, train_step
from bachd.training.fit.dataset import EMPTY, Encoded, in_order, shuffled, steps_per_epoch
from bachd.training.fit.network import NEVER, Network, Shape, cross_entropy
from bachd.training.jsb import data as jsb_data
from bachd.training.jsb.data import ANSWERS, DECISION, LASTING, LAYOUT, LEFT, NOTES, PLACES, SILENCE, VOICES, Benchmark
from bachd.training.progress import progress
from bachd.training.recipe import Recipe

VOICED: Final = Recipe(width=232, hidden=232, dropout=0.12, intervals=False, epochs=180, learning_rate=3e-3)
"""Hyperparameters for the file with voices."""
FRAMES: Final = Recipe(width=224, hidden=224, dropout=0.2, intervals=False, epochs=120, learning_rate=3e-3)
"""Hyperparameters for the file of frames."""
_LOOK: Final = 5
"""Epochs between two evaluations on 'valid'."""

Logits = npt.NDArray[np.float32]


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
    """Of the float network."""
    bytes: int
    """Of both graphs."""
    context: int
    """Chords or frames that the network looks back on."""


class ChoraleNetwork(Network):
    """The network with the benchmark's inputs and outputs."""

    def __init__(self, recipe: Recipe, voiced: bool) -> None:
        shape = Shape(
            recipe.width, recipe.hidden, recipe.dilations, recipe.dropout, recipe.context_dropout, recipe.intervals
        )
        super().__init__(shape, LAYOUT)
        self.voiced = voiced

    def possible(self, notes: Any) -> Any:
        """Mask of the possible answers after the notes so far: from (N, notes) to (N, ANSWERS)."""
        answers = ops.arange(ANSWERS)
        if self.voiced:
            return (notes[:, DECISION + VOICES, None] > 0) == (answers >= LASTING)
        # Down from the lowest pitch chosen; nothing but silence follows silence.
        chosen = ops.any(ops.reshape(notes[:, :LEFT], (-1, VOICES, PLACES)) > 0, axis=1)
        below = ops.cumsum(ops.cast(chosen, "int32"), axis=-1)[:, :SILENCE] == 0
        pitches = below & ~chosen[:, SILENCE:]
        never = ops.zeros_like(notes[:, : ANSWERS - LASTING]) > 0
        return ops.concatenate([pitches, ops.ones_like(chosen[:, :1]), never], axis=-1)

    def losses(self, answers: tuple[Any, ...], batch: Mapping[str, Any]) -> dict[str, Any]:
        """Sums over a batch: nats and chords."""
        logits = ops.where(answers[1], answers[0], NEVER)
        asked = ops.cast(batch["symbols"] != EMPTY, "float32")
        return {
            "nll": ops.sum(cross_entropy(logits, ops.maximum(batch["symbols"], 0)) * asked),
            "events": batch["events"],
        }


def run(data: Benchmark, folder: Path, epochs: int | None = None) -> Result:
    """Train on a file, or go on with the run in `folder`, and measure. Raises UsageError if it holds another run."""
    recipe = VOICED if data.voiced else FRAMES
    if epochs is not None:
        recipe = replace(recipe, epochs=epochs)
    _claim(folder, {"file": data.name, **asdict(recipe)})
    network = _fit(data, recipe, folder)
    crops = shuffled(
        _moved(data, np.random.default_rng(0), recipe), batch_size=1, crop_length=1, rng=np.random.default_rng(0)
    )
    write_graphs(network, LAYOUT, crops, folder)
    return Result(
        file=data.name,
        unit=data.unit,
        units=data.units("test"),
        float_nll=round(measure(network, data, "test"), 4),
        int8_nll=round(_measure_graphs(folder, network, data, "test"), 4),
        valid_nll=round(measure(network, data, "valid"), 4),
        bytes=sum((folder / f"{part}.tflite").stat().st_size for part in ("trunk", "head")),
        context=CONTEXT,
    )


def _claim(folder: Path, recipe: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(recipe, indent=2, default=str)
    file = folder / "benchmark.json"
    if file.exists() and file.read_text() != text:
        raise UsageError(f"{folder} holds another run; remove it or choose another folder with --work")
    file.write_text(text)


def _moved(data: Benchmark, rng: np.random.Generator, recipe: Recipe) -> list[Encoded]:
    """Return the pieces for training in random order, each moved by a random interval."""
    pieces, (low, high) = data.splits["train"], recipe.transpose
    return [jsb_data.encode(pieces[at], data, int(rng.integers(low, high + 1))) for at in rng.permutation(len(pieces))]


def _built(data: Benchmark, recipe: Recipe) -> ChoraleNetwork:
    network = ChoraleNetwork(recipe, data.voiced)
    network(
        step_math.inputs(
            train_step.tensors(
                next(iter(in_order([jsb_data.encode(data.splits["train"][0], data)], batch_size=1, crop_length=1)))
            )
        )
    )
    return network


def _fit(data: Benchmark, recipe: Recipe, folder: Path) -> ChoraleNetwork:
    """Train, and return the averaged weights that did best on 'valid'."""
    keras.utils.set_random_seed(recipe.rng)
    network, average, best = (_built(data, recipe) for _ in range(3))
    average.set_weights(network.get_weights())
    train = [jsb_data.encode(piece, data) for piece in data.splits["train"]]
    per_epoch = steps_per_epoch(train, batch_size=recipe.batch_size, crop_length=recipe.crop_length)
    adam = step_math.optimizer(recipe, per_epoch)
    adam.build(network.trainable_variables)
    done, low = tf.Variable(0, dtype=tf.int64), tf.Variable(float("inf"))
    state = tf.train.Checkpoint(
        networks=[variable.value for each in (network, average, best) for variable in each.variables],
        optimizer=adam,
        done=done,
        low=low,
    )
    keeper = tf.train.CheckpointManager(state, str(folder / "state"), max_to_keep=1)
    keeper.restore_or_initialize()
    learn = train_step.stepper(network, average, adam, recipe, train_step.strategy("none"))
    first = int(done.numpy())
    bar = progress(range(first, recipe.epochs), "training", initial=first, total=recipe.epochs, unit="epoch")
    for epoch in bar:
        rng = np.random.default_rng((recipe.rng, epoch))
        sums = {"nll": 0.0, "events": 0.0}
        for batch in shuffled(
            _moved(data, rng, recipe), batch_size=recipe.batch_size, crop_length=recipe.crop_length, rng=rng
        ):
            sums = {name: sums[name] + value for name, value in learn(batch).items()}
        if (epoch + 1) % _LOOK and epoch + 1 < recipe.epochs:
            continue
        valid = measure(average, data, "valid")
        if valid < float(low.numpy()):
            low.assign(valid)
            best.set_weights(average.get_weights())
        done.assign(epoch + 1)
        keeper.save()
        bar.set_postfix_str(f"train {sums['nll'] / sums['events']:.3f} nats a chord, valid {valid:.4f} a {data.unit}")
    return best


def measure(network: ChoraleNetwork, data: Benchmark, split: str) -> float:
    """Return nats a unit of one side of the split, by the network in its training form."""
    nats = 0.0
    for piece in data.splits[split]:
        encoded = jsb_data.encode(piece, data, whole=True)
        (batch,) = in_order([encoded], batch_size=1, crop_length=-(-len(encoded.rows) // 64) * 64)
        logits, possible, _ = _answer(network, step_math.inputs(train_step.tensors(batch)))
        nats += _nats(logits.numpy(), possible.numpy(), encoded, data.voiced)
    return nats / data.units(split)


@tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]  # TensorFlow has no types
def _answer(network: ChoraleNetwork, inputs: Any) -> Any:
    return network(inputs)


def _measure_graphs(folder: Path, network: ChoraleNetwork, data: Benchmark, split: str) -> float:
    """Return the same by the int8 graphs; the network is used only for what is possible."""
    nats = 0.0
    trunk, head = load(folder / "trunk.tflite"), load(folder / "head.tflite")
    for piece in progress(data.splits[split], "measuring int8", unit="piece"):
        encoded = jsb_data.encode(piece, data, whole=True)
        logits = np.concatenate(list(_spoken(trunk, head, encoded)))
        notes = encoded.notes.reshape(-1, NOTES)
        nats += _nats(logits, network.possible(tf.constant(notes)).numpy(), encoded, data.voiced)
    return nats / data.units(split)


def _spoken(trunk: Any, head: Any, piece: Encoded) -> Iterator[Logits]:
    """Yield logits (1, ANSWERS) for each decision of a piece, in order."""
    output = head.output
    notes_first = head.inputs[0].shape == (1, NOTES)
    told = head.inputs[0 if notes_first else 1]
    rows = _bytes(piece.rows, trunk.inputs[0])
    notes = _bytes(piece.notes, told)
    for position in range(len(piece.symbols)):
        hidden = trunk.invoke(rows[np.newaxis, np.newaxis, position : position + CONTEXT])
        for before in notes[position, :, None]:
            said = head.invoke(*((before, hidden) if notes_first else (hidden, before)))
            yield (said.astype(np.float32) - output.zero) * output.scale


def _bytes(ones: npt.NDArray[np.uint8], tensor: Any) -> npt.NDArray[np.int8]:
    return np.where(ones > 0, np.int8(tensor.quantise(1)), np.int8(tensor.quantise(0)))


def _nats(logits: Logits, possible: npt.NDArray[np.bool_], piece: Encoded, voiced: bool) -> float:
    """Return the nats of a whole piece; of its last chord only a least duration is known."""
    truth = piece.symbols.ravel()
    scores = np.where(possible, logits.astype(np.float64), -np.inf)
    sure = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    nats = -sure[np.arange(len(truth)), truth]
    if voiced:
        nats[-1] = -np.logaddexp.reduce(sure[-1, truth[-1] :])
    return float(nats.sum())


def as_text(results: Sequence[Result]) -> str:
    """Format the figures as a table."""
    return "\n".join(
        f"{result.file}: test nats a {result.unit}, {result.units} of them, {result.context} steps of context\n"
        f"  float {result.float_nll:.4f}, int8 {result.int8_nll:.4f} ({result.bytes / 1e6:.2f} MB); valid, float "
        f"{result.valid_nll:.4f}"
        for result in results
    )
