"""Find the beat of a melody from its onsets, while it is played.

Law: an onset is judged by what came before it alone; what was decided is not taken back.

Each hypothesis is a place in the beat and a tempo. With an onset every hypothesis branches into the note values that it
may have ended, its tempo follows by a Kalman filter, and the likeliest are kept (Raphael, "Automated rhythm
transcription", ISMIR 2001; Cemgil and others, "On tempo tracking: tempogram representation and Kalman filtering",
Journal of New Music Research 29, 2000).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

BEAT: Final = 4
"""Sixteenths of a beat."""
_TOGETHER: Final = 0.65
"""Share of a sixteenth within which onsets are one chord, or ornaments."""
_VALUES: Final = (1, 2, 3, 4, 6, 8, 12, 16)
"""Sixteenths from one onset to the next that are considered."""
_SHARES: Final = (
    (0.21, 0.31, 0.02, 0.34, 0.022, 0.058, 0.02, 0.007),
    (0.96, 0.025, 0.01, 0.002, 0.002, 0.002, 0.002, 0.002),
    (0.285, 0.67, 0.01, 0.015, 0.009, 0.003, 0.004, 0.002),
    (0.98, 0.012, 0.005, 0.002, 0.002, 0.002, 0.002, 0.002),
)
"""How often each follows an onset on the first to the fourth sixteenth of a beat, in the top lines of the bundles' seed
pieces, each bundle counting the same."""
_COSTS: Final = tuple(tuple(math.log(share) for share in row) for row in _SHARES)
_TEMPO_SPREAD: Final = 0.25
"""Standard deviation of the tempo that was not heard yet, of its natural logarithm."""
_FAR: Final = 4.0
"""Cost at each onset of another tempo than the one expected: times the square of the logarithm of their ratio."""
_DRIFT: Final = 0.05
"""By how much the tempo may change within a beat, of itself."""
_PLAYING: Final = 0.02
"""Seconds by which an onset is played early or late: standard deviation."""
_KEPT: Final = 32
FASTEST, SLOWEST = 240.0, 30.0
"""Beats a minute that are considered."""


@dataclass(frozen=True, slots=True)
class _Hypothesis:
    weight: float
    """Natural logarithm of how likely it is, up to a common summand."""
    place: int
    """Sixteenths since the first onset."""
    length: float
    """Seconds of a sixteenth."""
    variance: float
    """Of the length."""
    value: int = 0
    """Sixteenths since the onset before."""


class BeatTracker:
    """The beat that has been found. Moments are monotonic seconds."""

    def __init__(self, bpm: float) -> None:
        """bpm: beats a minute that are to be expected."""
        self._last: float | None = None
        self._hypotheses: list[_Hypothesis] = []
        self.expect(bpm)

    def expect(self, bpm: float, moment: float | None = None, place: int = 0) -> None:
        """Begin anew, near another tempo.

        moment: when `place` is, in sixteenths from the first onset; None if it is the next onset.
        """
        self._last = moment
        self._expected = length = 60.0 / (bpm * BEAT)
        self._hypotheses = [
            _Hypothesis(-0.5 * spread**2, place, length * math.exp(_TEMPO_SPREAD * spread), (0.05 * length) ** 2)
            for spread in (each / 4 for each in range(-10, 11))
        ]
        self._hypotheses.sort(key=lambda each: -each.weight)

    @property
    def bpm(self) -> float:
        """The likeliest tempo, in beats a minute."""
        return 60.0 / (BEAT * self._hypotheses[0].length)

    @property
    def place(self) -> int:
        """Sixteenths from the first onset to the last one, by what is the likeliest now."""
        return self._hypotheses[0].place

    def strike(self, moment: float) -> int:
        """Take in an onset; returns how many sixteenths it is after the one before, 0 in a chord or for the first."""
        if self._last is None:
            self._last = moment
            return 0
        interval = moment - self._last
        if interval < _TOGETHER * self._hypotheses[0].length:
            return 0
        self._last = moment
        branches = [branch for each in self._hypotheses for branch in _branches(each, interval, self._expected)]
        if not branches:  # a pause longer than any note value: the tempo goes on
            passed = max(1, round(interval / self._hypotheses[0].length))
            self._hypotheses = [
                _Hypothesis(each.weight, each.place + passed, each.length, each.variance, passed)
                for each in self._hypotheses
            ]
            return passed
        self._hypotheses = _likeliest(branches)
        return self._hypotheses[0].value


def _branches(known: _Hypothesis, interval: float, usual: float) -> list[_Hypothesis]:
    """Return what a hypothesis becomes with an onset `interval` seconds after the last one.

    usual: seconds of a sixteenth at the tempo that is expected.
    """
    found = []
    for value, cost in zip(_VALUES, _COSTS[known.place % BEAT], strict=True):
        drift = (_DRIFT * known.length) ** 2 * value / BEAT
        variance = known.variance + drift
        expected, spread = value * known.length, value**2 * variance + 2 * _PLAYING**2
        error = interval - expected
        if error**2 > 12 * spread:
            continue
        gain = value * variance / spread
        length = known.length + gain * error
        if not FASTEST >= 60.0 / (BEAT * length) >= SLOWEST:
            continue
        weight = (
            known.weight + cost - 0.5 * (error**2 / spread + math.log(spread)) - _FAR * math.log(length / usual) ** 2
        )
        found.append(_Hypothesis(weight, known.place + value, length, variance * (1 - gain * value), value))
    return found


def _likeliest(branches: list[_Hypothesis]) -> list[_Hypothesis]:
    """Return the best, of those that agree in place and tempo one each."""
    kept: dict[tuple[int, int], _Hypothesis] = {}
    for each in sorted(branches, key=lambda each: -each.weight):
        kept.setdefault((each.place % BEAT, round(40 * math.log(each.length))), each)
        if len(kept) == _KEPT:
            break
    best = next(iter(kept.values())).weight
    return [
        _Hypothesis(each.weight - best, each.place, each.length, each.variance, each.value) for each in kept.values()
    ]
