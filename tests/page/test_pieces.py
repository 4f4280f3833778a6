"""The seed pieces: found by what they are called, and what one's own are called."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tests.page.served_page import Daemon, opened, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

MODELS = Path(__file__).parents[2] / "models"
TITLE = "document.getElementById('piece').textContent"


def test_notes_are_named_as_their_key_has_them(page: Page) -> None:
    page.click("#f-seed-piece")
    page.fill("#pieces-find", "13.6")  # in B flat major
    page.click("#shelf li:visible >> text=Start with it")
    until(page, "document.getElementById('where').textContent.includes('B flat major')")
    until(page, "[...document.querySelectorAll('#tokens code')].some((code) => code.textContent.includes('Bb'))")
    assert page.evaluate("[...document.querySelectorAll('#tokens code')].every((code) => !/A#/.test(code.textContent))")
    until(page, "/[A-G]♭/.test(document.getElementById('roll').getAttribute('aria-label'))")


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


def test_ones_own_piece_is_called_by_its_name_everywhere(page: Page) -> None:
    seed = (MODELS / "chorales/seeds/bwv269.mid").read_bytes()
    page.click("#f-seed-piece")
    page.set_input_files("#upload", {"name": "my tune.mid", "mimeType": "audio/midi", "buffer": seed})
    until(page, f"{TITLE}.endsWith('my-tune')")
    assert page.evaluate("document.title").endswith("my-tune \u00b7 bachd")
    assert page.text_content("#f-seed-piece") == "my-tune"


def test_a_file_that_is_no_music_is_called_as_its_owner_calls_it(page: Page) -> None:
    page.click("#f-seed-piece")
    page.set_input_files("#upload", {"name": "act.py", "mimeType": "text/x-python", "buffer": b"print()"})
    until(page, "document.getElementById('pieces-fault').textContent.startsWith('act.py: ')")


def test_a_bundle_of_ones_own_can_be_chosen_again(browser: Browser, unstarted: Daemon, tmp_path: Path) -> None:
    shutil.copytree(MODELS / "chorales", tmp_path / "bundles/mine")
    text = unstarted.config.read_text().replace("piece: bwv269, ", "")
    unstarted.config.write_text(f"model: ./bundles/mine\n{text}")
    unstarted.start()
    plays = "document.getElementById('s-model').textContent"
    with opened(browser, unstarted) as (page, wrong):
        until(page, f"{plays} === 'mine on the CPU'")
        for name in ("cello", "mine"):
            page.select_option("#f-model", label=name)
            until(page, f"{plays}.startsWith('{name} on ')")
        assert page.get_attribute("#s-model", "title") == str(tmp_path / "bundles/mine")
    assert wrong == []
