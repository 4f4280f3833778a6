from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from random import Random

import pytest

from bachd.config import Config
from bachd.music import midifile
from bachd.music.event import TICKS, parse_line
from bachd.music.metre import Grid
from bachd.music.performance import tempo
from bachd.music.piece import Origin, Piece
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.bundle.card import Card
from tests.neural.fakes import ScriptedModel, restless

pytest.importorskip("tqdm", reason="needs the extra 'train'")
from bachd.training.evaluate import free_run

SEED = Piece("seed", parse_line("G2.B3.D4.G4 D3.A3.D4.F#4 " * 10), Grid())


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return Bundle(tmp_path, Card("small", {}, {"seed": "seed.mid"}, (40, 80)), {"seed": midifile.write(SEED)})


def test_what_is_measured_has_the_settings_that_play() -> None:
    config = Config()
    # A setting that is added to config.yaml has to reach the free run, too.
    names = ["temperature", "top_p", "key", "leading", "range", "lookahead"]
    assert [setting.name for setting in fields(config.sampling)] == names
    assert (config.sampling.temperature, config.sampling.top_p, config.sampling.key) == (None, None, None)
    assert config.sampling.leading is free_run.LEADING
    assert config.sampling.range is None
    assert config.seed.bars == free_run.BARS
    assert tempo.USUAL == free_run.BPM


def test_the_row_holds_what_the_model_made_and_nothing_else(bundle: Bundle) -> None:
    script = parse_line("C4.E4:2 D4.F4 E4.G4")
    music = free_run.play(bundle, ScriptedModel([*script, None] * 20), 92 / 84 / 60, rng=1)
    composer = free_run.composer(bundle, ScriptedModel([*script, None] * 20), Random(1))
    steps = [composer.next() for _ in range(2 * len(music.row) + 100)]
    made = [step.event for step in steps if step.origin is Origin.MODEL][: len(music.row)]
    assert music.pieces >= 1
    assert music.hours == pytest.approx(92 / 84 / 60, rel=0.1)
    assert music.row.ticks.tolist() == [event.ticks for event in made]
    assert music.row.breaks[0]


def test_the_same_rng_plays_the_same_and_stays_in_range(bundle: Bundle) -> None:
    first, second = (free_run.play(bundle, restless(Random(7)), 0.05, rng=1) for _ in range(2))
    assert len(first.row) > 50
    assert first.row.chords().tolist() == second.row.chords().tolist()
    assert (first.frozen, first.periodic, first.out_of_range) == (0, 0, 0)


def test_an_excerpt_has_sixteen_bars_where_the_piece_has(bundle: Bundle) -> None:
    long = parse_line("C4.E4 D4.F4 E4.G4 F4.A4 G4.B4 A4.C5 B4.D5 " * 11)
    music = free_run.play(bundle, ScriptedModel(long), 0.02, rng=1)
    assert 15 * 4 * TICKS < sum(event.ticks for event in music.excerpt) <= 16 * 4 * TICKS


def test_bach_is_counted_by_the_same_rules() -> None:
    circling, still = parse_line("C4 D4 " * 40), parse_line("C3:4 C3:4 C3:4 D3")
    pieces = [Piece("circling", circling, Grid()), Piece("still", still, Grid())]
    music = free_run.written(pieces, (50, 61), pieces[::-1])
    assert (music.pieces, music.frozen, music.periodic) == (2, 1, 1)
    assert music.out_of_range == 40 + 3
    assert music.excerpt == circling[:64]
    assert len(music.row) == 84
