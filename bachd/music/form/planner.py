"""Plan a piece before it is composed: draw its phrases, where they come to rest, in which key, and what returns.

Law: a plan follows from the habits of a repertoire, the seed and the random numbers alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from statistics import median
from typing import Final, TypeVar

from bachd.music import keys
from bachd.music.event import TICKS, Event
from bachd.music.form import phrases, written
from bachd.music.form.habits import Cadence, Habits
from bachd.music.form.plan import Form, Line, Phrase, Quote, last_ticks, strong, usual_ticks
from bachd.music.keys import Key
from bachd.music.metre import Grid, Metre
from bachd.music.piece import Piece

_T = TypeVar("_T")

MOST_BARS: Final = 46
"""Bars of the longest piece that is planned: an hour should bring more than twenty."""
MOST_QUARTERS: Final = 184
"""The same in quarter notes, for metres with long bars."""
_FOURTH_DOWN: Final = -3
"""Steps: an answer at the fifth lies a fourth lower."""
_TOUCHED: Final = ({1: (2, True), -2: (9, True)}, {-1: (10, False), -2: (8, False)})
"""Of major and of minor: the keys of steps of the scale, as semitones above the tonic and whether they are minor."""
FEWEST: Final = 2
"""Phrases that are composed at least, however long the seed."""
FIRST: Final = 2
"""How much more often than others the first phrase of the seed is taken up."""
TAKEN: Final = 13
"""Events that are taken up from a seed at a time, about: what is longer is a copy of the piece that it is from."""
RETURNED: Final = 3
"""Bars of a phrase that return, in music that flows."""
RHYMED: Final = 2
"""Bars before the last chord that are those of an earlier close, in music that flows."""
ENTRIES: Final = 3
"""Times that a subject enters; once less where a sequence follows."""
LONG: Final = 2
"""Times the usual length of an event that the last chord lasts at least, in music that flows."""
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def begin(piece: Piece, bars: int, habits: Habits, rng: Random) -> tuple[tuple[Event, ...], Grid, Form]:
    """The opening of a piece, about so many bars of it, with the grid and the plan of what grows from it."""
    excerpt, begins = phrases.opening(piece, bars)
    # What the piece does later with its metre is its own affair.
    changes = tuple([change for change in piece.grid.changes if change[0] < begins[-1]])
    grid = Grid(changes, piece.grid.upbeat)
    usual = round(median([event.ticks for event in piece.events] or [TICKS]))
    last = max(written.last_ticks(piece), LONG * usual, TICKS)
    planned = plan(habits, keys.home(piece.events), grid, begins, rng, len(excerpt), last)
    return excerpt, grid, replace(planned, opening=written.between(piece, begins))


def plan(
    habits: Habits, home: Key, grid: Grid, seed: Sequence[int], rng: Random, events: int = 0, last: int = 0
) -> Form:
    """Plan what follows a seed.

    seed: the ticks at which its phrases begin, and at last that of its end. events: how many it has; 0 is not known.
    last: ticks of the last chord at most, in music that flows; 0 is as many as there is room for.
    """
    return _Planner(habits, home, grid, seed, rng, events, last).form()


class _Planner:
    def __init__(
        self, habits: Habits, home: Key, grid: Grid, seed: Sequence[int], rng: Random, events: int, last: int
    ) -> None:
        self._habits = habits
        self._home = home
        self._grid = grid
        self._seed = seed
        self._rng = rng
        self._metre = grid.place(seed[-1]).metre
        self._last = last
        self._taken = TAKEN * seed[-1] // events if events else seed[-1]
        self._phrases: list[Phrase] = []
        self._quotes: list[Quote] = []

    def form(self) -> Form:
        spans = self._spans()
        last = len(spans) - 1
        letters = 0
        for index, (begin, goal, end) in enumerate(spans):
            earlier = self._earlier(begin) if index < last else None
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
            elif not self._habits.breathes:
                self._rhyme(begin, goal)
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
        quarters = self._drawn(list(counts.items())) if counts else usual_ticks(metre) / TICKS
        target = begin + max(metre.bar, round(quarters * TICKS))
        if self._habits.breathes:
            goal = self._strong_before(target - min(TICKS, metre.bar))
            return (goal, target) if goal > begin + TICKS else (goal + metre.bar, target + metre.bar)
        place = self._grid.place(target)
        goal = target - place.phase  # a bar line after `begin`, since a phrase has a bar at least
        long = self._rng.random() < self._habits.long_ends
        return goal, goal + (self._held(metre) if long else 0)

    def _held(self, metre: Metre) -> int:
        """Ticks for which an inner phrase end is held in music that flows: a quarter, a dotted one or a half note."""
        return min(self._rng.choice((2, 2, 3, 4)) * TICKS // 2, metre.bar)

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
        ticks = last_ticks(rest, place.metre)
        return min(ticks, self._last) if self._last and not self._habits.breathes else ticks

    def _close(self, index: int, last: int) -> tuple[Key, Cadence]:
        third = min(2, 3 * index // max(1, last))
        closes = self._habits.closes.get("minor" if self._home.minor else "major", ())
        usual = [(close, close.count) for close in closes if close.third == third]
        if not usual:
            return self._home, Cadence.AUTHENTIC
        close = self._drawn(usual)
        return self._home.moved(close.semitones, minor=close.minor), close.cadence

    def _earlier(self, begin: int) -> Phrase | None:
        """The phrase that the one from `begin` on takes up, if it does: the first of the seed most often."""
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
        return self._drawn([(phrase, FIRST if phrase is fitting[0] else 1) for phrase in fitting])

    def _is_return(self, phrase: Phrase) -> bool:
        return self._source(phrase) is not None

    def _source(self, phrase: Phrase) -> int | None:
        """The tick from which on a phrase takes up an earlier one; None if it does not, and only a subject enters."""
        return next((quote.source for quote in self._quotes if quote.at == phrase.begin and quote.line is None), None)

    def _next_of(self, before: Phrase, known: Sequence[Phrase]) -> Phrase | None:
        """Return the phrase that followed the one just taken up: A B returns as A B."""
        source = self._source(before)
        if source is None:
            return None
        return next((phrase for phrase in known if phrase.begin > source), None)

    def _return(self, earlier: Phrase, begin: int, goal: int) -> None:
        if self._habits.breathes:
            ticks = min(goal - begin, earlier.goal - earlier.begin)
            self._quotes.append(Quote(begin, earlier.begin, ticks))
            return
        ticks = min(goal - begin, RETURNED * self._metre.bar)
        if earlier.begin >= self._seed[-1]:
            self._quotes.append(Quote(begin, earlier.begin, ticks))
            return
        ticks = min(ticks, self._taken)
        self._quotes.append(Quote(begin, earlier.begin, ticks, key=self._key(begin)))
        if self._rng.random() < self._habits.sequences:
            self._sequence(self._bar_line(begin + max(ticks, self._figure())), goal)

    def _rhyme(self, begin: int, goal: int) -> None:
        """Let the piece close as an earlier phrase did that closed at home."""
        draw = self._rng.random()
        known = [phrase for phrase in self._phrases[:-1] if phrase.key == self._home]
        if draw >= self._habits.returns or not known:
            return
        earlier = self._drawn([(phrase, 1) for phrase in known])
        ticks = min(RHYMED * self._metre.bar, goal - begin, earlier.goal - earlier.begin)
        self._quotes.append(Quote(goal - ticks, earlier.goal - ticks, ticks))

    def _bar_line(self, tick: int) -> int:
        """The first bar line from a tick on."""
        return tick + -self._grid.place(tick).phase % self._metre.bar

    def _work_out(self, begin: int, goal: int) -> None:
        """Let a subject wander from one line to the other, or a bar through the steps of the scale, or both."""
        line = self._bar_line(begin)
        imitated = self._rng.random() < self._habits.imitations
        sequence = self._rng.random() < self._habits.sequences
        at = line + self._metre.bar
        if imitated:
            at = self._imitate(line, goal, ENTRIES - sequence)
        if sequence:
            self._sequence(at, goal)

    def _sequence(self, at: int, goal: int) -> None:
        """Let what comes before a bar line be repeated on other steps, as often as there is room.

        Where the phrase goes to another key, it goes there by being repeated in it. Where it stays, and the step
        that the figure is moved to has a key of its own, it is touched.
        """
        bar, steps = self._figure(), self._drawn([(-1, 2), (1, 1), (-2, 1)])
        until = min(at + 2 * bar, goal - self._metre.bar // 2)
        was, key = self._key(at - bar), self._phrases[-1].key
        if until - at < bar:
            return
        touched = key
        if was == key and steps in _TOUCHED[key.minor]:
            semitones, minor = _TOUCHED[key.minor][steps]
            touched = key.moved(semitones, minor=minor)
        if was != touched:
            self._quotes.append(Quote(at, at - bar, bar, key=touched, was=was))
            at += bar
        if until > at:
            self._quotes.append(Quote(at, at - bar, until - at, steps=steps, scale=key))

    def _figure(self) -> int:
        """Ticks of what is repeated: a bar, or half of a long one."""
        bar = self._metre.bar
        return bar if bar <= 4 * TICKS else bar // 2

    def _key(self, at: int) -> Key:
        """The key at a tick of the phrase that was planned last: from its middle on that in which it closes."""
        phrase = self._phrases[-1]
        if 2 * at >= phrase.begin + phrase.goal:
            return phrase.key
        return self._phrases[-2].key if len(self._phrases) > 1 else self._home

    def _imitate(self, at: int, goal: int, most: int) -> int:
        """The subject in one line, answered by the other a bar later, at the octave or the fifth, and once more.

        most: entries at most. Returns the tick at which they are over.
        """
        bar = self._figure()
        first, second = self._rng.sample((Line.TOP, Line.BOTTOM), 2)
        steps = self._drawn([(0, 1), (_FOURTH_DOWN, 1)])
        subject = self._seed[0] + -self._grid.place(self._seed[0]).phase % bar
        entries = min(most, (goal - bar // 2 - at) // bar)
        for entry in range(entries):
            line, other = (first, second) if entry % 2 == 0 else (second, first)
            source, of = (subject, Line.TOP) if entry == 0 else (at - bar, other)
            if source < at:  # a seed of less than a bar has no subject yet
                key = self._key(at) if entry == 0 else None
                self._quotes.append(Quote(at, source, bar, line=line, of=of, steps=steps if entry == 1 else 0, key=key))
            at += bar
        return at

    def _drawn(self, counted: Sequence[tuple[_T, int]]) -> _T:
        total = sum(count for _, count in counted)
        left = self._rng.random() * total
        for value, count in counted:
            left -= count
            if left < 0:
                return value
        return counted[-1][0]
