"""Follow an Ableton Link session: the tempo and the bar lines that all its peers share.

Law: the session's beat is read at the moment at which it is needed, never counted here; nothing is sent to others but
what Link itself sends.

Link speaks UDP multicast in the local network. aalink, which holds Link itself, is under the GPL, version 3 or later:
hence an extra.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from time import monotonic
from typing import Any, Final

from bachd.errors import OutputError, pip_install
from bachd.music.event import TICKS

_POLLING: Final = 0.02
"""Seconds between two polls: Link does not notify of changes of its time."""
_JUMP: Final = 0.1
"""Beats by which a session's time may move by itself, as when it is joined; more is a jump."""


def library() -> Any:
    """Return the module aalink. Raises OutputError if it is not installed."""
    try:
        import aalink
    except ImportError:
        raise OutputError(f"tempo: link: aalink is not installed; {pip_install('[link]')}") from None
    return aalink


class LinkTempo:
    """The tempo of a session. For one thread."""

    running = True

    def __init__(self, link: Any, clock: Callable[[], float] = monotonic) -> None:
        """link: of aalink, enabled. clock: gives monotonic seconds."""
        self._link = link
        self._clock = clock
        self.epoch = 0
        """A number that changes whenever the session's time jumps."""
        self._before = (clock(), float(link.beat))

    @property
    def bpm(self) -> float:
        """Quarter notes a minute."""
        return float(self._link.tempo)

    def set_bar_length(self, bar: int) -> None:
        """Set the session's quantum: multiples of `bar`, in ticks, are its bar lines."""
        self._link.quantum = bar / TICKS
        self._before = (self._clock(), float(self._link.beat))

    def moment(self, position: float) -> float:
        """Return when the session reaches a position, in monotonic seconds, if its tempo stays what it is."""
        return self._clock() + (position / TICKS - float(self._link.beat)) * 60.0 / self.bpm

    def position(self, moment: float) -> float:
        """Return the session's position at a moment."""
        return TICKS * (float(self._link.beat) + (moment - self._clock()) * self.bpm / 60.0)

    def poll(self) -> None:
        """Detect whether the session's time has jumped since the last call."""
        (then, before), now, beat = self._before, self._clock(), float(self._link.beat)
        if abs(beat - before - (now - then) * self.bpm / 60.0) > _JUMP:
            self.epoch += 1
        self._before = (now, beat)

    def condition(self, now: float) -> str:
        """Return a warning if there are no peers; '' otherwise."""
        return "" if self._link.num_peers else "there are no peers in the Link session: playing at its tempo"


class LinkSource:
    """Membership in the session, and a thread that polls it."""

    def __init__(self, bpm: float, poll: Callable[[], object]) -> None:
        """Join the session, or begin one at `bpm`.

        poll: called all the time from `start` on, in another thread. Raises OutputError if aalink is not installed.
        """
        join = library().Link
        self._poll = poll
        self._started, self._ended = threading.Event(), threading.Event()
        self._joined: Future[Any] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._watch(join, bpm)), name="link")
        self._thread.start()
        self.link = self._joined.result()

    def start(self) -> None:
        """Begin to poll."""
        self._started.set()

    @property
    def description(self) -> str:
        """Name it for people."""
        return "Ableton Link"

    def poll(self) -> tuple[str, ...]:
        """Do nothing: Link finds its peers by itself."""
        return ()

    def close(self) -> None:
        """Leave the session."""
        self._ended.set()
        self._thread.join()

    async def _watch(self, join: Callable[[float], Any], bpm: float) -> None:
        """Be in the session; aalink needs an event loop for that."""
        try:
            link = join(bpm)
            link.enabled = True
        except RuntimeError as fault:  # a sandbox, or no network at all
            self._joined.set_exception(OutputError(f"tempo: link: Link cannot be used here: {fault}"))
            return
        self._joined.set_result(link)
        while not self._ended.is_set():
            await asyncio.sleep(_POLLING)
            if self._started.is_set():
                self._poll()
        link.enabled = False
