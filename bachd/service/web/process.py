"""The daemon's side of the page: start the process that serves it, feed it, and carry out what it asks for.

Law: nothing here can delay the music. To send costs a system call and never waits; what the other process does not take
at once is dropped. However often that process fails, it is started again, and the music goes on.

The other process is `python -m bachd.service.web.server`; it has the listening socket and one end of a pair of sockets.
The messages that go through the pair are in messages.py.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Executor
from functools import partial
from ipaddress import ip_address
from time import monotonic, time
from typing import TYPE_CHECKING, Any, Final, cast

from bachd.config_web import Web
from bachd.errors import BachdError
from bachd.music.notation.spelling import in_key
from bachd.service import state_dir
from bachd.service.person.page_keys import PageKeys
from bachd.service.web import framing, listen_socket, step_json
from bachd.service.web.answers import answer, refuse
from bachd.service.web.channel import Channel
from bachd.service.web.launch import start
from bachd.service.web.messages import DaemonMessage, Opening, PageMessage, Status
from bachd.service.web.page_log import PageLog, log_bug
from bachd.service.web.timeline import Timeline

if TYPE_CHECKING:
    from bachd.music.piece import Step
    from bachd.realtime.output import TimedMessage
    from bachd.service.parts import PartsExchange
    from bachd.service.telemetry.snapshot import Snapshot
    from bachd.service.web.commands import Commands

log = logging.getLogger("bachd")

STEADY: Final = 60.0
"""Seconds after which a process that ends has served well, and the next is started without waiting longer."""
FIRST_WAIT: Final = 0.25
"""Seconds before a process that ended is started again; twice as many each time that it ends soon."""
LONGEST_WAIT: Final = 60.0
MOST_REQUESTS: Final = 32
"""Requests that are carried out at once."""


class Page:
    """The process that serves the page, and what it is sent."""

    def __init__(
        self,
        commands: Commands,
        exchange: PartsExchange,
        thread: Executor,
        snapshot: Callable[[], Snapshot] | None = None,
    ) -> None:
        """Starts nothing. `commands` carries out requests, in the event loop; `thread` is for what may block.

        snapshot: returns how the run is doing, for a process that begins to serve; None: it waits for `status`.
        """
        self.link: str | None = None
        """Where people find the page, with the token if it needs one; None while it is not served."""
        self.watched = False
        """Whether anybody follows the feed."""
        self._commands = commands
        self._snapshot = snapshot
        self._exchange = exchange
        self._run = f"{os.getpid()} {time()}"
        self._thread = thread
        self._web = Web(None)
        self._moved = asyncio.Event()
        self._channel = Channel()
        self._requests: set[asyncio.Task[None]] = set()
        self._log = PageLog()
        self._timeline = Timeline()
        self.keys = PageKeys(lambda _: None, monotonic)
        """Where what is played in browsers goes."""

    async def run(self) -> None:
        """Serve as was last asked for by `move`, until this is cancelled."""
        while True:
            self._moved.clear()
            serving = None if self._web.listen is None else asyncio.create_task(self._serve(*self._web.listen))
            if serving is not None:
                serving.add_done_callback(log_bug)
            try:
                await self._moved.wait()
            finally:
                if serving is not None:
                    serving.cancel()
                    await asyncio.wait([serving])

    def move(self, web: Web) -> None:
        """Serve at another address, or ask for the token otherwise, from now on."""
        if web != self._web:
            self._web = web
            self._moved.set()

    async def _serve(self, host: str, port: int) -> None:
        """Serve there. While that cannot be done, try again and again, and log the reason when it changes."""
        why = ""
        while True:
            try:
                listener = listen_socket.inherited() or await listen_socket.listening(host, port)
                with listener:
                    local = ip_address(listener.getsockname()[0]).is_loopback
                    home = state_dir.folder()
                    token = None if local and self._web.token == "auto" else state_dir.token(home)
                    await self._keep_alive(listener, token, str(home))
            except (BachdError, OSError, ValueError) as fault:
                if why != (why := str(fault)):
                    log.warning("the music plays without the page: %s", fault)
            await asyncio.sleep(LONGEST_WAIT)

    async def _keep_alive(self, listener: socket.socket, token: str | None, home: str) -> None:
        """Start the other process whenever there is none, until this is cancelled."""
        host, port, *_ = listener.getsockname()
        self.link = listen_socket.link(host, port, token)
        told = "" if token is None else " ('bachd status' has the token)"
        log.info("the page is at %s%s", listen_socket.link(host, port, None), told)
        hosts, wait = list(self._web.hosts), FIRST_WAIT
        try:
            while True:
                began = monotonic()
                why = await self._live(
                    listener, {"type": "open", "token": token, "hosts": hosts, "home": home, "run": self._run}
                )
                if monotonic() - began > STEADY:
                    wait = FIRST_WAIT
                if wait < LONGEST_WAIT:  # from then on, that has been logged often enough
                    log.warning("the page ended (%s) and is started again in %g s", why, wait)
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT)
        finally:
            self.link = None

    async def _live(self, listener: socket.socket, opening: Opening) -> str:
        """Start the other process, and return why it has ended."""
        loop = asyncio.get_running_loop()
        try:
            ours, theirs = socket.socketpair()
        except OSError as fault:  # there may be no file descriptors left for now
            return fault.strerror or str(fault)
        try:
            with theirs:
                process = await loop.run_in_executor(self._thread, start, theirs.fileno(), listener.fileno())
        except OSError as fault:
            ours.close()
            return fault.strerror or str(fault)
        except BaseException:
            ours.close()  # which ends the process, if it has been started meanwhile
            raise
        try:
            reader, writer = await asyncio.open_connection(sock=ours)
            self._channel.open(writer)
            self._channel.write(opening)
            if self._snapshot is not None:
                self._channel.write(self._status(self._snapshot()))
            self.refresh()
            while message := await framing.read(reader):
                self._take(json.loads(message))
            why = "its process has ended"
        except (OSError, ValueError, LookupError) as fault:
            why = str(fault)
        finally:
            for task in self._requests:
                task.cancel()
            self._channel.close()
            self.watched = False
            self.keys.let_go()
            process.kill()
            code = process.wait()
        return f"{why}, exit code {code}"

    def _take(self, message: PageMessage) -> None:
        match message["type"]:
            case "log":
                self._log.add(message["line"])
            case "watched":
                self.watched = bool(message["clients"])
                if not self._commands.running:  # nothing is sent of itself, then
                    self.plan(None, self._commands.coming)
            case "played":
                self.keys.play(message["client"], bytes(message["data"]))
            case "request" if len(self._requests) < MOST_REQUESTS:
                self._start_task(answer(self._commands, self._channel, message))
            case "request":
                refuse(self._channel, message, ["too much is being asked for at once; try again"], 503)

    def _start_task(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)
        task.add_done_callback(log_bug)

    def refresh(self) -> None:
        """Send the settings anew."""
        self._start_task(self._send_settings())

    async def _send_settings(self) -> None:
        self._channel.offer({"type": "settings", "settings": await self._commands.handle("settings", None)})

    def step(self, step: Step, due: float, bpm: float, messages: Sequence[TimedMessage]) -> None:
        """Send a step that was handed to the output as `messages` and sounds at `due`, monotonic seconds."""
        self._channel.offer(self._timeline.played(step, due, bpm, messages, self._commands.coming))

    def retract(self, moment: float) -> None:
        """Send that nothing sounds of what was to sound after `moment`, in monotonic seconds."""
        if (retracted := self._timeline.retract(moment)) is not None:
            self._channel.offer(retracted)

    def plan(self, coming: Step | None, ahead: Sequence[Step]) -> None:
        """Send what comes after the last step, first what is `coming`, while anybody follows the feed."""
        if not self.watched:
            return
        steps = ahead if coming is None else [coming, *ahead]
        self._channel.offer(self._timeline.plan(steps, self._exchange.present.bpm))
        key = self._timeline.key
        if key is not None and (chances := steps[0].chances):
            self._channel.offer(step_json.alternatives(self._timeline.number, chances, partial(in_key, key=key)))

    def live(self, messages: Sequence[TimedMessage], is_person: bool) -> None:
        """Send notes of the moment: a person's, or those of the voices that play along."""
        if self.watched:
            self._channel.offer(step_json.live(messages, is_person=is_person))

    def expect(self, pitches: Sequence[int]) -> None:
        """Send the chord that comes next while a person holds the note."""
        if self.watched:
            self._channel.offer({"type": "next", "notes": list(pitches)})

    def status(self, snapshot: Snapshot) -> None:
        """Send how the run is doing."""
        self._channel.offer(self._status(snapshot))

    def _status(self, snapshot: Snapshot) -> DaemonMessage:
        """The message about a run, without the link, which holds the token."""
        figures: dict[str, Any] = {name: value for name, value in snapshot.items() if name != "page"}
        return {"type": "status", "status": cast("Status", {**figures, "playing": self._commands.running})}
