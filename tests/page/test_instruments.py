"""How the instruments of the page sound, as far as figures can tell: levels, loudness, balance, no clicks, an end.

Rendered by the browser as it would play them, and judged by ITU-R BS.1770.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bench.browser.loudness import RATE, bars_of_music, loudness_of, rendered
from tests.page.served_page import Daemon, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("harpsichord", "organ", "piano", "strings", "cello", "choir", "flute")
LASTING = ("organ", "strings", "cello", "choir", "flute")


@pytest.fixture(scope="module")
def hall(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The page, open, for all tests here."""
    daemon = Daemon(tmp_path_factory.mktemp("hall"))
    daemon.start()
    try:
        with opened(browser, daemon) as (page, wrong):
            yield page
        assert wrong == []  # the Content-Security-Policy would say so, too
    finally:
        daemon.stop()


def loudness(sound: Any) -> float:
    """In LUFS."""
    pytest.importorskip("pyloudnorm")
    return loudness_of(sound)


def test_all_are_equally_loud_and_never_too_loud_and_come_to_an_end(hall: Page, tmp_path: Path) -> None:
    notes = bars_of_music(tmp_path)
    end = max(note[3] for note in notes)
    loud = {}
    for name in NAMES:
        sound = rendered(hall, name, notes, end + 4, room=True)
        assert 0.1 < np.abs(sound).max() < 0.9
        assert np.abs(sound[int((end + 3) * RATE) :]).max() < 1e-3
        loud[name] = loudness(sound)
    assert max(loud.values()) - min(loud.values()) < 2, loud


@pytest.mark.parametrize("name", NAMES)
def test_no_voice_drowns_another(hall: Page, name: str) -> None:
    each = [loudness(rendered(hall, name, [[pitch, 80, 0.1, 1.1]], 2)) for pitch in (40, 48, 55, 64, 72, 79)]
    assert max(each) - min(each) < 6, each


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("pitch", [40, 61, 79])
def test_a_note_begins_and_ends_without_a_click(hall: Page, name: str, pitch: int) -> None:
    sound = rendered(hall, name, [[pitch, 80, 0.2, 1.4]], 2.5)[:, 0]
    begin, end = int(0.2 * RATE), int(1.4 * RATE)
    assert np.abs(sound[:begin]).max() == 0
    assert np.abs(sound[begin : begin + 4]).max() < 0.03 * np.abs(sound).max()
    bends = np.abs(np.diff(sound, 2))  # a step, wherever it is, would be the sharpest of all
    standing = bends[end - RATE // 5 : end - 100].max()
    assert bends[end - 100 :].max() < 1.3 * standing
    assert np.abs(sound[end + RATE // 2 :]).max() < 1e-4


@pytest.mark.parametrize("name", LASTING)
def test_a_tone_that_lasts_has_no_seam(hall: Page, name: str) -> None:
    sound = rendered(hall, name, [[61, 80, 0, 5]], 4.5)[:, 0]
    bends = np.abs(np.diff(sound, 2))[RATE // 2 :]
    each = bends[: bends.size // 400 * 400].reshape(-1, 400).max(axis=1)
    assert (each[1:-1] / np.maximum(each[:-2], each[2:])).max() < 1.6  # (ranks beat, and a vibrato bends)
