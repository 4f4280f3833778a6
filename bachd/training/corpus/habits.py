"""Count the habits of form in a corpus, for a bundle's card.

Law: counts come from the music alone: where phrases end, from the fermatas of a score where it has some, else from
where the music rests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from bachd.music import keys
from bachd.music.event import TICKS
from bachd.music.form import phrases, written
from bachd.music.form.habits import Cadence, Close, Habits
from bachd.music.keys import Key
from bachd.music.piece import Piece

SHORTEST: Final = 4
LONGEST: Final = 20
"""Quarters of the phrases that count; what is shorter is an interjection, what is longer hides an end."""
QUANTILES: Final = 20
"""Lengths of whole pieces that a card holds."""
MOST_BARS: Final = 64
_LEAST: Final = 0.02
"""Share of the phrases in a metre, or of the closes in a third of the piece, below which one is left out."""


def count(pieces: Sequence[Piece], ends: Mapping[str, Sequence[int]]) -> Habits:
    """The habits of some pieces. ends: by name, the ticks at which phrases end, for those of which that is known."""
    breathes = written.breathes(pieces)
    lengths: dict[str, Counter[float]] = {}
    closes: dict[str, Counter[tuple[int, int, bool, Cadence]]] = {"major": Counter(), "minor": Counter()}
    bars: list[int] = []
    picardy = minor = held = arrivals = 0
    for piece in pieces:
        home = keys.home(piece.events)
        found = sorted(set(ends.get(piece.name) or phrases.ends(piece)) - {piece.ticks})
        bars.append(min(MOST_BARS, piece.grid.place(piece.ticks).bar))
        minor += home.minor
        picardy += home.minor and _is_major(piece, home)
        if breathes:
            for begin, end in pairwise([0, *found]):
                quarters = (end - begin) / TICKS
                if SHORTEST <= quarters <= LONGEST:
                    lengths.setdefault(str(piece.grid.place(begin).metre), Counter())[quarters] += 1
        else:
            bar = piece.grid.place(0).metre.bar
            held += sum(any(abs(end - line) < bar for end in found) for line in range(4 * bar, piece.ticks, 4 * bar))
            arrivals += len(range(4 * bar, piece.ticks, 4 * bar))
            found = list(range(4 * bar, piece.ticks - 2 * bar, 4 * bar))
        for end in found:
            key, cadence = written.close(piece.events, end, cadences=breathes)
            third = min(2, 3 * end // max(1, piece.ticks))
            mode = "minor" if home.minor else "major"
            closes[mode][third, (key.tonic - home.tonic) % 12, key.minor, cadence] += 1
    bars.sort()
    return Habits(
        bars=tuple(bars[(2 * index + 1) * len(bars) // (2 * QUANTILES)] for index in range(QUANTILES)),
        phrases={metre: _usual(counts) for metre, counts in lengths.items() if counts.total() >= 20},
        breathes=breathes,
        long_ends=round(held / max(1, arrivals), 3),
        closes={mode: _closes(counts) for mode, counts in closes.items()},
        picardy=round(picardy / max(1, minor), 3),
    )


def _is_major(piece: Piece, home: Key) -> bool:
    last = next((event for event in reversed(piece.events) if event.sounding), None)
    return last is not None and (home.tonic + 4) % 12 in {pitch % 12 for pitch in last.sounding}


def _usual(counts: Counter[float]) -> dict[float, int]:
    return {quarters: n for quarters, n in sorted(counts.items()) if n >= _LEAST * counts.total()}


def _closes(counts: Counter[tuple[int, int, bool, Cadence]]) -> tuple[Close, ...]:
    totals: Counter[int] = Counter()
    for (third, *_), n in counts.items():
        totals[third] += n
    kept = [(close, n) for close, n in counts.items() if n >= _LEAST * totals[close[0]]]
    return tuple(Close(*close, n) for close, n in sorted(kept, key=lambda item: (item[0][0], -item[1])))
