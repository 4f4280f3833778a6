"""New settings: when a file counts as saved, what is opened for it, and how the music goes on."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bachd.config import Config, Expression, Midi, Sampling, Seed
from bachd.configfile import load
from bachd.errors import BachdError, ConfigError, ModelError, OutputError, SeedError
from bachd.midi.fan_out import FanOut
from bachd.midi.file import FileOutput
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from bachd.service.factory import open_composer
from bachd.service.parts import Parts
from bachd.service.settings.prepare import DOUBTFUL, STABLE, SavedFile, changes, prepare


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
    file = SavedFile(path, told=True)
    assert not any(file.saved(now) for now in (10.0, 10.0 + DOUBTFUL, 100.0))
    assert caplog.messages == []
    path.write_text("tempo: 96\n")
    assert [file.saved(200.0 + after) for after in (0.0, DOUBTFUL)] == [False, True]
    path.unlink()
    assert not any(file.saved(now) for now in (300.0, 300.0 + DOUBTFUL))
    assert len(caplog.messages) == 1


def test_what_has_changed_is_told_by_its_keys() -> None:
    after = Config(
        tempo=96,
        midi=Midi(output=("none",), channels=(2,)),
        sampling=Sampling(top_p=0.5),
        expression=Expression(swing=60),
    )
    assert changes(Config(), after) == "tempo, midi.output, midi.channels, sampling.top_p, expression.swing"
    assert changes(after, after) == ""


class Playing:
    """What a run plays with, and what it would play with by another file."""

    def __init__(self, path: Path) -> None:
        config = Config(seed=Seed(piece="bwv269"), midi=Midi(output=(f"file:{path.parent / 'out.mid'}",)))
        self._path = path
        outputs = FanOut([FileOutput(path.parent / "out.mid")])
        self.parts = Parts(config, 5, open_composer(config, 5), outputs)

    def by(self, text: str) -> Parts:
        kept = ["seed: {piece: bwv269}", f"midi: {{output: 'file:{self._path.parent / 'out.mid'}'}}"]
        kept = [line for line in kept if line.split()[0] not in text]
        self._path.write_text("\n".join([text, *kept]))
        return prepare(load(self._path), self.parts, MonotonicClock(), Lateness(), lambda *_: None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("playing")


@pytest.fixture(scope="module")
def playing(folder: Path) -> Iterator[Playing]:
    playing = Playing(folder / "config.yaml")
    yield playing
    playing.parts.outputs.close()


def test_another_tempo_needs_nothing_new(playing: Playing) -> None:
    parts = playing.by("tempo: 96")
    assert parts == replace(playing.parts, config=replace(playing.parts.config, tempo=96))


def test_other_sampling_leaves_the_piece_as_it_is(playing: Playing) -> None:
    parts = playing.by("sampling: {temperature: 0}")
    assert parts.composer is playing.parts.composer
    assert parts.sampler is not None


def test_another_seed_is_another_piece_from_the_same_network(playing: Playing) -> None:
    parts = playing.by("seed: {piece: bwv296, rng: 9}")
    assert parts.composer is not playing.parts.composer
    assert parts.composer.model is playing.parts.composer.model
    assert parts.composer.next().piece == "bwv296"
    assert parts.rng == 9


def test_an_output_that_stays_is_not_opened_again(playing: Playing, folder: Path) -> None:
    parts = playing.by(f"midi: {{output: ['file:{folder / 'new.mid'}', 'file:{folder / 'out.mid'}']}}")
    assert parts.outputs.outputs[1] is playing.parts.outputs.outputs[0]
    parts.outputs.close(playing.parts.outputs)


@pytest.mark.usefixtures("no_midi")
@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("tempo: 1200\nsampling: {top_p: 7}", ConfigError, "tempo: 1200 is not between 20 and 300\n.*top_p"),
        ("tempo: [", ConfigError, "config.yaml:"),
        ("seed: {piece: ./config.yaml}", SeedError, "config.yaml"),
        ("midi: {output: NOWHERE-1}", OutputError, "no MIDI port is called 'NOWHERE-1'"),
    ],
)
def test_what_cannot_be_had_is_refused(playing: Playing, text: str, kind: type[BachdError], said: str) -> None:
    with pytest.raises(kind, match=said):
        playing.by(text)


def test_a_bundle_that_is_damaged_is_refused(playing: Playing, folder: Path) -> None:
    (folder / "broken").mkdir(exist_ok=True)
    with pytest.raises((ModelError, ConfigError)):
        playing.by("model: ./broken")


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
