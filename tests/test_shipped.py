"""The config.yaml that is shipped says the defaults, and all of them."""

from __future__ import annotations

from pathlib import Path

import yaml

from bachd.config import Config, Expression, Midi, Sampling, Seed, Web
from bachd.configfile import load

TOP = Path(__file__).parents[1]


def test_the_shipped_file_says_the_defaults() -> None:
    assert load(TOP / "config.yaml") == Config()


def test_the_shipped_file_explains_every_key() -> None:
    shipped = yaml.safe_load((TOP / "config.yaml").read_text())
    assert list(shipped) == list(Config.__dataclass_fields__)
    for section in (Seed, Midi, Sampling, Expression, Web):
        assert list(shipped[section.__name__.lower()]) == list(section.__dataclass_fields__)
