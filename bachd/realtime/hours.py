"""Define hours of the day in which there is music.

Law: the hours are those that a clock on the wall shows, whatever was done to it: summer time, or a clock that was set.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from typing import Final

_HOURS: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*(?:-|to)\s*([0-9]{1,2}):([0-9]{2})")
_DAY: Final = 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """From one minute of the day to another, which is not among them; over midnight if that is earlier."""

    begin: int
    """Minutes since midnight."""
    end: int

    def __contains__(self, moment: time) -> bool:
        minute = moment.hour * 60 + moment.minute
        if self.begin < self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end

    def __str__(self) -> str:
        return f"{_clock(self.begin)}-{_clock(self.end)}"


def parse_hours(text: str) -> Hours:
    """Read hours such as '08:00-22:00'. Raises ValueError, which says what is wrong."""
    found = _HOURS.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text[:20]!r} are no hours; write them as '08:00-22:00'")
    begin_hour, begin_minute, end_hour, end_minute = map(int, found.groups())
    begin, end = begin_hour * 60 + begin_minute, end_hour * 60 + end_minute
    if max(begin_minute, end_minute) > 59 or begin >= _DAY or end > _DAY:
        raise ValueError(f"{text[:20]!r} are no hours of a day, which are 00:00 to 24:00")
    if begin == end:
        raise ValueError(f"{text[:20]!r} are no time at all; 00:00-24:00 is the whole day")
    return Hours(begin, end)


def opening(hours: Sequence[Hours], moment: time) -> str:
    """Return when the next of the hours begin after a moment, such as '08:00'."""
    minute = moment.hour * 60 + moment.minute
    return _clock(min(hours, key=lambda each: (each.begin - minute - 1) % _DAY).begin)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
