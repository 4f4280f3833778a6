"""What is known of JACK's cycles, whatever its filter says of them."""

from __future__ import annotations

import pytest

from bachd.midi.jack.libjack import present_cycle


@pytest.mark.parametrize(
    ("begin", "end", "now", "present"),
    [
        (10.00, 10.02, 10.00, (10.00, 10.02)),
        (10.00, 10.02, 10.02, (10.00, 10.02)),  # a thread that is late by less than a cycle
        (10.00, 10.02, 9.99, (10.00, 10.02)),  # a filter that is ahead by less than one
        (7.50, 7.52, 10.00, (9.98, 10.00)),  # as after a standstill: it cannot have ended
        (10.50, 10.52, 10.00, (10.02, 10.04)),  # and as later: it is the next one at the latest
    ],
)
def test_no_cycle_has_ended_or_is_further_away_than_the_next(
    begin: float, end: float, now: float, present: tuple[float, float]
) -> None:
    assert present_cycle(begin, end, now) == pytest.approx(present)
