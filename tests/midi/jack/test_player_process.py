"""Where in JACK's cycles messages are placed. The real server is in test_output.py.

Here each cycle's times are given.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bachd.midi.jack.player_process import Player

FRAMES, RATE = 64, 48000
CYCLE = FRAMES / RATE
FRAME = 1 / RATE


class Cycles:
    """A client whose cycles follow one another to the frame."""

    def __init__(self) -> None:
        self.number = 0
        self.placed: dict[bytes, float] = {}
        """Messages, and the moments of the frames that they were placed at."""
        self.died = SimpleNamespace(wait=lambda seconds: self._turn())
        """Whoever waits for the server's end lets a cycle pass."""
        self.players: list[Player] = []
        self.jack = SimpleNamespace(
            jack_port_get_buffer=lambda port, frames: 0,
            jack_midi_clear_buffer=lambda buffer: None,
            jack_midi_event_write=self._write,
        )

    def register(self, name: str, *, output: bool) -> str:
        return name

    def port_name(self, port: str) -> str:
        return port

    def cycle_times(self) -> tuple[float, float]:
        return self.number * CYCLE, (self.number + 1) * CYCLE

    def _turn(self) -> bool:
        for player in self.players:
            player.cycle(FRAMES, None)
        self.number += 1
        return False

    def _write(self, buffer: Any, frame: int, data: bytes, size: int) -> int:
        assert 0 <= frame < FRAMES
        self.placed[data] = self.number * CYCLE + frame * FRAME
        return 0


def finished(*records: tuple[float, bytes], number: int = 0) -> dict[bytes, float]:
    """What is placed of these records, from cycle `number` to the end, and when."""
    client = Cycles()
    client.number = number
    client.players.append(Player(client))  # type: ignore[arg-type]
    client.players[0].inbox.extend(records)
    client.players[0].finish()
    return client.placed


def played(dues: list[float]) -> Iterator[tuple[float, float]]:
    """Deadlines, and the moments that their messages were placed at."""
    client = Cycles()
    player = Player(client)  # type: ignore[arg-type]
    messages = {bytes((0xB0, number, 0)): due for number, due in enumerate(dues)}
    player.inbox.extend((due, data) for data, due in messages.items())
    while len(client.placed) < len(dues):
        player.cycle(FRAMES, None)
        client.number += 1
    return ((due, client.placed[data]) for data, due in messages.items())


@given(st.lists(st.floats(0.0, 8 * CYCLE), min_size=1, max_size=20))
def test_a_message_is_placed_at_the_nearest_frame_of_whichever_cycle(dues: list[float]) -> None:
    assert all(abs(moment - due) <= FRAME / 2 + 1e-12 for due, moment in played(dues))


def test_between_the_last_frame_of_a_cycle_and_the_first_of_the_next_the_nearer_one_is_taken() -> None:
    nearer_the_last, nearer_the_first = CYCLE - 0.6 * FRAME, CYCLE - 0.4 * FRAME
    placed = [round(moment / FRAME) for _, moment in played([nearer_the_last, nearer_the_first])]
    assert placed == [FRAMES - 1, FRAMES]


ON, OFF, PEDAL = b"\x90\x3c\x40", b"\x80\x3c\x00", b"\xb0\x40\x7f"


def test_what_is_retracted_before_its_cycle_is_not_placed() -> None:
    assert list(finished((CYCLE, PEDAL), (3 * CYCLE, ON), (4 * CYCLE, OFF), (2 * CYCLE, b""))) == [PEDAL]


def test_a_note_that_sounds_at_the_end_is_ended() -> None:
    assert list(finished((CYCLE, ON), (2 * CYCLE, PEDAL))) == [ON, PEDAL, OFF]


def test_after_a_standstill_no_note_begins_and_none_is_ended_but_all_else_is_sent() -> None:
    late = round(3 / CYCLE)
    assert finished((0.0, ON), (0.0, PEDAL), number=late) == {PEDAL: late * CYCLE}
    assert list(finished((0.0, ON), (0.0, PEDAL), number=round(1 / CYCLE))) == [ON, PEDAL, OFF]


def test_what_no_buffer_holds_is_left_out() -> None:
    client = Cycles()
    client.jack.jack_midi_event_write = lambda buffer, frame, data, size: (
        len(data) > 3 or client._write(buffer, frame, data, size)
    )
    client.players.append(Player(client))  # type: ignore[arg-type]
    client.players[0].inbox.extend([(0.0, bytes(9)), (0.0, PEDAL)])
    client.players[0].finish()
    assert list(client.placed) == [PEDAL]
