"""Assign works to the sides of the split.

Law: works of a group stand on one side. Where a manifest separates them, the held-out work stays and its relative
among those to train on is left out.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from bachd.training.corpus.model import SPLITS, CorpusError
from bachd.training.corpus.related import DisjointSets

_MOST_HELD_OUT: Final = 6
"""At most one group in so many is on each held-out side. Chance would give half of a dozen pieces away."""

_RANK: Final = {split: rank for rank, split in enumerate(SPLITS)}
"""Who wins: 'test' before 'valid' before 'train'."""

Links = Iterable[tuple[str, str]]


def hash_split(group: str) -> str:
    """Return a group's side by a hash: 'train' for eight tenths, 'valid' for one, 'test' for one."""
    draw = int.from_bytes(_digest(group)[:4], "big") % 10
    return {0: "test", 1: "valid"}.get(draw, "train")


def assign(
    names: Iterable[str], links: Links, told: Mapping[str, str]
) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """Return group and side of each work, and why some are left out.

    links: pairs of names that belong together. told: the sides that are decided already. Raises CorpusError when the
    works are too few for three sides.
    """
    kept, links = set(names), list(links)
    dropped: dict[str, str] = {}
    while True:
        groups = DisjointSets(kept)
        for one, other in links:
            if one in kept and other in kept:
                groups.join(one, other)
        losers = _losers(links, told, kept)
        if not losers:
            break
        dropped |= {name: f"shares music with {winner}, which is held out" for name, winner in losers.items()}
        kept -= losers.keys()
    sides: dict[str, str] = {}
    for name in sorted(kept & told.keys(), key=lambda name: _RANK[told[name]]):
        sides[groups.of(name)] = told[name]
    free = sorted({groups.of(name) for name in kept} - sides.keys())
    sides |= {group: hash_split(group) for group in free}
    _cap(sides, free)
    _fill(sides, free)
    return {name: (groups.of(name), sides[groups.of(name)]) for name in sorted(kept)}, dropped


def _losers(links: Links, told: Mapping[str, str], kept: set[str]) -> dict[str, str]:
    """Return works with relatives that are held out on another side, each with one of these."""
    found: dict[str, str] = {}
    for one, other in links:
        if one in kept and other in kept and one in told and other in told and told[one] != told[other]:
            loser, winner = sorted((one, other), key=lambda name: _RANK[told[name]])
            found.setdefault(loser, winner)
    return found


def _cap(sides: dict[str, str], free: Sequence[str]) -> None:
    """Move to 'train' what the hash holds out beyond _MOST_HELD_OUT: in large corpora, nothing."""
    most = max(1, len(sides) // _MOST_HELD_OUT)
    for split in ("valid", "test"):
        held = sorted((group for group in free if sides[group] == split), key=_digest)
        decided = sum(side == split for side in sides.values()) - len(held)
        for group in held[max(0, most - decided) :]:
            sides[group] = "train"


def _fill(sides: dict[str, str], free: list[str]) -> None:
    """Give each side a group: where chance has left one empty, from the side that has most."""
    if len(sides) < len(SPLITS):
        raise CorpusError(
            f"too small to split: {len(sides)} works or groups of works that share music; at least three are needed"
        )
    for split in SPLITS:
        if split in sides.values():
            continue
        having: dict[str, list[str]] = defaultdict(list)
        for group in free:
            having[sides[group]].append(group)
        most = max(having.values(), key=len, default=[])
        if len(most) < 2:
            raise CorpusError(f"no work is on the side '{split}'; give it one in the column 'split' of the manifest")
        sides[min(most, key=_digest)] = split


def _digest(group: str) -> bytes:
    return hashlib.sha256(group.encode()).digest()
