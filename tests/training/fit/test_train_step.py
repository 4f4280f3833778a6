"""What a step is given, and what it makes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bachd.training.fit.data import stream
from bachd.training.fit.data.records import pack
from bachd.training.fit.dataset import EMPTY
from tests.training.small import corpus, recipe

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own


def test_batches_of_many_sizes_are_few_sizes_for_what_compiles_and_are_counted_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tf = pytest.importorskip("tensorflow", reason="needs the extra 'train'")
    from bachd.training.fit import train_step
    from bachd.training.fit.run_state import RunState

    given: list[int] = []
    tensors = train_step.tensors

    def noting(*arguments: Any) -> Any:
        found = tensors(*arguments)
        given.append(len(found["symbols"]))
        return found

    monkeypatch.setattr(train_step, "tensors", noting)
    packed = pack((piece, None) for piece in corpus().pieces("train"))
    batches = list(stream.batches(packed, stream.as_written(packed), batch_size=1, crop_length=13))
    sizes = [int((batch.symbols != EMPTY).sum()) for batch in batches]
    assert len(set(sizes)) > 2
    run = RunState(recipe(1), len(batches))
    tf.config.run_functions_eagerly(True)
    try:
        learn = train_step.stepper(run.network, run.average, run.optimizer, recipe(1), train_step.strategy("none"))
        sums = [learn(batch) for batch in batches]
    finally:
        tf.config.run_functions_eagerly(False)
    assert set(given) == {0, train_step._MULTIPLE}, "no symbols at all, or few"
    assert [each["symbols"] for each in sums] == sizes
    assert sum(each["events"] for each in sums) == packed.first[-1]
    assert all(np.isfinite(each["nll"]) for each in sums)
