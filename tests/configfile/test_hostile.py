"""Files that nobody would write by hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bachd.config import Config
from bachd.configfile import load
from bachd.errors import ConfigError
from tests.configfile.conftest import Write, faults


def test_a_file_that_cannot_be_read(write: Write, tmp_path: Path) -> None:
    assert faults(tmp_path / "gone.yaml") == [f"{tmp_path}/gone.yaml: cannot be read: no such file or directory"]
    assert faults(tmp_path) == [f"{tmp_path}: cannot be read: is a directory"]
    assert faults(write(b"tempo: 90\n# caf\xe9")) == ["config.yaml:2: not UTF-8 text; save the file as UTF-8"]


@pytest.mark.parametrize("piece", ["pipe.mid", "/dev/zero", "tiny/"])
def test_a_seed_that_is_no_file_is_not_waited_for(write: Write, tmp_path: Path, piece: str) -> None:
    os.mkfifo(tmp_path / "pipe.mid")
    assert faults(write(f"seed: {{piece: {piece}}}")) == [
        f"config.yaml:1: seed.piece: {str(tmp_path / piece)!r} is not a file"
    ]


def test_ten_megabytes_of_anchors(write: Write) -> None:
    laughs = "a0: &a0 [lol]\n" + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 60))
    assert faults(write(laughs)) == [
        "config.yaml:2: '*a0': anchors and aliases are not understood here; in a text, put quotes around it"
    ]
    assert faults(write(laughs * 3000)) == ["config.yaml: larger than 256 KiB; a settings file has a few lines"]


# Pieces of YAML and of our keys, so that the fuzz gets past the parser now and then.
MARKS = ["\n  ", "\n- ", ": ", "- ", "---", *"[]{}:,-?&*!|>'\"%@`#~\n \t\r.017\x85é"]


WORDS = "tempo seed piece midi model output channels range rng yes null C4 0x1 1e9 file: .mid / ..".split()


YAMLISH = st.lists(st.sampled_from(MARKS + WORDS)).map("".join)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(), YAMLISH, st.binary()))
@example("model: " + "x/" * 3000)
@example("model: " + "x" * 400)
@example("seed: {piece: " + "x" * 400 + ".mid}")
@example("model: ~nobody")
@example("model: '.'")
@example("sampling: {range: ['٣', '" + "9" * 4400 + "']}")
def test_any_content_gives_settings_or_faults(write: Write, content: str | bytes) -> None:
    if isinstance(content, str):
        content = content.encode(errors="surrogatepass")
    told = []
    try:
        assert isinstance(load(write(content)), Config)
    except ConfigError as error:
        told = str(error).split("\n")
    assert all(line.startswith("config.yaml:") and line.isprintable() and len(line) < 1500 for line in told)
