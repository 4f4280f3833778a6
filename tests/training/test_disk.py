"""What a user sees of a disk that fills, and of a run whose music has changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bachd.training import cli, disk
from tests.training import small
from tests.training.full_disk import no_file_beyond


def test_what_cannot_be_written_is_named_with_what_is_kept(tmp_path: Path) -> None:
    with pytest.raises(disk.DiskError) as fault, no_file_beyond(1), disk.writing(tmp_path, "the rest is kept"):
        (tmp_path / "file").write_text("two")  # such a fault names no file
    assert str(fault.value) == f"{tmp_path}: cannot be written (File too large); the rest is kept"
    with pytest.raises(disk.DiskError) as fault, disk.writing(tmp_path, "all"):
        (tmp_path / "no/file").write_text("two")
    assert str(fault.value) == f"{tmp_path}/no/file: cannot be written (No such file or directory); all"


@pytest.mark.filterwarnings("ignore")  # TensorFlow's own
def test_a_full_disk_and_other_music_are_one_line_that_says_where(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    tf = pytest.importorskip("tensorflow", reason="needs the extra 'train'")
    tf.config.run_functions_eagerly(True)  # to make graphs takes longer than all the rest
    request.addfinalizer(lambda: tf.config.run_functions_eagerly(False))
    music = small.corpus()
    monkeypatch.setattr("bachd.training.corpus.sources.load", lambda _: music)
    recipe, work, bundle = tmp_path / "train.yaml", tmp_path / "run", tmp_path / "bundle"
    recipe.write_text("corpus: chorales\nwidth: 8\nhidden: 8\nepochs: 1\n")
    fit, export = (["fit", str(recipe), "--work", str(work)], ["export", str(recipe), str(bundle), "--work", str(work)])

    def said(arguments: list[str], code: int) -> str:
        assert cli.main(arguments) == code
        return capsys.readouterr().err.splitlines()[-1]

    with no_file_beyond(100):
        assert f"{work}/recipe.json: cannot be written (File too large)" in said(fit, 69)
    with no_file_beyond(2000):
        line = said(fit, 69)
    assert f"{work}/state.npz: cannot be written (File too large); what was kept before" in line
    assert cli.main(fit) == 0
    capsys.readouterr()
    with no_file_beyond(10):  # of which the converter, which may not be stopped, does not come to know
        assert f"{bundle}: cannot be written (File too large); the run in {work} is kept" in said(export, 69)
    assert not bundle.exists()
    music = replace(music, works=tuple(work for work in music.works if work.piece.name != "bwv269"))
    line = said(export, 64)
    assert f"the corpus has changed since the run in {work} began, pieces to train on: 1 gone (bwv269)" in line
    assert line == said(fit, 64)
    assert not bundle.exists()
