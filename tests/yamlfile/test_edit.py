"""One value of a file changed: what stands around it stays, byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bachd.yamlfile.edit import UneditableError, get, put
from bachd.yamlfile.nodes import MalformedError

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
        ("", "voices.bass.mute", True, "voices: {bass: {mute: true}}\n"),
        (
            "voices: {alto: {solo: true}}\n",
            "voices.bass.mute",
            True,
            "voices: {bass: {mute: true}, alto: {solo: true}}\n",
        ),
        (
            "voices:\n  bass:\n    solo: true\n",
            "voices.bass.mute",
            True,
            "voices:\n  bass:\n    solo: true\n    mute: true\n",
        ),
        (
            "voices:\n  bass: # low\n  alto: {}\n",
            "voices.alto.volume",
            80,
            "voices:\n  bass: # low\n  alto: {volume: 80}\n",
        ),
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
        # What stands behind a value stays: spaces, line ends, the empty lines that a block of text ends with.
        ("model: |\n  a\n  b  \n\n\ntempo: 84\n", "model", "x", "model: x  \n\n\ntempo: 84\n"),
        ("model: >-\n  a\n\n", "model", "x", "model: x\n\n"),
        ("tempo: 84   \nmodel: x\n", "tempo", 96, "tempo: 96   \nmodel: x\n"),
        ("tempo: 84\t# calm\r\nmodel: x\r\n", "tempo", 96, "tempo: 96\t# calm\r\nmodel: x\r\n"),
        (
            "seed:\n  piece: |\n    a\n\n\ntempo: 84\n",
            "seed.bars",
            2,
            "seed:\n  piece: |\n    a\n  bars: 2\n\n\ntempo: 84\n",
        ),
        ("midi:\n  output:\n  - a\n  - b \n\ntempo: 84\n", "midi.output", "x", "midi:\n  output:\n  x \n\ntempo: 84\n"),
        ("midi: {output: [a, b] , program: 3}\n", "midi.output", "x", "midi: {output: x , program: 3}\n"),
        ("midi: {output: a}  # end\n", "midi.program", 3, "midi: {program: 3, output: a}  # end\n"),
        ("seed: {\n  bars: 2\n}\ntempo: 84\n", "seed.rng", 1, "seed: {rng: 1, \n  bars: 2\n}\ntempo: 84\n"),
        ("tempo: &a 84\n", "tempo", 96, "tempo: 96\n"),
        ("seed: {piece: }\n", "seed.piece", "x", "seed: {piece: x}\n"),
        ("tempo:", "tempo", 96, "tempo: 96"),
        ("seed: ~\n", "seed.bars", 2, "seed: {bars: 2}\n"),
        ("# a\nnull # b\n", "tempo", 96, "# a\ntempo: 96 # b\n"),
        ("tempo: 84\n...\n", "tempo", 96, "tempo: 96\n...\n"),
    ],
)
def test_only_the_value_changes(before: str, path: str, value: Any, after: str) -> None:
    assert put(before, path, value) == after


@pytest.mark.parametrize("text", ["- a\n", "seed: 5\n", "seed: [5]\n"])
def test_what_is_no_mapping_is_left_alone(text: str) -> None:
    with pytest.raises(UneditableError):
        put(text, "seed.piece", "x")


@pytest.mark.parametrize(
    "text", ["tempo: [", "a: b\n---\nc: d\n", "&a [*a]\n", "a: &a {b: *a}\n", "seed: &a\n  x: [*a]\n", "<<: {a: b}\n"]
)
def test_what_is_not_understood_is_neither_read_nor_edited(text: str) -> None:
    with pytest.raises(MalformedError):
        put(text, "seed.piece", "x")
    with pytest.raises(MalformedError):
        get(text, "seed.piece")


@pytest.mark.parametrize("text", ["tempo: {a: b}\n", "tempo: [[1]]\n", "tempo: [{a: b}]\n"])
def test_a_mapping_is_no_value(text: str) -> None:
    with pytest.raises(UneditableError):
        get(text, "tempo")
    with pytest.raises(UneditableError):
        put(text, "tempo", {"a": 1})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("84", 84),
        ("-8", -8),
        ("084", 84),
        ("84.5", 84.5),
        ("1e2", 100.0),
        ("'84'", "84"),
        ("Yes", True),
        ("off", False),
        ("~", None),
        ("", None),
        ("Null", None),
        ("'null'", "null"),
        ("clock  # or so", "clock"),
        ("[1, no, 'no', x]", [1, False, "no", "x"]),
        ("[]", []),
        ("|\n  two\n  lines", "two\nlines\n"),
    ],
)
def test_a_value_is_got_as_json_has_it(text: str, value: Any) -> None:
    found = get(f"tempo: {text}\n", "tempo")
    assert found == value
    assert type(found) is type(value)


def test_what_was_put_is_got() -> None:
    for value in (1, 2.5, None, True, "x", "null", "12", "it's", "a: b", "a\tb\x1b☃", ["a", "b c"], ["C2", "C6"]):
        assert get(put(SHIPPED, "midi.output", value), "midi.output") == value


@pytest.mark.parametrize(
    "word", ["true", "False", "YES", "no", "on", "off", "y", "N", "null", "~", "1e3", "-", "# a", ""]
)
def test_a_text_that_yaml_would_take_for_something_else_stays_a_text(word: str) -> None:
    text = put("midi: {output: x}\n", "midi.output", word)
    assert get(text, "midi.output") == word
    assert yaml.safe_load(text) == {"midi": {"output": word}}


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
