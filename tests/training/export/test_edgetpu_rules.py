"""Every rule, broken by a graph that TensorFlow made for it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert.schema_py_generated", reason="the schema of .tflite files comes with LiteRT")
from ai_edge_litert import schema_py_generated as schema

from bachd.errors import ModelError
from bachd.neural.bundle import bundle
from bachd.training.export import edgetpu_compiler
from bachd.training.export import edgetpu_rules as rules
from bachd.training.export.edgetpu_rules import Rule

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own

CHORALES = bundle.folder("chorales")

Made = Callable[..., Path]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Makes a graph of a function of TensorFlow: int8 throughout, or as the converter leaves it."""
    tf = pytest.importorskip("tensorflow", reason="needs the extra 'train'")

    def make(
        function: Callable[..., Any], *shapes: tuple[int | None, ...], whole: bool = True, a_channel: bool = False
    ) -> Path:
        rng = np.random.default_rng(1)
        wanted = tf.function(lambda *inputs: function(tf, *inputs))
        concrete = wanted.get_concrete_function(*(tf.TensorSpec(shape) for shape in shapes))
        converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], wanted)
        if whole:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: (
                [rng.normal(size=[size or 1 for size in shape]).astype(np.float32) for shape in shapes]
                for _ in range(4)
            )
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = tf.int8
        converter._experimental_disable_per_channel_quantization_for_dense_layers = not a_channel
        path = tmp_path / "trunk.tflite"
        path.write_bytes(converter.convert())
        (tmp_path / "head.tflite").write_bytes(path.read_bytes())
        return path

    return make


def numbers(*shape: int) -> Any:
    return np.random.default_rng(2).normal(size=shape).astype(np.float32)


def broken(path: Path) -> dict[str, set[str]]:
    """Which operators of a graph break what."""
    found: dict[str, set[str]] = {}
    for violation in edgetpu_compiler.violations(path.parent):
        found.setdefault(violation.operator, set()).add(violation.rule)
    return found


def conv(tf: Any, x: Any, dilations: Any = 1) -> Any:
    return tf.nn.conv2d(x, numbers(2, 2, x.shape[-1], 4), 1, "VALID", dilations=dilations) + numbers(4)


def dense(tf: Any, x: Any) -> Any:
    return tf.matmul(x, numbers(x.shape[-1], 5)) + numbers(5)


IMAGE = (1, 6, 8, 4)
ROW = (1, 12)


@pytest.mark.parametrize(
    ("function", "shapes"),
    [
        (lambda tf, x: tf.nn.relu(conv(tf, x, (2, 2))) + 0.0 * x[:, :4, :6], [IMAGE]),
        (dense, [ROW]),
        (lambda tf, x: tf.nn.softmax(dense(tf, x)), [ROW]),
        (lambda tf, x: tf.concat([x, tf.tanh(x)], -1), [IMAGE]),
        (lambda tf, x: tf.nn.max_pool2d(x, 2, 2, "VALID"), [IMAGE]),
        (lambda tf, x: tf.reduce_mean(x, [1, 2]), [IMAGE]),
        (lambda tf, x: tf.pad(x, [[0, 0], [1, 1], [0, 0], [0, 0]]), [IMAGE]),
    ],
)
def test_what_keeps_all_rules_passes(made: Made, function: Any, shapes: Any) -> None:
    assert broken(made(function, *shapes)) == {}


CASES: list[tuple[str, Rule, Any, list[tuple[int, ...]]]] = [
    ("GATHER", rules.LISTED, lambda tf, x: tf.gather(x, [0, 2, 4], axis=1), [ROW]),
    ("BATCH_MATMUL", rules.LISTED, lambda tf, x, y: tf.matmul(x, y), [(1, 3, 4), (1, 4, 5)]),
    ("ADD", rules.THREE, lambda tf, x, y: x + y, [(2, 3, 4, 5), (2, 3, 4, 5)]),
    ("FULLY_CONNECTED", rules.DENSE, dense, [(3, 12)]),
    ("SOFTMAX", rules.SOFTMAX, lambda tf, x: tf.nn.softmax(x), [(3, 12)]),
    ("SOFTMAX", rules.SOFTMAX, lambda tf, x: tf.nn.softmax(x), [(1, rules.LARGEST_SOFTMAX + 1)]),
    ("STRIDED_SLICE", rules.STRIDES, lambda tf, x: x[:, ::2], [IMAGE]),
    ("CONV_2D", rules.DILATION, lambda tf, x: conv(tf, x, (1, 3)), [IMAGE]),
    (
        "DEPTHWISE_CONV_2D",
        rules.DILATION,
        lambda tf, x: tf.nn.depthwise_conv2d(x, numbers(2, 2, 4, 1), [1, 1, 1, 1], "VALID", dilations=[1, 2]),
        [IMAGE],
    ),
    ("CONCATENATION", rules.ZEROS, lambda tf, x: tf.concat([x, numbers(*IMAGE)], -1), [IMAGE]),
    ("AVERAGE_POOL_2D", rules.UNFUSED, lambda tf, x: tf.nn.relu6(tf.nn.avg_pool2d(x, 2, 2, "VALID")), [IMAGE]),
    ("MEAN", rules.BATCH, lambda tf, x: tf.reduce_mean(x, 0), [IMAGE]),
    ("SUM", rules.BATCH, lambda tf, x: tf.reduce_sum(x, [0, 1]), [IMAGE]),
    ("MEAN", rules.FOURS, lambda tf, x: tf.reduce_mean(x, -1), [(1, 6, 8, 6)]),
    ("PAD", rules.BATCH, lambda tf, x: tf.pad(x, [[1, 0], [0, 0]]), [ROW]),
    ("PACK", rules.BATCH, lambda tf, x, y: tf.stack([x, y]), [ROW, ROW]),
    ("SPLIT", rules.BATCH, lambda tf, x: tf.split(x, 2), [(4, 3)]),
    ("PRELU", rules.SLOPES, lambda tf, x: tf.nn.relu(x) + numbers(6, 8, 4) * tf.nn.relu(-x), [IMAGE]),
]


@pytest.mark.parametrize(("operator", "rule", "function", "shapes"), CASES)
def test_the_rule_that_is_broken_is_named(
    made: Made, operator: str, rule: Rule, function: Any, shapes: list[tuple[int, ...]]
) -> None:
    assert broken(made(function, *shapes))[operator] == {rule.says}


def test_dense_weights_have_one_scale(made: Made) -> None:
    assert broken(made(dense, ROW, a_channel=True)) == {"FULLY_CONNECTED": {rules.ONE_SCALE.says}}


def test_floats_are_found_wherever_they_are(made: Made) -> None:
    assert broken(made(dense, ROW, whole=False)) == {"FULLY_CONNECTED": {rules.INT8.says}}


def test_a_shape_must_be_known(made: Made) -> None:
    assert rules.STATIC.says in broken(made(lambda tf, x: tf.tanh(x), (None, 12), whole=False))["TANH"]


def test_weights_must_be_constants(made: Made) -> None:
    def product(tf: Any, x: Any, weights: Any) -> Any:
        return tf.nn.conv2d(x, weights, 1, "VALID")

    assert rules.CONSTANT.says in broken(made(product, IMAGE, (2, 2, 4, 4)))["CONV_2D"]


def changed(path: Path, change: Callable[[Any], None]) -> Path:
    """A graph after a change that no converter makes any more, or not yet."""
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    change(model)
    builder = import_module("flatbuffers").Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


def test_a_version_that_is_too_new_is_told_from_one_that_is_not(made: Made) -> None:
    path = made(conv, IMAGE)

    def version(number: int) -> Callable[[Any], None]:
        return lambda model: setattr(model.operatorCodes[0], "version", number)

    assert broken(changed(path, version(5))) == {}
    assert broken(changed(path, version(6))) == {"CONV_2D": {rules.VERSION.says}}


def test_shuffled_weights_are_found(made: Made) -> None:
    def shuffle(model: Any) -> None:
        model.subgraphs[0].operators[0].builtinOptions.weightsFormat = 1

    assert broken(changed(made(dense, ROW), shuffle)) == {"FULLY_CONNECTED": {rules.PLAIN.says}}


def test_only_ones_that_lead_are_squeezed(made: Made) -> None:
    """Converters write a squeeze as a reshape today, so one is put back."""

    def squeeze(model: Any) -> None:
        model.operatorCodes[0].builtinCode = model.operatorCodes[0].deprecatedBuiltinCode = (
            schema.BuiltinOperator.SQUEEZE
        )
        model.subgraphs[0].operators[0].inputs = model.subgraphs[0].operators[0].inputs[:1]

    def reshaped(tf: Any, x: Any) -> Any:
        return tf.reshape(x, [10, 5])

    assert broken(changed(made(reshaped, (1, 10, 5)), squeeze)) == {}
    assert broken(changed(made(reshaped, (1, 10, 1, 5)), squeeze)) == {"SQUEEZE": {rules.LEADING.says}}


def test_a_bidirectional_lstm_is_none_of_its_operators(made: Made) -> None:
    def rename(model: Any) -> None:
        model.operatorCodes[0].builtinCode = schema.BuiltinOperator.BIDIRECTIONAL_SEQUENCE_LSTM

    assert broken(changed(made(dense, ROW), rename)) == {"BIDIRECTIONAL_SEQUENCE_LSTM": {rules.LISTED.says}}


def test_a_graph_has_one_part(made: Made) -> None:
    def double(model: Any) -> None:
        model.subgraphs *= 2

    with pytest.raises(ModelError, match=r"trunk\.tflite: has 2 subgraphs; export it without loops"):
        broken(changed(made(dense, ROW), double))


def test_every_rule_says_something_of_its_own() -> None:
    all_rules = {*rules.EVERYWHERE, *(rule for several in rules.SPECIFIC.values() for rule in several)}
    assert len({rule.says for rule in all_rules}) == len(all_rules) == 18
    assert set(rules.SPECIFIC) <= set(rules.NEWEST)


def test_the_shipped_graphs_use_operators_that_an_edge_tpu_has() -> None:
    folders = sorted(card.parent for card in CHORALES.parent.glob("*/card.json"))
    assert [folder.name for folder in folders] == ["cello", "chorales", "keyboard"]
    for folder in folders:
        assert edgetpu_compiler.violations(folder) == []
        assert edgetpu_compiler.notes(folder) == []


def test_weights_that_do_not_fit_the_chip_are_noted(made: Made) -> None:
    path = made(lambda tf, x: tf.matmul(x, numbers(3000, 3000)), (1, 3000))
    assert broken(path) == {}
    assert edgetpu_compiler.notes(path.parent) == [
        "trunk.tflite: 8.6 MiB of weights, of which the chip keeps 8 at most"
    ]
