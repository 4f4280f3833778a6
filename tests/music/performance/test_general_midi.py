"""A sound is found by what musicians call it."""

from __future__ import annotations

import pytest

from bachd.music.performance import general_midi


@pytest.mark.parametrize(
    ("given", "program"),
    [
        ("cello", 43),
        ("Church  Organ", 20),
        ("organ", 20),
        ("piano", 1),
        ("harp", 47),
        ("strings", 49),
        ("jazz guitar", 27),
        ("gunshot", 128),
    ],
)
def test_a_name_or_a_part_that_only_one_has(given: str, program: int) -> None:
    assert general_midi.number(given) == program


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ("horn", "may be 61 (french horn), 70 (english horn); write its number"),
        ("celo", "is no program of General MIDI; did you mean 'cello'?"),
        ("12x", "is no program of General MIDI; write its number, such as 43 for a cello"),
        (" ", "is no program of General MIDI; write its number, such as 43 for a cello"),
    ],
)
def test_what_names_none_or_several_is_refused(given: str, what: str) -> None:
    with pytest.raises(ValueError, match=r"program|may be") as refusal:
        general_midi.number(given)
    assert str(refusal.value) == what


def test_there_are_128() -> None:
    assert len(set(general_midi.NAMES)) == 128
    assert general_midi.number("string ensemble 1") == 49
    assert [general_midi.number(name) for name in general_midi.NAMES] == list(range(1, 129))
