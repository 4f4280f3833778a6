"""The page's end in the daemon: starts the process that serves it, feeds it, and hands on what it asks for.

Law: nothing here can delay the music. To tell costs a system call and never waits; what the other process does not take
at once is dropped; and however it fails, the music goes on.

The other process is `python -m bachd.service.web.server`, and has the listening socket and one end of a pair.
Both ways go lines of JSON: from here what the page's feed says, word for word, and answers; from there requests.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Coroutine, Sequence
from concurrent.futures import Executor
from ipaddress import ip_address
from time import monotonic, time
from typing import TYPE_CHECKING, Any, Final

from bachd.errors import BachdError
from bachd.service import state_dir
from bachd.service.web import listen_socket
from bachd.service.web.step_json import described, seconds

if TYPE_CHECKING:
    from bachd.music.piece import Step
    from bachd.service.parts import Exchange
    from bachd.service.status import Snapshot
    from bachd.service.web.commands import Commands

log = logging.getLogger("bachd")

STEADY: Final = 60.0
"""Seconds after which a process that ends has served well, and its end is no failure to start."""
MOST_FAILURES: Final = 5

ORDERS: Final = ("play", "pause", "stop", "panic")
_LONGEST: Final = 1 << 18
"""Bytes of a request."""


class Page:
    """The process that serves the page, and what it is told."""

    def __init__(self, commands: Commands, exchange: Exchange, thread: Executor) -> None:
        """Starts nothing. `commands` carries out requests, in the event loop; `thread` is for what may block."""
        self.link: str | None = None
        """Where people find the page, with the token if it needs one; None while it is not served."""
        self._commands = commands
        self._exchange = exchange
        self._run = f"{os.getpid()} {time()}"
        self._thread = thread
        self._listen: tuple[str, int] | None = None
        self._moved = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None
        self._requests: set[asyncio.Task[None]] = set()
        self._number = 0
        self._tick = 0
        self._end = 0.0
        self.watched = False
        """Whether anybody looks."""

    async def run(self) -> None:
        """Serve at the address last given to `move`, until this is cancelled."""
        while True:
            self._moved.clear()
            serving = None if self._listen is None else asyncio.create_task(self._serve(self._listen))
            if serving is not None:
                serving.add_done_callback(_look_after)
            try:
                await self._moved.wait()
            finally:
                if serving is not None:
                    serving.cancel()
                    await asyncio.wait([serving])

    def move(self, listen: tuple[str, int] | None) -> None:
        """Serve at this address and port from now on; None is nowhere."""
        if listen != self._listen:
            self._listen = listen
            self._moved.set()

    async def _serve(self, listen: tuple[str, int]) -> None:
        """Serve there; returns, having said why, if that cannot be done."""
        try:
            listener = listen_socket.inherited() or await listen_socket.listening(*listen)
            host, port, *_ = listener.getsockname()
            local = ip_address(host).is_loopback
            home = state_dir.folder()
            token = None if local else state_dir.token(home)
        except (BachdError, OSError, ValueError) as fault:
            log.warning("the music plays without the page: %s", fault)
            return
        self.link = listen_socket.link(host, port, token)
        log.info(
            "the page is at %s",
            self.link if local else f"{listen_socket.link(host, port, None)} ('bachd status' has the token)",
        )
        failures = 0
        with listener:
            try:
                while failures < MOST_FAILURES:
                    began = monotonic()
                    await self._live(listener, {"type": "open", "token": token, "home": str(home), "run": self._run})
                    failures = 0 if monotonic() - began > STEADY else failures + 1
            finally:
                self.link = None
        log.warning("the page ended %d times in a row, and is off until bachd is started again", failures)

    async def _live(self, listener: socket.socket, opening: dict[str, Any]) -> None:
        """One life of the other process."""
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = await loop.run_in_executor(self._thread, _start, theirs.fileno(), listener.fileno())
        except BaseException:
            ours.close()  # which ends the process, if it has been started meanwhile
            raise
        try:
            reader, self._writer = await asyncio.open_connection(sock=ours, limit=_LONGEST)
            self._write(opening)
            self.refresh()
            while line := await reader.readline():
                self._take(json.loads(line))
        except (OSError, ValueError, LookupError) as fault:
            log.warning("the page is started again: %s", fault)
        finally:
            for task in self._requests:
                task.cancel()
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            process.kill()
            process.wait()

    def _take(self, line: dict[str, Any]) -> None:
        if "log" in line:
            log.warning("the page: %s", line["log"])
            return
        if "watched" in line:
            self.watched = bool(line["watched"])
            return
        self._start_task(self._answer(line["id"], line["do"], line["with"]))

    def _start_task(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)
        task.add_done_callback(_look_after)

    def refresh(self) -> None:
        """Tell the settings anew."""
        self._start_task(self._tell_settings())

    async def _tell_settings(self) -> None:
        self.tell("settings", settings=await self._commands.handle("settings", None))

    async def _answer(self, number: int, what: str, given: Any) -> None:
        answer: dict[str, Any] = {"type": "answer", "id": number}
        try:
            answer["ok"] = await self._commands.handle(what, given)
            if what in ORDERS:
                self.tell("going" if self._commands.running else "halted")
            elif what != "settings":
                self.tell("settings", settings=answer["ok"])
        except BachdError as fault:
            answer["status"] = 409 if what in ("save", *ORDERS) else 422
            answer["faults"] = str(fault).splitlines()
        except Exception:  # a request must not end the music
            log.exception("the page asked for %r, and that failed", what)
            answer["faults"] = ["this is a bug in bachd; its log says more"]
        self._write(answer)

    def tell(self, kind: str, **said: Any) -> None:
        """Say something to whoever looks, unless the other process has not even taken what was said before."""
        if self._writer is not None and not self._writer.transport.get_write_buffer_size():
            self._write({"type": kind, **said})

    def step(self, step: Step, due: float, bpm: float) -> None:
        """A step has been handed to the player, and sounds at `due`, monotonic seconds; bpm: quarter notes a minute."""
        told = described(step, self._number, self._tick, due, bpm, self._channels)
        self._number += 1
        self._tick += step.event.ticks
        self._end = due + seconds(step, bpm)
        self.tell("step", step=told)

    def plan(self, coming: Step | None, ahead: Sequence[Step]) -> None:
        """What will be handed over after the last step, first what is `coming`; told while somebody looks."""
        if not self.watched:
            return
        steps = ahead if coming is None else [coming, *ahead]
        number, tick, due, told = self._number, self._tick, self._end, []
        for step in steps:
            bpm = self._exchange.present.bpm * step.pace
            told.append(described(step, number, tick, due, bpm, self._channels))
            number, tick, due = number + 1, tick + step.event.ticks, due + seconds(step, bpm)
        self.tell("plan", steps=told)
        if steps and (chances := steps[0].chances):
            events = [{"text": "the end" if event is None else str(event), "p": round(p, 4)} for event, p in chances]
            self.tell("alternatives", n=self._number, events=events)

    def status(self, snapshot: Snapshot) -> None:
        """How the run is doing; not where the page is, which would tell its token."""
        told = {name: value for name, value in snapshot.items() if name != "page"}
        self.tell("status", status={**told, "playing": self._commands.running})

    @property
    def _channels(self) -> Sequence[int]:
        return self._exchange.present.config.midi.channels

    def _write(self, message: dict[str, Any]) -> None:
        if self._writer is not None:
            self._writer.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")


def _look_after(task: asyncio.Task[None]) -> None:
    """Put into the log what ended a task; it must not end the music."""
    if not task.cancelled() and (bug := task.exception()) is not None:
        log.error("something of the page has failed: %s", bug, exc_info=bug)


def _start(channel: int, listener: int) -> subprocess.Popen[bytes]:
    """Start the other process, with two sockets of this one."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LISTEN_", "NOTIFY_", "WATCHDOG_"))  # what is between systemd and this process
    }
    return subprocess.Popen(
        [sys.executable, "-m", "bachd.service.web.server", str(channel), str(listener)],
        pass_fds=(channel, listener),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # what it has to say comes through the channel
        start_new_session=True,  # Ctrl-C is for this process; that one ends with its channel
        env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},  # the same bachd
    )
