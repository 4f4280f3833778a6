from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bachd.config import Config, Seed
from bachd.configfile import load
from bachd.errors import ConfigError
from bachd.service.settings import last_good
from bachd.yamlfile import parse as yaml_parse

TOP = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a service's settings are; what it keeps is elsewhere."""
    (tmp_path / "state").mkdir()
    (tmp_path / "etc").mkdir()
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    return tmp_path / "etc" / "config.yaml"


def played(path: Path, text: str) -> Config:
    """Settings that music has been played by."""
    path.write_text(text)
    used = last_good.load(path)
    last_good.keep(text, last_good.tree(text, path))
    return used


@pytest.mark.parametrize("wreck", [b"", b"tem", b"tempo: 9", b"\0" * 40, b"tempo: 90\nmidi: {output: [a", None])
def test_whatever_has_become_of_the_file_the_last_settings_are_used(path: Path, wreck: bytes | None) -> None:
    used = played(path, "tempo: 90\nmidi: {output: none}\n")
    if wreck is None:
        path.unlink()
    else:
        path.write_bytes(wreck)
    assert last_good.load(path) == used != Config()


def test_a_file_that_can_be_used_is_used(path: Path) -> None:
    played(path, "tempo: 90")
    path.write_text("tempo: 91")
    assert last_good.load(path) == Config(tempo=91.0)


def test_relative_paths_go_on_starting_from_the_folder_of_the_file(path: Path) -> None:
    tune = path.with_name("tune.mid")
    tune.touch()
    played(path, "seed: {piece: ./tune.mid}")
    path.write_text("")
    assert last_good.load(path) == Config(seed=Seed(piece=str(tune)))


def test_without_settings_of_an_earlier_time_the_file_is_what_counts(path: Path) -> None:
    path.write_text("tempo: 1200")
    with pytest.raises(ConfigError, match=r"config\.yaml:1: tempo: 1200 is not between 20 and 300"):
        last_good.load(path)
    path.write_text("")
    assert last_good.load(path) == Config()


def test_what_was_kept_and_cannot_be_used_any_more_is_not_what_people_are_told_of(path: Path) -> None:
    bundle = path.with_name("mine")
    bundle.symlink_to(Path(__file__).parents[3] / "models" / "chorales")
    played(path, "model: ./mine")
    bundle.unlink()
    path.write_text("tempo: 1200")
    with pytest.raises(ConfigError, match=r"^[^\n]*etc/config\.yaml:1: tempo: 1200 is not between 20 and 300$"):
        last_good.load(path)


def test_a_power_cut_while_keeping_leaves_what_was_there(path: Path, tmp_path: Path) -> None:
    used = played(path, "tempo: 90")
    (tmp_path / "state" / ".config.last.json.new").write_text("tem")  # what a cut leaves beside it
    path.write_text("")
    assert last_good.load(path) == used
    played(path, "tempo: 91")
    assert [each.name for each in (tmp_path / "state").iterdir()] == [last_good.NAME]


def test_what_has_been_parsed_once_is_not_parsed_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    used = played(path, "tempo: 90\nmidi: {output: [none, 'file:a.mid'], channels: [1, 2]}\nweb:\n")
    monkeypatch.setattr(yaml_parse, "read", lambda _: pytest.fail("parsed"))
    assert last_good.load(path) == used
    last_good.keep(path.read_text(), last_good.tree(path.read_text(), path))


def test_an_unchanged_file_is_read_without_pyyaml(path: Path) -> None:
    text = "tempo: 90\nmidi: {output: [none, 'file:a.mid'], channels: [1, 2]}\nweb:\n"
    played(path, text)
    script = (
        "import sys; from pathlib import Path; from bachd.service.settings import last_good; "
        f"print(last_good.load(Path({str(path)!r})).tempo, 'yaml' in sys.modules)"
    )
    for tempo, imported in ((90, False), (91, True)):
        path.write_text(text.replace("90", str(tempo)))
        command = [sys.executable, "-c", script]
        told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=TOP).stdout
        assert told == f"{tempo}.0 {imported}\n"


@pytest.mark.parametrize("kept_text", ["", "{", "[]", '{"text": "tempo: 91", "tree": 5}', '{"text": "tempo: 91"}'])
def test_what_was_kept_and_is_damaged_is_passed_over(path: Path, tmp_path: Path, kept_text: str) -> None:
    (tmp_path / "state" / last_good.NAME).write_text(kept_text)
    assert played(path, "tempo: 91") == Config(tempo=91.0)
    assert last_good.last()[0] == "tempo: 91"


def test_without_room_or_a_service_nothing_is_kept(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "nowhere"))
    assert played(path, "tempo: 90") == load(path)
    monkeypatch.delenv("STATE_DIRECTORY")
    assert played(path, "tempo: 90") == load(path)
    assert not list((tmp_path / "state").iterdir())
