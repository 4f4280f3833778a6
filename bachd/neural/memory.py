"""Recall what followed the present figure earlier in the piece.

Law: a prediction follows from the events of the present piece alone; forgetting back to a mark and hearing the same
events again gives the same predictions.

A network with a context of some bars cannot take up its theme. The short-term model of Conklin and Witten 1995
("Multiple viewpoint systems for music prediction") can: for each outer line, the longest figure that ends as the line
does now is looked up, in steps of the scale and lengths, in both lines; the longer it is, the surer the note that
followed it is expected again. What the plan wants to return is looked up by its place instead.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

from bachd.music.event import Event
from bachd.music.form.plan import Line, Quote
from bachd.music.keys import Key

LONGEST: Final = 6
"""Notes of the longest figure that is looked up, the one before them aside."""
SHORTEST: Final = 2
SURE: Final = (0.0, 0.0, 0.1, 0.25, 0.4, 0.5, 0.6)
"""By the length of the figure: the probability that what followed it follows again."""
QUOTED: Final = 0.95
"""The same for what the plan wants to return."""
_DIFFERING: Final = (2, 5, 6)
"""Degrees, from 0, in which major and minor differ."""
_SEVENTH: Final = 6
_THIN: Final = 1.3
"""Mean number of voices below which the two outer lines are one."""

_Pair: TypeAlias = tuple[int, int]
"""Steps into a note, and the ticks of the note before it."""


class _Note(NamedTuple):
    onset: int
    pitch: int | None
    """None for a rest."""
    step: int
    alteration: int


class Prediction(NamedTuple):
    """Expectation of a line's next note."""

    line: Line
    pitch: int | None
    """None for silence."""
    starts: bool
    """Whether the pitch starts, or is held."""
    lasts: int
    """Ticks until the next event begins, as it was; 0 if that is not known."""
    voices: int
    """How many notes sounded there."""
    sure: float
    """Its probability."""


Mark: TypeAlias = tuple[int, int, int, int, int]
"""How much is remembered."""


def _in_other_mode(step: int, alteration: int, *, minor: bool) -> int:
    """The alteration of a step of the scale in the other mode; `minor` if that is minor, which raises its seventh."""
    degree = step % 7
    if minor:
        return 1 if degree == _SEVENTH and alteration == 0 else 0 if degree in _DIFFERING else alteration
    return 0 if degree in _DIFFERING else alteration


class Memory:
    """The outer lines of a piece, and what they have in common."""

    def __init__(self, home: Key) -> None:
        self._home = home
        self._lines: dict[Line, list[_Note]] = {line: [] for line in Line}
        self._pairs: dict[Line, list[_Pair]] = {line: [] for line in Line}
        self._onsets: list[int] = []
        self._voices: list[int] = []
        self._tick = 0
        self._notes = 0
        # By the pairs of a figure: where it ended last, of what has been learned; each maps to line and index.
        self._figures: dict[tuple[_Pair, ...], tuple[Line, int]] = {}
        self._learned = dict.fromkeys(Line, 0)

    @property
    def is_thin(self) -> bool:
        """Whether the music is one line, so that its top and its bottom are the same."""
        return self._notes < _THIN * len(self._voices)

    def is_missing(self, voices: int) -> bool:
        """Whether the last two events had fewer notes than so many."""
        return len(self._voices) > 1 and max(self._voices[-2:]) < voices

    def push(self, event: Event) -> None:
        """Take in the next event."""
        sounding = event.sounding
        for line, pitch in (
            (Line.TOP, sounding[-1] if sounding else None),
            (Line.BOTTOM, sounding[0] if sounding else None),
        ):
            notes = self._lines[line]
            if not notes or pitch in event.starts or pitch != notes[-1].pitch:
                self._begin(line, pitch)
        self._onsets.append(self._tick)
        self._voices.append(len(sounding))
        self._notes += len(sounding)
        self._tick += event.ticks

    def _begin(self, line: Line, pitch: int | None) -> None:
        notes = self._lines[line]
        step, alteration = (0, 0) if pitch is None else self._home.degree(pitch)
        if notes:
            before = notes[-1]
            moved = 99 if pitch is None or before.pitch is None else step - before.step
            self._pairs[line].append((moved, self._tick - before.onset))
        else:
            self._pairs[line].append((99, 0))
        notes.append(_Note(self._tick, pitch, step, alteration))

    def learn(self) -> None:
        """From now on look up what has been taken in so far, too: all figures that something has followed."""
        for line, pairs in self._pairs.items():
            for end in range(self._learned[line] + 1, len(pairs)):
                for length in range(SHORTEST, min(LONGEST, end - 1) + 1):
                    self._figures[tuple(pairs[end - length : end])] = (line, end - 1)
            self._learned[line] = max(0, len(pairs) - 1)

    def mark(self) -> Mark:
        """Return a mark for `rewind`; what has been learned until then stays."""
        top, bottom = (len(self._lines[line]) for line in Line)
        return top, bottom, len(self._onsets), self._tick, self._notes

    def rewind(self, mark: Mark) -> None:
        """Forget what has been taken in since."""
        top, bottom, events, self._tick, self._notes = mark
        for line, count in zip(Line, (top, bottom), strict=True):
            del self._lines[line][count:], self._pairs[line][count:]
        del self._onsets[events:], self._voices[events:]
        if any(self._learned[line] > max(0, len(self._lines[line]) - 1) for line in Line):
            self._figures, self._learned = {}, dict.fromkeys(Line, 0)
            self.learn()

    def predict(self, quotes: Sequence[Quote], strength: float) -> list[Prediction]:
        """Return what the outer lines are expected to do in the event that begins now; quotes come first.

        strength: 0 to 1; what `SURE` has is multiplied by it.
        """
        found = []
        for line in (Line.TOP,) if self.is_thin else Line:
            quoted = next((quote for quote in quotes if quote.line in (None, line)), None)
            prediction = self._quoted(line, quoted) if quoted else self._recalled(line, strength)
            if prediction is not None:
                found.append(prediction)
        return found

    def _quoted(self, line: Line, quote: Quote) -> Prediction | None:
        of = quote.of or line
        notes = self._lines[of]
        tick = quote.source + self._tick - quote.at
        index = bisect_right(notes, tick, key=lambda note: note.onset) - 1
        if tick >= self._tick or index < 0:
            return None
        note = notes[index]
        event = bisect_right(self._onsets, tick) - 1
        following = self._onsets[event + 1] if event + 1 < len(self._onsets) else self._tick
        pitch = None if note.pitch is None else self._moved(note, note.pitch, line, quote)
        return Prediction(line, pitch, note.onset == tick, following - tick, self._voices[event], QUOTED)

    def _moved(self, note: _Note, sounded: int, line: Line, quote: Quote) -> int:
        if quote.scale is not None:
            return quote.scale.pitch(quote.scale.degree(sounded)[0] + quote.steps)
        was = quote.was or self._home
        key = quote.key or was
        step, alteration = (note.step, note.alteration) if was == self._home else was.degree(sounded)
        if key.minor != was.minor:
            alteration = _in_other_mode(step, alteration, minor=key.minor)
        step += quote.steps
        if (key.tonic - was.tonic) > 6:
            step -= 7
        elif (key.tonic - was.tonic) < -6:
            step += 7
        pitch = key.pitch(step, alteration)
        if quote.of is not None and quote.of is not line:
            first = self._lines[quote.of][
                max(0, bisect_right(self._lines[quote.of], quote.source, key=lambda n: n.onset) - 1)
            ]
            if first.pitch is not None:
                pitch += 12 * round((self._middle(line) - first.pitch) / 12)
        return pitch

    def _middle(self, line: Line) -> float:
        pitches = [note.pitch for note in self._lines[line][:64] if note.pitch is not None]
        return sum(pitches) / len(pitches) if pitches else 60.0

    def _recalled(self, line: Line, strength: float) -> Prediction | None:
        pairs, notes = self._pairs[line], self._lines[line]
        if not notes or notes[-1].pitch is None:
            return None
        elapsed = self._tick - notes[-1].onset
        for length in range(min(LONGEST, len(pairs) - 1), SHORTEST - 1, -1):
            found = self._figures.get(tuple(pairs[-length:]))
            if found is None:
                continue
            source, index = self._lines[found[0]], found[1]
            if index + 1 >= len(source) or (source is notes and index + 1 >= len(notes)):
                continue
            return self._continued(line, source, index, elapsed, SURE[length] * strength)
        return None

    def _continued(
        self, line: Line, source: Sequence[_Note], index: int, elapsed: int, sure: float
    ) -> Prediction | None:
        """Return what follows the note at `index` in `source`, which corresponds to the last one of `line`."""
        here, then = source[index], source[index + 1]
        lasted = then.onset - here.onset
        if elapsed > lasted or then.pitch is None:
            return None
        last = self._lines[line][-1]
        tick = here.onset + elapsed
        event = bisect_right(self._onsets, tick) - 1
        following = self._onsets[event + 1] if event + 1 < len(self._onsets) else tick
        voices = self._voices[event]
        if elapsed < lasted:
            return Prediction(line, last.pitch, False, following - tick, voices, sure)
        pitch = self._home.pitch(last.step + then.step - here.step, then.alteration)
        return Prediction(line, pitch, True, following - tick, voices, sure)
