"""A corpus in figures.

Law: what is left out is told with its reason, beside what is kept.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction

from bachd.music.event import TICKS
from bachd.training.corpus import SPLITS, Corpus


def report(corpus: Corpus) -> str:
    """What was kept, dropped and split, for people."""
    lines = []
    for split in SPLITS:
        pieces = corpus.pieces(split)
        events = [event for piece in pieces for event in piece.events]
        pitches = [pitch for event in events for pitch in event.sounding]
        lengths = Counter(event.ticks for event in events).most_common(6)
        groups = len({work.group for work in corpus.works if work.split == split})
        usual = ", ".join(f"{Fraction(ticks, TICKS)} ({count / len(events):.0%})" for ticks, count in lengths)
        lines.append(
            f"{split}: {len(pieces)} works in {groups} groups, {len(events)} events, MIDI notes "
            f"{min(pitches)} to {max(pitches)}; lengths in quarters: {usual}"
        )
    reasons: dict[str, list[str]] = defaultdict(list)
    for name, reason in corpus.dropped:
        reasons[reason].append(name)
    lines += [f"left out, {reason}: {len(names)} ({', '.join(names[:5])}...)" for reason, names in reasons.items()]
    return "\n".join(lines)
