"""Play through JACK: a child process places each message in JACK's cycles, to the frame.

Law: at the moment of a note nothing of this process is needed, neither a thread nor Python's lock; nothing that happens
to the destination, the server or the child reaches the player, and a server that hangs keeps nothing here waiting. What
comes back is connected again by name, reset, and joins on the next bar.

Lateness here is how long after its deadline a message was handed over: 0 unless this whole process was late.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from bachd import child_process
from bachd.errors import OutputError
from bachd.midi.chase import Chase
from bachd.midi.jack.cables import CONNECTED, PULLED
from bachd.midi.jack.player_process import ANY
from bachd.midi.message_queue import Due
from bachd.midi.player_child import PATIENCE, PlayerChild
from bachd.midi.port_names import OURS
from bachd.midi.presence import Presence
from bachd.realtime.clock import Clock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import TimedMessage, ordered

if TYPE_CHECKING:
    from bachd.midi.targets import PortTarget

_GONE: Final = "the music goes on without it, until it is"


class JackOutput:
    """Plays to one port, or offers a port for others to connect to."""

    system: Final = "jack"

    def __init__(
        self, destination: str | None, clock: Clock, lateness: Lateness, *, any_instrument: bool = False
    ) -> None:
        """Open a port.

        destination: a name from `destinations`; None opens a port for others to connect to.
        clock: must be the machine's monotonic one.
        any_instrument: whether any other instrument will do where the destination is not there, or not yet.

        Raises OutputError if no server runs or it does not answer, or the destination is not there.
        """
        self.destination = destination
        """As it was asked for; with `any_instrument`, the one that is played to."""
        self._any_instrument = any_instrument
        self._clock = clock
        self._lateness = lateness
        self._lock = threading.Lock()  # the player sends, and another thread polls
        self._wanted = [] if destination is None else [destination]  # or what had connected to our port
        if any_instrument:
            self._wanted.append(ANY)
        self._connected: set[str] = set()  # the ports that we play to
        self._lost: set[str] = set()
        self._presence = Presence()  # of the ports that we play to, all together
        self._chase = Chase()
        self._child: PlayerChild | None = self._start()
        self._ready = True
        fault = self._child.wait_until_ready()
        if self._child.crashed:
            self._child = self._start()
            fault = self._child.wait_until_ready()
        for mark, name in self._child.read():
            self._note(mark, name)
        if not fault and destination is not None and destination not in self._connected:
            fault = f"{destination}: is no longer there"
        if any_instrument and not self._connected:
            self._presence.leave()
        if fault:
            self.close()
            raise OutputError(fault)

    @property
    def description(self) -> str:
        """The destination, or our own port."""
        if self._child is None or not self._ready:
            return "waiting for JACK"
        if self.destination is None:
            return f"port '{OURS}' of JACK"
        return self.destination if self.destination in self._connected else f"waiting for {self.destination}"

    @property
    def taken(self) -> bool:
        """Whether a synth plays, or joins with the next bar."""
        return bool(self._connected)

    def plays(self, target: PortTarget) -> bool:
        """Return whether this is what would be opened for a target."""
        if target.system != "jack" or target.any_instrument != self._any_instrument:
            return False
        return self._any_instrument or target.destination == self.destination

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Hand messages over."""
        now = self._clock.now()
        with self._lock:
            records: list[Due] = []
            for timed in ordered(messages):
                if not timed.message.is_meta:
                    data = bytes(timed.message.bytes())
                    self._chase.see(timed.due, data)
                    if self._presence.passes(data, self._chase):
                        records.append((timed.due, data))
                    self._lateness.record(now - timed.due)
            self._write(records)

    def retract(self, moment: float) -> None:
        """Let the child forget what is due later."""
        with self._lock:
            self._chase.retract()
            self._write([(moment, b"")])

    def bar(self, due: float) -> None:
        """Let a destination that has come back join, and put it in step with the clock."""
        with self._lock:
            if self._presence.join(in_step=True) and (resume := self._chase.resume()) is not None:
                self._write([(resume.due, data) for data in resume.messages])

    def poll(self) -> Sequence[str]:
        """Do nothing, as all is announced. Raises what has ended the thread that listens, which only a bug can."""
        if self._child is None:
            self._child = self._start()
            return []
        with self._lock:
            self._child.write(())
        alive = self._child.alive  # before its last words are read
        news = [line for mark, name in self._child.read() for line in self._note(mark, name)]
        if alive and self._ready:
            return news
        if alive:
            self._ready = self._child.ready
            return [f"JACK is back: {self.description}"] if self._ready else []
        was_ready, self._ready = self._ready, False
        if was_ready and not self._any_instrument and self.destination is None:
            self._wanted = sorted(self._connected)
        self._leave()
        return [*news, f"JACK is gone: {_GONE} back"] if was_ready else []

    def close(self) -> None:
        """Wait until the last message has been played, then take the port away."""
        self._leave()

    def _start(self) -> PlayerChild:
        return PlayerChild("JACK", "the server", "bachd.midi.jack.player_process", [OURS, *self._wanted], self._clock)

    def _leave(self) -> None:
        with self._lock:
            leaving, self._child = self._child, None
            if self._wanted:
                self._presence.leave()
            else:
                self._presence.play(in_step=True)
            self._connected.clear()
        if leaving is not None:
            leaving.close()

    def _note(self, mark: str, name: str) -> list[str]:
        """Update the connections by what the child reports; return what there is to log of it."""
        told = self._any_instrument or name == self.destination or name in self._lost
        with self._lock:
            if self._any_instrument:
                self.destination = name if mark == CONNECTED else None
            if mark == CONNECTED:
                self._connected.add(name)
                if not self._presence.plays:
                    self._presence.arrive()
                if told:  # it has been reset
                    now = self._clock.now()
                    self._write([(now, data) for data in self._chase.state()])
                self._lost.discard(name)
            else:
                self._connected.discard(name)
                self._lost.add(name)
                if not self._connected:
                    self._presence.leave()
        if mark == CONNECTED:
            return [f"{name} is there: reset, and in from the next bar on"] if told else []
        return [
            f"{name} is disconnected: {_GONE} connected again" if mark == PULLED else f"{name} is gone: {_GONE} back"
        ]

    def _write(self, records: Iterable[Due]) -> None:
        if self._child is not None:
            self._child.write(records)


def destinations() -> list[str]:
    """Return the names of the ports that can be played to, in the server's order.

    They are listed by a child process: in this one a server that hangs would make it hang, too.

    Raises OutputError if no server runs, or it does not answer.
    """
    process = child_process.start("bachd.midi.jack.port_list")
    found: list[str] = []
    try:
        while line := child_process.read_line(process, PATIENCE):
            if line.startswith("!"):
                raise OutputError(line[1:].strip())
            if line == ".":
                return found
            found.append(line[1:].strip())
    finally:
        child_process.end(process)
    raise OutputError("JACK: the server does not answer")
