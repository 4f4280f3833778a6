"""Recipes with the names of older versions."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from bachd.errors import ConfigError
from bachd.training import recipe
from bachd.training.old_names import RENAMED

PATH = Path("train.yaml")


def test_each_old_name_leads_to_a_key_of_today() -> None:
    today = {field.name for field in dataclasses.fields(recipe.Recipe)}
    assert set(RENAMED.values()) <= today
    assert not RENAMED.keys() & today


def test_an_old_name_is_read_with_a_hint_at_its_line(caplog: pytest.LogCaptureFixture) -> None:
    found = recipe.parse("name: mine\ncrop: 64\nhear: {cello: 2}\n", PATH)
    assert (found.crop_length, found.train_on) == (64, {"cello": 2})
    assert caplog.messages == [
        "train.yaml:2: 'crop' is called 'crop_length' now: rename it",
        "train.yaml:3: 'hear' is called 'train_on' now: rename it",
    ]


def test_a_key_with_both_names_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"train\.yaml:2: batch_size: is set in line 1 already"):
        recipe.parse("size: 4\nbatch_size: 8\n", PATH)


def test_a_recipe_that_is_no_mapping_is_left_to_the_check_of_its_keys() -> None:
    with pytest.raises(ConfigError, match="is not a mapping"):
        recipe.parse("hear", PATH)
