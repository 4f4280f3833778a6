"""The time from a key to the harmony under it. What is measured for real is in test_measure.py."""

from __future__ import annotations

import pytest

from bachd.service.timing.key_to_sound import key_to_sound


def test_the_first_note_after_a_key_counts_and_a_key_without_one_is_counted() -> None:
    found = key_to_sound([1.0, 2.0, 3.0], [0.9, 1.002, 1.002, 1.1, 2.5, 3.004])
    assert found.delays == pytest.approx([2.0, 4.0])
    assert found.unanswered == 1


def test_a_note_that_comes_when_the_key_is_up_is_none_of_its_harmony() -> None:
    assert key_to_sound([1.0], [1.16]).unanswered == 1
