"""Track the tempo and the phase of a MIDI clock, from the moments at which its clocks came in.

Law: a clock that comes a little early or late changes next to nothing; a tempo that has changed is followed after two
or three clocks, one that has changed a little after a dozen. Times never run backwards, and a clock that was away is
joined again in phase, gliding, without a jump.

Clocks (24 a quarter note) are numbered as they come. Their numbers and moments are thought to lie on a line, found by
least squares over the last 48 or, after a change, over so many as lie on one line with the latest three.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from statistics import median
from typing import Final, TypeAlias

from bachd.music.event import TICKS
from bachd.summary_statistics import fitted_line

SLOWEST: Final = 20.0
FASTEST: Final = 300.0
"""Quarter notes a minute: tempos beyond these are not followed."""
LOST: Final = 0.5
"""Seconds without a clock after which it is taken for lost: four clocks at the slowest tempo."""

_WINDOW: Final = 48
_SIZES: Final = (24, 12, 6, 3)
"""Of windows to look through when the tempo may have changed, in clocks."""
_LATEST: Final = 3
_DRIFTING: Final = 12
"""Clocks that show a change too small for the latest few, as none of them lies far beside the line."""
_GROWING: Final = 1.5
"""Another tempo makes the second clock twice as late or early as the first."""
_NEAR: Final = 0.0016
"""Seconds by which a clock of a long window may lie beside the line, if most do not lie further."""
_STRICT: Final = 0.35
"""Share of that within which the latest clocks must lie on a line that is drawn anew: a looser one was measured to be
three times as wrong in the beat after a change."""
_GLIDE: Final = TICKS
"""Clocks for which a difference in phase is spread: a beat."""
_TOLERANCE: Final = 1.03
"""A tempo that is at the limits may be measured beyond them."""

_Clock: TypeAlias = tuple[int, float]
"""Number and moment, in monotonic seconds."""


class TempoTracker:
    """The least-squares line through the clocks of a master. Pure: no clock is read here."""

    def __init__(self, bpm: float = 120.0) -> None:
        """bpm: the assumed tempo until two clocks have come."""
        self.count = -1
        """Number of the last clock."""
        self.last: float | None = None
        """When it came; None before the first."""
        self.out_of_range: float | None = None
        """The tempo in quarter notes a minute if it is out of range, and the time goes on by itself; else None."""
        self.unsteady = False
        """Whether the clocks come so irregularly that they may be two masters' at once."""
        self._number, self._moment, self._period = 0, 0.0, 60.0 / (bpm * TICKS)  # the line
        self._clocks: deque[_Clock] = deque(maxlen=_WINDOW)
        self._fitted: deque[_Clock] = deque(maxlen=_WINDOW)  # with those far off moved onto the line
        self._deviations: deque[float] = deque(maxlen=_WINDOW)  # from the line to the clocks, as they came
        self._glide = (0, 0.0)  # the number from which on, and the seconds that are glided over
        self._jumps = True

    @property
    def bpm(self) -> float:
        """Quarter notes a minute."""
        return 60.0 / (self._period * TICKS)

    def moment(self, number: float) -> float:
        """Return when the clock of that number comes or came, in monotonic seconds; numbers may lie between clocks."""
        since, seconds = self._glide
        return self._on_line(number) + seconds * min(1.0, max(0.0, 1.0 - (number - since) / _GLIDE))

    def number(self, moment: float) -> float:
        """Return the number that is reached at a moment, in parts of a clock, too."""
        return self._number + (moment - self._moment) / self._period

    def is_lost(self, now: float) -> bool:
        """Whether the clocks have stopped coming, or have not begun to."""
        return self.last is None or now - self.last > LOST

    def pauses(self, now: float) -> bool:
        """Whether clocks do not come at present, or have not begun to."""
        return self.last is None or now - self.last > 2.0 * self._period

    def jump(self) -> None:
        """Jump to the next clock instead of gliding there: nothing sounds."""
        self._jumps = True

    def clock(self, moment: float) -> None:
        """Take a clock that came in at `moment`."""
        before, self.last = self.last, moment
        if before is None or moment - before > LOST or self._jumps:
            self._join(moment)
            return
        if self.out_of_range is not None:
            self._clocks.append((len(self._clocks), moment))
            self._check_range()
            return
        self.count += 1
        off = moment - self._on_line(self.count)
        self._clocks.append((self.count, moment))
        self._deviations.append(off)
        if len(self._clocks) <= _LATEST:
            self._fitted.append((self.count, moment))
            self._fit(self._fitted)
        elif self._has_changed():
            self._refit()
        elif self._has_drifted():
            self._begin(list(self._clocks)[-_DRIFTING:])
        else:
            near = abs(off) <= self._near(len(self._fitted))
            self._fitted.append((self.count, moment if near else self._on_line(self.count)))
            self._fit(self._fitted)
        self._check_quality()

    def _on_line(self, number: float) -> float:
        return self._moment + (number - self._number) * self._period

    def _near(self, size: int) -> float:
        """Tolerance for the next clock's distance from the line of so many: larger if all are scattered, or few."""
        middle = median(self._deviations)
        scatter = median(abs(off - middle) for off in self._deviations)
        return max(_NEAR, 3.0 * scatter) * (1.0 + 6.0 / size)

    def _has_changed(self) -> bool:
        """Whether the latest clocks are all early, or all late; of two, the second much more so than the first.

        A clock that was held up, and those that waited behind it, come less and less late.
        """
        near = self._near(len(self._fitted))
        offs = [moment - self._on_line(number) for number, moment in list(self._clocks)[-_LATEST:]]
        grows = abs(offs[-2]) > 2.0 * near and offs[-1] / offs[-2] > _GROWING
        return min(offs) > near or max(offs) < -near or grows

    def _has_drifted(self) -> bool:
        """Whether clocks lie beside the line on average, by half of what one alone may; one far off counts no more."""
        near = self._near(len(self._fitted))
        offs = [min(near, max(-near, off)) for off in list(self._deviations)[-_DRIFTING:]]
        return len(offs) == _DRIFTING and abs(sum(offs)) > _DRIFTING * near / 2

    def _refit(self) -> None:
        """Draw the line through the most clocks that it fits to, up to the latest."""
        came = list(self._clocks)
        for size in _SIZES:
            window = came[-size:]
            number, moment, period = _line(window)
            off = max(abs(when - moment - (each - number) * period) for each, when in window[-_LATEST:])
            if len(window) == size and (off <= _STRICT * self._near(size) or size == _SIZES[-1]):
                self._begin(window)
                return

    def _begin(self, window: Sequence[_Clock]) -> None:
        """Draw the line through these clocks and forget those before, if their tempo is one that can be followed."""
        if self._fit(window):
            self._clocks, self._fitted = deque(window, _WINDOW), deque(window, _WINDOW)
            self._deviations.clear()
            self._deviations.append(0.0)

    def _fit(self, clocks: Sequence[_Clock]) -> bool:
        """Draw the line, if its tempo is one that can be followed; whether it is."""
        if len(clocks) > 1:
            number, moment, period = _line(clocks)
            if 60.0 / (FASTEST * TICKS * _TOLERANCE) <= period <= 60.0 * _TOLERANCE / (SLOWEST * TICKS):
                self._number, self._moment, self._period = number, moment, period
                return True
            return False
        self._number, self._moment = clocks[0]
        return True

    def _join(self, moment: float) -> None:
        """A first clock, or the first after a while: it is taken for the one that would come nearest."""
        number = round(self.number(moment)) if self.count >= 0 else 0
        away = 0.0 if self._jumps else self.moment(number) - moment
        self.count, self.out_of_range, self._jumps = number, None, False
        self._clocks.clear()
        self._fitted.clear()
        self._deviations.clear()
        self._glide = (number, away)
        for row in (self._clocks, self._fitted):
            row.append((number, moment))
        self._deviations.append(0.0)
        self._fit(self._fitted)

    def _check_quality(self) -> None:
        """Check whether these clocks can be followed at all."""
        moments = [moment for _, moment in self._clocks][-_SIZES[0] :]
        bends = [abs(a - 2.0 * b + c) for a, b, c in zip(moments, moments[1:], moments[2:], strict=False)]
        period = (moments[-1] - moments[0]) / len(moments)
        self.unsteady = len(moments) == _SIZES[0] and median(bends) > period / 2
        self._check_range()

    def _check_range(self) -> None:
        """Go on alone while the latest clocks are too fast or too slow, and join them when they are not any more."""
        size = _SIZES[0] if self.out_of_range is None else _SIZES[1]
        latest = [moment for _, moment in self._clocks][-size:]
        if len(latest) < size:
            return
        bpm = 60.0 * (len(latest) - 1) / (max(1e-6, latest[-1] - latest[0]) * TICKS)
        within = SLOWEST / _TOLERANCE <= bpm <= FASTEST * _TOLERANCE
        if self.out_of_range is not None and within:
            self._join(latest[-1])
        elif not within:
            self.out_of_range = bpm


def _line(clocks: Sequence[_Clock]) -> tuple[int, float, float]:
    """Fit a line by least squares: return a number, its moment, and the seconds from clock to clock."""
    origin, start = clocks[-1]
    number, moment, period = fitted_line([each - origin for each, _ in clocks], [each - start for _, each in clocks])
    return origin, start + moment - number * period, period
