"""The music as notes: loaded when it is asked for, in step, with what is planned in grey; printed and saved."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.page.served_page import Daemon, opened, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NOTES = "document.querySelectorAll('#systems .vf-stavenote')"
STATES = f"[...{NOTES}].map((note) => note.dataset.state)"
LINE = "[...document.querySelectorAll('.now-line')].find((line) => !line.hidden)?.style.transform"
NUMBERS = "[...document.querySelectorAll('#systems .measure-number text')].map((one) => one.textContent)"


def show(page: Page) -> None:
    """Switch to the score, and wait for the first notes."""
    page.click("#view-score")
    until(page, f"{NOTES}.length > 0")


def test_the_engraver_is_loaded_only_when_notes_are_wanted(browser: Browser, daemon: Daemon) -> None:
    with opened(browser, daemon) as (page, wrong):
        loaded = list[str]()
        page.on("request", lambda request: loaded.append(request.url))
        page.reload()
        until(page, "document.getElementById('where').textContent.startsWith('bar')")
        assert not any("opensheetmusicdisplay" in url or "engrave" in url for url in loaded)
        show(page)
        assert sum(url.endswith("opensheetmusicdisplay.js") for url in loaded) == 1
        assert not page.locator("#roll").is_visible()
        page.click("#view-roll")
        assert page.locator("#roll").is_visible()
        assert wrong == []


def test_what_sounds_is_marked_and_what_is_planned_is_grey(page: Page) -> None:
    show(page)
    until(page, f"{STATES}.includes('planned') && {STATES}.includes('sounding')")
    grey = page.evaluate(
        "Number(getComputedStyle([...document.querySelectorAll('#systems [data-state=planned]')][0]).opacity)"
    )
    assert grey < 0.6
    before = page.evaluate(LINE)
    until(page, f"({LINE}) && {LINE} !== '{before}'")
    sounds = "[...document.querySelectorAll('#systems [data-state=sounding]')].map((note) => note.id).join()"
    now = page.evaluate(sounds)
    until(page, f"{sounds} && {sounds} !== '{now}'")


def test_the_systems_follow_the_music(page: Page) -> None:
    show(page)
    first = page.evaluate(NUMBERS)
    until(page, f"{NUMBERS}.some((number) => Number(number) > {max(map(int, first), default=1)})")
    assert page.evaluate("document.getElementById('score-fault').textContent") == ""


def test_what_is_read_later_stands_below(page: Page) -> None:
    page.set_viewport_size({"width": 640, "height": 800})
    show(page)
    rows = page.evaluate("document.querySelectorAll('#systems .system').length")
    assert rows > 1
    bars = """[...document.querySelectorAll('#systems .system')]
        .toSorted((one, other) => one.getBoundingClientRect().top - other.getBoundingClientRect().top)
        .map((row) => Number(row.querySelector('.engraved:not(.unseen) .measure-number text')?.textContent))"""
    until(page, f"(window.first = {bars}).every(Number.isFinite)")
    # Until each row has another system, one after the other; a new piece begins all rows anew.
    until(page, f"(window.later = {bars}).every((bar) => bar && !window.first.includes(bar))")
    seen = page.evaluate("window.later")
    assert seen == sorted(seen)


def test_every_system_fits_into_the_frame(page: Page) -> None:
    for width, height in ((1280, 860), (800, 480), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        show(page)
        until(page, "document.querySelectorAll('#systems svg').length > 0")
        right = page.evaluate(
            f"""Math.max(...[...{NOTES}].map((note) => note.getBoundingClientRect().right))
                <= document.getElementById('notation').getBoundingClientRect().right"""
        )
        assert right, (width, height)
        page.click("#view-roll")


def test_the_choice_is_remembered_and_a_key_changes_it(page: Page) -> None:
    show(page)
    page.reload()
    until(page, f"{NOTES}.length > 0")
    page.keyboard.press("v")
    until(page, "document.getElementById('view-roll').getAttribute('aria-pressed') === 'true'")
    page.reload()
    until(page, "document.getElementById('where').textContent.startsWith('bar')")
    assert page.locator("#roll").is_visible()


def test_the_stage_shows_notes_if_its_address_says_so(page: Page) -> None:
    page.goto(f"{page.url}#stage=score")
    page.wait_for_selector(".on-stage")
    until(page, f"{NOTES}.length > 0")
    page.set_viewport_size({"width": 800, "height": 480})
    assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight + 1")
    assert not page.locator("#score-print").is_visible()


def test_the_present_piece_is_saved_as_musicxml(page: Page, tmp_path: Path) -> None:
    music21 = pytest.importorskip("music21")
    show(page)
    with page.expect_download() as saved:
        page.click("#score-save")
    assert saved.value.suggested_filename == "bwv269.musicxml"
    file = tmp_path / saved.value.suggested_filename
    saved.value.save_as(file)
    assert [part.partName for part in music21.converter.parse(file).parts] == ["Soprano", "Alto", "Tenor", "Bass"]


def test_the_present_piece_is_printed_on_pages_of_its_own(page: Page) -> None:
    show(page)
    page.evaluate("window.print = () => { window.printed = document.querySelectorAll('#sheet svg').length; }")
    page.click("#score-print")
    until(page, "window.printed > 0")
    paper = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == page.evaluate("window.printed")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.querySelectorAll('#sheet svg').length") == 0
    assert page.locator("#steer").is_visible()


def test_no_answer_is_said_in_place_and_tried_again(browser: Browser, daemon: Daemon) -> None:
    with opened(browser, daemon) as (page, _):  # in which requests fail, as the browser notes
        page.route("**/api/score.musicxml*", lambda route: route.abort())
        page.click("#view-score")
        until(page, "document.getElementById('score-fault').textContent.startsWith('bachd does not answer')")
        page.unroute("**/api/score.musicxml*")
        until(page, f"{NOTES}.length > 0 && document.getElementById('score-fault').textContent === ''")
