"""Cut the crops that a training step sees out of packed pieces, and compute their features.

Law: memory holds the crops of one batch, whatever the corpus; everything random comes from the generator that is passed
in. A pass without one sees each event once, in order. Workers that pass equal generators see each event once together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from bachd.music.form.plan import Form
from bachd.music.piece import Piece
from bachd.neural.features import LOWEST
from bachd.training.fit.data import head_features, row_features
from bachd.training.fit.data.records import NONE, Bools, Bytes, Chords, Ints, Packed, chords, pack
from bachd.training.fit.data.row_features import Seen
from bachd.training.fit.dataset import EMPTY, LEAD, Batch, Encoded, Spelled

PLANNED: Final = 0
"""A piece is shown with its plan."""
UNPLANNED: Final = 1
"""It is shown without."""
GIVEN: Final = 2
"""Its top voice is given, and what that suggests."""


def _its_own(_: int) -> Chords | None:
    return None


@dataclass(frozen=True, slots=True)
class Shown:
    """How a pass shows E pieces, in this order; a piece may stand there several times."""

    pieces: Ints
    """Indices in a `Packed`."""
    views: Ints
    """PLANNED, UNPLANNED or GIVEN."""
    shifts: Ints
    """Semitones up."""
    past: Callable[[int], Chords | None] = _its_own
    """By index in these arrays: all events as the network sees them as the past; None if they are the piece's own."""


def as_written(packed: Packed, view: int = PLANNED) -> Shown:
    """Show each piece once, in its own key."""
    count = len(packed)
    return Shown(np.arange(count), np.full(count, view), np.zeros(count, int))


@dataclass(frozen=True, slots=True)
class Share:
    """Which crops of each batch are read here: those of one worker among some."""

    worker: int = 0
    workers: int = 1


_ALL: Final = Share()


def batches(
    packed: Packed,
    shown: Shown,
    *,
    batch_size: int,
    crop_length: int,
    rng: np.random.Generator | None = None,
    share: Share = _ALL,
) -> Iterator[Batch]:
    """Yield every event once: all pieces in a row, cut into crops, with `rng` at a random place, and shuffled.

    Of `batch_size` crops, those of a `share` are read and their features computed; the last batch may have none left.
    Raises CutShortError.
    """
    ahead = int(rng.integers(crop_length)) if rng else 0
    sizes = packed.first[shown.pieces + 1] - packed.first[shown.pieces] + LEAD
    begins = ahead + np.concatenate([[0], np.cumsum(sizes)])
    starts = np.arange(0, begins[-1], crop_length)
    if rng:
        rng.shuffle(starts)
    for begin in range(0, len(starts), batch_size):
        packed.require_whole()
        own = np.array_split(starts[begin : begin + batch_size], share.workers)[share.worker]
        places = own[:, None] + np.arange(crop_length + LEAD)
        yield _crops(packed, shown, begins, places)


def steps_per_epoch(packed: Packed, pieces: Ints, *, batch_size: int, crop_length: int) -> int:
    """Return how many batches a pass over some pieces has at most."""
    places = int((packed.first[pieces + 1] - packed.first[pieces] + LEAD).sum())
    return -(-(-(-places // crop_length) + 1) // batch_size)


def encode(piece: Piece, form: Form | None = None) -> Encoded:
    """Turn a piece into arrays; the network sees where `form` leads, if there is one."""
    packed = pack([(piece, form)])
    batch = next(batches(packed, as_written(packed), batch_size=1, crop_length=int(packed.first[-1])))
    low, high = packed.room[0].tolist()
    return Encoded(piece.name, batch.rows[0], batch.symbols[0], batch.notes[0], batch.lengths[0], (low, high))


def spell(piece: Piece) -> Spelled:
    """Turn a piece into its decisions alone."""
    packed = pack([(piece, None)])
    records = np.arange(packed.first[-1])
    events, before = chords(packed, records), chords(packed, records - 1)
    length = packed.records["length"][records].astype(np.int32)
    width = 1 + int(events.counts.max())
    spelled = head_features.symbols(events, before, np.flatnonzero(length == NONE), width)
    return Spelled(spelled, np.where(length == NONE, EMPTY, length))


def _crops(packed: Packed, shown: Shown, begins: Ints, places: Ints) -> Batch:
    """Return the crops whose rows stand at some places, shape (B, T + LEAD), of all pieces in a row.

    begins: the places at which the pieces begin, and where the last one ends.
    """
    shape, places = places.shape, places.ravel()
    entries = np.searchsorted(begins, places, side="right") - 1
    outside = (entries < 0) | (entries >= len(shown.pieces))
    entries[outside] = 0
    # The row of place p comes before event p - LEAD of its piece; the first LEAD rows stand before the piece.
    steps = np.where(outside, -LEAD, places - begins[entries] - LEAD)
    records = packed.first[shown.pieces[entries]] + steps
    true = _moved(chords(packed, np.where(steps >= 0, records, -1)), shown.shifts[entries])
    past = _past(packed, shown, entries, records, steps, 1)
    earlier = _past(packed, shown, entries, records, steps, 2)
    seen = _seen(packed, shown, entries, records, steps, true)
    rows = row_features.rows(packed, records, steps, past, earlier, seen)
    rows[outside] = 0
    asked: Bools = (steps >= 0).reshape(shape)
    asked[:, :LEAD] = False
    return _predictions(packed, asked, records, true, past, seen, rows.reshape(*shape, rows.shape[-1]))


def _predictions(
    packed: Packed, asked: Bools, records: Ints, true: Chords, past: Chords, seen: Seen, rows: Bytes
) -> Batch:
    """Add what is to be predicted where it is asked for, shape (B, T + LEAD), to the rows of a batch."""
    here = np.flatnonzero(asked)
    length = packed.records["length"][records[here]].astype(np.int32)
    events, before = true.of(here).trimmed(), past.of(here)
    known = seen.of(here)
    width = 1 + events.pitches.shape[1]  # of this batch: one chord of fifty notes widens no other
    spelled = head_features.symbols(events, before, np.flatnonzero(length == NONE), width)
    told = head_features.told(spelled, before, known)
    given = known.given >= 0
    spelled[given, 0] = EMPTY
    told[given, 0] = 0
    size = (len(asked), asked.shape[1] - LEAD)
    symbols = np.full((*size, width), EMPTY, np.int32)
    notes = np.zeros((*size, width, told.shape[-1]), np.uint8)
    lengths = np.full(size, EMPTY, np.int32)
    where = asked[:, LEAD:]
    symbols[where], notes[where] = spelled, told
    lengths[where] = np.where(length == NONE, EMPTY, length)
    return Batch(rows, symbols, notes, lengths)


def _moved(events: Chords, shifts: Ints) -> Chords:
    """Return events moved by so many semitones each."""
    return Chords(np.where(events.pitches >= 0, events.pitches + shifts[:, None], -1), events.held)


def _past(packed: Packed, shown: Shown, entries: Ints, records: Ints, steps: Ints, back: int) -> Chords:
    """Return the events so many steps before some records, as the network sees them."""
    found = chords(packed, np.where(steps >= back, records - back, -1))
    for entry in np.unique(entries):
        other = shown.past(int(entry))
        if other is not None:
            here = np.flatnonzero((entries == entry) & (steps >= back))
            found = _replaced(found, here, other, steps[here] - back)
    moved = _moved(found, shown.shifts[entries])
    moved.pitches[(moved.pitches < LOWEST)] = -1  # what an altered past has below the range is not seen
    moved.held &= moved.pitches >= 0
    return moved


def _replaced(events: Chords, here: Ints, other: Chords, steps: Ints) -> Chords:
    """Return events of which some are those of another row of events."""
    missing = max(0, other.pitches.shape[1] - events.pitches.shape[1])
    pitches = np.pad(events.pitches, ((0, 0), (0, missing)), constant_values=-1)
    held = np.pad(events.held, ((0, 0), (0, missing)))
    pitches[here], held[here] = -1, False
    width = other.pitches.shape[1]
    pitches[here, :width], held[here, :width] = other.pitches[steps], other.held[steps]
    return Chords(pitches, held)


def _seen(packed: Packed, shown: Shown, entries: Ints, records: Ints, steps: Ints, true: Chords) -> Seen:
    """Return what is known of the events of some records."""
    there = np.where(steps >= 0, records, len(packed.records) - 1)  # the last one knows nothing
    views, shifts, rows = shown.views[entries], shown.shifts[entries], packed.records[there]
    planned, top = views == PLANNED, np.where(views == GIVEN, true.pitches[:, 0], -1)

    def key(plan: str, melody: str) -> Ints:
        code = np.where(planned, rows[plan], np.where(views == GIVEN, rows[melody], NONE)).astype(int)
        return np.where(code == NONE, NONE, code // 12 * 12 + (code + shifts) % 12)

    return Seen(
        key("home", "melody_home"),
        key("key", "melody_key"),
        np.where(planned, rows["clock"], 0).astype(int),
        top.astype(int),
        true.held[:, 0],
    )
