"""What a page may change, and what it may not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bachd import configfile
from bachd.errors import ConfigError
from bachd.service.settings.draft import Draft
from bachd.service.web.change_request import checked, permitted

SEEDS = Path("/var/lib/bachd/seeds")
TEXT = "seed: {piece: /home/me/tune.mid}\nmidi: {output: [none, 'file:/home/me/x.mid']}\n"


def refused(change: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        permitted(checked(change), Draft(TEXT), SEEDS)
    return str(caught.value).splitlines()


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
        {"midi.channels": list(range(50))},
    ],
)
def test_what_has_not_the_form_of_a_change_is_refused(change: object) -> None:
    with pytest.raises(ConfigError):
        checked(change)


def test_a_key_that_is_not_there_is_told_with_the_likeliest() -> None:
    with pytest.raises(ConfigError) as caught:
        checked({"sed.piece": "x", "Tempo": 90, "\x1b[2J": 1})
    assert str(caught.value).splitlines() == [
        "sed.piece: no such key; did you mean 'seed.piece'?",
        "Tempo: no such key; did you mean 'tempo'?",
        "\\x1b[2J: no such key",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"seed.piece": "/home/me/secret.mid"},
        {"seed.piece": "../secret.mid"},
        {"seed.piece": f"{SEEDS}/../secret.mid"},
        {"seed.piece": "..\\secret.mid"},
        {"model": "../models"},
        {"model": "~root"},
        {"midi.output": ["none", "file:/tmp/x.mid"]},
        {"midi.output": "FILE:../x.mid"},
        {"speaker.soundfont": "mine.sf2"},
    ],
)
def test_who_steers_the_music_reads_and_writes_no_files(change: dict[str, Any]) -> None:
    (told,) = refused(change)
    assert "is a path; such can only be set in config.yaml itself" in told


def test_of_bundles_only_those_that_are_offered_may_be_chosen_by_their_paths() -> None:
    draft, offered = Draft(TEXT), ["chorales", "/home/me/bundles/mine"]
    for path in ("/home/me/bundles/mine", "cello"):
        assert permitted({"model": path}, draft, SEEDS, offered) == {"model": path}
    with pytest.raises(ConfigError, match="is a path"):
        permitted({"model": "/home/me/bundles/other"}, draft, SEEDS, offered)
    with pytest.raises(ConfigError, match="is a path"):
        permitted({"seed.piece": "/home/me/bundles/mine"}, draft, SEEDS, offered)


def test_the_address_of_the_page_is_for_who_can_write_the_file() -> None:
    assert refused({"web.listen": "0.0.0.0:80"}) == ["web.listen: can only be changed in config.yaml itself"]


@pytest.mark.parametrize(
    "change",
    [
        {"seed.piece": f"{SEEDS}/mine.mid", "tempo": 96},
        {"seed.piece": "/home/me/tune.mid", "midi.output": ["none", "file:/home/me/x.mid"]},
        {"midi.output": ["FP-30X", "file:today.mid"]},
    ],
)
def test_what_was_uploaded_is_there_already_or_is_no_path_may_be_set(change: dict[str, Any]) -> None:
    assert permitted(checked(change), Draft(TEXT), SEEDS) == change


def test_what_a_controller_does_may_be_set_by_its_name() -> None:
    for name in ("cc 21", "note C#2", "pedal", "bend", "program 5 on channel 2"):
        draft = Draft("midi: {output: none}\n")
        draft = draft.changed(permitted(checked({f"midi.controls.{name}": "next piece"}), draft, SEEDS))
        (control,) = configfile.parse(draft.content, Path("config.yaml")).midi.controls
        assert (str(control.trigger), control.target) == (name, "next piece")


@pytest.mark.parametrize("name", ["", "knob", "CC 21", "cc  21", "cc 21: tempo\nweb", "cc 21}", "cc 21 ", "note 36"])
def test_no_other_text_gets_into_the_file_as_a_name(name: str) -> None:
    assert refused({f"midi.controls.{name}": "tempo"})[0].endswith("this is nothing to steer with, such as 'cc 21'")


def test_what_was_learned_is_undone_and_made_again() -> None:
    draft = Draft("tempo: 84\n").changed({"midi.controls.cc 21": "tempo"})
    assert draft.content == "tempo: 84\nmidi: {controls: {cc 21: tempo}}\n"
    for each, controls in ((draft.undone(), 0), (draft.undone().redone(), 1)):
        assert len(configfile.parse(each.content, Path("config.yaml")).midi.controls) == controls
