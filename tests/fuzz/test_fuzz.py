"""What the fuzz has found once, and a little of what it tries: `python -m tests.fuzz` tries 20,000 cases."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from bachd.config import Config, Seed
from bachd.service.factory import open_composer
from bachd.service.render import until
from tests.fuzz.configs import SHIPPED, configs
from tests.fuzz.holding import HOLDS
from tests.fuzz.scores import scores

FOUND = sorted(Path(__file__).with_name("found").iterdir())


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_what_was_found_once_holds_now(path: Path, tmp_path: Path) -> None:
    HOLDS["config" if path.suffix == ".yaml" else "score"](path.read_bytes(), tmp_path)


def test_a_good_file_is_accepted_and_a_bad_one_refused(tmp_path: Path) -> None:
    assert HOLDS["config"](SHIPPED, tmp_path)
    assert not HOLDS["config"](b"tempo: 1200", tmp_path)
    good = next(iter(sorted(Path(__file__).parents[2].glob("models/chorales/seeds/*.mid"))))
    assert HOLDS["score"](good.read_bytes(), tmp_path)
    assert not HOLDS["score"](good.read_bytes()[:20], tmp_path)


def test_what_grows_from_a_file_of_a_few_bytes_is_bounded_work(tmp_path: Path) -> None:
    for beats, unit in ((255, 0), (255, 5), (1, 5), (12, 0)):
        # 143,999 quarter notes, one less than the longest piece that is read has.
        note = b"\0\x90\x3c\x40\x81\xd2\xf7\x68\x80\x3c\x40\0\xff\x2f\0"
        body = bytes((0, 0xFF, 0x58, 4, beats, unit, 24, 8)) + note
        (tmp_path / "seed.mid").write_bytes(b"MThd\0\0\0\6\0\0\0\1\0\x18MTrk" + len(body).to_bytes(4) + body)
        composer = open_composer(Config(device="cpu", seed=Seed(piece=str(tmp_path / "seed.mid"))), 1)
        assert sum(1 for _ in until(8, composer)) < 600, (beats, unit)


@settings(max_examples=200)
@given(configs())
def test_any_config_holds(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    HOLDS["config"](data, tmp_path_factory.getbasetemp())


@settings(max_examples=60)
@given(scores())
def test_any_score_holds(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    HOLDS["score"](data, tmp_path_factory.getbasetemp())
