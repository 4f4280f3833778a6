"""The form of a piece, planned before it is composed: phrases, where they come to rest, in which key, what returns.

Law: a plan is a value that follows from the habits of a repertoire, the seed and the random numbers alone. It names
places in ticks, so that who composes can look up at any moment what comes next, and how far it is until then.

A phrase runs from `begin` to `end` and arrives at `goal`, a strong beat, with its cadence. In music that breathes, as
a chorale does, the chord there is held until `end`; in music that flows, the next phrase may begin with it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import Final, TypeVar

from bachd.music.event import TICKS
from bachd.music.keys import Key
from bachd.music.metre import Grid, Metre

_T = TypeVar("_T")


class Cadence(Enum):
    """How a phrase closes."""

    AUTHENTIC = "authentic"
    """From the dominant to the tonic of its key."""
    HALF = "half"
    """On the dominant of its key."""
    FINAL = "final"
    """Authentic, at home, with the tonic on top; the piece ends with it."""


class Line(Enum):
    """One of the two outer lines."""

    TOP = "top"
    BOTTOM = "bottom"


@dataclass(frozen=True, slots=True)
class Close:
    """A way in which phrases of a repertoire close, and how often they do."""

    third: int
    """Third of the piece in which they stand, 0 to 2."""
    semitones: int
    """Of the tonic of its key above the home tonic, 0 to 11."""
    minor: bool
    """Whether its key is minor."""
    cadence: Cadence
    count: int


def _usual_closes(minor: bool) -> tuple[Close, ...]:
    """Home, the dominant and the relative key, where no corpus says otherwise."""
    near = ((0, True, 6), (3, False, 3), (7, True, 2)) if minor else ((0, False, 6), (7, False, 3), (9, True, 2))
    authentic = [Close(third, up, mode, Cadence.AUTHENTIC, count) for third in range(3) for up, mode, count in near]
    return (*authentic, *(Close(third, 0, minor, Cadence.HALF, 2) for third in range(3)))


@dataclass(frozen=True, slots=True)
class Habits:
    """What pieces of a repertoire usually do, as counts; a bundle's card holds those of the music it learned from."""

    bars: tuple[int, ...] = (16, 20, 24, 28, 32)
    """Lengths of whole pieces in bars, each as often as it occurs, or quantiles."""
    phrases: Mapping[str, Mapping[float, int]] = field(default_factory=dict)
    """By metre: how often a phrase has so many quarters. Without an entry, a phrase has four bars."""
    breathes: bool = True
    """Whether the chord at the end of a phrase is held until the next begins, as in a chorale."""
    long_ends: float = 0.5
    """Share of the inner phrase ends that are held, in music that flows."""
    closes: Mapping[str, Sequence[Close]] = field(
        default_factory=lambda: {"major": _usual_closes(minor=False), "minor": _usual_closes(minor=True)}
    )
    """How phrases close but for the last, in pieces in 'major' and in 'minor'."""
    returns: float = 0.3
    """Share of the phrases that take up an earlier one."""
    sequences: float = 0.3
    """Share of the phrases in which a figure is repeated on other steps."""
    picardy: float = 0.3
    """Share of the pieces in minor that end with a major chord."""
    imitations: float = 0.0
    """Share of the phrases in which one outer line takes up what the other has just played."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Some music that is to return: from `at` on, the lines do what they did, or the other did, from `source` on."""

    at: int
    """Tick at which it begins."""
    source: int
    """Tick from which on it is taken; what lies there need not be composed yet when it is planned."""
    ticks: int
    """For how long."""
    line: Line | None = None
    """The line that takes it up; None for both, each its own."""
    of: Line | None = None
    """The line that it is taken from."""
    steps: int = 0
    """Steps of the scale by which it is moved."""
    key: Key | None = None
    """The key in which it is taken up; None for that of its source."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A stretch of music that goes somewhere."""

    begin: int
    goal: int
    """Tick at which its last chord begins, on a strong beat."""
    end: int
    """Tick at which the next phrase begins; `goal` or later."""
    key: Key
    """The key in which it closes."""
    cadence: Cadence
    theme: str
    """A letter; two phrases have the same if the later takes up the earlier."""


@dataclass(frozen=True, slots=True)
class Form:
    """What is planned for one piece."""

    home: Key
    begin: int
    """Tick at which what is planned begins: the end of the seed."""
    phrases: tuple[Phrase, ...]
    """Without gaps; the last one ends the piece."""
    quotes: tuple[Quote, ...] = ()
    """In the order in which they begin."""
    picardy: bool = False
    """Whether a piece in minor ends with a major chord."""

    def phrase(self, tick: int) -> int:
        """Index of the phrase that `tick` lies in; the last one for all that comes after."""
        return min(len(self.phrases) - 1, bisect_right(self.phrases, tick, key=lambda phrase: phrase.begin) - 1)

    def share(self, tick: int) -> float:
        """How much of the piece has gone by at `tick`, 0 to 1."""
        return min(1.0, tick / self.phrases[-1].end)

    def quotes_at(self, tick: int) -> list[Quote]:
        """What is to return at `tick`."""
        return [quote for quote in self.quotes if quote.at <= tick < quote.at + quote.ticks]


MOST_BARS: Final = 46
"""Bars of the longest piece that is planned: an hour should bring more than twenty."""
MOST_QUARTERS: Final = 184
"""The same in quarter notes, for metres with long bars."""
_PHRASE_QUARTERS: Final = 16
"""Quarters of a phrase, about, where the habits say nothing."""
_NOTES: Final = tuple(TICKS * eighths // 2 for eighths in (4, 6, 8, 12, 16))
"""Ticks that the last chord of a piece may last: a half note, with a dot, and longer."""
_FOURTH_DOWN: Final = -3
"""Steps: an answer at the fifth lies a fourth lower."""
FEWEST: Final = 2
"""Phrases that are composed at least, however long the seed."""
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def strong(metre: Metre, phase: int) -> bool:
    """Whether a beat at `phase` is strong: the first, or the middle of a bar in two halves."""
    halves = metre.beats % 2 == 0 and metre.bar > 2 * TICKS
    return phase == 0 or (halves and 2 * phase == metre.bar)


def plan(habits: Habits, home: Key, grid: Grid, seed: Sequence[int], rng: Random) -> Form:
    """Plan what follows a seed.

    seed: the ticks at which its phrases begin, and at last that of its end.
    """
    return _Planner(habits, home, grid, seed, rng).form()


def _usual_quarters(metre: Metre) -> float:
    """Quarters of four bars, or of as many as make about as much music."""
    return max(1, min(4, _PHRASE_QUARTERS * TICKS // metre.bar)) * metre.bar / TICKS


def last_ticks(room: int, metre: Metre) -> int:
    """Ticks of a last chord that fits into `room`, if possible; a half note at least, unless bars are very short."""
    return max([ticks for ticks in _NOTES if ticks <= room], default=min(_NOTES[0], 2 * metre.bar))


def close_at(tick: int, home: Key, metre: Metre) -> Form:
    """The plan of a piece that has to end with the chord that begins at `tick`."""
    end = tick + last_ticks(metre.bar, metre)
    return Form(home, tick, (Phrase(tick, tick, end, home, Cadence.FINAL, "A"),))


class _Planner:
    def __init__(self, habits: Habits, home: Key, grid: Grid, seed: Sequence[int], rng: Random) -> None:
        self._habits = habits
        self._home = home
        self._grid = grid
        self._seed = seed
        self._rng = rng
        self._metre = grid.place(seed[-1]).metre
        self._phrases: list[Phrase] = []
        self._quotes: list[Quote] = []

    def form(self) -> Form:
        spans = self._spans()
        last = len(spans) - 1
        letters = 0
        for index, (begin, goal, end) in enumerate(spans):
            earlier = self._earlier(begin, end) if index < last else None
            if index == last:
                key, cadence = self._home, Cadence.FINAL
            elif earlier is not None and earlier.begin >= self._seed[-1]:
                key, cadence = earlier.key, earlier.cadence
            else:
                key, cadence = self._close(index, last)
            theme = earlier.theme if earlier else _LETTERS[(len(self._seed) - 1 + letters) % len(_LETTERS)]
            letters += earlier is None
            self._phrases.append(Phrase(begin, goal, end, key, cadence, theme))
            if earlier is not None:
                self._return(earlier, begin, goal)
            elif not self._habits.breathes and index < last:
                self._work_out(begin, goal)
        quotes = tuple(sorted(self._quotes, key=lambda quote: quote.at))
        picardy = self._rng.random() < self._habits.picardy
        return Form(self._home, self._seed[-1], tuple(self._phrases), quotes, picardy and self._home.minor)

    def _spans(self) -> list[tuple[int, int, int]]:
        """Begin, goal and end of each phrase."""
        begin = self._seed[-1]
        bars = self._drawn([(bars, 1) for bars in self._habits.bars])
        until = min(bars * self._metre.bar, MOST_BARS * self._metre.bar, MOST_QUARTERS * TICKS)
        found: list[tuple[int, int, int]] = []
        while len(found) < FEWEST or begin + self._metre.bar < until:
            goal, end = self._span(begin)
            found.append((begin, goal, end))
            begin = end
        begin, goal, _ = found[-1]
        return [*found[:-1], (begin, goal, goal + self._final(goal))]

    def _span(self, begin: int) -> tuple[int, int]:
        """Goal and end of a phrase that begins there."""
        metre = self._metre
        counts = self._habits.phrases.get(str(metre))
        quarters = self._drawn(list(counts.items())) if counts else _usual_quarters(metre)
        target = begin + max(metre.bar, round(quarters * TICKS))
        if self._habits.breathes:
            goal = self._strong_before(target - min(TICKS, metre.bar))
            return (goal, target) if goal > begin + TICKS else (goal + metre.bar, target + metre.bar)
        place = self._grid.place(target)
        goal = max(target - place.phase, begin - self._grid.place(begin).phase + metre.bar)
        long = self._rng.random() < self._habits.long_ends
        return goal, goal + (self._held(metre) if long else 0)

    @staticmethod
    def _held(metre: Metre) -> int:
        """Ticks for which an inner phrase end is held in music that flows."""
        return min(2 * TICKS, metre.bar)

    def _strong_before(self, tick: int) -> int:
        """The last strong beat at or before `tick`."""
        place = self._grid.place(tick)
        half = place.metre.bar // 2
        on_half = place.phase >= half and strong(place.metre, half)
        return tick - place.phase + (half if on_half else 0)

    def _final(self, goal: int) -> int:
        """Ticks of the last chord: the rest of its bar, less the upbeat, and half a bar at least."""
        place = self._grid.place(goal)
        rest = place.metre.bar - place.phase
        if rest - self._grid.upbeat >= max(TICKS, rest // 2):
            rest -= self._grid.upbeat
        return last_ticks(rest, place.metre)

    def _close(self, index: int, last: int) -> tuple[Key, Cadence]:
        third = min(2, 3 * index // max(1, last))
        closes = self._habits.closes.get("minor" if self._home.minor else "major", ())
        usual = [(close, close.count) for close in closes if close.third == third]
        if not usual:
            return self._home, Cadence.AUTHENTIC
        close = self._drawn(usual)
        return self._home.moved(close.semitones, minor=close.minor), close.cadence

    def _earlier(self, begin: int, end: int) -> Phrase | None:
        """The phrase that the one from `begin` to `end` takes up, if it does: the first of the seed most often."""
        draw = self._rng.random()
        known = [
            Phrase(first, until, until, self._home, Cadence.AUTHENTIC, letter)
            for first, until, letter in zip(self._seed, self._seed[1:], _LETTERS, strict=False)
        ] + [phrase for phrase in self._phrases if not self._is_return(phrase)]
        phase = self._grid.place(begin).phase
        fitting = [phrase for phrase in known if self._grid.place(phrase.begin).phase == phase]
        if draw >= self._habits.returns or not fitting:
            return None
        if self._phrases and (follows := self._next_of(self._phrases[-1], fitting)):
            return follows
        return self._drawn([(phrase, 4 if phrase is fitting[0] else 1) for phrase in fitting])

    def _is_return(self, phrase: Phrase) -> bool:
        return any(quote.at == phrase.begin for quote in self._quotes)

    def _next_of(self, before: Phrase, known: Sequence[Phrase]) -> Phrase | None:
        """What followed the phrase that was just taken up: A B is taken up as A B."""
        source = next((quote.source for quote in self._quotes if quote.at == before.begin), None)
        if source is None:
            return None
        return next((phrase for phrase in known if phrase.begin > source), None)

    def _return(self, earlier: Phrase, begin: int, goal: int) -> None:
        if self._habits.breathes:
            ticks = min(goal - begin, earlier.goal - earlier.begin)
            self._quotes.append(Quote(begin, earlier.begin, ticks))
            return
        key = self._phrases[-2].key if len(self._phrases) > 1 else self._home
        ticks = min(goal - begin, 2 * self._metre.bar)
        self._quotes.append(Quote(begin, earlier.begin, ticks, key=key))

    def _work_out(self, begin: int, goal: int) -> None:
        """Let a figure wander through the steps of the scale, or from one line to the other."""
        metre = self._metre
        bar = metre.bar if metre.bar <= 4 * TICKS else metre.bar // 2
        line = begin + (-self._grid.place(begin).phase) % metre.bar
        if self._rng.random() < self._habits.imitations:
            self._imitate(line, goal, bar)
            return
        if self._rng.random() < self._habits.sequences:
            steps = self._drawn([(-1, 4), (1, 1), (-2, 1)])
            at = line + metre.bar
            ticks = min(2 * bar, goal - metre.bar // 2 - at)
            if ticks >= bar:
                self._quotes.append(Quote(at, at - bar, ticks, steps=steps))

    def _imitate(self, at: int, goal: int, bar: int) -> None:
        """The subject in one line, answered by the other a bar later, at the octave or the fifth, and once more."""
        first, second = self._rng.sample((Line.TOP, Line.BOTTOM), 2)
        steps = self._drawn([(0, 1), (_FOURTH_DOWN, 1)])
        subject = self._seed[0] + -self._grid.place(self._seed[0]).phase % bar
        entries = min(3, (goal - bar // 2 - at) // bar)
        for entry in range(entries):
            line, other = (first, second) if entry % 2 == 0 else (second, first)
            source, of = (subject, Line.TOP) if entry == 0 else (at - bar, other)
            if source < at:  # a seed of less than a bar has no subject yet
                self._quotes.append(Quote(at, source, bar, line=line, of=of, steps=steps if entry == 1 else 0))
            at += bar

    def _drawn(self, counted: Sequence[tuple[_T, int]]) -> _T:
        total = sum(count for _, count in counted)
        left = self._rng.random() * total
        for value, count in counted:
            left -= count
            if left < 0:
                return value
        return counted[-1][0]
