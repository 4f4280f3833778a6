from __future__ import annotations

import pytest

from bachd.errors import OutputError
from bachd.midi.alsa.sequencer import SequencerPort
from bachd.midi.port_names import candidates, full_name, is_instrument, label, matching, normal, the_one

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


@pytest.mark.parametrize(
    ("name", "chosen"), [("FP-30X MIDI 1", True), ("Midi Through Port-0", False), ("f_midi", False)]
)
def test_auto_never_chooses_what_only_looks_like_an_instrument(name: str, chosen: bool) -> None:
    assert is_instrument(name) is chosen


FIRST = SequencerPort((24, 0), "Boutique MIDI 1", hardware=True, path="3-1.4")
SECOND = SequencerPort((20, 0), "Boutique MIDI 1", hardware=True, path="3-1.10")
LITERAL = SequencerPort((28, 0), "MIDIMATE II #2", hardware=True)


@pytest.mark.parametrize("ports", [[FIRST, SECOND, LITERAL], [LITERAL, SECOND, FIRST]])
@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("boutique", [FIRST, SECOND]),
        ("Boutique#1", [FIRST]),
        ("boutique midi 1 #2", [SECOND]),
        ("Boutique#3", []),
        ("Boutique@3-1.10", [SECOND]),
        ("Boutique@3-1", []),
        ("MIDIMATE II #2", [LITERAL]),
        ("MIDIMATE II #2#1", [LITERAL]),
    ],
)
def test_ports_of_one_name_have_numbers_in_the_order_of_their_sockets(
    ports: list[SequencerPort], part: str, found: list[SequencerPort]
) -> None:
    assert candidates(ports, part) == found


def test_a_label_is_the_name_of_one_port_alone() -> None:
    assert [label(port, [FIRST, SECOND, LITERAL]) for port in (FIRST, SECOND, LITERAL)] == [
        "Boutique MIDI 1@3-1.4",
        "Boutique MIDI 1@3-1.10",
        "MIDIMATE II #2",
    ]


@pytest.mark.parametrize(
    ("spec", "read"),
    [("AUTO", "auto"), ("Jack", "jack"), (" None", "none"), ("File:~/A.mid", "file:~/A.mid"), ("Autoharp", "Autoharp")],
)
def test_words_are_read_in_any_case(spec: str, read: str) -> None:
    assert normal(spec) == read


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
