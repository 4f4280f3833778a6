"""The real framework on a few bars of music: what is trained, kept, continued and exported."""

from __future__ import annotations

import csv
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bachd.neural import chord_spelling, features
from bachd.training.disk import DiskError
from bachd.training.fit.data import stream
from bachd.training.fit.dataset import in_order
from bachd.training.fit.run_folder import STATE
from tests.training.full_disk import no_file_beyond
from tests.training.small import corpus, recipe

PATIENCE = 240.0
"""Seconds that two workers may take on a busy machine."""

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own


@pytest.fixture(scope="module")
def companion() -> Any:
    """The parts that need the framework, which takes seconds to import."""
    tf = pytest.importorskip("tensorflow", reason="needs the extra 'train'")
    from bachd.training.fit import inference_graphs, network, run_log, run_state, step_math, train_step
    from bachd.training.fit import train as trainer

    class Companion:
        pass

    parts = Companion()
    parts.__dict__.update(
        tf=tf,
        fit=trainer,
        journal=run_log,
        network=network,
        graphs=inference_graphs,
        state=run_state,
        math=step_math,
        step=train_step,
    )
    return parts


@pytest.fixture
def eagerly(companion: Any) -> Iterator[None]:
    """Steps are computed one by one, without a graph, whose making takes longer than some epochs of small music.

    For tests of what a run does around its steps; others show that the graph computes the same.
    """
    companion.tf.config.run_functions_eagerly(True)
    yield
    companion.tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def alone(companion: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The weights that one device learns."""
    run = tmp_path_factory.mktemp("alone")
    return list(companion.fit.fit(corpus(), recipe(2, dropout=0.0), run).get_weights())


@pytest.mark.parametrize("intervals", [True, False])
def test_the_playing_form_computes_what_was_trained(companion: Any, intervals: bool) -> None:
    music = corpus()
    encoded = stream.encode(music.pieces("test")[0])
    network = companion.state.built(companion.network.Shape(width=16, hidden=24, intervals=intervals))
    layout = companion.network.Layout()
    trunk = companion.graphs.inference_trunk(network, layout)
    head = companion.graphs.inference_head(network, layout)
    (batch,) = in_order([encoded], batch_size=99, crop_length=len(encoded.rows))
    logits, possible, _ = network(companion.math.inputs(companion.math.flat(batch)))
    at = 0
    before = [(), *(event.sounding for event in music.pieces("test")[0].events)]
    for position in range(len(encoded.lengths)):
        window = encoded.rows[position : position + features.CONTEXT].astype(np.float32)
        hidden = trunk(companion.tf.constant(window[None, None]))
        for count in np.flatnonzero(encoded.symbols[position] >= 0):
            told = encoded.notes[position, count].astype(np.float32)
            said = head(hidden, companion.tf.constant(told[None]))
            chosen = [int(symbol) for symbol in encoded.symbols[position, :count]]
            spoken = chord_spelling.to_logits(said[0].numpy(), chosen, before[position])
            np.testing.assert_allclose(spoken, logits[at], atol=1e-4)
            allowed = np.flatnonzero(possible[at, : features.SYMBOLS])
            assert list(allowed) == chord_spelling.possible(chosen, before[position])
            at += 1
    assert at == len(logits)


def test_an_interrupted_run_goes_on_to_the_end_of_one_that_was_not(companion: Any, tmp_path: Path) -> None:
    music = corpus()
    whole = companion.fit.fit(music, recipe(4), tmp_path / "whole")

    class PulledError(Exception):
        pass

    measured = companion.fit.measure
    calls = iter(range(99))

    def pull_the_plug(*arguments: Any) -> Any:
        if next(calls) == 2:
            raise PulledError
        return measured(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(companion.fit, "measure", pull_the_plug)
        with pytest.raises(PulledError):
            companion.fit.fit(music, recipe(4), tmp_path / "cut")
    resumed = companion.fit.fit(music, recipe(4), tmp_path / "cut")
    for one, other in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5, equal_nan=False)
    kept = companion.fit.trained(tmp_path / "cut", recipe(4))
    for one, other in zip(resumed.get_weights(), kept.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    with (tmp_path / "cut" / "log.csv").open(newline="") as log:
        assert [row["epoch"] for row in csv.DictReader(log)] == ["1", "2", "3", "4"]


def test_two_workers_learn_what_one_does(alone: list[Any], tmp_path: Path) -> None:
    ports = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    cluster = {"worker": [f"127.0.0.1:{port.getsockname()[1]}" for port in ports]}
    for port in ports:
        port.close()
    workers = []
    for index in range(2):
        task = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
        command = [
            sys.executable,
            "-m",
            "tests.training.small",
            "workers",
            str(tmp_path / "shared"),
            str(tmp_path / f"{index}.npz"),
        ]
        environment = {**os.environ, "TF_CONFIG": task, "CUDA_VISIBLE_DEVICES": ""}
        pipe = subprocess.PIPE
        workers.append(subprocess.Popen(command, env=environment, text=True, stdout=pipe, stderr=pipe))
    read = []
    try:
        for worker in workers:
            said, complaint = worker.communicate(timeout=PATIENCE)
            assert worker.returncode == 0, complaint
            replicas, events = said.splitlines()
            assert replicas == "2 replicas"
            read.append(int(events.removesuffix(" events")))
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    assert sum(read) == 2 * sum(len(stream.encode(piece).symbols) for piece in corpus().pieces("train"))
    assert min(read) > 0
    for index in range(2):
        weights = np.load(tmp_path / f"{index}.npz")
        for name, one in zip(weights.files, alone, strict=True):
            np.testing.assert_allclose(weights[name], one, atol=1e-4, equal_nan=False)
    with (tmp_path / "shared" / "log.csv").open(newline="") as log:
        assert [row["epoch"] for row in csv.DictReader(log)] == ["1", "2"]  # only the chief writes


def test_devices_that_mirror_each_other_learn_what_one_does(alone: list[Any], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.training.small", "mirrored", str(tmp_path / "two"), str(tmp_path / "2.npz")]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}  # two logical devices share the CPU, whatever is here
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 replicas\n")
    weights = np.load(tmp_path / "2.npz")
    for name, one in zip(weights.files, alone, strict=True):
        np.testing.assert_allclose(weights[name], one, atol=1e-4, equal_nan=False)


@pytest.mark.usefixtures("eagerly")
def test_a_full_disk_costs_no_finished_epoch(companion: Any, tmp_path: Path) -> None:
    measured = companion.fit.measure
    calls = iter(range(99))

    with pytest.MonkeyPatch.context() as patch, ExitStack() as until_later:

        def fill_the_disk(*arguments: Any) -> Any:
            if next(calls) == 1:
                until_later.enter_context(no_file_beyond(2000))
            return measured(*arguments)

        patch.setattr(companion.fit, "measure", fill_the_disk)
        with pytest.raises(DiskError, match=f"{STATE}: cannot be written .*what was kept before is still there"):
            companion.fit.fit(corpus(), recipe(3), tmp_path)
    companion.fit.fit(corpus(), recipe(3), tmp_path)
    with (tmp_path / "log.csv").open(newline="") as log:
        assert [row["epoch"] for row in csv.DictReader(log)] == ["1", "2", "3"]


@pytest.mark.usefixtures("eagerly")
def test_a_run_leaves_its_figures_for_tensorboard_and_a_curve(companion: Any, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra 'train'")
    companion.fit.fit(corpus(), recipe(2), tmp_path)
    told = set()
    for file in (tmp_path / "tensorboard").iterdir():
        for record in companion.tf.compat.v1.io.tf_record_iterator(str(file)):
            event = companion.tf.compat.v1.Event.FromString(record)
            told |= {(event.step, value.tag) for value in event.summary.value}
    assert {(1, "valid_nll"), (2, "valid_nll"), (2, "train_nll"), (2, "learning_rate")} <= told
    assert companion.journal.plot(tmp_path).read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("eagerly")
def test_smoothing_pulls_towards_what_is_merely_possible(companion: Any, tmp_path: Path) -> None:
    sure = companion.fit.fit(corpus(), recipe(8), tmp_path / "sure")
    modest = companion.fit.fit(corpus(), recipe(8, label_smoothing=0.4), tmp_path / "modest")

    def entropy(network: Any) -> float:
        (batch,) = in_order([stream.encode(corpus().pieces("train")[0])], batch_size=9, crop_length=99)
        logits, possible, _ = network(companion.math.inputs(companion.math.flat(batch)))
        said = np.where(possible, logits, -1e9)[:, : features.SYMBOLS]
        chances = np.exp(said - np.log(np.exp(said).sum(-1, keepdims=True)))
        return float(-(chances * np.log(chances + 1e-30)).sum(-1).mean())

    assert entropy(modest) > entropy(sure)


@pytest.mark.usefixtures("eagerly")
def test_a_run_of_a_single_step_trains(companion: Any, tmp_path: Path) -> None:
    once = replace(recipe(1), batch_size=99)
    network = companion.fit.fit(corpus(), once, tmp_path)
    assert all(np.isfinite(weight).all() for weight in network.get_weights())


@pytest.mark.usefixtures("eagerly")
def test_all_of_it_is_trained_on_and_the_last_epoch_kept(companion: Any, tmp_path: Path) -> None:
    music = corpus()
    everything = replace(recipe(2), use_all=True)
    assert len(everything.training_pieces(music)) == 4
    best = companion.fit.fit(music, everything, tmp_path / "all")
    run = companion.state.RunState(everything, 1)
    assert run.restore(tmp_path / "all")
    for kept, last in zip(best.get_weights(), run.average.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, last)
