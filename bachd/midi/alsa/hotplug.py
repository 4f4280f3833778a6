"""Subscribe synths to our ALSA port while they are switched on and off, pulled out and plugged in again.

Law: a synth is known by its name. One that comes is reset at once and sent all channel state, and gets the music from
the next bar on; while a MIDI clock is sent, its position before that bar, too. What was put on our port by hand is sent
the same without a reset, and what was taken off it stays off until it is plugged in again.

Nothing here waits: callers pass the time, and what has vanished.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bachd.midi.alsa.event_records import Address
from bachd.midi.alsa.sequencer import Sequencer, SequencerPort
from bachd.midi.chase import Bar, Chase, Resume
from bachd.midi.port_names import OURS, candidates, selector
from bachd.midi.presence import Presence, State
from bachd.midi.reset import reset

log = logging.getLogger(__name__)

_RESET: Final = tuple(bytes(message.bytes()) for message in reset())
_MARGIN: Final = 0.001
"""Seconds before its moment by which a message must be queued to leave in order."""


@dataclass(slots=True)
class _Synth:
    """A synth that was asked for."""

    name: str | None
    """Its name, or part of it before it was first seen; None: any instrument will do."""
    port: SequencerPort | None = None
    """Where it is, unless it is absent."""
    presence: Presence = field(default_factory=lambda: Presence(State.ABSENT))
    sent: list[bytes] = field(default_factory=list)
    """The channel state that it was sent."""


class Subscriptions:
    """The synths that were asked for; those of them that are there are subscribed to our port."""

    def __init__(
        self,
        sequencer: Sequencer,
        wanted: Sequence[str | None],
        sounding: Collection[Address] = (),
        chase: Chase | None = None,
        ahead: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Subscribe those that are there, and reset them, but for the ports that are `sounding`.

        wanted: names or parts of names; None is the first instrument that is there or will be.
        chase: what our port has been sent. ahead: seconds by which the sequencer's queue is ahead of monotonic time.
        """
        self._sequencer = sequencer
        self._chase = chase or Chase()
        self._ahead = ahead
        self._synths = [_Synth(name) for name in wanted]
        self._bar = Bar()  # replaced by another thread, and so read once
        self._joined: list[_Synth] = []  # subscribed for the bar that is about to begin
        self._subscribed: set[Address] = set()
        self._unphased: set[Address] = set()  # subscribed while a clock ran, and not sent its position yet
        for synth in self._find(sequencer.ports(), -math.inf, sounding):
            self._play(synth)
        self._unphased.clear()  # no clock has been sent yet: the start is still to come
        self._subscribed = sequencer.subscribed()

    @property
    def missing(self) -> list[str]:
        """The names that are not there."""
        return [synth.name for synth in self._synths if synth.port is None and synth.name]

    @property
    def playing(self) -> set[Address]:
        """The addresses of those that play."""
        return {synth.port.address for synth in self._synths if synth.port and synth.presence.plays}

    @property
    def description(self) -> str:
        """The synths by name, or what is being waited for."""
        return ", ".join(map(_described, self._synths)) or f"port '{OURS}'"

    @property
    def waiting(self) -> bool:
        """Whether any synth waits for a bar, or for the clock's position."""
        return bool(self._unphased) or any(synth.presence.waits for synth in self._synths)

    @property
    def taken(self) -> bool:
        """Whether anything plays, or waits for a bar."""
        return bool(self._subscribed) or any(synth.presence.waits for synth in self._synths)

    @property
    def joining(self) -> float:
        """Monotonic seconds at which `join` has something to do; infinity as long as that is not known."""
        bar = self._bar
        return bar.opens if self._waiting_for(bar) else math.inf

    def bar(self, after: float, due: float, resume: Resume | None = None) -> None:
        """Note that a bar begins at `due`; what comes before it has left by `after`. Both in monotonic seconds.

        resume: what puts a device in step with the clock of that bar.
        """
        # In the middle, so that neither side has to be punctual; and before the clock's position is sent.
        end = due if resume is None or resume.due <= after else min(due, resume.due)
        self._bar = Bar((after + end) / 2, due, resume)

    def halt(self) -> None:
        """Forget the bar that was to begin; the clock goes on with a start or a continue for all."""
        self._bar = replace(self._bar, resume=None)

    def join(self, now: float) -> None:
        """Subscribe those that were there in time for the bar that is about to begin.

        now: monotonic seconds. If it is too late for the position of a clock that runs, they wait for the next bar:
        they would stand still, or be a clock behind. Call `send_position` afterwards.
        """
        bar = self._bar
        for synth in self._waiting_for(bar) if now >= bar.opens else ():
            if bar.is_late(now, _MARGIN):
                synth.presence.arrive(bar.begins)
            else:
                self._play(synth)
                self._joined.append(synth)

    def send_position(self, now: float) -> None:
        """Send the clock's position to those that have joined by `now`, in monotonic seconds.

        If it has become too late for this bar's, those that have just joined are put off to the next bar.
        """
        joined, self._joined = self._joined, []
        bar = self._bar
        if not self._unphased:
            return
        if bar.is_late(now, _MARGIN):
            for synth in joined:
                self._put_off(synth, bar)
        elif bar.resume is None:
            if bar.begins > now:  # a bar without a clock
                self._unphased.clear()
        else:
            if not bar.resume.fresh:  # otherwise the start itself is on its way to them
                moment = bar.resume.due + self._ahead()
                for address in self._unphased:
                    self._sequencer.schedule([(moment, data) for data in bar.resume.messages], address)
            self._unphased.clear()

    def look(self, vanished: Collection[int], now: float) -> None:
        """Find out which synths are there.

        vanished: the clients that have been gone since the last look, if only for a moment.
        """
        ports = self._sequencer.ports()
        addresses = {port.address for port in ports}
        subscribed = self._sequencer.subscribed()
        self._unphased &= subscribed
        for synth in self._synths:
            if synth.port is not None:
                subscribes = synth.port.address in subscribed
                there = synth.port.address in addresses and synth.port.address[0] not in vanished
                self._follow(synth, synth.port, subscribes=subscribes, there=there)
        known = {address for address in self._subscribed if address[0] not in vanished}
        for address in subscribed - known:  # by hand
            if state := self._chase.state():
                self._sequencer.send_now(address, state)
            self._unphased.add(address)
        self._subscribed = subscribed
        for synth in self._find(ports, now):
            log.info("%s is there: reset, and in from the next bar on", _described(synth))

    def _put_off(self, synth: _Synth, bar: Bar) -> None:
        """Take a synth off that has just joined, and let it wait for the next bar."""
        if synth.port is None:
            return
        self._sequencer.unsubscribe(synth.port.address)
        self._sequencer.send_now(synth.port.address, _RESET)  # notes may have begun meanwhile
        self._subscribed.discard(synth.port.address)
        self._unphased.discard(synth.port.address)
        synth.presence.arrive(bar.begins)

    def _follow(self, synth: _Synth, port: SequencerPort, *, subscribes: bool, there: bool) -> None:
        """Update the state of a synth that was there."""
        played = synth.presence.plays
        if subscribes:
            synth.presence.play()
            if not played:
                log.info("%s was put on port '%s' by hand", port.name, OURS)
        elif not there:
            synth.port = None
            synth.presence.leave()
            log.warning("%s is gone: the music goes on without it, until it is back", port.name)
        elif played:
            synth.presence.leave(State.TAKEN_OFF)
            self._sequencer.send_now(port.address, _RESET)  # it has missed the ends of its notes
            log.warning(
                "%s was taken off port '%s' by hand: it stays off until it is plugged in again", port.name, OURS
            )

    def _find(self, ports: Sequence[SequencerPort], now: float, sounding: Collection[Address] = ()) -> Iterator[_Synth]:
        """Find ports for synths that are absent; reset them, and let them wait for a bar."""
        for synth in self._synths:
            taken = [other.port for other in self._synths]
            for port in _fitting(synth, ports) if synth.port is None else ():
                if port in taken:
                    continue
                state = self._chase.state()
                if port.address in sounding or self._sequencer.send_now(port.address, (*_RESET, *state)):
                    synth.port, synth.sent = port, state
                    synth.presence.arrive(now)
                    if synth.name is not None:
                        synth.name = port.name + selector(synth.name, port.name)
                    yield synth
                    break

    def _waiting_for(self, bar: Bar) -> list[_Synth]:
        return [synth for synth in self._synths if synth.presence.waits and synth.presence.since < bar.begins]

    def _play(self, synth: _Synth) -> None:
        if synth.port is None:
            return
        state = self._chase.state()
        if state != synth.sent:  # changed while it waited
            self._sequencer.send_now(synth.port.address, state)
        if self._sequencer.subscribe(synth.port.address):
            synth.presence.play()
            self._subscribed.add(synth.port.address)
            self._unphased.add(synth.port.address)
        else:
            synth.port = None
            synth.presence.leave()


def _fitting(synth: _Synth, ports: Sequence[SequencerPort]) -> list[SequencerPort]:
    """Return the ports that will do for a synth, in the order in which they are tried."""
    return [port for port in ports if port.hardware] if synth.name is None else candidates(ports, synth.name)


def _described(synth: _Synth) -> str:
    if synth.port is None:
        return f"waiting for {synth.name or 'a synth'}"
    name = synth.name if synth.name and synth.name.startswith(synth.port.name) else synth.port.name
    return f"{name} (taken off by hand)" if synth.presence.state is State.TAKEN_OFF else name
