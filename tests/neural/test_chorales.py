"""The bundle that comes with bachd, in each runtime that is installed here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest

from bachd.errors import ModelError
from bachd.music.loop_detector import frozen, periodic
from bachd.music.piece import Origin, Step
from bachd.neural import features
from bachd.neural.bundle import bundle
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.composer import Composer
from bachd.neural.model import TfliteModel
from bachd.neural.sampling.sampler import Sampler
from tests.neural.fakes import INSTALLED


@pytest.fixture(scope="module")
def chorales() -> Bundle:
    return Bundle.open("chorales")


@pytest.fixture(scope="module", params=INSTALLED)
def model(request: pytest.FixtureRequest, chorales: Bundle) -> TfliteModel:
    return TfliteModel.open(chorales.folder, request.param)


def play(chorales: Bundle, model: TfliteModel, count: int, rng: int, temperature: float = 0.95) -> list[Step]:
    random = Random(rng)
    sampler = Sampler(model, random, temperature=temperature, top_p=0.98, pitches=chorales.card.pitches)
    composer = Composer(
        model,
        sampler,
        first=chorales.seed("bwv269"),
        others=chorales.seed_names,
        load=chorales.seed,
        bars=4,
        rng=random,
    )
    return [composer.next() for _ in range(count)]


def test_it_is_the_bundle_of_its_name() -> None:
    assert "chorales" in bundle.names()
    assert bundle.folder("chorales") == Bundle.open("chorales").folder


def test_every_seed_piece_is_music_the_layout_can_say(chorales: Bundle) -> None:
    assert len(chorales.seed_names) >= 24
    for name in chorales.seed_names:
        piece = chorales.seed(name)
        assert piece.name == name
        assert piece.grid.place(piece.ticks).bar > 6  # there is more of it than begins the music
        low, high = chorales.card.pitches
        assert all(low <= pitch <= high for event in piece.events for pitch in event.sounding)
        assert frozen(piece.placed()) == []


@pytest.mark.parametrize("rng", [1, 2])
def test_it_plays_four_parts_in_range_for_ever(chorales: Bundle, model: TfliteModel, rng: int) -> None:
    steps = play(chorales, model, 1000, rng)
    assert frozen((step.event, step.place) for step in steps) == []
    assert periodic([step.event for step in steps]) == {}
    played = [step.event for step in steps if step.origin is Origin.MODEL]
    low, high = chorales.card.pitches
    assert all(low <= pitch <= high for event in played for pitch in event.sounding)
    assert sum(3 <= len(event.sounding) <= 5 for event in played) > 0.8 * len(played)
    assert len({event.sounding for event in played}) > 100
    assert 1 < sum(step.opens for step in steps) < 100


def test_it_survives_being_told_to_be_dull(chorales: Bundle, model: TfliteModel) -> None:
    steps = play(chorales, model, 1000, 1, temperature=0)
    assert frozen((step.event, step.place) for step in steps) == []
    assert periodic([step.event for step in steps]) == {}


def test_the_same_rng_gives_the_same_music(chorales: Bundle, model: TfliteModel) -> None:
    assert play(chorales, model, 200, 3) == play(chorales, model, 200, 3)
    assert play(chorales, model, 200, 3) != play(chorales, model, 200, 4)


def test_it_hears_the_piece_so_far(chorales: Bundle, model: TfliteModel) -> None:
    piece = chorales.seed("bwv269")
    context = model.context()
    context.reset(piece.grid.place(0))
    start = model.encode(context)
    for event, following in zip(piece.events[:8], list(piece.placed())[1:], strict=False):
        context.push(features.to_layout(event)[0], following[1])
    assert not np.array_equal(model.encode(context), start)


@pytest.mark.parametrize("file", ["trunk.tflite", "head.tflite", "seeds/bwv269.mid"])
def test_damage_is_found_before_anything_is_loaded(chorales: Bundle, tmp_path: Path, file: str) -> None:
    copy = tmp_path / "chorales"
    shutil.copytree(chorales.folder, copy)
    content = bytearray((copy / file).read_bytes())
    content[len(content) // 2] ^= 0x40
    (copy / file).write_bytes(content)
    with pytest.raises(ModelError, match=r"is not the file that card\.json describes"):
        Bundle.open(copy)


def test_loading_says_nothing_on_stderr(chorales: Bundle) -> None:
    load = "from pathlib import Path; from bachd.neural.model import TfliteModel; TfliteModel.open(Path({!r}))"
    command = [sys.executable, "-c", load.format(str(chorales.folder))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert done.stderr == done.stdout == ""
