"""What the network is told of the event that comes next: where the plan leads, and the note that a person has begun.

Law: an outlook follows from the plan and the tick, or from what has been played so far, and from nothing later.

The phrase clock is the countdown to the fermata of BachBot (Liang 2016, "BachBot: Automatic composition in the style of
Bach chorales") and DeepBach (Hadjeres, Pachet and Nielsen 2017, arXiv:1612.01010), taken from the plan.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from bachd.music import keys
from bachd.music.event import TICKS, Event
from bachd.music.form.habits import Cadence
from bachd.music.form.plan import Form
from bachd.music.keys import Key

LOWEST: Final = 24
PITCHES: Final = 72


@dataclass(frozen=True, slots=True)
class Clock:
    """Where in its phrase, and in its piece, an event begins. All lengths are in ticks."""

    since: int
    """Since the phrase began."""
    to_goal: int
    """Until its last chord begins; below 0 once it has begun."""
    to_end: int
    """Until the next phrase begins; below 1 after the end of the piece."""
    share: float
    """Of the piece that has gone by, 0 to 1."""
    is_last: bool
    """Whether the piece ends with this phrase."""
    cadence: Cadence
    """How the phrase closes."""


@dataclass(frozen=True, slots=True)
class Given:
    """The top note of the event, where a person plays it."""

    pitch: int
    """MIDI number, LOWEST to LOWEST + PITCHES - 1."""
    held: bool
    """Whether it began before."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known of the event that comes next. None where nobody knows."""

    home: Key | None = None
    """The key of the piece."""
    key: Key | None = None
    """The key in which the phrase closes, or that a melody is in at present."""
    clock: Clock | None = None
    given: Given | None = None


NOWHERE: Final = Outlook()

# Columns, from 0.
_GOAL: Final = (0, 1, 7, 13, 19, 25, 37, 49, 73, 97, 145, 193)
_SINCE: Final = (12, 24, 48, 72, 96, 144, 192, 288)
_END: Final = (1, 13, 25, 37, 49, 73, 97)
_SHARES: Final = 8
_CADENCES: Final = tuple(Cadence)
_MODES: Final = 2

_SINCE_AT: Final = len(_GOAL) + 1
_END_AT: Final = _SINCE_AT + len(_SINCE)
_SHARE_AT: Final = _END_AT + len(_END) + 1
_LAST_AT: Final = _SHARE_AT + _SHARES
_CADENCE_AT: Final = _LAST_AT + 1
HOME: Final = _CADENCE_AT + len(_CADENCES)
"""The first of 24 columns: the home key, 12 tonics of major keys, then 12 of minor ones."""
KEY: Final = HOME + 12 * _MODES
"""The same for the present key."""
GIVEN: Final = KEY + 12 * _MODES
"""The first of PITCHES columns: the given note."""
HELD: Final = GIVEN + PITCHES
"""The column of a given note that is held; the next is that of one that is struck."""
STRUCK: Final = HELD + 1
WIDTH: Final = STRUCK + 1
"""How many columns there are."""


def columns(outlook: Outlook) -> list[int]:
    """The columns that are set, from 0."""
    found = []
    if outlook.home is not None:
        found.append(HOME + outlook.home.tonic + 12 * outlook.home.minor)
    if outlook.key is not None:
        found.append(KEY + outlook.key.tonic + 12 * outlook.key.minor)
    if outlook.clock is not None:
        found += clock_columns(outlook.clock)
    if outlook.given is not None:
        found += [GIVEN + outlook.given.pitch - LOWEST, HELD if outlook.given.held else STRUCK]
    return found


def clock_columns(clock: Clock) -> list[int]:
    """The columns below HOME that are set, from 0."""
    found = [bisect_right(_GOAL, clock.to_goal), _END_AT + bisect_right(_END, clock.to_end)]
    found += range(_SINCE_AT, _SINCE_AT + bisect_right(_SINCE, clock.since))
    found += range(_SHARE_AT, _SHARE_AT + min(_SHARES, int(clock.share * _SHARES)))
    if clock.is_last:
        found.append(_LAST_AT)
    found.append(_CADENCE_AT + _CADENCES.index(clock.cadence))
    return found


def ahead(form: Form, tick: int) -> Outlook:
    """What a plan says of the event that begins at `tick`."""
    phrase = form.at(tick)
    clock = Clock(
        since=tick - phrase.begin,
        to_goal=phrase.goal - tick,
        to_end=phrase.end - tick,
        share=form.share(tick),
        is_last=phrase is form.phrases[-1],
        cadence=phrase.cadence,
    )
    return Outlook(form.home, phrase.key, clock)


def along(form: Form, events: Iterable[Event]) -> list[Outlook]:
    """What a plan says of each of some events, the first of which begins at tick 0, and of what follows them."""
    return [ahead(form, tick) for tick in accumulate((event.ticks for event in events), initial=0)]


class Melody:
    """What a person has played so far in a voice of his or her own, and the keys that it suggests."""

    RECENT: Final = 8 * TICKS
    """Ticks of the last few bars."""

    def __init__(self) -> None:
        self._notes: list[tuple[int, int]] = []
        self._all = [0.0] * 12

    def __copy__(self) -> Melody:
        other = Melody()
        other._notes, other._all = self._notes.copy(), self._all.copy()
        return other

    def push(self, pitch: int, ticks: int) -> None:
        """Take in that a note has sounded for so many ticks, or went on for them."""
        self._notes.append((pitch % 12, ticks))
        self._all[pitch % 12] += ticks

    def outlook(self, pitch: int, *, held: bool) -> Outlook:
        """What is known when the given note is `pitch`; held: whether it began before."""
        return Outlook(*self.keys(pitch), given=Given(pitch, held))

    def keys(self, pitch: int) -> tuple[Key, Key]:
        """The likeliest keys of all that was played, and of the last few bars, with `pitch` about to be played."""
        whole = self._all.copy()
        whole[pitch % 12] += TICKS
        recent, left = [0.0] * 12, self.RECENT
        for pitch_class, ticks in reversed(self._notes):
            if left <= 0:
                break
            recent[pitch_class] += min(ticks, left)
            left -= ticks
        recent[pitch % 12] += TICKS
        return keys.estimate(whole), keys.estimate(recent)
