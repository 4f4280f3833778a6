"""Presets: bundles of settings, those that come with bachd and people's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from bachd import configfile
from bachd.commands.cli import main
from bachd.config import Config, Sampling
from bachd.config_voices import Voice, Voices
from bachd.errors import StatusError, UsageError
from bachd.service.settings import presets
from bachd.service.settings.draft import Draft


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    return tmp_path / "state"


def wanted(draft: Draft) -> Config:
    return configfile.parse(draft.content, Path("config.yaml"))


@pytest.mark.parametrize("preset", presets.SHIPPED, ids=lambda preset: preset["name"])
def test_each_that_comes_with_bachd_leaves_nothing_of_another(preset: presets.Preset) -> None:
    for other in presets.SHIPPED:
        both = wanted(Draft("").changed(other["values"]).changed(preset["values"]))
        assert both == wanted(Draft("").changed(preset["values"]))


def test_the_standard_is_what_an_empty_file_means() -> None:
    assert wanted(Draft("").changed(presets.find("Standard")["values"])) == Config()


def test_what_is_saved_comes_back_with_all_that_decides_how_a_piece_sounds() -> None:
    config = Config(
        tempo=70.0,
        sampling=Sampling(temperature=0.5, range=(40, 76)),
        voices=Voices(bass=Voice(program=42), alto=Voice(mute=True)),
    )
    presets.save("  My   evening ", config)
    found = presets.find("my evening")
    assert (found["name"], found["own"]) == ("My evening", True)
    assert wanted(Draft("").changed(found["values"])) == config


def test_a_name_that_is_taken_is_replaced_and_one_that_is_removed_is_gone(state: Path) -> None:
    presets.save("mine", Config(tempo=70.0))
    presets.save("Mine", Config(tempo=80.0))
    assert [(each["name"], each["values"]["tempo"]) for each in presets.known() if each["own"]] == [("Mine", 80)]
    presets.remove("mine")
    assert presets.known() == list(presets.SHIPPED)


def test_a_line_that_is_damaged_is_passed_over_and_kept(state: Path) -> None:
    presets.save("one", Config())
    with presets.path().open("ab") as file:
        file.write(b'{"name": "tw\xff\n[]\n')
    presets.save("three", Config())
    assert [each["name"] for each in presets.known() if each["own"]] == ["one", "three"]
    assert b'{"name": "tw\xff\n[]\n' in presets.path().read_bytes()


@pytest.mark.parametrize("name", ["", " ", "x" * 41, "a\x07b", "Calm"])
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        presets.save(name, Config())
    assert not presets.path().exists()


def test_those_that_come_with_bachd_stay_and_an_unknown_one_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="comes with bachd"):
        presets.remove("strict")
    with pytest.raises(UsageError, match="no preset 'darring'; did you mean 'daring'"):
        presets.find("darring")


def test_what_cannot_be_written_is_said(state: Path) -> None:
    state.write_text("in the way")
    with pytest.raises(StatusError, match="presets: cannot be written"):
        presets.save("mine", Config())


def test_the_command_line_takes_a_preset_and_options_win_over_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("expression: {swing: 70}\nsampling: {lookahead: 1}\nseed: {rng: 3}\n")
    spelt = "--temperature 0.65 --top-p 0.9 --key 0.8 --swing 50 --humanise-ms 20 --ritardando 0.8".split()
    assert main(["render", "a.mid", "--bars", "2", "--preset", "calm", "--humanise-ms", "20"]) == 0
    assert main(["render", "b.mid", "--bars", "2", *spelt]) == 0
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()
    capsys.readouterr()
    assert main(["render", "c.mid", "--preset", "clam"]) == 64
    assert "no preset 'clam'; did you mean 'calm'?" in capsys.readouterr().err
