from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bachd.music.form import written
from bachd.training.disk import DiskError
from bachd.training.fit.data.records import in_layout, pack
from tests.training.fit import scalar
from tests.training.full_disk import NEEDS_ROOT, small_file_system
from tests.training.small import corpus

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own


def test_a_network_plays_below_the_given_voice_at_the_given_moments(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="needs the extra 'train'")
    from bachd.training.fit import own_past
    from bachd.training.fit.network import Shape
    from bachd.training.fit.run_state import built

    pieces = corpus().pieces("train")
    packed = pack([(piece, written.of(piece)) for piece in pieces], melodies=True)
    network = built(Shape(width=16, hidden=24))
    file = tmp_path / own_past.FILE
    found = own_past.play(network, packed, np.random.default_rng(1), file)
    again = own_past.kept(file)
    assert again is not None
    for index, piece in enumerate(pieces):
        played, kept, events = found.past(packed, index), again.past(packed, index), in_layout(piece)
        assert played is not None
        assert kept is not None
        past = scalar.to_events(played, events)
        assert past == scalar.to_events(kept, events)
        assert [event.sounding[-1:] for event in past] == [event.sounding[-1:] for event in events]
        assert all(len(event.sounding) <= 4 for event in past)
        assert past != events
        for before, event in pairwise(past):
            assert set(event.held) <= set(before.sounding)


def test_nothing_was_played_in_a_new_run(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="needs the extra 'train'")
    from bachd.training.fit import own_past

    assert own_past.kept(tmp_path / own_past.FILE) is None


@pytest.mark.root
@NEEDS_ROOT
def test_a_disk_without_room_for_what_is_played_ends_nothing_but_the_run(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="needs the extra 'train'")
    from bachd.training.fit import own_past
    from bachd.training.fit.network import Shape
    from bachd.training.fit.run_state import built

    packed = pack([(piece, written.of(piece)) for piece in corpus().pieces("train") * 200], melodies=True)
    with small_file_system(tmp_path / "small", 32) as folder:  # it needs 50, and a file with holes would be made
        file = folder / own_past.FILE
        with pytest.raises(DiskError, match=rf"{file}: cannot be written \(No space left on device\); .* is kept"):
            own_past.play(built(Shape(width=16, hidden=24)), packed, np.random.default_rng(1), file)
        assert not list(folder.iterdir())
