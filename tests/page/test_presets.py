"""Presets, redo and tap tempo on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.page.served_page import until

if TYPE_CHECKING:
    from playwright.sync_api import Page

PRESET = "document.querySelector('#presets [data-preset={}]').getAttribute('aria-pressed') === '{}'"


def test_a_preset_sets_many_values_and_is_undone_and_made_again_in_one_step(page: Page) -> None:
    until(page, PRESET.format("standard", "true"))
    page.focus("#presets [data-preset=daring]")
    page.keyboard.press("Enter")
    until(page, PRESET.format("daring", "true"))
    assert page.input_value("#f-sampling-temperature") == "1.15"
    assert not page.is_checked("#f-sampling-leading")
    page.click("#undo:enabled")
    until(page, PRESET.format("standard", "true"))
    assert page.input_value("#f-sampling-temperature") == ""
    page.click("#redo:enabled")
    until(page, PRESET.format("daring", "true"))
    until(page, "document.getElementById('redo').disabled")
    assert page.evaluate("document.activeElement.id") == "steer"


def test_a_preset_of_ones_own_is_saved_used_and_removed(page: Page) -> None:
    page.fill("#f-tempo", "132")
    page.press("#f-tempo", "Enter")
    page.click("#mixer button[aria-label='Mute the bass']")
    until(page, "document.querySelector('#mixer button[aria-label=\"Mute the bass\"]').ariaPressed === 'true'")
    page.fill("#preset-name", "without bass")
    page.press("#preset-name", "Enter")
    mine = "document.querySelector('#presets [data-preset=\"without bass\"]')"
    until(page, f"{mine}?.getAttribute('aria-pressed') === 'true'")
    page.fill("#f-tempo", "200")
    page.press("#f-tempo", "Enter")
    until(page, f"{mine}.getAttribute('aria-pressed') === 'false'")
    page.click("#presets [data-preset='without bass']")
    until(page, f"{mine}.getAttribute('aria-pressed') === 'true'")
    assert page.input_value("#f-tempo") == "132"
    page.click("#presets button[aria-label='Remove the preset without bass']")
    until(page, f"!{mine}")
    assert page.evaluate("document.activeElement.id") == "preset-name"


def test_a_name_that_is_taken_is_refused_in_place(page: Page) -> None:
    page.fill("#preset-name", "calm")
    page.click("#preset-form button")
    until(page, "document.getElementById('steer-fault').textContent.includes('comes with bachd')")
    assert page.input_value("#preset-name") == "calm"


def test_the_tempo_is_tapped_with_a_key_or_a_button(page: Page) -> None:
    page.focus("#tap")
    for _ in range(5):
        page.keyboard.press("Space")
        page.wait_for_timeout(500)
    until(page, "Math.abs(Number(document.getElementById('f-tempo').value) - 118) < 12")
    assert page.get_attribute("#play", "aria-label") == "Pause"
    page.evaluate("document.activeElement.blur()")
    for _ in range(4):
        page.keyboard.press("t")
        page.wait_for_timeout(300)
    until(page, "Math.abs(Number(document.getElementById('f-tempo').value) - 190) < 30")
    page.click("#undo")
    until(page, "Math.abs(Number(document.getElementById('f-tempo').value) - 118) < 12")


def test_the_music_sleeps_with_a_bar_and_play_wakes_it(page: Page) -> None:
    rest = "document.getElementById('rest').textContent"
    page.select_option("#sleep", "30")
    until(page, f"/^pauses at [0-9][0-9]:[0-9][0-9]$/.test({rest})")
    page.evaluate("fetch('api/sleep', {method: 'POST', body: '{\"minutes\": 0.001}'})")
    page.wait_for_selector("#play[aria-label=Play]")
    until(page, f"{rest} === 'is asleep; Play wakes it'")
    page.click("#play")
    page.wait_for_selector("#play[aria-label=Pause]")
    until(page, f"{rest} === ''")


def test_hours_are_set_and_a_wrong_one_is_refused_in_place(page: Page) -> None:
    page.fill("#f-hours", "8-22")
    page.press("#f-hours", "Enter")
    until(page, "document.getElementById('f-hours-fault').textContent.includes('are no hours')")
    page.fill("#f-hours", "00:00-12:00, 12:00-24:00")
    page.press("#f-hours", "Enter")
    until(page, "document.getElementById('f-hours-fault').textContent === ''")
    until(page, "document.getElementById('undo').disabled === false")
    assert page.input_value("#f-hours") == "00:00-12:00, 12:00-24:00"


def test_the_piece_is_played_in_the_key_that_is_chosen(page: Page) -> None:
    until(page, "document.getElementById('key').options.length === 12")
    page.select_option("#key", "3")
    until(page, "document.getElementById('where').textContent.includes('E flat ')")
    until(page, "document.getElementById('f-transpose').value !== '0'")
