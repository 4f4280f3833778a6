"""What the player sends beside the notes: programs, names, tempos and metres."""

from __future__ import annotations

from dataclasses import replace

from bachd.music.keys import Key
from bachd.music.message import bank_select, program_change
from bachd.music.metre import Grid, Metre
from tests.fakes import steps
from tests.realtime.performing import play


def test_banks_and_programs_come_before_the_first_note() -> None:
    patches = [[*bank_select(0, 87 * 128 + 64), program_change(0, 19)], [program_change(4, 48)]]
    sent = [message.data.hex() for message in play(steps("C4"), channels=(1, 5), patches=patches).messages]
    assert sent[1:5] == ["b00057", "b02040", "c013", "c430"]


def test_a_name_in_any_script_is_written_as_utf_8() -> None:
    _, marker, *_ = play(steps("C4", piece="音楽\udcff")).messages
    assert bytes(marker.bytes()).endswith("音楽?".encode())


def test_an_upbeat_is_a_short_bar_in_the_score() -> None:
    played = play(steps("C4:0.5 D4:0.5 E4 F4", Grid(upbeat=24)))
    assert played.signs[2:] == ["0 time_signature 1/4", "24 time_signature 4/4"]


def test_a_later_upbeat_waits_for_its_bar_line_before_it_changes_the_metre() -> None:
    waltz = Grid(((0, Metre(3, 4)),), upbeat=24)
    played = play([*steps("C4:2"), *steps("D4:0.5 E4:0.5 F4", waltz)])
    assert played.signs[1:] == [
        "0 marker a piece",
        "0 time_signature 4/4",
        "48 marker a piece",
        "72 time_signature 3/4",
    ]


def test_an_upbeat_in_triplets_has_no_signature_of_its_own() -> None:
    assert play(steps("C4:1/3 D4", Grid(upbeat=8))).signs[2:] == ["0 time_signature 4/4"]


def test_the_score_says_tempo_names_and_metres() -> None:
    waltz = Grid(((0, Metre(3, 4)),))
    played = play([*steps("C4 D4 E4 F4"), *steps("G4", piece="next"), *steps("A4", waltz)])
    assert played.signs == [
        "0 set_tempo 500000",
        "0 marker a piece",
        "0 time_signature 4/4",
        "96 marker next",
        "120 marker a piece",
        "120 time_signature 3/4",
    ]


def test_a_piece_opens_with_its_key() -> None:
    music = [replace(step, key=Key(0, minor=True)) for step in steps("C4 D#4")]
    assert play(music).signs == [
        "0 set_tempo 500000",
        "0 marker a piece",
        "0 key_signature fd01",
        "0 time_signature 4/4",
    ]
