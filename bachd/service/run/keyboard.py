"""Steer a run by the keys of its terminal.

Law: a key does what the page's button does; the terminal is as it was before whenever the shell has it, after Ctrl-Z,
too. Without a terminal in the foreground there are no keys.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import termios
import tty
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, Final, TextIO

from bachd.config import Config
from bachd.errors import BachdError, UsageError
from bachd.service.pieces.keeper import Asked, told
from bachd.yamlfile.keys import keys

if TYPE_CHECKING:
    from types import TracebackType

    from bachd.service.run.terminal import TerminalView
    from bachd.service.web.commands import Commands

log = logging.getLogger("bachd")

HELP: Final = "keys: space pause, n next piece, r this one again, + - tempo, k keep it, s sleep, q quit"
STEP: Final = 4
"""Quarter notes a minute that + and - change the tempo by."""
SLEEP: Final = (15, 30, 60, 120)
"""Minutes of the sleep timer."""
_SETTLING: Final = 0.3
"""Seconds in which what sounds is released, before the process is stopped."""


class Keyboard:
    """The keys of a terminal, while this context lasts."""

    def __init__(
        self,
        stream: TextIO,
        commands: Commands,
        stop: Callable[[], object],
        view: Callable[[], TerminalView | None],
    ) -> None:
        """Read nothing yet. stream: standard input. stop: ends the run. view: returns what is drawn there."""
        self._fd = stream.fileno()
        self._commands = commands
        self._stop = stop
        self._view = view
        self._before: list[Any] | None = None
        self._sleep_in = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Keyboard:
        loop = asyncio.get_running_loop()
        self._take_terminal()
        loop.add_reader(self._fd, self._read)
        loop.add_signal_handler(signal.SIGTSTP, lambda: self._start(self._suspend()))
        self._say(HELP)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, traceback: TracebackType | None
    ) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._fd)
        loop.remove_signal_handler(signal.SIGTSTP)
        self._give_terminal()

    def _take_terminal(self) -> None:
        """Have each key at once and unseen. Ctrl-C and Ctrl-Z stay signals."""
        with suppress(termios.error, OSError):
            self._before = termios.tcgetattr(self._fd)
            tty.setcbreak(self._fd, termios.TCSANOW)

    def _give_terminal(self) -> None:
        if self._before is not None:
            with suppress(termios.error, OSError):
                termios.tcsetattr(self._fd, termios.TCSANOW, self._before)

    def _read(self) -> None:
        try:
            pressed = os.read(self._fd, 64).decode(errors="replace")
        except OSError:
            pressed = ""
        if not pressed:  # the terminal has gone
            asyncio.get_running_loop().remove_reader(self._fd)
        elif not pressed.startswith("\x1b"):  # arrows and the like mean nothing
            for key in pressed:
                self._start(self._press(key))

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _press(self, key: str) -> None:
        try:
            said = await self._do(key)
        except BachdError as fault:
            said = str(fault)
        if said:
            self._say(said)

    async def _do(self, key: str) -> str:
        match key:
            case " ":
                going = self._commands.running
                await self._commands.handle("pause" if going else "play", None)
                return "paused; space goes on" if going else "playing"
            case "n" | "N":
                await self._commands.handle("next", None)
                return "another piece, from the next bar on"
            case "r" | "R":
                await self._commands.handle("again", None)
                return "this piece again, from the next bar on"
            case "+" | "=" | "-":
                return await self._change_tempo(-STEP if key == "-" else STEP)
            case "k" | "K":
                asked = Asked(**await self._commands.handle("keep", None))
                so_far = f"kept so far as favourite {asked.kept['number']}; the rest follows when it is over"
                return told(asked) if asked.whole else so_far
            case "s" | "S":
                return await self._sleep()
            case "q" | "Q":
                self._stop()
                return ""
            case "?":
                return HELP
        return ""

    async def _sleep(self) -> str:
        """Have the sleep timer set, later each time, and then off."""
        self._sleep_in = next((minutes for minutes in SLEEP if minutes > self._sleep_in), 0)
        rest = (await self._commands.handle("sleep", {"minutes": self._sleep_in or None}))["rest"]
        return f"the music {rest}; s again for later, or never" if self._sleep_in else "no sleep timer"

    async def _change_tempo(self, step: int) -> str:
        tempo = self._commands.tempo
        if isinstance(tempo, str):
            raise UsageError(f"the music follows a tempo from outside: tempo is {tempo}")
        low, high = next(key.kind.limits for key in keys(Config) if key.path == "tempo" and key.kind) or (tempo, tempo)
        wanted = min(high, max(low, tempo + step))
        await self._commands.handle("change", {"tempo": wanted})
        return f"{wanted:g} bpm, from the next bar on"

    def _say(self, line: str) -> None:
        log.info("%s", line)
        if (view := self._view()) is not None:
            view.redraw()

    async def _suspend(self) -> None:
        """Release what sounds, give the terminal back and stop; go on after `fg`."""
        going = self._commands.running
        if going:
            with suppress(BachdError):
                await self._commands.handle("pause", None)
            await asyncio.sleep(_SETTLING)
        view = self._view()
        if view is not None:
            view.leave()
        self._give_terminal()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._take_terminal()
        if view is not None:
            view.enter()
        if going:
            with suppress(BachdError):
                await self._commands.handle("play", None)


def opened(
    commands: Commands, stop: Callable[[], object], view: Callable[[], TerminalView | None]
) -> AbstractContextManager[object]:
    """The keys of the terminal that this process runs in, if it does; see `Keyboard`."""
    if not (is_in_foreground(sys.stdin) and sys.stdout.isatty()):
        return nullcontext()
    return Keyboard(sys.stdin, commands, stop, view)


def is_in_foreground(stream: TextIO) -> bool:
    """Whether a stream is a terminal whose keys are for this process."""
    try:
        return stream.isatty() and os.tcgetpgrp(stream.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False
