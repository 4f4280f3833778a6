from __future__ import annotations

import importlib.util
import shlex
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bachd import __version__
from bachd.training import cli, next_steps, subcommands
from tests.training import small

NEEDS_TENSORFLOW = pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="needs the extra 'train'")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "VERB"),
        (["fit"], "RECIPE.yaml"),
        (["fit", "train.yaml", "--epochs", "0"], "0 is not a whole number"),
        (["evaluate", "--hours", "many"], "many is not a number of hours"),
        (["evaluate", "--pieces", "0"], "0 is not a whole number"),
        (["train"], "no verb 'train'; the verbs are prepare, fit, "),
        (["evalute"], "no verb 'evalute'; did you mean 'evaluate'?"),
        (["fit", "x.yaml", "--epoch=3", "--copus", "x"], "--copus x; did you mean '--corpus'?"),
    ],
)
def test_a_wrong_command_line_is_one_line(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 64
    (line,) = capsys.readouterr().err.splitlines()
    assert complaint in line
    assert "--help" in line


def test_what_is_missing_is_named_with_the_extra_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find = importlib.util.find_spec

    def without_tensorflow(name: str, *rest: Any) -> Any:
        others = ("keras", "matplotlib", "music21", "pyarrow", "sklearn", "tqdm")
        return None if name == "tensorflow" else object() if name in others else find(name, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", without_tensorflow)
    assert cli.main(["fit", "train.yaml"]) == 64
    (line,) = capsys.readouterr().err.splitlines()
    assert "tensorflow is missing" in line
    assert "[train]" in line


@NEEDS_TENSORFLOW
def test_the_faults_of_a_recipe_are_told_line_by_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = tmp_path / "train.yaml"
    recipe.write_text("epochs: 0\nwidth: -1\n")
    assert cli.main(["fit", str(recipe)]) == 78
    assert [line.split(":")[1:3] for line in capsys.readouterr().err.splitlines()] == [
        ["1", " epochs"],
        ["2", " width"],
    ]
    recipe.write_text("epochs: 1\n")
    assert cli.main(["fit", str(recipe)]) == 64
    (line,) = capsys.readouterr().err.splitlines()
    assert "--corpus FOLDER" in line


def test_a_bug_is_told_with_its_traceback_and_an_interruption_without(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def interrupt(options: Any) -> None:
        raise KeyboardInterrupt

    def stumble(options: Any) -> None:
        raise RuntimeError("one bar too many")

    monkeypatch.setattr(subcommands, "check_edgetpu", interrupt)
    assert cli.main(["check-edgetpu"]) == 130
    assert "the same command goes on" in capsys.readouterr().err
    monkeypatch.setattr(subcommands, "check_edgetpu", stumble)
    assert cli.main(["check-edgetpu"]) == 70
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert "one bar too many" in told
    assert "this is a bug" in told


def test_workers_without_a_cluster_are_told_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for module in ("tensorflow", "matplotlib"):
        pytest.importorskip(module, reason="needs the extra 'train'")
    monkeypatch.delenv("TF_CONFIG", raising=False)
    recipe = tmp_path / "train.yaml"
    recipe.write_text("corpus: chorales\n")
    assert cli.main(["fit", str(recipe), "--strategy", "workers"]) == 64
    (line,) = capsys.readouterr().err.splitlines()[-1:]
    assert "TF_CONFIG" in line


ASKED = """
import sys
from bachd.training import cli
for line in sys.stdin:
    print(cli.main(line.split()), "tensorflow" in sys.modules, flush=True)
"""
WRONG = {
    "fit bad.yaml": (78, "widht"),
    "fit good.yaml": (64, "--corpus FOLDER"),
    "fit good.yaml --corpus nowhere": (69, "nowhere is not a folder"),
    "fit good.yaml --corpus empty": (69, "no music in empty"),
    "fit gone.yaml --corpus empty": (78, "gone.yaml: there is no such file; give a recipe such as"),
    "fit good.yaml --corpus good.yaml": (69, "good.yaml is a recipe; the corpus is 'chorales' or a folder with music"),
    "fit empty": (78, "empty: is a folder; give a recipe, and that with --corpus empty"),
    "evaluate good.yaml": (64, "good.yaml is a recipe; give the bundle that was made by it, such as bundles/mine"),
    "check-edgetpu good.yaml": (64, "good.yaml is a recipe; give the bundle"),
    "prepare good.yaml": (64, "prepare reads a corpus, and no recipe; write 'bachd-train prepare --corpus FOLDER'"),
    "prepare empty": (64, "write 'bachd-train prepare --corpus empty'"),
    "export bad.yaml": (78, "widht"),
    "export good.yaml --corpus nowhere": (69, "nowhere is not a folder"),
    "baselines good.yaml --corpus nowhere": (69, "nowhere is not a folder"),
}
"""What is asked, and what comes of it."""


@NEEDS_TENSORFLOW
def test_what_is_wrong_is_said_before_the_framework_is_imported(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("widht: 3\n")
    (tmp_path / "good.yaml").write_text("name: mine\n")
    (tmp_path / "empty").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", ASKED], input="\n".join(WRONG), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == [f"{code} False" for code, _ in WRONG.values()], done.stderr
    for line, (_, complaint) in zip(done.stderr.splitlines(), WRONG.values(), strict=True):
        assert complaint in line


NOISY = """
import os, sys
from bachd.training import backend
try:
    with backend.quiet():
        os.write(2, b"I0000 port.cc: of no use\\n")
        {end}
except ImportError:
    pass
os.write(2, b"after\\n")
"""


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("pass", ["after"]),
        ("raise ImportError", ["I0000 port.cc: of no use", "after"]),
        ("os.abort()", ["I0000 port.cc: of no use"]),
    ],
)
def test_what_a_framework_reports_of_itself_is_shown_only_if_it_fails(end: str, said: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", NOISY.format(end=end)], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines() == said


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"bachd-train {__version__}\n"


def test_a_bundle_says_where_it_goes_and_how(tmp_path: Path) -> None:
    figures = {"int8": {"event_nll": 4.2}, "held out": "the test pieces"}
    told = next_steps.after_export({"figures": figures, "licence": "unknown"}, Path("bundles/mine"))
    assert "wrote bundles/mine: 4.2 nats an event" in told
    assert "model: ./bundles/mine" in told
    assert f"tar -C {Path('bundles').resolve()} -c mine | ssh pi@raspberrypi.local sudo tar -C /etc/bachd" in told
    assert "model: /etc/bachd/mine" in told


@pytest.mark.parametrize("more", [[], ["--corpus", "my music"], ["--corpus", "chorales", "--work", "runs/it's"]])
def test_the_next_command_is_one_that_works(more: list[str]) -> None:
    command = shlex.split(next_steps.export_command(cli.make_parser().parse_args(["fit", "mine.yaml", *more])))
    assert command == ["bachd-train", "export", "mine.yaml", *more]


@pytest.mark.parametrize(
    ("backend", "strategy", "said"),
    [("torch", "none", "tensorflow or jax"), ("jax", "mirrored", "needs TensorFlow"), ("jax", "workers", "TensorFlow")],
)
def test_what_cannot_train_is_refused_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    backend: str,
    strategy: str,
    said: str,
) -> None:
    for module in ("keras", "matplotlib", *(["jax"] if backend == "jax" else [])):
        pytest.importorskip(module, reason="needs the extra 'train'")
    monkeypatch.setenv("KERAS_BACKEND", backend)
    assert cli.main(["fit", str(tmp_path / "none.yaml"), "--strategy", strategy]) == 64
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_prepare_says_that_no_scheduler_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pytest.importorskip("distributed", reason="needs the extra 'cluster'")
    from bachd.training.corpus.shards import readers

    monkeypatch.setattr(readers, "_ANSWER", 1)
    (tmp_path / "a.mid").touch()
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    assert cli.main(["prepare", "--corpus", str(tmp_path), "--cluster", address]) == 69
    assert f"no Dask scheduler answers at {address}" in capsys.readouterr().err.splitlines()[-1]


def test_a_cluster_is_for_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pyarrow", reason="needs the extra 'train'")
    assert cli.main(["prepare", "--cluster", "tcp://pc:8786"]) == 64
    (line,) = capsys.readouterr().err.splitlines()
    assert "--corpus FOLDER" in line


@NEEDS_TENSORFLOW
def test_harmony_is_for_a_bundle_that_is_there_and_a_recipe_that_wants_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bachd.training.corpus.sources.load", lambda _: small.corpus())
    recipe, bundle = tmp_path / "train.yaml", tmp_path / "mine"
    recipe.write_text("corpus: chorales\n")
    assert cli.main(["harmony", str(recipe), str(bundle)]) == 64
    assert f"{bundle} is not a bundle" in capsys.readouterr().err
    bundle.mkdir()
    (bundle / "card.json").write_text("{}")
    assert cli.main(["harmony", str(recipe), str(bundle)]) == 64
    assert "wants no harmony; set harmony to some epochs there" in capsys.readouterr().err
