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


def test_notes_are_named_as_their_key_has_them(page: Page) -> None:
    page.click("#f-seed-piece")
    page.fill("#pieces-find", "13.6")  # in B flat major
    page.click("#shelf li:visible >> text=Start with it")
    until(page, "document.getElementById('where').textContent.includes('B flat major')")
    until(page, "[...document.querySelectorAll('#tokens code')].some((code) => code.textContent.includes('Bb'))")
    assert page.evaluate("[...document.querySelectorAll('#tokens code')].every((code) => !/A#/.test(code.textContent))")
    until(page, "/[A-G]♭/.test(document.getElementById('roll').getAttribute('aria-label'))")


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
    until_told(page, "It is kept when it is over")
    page.click("#next")
    until(page, f"!{TITLE}.endsWith({json.dumps(piece)})")
    page.click("#open-history")
    page.wait_for_selector("#favourites a")
    assert (page.text_content("#favourites li span") or "") == piece
    assert page.locator("#played li").count() == 2
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
        other.click("#offer-play")
        until(other, f"{TITLE}.endsWith({json.dumps(piece)})")
        assert "#" not in other.url
    assert wrong == []


def test_a_link_that_is_damaged_says_so_in_place(page: Page) -> None:
    page.evaluate("window.location.hash = '#favourite=bachd1.broken'")
    page.wait_for_selector("#offer[open]")
    page.click("#offer-play")
    until(page, "document.getElementById('offer-fault').textContent.includes('damaged')")
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
    until_told(page, "It is kept when it is over")
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


def test_the_stage_is_the_roll_and_the_title_alone(page: Page) -> None:
    page.goto(f"{page.url}#stage")
    page.wait_for_selector(".on-stage")
    for width, height in ((800, 480), (1920, 1080), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        box = page.locator("#roll").bounding_box()
        assert box is not None
        assert box["width"] >= width - 2
        assert box["height"] >= 0.6 * height
        assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight + 1")
    assert page.locator("#piece").is_visible()
    assert not page.locator("#steer").is_visible()
    assert not page.locator("#play").is_visible()
    page.mouse.move(100, 100)
    page.click("#leave-stage")
    page.wait_for_selector("#play:visible")
    assert page.url.endswith("/")


def test_the_stage_is_entered_and_left_by_a_key(page: Page) -> None:
    page.keyboard.press("f")
    page.wait_for_selector(".on-stage")
    page.keyboard.press("f")
    page.wait_for_selector("#play:visible")


def test_the_stage_dims_while_nothing_plays_and_a_touch_brings_the_light_back(page: Page) -> None:
    dimmed = "document.body.classList.contains('dimmed')"
    page.keyboard.press("f")
    page.wait_for_selector(".on-stage")
    page.clock.install()
    page.keyboard.press("Space")
    page.wait_for_selector(".halted")
    page.clock.fast_forward(61_000)
    page.wait_for_selector(".dimmed")
    page.mouse.move(50, 60)
    page.mouse.move(70, 80)
    assert not page.evaluate(dimmed)
    page.clock.fast_forward(61_000)
    page.wait_for_selector(".dimmed")
    page.keyboard.press("Space")
    page.wait_for_selector("body:not(.halted)")
    page.clock.fast_forward(61_000)
    assert not page.evaluate(dimmed)


def test_a_search_that_finds_nothing_says_so(page: Page) -> None:
    page.click("#f-seed-piece")
    page.fill("#pieces-find", "Beatles")
    until(page, "document.getElementById('shelf-empty').textContent.includes('Beatles')")
    page.fill("#pieces-find", "10.7")
    until(page, "document.getElementById('shelf-empty').textContent === ''")


SHOWN = "[...document.querySelectorAll('#shelf li:not([hidden])')].map((card) => card.dataset.name).join()"


def test_pieces_are_found_by_title_key_and_metre(page: Page) -> None:
    page.click("#f-seed-piece")
    page.fill("#pieces-find", "WACHET auf")
    until(page, f"{SHOWN} === 'bwv140.7'")
    card = page.locator("#shelf li:visible")
    assert "Wachet auf, ruft uns die Stimme" in (card.text_content() or "")
    assert "E flat major · 4/4 · 17 bars" in (card.text_content() or "")
    page.select_option("#pieces-mode", "minor")
    until(page, "document.getElementById('shelf-empty').textContent.includes('WACHET auf, minor')")
    page.fill("#pieces-find", "")
    page.select_option("#pieces-metre", "3/2")
    until(page, f"{SHOWN} === 'bwv123.6'")


def test_the_title_of_the_work_is_told(page: Page) -> None:
    until(page, "document.getElementById('known').textContent === 'Aus meines Herzens Grunde'")


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
