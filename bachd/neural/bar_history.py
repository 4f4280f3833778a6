"""Remember the last bars that were played, and play some of them again.

Law: a bar that is played again is the same, step for step; what was planned behind it stays planned.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from bachd.music.piece import Step
from bachd.neural.composer import Mark

MOST: Final = 64
"""Bars that are remembered."""


@dataclass(slots=True)
class Bar:
    """A bar that was played, or is being played."""

    mark: Mark | None
    """Where the composer stood before it, if that is known."""
    steps: list[Step] = field(default_factory=list)


class BarHistory:
    """The bars so far, and those that come once more."""

    def __init__(self) -> None:
        self._bars: deque[Bar] = deque(maxlen=MOST)
        self._again: deque[Bar] = deque()
        self._left: deque[Step] = deque()  # of the bar that is being played again
        self.frozen = False
        """Whether the last bar is repeated until this is False."""

    @property
    def ahead(self) -> list[Step]:
        """The steps that are known to come once more."""
        return [*self._left, *(step for bar in self._again for step in bar.steps)]

    def clear(self) -> None:
        """Forget everything."""
        self._bars.clear()
        self._again.clear()
        self._left.clear()
        self.frozen = False

    def go_back(self, bars: int) -> None:
        """Let the last `bars` bars, as far as they are remembered, come once more, and then what would come now."""
        self.frozen = False
        for _ in range(min(bars, len(self._bars))):
            self._again.appendleft(self._bars.pop())

    def open(self, mark: Mark | None) -> bool:
        """A bar begins; returns whether it is one that comes once more. mark: see `Bar`, if it is a new one."""
        if self.frozen and not self._again and self._bars:
            self._again.append(self._bars.pop())
        if not self._again:
            self._bars.append(Bar(mark))
            return False
        bar = self._again.popleft()
        self._left.extend(bar.steps)
        self._bars.append(Bar(bar.mark))
        return True

    def next(self) -> Step | None:
        """Return the next step of a bar that comes once more; None if it does not."""
        return self._left.popleft() if self._left else None

    def add(self, step: Step) -> None:
        """Note a step of the bar that is being played."""
        if self._bars:
            self._bars[-1].steps.append(step)

    def before_last(self) -> Mark | None:
        """Forget the last bar, and return where the composer stood before it, if that is known."""
        self.frozen = False
        self._again.clear()
        return self._bars.pop().mark if self._bars else None
