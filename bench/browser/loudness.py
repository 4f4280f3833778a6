"""Measure how loud each instrument of the page is, by ITU-R BS.1770, in the same bars of bachd's own music.

The browser renders them as it would play them.
"""

from __future__ import annotations

import argparse
import base64
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import mido
import numpy as np

from bench.browser.page import free_port, playing
from bench.browser.view import FLAGS

RATE: Final = 44100
RENDER: Final = """async ([name, notes, seconds, inRoom]) => {
  const {instrument, room} = await import('/sound/instruments.js');
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


def rendered(page: Any, name: str, notes: list[Any], seconds: float, *, room: bool = False) -> Any:
    """What is heard of notes (pitch, velocity, from, to); shape (frames, 2)."""
    sides = page.evaluate(RENDER, [name, notes, seconds, room])
    return np.stack([np.frombuffer(base64.b64decode(side), np.float32) for side in sides], axis=1).astype(float)


def loudness_of(sound: Any) -> float:
    """Return the integrated loudness in LUFS of a sound of shape (frames, channels)."""
    import pyloudnorm

    return float(pyloudnorm.Meter(RATE).integrated_loudness(sound))


def bars_of_music(folder: Path) -> list[Any]:
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


def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(prog="python -m bench.browser.loudness", description=__doc__).parse_args()
    if (chromium := shutil.which("chromium")) is None:
        raise SystemExit("bench.browser.loudness: no chromium: sudo apt install chromium")
    try:
        import pyloudnorm  # noqa: F401
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise SystemExit("bench.browser.loudness: no playwright or pyloudnorm: pip install '.[page-test]'") from None
    port = free_port()
    found: list[float] = []
    with tempfile.TemporaryDirectory() as folder, playing(Path(folder), "none", port), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS.split())
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        (quiet := Path(folder, "music")).mkdir()  # without the settings of what plays
        notes = bars_of_music(quiet)
        seconds = max(note[3] for note in notes) + 4
        for name in page.evaluate("async () => (await import('/sound/instruments.js')).NAMES"):
            sound = rendered(page, name, notes, seconds, room=True)
            found.append(loudness_of(sound))
            sys.stdout.write(f"{name:<12}{found[-1]:7.2f} LUFS, peak {20 * np.log10(np.abs(sound).max()):6.1f} dBFS\n")
        browser.close()
    sys.stdout.write(f"they are within {max(found) - min(found):.2f} LU\n")


if __name__ == "__main__":
    main()
