"""What is within reach: another piece, this one again, a piece that is kept and comes back, keys, the whole screen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.page.served_page import Daemon, opened, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TITLE = "document.getElementById('piece').textContent"
TROUBLE = "document.getElementById('trouble').textContent"
PLAYS = "document.getElementById('play').getAttribute('aria-label') === 'Pause'"


def until_told(page: Page, text: str) -> None:
    """Wait until the page says so for a moment."""
    until(page, f"{TROUBLE}.startsWith({json.dumps(text)})")


def test_the_title_says_after_once_the_model_composes(page: Page) -> None:
    until(page, f"{TITLE}.startsWith('BWV')")
    until(page, f"{TITLE}.startsWith('after BWV')")
    until(page, "document.title.startsWith('after BWV')")


def test_another_piece_comes_with_the_next_bar(page: Page) -> None:
    first = page.evaluate(f"{TITLE}.replace('after ', '')")
    page.click("#next")
    until_told(page, "Another piece")
    until(page, f"!{TITLE}.endsWith({json.dumps(first)})")


def test_the_piece_begins_again(page: Page) -> None:
    where = "document.getElementById('where').textContent"
    until(page, f"/bar [3-9]/.test({where})")
    piece = page.evaluate(f"{TITLE}.replace('after ', '')")
    page.click("#again")
    until_told(page, "This piece again")
    until(page, f"/bar [01] .*seed/.test({where}) && {TITLE} === {json.dumps(piece)}")


def test_a_piece_is_kept_and_its_link_plays_it_again(page: Page, browser: Browser, daemon: Daemon) -> None:
    until(page, f"{TITLE}.startsWith('BWV')")
    piece = page.evaluate(f"{TITLE}.replace('after ', '')")
    page.click("#keep")
    until_told(page, "Kept so far")
    page.click("#next")
    until(page, f"!{TITLE}.endsWith({json.dumps(piece)})")
    page.click("#open-history")
    page.wait_for_selector("#favourites a")
    assert (page.text_content("#favourites li span") or "") == piece
    assert page.locator("#played li").count() >= 2  # on a busy machine, a third has begun
    link = page.get_attribute("#favourites a", "href") or ""
    assert "#favourite=bachd1." in link
    with page.expect_download() as saved:
        page.click("#played li:last-child a")
    assert saved.value.suggested_filename.endswith(".musicxml")
    page.click("#history-close")

    with opened(browser, daemon) as (other, wrong):
        other.goto(link)
        other.reload()
        other.wait_for_selector("#offer[open]")
        until(other, f"document.getElementById('offer-about').textContent.includes({json.dumps(piece)})")
        other.click("#offer-play")
        until(other, f"{TITLE}.endsWith({json.dumps(piece)})")
        assert "#" not in other.url
    assert wrong == []


def test_a_favourite_is_removed_by_two_clicks(page: Page) -> None:
    until(page, f"{TITLE}.startsWith('BWV')")
    page.click("#keep")
    until_told(page, "Kept so far")
    page.click("#open-history")
    page.wait_for_selector("#favourites a")
    rows = page.locator("#favourites li").count()
    newest = page.locator("#favourites li").first
    assert (newest.locator("span.quiet").text_content() or "").startswith(f"no. {rows} ")
    newest.get_by_role("button", name="Remove").click()
    until(page, "document.querySelector('#favourites li button:last-of-type').textContent === 'Really remove'")
    assert page.locator("#favourites li").count() == rows
    newest.get_by_role("button", name="Remove").click()
    until(page, f"document.querySelectorAll('#favourites a').length === {rows - 1}")
    page.click("#history-close")


def test_a_link_that_is_damaged_says_so_in_place(page: Page) -> None:
    page.evaluate("window.location.hash = '#favourite=bachd1.broken'")
    page.wait_for_selector("#offer[open]")
    until(page, "document.getElementById('offer-fault').textContent.includes('damaged')")
    assert not page.locator("#offer-play").is_visible()
    page.evaluate("window.location.hash = '#favourite=nothing'")
    until(page, "document.getElementById('offer-fault').textContent.startsWith('this is no favourite')")
    page.click("#offer-close")
    assert page.evaluate(PLAYS)


def test_keys_do_what_the_buttons_do(page: Page) -> None:
    until(page, f"{TITLE}.startsWith('BWV')")
    page.keyboard.press("Space")
    until(page, f"!({PLAYS})")
    until(page, "document.getElementById('where').textContent.startsWith('paused')")
    page.keyboard.press("Space")
    until(page, PLAYS)
    page.keyboard.press("r")
    until_told(page, "This piece again")
    page.keyboard.press("k")
    until_told(page, "Kept so far")
    page.keyboard.press("n")
    until_told(page, "Another piece")
    page.keyboard.press("?")
    page.wait_for_selector("#help[open]")
    page.keyboard.press("Space")  # on the button that closes it
    until(page, "!document.getElementById('help').open")
    page.focus("#f-tempo")
    page.keyboard.press("n")
    assert page.input_value("#f-tempo").endswith("n")


def test_every_button_of_the_head_and_the_stage_is_reached_by_tab(page: Page) -> None:
    page.evaluate("document.activeElement.blur()")
    reached = set()
    for _ in range(16):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
    assert {"open-history", "open-stage", "open-help", "play", "stop", "again", "next", "keep", "listen"} <= reached


def test_the_focus_stays_near_an_undo_that_was_the_last(page: Page) -> None:
    page.fill("#f-tempo", "132")
    page.press("#f-tempo", "Enter")
    page.click("#undo:enabled")
    until(page, "document.getElementById('undo').disabled")
    until(page, "document.activeElement.id === 'steer'")


def test_what_is_said_of_a_lost_connection_goes_when_it_is_back(browser: Browser, daemon: Daemon) -> None:
    with opened(browser, daemon) as (page, _):  # in which requests fail, as the browser notes
        _lose_and_find_again(page, daemon)


def _lose_and_find_again(page: Page, daemon: Daemon) -> None:
    daemon.stop()
    until(page, "document.getElementById('link').dataset.state !== 'live'")
    page.click("#play")
    until_told(page, "bachd does not answer")
    daemon.start()
    until(page, "document.getElementById('link').dataset.state === 'live'")
    until(page, f"{TROUBLE} === ''")


def test_panic_says_that_the_music_is_paused(page: Page) -> None:
    page.click("#panic")
    until_told(page, "Silenced, and paused")


def test_all_that_is_wrong_with_a_value_is_said(page: Page) -> None:
    page.fill("#f-midi-channels", "0 17")
    page.press("#f-midi-channels", "Enter")
    told = "document.getElementById('f-midi-channels-fault').textContent"
    until(page, f"{told}.includes('0 is not between') && {told}.includes('17 is not between')")


def test_what_is_to_come_is_shown_while_the_music_is_paused(page: Page, browser: Browser, daemon: Daemon) -> None:
    page.click("#play")
    until(page, f"!({PLAYS})")
    with opened(browser, daemon, begun="paused") as (late, wrong):
        until(late, "document.querySelectorAll('#tokens .coming code')[0].textContent !== ''")
    assert wrong == []


def test_a_download_is_called_after_its_piece(page: Page) -> None:
    with page.expect_download() as saved:
        page.click("#keep-mid")
    assert saved.value.suggested_filename == "bachd-bwv269.mid"


def test_values_that_are_those_of_the_file_again_are_not_unsaved(page: Page) -> None:
    saved = "document.getElementById('saved').textContent"
    page.fill("#f-sampling-temperature", "1.85")
    page.press("#f-sampling-temperature", "Enter")
    until(page, f"{saved} === 'not saved yet'")
    page.fill("#f-sampling-temperature", "")
    page.press("#f-sampling-temperature", "Enter")
    until(page, f"{saved} === 'as in config.yaml'")


def test_while_bachd_is_down_nothing_says_that_it_plays(browser: Browser, daemon: Daemon) -> None:
    with opened(browser, daemon) as (page, _):  # in which requests fail, as the browser notes
        page.click("#listen")
        page.wait_for_selector("#listen[aria-pressed=true]")
        daemon.stop()
        until(page, "document.getElementById('latency').textContent === 'no connection to bachd'")
        picture = "document.getElementById('roll').toDataURL()"
        page.evaluate("() => new Promise((done) => setTimeout(done, 1500))")
        before = page.evaluate(picture)
        page.evaluate("() => new Promise((done) => setTimeout(done, 500))")
        assert page.evaluate(picture) == before
        assert page.text_content("#latency") == "no connection to bachd"


def test_a_computer_without_a_synth_is_told_so(browser: Browser, daemon: Daemon) -> None:
    with opened(browser, daemon) as (page, wrong):
        page.add_init_script("navigator.requestMIDIAccess = async () => ({outputs: new Map()})")
        page.reload()
        until(page, "document.getElementById('where').textContent.startsWith('bar')")
        page.click("#listen")
        page.wait_for_selector("#listen[aria-pressed=true]")
        page.select_option("#instrument", label="A synth on this computer \u2026")
        until(page, "document.getElementById('latency').textContent === 'no synth found on this computer'")
        assert wrong == []


def test_the_keys_are_explained_in_full_on_a_narrow_screen(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.click("#open-help")
    cut = "[...document.querySelectorAll('.key-list dd')].filter((each) => each.scrollWidth > each.clientWidth)"
    assert page.locator(".key-list dd").count() > 5
    assert page.evaluate(f"{cut}.map((each) => each.textContent)") == []
