from __future__ import annotations

import pytest

from bachd.errors import OutputError
from bachd.midi.port_names import full_name, is_instrument, matching, the_one

PORTS = ["Midi Through Port-0", "FP-30X MIDI 1", "FP-30X MIDI 2", "SH-01A MIDI 1", "Piano", "Toy Piano"]


@pytest.mark.parametrize(
    ("client", "port", "name"),
    [
        ("FP-30X", "FP-30X MIDI 1", "FP-30X MIDI 1"),
        ("FLUID Synth (2817)", "Synth input port (2817:0)", "FLUID Synth (2817) Synth input port (2817:0)"),
    ],
)
def test_a_name_says_everything_once(client: str, port: str, name: str) -> None:
    assert full_name(client, port) == name


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("sh-01", ["SH-01A MIDI 1"]),
        ("FP-30X", ["FP-30X MIDI 1", "FP-30X MIDI 2"]),
        ("piano", ["Piano"]),
        ("iano", ["Piano", "Toy Piano"]),
        (" Through ", ["Midi Through Port-0"]),
        ("organ", []),
    ],
)
def test_part_of_a_name_finds_ports_and_a_whole_name_only_itself(part: str, found: list[str]) -> None:
    assert matching(PORTS, part) == found


def test_two_synths_of_one_make_are_one_name() -> None:
    assert the_one(["SH-01A MIDI 1", "SH-01A MIDI 1"], "SH-01A") == "SH-01A MIDI 1"


def test_several_ports_that_fit_are_listed() -> None:
    with pytest.raises(OutputError) as fault:
        the_one(PORTS, "fp-30x")
    assert str(fault.value) == (
        "midi.output: 'fp-30x' fits several ports: 'FP-30X MIDI 1', 'FP-30X MIDI 2'; write more of the name"
    )


def test_a_name_that_fits_nothing_lists_what_is_there() -> None:
    with pytest.raises(OutputError) as fault:
        the_one(PORTS[3:5], "organ")
    assert str(fault.value) == "midi.output: no MIDI port is called 'organ'; there is 'SH-01A MIDI 1', 'Piano'"


def test_a_name_that_fits_nothing_where_there_is_nothing() -> None:
    with pytest.raises(OutputError, match="there is none at all; is it switched on"):
        the_one([], "organ")


@pytest.mark.parametrize(
    ("name", "chosen"), [("FP-30X MIDI 1", True), ("Midi Through Port-0", False), ("f_midi", False)]
)
def test_auto_never_chooses_what_only_looks_like_an_instrument(name: str, chosen: bool) -> None:
    assert is_instrument(name) is chosen
