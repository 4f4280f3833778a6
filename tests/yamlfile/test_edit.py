"""One value of a file changed: what stands around it stays, byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bachd.yamlfile.edit import UneditableError, get, put

TOP = Path(__file__).parents[2]
SHIPPED = (TOP / "config.yaml").read_text()


@pytest.mark.parametrize(
    ("before", "path", "value", "after"),
    [
        ("tempo: 84  # calm\n", "tempo", 96, "tempo: 96  # calm\n"),
        ("tempo:   # calm\nmodel: cello\n", "tempo", 96, "tempo: 96   # calm\nmodel: cello\n"),
        ("", "tempo", 96.5, "tempo: 96.5\n"),
        ("# mine\n", "tempo", 96.0, "# mine\ntempo: 96\n"),
        ("model: cello", "tempo", 96, "model: cello\ntempo: 96\n"),
        ("model: cello\r\n", "tempo", 96, "model: cello\r\ntempo: 96\r\n"),
        ("seed: {piece: bwv269, rng: 5}\n", "seed.piece", None, "seed: {piece: null, rng: 5}\n"),
        ("seed: {rng: 5}\n", "seed.piece", "bwv269", "seed: {piece: bwv269, rng: 5}\n"),
        ("seed: {}\ntempo: 84\n", "seed.bars", 2, "seed: {bars: 2}\ntempo: 84\n"),
        ("seed:\ntempo: 84\n", "seed.bars", 2, "seed: {bars: 2}\ntempo: 84\n"),
        ("tempo: 84\n", "seed.bars", 2, "tempo: 84\nseed: {bars: 2}\n"),
        (
            "seed:\n  # why\n  piece: x # end\n\n# next\ntempo: 84\n",
            "seed.bars",
            2,
            "seed:\n  # why\n  piece: x # end\n  bars: 2\n\n# next\ntempo: 84\n",
        ),
        (
            "midi:\n  output:\n    - one # a\n    - two # b\n\n# next\ntempo: 84\n",
            "midi.output",
            ["none"],
            "midi:\n  output:\n    [none] # b\n\n# next\ntempo: 84\n",
        ),
        ("midi:\n  output:\n  - one\n  - two", "midi.program", 3, "midi:\n  output:\n  - one\n  - two\n  program: 3\n"),
        ("midi: {output: 'a b'}\n", "midi.output", ["it's", "no", "ü"], "midi: {output: ['it''s', 'no', 'ü']}\n"),
        ('{"tempo": 84}', "tempo", 96, '{"tempo": 96}'),
        ('{"tempo": 84}', "seed.piece", "x", '{seed: {piece: x}, "tempo": 84}'),
        ("# ünïcode ☃ 𝄞\ntempo: 84\n", "tempo", 96, "# ünïcode ☃ 𝄞\ntempo: 96\n"),
    ],
)
def test_only_the_value_changes(before: str, path: str, value: Any, after: str) -> None:
    assert put(before, path, value) == after


@pytest.mark.parametrize("text", ["- a\n", "tempo: [", "seed: 5\n", "a: b\n---\nc: d\n", "&a [*a]\n"])
def test_what_is_no_mapping_is_left_alone(text: str) -> None:
    with pytest.raises(UneditableError):
        put(text, "seed.piece", "x")


def test_a_mapping_is_no_value() -> None:
    with pytest.raises(UneditableError):
        get("tempo: {a: b}\n", "tempo")


def test_what_was_put_is_got() -> None:
    for value in (1, 2.5, None, True, "x", "null", "12", "it's", "a: b", ["a", "b c"], ["C2", "C6"]):
        assert get(put(SHIPPED, "midi.output", value), "midi.output") == value


PLAIN = st.none() | st.booleans() | st.integers(-9999, 9999) | st.text(max_size=20)
PATHS = st.sampled_from(["model", "tempo", "seed.piece", "midi.output", "midi.new", "new", "new.one", "sampling.range"])


@given(PATHS, PLAIN | st.lists(PLAIN, min_size=1, max_size=4))
def test_the_rest_of_the_shipped_file_means_what_it_meant(path: str, value: Any) -> None:
    text = put(SHIPPED, path, value)
    wanted = yaml.safe_load(SHIPPED)
    section, _, key = path.rpartition(".")
    (wanted.setdefault(section, {}) if section else wanted)[key] = value
    assert yaml.safe_load(text) == wanted
    kept, new = SHIPPED.splitlines(), text.splitlines()
    assert sum(line not in new for line in kept) <= 1
    assert len(new) - len(kept) in (0, 1)
