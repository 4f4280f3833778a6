"""The keys of a terminal, pressed at a real run in a terminal of its own."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bachd.service.pieces import favourites

SECONDS = 60.0
LEFT = r"\x1b\[\?1049l"
"""What gives the screen back."""


class Terminal:
    """A run in a pseudo-terminal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "config.yaml").write_text("midi: {output: none}\nweb: null\ntempo: 250\n")
        self.ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (30, 120))
        self.modes = termios.tcgetattr(theirs)
        self.theirs = theirs
        environment = {**os.environ, "TERM": "xterm-256color", "STATE_DIRECTORY": str(folder / "state")}
        for name in ("LINES", "COLUMNS"):  # of pytest's own terminal
            environment.pop(name, None)
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import os, pty, sys; os.setsid(); import fcntl, termios; "
                "fcntl.ioctl(0, termios.TIOCSCTTY, 0); from bachd.commands.cli import main; sys.exit(main(['run']))",
            ],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=folder,
            env=environment,
        )
        self.seen = ""

    def until(self, text: str, since: int = 0) -> int:
        """Wait until the screen has had a text after an index of what was seen; returns the index behind it."""
        end = time.monotonic() + SECONDS
        while (found := re.search(text, self.seen[since:], re.DOTALL)) is None:
            assert time.monotonic() < end, f"{text!r} was not seen in {self.seen[since:][-3000:]!r}"
            if select.select([self.ours], [], [], 0.2)[0]:
                self.seen += os.read(self.ours, 65536).decode(errors="replace")
        return since + found.end()

    def press(self, key: str) -> int:
        """Press a key; returns the index of what was seen before."""
        os.write(self.ours, key.encode())
        return len(self.seen)

    def drain(self) -> None:
        """Read what there is, so that nobody waits for room."""
        while select.select([self.ours], [], [], 0.1)[0]:
            self.seen += os.read(self.ours, 65536).decode(errors="replace")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    found = Terminal(tmp_path)
    try:
        found.until("keys: space pause")
        found.until(r"\x1b\[\?1049h")  # without the view, Ctrl-Z has nothing to give back
        yield found
    finally:
        found.process.kill()
        found.process.wait()
        os.close(found.ours)
        os.close(found.theirs)


def test_keys_steer_the_music_and_q_ends_it(terminal: Terminal) -> None:
    terminal.until("paused; space goes on", terminal.press(" "))
    terminal.until("playing", terminal.press(" "))
    terminal.until("254 bpm, from the next bar on", terminal.press("+"))
    terminal.until(r"in use from this bar on: tempo\x1b")  # and not of config.yaml, which nobody has touched
    terminal.until("250 bpm, from the next bar on", terminal.press("-"))
    terminal.until("this piece again, from the next bar on", terminal.press("r"))
    since = terminal.press("k")
    terminal.until("kept so far as favourite 1; the rest follows", since)
    terminal.until("another piece, from the next bar on", terminal.press("n"))
    terminal.until("kept: bachd render bach.mid --favourite 1", since)
    terminal.until(r"the music pauses at \d\d:\d\d; s again for later", terminal.press("s"))
    terminal.until(r"the music pauses at \d\d:\d\d; s again for later", terminal.press("s"))
    for _ in range(2):
        terminal.until("s again for later", terminal.press("s"))
    terminal.until("no sleep timer", terminal.press("s"))
    terminal.until("keys: space pause", terminal.press("?"))
    terminal.press("q")
    terminal.until(r"\x1b\[\?1049l")
    terminal.drain()
    assert terminal.process.wait(SECONDS) == 0
    assert termios.tcgetattr(terminal.theirs) == terminal.modes


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL, None])
def test_a_piece_that_was_asked_for_is_kept_however_the_run_ends(
    terminal: Terminal, number: signal.Signals | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    since = terminal.until("kept so far as favourite 1", terminal.press("k"))
    (before,) = [len(favourites.find(each["favourite"]).steps) for each in favourites.kept()]
    terminal.until("bar [3-9]", since)  # more of it is played
    if number is None:
        terminal.press("q")
    else:
        terminal.process.send_signal(number)
    if number is not signal.SIGKILL:
        terminal.until(r"\x1b\[\?1049l.*kept as far as it was played: .* --favourite 1", since)
        terminal.drain()
    terminal.process.wait(SECONDS)
    (after,) = [len(favourites.find(each["favourite"]).steps) for each in favourites.kept()]
    assert after == before if number is signal.SIGKILL else after > before


def test_a_fault_in_force_is_printed_when_the_view_is_left(terminal: Terminal) -> None:
    terminal.until("250 bpm")
    (terminal.folder / "config.yaml").write_text("midi: {output: none}\nweb: null\ntempo: 1200\n")
    terminal.until("1200 is not between 20 and 300")
    since = terminal.press("q")
    terminal.until("config refused: config.yaml:3: tempo: 1200 is not between 20 and 300", terminal.until(LEFT, since))


def test_a_fault_that_is_mended_is_not(terminal: Terminal) -> None:
    terminal.until("250 bpm")
    good = (terminal.folder / "config.yaml").read_text()
    (terminal.folder / "config.yaml").write_text("tempo: 1200\n")
    terminal.until("1200 is not between 20 and 300")
    (terminal.folder / "config.yaml").write_text(good.replace("250", "251"))
    terminal.until("251 bpm")
    since = terminal.press("q")
    since = terminal.until(LEFT, since)
    terminal.until("stopped after", since)
    assert "refused" not in terminal.seen[since:]


def test_ctrl_z_gives_the_terminal_back_and_fg_goes_on(terminal: Terminal) -> None:
    since = terminal.press("\x1a")
    terminal.until(r"\x1b\[\?1049l.*\x1b\[\?25h|\x1b\[\?25h.*\x1b\[\?1049l", since)
    terminal.drain()
    _, status = os.waitpid(terminal.process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    assert termios.tcgetattr(terminal.theirs) == terminal.modes
    since = len(terminal.seen)
    os.kill(terminal.process.pid, signal.SIGCONT)
    since = terminal.until(r"\x1b\[\?1049h", since)
    terminal.until("paused; space goes on", terminal.press(" "))
    terminal.press("q")
    terminal.until(r"\x1b\[\?1049l", since)
    terminal.drain()
    assert terminal.process.wait(SECONDS) == 0
