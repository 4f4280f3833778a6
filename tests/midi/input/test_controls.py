"""What controllers do, as config.yaml says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bachd import configfile
from bachd.errors import ConfigError
from bachd.midi.input.controls import Control
from bachd.midi.input.trigger import Trigger


def controls(folder: Path, *entries: str) -> tuple[Control, ...]:
    path = folder / "config.yaml"
    path.write_text("midi:\n  controls:\n" + "".join(f"    {entry}\n" for entry in entries))
    return configfile.load(path).midi.controls


def test_a_controller_moves_a_number_through_its_range(tmp_path: Path) -> None:
    (whole, part, turned, bars) = controls(
        tmp_path, "cc 1: tempo", "cc 2: tempo 60 to 120", "cc 3: tempo 60 to 120 inverted pick-up", "cc 4: seed.bars"
    )
    assert [whole.value(position) for position in (0, 1)] == [20, 300]
    assert [part.value(position) for position in (0, 0.5, 1)] == [60, 90, 120]
    assert [turned.value(position) for position in (0, 0.25, 1)] == [120, 105, 60]
    assert (part.pick_up, turned.pick_up) == (False, True)
    assert bars.value(0.49) == 32
    assert isinstance(bars.value(0.49), int)


def test_a_controller_chooses_among_what_a_key_can_be(tmp_path: Path) -> None:
    (leading, turned, together) = controls(
        tmp_path, "cc 1: sampling.leading", "cc 2: sampling.leading inverted", "cc 3: together"
    )
    assert [leading.value(position) for position in (0, 0.49, 0.5, 1)] == [False, False, True, True]
    assert [turned.value(position) for position in (0, 1)] == [True, False]
    assert together.value(0) == "none"


def test_what_is_struck_sets_a_value_or_gives_a_command(tmp_path: Path) -> None:
    found = controls(
        tmp_path,
        "note C2: together harmonise",
        "program 3: tempo 96",
        "pedal: freeze",
        "soft: Next  Piece",
        "program 4: seed.piece bwv269",
        "note D2: sampling.leading false",
        "bend: transpose -12 to 12",
    )
    assert [(each.target, each.is_command, each.values) for each in found] == [
        ("together", False, ("harmonise",)),
        ("tempo", False, (96.0,)),
        ("freeze", True, ()),
        ("next piece", True, ()),
        ("seed.piece", False, ("bwv269",)),
        ("sampling.leading", False, (False,)),
        ("transpose", False, ()),
    ]
    assert found[0].trigger == Trigger("note", 36)
    assert found[-1].value(0.5) == 0


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("cc 23: tempoo", "no command and no key that can be changed live; did you mean 'tempo'"),
        ("cc 23: rerol", "did you mean 're-roll'"),
        ("cc 23: web.listen", "no key that can be changed live"),
        ("cc 23: midi.controls", "no key that can be changed live"),
        ("cc 23: tempo 120 to 60", "the range 120 to 60 runs backwards; write 'tempo 60 to 120 inverted'"),
        ("cc 23: tempo 10 to 60", "10 to 60 leaves the range of tempo, which is 20 to 300"),
        ("note C2: tempo", "'note C2' is only struck; write the value that tempo is to have: 'tempo 20'"),
        ("note C2: tempo 400", "400 is not in the range of tempo, which is 20 to 300"),
        ("note C2: together harmonize", "did you mean 'harmonise'"),
        ("note C2: sampling.leading 3", "sampling.leading is true or false, not '3'"),
        ("cc 23: model", "model has no range; write the value it is to have behind it"),
        ("cc 23:", "what is it to do"),
        ("cc 23: [tempo, model]", "not a single value"),
        ("knob: play", "'knob' is nothing to steer with"),
        ("cc 20 on channel 3: play", "'cc 20' does 'tempo' already; keep one of them"),
    ],
)
def test_an_entry_that_makes_no_sense_is_one_line_and_the_others_hold(
    tmp_path: Path, entry: str, complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        controls(tmp_path, "cc 20: tempo", entry, "cc 24: play")
    assert len(caught.value.faults) == 1
    assert caught.value.faults[0].line == 4
    assert caught.value.faults[0].key == f"midi.controls.{entry.split(':')[0]}"


def test_what_has_a_null_does_nothing(tmp_path: Path) -> None:
    assert [each.target for each in controls(tmp_path, "cc 20: null", "cc 21: tempo", "cc 22: ~")] == ["tempo"]
