"""The music is halted at any moment: what the roll shows, against the file that was played into."""

from __future__ import annotations

from operator import itemgetter
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, TypeAlias

import mido

from tests.page.served_page import Daemon, opened, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HALTS = 6
SCORE = """
  async () => {
    const { Score } = await import(new URL('score.js', location));
    const score = window.score = new Score();
    const take = {
      hello: ({ past, plan }) => score.reset(past, plan),
      step: ({ step }) => score.push(step),
      retracted: ({ n, steps }) => score.retract(n, steps),
    };
    window.taken = { retracted: 0, step: 0 };
    const socket = new WebSocket(new URL('api/feed', location.href.replace('http', 'ws')));
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      take[message.type]?.(message);
      window.taken[message.type] += 1;
    };
    await new Promise((done) => { socket.onopen = done; });
  }
"""
"""The page's own score in a second place, where it can be looked at."""
PLAYED = "window.score.played.flatMap((step) => step.starts)"
ROLL = "window.score.notes.map((note) => note.pitch)"
WORDS = "[...document.querySelectorAll('#tokens li:not(.coming) code')].map((word) => word.textContent)"

Notes: TypeAlias = list[tuple[int, int, int]]


def sort(notes: Notes) -> Notes:
    """By pitch, those of one pitch in their order: those of a chord may begin in any."""
    return sorted(notes, key=itemgetter(0))


def test_the_roll_shows_the_notes_that_sounded(browser: Browser, tmp_path: Path) -> None:
    rng, daemon = Random(4), Daemon(tmp_path)
    text = daemon.config.read_text().replace("output: none", "output: 'file:heard.mid', channels: [1, 2]")
    daemon.config.write_text(f"{text}expression: {{humanise_ms: 20}}\n")
    daemon.start()
    try:
        with opened(browser, daemon) as (page, wrong):
            page.evaluate(SCORE)
            for number in range(1, HALTS + 1):
                until(page, "window.taken.step > 0")
                page.wait_for_timeout(rng.uniform(0, 600))  # this is the random moment, and waits for nothing
                page.click("#play")
                until(page, f"window.taken.retracted === {number}")
                last = page.evaluate("window.score.played.slice(-4).map((step) => step.text)")
                until(page, f"JSON.stringify({WORDS}.slice(-2)) === JSON.stringify({last[-2:]})")
                if number < HALTS:
                    page.evaluate("() => { window.taken.step = 0; }")
                    page.click("#play[aria-label=Play]")
            told = [(pitch, velocity, channel - 1) for pitch, velocity, channel in page.evaluate(PLAYED)]
            roll = page.evaluate(ROLL)
            assert wrong == []
    finally:
        daemon.stop()
    played = [
        (message.note, message.velocity, message.channel)
        for message in mido.MidiFile(tmp_path / "heard.mid")
        if message.type == "note_on" and message.velocity
    ]
    assert len(told) > HALTS
    assert sort(told) == sort(played[len(played) - len(told) :])
    assert sorted(roll) == sorted(pitch for pitch, _, _ in told)
