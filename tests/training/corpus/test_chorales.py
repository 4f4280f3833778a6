from __future__ import annotations

from random import Random

import pytest

pytest.importorskip("tqdm", reason="needs the extra 'train'")
from bachd.music import pitch
from bachd.training.corpus.chorales import assemble
from bachd.training.corpus.model import SPLITS, CorpusError, Work


def melody(seed: int, notes: int = 40) -> list[int]:
    random = Random(seed)
    return [60 + random.randint(0, 12) for _ in range(notes)]


def row(name: str, tune: list[int]) -> dict[str, object]:
    line = " ".join(pitch.name(note) for note in tune)
    return {"name": name, "events": line, "changes": [(0, 4, 4)], "upbeat": 24, "melody": tune, "title": ""}


def test_a_tune_stays_on_one_side_of_the_split_whoever_else_is_there() -> None:
    rows = [row(f"bwv{number}", [note + number % 3 for note in melody(number // 3)]) for number in range(300)]
    whole = assemble(rows)
    sides: dict[str, set[str]] = {}
    for work in whole.works:
        sides.setdefault(work.group, set()).add(work.split)
    assert all(len(side) == 1 for side in sides.values())
    assert {split: bool(whole.pieces(split)) for split in SPLITS} == dict.fromkeys(SPLITS, True)

    def by_name(works: tuple[Work, ...]) -> dict[str, str]:
        return {work.piece.name: work.split for work in works}

    shuffled = list(rows[:150])
    Random(0).shuffle(shuffled)
    again = by_name(assemble(shuffled).works)
    assert again.items() <= by_name(whole.works).items()


def test_what_is_left_out_is_named_with_its_reason() -> None:
    corpus = assemble([row("bwv1", melody(1)), {"name": "bwv2", "dropped": "5 parts instead of 4"}])
    assert corpus.dropped == (("bwv2", "5 parts instead of 4"),)
    with pytest.raises(CorpusError, match="reinstall"):
        assemble([{"name": "bwv2", "dropped": "no notes"}])
