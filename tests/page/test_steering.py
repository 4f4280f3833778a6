"""What people change: it is heard from the next bar on, refused in the words of config.yaml, kept, and taken back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.page.served_page import SETTINGS, Daemon, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SEED = Path(__file__).parents[2] / "models/chorales/seeds/bwv10.7.mid"
FAULT = "document.getElementById('f-tempo-fault').textContent"


def change(page: Page, field: str, value: str) -> None:
    """Write into a field as a person does."""
    page.fill(field, value)
    page.press(field, "Enter")


def until_said(page: Page, text: str) -> None:
    """Wait until a screen reader would say so."""
    until(page, f"document.getElementById('said').textContent.startsWith({json.dumps(text)})")


@pytest.fixture
def stream(browser: Browser, daemon: Daemon) -> Iterator[tuple[Page, list[dict[str, Any]]]]:
    """The page, and what the feed tells it."""
    messages: list[dict[str, Any]] = []
    context = browser.new_context()
    page = context.new_page()
    page.on("websocket", lambda socket: socket.on("framereceived", lambda text: messages.append(json.loads(text))))
    page.goto(daemon.address)
    until(page, "!document.getElementById('f-tempo').value === false")
    yield page, messages
    context.close()


def steps(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message["step"] for message in messages if message["type"] == "step"]


def test_another_tempo_is_heard(stream: tuple[Page, list[dict[str, Any]]]) -> None:
    page, messages = stream
    change(page, "#f-tempo", "120")
    until_said(page, "Takes effect")
    until(page, "document.getElementById('where').textContent.includes('♩ = 120')")
    slow = [step for step in steps(messages) if step["bpm"] <= 120]  # it may begin with a ritardando
    before = steps(messages)[: -len(slow)]
    assert slow[0]["tick"] > before[-1]["tick"]
    assert slow[0]["phase"] == 0


def test_a_faulty_value_is_refused_as_in_the_file(page: Page, daemon: Daemon, tmp_path: Path) -> None:
    change(page, "#f-tempo", "1200")
    until(page, FAULT)
    faulty = tmp_path / "faulty.yaml"
    faulty.write_text("tempo: 1200\n")
    checked = subprocess.run(
        [sys.executable, "-m", "bachd", "check", "--config", faulty], capture_output=True, text=True, check=False
    )
    told = page.text_content("#f-tempo-fault") or ""
    assert told.partition("tempo: ")[2] == checked.stderr.strip().partition("tempo: ")[2] != ""
    assert page.get_attribute("#f-tempo", "aria-invalid") == "true"
    change(page, "#f-tempo", "96")
    until(page, f"!{FAULT}")


def test_what_is_saved_keeps_the_comments(page: Page, daemon: Daemon) -> None:
    change(page, "#f-tempo", "132")
    page.click("#save:enabled")
    until_said(page, "Saved")
    assert daemon.config.read_text().startswith(SETTINGS.replace("240", "132"))
    until(page, "document.getElementById('saved').textContent === 'as in config.yaml'")


def test_the_last_change_is_undone(page: Page) -> None:
    change(page, "#f-tempo", "132")
    page.click("#undo:enabled")
    until_said(page, "Undone")
    until(page, "document.getElementById('f-tempo').value === '240'")
    until(page, "document.getElementById('undo').disabled")


def test_the_music_waits_and_goes_on(page: Page) -> None:
    page.click("#play")
    page.wait_for_selector("#play[aria-label=Play]")
    page.click("#play")
    page.wait_for_selector("#play[aria-label=Pause]")
    token = page.text_content("#tokens .present code")
    until(page, f"document.querySelector('#tokens .present code').textContent !== {json.dumps(token)}")


def test_panic_silences(page: Page) -> None:
    page.click("#panic")
    until_said(page, "Silenced")


def test_a_piece_is_chosen_from_the_shelf(page: Page) -> None:
    page.click("#f-seed-piece")
    page.fill("#pieces-find", "bwv 10.7")
    page.click("#shelf li:visible >> text=Start with it")
    until(page, "document.getElementById('f-seed-piece').textContent === 'BWV 10.7'")
    until(page, "!document.getElementById('pieces').open")


def test_a_piece_of_ones_own_is_taken(page: Page) -> None:
    page.click("#f-seed-piece")
    page.set_input_files("#upload", {"name": "my tune.mid", "mimeType": "audio/midi", "buffer": SEED.read_bytes()})
    until(page, "document.getElementById('f-seed-piece').textContent.startsWith('my-tune')")


def test_a_broken_file_is_refused_with_the_reason(page: Page) -> None:
    page.click("#f-seed-piece")
    page.set_input_files("#upload", {"name": "broken.mid", "mimeType": "audio/midi", "buffer": b"MThd\0\0"})
    until(page, "document.getElementById('pieces-fault').textContent.includes('broken')")
    assert page.is_visible("#pieces")


def test_what_was_played_is_kept(page: Page) -> None:
    with page.expect_download() as download:
        page.click("#keep-mid")
    assert download.value.path().read_bytes().startswith(b"MThd")
