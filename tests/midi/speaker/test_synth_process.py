"""Where messages are placed in the sound: a real player, and a synth that notes what it is given."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest

from bachd.midi.speaker import synth_process
from bachd.midi.speaker.synth_process import Player

RATE = 48000
PERIOD = 256
ON, OFF = bytes((0x90, 60, 100)), bytes((0x80, 60, 0))


class CountingSynth:
    """Counts frames, and notes at which frame each message came."""

    voices = 0

    def __init__(self) -> None:
        self.frames = 0
        self.played: list[tuple[int, bytes]] = []

    def write(self, frames: int, left: Any, right: Any, offset: int) -> None:
        assert frames > 0
        assert offset == self.frames % PERIOD
        self.frames += frames

    def play(self, data: bytes) -> None:
        self.played.append((self.frames, data))


class Card:
    """Asks for sound, each period at its moment."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.synth = CountingSynth()
        self.player = Player(self.synth, RATE)  # type: ignore[arg-type]
        self._buffers = (ctypes.c_void_p * 2)(1, 2)
        monkeypatch.setattr(synth_process, "monotonic", lambda: 100 + self.synth.frames / RATE)

    def play(self, periods: int) -> None:
        for _ in range(periods):
            assert self.player.render(None, PERIOD, 0, None, 2, self._buffers) == 0

    def give(self, frame: float, data: bytes) -> None:
        self.player.inbox.append((100 + frame / RATE, data))


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    return Card(monkeypatch)


def test_a_message_is_placed_in_the_nearest_block_of_64_samples(card: Card) -> None:
    for frame in (70, 100, 255, 600, 1000):
        card.give(frame, ON)
    card.play(6)
    assert [frame for frame, _ in card.synth.played] == [64, 128, 256, 576, 1024]
    assert card.player.idle


def test_what_comes_late_is_played_at_once_in_its_order(card: Card) -> None:
    card.play(4)
    card.give(10, ON)
    card.give(10, OFF)
    card.play(1)
    assert card.synth.played == [(4 * PERIOD, ON), (4 * PERIOD, OFF)]


def test_what_is_retracted_is_not_played(card: Card) -> None:
    card.give(100, ON)
    card.give(2000, OFF)
    card.give(1000, b"")
    card.play(20)
    assert [data for _, data in card.synth.played] == [ON]


def test_notes_do_not_begin_long_after_a_card_stood_still(card: Card) -> None:
    card.synth.frames = 3 * RATE - 3 * RATE % PERIOD
    card.give(10, ON)
    card.give(10, OFF)
    card.play(1)
    assert [data for _, data in card.synth.played] == [OFF]


def test_in_the_end_what_sounds_is_ended(card: Card) -> None:
    card.give(10, ON)
    card.play(1)
    card.player.releases = True
    card.play(1)
    assert [data for _, data in card.synth.played] == [ON, OFF]
