"""Settings changed from elsewhere than the file, and kept in it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bachd import configfile
from bachd.config import Config
from bachd.errors import ConfigError
from bachd.service.settings.draft import KEYS, LIMITS, Controls, values

TEXT = """\
# mine
seed: {piece: bwv269}  # the first
tempo: 84   # calm
midi: {output: none}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(TEXT)
    return path


@pytest.fixture
def controls(path: Path, tmp_path: Path) -> Controls:
    return Controls(path, tmp_path / "seeds")


def refused(controls: Controls, change: object) -> list[str]:
    before = controls.wanted()
    with pytest.raises(ConfigError) as caught:
        controls.change(change)
    assert controls.wanted() == before
    return str(caught.value).splitlines()


def test_a_change_is_wanted_and_the_file_is_left_alone(controls: Controls, path: Path) -> None:
    controls.change({"tempo": 120, "seed.piece": None})
    assert controls.wanted().tempo == 120
    assert controls.wanted().seed.piece is None
    assert controls.unsaved
    assert path.read_text() == TEXT


def test_a_change_to_what_is_so_already_is_none_to_be_taken_back(controls: Controls) -> None:
    controls.change({"tempo": 120})
    controls.change({"tempo": 120})
    controls.undo()
    assert controls.wanted().tempo == 84
    assert not controls.undoable


def test_saving_keeps_comments_order_and_rights(controls: Controls, path: Path) -> None:
    path.chmod(0o640)
    controls.change({"tempo": 120, "sampling.top_p": 0.5})
    controls.save()
    assert path.read_text() == TEXT.replace("84 ", "120 ") + "sampling: {top_p: 0.5}\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert not controls.unsaved
    assert list(path.parent.iterdir()) == [path]


def test_faults_have_the_words_of_the_file(controls: Controls, path: Path) -> None:
    told = refused(controls, {"tempo": 1200, "seed.piece": "bwv269x"})
    path.write_text(TEXT.replace("84", "1200").replace("bwv269", "bwv269x"))
    with pytest.raises(ConfigError) as caught:
        configfile.load(path)
    assert told == str(caught.value).splitlines()


@pytest.mark.parametrize(
    "change",
    [
        {},
        [],
        None,
        "tempo",
        {"tempo": {"a": 1}},
        {"tempo": [[1]]},
        {"seed": None},
        {"sed.piece": "x"},
        {"tempo": float("inf")},
        {"tempo": "84"},
        {"tempo": True},
        {"midi.channels": list(range(50))},
        {"seed.piece": "a\nb"},
        {"seed.piece": "\ud800"},
        {"seed.piece": "\x00"},
    ],
)
def test_nonsense_is_refused(controls: Controls, change: object) -> None:
    assert refused(controls, change)


def test_who_steers_the_music_reads_and_writes_no_files(controls: Controls, tmp_path: Path) -> None:
    (tmp_path / "secret.mid").write_bytes(b"MThd")
    for change in (
        {"seed.piece": str(tmp_path / "secret.mid")},
        {"seed.piece": "../secret.mid"},
        {"seed.piece": f"{tmp_path}/seeds/../secret.mid"},
        {"model": "../models"},
        {"model": "~root"},
        {"midi.output": ["none", "file:/tmp/x.mid"]},
        {"midi.output": "FILE:../x.mid"},
    ):
        assert "is a path" in refused(controls, change)[0]
    assert "web.listen: can only be changed" in refused(controls, {"web.listen": "0.0.0.0:80"})[0]


def test_what_was_uploaded_may_be_played(controls: Controls, tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds/mine.mid").write_bytes(b"MThd")
    controls.change({"seed.piece": str(tmp_path / "seeds/mine.mid")})
    assert controls.wanted().seed.piece == str(tmp_path / "seeds/mine.mid")


def test_changes_are_taken_back_one_by_one_even_saved_ones(controls: Controls, path: Path) -> None:
    controls.change({"tempo": 120})
    controls.change({"tempo": 130, "midi.program": 7})
    controls.save()
    controls.undo()
    assert (controls.wanted().tempo, controls.wanted().midi.program) == (120, None)
    assert controls.unsaved
    controls.undo()
    assert controls.wanted() == configfile.parse(TEXT, path)
    assert not controls.undoable
    with pytest.raises(ConfigError, match="nothing to undo"):
        controls.undo()


def test_a_change_that_cannot_be_opened_leaves_nothing_behind(controls: Controls) -> None:
    controls.change({"tempo": 120})
    controls.change({"midi.output": "no such synth"})
    controls.refused()
    assert controls.wanted().tempo == 120
    assert controls.wanted().midi.output == ("none",)
    controls.undo()
    assert not controls.undoable


def test_what_the_file_says_anew_wins_over_an_older_change_of_the_same(controls: Controls, path: Path) -> None:
    controls.change({"tempo": 120, "seed.bars": 2})
    path.write_text(TEXT.replace("84", "100") + "# and more\n")
    assert controls.wanted().tempo == 100
    assert controls.wanted().seed.bars == 2
    controls.save()
    assert path.read_text() == TEXT.replace("84", "100").replace("{piece", "{bars: 2, piece") + "# and more\n"


def test_a_file_that_is_broken_meanwhile_is_not_saved_over(controls: Controls, path: Path) -> None:
    controls.change({"tempo": 120})
    path.write_text("tempo: [")
    with pytest.raises(ConfigError):
        controls.save()
    assert path.read_text() == "tempo: ["


def test_without_a_file_one_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    controls = Controls(None, tmp_path / "seeds")
    controls.change({"tempo": 120})
    controls.save()
    assert Path("config.yaml").read_text() == "tempo: 120\n"


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(controls: Controls, path: Path) -> None:
    controls.change({"tempo": 120})
    path.parent.chmod(0o500)
    try:
        with pytest.raises(ConfigError, match="cannot be written"):
            controls.save()
    finally:
        path.parent.chmod(0o700)


def test_limits_are_those_of_the_file(controls: Controls) -> None:
    assert set(LIMITS) < set(KEYS)
    for key, (low, high) in LIMITS.items():
        controls.change({key: low})
        controls.change({key: high})
        assert refused(controls, {key: low - 1})
        assert refused(controls, {key: high + 1})


def test_what_is_shown_can_be_set(controls: Controls) -> None:
    shown = json.loads(json.dumps(values(Config())))
    for key in KEYS:
        section, _, name = key.rpartition(".")
        if section != "web":
            controls.change({key: (shown[section] if section else shown)[name]})
    assert controls.wanted() == Config()


def test_the_page_is_told_what_there_is_to_choose(controls: Controls, tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds/mine.mid").write_bytes(b"")
    controls.change({"midi.program": 7, "sampling.range": ["C2", "C6"]})
    told = controls.told(controls.wanted(), lambda: ["FP-30X"])
    assert told["values"]["midi"]["program"] == 7
    assert told["values"]["sampling"]["range"] == ["C2", "C6"]
    assert told["choices"]["ports"] == ["FP-30X"]
    assert {"bwv269", str(tmp_path / "seeds/mine.mid")} <= set(told["choices"]["pieces"])
    assert told["unsaved"]
    assert told["undo"]
