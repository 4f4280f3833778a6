"""What a model plays when nobody holds it, counted beside what Bach wrote.

Law: the composer that is measured is the one that plays, with its usual settings; Bach is counted by the same rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations, pairwise
from random import Random
from typing import Final

from bachd.music.event import Event
from bachd.music.piece import Origin, Piece, Step
from bachd.music.stretches import frozen, periodic
from bachd.neural.bundle import Bundle
from bachd.neural.composer import Composer
from bachd.neural.model import Model
from bachd.neural.sampler import Sampler
from bachd.training.progress import progress

TEMPERATURE: Final = 0.95
TOP_P: Final = 0.98
BARS: Final = 4
"""What config.yaml has by default."""


@dataclass(frozen=True, slots=True)
class Habits:
    """Some figures of some music."""

    events: int
    pieces: int
    frozen: int
    """Stretches of the same pitches for more than two bars."""
    periodic: int
    """Stretches of more than 64 events that go round in circles."""
    out_of_range: int
    """Notes outside the bundle's range."""
    fifths: float
    """Parallel fifths per 1,000 changes from one four-note chord to another, voices counted from the top."""
    octaves: float
    """The same for unisons and octaves."""
    four_voices: float
    """Share of the events in which four notes sound."""
    events_per_piece: float

    def __str__(self) -> str:
        return "\n".join(f"  {name.replace('_', ' ')}: {round(value, 2):,}" for name, value in asdict(self).items())


def play(bundle: Bundle, model: Model, events: int, rng: int) -> list[Step]:
    """The first `events` steps that the bundle plays with this rng."""
    random = Random(rng)
    sampler = Sampler(model, random, temperature=TEMPERATURE, top_p=TOP_P, pitches=bundle.card.pitches)
    first = bundle.seed(random.choice(bundle.seed_names))
    composer = Composer(model, sampler, first=first, others=bundle.seed_names, load=bundle.seed, bars=BARS, rng=random)
    return [composer.next() for _ in progress(range(events), f"playing, rng {rng}", unit="event")]


def of_steps(runs: Sequence[Sequence[Step]], pitches: tuple[int, int]) -> Habits:
    """The habits of some runs. What the seed pieces brought is left out of the parallels."""
    changes = [
        (one.event, other.event)
        for steps in runs
        for one, other in pairwise(steps)
        if other.origin is Origin.MODEL and one.origin is Origin.MODEL
    ]
    return _habits(
        [step.event for steps in runs for step in steps],
        changes,
        pieces=sum(step.opens for steps in runs for step in steps),
        frozen=sum(len(frozen((step.event, step.place) for step in steps)) for steps in runs),
        periodic=sum(sum(map(len, periodic([step.event for step in steps]).values())) for steps in runs),
        pitches=pitches,
    )


def of_pieces(pieces: Sequence[Piece], pitches: tuple[int, int]) -> Habits:
    """The habits of some written pieces."""
    return _habits(
        [event for piece in pieces for event in piece.events],
        [change for piece in pieces for change in pairwise(piece.events)],
        pieces=len(pieces),
        frozen=sum(len(frozen(piece.placed())) for piece in pieces),
        periodic=sum(sum(map(len, periodic(piece.events).values())) for piece in pieces),
        pitches=pitches,
    )


def _habits(
    events: Sequence[Event],
    changes: Iterable[tuple[Event, Event]],
    *,
    pieces: int,
    frozen: int,
    periodic: int,
    pitches: tuple[int, int],
) -> Habits:
    chords = [(one.sounding, other.sounding) for one, other in changes]
    chords = [pair for pair in chords if len(pair[0]) == len(pair[1]) == 4 and pair[0] != pair[1]]
    per_thousand = 1000 / max(1, len(chords))
    return Habits(
        events=len(events),
        pieces=pieces,
        frozen=frozen,
        periodic=periodic,
        out_of_range=sum(not pitches[0] <= pitch <= pitches[1] for event in events for pitch in event.sounding),
        fifths=per_thousand * sum(parallels(*pair, 7) for pair in chords),
        octaves=per_thousand * sum(parallels(*pair, 0) for pair in chords),
        four_voices=sum(len(event.sounding) == 4 for event in events) / len(events),
        events_per_piece=len(events) / max(1, pieces),
    )


def parallels(before: Sequence[int], after: Sequence[int], interval: int) -> int:
    """Pairs of voices that both move and stand `interval` semitones apart, octaves aside, before and after."""
    voices = list(zip(before, after, strict=True))
    return sum(
        low[0] != low[1]
        and high[0] != high[1]
        and (high[0] - low[0]) % 12 == interval
        and (high[1] - low[1]) % 12 == interval
        for low, high in combinations(voices, 2)
    )
