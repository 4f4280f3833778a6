"""Derive the notes that sound from the key presses, releases and pedals of a file.

Law: every strike gives one sound with an end, whatever became of its release.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from bachd.music import smf
from bachd.music.message import Message

Key = tuple[int, int]
"""Track and MIDI number: two tracks that share a channel have a keyboard each, and its pedal in common."""

_PLAYED: Final = ("note_off", "note_on", "control_change")
_DRUMS: Final = 9
"""Channel 10, whose notes are no pitches."""
_PEDAL: Final = 64
"""The sustain pedal's control; it is down from a value of 64."""
_SILENCE: Final = (120, 123)
"""The controls "all sound off" and "all notes off"."""


class Sound(NamedTuple):
    """One note of a file, drums aside."""

    start: int
    """Tick of the file at which it begins."""
    end: int
    """Tick of the file at which it ends, `start` or later."""
    pitch: int
    """MIDI number."""


def heard(file: smf.File) -> Iterator[Sound]:
    """All notes of a file, in the order in which they end.

    A key that is struck while it sounds ends the old note. If the file lets it go as often as it strikes it, two voices
    share it, and the new note lasts until the last release; if not, a release is missing, and the first one counts. The
    pedal keeps a note until it is lifted or the key is struck again; what is never released ends with the file.
    """
    played = [timed for timed in file.messages if timed.message.type in _PLAYED and timed.message.channel != _DRUMS]
    balance: Counter[tuple[int, Key]] = Counter()
    for _, track, message in played:
        if message.type != "control_change":
            balance[message.channel, (track, message.note)] += 1 if _is_strike(message) else -1
    unbalanced = {place for place, count in balance.items() if count}
    channels = [_Channel({key for at, key in unbalanced if at == number}) for number in range(16)]
    for tick, track, message in played:
        channel = channels[message.channel]
        if _is_strike(message):
            yield from channel.strike((track, message.note), tick)
        elif message.type != "control_change":
            yield from channel.let_go((track, message.note), tick)
        elif message.control == _PEDAL:
            yield from channel.press(tick, down=message.value >= 64)
        elif message.control in _SILENCE:
            yield from channel.silence(tick)
    for channel in channels:
        yield from channel.silence(file.end)


def _is_strike(message: Message) -> bool:
    """Whether a key goes down: a note_on without velocity lets it go."""
    return message.type == "note_on" and message.velocity > 0


class _Channel:
    """The keys and the pedal of one channel. Each method returns the sounds that it ends."""

    def __init__(self, unbalanced: set[Key]) -> None:
        self._unbalanced = unbalanced
        self._down: dict[Key, int] = {}  # to the tick of the last strike
        self._strikes: Counter[Key] = Counter()  # of each key that is down
        self._ringing: dict[Key, int] = {}  # the same for keys that only the pedal keeps
        self._pedal = False

    def strike(self, key: Key, tick: int) -> Iterator[Sound]:
        for keys in (self._down, self._ringing):
            if key in keys:
                yield Sound(keys.pop(key), tick, key[1])
        self._down[key] = tick
        self._strikes[key] += 1

    def let_go(self, key: Key, tick: int) -> Iterator[Sound]:
        if key not in self._down:
            return
        self._strikes[key] -= 1
        if self._strikes[key] and key not in self._unbalanced:
            return
        del self._strikes[key]
        start = self._down.pop(key)
        if self._pedal:
            self._ringing[key] = start
        else:
            yield Sound(start, tick, key[1])

    def press(self, tick: int, *, down: bool) -> Iterator[Sound]:
        self._pedal = down
        if not down:
            yield from _end(self._ringing, tick)

    def silence(self, tick: int) -> Iterator[Sound]:
        yield from _end(self._down, tick)
        yield from _end(self._ringing, tick)
        self._strikes.clear()


def _end(keys: dict[Key, int], tick: int) -> Iterator[Sound]:
    yield from [Sound(start, tick, pitch) for (_, pitch), start in keys.items()]
    keys.clear()
