"""How the instruments of the page sound, as far as figures can tell: levels, loudness, balance, no clicks, an end.

Rendered by the browser as it would play them, and judged by ITU-R BS.1770.
"""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mido
import numpy as np
import pytest

from tests.page.served_page import Daemon, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RATE = 44100
NAMES = ("harpsichord", "organ", "piano")
RENDER = """async ([name, notes, seconds, inRoom]) => {
  const {instrument, room} = await import('/instruments.js');
  const context = new OfflineAudioContext(2, seconds * 44100, 44100);
  const player = await instrument(name, context, inRoom ? room(context) : context.destination);
  for (const [pitch, velocity, from, to] of notes) player.strike(pitch, velocity, from)(to);
  const sound = await context.startRendering();
  return [0, 1].map((side) => {
    const bytes = new Uint8Array(sound.getChannelData(side).buffer);
    let text = '';
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return btoa(text);
  });
}"""


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


def rendered(page: Page, name: str, notes: list[Any], seconds: float, *, room: bool = False) -> Any:
    """What is heard of notes (pitch, velocity, from, to); shape (frames, 2)."""
    sides = page.evaluate(RENDER, [name, notes, seconds, room])
    return np.stack([np.frombuffer(base64.b64decode(side), np.float32) for side in sides], axis=1).astype(float)


def loudness(sound: Any) -> float:
    return float(pytest.importorskip("pyloudnorm").Meter(RATE).integrated_loudness(sound))


def music(folder: Path) -> list[Any]:
    """Some bars of bachd's own, as notes that begin a tenth of a second in."""
    told = folder / "music.mid"
    subprocess.run([sys.executable, "-m", "bachd", "render", told, "--bars", "4", "--rng", "7"], check=True, cwd=folder)
    now, sounding, notes = 0.1, dict[int, tuple[int, float]](), []
    for message in mido.MidiFile(told):
        now += message.time
        if message.type == "note_on" and message.velocity:
            sounding[message.note] = (message.velocity, now)
        elif message.type in ("note_on", "note_off") and message.note in sounding:
            velocity, since = sounding.pop(message.note)
            notes.append([message.note, velocity, since, now])
    return notes


def test_the_three_are_equally_loud_and_never_too_loud_and_come_to_an_end(hall: Page, tmp_path: Path) -> None:
    notes = music(tmp_path)
    end = max(note[3] for note in notes)
    loud = {}
    for name in NAMES:
        sound = rendered(hall, name, notes, end + 4, room=True)
        assert 0.1 < np.abs(sound).max() < 0.9
        assert np.abs(sound[int((end + 3) * RATE) :]).max() < 1e-3
        loud[name] = loudness(sound)
    assert max(loud.values()) - min(loud.values()) < 3, loud


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


def test_an_organ_tone_lasts_without_a_seam(hall: Page) -> None:
    sound = rendered(hall, "organ", [[61, 80, 0, 5]], 4.5)[:, 0]
    bends = np.abs(np.diff(sound, 2))[RATE // 2 :]
    each = bends[: bends.size // 400 * 400].reshape(-1, 400).max(axis=1)
    assert (each[1:-1] / np.maximum(each[:-2], each[2:])).max() < 1.3  # (its two ranks beat slowly)
