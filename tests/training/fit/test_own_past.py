from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bachd.music.form import written
from bachd.training.fit import examples
from tests.training.small import corpus

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own


def test_a_network_plays_below_the_given_voice_at_the_given_moments(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="needs the extra 'train'")
    from bachd.training.fit import own_past, train
    from bachd.training.fit.network import Shape

    pieces = corpus().pieces("train")
    shown = examples.examples(pieces, {piece.name: written.of(piece) for piece in pieces})
    network = train._built(Shape(width=16, hidden=24), shown[0].encoded)
    found = own_past.play(network, shown, np.random.default_rng(1))
    assert {each.piece.name for each in shown if each.voices > 1} == set(found)
    for each in shown:
        past = found.get(each.piece.name, each.events)
        assert [event.ticks for event in past] == [event.ticks for event in each.events]
        assert [event.sounding[-1:] for event in past] == [event.sounding[-1:] for event in each.events]
        assert all(len(event.sounding) <= each.voices for event in past)
    own_past.keep(found, tmp_path)
    kept = own_past.kept(tmp_path)
    assert {name: list(events) for name, events in kept.items()} == found


def test_nothing_was_played_in_a_new_run(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="needs the extra 'train'")
    from bachd.training.fit import own_past

    assert own_past.kept(tmp_path) == {}
