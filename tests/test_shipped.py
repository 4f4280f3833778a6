"""The config.yaml that is shipped is what the table of settings says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bachd.config import Config
from bachd.configfile import load
from bachd.yamlfile.keys import keys

TOP = Path(__file__).parents[1]
SHIPPED = TOP / "config.yaml"


def test_the_shipped_file_says_the_defaults() -> None:
    assert load(SHIPPED) == Config()


def test_the_shipped_file_is_what_the_table_says() -> None:
    command = [sys.executable, "-m", "bachd.config"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=TOP).stdout
    assert told == SHIPPED.read_text(), "run `python -m bachd.config > config.yaml`"


def test_every_key_is_explained_in_lines_that_fit() -> None:
    assert all(key.help for key in keys(Config) if key.kind)
    assert max(map(len, SHIPPED.read_text().splitlines())) <= 120
