from __future__ import annotations

from pathlib import Path

import pytest

from bachd.errors import ConfigError
from bachd.neural.bundle import bundle
from bachd.training.evaluate.form import aims
from bachd.training.evaluate.form.aims import Aim
from bachd.training.evaluate.form.table import Column


def read(tmp_path: Path, text: str) -> aims.Aims:
    file = tmp_path / aims.FILE
    file.write_text(text)
    return aims.read(file)


def test_a_figure_misses_its_aim_below_or_above_it_or_where_there_is_none(tmp_path: Path) -> None:
    found = read(
        tmp_path, "pieces: 12\nends_perfect: {least: 80}\nkeys: {most: 6.5}\nlength_entropy: {least: 1, most: 2}"
    )
    assert found.pieces == 12
    assert found.missed(Column(12, {"ends_perfect": 80, "keys": 6.5, "length_entropy": 1.5})) == []
    assert found.missed(Column(12, {"ends_perfect": 79, "keys": 7, "length_entropy": 2.1})) == [
        "ends with a perfect authentic cadence: 79 %, and the aim is >= 80",
        "keys a piece: 7.0, and the aim is <= 6.5",
        "entropy of lengths of the top line, bits: 2.10, and the aim is 1 to 2",
    ]
    assert len(found.missed(Column(12, {}))) == 3


def test_an_aim_of_nought_is_one() -> None:
    assert not Aim(0, None).is_met(-1)
    assert not Aim(None, 0).is_met(1)


def test_all_faults_of_the_file_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, "pieces: 0\nends_perfct: {least: 80}\nkeys: {}\nunresolved: 3\n")
    lines = str(caught.value).splitlines()
    assert [line.partition(": ")[0].rpartition(":")[2] for line in lines] == ["1", "2", "3", "4"]
    assert "did you mean 'ends_perfect'" in lines[1]
    assert "least" in lines[2]


def test_there_must_be_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        aims.read(tmp_path / aims.FILE)


@pytest.mark.parametrize("name", bundle.names())
def test_each_bundle_that_is_shipped_has_aims(name: str) -> None:
    assert aims.read(bundle.folder(name) / aims.FILE).figures
