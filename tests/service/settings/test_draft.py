"""Unsaved changes over the text of config.yaml."""

from __future__ import annotations

import json
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import pytest

from bachd import configfile
from bachd.config import Config
from bachd.errors import ConfigError
from bachd.service.settings.draft import UNDOS, Draft
from bachd.service.web.change_request import KEYS
from bachd.service.web.settings_json import LIMITS
from bachd.yamlfile.keys import plain

TEXT = """\
# mine
seed: {piece: bwv269}  # the first
tempo: 84   # calm
midi: {output: none}
"""


def wanted(draft: Draft) -> Config:
    return configfile.parse(draft.content, Path("config.yaml"))


def changed(text: str = TEXT, **values: Any) -> Draft:
    return Draft(text).changed({key.replace("__", "."): value for key, value in values.items()})


def test_a_change_is_wanted_and_the_text_is_left_alone() -> None:
    draft = changed(tempo=120, seed__piece=None)
    assert (wanted(draft).tempo, wanted(draft).seed.piece) == (120, None)
    assert draft.unsaved == {"tempo": 120, "seed.piece": None}
    assert draft.text == TEXT


def test_only_what_is_changed_is_written() -> None:
    draft = changed(tempo=120, sampling__top_p=0.5).saved()
    assert draft.text == TEXT.replace("84 ", "120 ") + "sampling: {top_p: 0.5}\n"
    assert not draft.unsaved
    assert draft.content == draft.text


def test_a_change_to_what_is_so_already_is_none_to_be_undone() -> None:
    draft = changed(tempo=120)
    assert draft.changed({"tempo": 120.0}) == draft
    assert draft.undone().content == TEXT
    assert not draft.undone().undos


def test_one_is_not_true() -> None:
    assert changed("midi: {channels: 1}", midi__channels=True).unsaved == {"midi.channels": True}


def test_changes_are_undone_one_by_one_even_saved_ones() -> None:
    draft = changed(tempo=120).changed({"tempo": 130, "midi.program": 7}).saved().undone()
    assert (wanted(draft).tempo, wanted(draft).midi.program) == (120, None)
    assert draft.unsaved
    draft = draft.undone()
    assert wanted(draft) == configfile.parse(TEXT, Path("config.yaml"))
    with pytest.raises(ConfigError, match="nothing to undo"):
        draft.undone()


def test_so_many_changes_can_be_undone() -> None:
    draft = Draft(TEXT)
    for tempo in range(100, 101 + UNDOS):
        draft = draft.changed({"tempo": tempo})
    assert len(draft.undos) == UNDOS
    for _ in range(UNDOS):
        draft = draft.undone()
    assert draft.value("tempo") == 100


def test_what_the_file_says_anew_wins_over_an_older_change_of_the_same() -> None:
    text = TEXT.replace("84", "100") + "# and more\n"
    draft = changed(tempo=120, seed__bars=2).rebased(text)
    assert draft.unsaved == {"seed.bars": 2}
    assert draft.saved().text == text.replace("{piece", "{bars: 2, piece")


def test_a_file_that_is_empty_says_nothing() -> None:
    draft = changed(tempo=120)
    assert draft.rebased("") == draft


@pytest.mark.parametrize("text", ["midi: {clock: {offset_ms: 5}}\n", "midi: 5\n"])
def test_what_cannot_be_changed_here_is_told_with_its_key(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^midi\.clock: cannot be changed: .*; change config\.yaml itself$"):
        assert changed(text, midi__clock=True).content


def test_limits_are_those_of_the_file() -> None:
    assert set(LIMITS) < set(KEYS)
    for key, (low, high) in LIMITS.items():
        for value in (low, high):
            wanted(Draft(TEXT).changed({key: value}))
        for value in (low - 1, high + 1):
            with pytest.raises(ConfigError):
                wanted(Draft(TEXT).changed({key: value}))


def test_what_was_undone_is_made_again_until_something_else_is_changed() -> None:
    draft = changed(tempo=96).changed({"tempo": 100, "sampling.top_p": 0.5})
    back = draft.undone().undone()
    assert (back.content, len(back.redos)) == (TEXT, 2)
    assert back.redone().content == changed(tempo=96).content
    again = back.redone().redone()
    assert (again.content, again.redos) == (draft.content, ())
    assert again.undone().undone().content == TEXT
    other = back.redone().changed({"tempo": 60})
    assert other.redos == ()
    with pytest.raises(ConfigError, match="nothing to redo"):
        other.redone()


def test_what_is_shown_can_be_set() -> None:
    shown, draft = json.loads(json.dumps(plain(Config()))), Draft(TEXT)
    for key in KEYS:
        if not key.startswith("web."):
            draft = draft.changed({key: reduce(getitem, key.split("."), shown)})
    assert wanted(draft) == Config()


def test_a_change_that_continues_is_undone_with_the_one_before() -> None:
    draft = Draft("tempo: 84")
    for tempo in (90, 96, 100):
        draft = draft.changed({"tempo": tempo}, continues=True)
    assert draft.value("tempo") == 100
    assert draft.undone().value("tempo") == 84
    assert draft.changed({"model": "cello"}, continues=True).undone().value("tempo") == 100
