"""Whatever is put, taken, retracted and closed in whatever order: each note_on that was delivered has its note_off.

Who retracts ends what sounds, as the performer does; what was delivered too early to be retracted, the queue ends.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bachd.midi.jack.player_process import Player
from bachd.midi.message_queue import Due, MessageHeap
from bachd.music.message import note_off, note_on
from bachd.realtime.in_flight import InFlight
from bachd.realtime.output import TimedMessage

RATE = 48000
LEAD = 0.2
"""Seconds by which messages are handed over before they are due."""

Chord = tuple[float, list[int]]
"""Seconds after the chord before, and notes."""
chords = st.lists(
    st.tuples(st.floats(0.0, 0.4), st.lists(st.integers(40, 50), min_size=1, max_size=4, unique=True)), max_size=12
)
pauses = st.lists(st.floats(0.0, 0.3), max_size=8)
"""Seconds between retractions."""


class Performer:
    """Hands chords over in time, and halts now and then, as realtime/performer.py does."""

    def __init__(self, music: list[Chord], halts: list[float]) -> None:
        self._music, self._in_flight = music, InFlight()
        self._due = LEAD
        self._sounding: list[int] = []
        self._halts, self._halt = halts, halts[0] if halts else 1e9

    def until(self, now: float) -> Iterator[Due]:
        """What is handed over until `now`; no bytes retract."""
        while min(self._halt, self._next) <= now:
            yield from self._retract() if self._halt <= self._next else self._play()

    @property
    def _next(self) -> float:
        """When the next chord is handed over."""
        return self._due + self._music[0][0] - LEAD if self._music else 1e9

    def _play(self) -> Iterator[Due]:
        gap, notes = self._music.pop(0)
        self._due += gap
        messages = [note_off(0, note) for note in self._sounding] + [note_on(0, note, 64) for note in notes]
        self._sounding = notes
        yield from self._hand_over(messages, self._due, self._due - LEAD)
        if not self._music:
            yield from self._hand_over([note_off(0, note) for note in notes], self._due + 0.3, self._due - LEAD)
            self._sounding = []

    def _retract(self) -> Iterator[Due]:
        now = self._halt
        self._halts.pop(0)
        self._halt = now + self._halts[0] if self._halts else 1e9
        yield now, b""
        sounding = self._in_flight.retract(now).sounding
        yield from self._hand_over([note_off(0, note) for note in sounding], now, now)
        self._sounding, self._due = [], max(self._due, now + LEAD)

    def _hand_over(self, messages: list[Any], due: float, now: float) -> Iterator[Due]:
        self._in_flight.add([TimedMessage(due, 0, message) for message in messages], now)
        for message in messages:
            yield due, bytes(message.bytes())


def hanging(delivered: list[bytes]) -> set[int]:
    """The notes that sound after all of these."""
    sounding: set[int] = set()
    for status, note, _ in delivered:
        (sounding.add if status & 0xF0 == 0x90 else sounding.discard)(note)
    return sounding


@given(chords, pauses, st.lists(st.tuples(st.floats(0.001, 0.3), st.floats(0.0, 0.4)), min_size=1, max_size=40))
def test_a_heap_ends_what_was_taken_however_early(
    music: list[Chord], halts: list[float], takes: list[tuple[float, float]]
) -> None:
    heap, performer, now = MessageHeap(), Performer(music, halts), 0.0
    delivered: list[bytes] = []
    for wait, early in [*takes, *[(0.3, 0.0)] * 40]:
        now += wait
        for due, data in performer.until(now):
            if data:
                heap.put(due, data)
            else:
                heap.retract(due)
        delivered += [data for _, data in heap.take(now + early)]
    assert hanging(delivered) == set()


@given(
    chords,
    pauses,
    st.sampled_from([64, 1024, 4096, 8192]),
    st.integers(1, 4096),
    st.integers(1, 8),
    st.floats(0.0, 3.0),
)
def test_a_player_ends_whatever_it_has_played(
    music: list[Chord], halts: list[float], frames: int, step: int, room: int, end: float
) -> None:
    """step: frames that pass between two looks at what is handed over. room: messages that JACK's buffer holds."""
    client = Cycles(frames, room)
    player = Player(client)  # type: ignore[arg-type]
    performer = Performer(music, halts)
    now = 0.0
    while now < end:
        now += max(step, frames // 2) / RATE
        player.inbox.extend(performer.until(now))
        while client.end <= now:
            client.next(player)
    finishing = threading.Thread(target=player.finish)
    finishing.start()
    while finishing.is_alive():
        client.next(player)
    assert hanging(client.delivered) == set()


class Cycles:
    """A client whose cycles follow one another to the frame, and whose buffer holds only so many messages."""

    def __init__(self, frames: int, room: int) -> None:
        self.frames, self._room, self.number = frames, room, 0
        self._left = 0
        self.delivered: list[bytes] = []
        self.died = SimpleNamespace(wait=lambda seconds: False)
        self.jack = SimpleNamespace(
            jack_port_get_buffer=lambda port, frames: 1 if port == "bachd" else 2,
            jack_midi_clear_buffer=lambda buffer: None,
            jack_midi_event_write=self._write,
        )

    @property
    def end(self) -> float:
        return (self.number + 1) * self.frames / RATE

    def next(self, player: Player) -> None:
        self._left, self.last_frame = self._room, 0
        player.cycle(self.frames, None)
        self.number += 1

    def register(self, name: str, *, output: bool) -> str:
        return name

    def port_name(self, port: str) -> str:
        return port

    def cycle_times(self) -> tuple[float, float]:
        return self.number * self.frames / RATE, self.end

    def _write(self, buffer: Any, frame: int, data: bytes, size: int) -> int:
        assert self.last_frame <= frame < self.frames
        self.last_frame = frame
        if not self._left:
            return 1
        self._left -= 1
        self.delivered.append(data)
        return 0
