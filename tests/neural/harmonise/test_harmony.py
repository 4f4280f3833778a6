"""The graph that names the chord under a note: as a table in these tests, and as the one that is shipped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bachd.errors import ModelError
from bachd.music.metre import Grid
from bachd.neural import assemble
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.features import FloatArray
from bachd.neural.harmonise.harmony import Harmony, HarmonyGraph
from bachd.neural.harmonise.melody_features import WIDTH, MelodyHistory
from bachd.neural.outlook import Melody
from bachd.neural.runtime import Int8Array, Tensor

SETS = ((0, 4, 7), (0, 3, 8))
"""A triad on the note of the melody, and one of which the note is the third."""
NOTHING = np.zeros(WIDTH, np.float32)


class Table:
    """A graph that always gives the same answers."""

    runtime = "a table"

    def __init__(self, *said: int, width: int = WIDTH) -> None:
        self.inputs = (Tensor(0, (1, width), 1 / 100, 0),)
        self.output = Tensor(1, (1, len(said)), 0.1, 0)
        self._said = np.array([said], np.int8)
        self.told: Int8Array = np.zeros((1, width), np.int8)

    def invoke(self, *arrays: Int8Array) -> Int8Array:
        self.told = arrays[0].copy()
        return self._said


def basses(**degrees: int) -> list[int]:
    return [degrees.get(f"_{degree}", -100) for degree in range(12)]


def opened(*said: int) -> HarmonyGraph:
    return HarmonyGraph(Table(*said), SETS)  # type: ignore[arg-type]


def named(graph: HarmonyGraph, row: FloatArray, pitch: int) -> list[Harmony]:
    """The chords, the likeliest first."""
    return [harmony for _, harmony in sorted(graph.likeliest(row, pitch), key=lambda each: -each[0])]


def test_the_likeliest_chord_comes_first_with_its_likeliest_bass() -> None:
    found = named(opened(10, 0, *basses(_0=0, _4=20, _8=90)), NOTHING, 62)
    assert found[0] == Harmony(frozenset({2, 6, 9}), 6)  # D major over F sharp: another chord's bass does not count
    assert len(found) == 6
    assert {each.pitch_classes for each in found} == {frozenset({2, 6, 9}), frozenset({2, 5, 10})}


def test_a_bass_that_is_sure_lets_another_chord_win() -> None:
    sure, unsure = basses(_0=0, _4=0, _7=0, _8=60), basses(_0=0, _4=0, _7=0, _8=0, _3=0)
    assert named(opened(5, 0, *sure), NOTHING, 60)[0] == Harmony(frozenset({0, 3, 8}), 8)
    assert named(opened(5, 0, *unsure), NOTHING, 60)[0].pitch_classes == {0, 4, 7}


def test_features_are_rounded_to_the_bytes_of_the_graph() -> None:
    table = Table(0, 0, *basses())
    row = np.zeros(WIDTH, np.float32)
    row[:3] = 1, 0.504, 0.25
    HarmonyGraph(table, SETS).likeliest(row, 60)  # type: ignore[arg-type]
    assert table.told[0, :4].tolist() == [100, 50, 25, 0]


@pytest.mark.parametrize("table", [Table(0, 0, *basses(), width=WIDTH - 1), Table(0, *basses())])
def test_a_graph_for_something_else_is_refused(table: Table) -> None:
    with pytest.raises(ModelError, match=r"harmony\.tflite does not fit"):
        HarmonyGraph(table, SETS)  # type: ignore[arg-type]


def test_the_shipped_graph_closes_on_the_tonic_in_every_key() -> None:
    graph = assemble.chords(Bundle.open("chorales"))
    assert graph is not None
    for up in range(-5, 7):
        history, melody, grid = MelodyHistory(), Melody(), Grid()
        for index, pitch in enumerate((67, 67, 69, 71, 72, 71, 69)):
            history.push(pitch + up, 24, grid.place(24 * index), starts=True)
            melody.push(pitch + up, 24)
        outlook = melody.outlook(67 + up, held=False)
        row = history.features(67 + up, grid.place(24 * 7), outlook, held=False)
        assert named(graph, row, 67 + up)[0] == Harmony(
            frozenset((pitch + up) % 12 for pitch in (7, 11, 2)), (7 + up) % 12
        )


def test_a_bundle_without_the_graph_or_with_one_for_other_features_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert assemble.chords(Bundle.open("keyboard")) is None
    monkeypatch.setattr("bachd.neural.harmonise.melody_features.FINGERPRINT", "of another version")
    assert assemble.chords(Bundle.open("chorales")) is None
