"""How the timer of a queue is chosen, of a library that notes what it is asked for; tests/pi asks a kernel."""

from __future__ import annotations

import pytest

from bachd.midi.alsa import queue_timer


class Library:
    """As much of alsa-lib as the timer of a queue is."""

    def __init__(self, code: int) -> None:
        self.code, self.resolution, self.used = code, 0, list[tuple[str, int, int]]()

    def snd_seq_get_queue_timer(self, client: str, queue: int, timer: str) -> int:
        return self.code

    def snd_seq_queue_timer_set_resolution(self, timer: str, hz: int) -> None:
        self.resolution = hz

    def snd_seq_set_queue_timer(self, client: str, queue: int, timer: str) -> int:
        self.used.append((client, queue, self.resolution))
        return 0


@pytest.mark.parametrize(("code", "used"), [(0, [("us", 3, 4000)]), (-22, [])])
def test_a_queue_ticks_finely_unless_its_timer_refuses(code: int, used: list[tuple[str, int, int]]) -> None:
    library = Library(code)
    queue_timer.tick_finely(library, "us", 3, "timer")
    assert library.used == used
