from __future__ import annotations

import sys
from io import StringIO

import pytest

pytest.importorskip("tqdm", reason="needs the extra 'train'")

from bachd.training.progress import progress


def test_items_pass_through_and_the_bar_says_how_far_it_has_come(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress("abc", "counting", unit="piece")) == ["a", "b", "c"]
    shown = capsys.readouterr().err
    assert shown.startswith("\rcounting:   0%")
    assert "3/3" in shown
    assert list(progress(iter("ab"), "reading", total=2)) == ["a", "b"]
    assert "2/2" in capsys.readouterr().err


def test_nothing_is_shown_for_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress([], "counting", unit="piece")) == []
    assert capsys.readouterr().err == ""


def test_a_bar_that_is_moved_by_hand_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with progress((), "training", total=3, unit="step") as bar:
        bar.update(3)
    assert "3/3" in capsys.readouterr().err
    with progress([], "reading", total=0):
        pass
    assert capsys.readouterr().err == ""


def test_a_terminal_that_is_closed_does_not_end_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(StringIO):
        def write(self, _: str) -> int:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(sys, "stderr", Closed())
    assert list(progress("abc", "counting")) == ["a", "b", "c"]
