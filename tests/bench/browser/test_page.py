"""The page's bench tells a late note from a steady grid, and one turn from another."""

from __future__ import annotations

import pytest

from bench.browser.page import BPM, Kind, table

TICK = 60.0 / (BPM * 24)


def played(start: float, *late: float) -> list[tuple[float, str]]:
    """A note each twelve ticks, by so many seconds late."""
    return [(start + 12 * TICK * number + each, "903c40") for number, each in enumerate(late)]


def test_a_note_that_is_late_is_told_by_its_turn_alone() -> None:
    kind = Kind(spans=[(0.5, 3.0), (3.5, 6.0)])
    steady = played(1.0, *[0.0] * 15)
    shifted = played(4.0, *[0.002] * 7, 0.005, *[0.002] * 7)  # another grid, as after the music had to wait
    ends = [(moment, "803c40") for moment, _ in steady]
    first, second = kind.errors([*steady, *ends, *shifted])
    assert first == pytest.approx([0.0] * 15, abs=1e-6)
    assert second == pytest.approx([*[0.0] * 14, 3.0], abs=1e-6)


def test_the_table_tells_how_much_turns_differ_and_the_ratio() -> None:
    memory = [(60.0, 50.0), (61.0, 52.0)]
    quiet, crowded = Kind([(0.5, 3.0), (3.5, 6.0)], memory), Kind([(6.5, 9.0), (9.5, 12.0)], memory)
    heard = [
        *played(1.0, *[0.0] * 7, 0.001),
        *played(4.0, *[0.0] * 7, 0.002),
        *played(7.0, *[0.0] * 7, 0.003),
        *played(10.0, *[0.0] * 7, 0.001),
    ]
    _, _, first, second, _, ratio = table({"nobody": quiet, "many": crowded}, heard).splitlines()
    assert first == "| nobody | 16 | 0.0000 / 2.0000 / 2.0000 | 1.0000 to 2.0000 | 60.0 to 61.0, 50.0 to 52.0 |"
    assert second.split(" | ")[2:4] == ["0.0000 / 3.0000 / 3.0000", "1.0000 to 3.0000"]
    assert ratio == "p99 with to without: 1.50"
