"""Browsers that lack something: it says so in place, and all else works."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.page.served_page import Daemon, opened, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LACKING = """
for (const name of ['AudioContext', 'OfflineAudioContext', 'WebGLRenderingContext']) delete window[name];
delete Navigator.prototype.requestMIDIAccess;
delete Navigator.prototype.clipboard;
delete Navigator.prototype.wakeLock;
delete Element.prototype.requestFullscreen;
const context = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return kind.startsWith('webgl') ? null : context.call(this, kind, ...more);
};
Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError'); } });
"""
NO_SOUND = "This browser has no Web Audio"


@pytest.fixture
def bare(browser: Browser, daemon: Daemon) -> Iterator[Page]:
    """The page in a browser without sound, MIDI, WebGL, full screen, clipboard and memory."""
    with opened(browser, daemon) as (page, wrong):
        page.add_init_script(LACKING)
        page.reload()
        until(page, "document.getElementById('where').textContent.startsWith('bar')")
        yield page
        bar = page.evaluate("document.getElementById('where').textContent")
        until(page, f"document.getElementById('where').textContent !== {json.dumps(bar)}")
    assert wrong == []


def test_what_a_browser_lacks_is_said_in_place_and_the_music_goes_on(bare: Page) -> None:
    bare.click("#listen")
    until(bare, f"document.getElementById('trouble').textContent.startsWith('{NO_SOUND}')")
    assert bare.locator("#listen").is_enabled()
    assert bare.text_content("#listen-text") == "Listen here"
    assert "A synth on this computer" not in (bare.text_content("#instrument") or "")
    bare.click("#f-seed-piece")
    bare.click("#shelf li:first-child button >> nth=0")
    until(bare, f"document.getElementById('pieces-fault').textContent.startsWith('{NO_SOUND}')")
    bare.click("#pieces-close")
    bare.click("#webmidi")
    until(bare, "document.getElementById('piano-fault').textContent.startsWith('This browser has no Web MIDI here')")


def test_full_screen_and_links_without_the_browsers_help(bare: Page) -> None:
    bare.click("#keep")
    bare.click("#open-stage")
    bare.wait_for_selector("body.on-stage")
    bare.click("#leave-stage")
    bare.wait_for_selector("body:not(.on-stage)")
    bare.click("#open-history")
    bare.click("#favourites button:has-text('Copy link')")
    bare.wait_for_selector("#favourites button:has-text('Not here')")
    assert "#favourite=bachd1." in (bare.get_attribute("#favourites a", "href") or "")
    bare.click("#history-close")
    bare.click("#view-score")
    bare.wait_for_selector("#systems .vf-stavenote")
