"""Graphs taken apart, whole and damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from bachd.errors import ModelError

tflite_file = pytest.importorskip("bachd.training.export.tflite_file", reason="needs LiteRT", exc_type=ImportError)
TRUNK = Path(__file__).parents[3] / "models" / "cello" / "trunk.tflite"


def test_the_operators_of_a_shipped_trunk_are_listed_with_their_tensors() -> None:
    operators = tflite_file.read(TRUNK)
    assert {operator.name for operator in operators} >= {"CONV_2D", "ADD"}
    convolution = next(operator for operator in operators if operator.name == "CONV_2D")
    weights = convolution.need(1)
    assert weights.kind == "INT8"
    assert weights.data is not None
    assert weights.scales == weights.shape[0], "one scale a channel"
    assert weights in convolution.constants
    assert weights not in convolution.flows
    assert convolution.at(9) is None
    with pytest.raises(IndexError):
        convolution.need(9)


def test_damage_is_a_model_error_that_names_the_file(tmp_path: Path) -> None:
    whole = TRUNK.read_bytes()
    for number, content in enumerate((b"", b"no graph", whole[:8], whole[:1000], whole[:4] + b"TFL3" + bytes(64))):
        path = tmp_path / f"{number}.tflite"
        path.write_bytes(content)
        with pytest.raises(ModelError, match=path.name):
            tflite_file.read(path)
    with pytest.raises(ModelError, match="cannot be read"):
        tflite_file.read(tmp_path / "gone.tflite")
