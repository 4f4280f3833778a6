"""Sound the voices that join a melody, and end them.

Law: each note_on has its note_off, on the output and the channel that it went to; what the person holds is not struck a
second time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

from bachd.music.event import Event
from bachd.music.message import Message, note_off, note_on
from bachd.music.notation.voices import MOST
from bachd.realtime.note_tracker import AS_WRITTEN, VoiceMix
from bachd.realtime.output import Output, TimedMessage

_SOFTER: Final = 0.85
"""Velocity of the other voices, as a share of the melody's."""

Sent = Callable[[Sequence[TimedMessage]], None]
"""Called with what was sent."""


class Voices:
    """The notes beside the melody that sound. For one thread."""

    def __init__(self, output: Output, channels: Sequence[int], clock: Callable[[], float], sent: Sent) -> None:
        """channels: 1 to 16, from the top voice's down; the last takes the rest. clock: monotonic seconds."""
        self._output, self._channels, self._clock, self._sent = output, tuple(channels), clock, sent
        self._mix = AS_WRITTEN
        self._sounding: dict[int, int] = {}  # channels, 0 to 15, by pitch

    def use(self, output: Output, channels: Sequence[int], mix: VoiceMix = AS_WRITTEN) -> None:
        """Play to another output, on other channels, or with other voices, from the next chord on."""
        if output is not self._output:
            self.release()
        self._output, self._channels, self._mix = output, tuple(channels), mix

    def set_up(self, messages: Sequence[Message]) -> None:
        """Send what chooses the sounds."""
        self._send(messages)

    def play(self, event: Event, velocity: int, held: Collection[int], given: Collection[int]) -> None:
        """Sound what an event has beside the notes `given`, a melody's of that velocity, but for what a person holds.

        given: empty if nobody plays the melody, so that it is sounded, too.
        """
        ours = {pitch: place for place, pitch in enumerate(reversed(event.sounding)) if pitch not in given}
        voices = {pitch: _voice(place, len(event.sounding)) for pitch, place in ours.items()}
        loud = max(1, round(_SOFTER * velocity))
        velocities = {pitch: self._mix.velocity(voices[pitch], loud) for pitch in ours if pitch not in held}
        kept = {pitch for pitch in ours if pitch in event.held and pitch in self._sounding and velocities.get(pitch)}
        messages = [self._off(pitch) for pitch in tuple(self._sounding) if pitch not in kept]
        for pitch, place in ours.items():
            if pitch not in kept and velocities.get(pitch):
                own = self._mix.channels[voices[pitch]]
                channel = (own or self._channels[min(place, len(self._channels) - 1)]) - 1
                self._sounding[pitch] = channel
                messages.append(note_on(channel, pitch, velocities[pitch]))
        self._send(messages)

    def release(self) -> None:
        """End all of them; a synth that has come may join then."""
        self._send([self._off(pitch) for pitch in tuple(self._sounding)])
        self._output.bar(self._clock())

    def _off(self, pitch: int) -> Message:
        return note_off(self._sounding.pop(pitch), pitch)

    def _send(self, messages: Sequence[Message]) -> None:
        if messages:
            now = self._clock()
            timed = [TimedMessage(now, 0.0, message) for message in messages]
            self._output.send(timed)
            self._sent(timed)


def _voice(place: int, notes: int) -> int:
    """The voice at a place from the top, in a chord of so many notes: the lowest of several is the bass."""
    return MOST - 1 if place == notes - 1 and place else min(place, MOST - 2)
