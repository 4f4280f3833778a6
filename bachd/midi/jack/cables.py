"""Keep the player's port connected to its destinations, and silence a destination before and after.

Law: whatever a destination is connected to again, all its notes have ended before; where a cable is pulled, what sounds
at its other end is ended through a second port. A connection that was removed by hand is not restored.

All of this is in the player's process, in a thread that may wait for the server.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from time import monotonic, sleep
from typing import Any, Final, Protocol

from bachd.midi.jack.libjack import Client
from bachd.midi.port_names import is_instrument
from bachd.midi.reset import reset

_LOOKING: Final = 1.0
"""Seconds until a look at the connections, if JACK reports no change."""
_LEAVING: Final = 1.0
"""Seconds in which a destination that was disconnected may still leave; then its cable was pulled."""
_GLANCE: Final = 0.02
"""Seconds between two looks at whether it has left."""
CONNECTED, PULLED, GONE = "+", "x", "-"
"""What may have happened to a connection: made, taken away, or lost with the destination."""
_RESET: Final = tuple(bytes(message.bytes()) for message in reset())


class Player(Protocol):
    """Plays in JACK's cycles."""

    port: Any
    """JACK's handle of the port that plays."""
    side_port: Any
    """And of another one, for a reset that only one destination is to receive."""

    def play_aside(self, messages: Sequence[bytes]) -> bool:
        """Send messages through the side port, and wait until they are passed on; False if JACK stands still."""

    def pass_on(self) -> bool:
        """Wait until what was sent and connected is effective; False if JACK stands still."""


class Cables:
    """The connections of a port."""

    def __init__(self, client: Client, player: Player, wanted: Collection[str], any_instrument: bool) -> None:
        """Nothing is connected until `look` is called.

        wanted: the full names of the destinations to connect to, whenever they are there.
        any_instrument: whether to connect to any other instrument while there is no connection.
        """
        self._client = client
        self._player = player
        self._name, self._side = client.port_name(player.port), client.port_name(player.side_port)
        self._wanted = set(wanted)
        self._any_instrument = any_instrument
        self._connected: set[str] = set()
        self._lost: set[str] = set()  # they are reset when they are connected again
        self._pulled: set[str] = set()  # by hand: they are not connected again
        self._events: deque[tuple[str, bool | None]] = deque()  # connected, disconnected, or new
        self._changed = threading.Event()
        self._quiet = False
        client.on_change(self._note, self._note_new)

    def wait(self) -> None:
        """Wait until something has changed, or for a second."""
        self._quiet = not self._changed.wait(_LOOKING)
        self._changed.clear()

    def look(self) -> Iterator[tuple[str, str]]:
        """See to the connections; what happened to each, with the name at its other end."""
        if self._quiet and self._player.pass_on():  # before, the list may still be that of an earlier cycle
            present = set(self._client.connections(self._player.port))
            self._events.extend((name, name in present) for name in self._connected ^ present)
        self._reset_lost()
        destinations = self._client.destinations()
        there = set(destinations)
        while self._events:  # in their order: a cable, or a synth, may be back before anybody looked
            name, connected = self._events.popleft()
            if connected is None:
                self._pulled.discard(name)
            else:
                yield from self._plug(name) if connected else self._unplug(name, there)
        self._pulled &= there
        for name in sorted((self._wanted & there) - self._connected - self._pulled):
            yield from self._connect(name)
        if self._any_instrument and not self._connected:
            for name in destinations:
                if is_instrument(name) and name not in self._pulled:
                    yield from self._connect(name)
                    break

    def _connect(self, name: str) -> Iterator[tuple[str, str]]:
        self._reset(name)
        if self._client.connect(self._name, name):
            self._lost.discard(name)
            yield from self._plug(name)

    def _plug(self, name: str) -> Iterator[tuple[str, str]]:
        if name not in self._connected:
            if name in self._lost:
                self._lost.discard(name)
                self._reset(name)
            self._connected.add(name)
            self._pulled.discard(name)
            yield CONNECTED, name

    def _unplug(self, name: str, there: Collection[str]) -> Iterator[tuple[str, str]]:
        if name in self._connected:
            self._connected.discard(name)
            self._lost.add(name)
            if name not in there:
                yield GONE, name
            else:
                self._pulled.add(name)
                yield PULLED, name

    def _reset_lost(self) -> None:
        """End what sounds where the connection was taken away, and wait until those that are leaving have left."""
        lost = {name for name, connected in tuple(self._events) if connected is False}
        for name in lost:
            self._reset(name)
        end = monotonic() + _LEAVING
        while lost.intersection(self._client.destinations()) and monotonic() < end:
            sleep(_GLANCE)

    def _reset(self, name: str) -> None:
        """End all that sounds at a destination, which need not be connected."""
        if self._client.connect(self._side, name):
            self._player.play_aside(_RESET)
            self._client.disconnect(self._side, name)

    def _note(self, one: str, other: str, connects: bool) -> None:
        """JACK reports that a connection was made or taken away."""
        if self._name in (one, other):
            self._events.append((other if one == self._name else one, connects))
            self._changed.set()

    def _note_new(self, name: str) -> None:
        """JACK reports that there is a port that was not there before."""
        self._events.append((name, None))
        self._changed.set()
