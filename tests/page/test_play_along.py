"""Playing along in the browser, with no MIDI at all: the voices join, what is played has its colour, nothing hangs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.page.served_page import Daemon, opened, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PERSON = "document.querySelectorAll('#piano .person').length"
VOICES = "document.querySelectorAll('#piano .voice').length"


def harmonise(page: Page) -> None:
    page.select_option("#together", "harmonise")
    until(page, "document.getElementById('f-together').value === 'harmonise'")
    page.wait_for_selector("#play[aria-label=Play]")  # the music gives way


def test_three_voices_join_a_letter_and_end_with_it(page: Page) -> None:
    harmonise(page)
    page.click("#type")
    page.keyboard.down("k")  # C5, and not 'keep'
    until(page, f"{PERSON} === 1 && {VOICES} === 3")
    assert page.text_content("#played-now") == "you play C 5"
    assert page.text_content("#trouble") == ""
    page.keyboard.up("k")
    until(page, f"{PERSON} === 0 && {VOICES} === 0")
    page.keyboard.press("Escape")
    assert page.get_attribute("#type", "aria-pressed") == "false"


def test_the_voice_that_is_played_may_be_the_bass_with_keys_of_its_own(page: Page) -> None:
    page.fill("#f-together_split", "H3")
    page.press("#f-together_split", "Enter")
    until(page, "document.getElementById('f-together_split-fault').textContent.includes('is not a note name')")
    page.fill("#f-together_split", "c5")
    page.press("#f-together_split", "Enter")
    until(page, "!document.getElementById('f-together_split-fault').textContent")
    page.select_option("#f-together_voice", "bass")
    until(page, "document.getElementById('said').textContent.startsWith('Takes effect')")
    harmonise(page)
    page.click("#type")
    page.keyboard.down("a")  # C4
    until(page, f"{PERSON} === 1 && {VOICES} >= 1")  # some may be above the keys that are shown
    page.keyboard.up("a")
    until(page, f"{PERSON} === 0 && {VOICES} === 0")
    page.keyboard.press("Escape")


def test_the_chord_that_comes_next_is_shown_while_a_key_is_held(page: Page) -> None:
    harmonise(page)
    page.click("#type")
    page.keyboard.down("k")
    until(page, "document.getElementById('played-next').textContent.startsWith('next, while you hold it: ')")
    until(page, "document.querySelectorAll('#piano .next').length > 0")
    page.keyboard.up("k")
    until(page, "!document.getElementById('played-next').textContent && !document.querySelector('#piano .next')")
    page.keyboard.press("Escape")


def test_a_key_is_played_by_mouse_and_let_go_with_the_window(page: Page) -> None:
    harmonise(page)
    page.hover("#piano button[aria-label='E 5']", position={"x": 6, "y": 95})
    page.mouse.down()
    until(page, f"{PERSON} === 1 && {VOICES} > 1")
    page.evaluate("window.dispatchEvent(new Event('blur'))")
    until(page, f"{PERSON} === 0 && {VOICES} === 0")
    page.mouse.up()


def test_what_one_plays_another_sees_and_it_ends_when_the_browser_is_gone(
    browser: Browser, daemon: Daemon, page: Page
) -> None:
    with opened(browser, daemon) as (other, _):
        other.click("#type")
        other.keyboard.down("a")
        until(page, f"{PERSON} === 1")
        assert page.text_content("#played-now") == "you play C 4"
    until(page, f"{PERSON} === 0")


def test_a_browser_without_web_midi_says_so_in_place(browser: Browser, daemon: Daemon) -> None:
    with opened(browser, daemon) as (page, wrong):
        page.evaluate("delete Navigator.prototype.requestMIDIAccess")
        page.click("#webmidi")
        assert "has no Web MIDI" in (page.text_content("#piano-fault") or "")
    assert wrong == []


TURN = """() => new Promise((done) => {
  const socket = new WebSocket('ws://' + location.host + '/api/feed');
  socket.onopen = () => {
    window.knob = socket;
    done();
  };
})"""
"""Opens what a MIDI keyboard at a browser would be received through."""


def test_a_knob_is_learned_in_two_clicks_steers_and_is_forgotten(page: Page) -> None:
    page.evaluate(TURN)
    learning = "document.getElementById('learning').textContent"
    page.click("#learn")
    page.click("#f-expression-swing")
    until(page, f"{learning}.startsWith('Turn the knob')")
    page.wait_for_timeout(300)
    page.evaluate("window.knob.send(JSON.stringify({type: 'play', data: [0xb0, 21, 3]}))")
    until(page, f"{learning} === 'cc 21 does expression.swing now; save to keep it.'")
    until(page, "document.getElementById('controls').textContent.includes('cc 21: expression.swing')")
    page.wait_for_timeout(1500)  # it is in use from the next bar on
    page.evaluate("window.knob.send(JSON.stringify({type: 'play', data: [0xb0, 21, 127]}))")
    until(page, "document.getElementById('f-expression-swing').value === '75'")
    page.click("#controls button[aria-label='Forget cc 21']")
    until(page, "document.getElementById('controls').textContent === ''")


def test_while_something_is_chosen_a_click_does_nothing_else_and_escape_ends_it(page: Page) -> None:
    page.click("#learn")
    page.keyboard.press("Escape")
    assert page.get_attribute("#learn", "aria-pressed") == "false"
    page.focus("#learn")
    page.keyboard.press("Enter")
    page.focus("#panic")
    page.keyboard.press("Enter")
    until(page, "document.getElementById('learning').textContent.includes('is to do panic')")
    assert page.get_attribute("#play", "aria-label") == "Pause"
