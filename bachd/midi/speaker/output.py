"""Play on this machine's loudspeaker: a child process with FluidSynth places each message in the sound, to 64 samples.

Law: nothing that happens to the sound card, the soundfont or the child reaches the player: it is started again, and
joins at once. Where a synth is there to yield to, no note begins from that bar on, those that sound are ended
when the music ends them, and soon the sound card is free; when the synth is gone, notes begin again on the next bar.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final, Protocol

from bachd.errors import OutputError
from bachd.midi.chase import Chase
from bachd.midi.player_child import PlayerChild
from bachd.midi.presence import Presence, State
from bachd.midi.speaker import availability, fluidsynth, soundfont
from bachd.midi.speaker.libfluidsynth import MASTER_VOLUME
from bachd.midi.speaker.settings import SpeakerSettings
from bachd.midi.targets import SpeakerTarget
from bachd.music.message import program_change
from bachd.realtime.clock import Clock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import TimedMessage, ordered

LABEL: Final = SpeakerTarget().label
_MODULE: Final = "bachd.midi.speaker.synth_process"
_CHANNELS: Final = range(16)
_FREE: Final = 5.0
"""Seconds after the last bar of its own in which the loudspeaker keeps the sound card, for notes that end later."""
_AGAIN: Final = (1.0, 30.0)
"""Seconds until a sound card that has failed is tried again: at first, and at most."""


_STEADY: Final = 60.0
"""Seconds after which a sound card has played well, and a fault is news again."""


class Main(Protocol):
    """The output that the loudspeaker stands in for."""

    @property
    def taken(self) -> bool:
        """Whether a synth plays there, or joins with the next bar."""
        ...


class SpeakerOutput:
    """FluidSynth on a sound card."""

    def __init__(
        self,
        settings: SpeakerSettings,
        clock: Clock,
        lateness: Lateness,
        main: Main | None = None,
        *,
        jack: bool = False,
        told: str = "",
    ) -> None:
        """Open the sound card, unless there is a synth to yield to.

        clock: must be the machine's monotonic one. main: the output of the synths that it yields to; None: it yields
        to nothing. jack: whether JACK has a sound card. told: why it could not be opened just now, which has been
        logged: it is tried again when it is polled.

        Raises OutputError if there is no sound card, FluidSynth or soundfont, or one of them cannot be used.
        """
        self.settings = settings
        """As it was asked for."""
        self._main = main
        self._jack = jack
        self._clock = clock
        self._lateness = lateness
        self._lock = threading.Lock()  # the player sends, and another thread polls
        self._chase = Chase()
        self._presence = Presence(State.ABSENT)
        self._child: PlayerChild | None = None
        self._ready = False
        self._programs = _programs(0, ())
        self._yielded = self._yields  # to a synth: it comes back on the bar
        self._until = -math.inf  # the moment from which on the sound card is not needed
        self._retry, self._pause = -math.inf, _AGAIN[0]
        self._fault = told.removeprefix("speaker: ")
        self._since = math.inf  # the moment at which the sound card was opened
        self._card = False  # whether there was one, when it was last looked for
        if not told and not self._yields and self._may_open(clock.now()):
            self._open()

    @property
    def description(self) -> str:
        """The loudspeaker, or what is waited for; nothing while it yields."""
        if self._yields:
            return ""
        if self._child is not None and self._ready:
            return LABEL
        return "waiting for a sound card" if self._main is None else ""

    def plays(self, settings: SpeakerSettings, main: Main | None) -> bool:
        """Return whether this is what would be opened for these settings, but for the volume."""
        return main is self._main and replace(settings, volume=self.settings.volume) == self.settings

    @property
    def _yields(self) -> bool:
        return self._main is not None and self._main.taken

    def _may_open(self, now: float) -> bool:
        """Return whether it is worth the attempt: a card has just come, or it is time for another one."""
        before, self._card = self._card, availability.has_card(jack=self._jack)
        if self._card and not before:
            return True
        return now >= self._retry and (self._card or self._main is None)  # what was asked for may be JACK

    def set_volume(self, settings: SpeakerSettings) -> None:
        """Set the volume, at once; the rest of the settings must be those it was opened with."""
        with self._lock:
            self.settings = settings
            self._write([(self._clock.now(), self._volume())])

    def set_program(self, program: int, chosen: Collection[int]) -> None:
        """Choose the sound, 0 to 127, of all channels but those for which the music chooses one, 0 to 15."""
        with self._lock:
            programs = _programs(program, chosen)
            if programs != self._programs:
                self._programs = programs
                self._write([(self._clock.now(), data) for data in programs])

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Hand messages over."""
        now = self._clock.now()
        with self._lock:
            records = []
            for timed in ordered(messages):
                if timed.message.is_meta:
                    continue
                data = bytes(timed.message.bytes())
                self._chase.see(timed.due, data)
                if self._presence.passes(data, self._chase):
                    records.append((timed.due, data))
                    if self._ready and self._main is None:  # else the main output counts them
                        self._lateness.record(now - timed.due)
            self._write(records)

    def retract(self, moment: float) -> None:
        """Let the child forget what is due later."""
        with self._lock:
            self._chase.retract()
            self._write([(moment, b"")])

    def bar(self, due: float) -> None:
        """Yield to a synth from this bar on, or begin to play if there is none."""
        with self._lock:
            if self._yields:
                self._yielded = True
                if self._presence.state is not State.ABSENT:
                    self._presence.leave()
                    self._until = due + _FREE
            elif self._ready and not self._presence.plays:
                self._yielded = False
                self._presence.play(in_step=True)

    def poll(self) -> Sequence[str]:
        """Start the child when the loudspeaker is needed, end it when it is not, and report what changed."""
        now, child = self._clock.now(), self._child
        if child is None:
            if not self._yields and self._may_open(now) and (fault := self._start()):
                return self._report(fault)
            return ()
        with self._lock:
            child.write(())
        alive = child.alive  # before its last words are read
        child.read()
        if not alive:
            return self._report(self._end(child))
        if not self._ready and child.ready:
            self._begin()
            if self._yielded:
                return (f"{LABEL} is there: in from the next bar on",)
            self._presence.play(in_step=True)
            return (f"{LABEL} is there",)
        if self._yields and not self._presence.plays and now > self._until:
            self._end(child)
        return ()

    def close(self) -> None:
        """Wait until the last message has been played and has faded, then give the sound card back."""
        if self._child is not None:
            self._end(self._child)

    def _open(self) -> None:
        """Start the child and wait until it plays. Raises OutputError."""
        fault, child = self._start(), self._child
        if child is not None and (fault := child.wait_until_ready()):
            self._end(child)
        if fault:
            raise OutputError(f"speaker: {fault.removeprefix('speaker: ')}")
        self._begin()
        self._presence.play(in_step=True)

    def _start(self) -> str:
        """Start the child, without waiting for it; returns why that cannot be done, if it cannot."""
        try:
            font = soundfont.find(self.settings.soundfont)
        except OutputError as fault:
            return str(fault)
        arguments = [str(font), self.settings.card or "", str(fluidsynth.LIVE)]
        self._child = PlayerChild("speaker", "the sound card", _MODULE, arguments, self._clock)
        return ""

    def _begin(self) -> None:
        """Send the child all that holds; it plays."""
        with self._lock:
            now = self._clock.now()
            self._ready, self._since = True, now
            self._write([(now, data) for data in (self._volume(), *self._chase.state(), *self._programs)])

    def _end(self, child: PlayerChild) -> str:
        """End the child; returns why it ended by itself, if it did."""
        with self._lock:
            self._child, self._ready = None, False
            self._presence.leave()
        child.close()
        return child.last_words

    def _report(self, fault: str) -> tuple[str, ...]:
        """Put the next attempt off; returns what there is to log, once for each fault."""
        now = self._clock.now()
        if now > self._since + _STEADY:
            self._pause, self._fault = _AGAIN[0], ""
        self._since = math.inf
        self._retry = now + self._pause
        self._pause = min(2 * self._pause, _AGAIN[1])
        known, self._fault = self._fault, fault
        return () if fault == known else (f"speaker: {fault}; the music goes on without it, until it can be used",)

    def _volume(self) -> bytes:
        value = round(16383 * self.settings.volume / 100)
        return MASTER_VOLUME + bytes((value & 127, value >> 7, 0xF7))

    def _write(self, records: Sequence[tuple[float, bytes]]) -> None:
        if self._child is not None:
            self._child.write(records)


def _programs(program: int, chosen: Collection[int]) -> list[bytes]:
    """Return the messages that choose a program on all channels but some."""
    return [bytes(program_change(channel, program).bytes()) for channel in _CHANNELS if channel not in chosen]
