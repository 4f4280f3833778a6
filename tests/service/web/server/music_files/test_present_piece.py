"""The piece that plays, written down as far as it is known."""

from __future__ import annotations

from typing import Any

from bachd.service.web.messages import PlanMessage, Step
from bachd.service.web.server.music_files import present_piece
from bachd.service.web.server.music_files.present_piece import PresentPiece
from tests.service.web.played import played


def heard(*steps: Step) -> PresentPiece:
    """A piece of which these steps have been played."""
    piece = PresentPiece()
    for step in steps:
        piece.receive({"type": "step", "step": step})
    return piece


def plan(piece: PresentPiece, steps: list[Any]) -> None:
    message: PlanMessage = {"type": "plan", "steps": steps}
    piece.receive(message)


def test_played_and_planned_steps_are_written_bar_by_bar() -> None:
    music = played("C4:4 D4:4 E4:4 F4:4")
    piece = heard(*music[:2])
    plan(piece, music[2:])
    name, text = piece.known.write(2, 2)
    assert name == "a-piece"
    assert b"<work-title>After a piece</work-title>" in text
    assert [letter in text for letter in (b"<step>C", b"<step>D", b"<step>E", b"<step>F")] == [False, True, True, False]
    assert text.count(b"<measure ") == 2 * text.count(b"<part ")
    assert b"light-heavy" not in text


def test_bars_that_are_not_known_are_nothing() -> None:
    assert PresentPiece().known.write(0, 0) == ("", b"")
    assert heard(*played("C4:4")).known.write(7, 1) == ("", b"")


def test_another_piece_begins_a_new_page_and_ends_the_one_before() -> None:
    first, second = played("C4:4 D4:4"), played("E4:4", piece="other", start=2)
    piece = heard(*first)
    plan(piece, list(second))
    assert b"light-heavy" in piece.known.write(0, 0)[1]
    assert b"<step>E" not in piece.known.write(0, 0)[1]
    piece.receive({"type": "step", "step": second[0]})
    name, text = piece.known.write(0, 0)
    assert (name, b"<step>D" in text) == ("other", False)


def test_what_was_retracted_is_not_written() -> None:
    music = played("C4:4 D4:4 E4:4")
    piece = heard(*music)
    piece.receive({"type": "retracted", "n": 1, "steps": [{**music[1], "ticks": 24}]})
    text = piece.known.write(0, 0)[1]
    assert b"<step>E" not in text
    assert b"<type>quarter</type>" in text


def test_the_names_are_those_of_the_feed() -> None:
    (step,) = played("A#3:4")
    step["notes"] = [(58, "Bb3", 0)]
    assert b"<alter>-1</alter>" in heard(step).known.write(0, 0)[1]


def test_the_silence_after_a_piece_ends_with_its_bar() -> None:
    music = played("C4:3 R:5")
    music[1]["origin"] = "breath"
    text = heard(*music).known.write(0, 0)[1]
    assert text.count(b"<measure ") == text.count(b"<part ")
    late = played("C4:4 R:4")
    late[1]["origin"] = "breath"
    assert b"<rest" not in heard(*late).known.write(0, 0)[1]


def test_a_piece_without_end_takes_no_more_than_its_share(monkeypatch: Any) -> None:
    monkeypatch.setattr(present_piece, "MOST", 8)
    piece = heard(*played("C4 " * 30))
    assert len(piece.known.steps) == 8
