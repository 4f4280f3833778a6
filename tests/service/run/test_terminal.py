"""The view shows the music that goes by, fits any terminal, and gives it back."""

from __future__ import annotations

import io
import logging
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from bachd.music.message import note_off, note_on
from bachd.music.metre import Grid, Metre
from bachd.realtime.output import TimedMessage
from bachd.service.run.terminal import TerminalView, open_view
from tests.fakes import steps

CHORALE = steps("C3.E4.G4.C5 ~C3.F4:0.5 ~C3.~F4.G4:0.5 R:1/3 F#3.G3.A3:2/3 C2.B5:8 G3.B3.D4.G4:0.25")


class Terminal(io.StringIO):
    """A terminal of a size, which may be closed."""

    encoding = "utf-8"
    gone = False

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.gone:
            raise OSError(5, "Input/output error")
        return super().write(text)


def console(terminal: Terminal, width: int = 80, height: int = 24) -> Console:
    return Console(
        file=terminal, width=width, height=height, force_terminal=True, color_system="truecolor", legacy_windows=False
    )


def plain(terminal: Terminal) -> list[str]:
    """The lines on a terminal without their colours."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue()).split("\n")


def frame(
    width: int = 80,
    height: int = 24,
    log: str = "",
    piece: str = "a piece",
    status: str = "84 bpm   FP-30X MIDI 1",
    earlier: tuple[str, ...] = (),
) -> list[str]:
    """The last picture of a chorale, without its colours."""
    terminal = Terminal()
    shown = TerminalView(console(terminal, width, height), lambda: status)
    with shown:
        for step in CHORALE[:-1]:
            shown.show(step)
        for message in (*earlier, log):
            if message:
                shown.handle(logging.makeLogRecord({"msg": message}))
        terminal.seek(0)
        terminal.truncate()
        shown.show(replace(CHORALE[-1], piece=piece))
        return plain(terminal)


def test_it_shows_the_tokens_the_piece_and_the_status() -> None:
    lines = frame()
    assert lines[0].split("   ")[:3] == ["bachd", "after a piece", "bar 3"]
    assert any(line.rstrip().endswith("F#3.G3.A3:2/3  C2.B5:8  G3.B3.D4.G4:0.25") for line in lines)
    assert any(line.startswith("84 bpm   FP-30X MIDI 1") for line in lines)


def test_the_roll_draws_notes_where_they_are() -> None:
    lines = frame()
    middle_c = next(line for line in lines if line.startswith("C4"))
    top = next(line for line in lines if line.startswith("C5"))
    assert top[4:9] in ("▀▀▀▀┈", "▄▄▄▄┈")  # the soprano's C5, a quarter long
    assert middle_c[4:8] == "│┈┈┈"  # a bar line; nothing sounds between E4 and C3


def bar_lines(line: str, grid: Grid) -> list[int]:
    """In which columns of the roll bars begin."""
    terminal = Terminal()
    shown = TerminalView(console(terminal, 300), str)
    with shown:
        for step in steps(line, grid):
            terminal.seek(0)
            terminal.truncate()
            shown.show(step)
    return [match.start() - 4 for match in re.finditer("│", plain(terminal)[1])]


def test_bar_lines_follow_the_metre_and_the_upbeat() -> None:
    waltz = Grid(((0, Metre(3, 4)),), upbeat=24)
    assert bar_lines("R R:2 R R:6 R:2", waltz) == [4, 16, 28, 40]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30))
def test_every_bar_line_is_drawn_where_it_falls_whatever_the_events(lengths: list[int]) -> None:
    line = " ".join(f"R:{length}/24" for length in lengths)
    assert bar_lines(line, Grid(((0, Metre(2, 4)),))) == list(range(0, -(-sum(lengths) // 6), 8))


@given(st.integers(1, 120), st.integers(1, 50))
def test_it_fits_any_terminal(width: int, height: int) -> None:
    lines = frame(width, height, "a long line for the log " * 20, "道" * 100, "84 bpm   道 " * 20)
    assert len(lines) <= height
    assert all(cell_len(line) <= width for line in lines)


@given(st.integers(1, 120), st.integers(1, 50), st.booleans())
def test_it_is_drawn_before_the_first_event_on_any_terminal(width: int, height: int, redrawn: bool) -> None:
    terminal = Terminal()
    shown = TerminalView(console(terminal, width, height), lambda: "status")
    shown.handle(logging.makeLogRecord({"msg": "paused"}))
    with shown:
        if redrawn:
            terminal.truncate(0)
            shown.redraw()
        drawn = plain(terminal)
    assert len(drawn) <= height
    assert "".join(drawn).replace("\0", "").strip() or height == 1


def test_a_terminal_of_two_lines_still_shows_the_present_event() -> None:
    assert frame(30, 2)[0].strip().endswith("G3.B3.D4.G4:0.25")


def test_the_log_is_seen_when_there_is_room() -> None:
    assert any("the synth is gone" in line for line in frame(log="the synth is gone"))


def test_a_long_message_is_seen_to_its_end_before_older_ones_are() -> None:
    refused = "config refused, the music goes on as it was: config.yaml:26: tempo: 1200 is not between 20 and 300"
    lines = frame(log=refused, earlier=("keys: " + "space pause, " * 7, "playing a piece"))
    assert refused in " ".join(map(str.strip, lines))
    assert "playing a piece" in map(str.strip, lines)
    many = [f"config.yaml:{number}: tempo: {number} is not between 20 and 300" for number in range(1, 13)]
    seen = " ".join(map(str.strip, frame(log="config refused: " + "\n".join(many))))
    assert "config refused: config.yaml:1: " in seen
    assert "config.yaml:5: tempo: 5 is not" in seen
    assert "…" in seen


def test_a_long_title_leaves_room_for_the_place_and_a_long_status_has_several_rows() -> None:
    status = "http://192.0.2.2:8080/login#" + "k" * 43 + "   84 bpm   FP-30X MIDI 1   lateness 0.1 ms"
    lines = frame(piece="/home/somebody/" + "tune" * 20, status=status)
    assert re.fullmatch(r"bachd   after /home/some\S+…   bar 3   4/4   the model", lines[0].strip())
    assert status.split() == " ".join(lines).split()[-len(status.split()) :]


def test_an_event_that_is_wider_than_the_terminal_is_cut() -> None:
    assert any(line.strip() == "G3.B3.D4.…" for line in frame(10, 24))


def test_the_terminal_is_given_back_whatever_ends_the_music() -> None:
    terminal = Terminal()

    def interrupted() -> None:
        with TerminalView(console(terminal), str) as shown:
            shown.show(CHORALE[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert terminal.getvalue().index("\x1b[?1049h") < terminal.getvalue().index("\x1b[?1049l")
    assert terminal.getvalue().index("\x1b[?25l") < terminal.getvalue().index("\x1b[?25h")


def test_a_closed_terminal_does_not_stop_the_music() -> None:
    terminal = Terminal()
    with TerminalView(console(terminal), str) as shown:
        shown.show(CHORALE[0])
        terminal.gone = True
        for step in CHORALE:
            shown.show(step)


def test_nothing_is_drawn_after_the_end() -> None:
    terminal = Terminal()
    with TerminalView(console(terminal), str) as shown:
        shown.show(CHORALE[0])
    end = terminal.getvalue()
    shown.show(CHORALE[1])
    assert terminal.getvalue() == end


@pytest.mark.parametrize(
    ("term", "encoding", "tty", "can"),
    [
        ("xterm-256color", "utf-8", True, True),
        ("linux", "utf-8", True, True),
        ("dumb", "utf-8", True, False),
        ("xterm", "ascii", True, False),
        ("xterm", "utf-8", False, False),
    ],
)
def test_it_is_possible_on_a_terminal_that_can_show_it(
    monkeypatch: pytest.MonkeyPatch, term: str, encoding: str, tty: bool, can: bool
) -> None:
    monkeypatch.setenv("TERM", term)
    terminal = Terminal()
    terminal.encoding = encoding
    monkeypatch.setattr(terminal, "isatty", lambda: tty)
    assert (open_view(terminal, str) is not None) is can


def test_what_a_person_plays_has_a_colour_of_its_own_beside_the_voices_that_join() -> None:
    terminal = Terminal()
    shown = TerminalView(console(terminal), lambda: "")
    with shown:
        shown.show(CHORALE[0])
        for messages, is_person in (([note_on(0, 67, 80)], True), ([note_on(0, 48, 60), note_on(0, 52, 60)], False)):
            shown.live.take([TimedMessage(0.0, 0.0, message) for message in messages], is_person)
        terminal.seek(0)
        terminal.truncate()
        shown.redraw()
        assert plain(terminal)[0].rstrip().endswith("you G4   with C3 E3")
        assert "38;2;255;157;107" in terminal.getvalue().split("\n", 3)[-1]
        for message, is_person in ((note_off(0, 67), True), (note_off(0, 48), False), (note_off(0, 52), False)):
            shown.live.take([TimedMessage(0.0, 0.0, message)], is_person)
        terminal.seek(0)
        terminal.truncate()
        shown.redraw()
        assert "38;2;255;157;107" not in terminal.getvalue()
        assert "you" not in plain(terminal)[0]
        shown.live.expected = (53, 57)
        terminal.seek(0)
        terminal.truncate()
        shown.redraw()
        assert plain(terminal)[0].rstrip().endswith("next F3 A3")


def test_a_person_is_drawn_before_there_is_any_music() -> None:
    terminal = Terminal()
    shown = TerminalView(console(terminal), lambda: "")
    with shown:
        shown.live.take([TimedMessage(0.0, 0.0, note_on(0, 67, 80))], True)
        shown.redraw()
    assert "you G4" in terminal.getvalue()
