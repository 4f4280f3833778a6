from __future__ import annotations

import pytest

pytest.importorskip("tqdm", reason="needs the extra 'train'")
from bachd.training.baselines import compare
from tests.training.small import corpus


def test_of_very_much_music_a_part_is_counted_and_the_figure_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    music = corpus()
    pieces = [music.pieces(side) for side in ("train", "valid", "test")]
    whole, unigram = compare.tables(*pieces)
    assert "counted in" not in whole
    monkeypatch.setattr(compare, "_MOST_COUNTED", 1)
    found = compare.tables(*pieces)
    part, _ = found
    assert part.endswith("pitch, counted in 1 of 2 pieces)")
    assert found[part]["event_nll"] != found["unigram"]["event_nll"]
    assert unigram == "unigram"
