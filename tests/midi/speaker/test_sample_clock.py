from __future__ import annotations

from random import Random

import pytest

from bachd.midi.speaker.sample_clock import SampleClock

RATE = 48000
PERIOD = 256


def run(clock: SampleClock, first: int, periods: int, *, begin: float = 0.0, speed: float = 1.0) -> list[float]:
    """Ask for periods, each up to 4 ms late; returns by how much each moment is off."""
    rng, errors = Random(1), []
    for sample in range(first, first + periods * PERIOD, PERIOD):
        due = begin + sample / RATE / speed
        late = 0.0 if rng.random() < 0.2 else rng.uniform(0, 0.004)
        errors.append(clock.moment(sample, due + late) - due)
    return errors


def test_threads_that_are_woken_late_change_nothing() -> None:
    errors = run(SampleClock(RATE), 0, 2000)
    assert max(map(abs, errors[50:])) < 1e-4


def test_a_card_that_runs_fast_is_followed() -> None:
    errors = run(SampleClock(RATE), 0, 4000, speed=1.0002)
    assert max(map(abs, errors[50:])) < 3e-4


def test_samples_that_were_left_out_are_made_up_for_within_a_second() -> None:
    clock = SampleClock(RATE)
    run(clock, 0, 400)
    errors = run(clock, 400 * PERIOD, 400, begin=0.05)
    assert errors[0] == pytest.approx(-0.05, abs=1e-3)
    assert max(map(abs, errors[200:])) < 1e-4
