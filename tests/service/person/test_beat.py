"""Where a person is in the bar."""

from __future__ import annotations

from typing import Any, cast

import pytest

from bachd.realtime.transport import Transport
from bachd.service.person.beat import PersonBeat


class Followed(Transport):
    """A tempo from outside, at 60 bpm from moment 0 on."""

    stopped = False

    def position(self, moment: float) -> float | None:  # type: ignore[override]
        return None if self.stopped else 24 * moment


FREE: Any = Transport(60)


def test_the_first_note_is_a_bar_line_and_the_others_follow_the_tempo() -> None:
    beat = PersonBeat(60)
    assert [beat.strike(moment, FREE) for moment in (100.0, 100.26, 100.49, 101.0)] == [0, 6, 12, 24]
    assert beat.at(102.1, FREE) == 48
    assert beat.due(72, 102.1, FREE) == pytest.approx(103.0, abs=0.03)


def test_the_beat_is_the_person_s_own() -> None:
    beat = PersonBeat(84)
    assert [beat.strike(100.0 + moment, FREE) for moment in range(8)] == [24 * number for number in range(8)]
    assert beat.bpm == pytest.approx(60, rel=0.01)
    assert beat.due(8 * 24, 107.5, FREE) == pytest.approx(108.0, abs=0.02)


def test_the_tempo_is_known_after_some_notes_until_another_is_expected() -> None:
    beat = PersonBeat(84)
    for number in range(6):
        beat.strike(100.0 + 0.7 * number, FREE)
    assert beat.found is None
    beat.strike(100.0 + 0.7 * 6, FREE)
    assert beat.found == pytest.approx(60 / 0.7, rel=0.01)
    beat.use(84, 105.0)
    assert beat.found is not None
    beat.use(60, 105.0)
    assert beat.found is None


def test_a_chord_that_is_broken_is_one_onset() -> None:
    beat = PersonBeat(60)
    assert [beat.strike(moment, FREE) for moment in (100.0, 100.03, 100.08, 101.0, 101.04)] == [0, 0, 0, 24, 24]


def test_after_a_long_silence_a_note_is_a_bar_line_again() -> None:
    beat = PersonBeat(60)
    beat.strike(100.0, FREE)
    assert beat.at(101.0, FREE) == 24
    assert beat.strike(108.3, FREE) == 198  # less than two bars later
    assert beat.strike(120.3, FREE) == 576
    assert beat.due(600, 120.3, FREE) == pytest.approx(121.3)


def test_another_tempo_counts_on_from_where_it_is() -> None:
    beat = PersonBeat(60)
    beat.strike(100.0, FREE)
    beat.use(120, 101.0)
    assert beat.strike(101.5, FREE) == 48


def test_time_never_runs_backwards() -> None:
    beat = PersonBeat(60)
    beat.strike(100.0, FREE)
    beat.strike(101.0, FREE)
    assert beat.strike(100.6, FREE) == 24  # two keyboards, one of which is late


def test_a_followed_beat_is_that_of_others() -> None:
    beat, clock = PersonBeat(120), cast("Any", Followed(60))
    assert beat.strike(10.0, clock) == 240
    assert beat.strike(10.26, clock) == 246
    assert beat.due(264, 10.5, clock) == pytest.approx(11.0)


def test_while_nothing_is_followed_time_is_free() -> None:
    beat, clock = PersonBeat(60), cast("Any", Followed(60))
    assert beat.strike(10.0, clock) == 240
    clock.stopped = True
    assert beat.at(10.5, clock) == 0
    assert beat.strike(11.5, clock) == 24
    clock.stopped = False
    assert beat.strike(12.0, clock) == 288


def test_a_steady_beat_is_not_moved_by_notes() -> None:
    beat = PersonBeat(60)
    beat.use(60, 0.0, steady=True)
    beat.strike(100.0, FREE)
    assert [beat.strike(100.0 + 0.7 * number, FREE) for number in range(1, 11)][-1] == 168
    assert (beat.bpm, beat.found) == (60, None)
    assert beat.due(240, 107.0, FREE) == pytest.approx(110.0)
