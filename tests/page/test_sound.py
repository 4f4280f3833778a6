"""What people hear: the right notes, at the right moment, and an end to them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.page.served_page import Daemon, opened, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RENDER = """async (name) => {
  const {instrument} = await import('/sound/instruments.js');
  const rate = 44100;
  const context = new OfflineAudioContext(1, 3 * rate, rate);
  const player = await instrument(name, context, context.destination);
  player.strike(64, 90, 0.5)(1.0);
  const wave = (await context.startRendering()).getChannelData(0);
  const louder = (most, one) => Math.max(most, Math.abs(one));
  const loudest = (from, to) => wave.slice(from * rate, to * rate).reduce(louder, 0);
  return {
    begins: wave.findIndex((one) => Math.abs(one) > 0.003) / rate,
    sounding: loudest(0.55, 0.95),
    after: loudest(2.0, 3.0),
  };
}"""
PITCH = """async (name) => {
  const {instrument} = await import('/sound/instruments.js');
  const rate = 44100;
  const context = new OfflineAudioContext(1, 2 * rate, rate);
  const player = await instrument(name, context, context.destination);
  player.strike(57, 90, 0);
  const wave = (await context.startRendering()).getChannelData(0).slice(0.4 * rate, 1.4 * rate);
  const strength = (hertz) => {
    let [real, imaginary] = [0, 0];
    wave.forEach((one, index) => {
      real += one * Math.cos(2 * Math.PI * hertz * index / rate);
      imaginary += one * Math.sin(2 * Math.PI * hertz * index / rate);
    });
    return Math.hypot(real, imaginary);
  };
  return [207.65, 220, 233.08].map(strength);
}"""
# What the listener asks of Web Audio, beside what was due: seconds by which each note is asked for too late.
LISTEN = """async () => {
  const asked = [];
  const start = AudioBufferSourceNode.prototype.start;
  AudioBufferSourceNode.prototype.start = function (when) {
    const {contextTime, performanceTime} = this.context.getOutputTimestamp();
    asked.push({heard: performanceTime / 1000 + when - contextTime, now: performance.now() / 1000});
    return start.call(this, when);
  };
  window.asked = asked;
}"""
DUE = """() => {
  const original = WebSocket.prototype.send;
  window.due = [];
  window.trip = Infinity;
  const listen = (socket) => socket.addEventListener('message', ({data}) => {
    const message = JSON.parse(data);
    const now = performance.now() / 1000;
    if (message.type === 'pong' && now - message.t < window.trip) {
      window.trip = now - message.t;
      window.offset = message.now - (now + message.t) / 2;
    }
    if (message.type === 'step') window.due.push(message.step.due);
  });
  WebSocket.prototype.send = function (...given) {
    if (!this.watched) listen(this);
    this.watched = true;
    return original.apply(this, given);
  };
}"""

# By how many seconds each note is off, the delay that is told apart.
LATE = """(delay) => window.asked.map(({heard}) =>
  Math.min(...window.due.map((due) => Math.abs(heard - delay + window.offset - due))))"""
# A browser's Web MIDI with one synth, which keeps what it is sent.
SYNTH = """
  window.sent = [];
  const send = (bytes, stamp) => window.sent.push([[...bytes], [stamp, performance.now()]]);
  const outputs = new Map([['synth', {id: 'synth', name: 'FP-30X', send}]]);
  navigator.requestMIDIAccess = async () => ({outputs});
"""


@pytest.mark.parametrize("name", ["harpsichord", "organ", "piano"])
def test_a_note_sounds_when_it_is_due_and_ends_when_it_is_released(page: Page, name: str) -> None:
    heard = page.evaluate(RENDER, name)
    assert 0.5 <= heard["begins"] < 0.55
    assert heard["sounding"] > 0.02
    assert heard["after"] < 1e-3


@pytest.mark.parametrize("name", ["harpsichord", "organ", "piano", "strings", "cello", "choir", "flute"])
def test_a_note_is_in_tune(page: Page, name: str) -> None:
    below, right, above = page.evaluate(PITCH, name)
    assert right > 5 * below
    assert right > 5 * above


def test_the_browser_plays_what_is_played_in_step(page: Page) -> None:
    page.evaluate(DUE)
    page.evaluate(LISTEN)
    page.click("#listen")
    until(page, "window.asked.length > 24 && window.due.length > 4 && window.trip < 1")
    told = page.text_content("#latency") or ""
    assert "latency here" in told
    behind = re.match(r"(\d+) ms after", told)  # a machine with too much to do cannot keep up, and says so
    delay = int(behind[1]) / 1000 if behind else 0.0
    late = page.evaluate(LATE, delay)[-8:]
    assert sorted(late)[len(late) // 2] < 0.05
    page.click("#listen")
    page.wait_for_selector("#listen[aria-pressed=false]")


def test_a_seed_piece_is_heard_from_the_shelf(page: Page) -> None:
    page.evaluate(LISTEN)
    page.click("#f-seed-piece")
    page.click("#shelf li:first-child >> text=Listen")
    until(page, "window.asked.length > 8")
    page.click("#shelf li:first-child >> text=Stop")
    page.wait_for_selector("#shelf li:first-child >> text=Listen")


def test_a_synth_on_the_listeners_computer_gets_the_notes(browser: Browser, daemon: Daemon) -> None:
    with opened(browser, daemon) as (page, wrong):
        page.add_init_script(SYNTH)
        page.reload()
        until(page, "document.getElementById('where').textContent.startsWith('bar')")
        page.select_option("#instrument", label="A synth on this computer …")
        until(page, "document.getElementById('instrument').value === 'synth'")
        page.click("#listen")
        until(page, "window.sent.length > 24")
        page.click("#listen")
        page.wait_for_selector("#listen[aria-pressed=false]")
        sent = page.evaluate("window.sent")
    sounding: dict[int, int] = {}
    for (kind, note, velocity), _ in sent:
        assert (kind, velocity > 0) in ((0x90, True), (0x80, False))
        sounding[note] = sounding.get(note, 0) + (1 if kind == 0x90 else -1)
    assert set(sounding.values()) == {0}
    assert all(stamp >= now for _, (stamp, now) in sent[:8])
    assert wrong == []


def test_each_bundle_has_its_usual_sound_until_another_is_chosen(page: Page) -> None:
    sound = "document.getElementById('instrument').value"
    until(page, f"{sound} === 'organ'")
    page.click("#f-seed-piece")
    page.click("#pieces-any")  # for no other bundle has the one that plays
    until(page, "!document.getElementById('pieces').open")
    page.select_option("#f-model", "cello")
    until(page, f"{sound} === 'cello'")
    page.select_option("#instrument", "flute")
    page.select_option("#f-model", "keyboard")
    until(page, "document.getElementById('s-model').textContent.startsWith('keyboard')")
    assert page.evaluate(sound) == "flute"
    page.reload()
    until(page, "document.getElementById('s-model').textContent.startsWith('keyboard')")
    assert page.evaluate(sound) == "flute"
