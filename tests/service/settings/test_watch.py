"""When a file counts as saved."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bachd.service.settings.watch import DOUBTFUL, STABLE, SavedFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text("tempo: 84\n")
    return path


def test_a_file_that_is_left_alone_is_not_read_again(path: Path) -> None:
    file = SavedFile(path)
    assert not any(file.saved(now) for now in (0.0, 1.0, 100.0))


def test_a_file_is_read_once_when_it_has_not_changed_for_a_moment(path: Path) -> None:
    file = SavedFile(path)
    path.write_text("tempo: 9")
    assert not file.saved(10.0)
    path.write_text("tempo: 96\nmid")
    assert not file.saved(10.0 + STABLE)
    assert file.saved(10.0 + 3 * STABLE)
    assert not file.saved(20.0)


def test_a_file_that_is_replaced_by_another_one_of_its_size_and_time_is_read(path: Path) -> None:
    file, other = SavedFile(path), path.with_name("other")
    other.write_text("tempo: 96\n")
    time = path.stat().st_mtime_ns
    os.utime(other, ns=(time, time))
    other.replace(path)
    assert [file.saved(now) for now in (10.0, 10.0 + STABLE)] == [False, True]


@pytest.mark.parametrize("lose", [lambda path: path.write_text(""), lambda path: path.unlink()])
def test_an_empty_file_is_one_that_is_being_saved(
    path: Path, lose: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    file = SavedFile(path)
    lose(path)
    assert not any(file.saved(now) for now in (10.0, 10.5, 10.0 + DOUBTFUL, 100.0))
    assert caplog.messages == [f"{path} is empty or gone: the settings stay as they are, until it holds some again"]
    path.write_text("tempo: 96\n")
    assert [file.saved(200.0 + after) for after in (0.0, STABLE, DOUBTFUL)] == [False, False, True]
    path.write_text("tempo: 100\n")
    assert [file.saved(300.0 + after) for after in (0.0, STABLE)] == [False, True]


def test_of_an_empty_file_that_is_played_by_nothing_is_told_until_it_is_saved(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_text("")
    file = SavedFile(path, may_be_empty=True)
    assert not any(file.saved(now) for now in (10.0, 10.0 + DOUBTFUL, 100.0))
    assert caplog.messages == []
    path.write_text("tempo: 96\n")
    assert [file.saved(200.0 + after) for after in (0.0, DOUBTFUL)] == [False, True]
    path.unlink()
    assert not any(file.saved(now) for now in (300.0, 300.0 + DOUBTFUL))
    assert len(caplog.messages) == 1


def test_a_pipe_is_not_waited_for(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)
    assert not any(SavedFile(path).saved(now) for now in (0.0, 1.0, 100.0))
