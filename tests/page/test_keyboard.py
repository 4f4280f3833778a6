"""Whatever the mouse reaches, the keyboard alone reaches: each control, on the page and in what opens above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.page.served_page import until

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAMED = """
  window.named = (control) => [control.tagName.toLowerCase(), control.id || control.dataset.name || '',
    control.name || control.getAttribute('aria-label') || control.textContent.trim().slice(0, 40)].join(' ');
  null;  // (what a script ends with is called, if it is a function)
"""
"""How the controls are told apart."""
CONTROLS = """(within) => {
  const found = document.querySelector(within).querySelectorAll(
    'a[href], button, input, select, textarea, summary, [role=slider], [role=switch], [onclick]');
  return [...found].filter((control) => !control.disabled && control.checkVisibility({visibilityProperty: true})
    && !(control.type === 'radio' && !control.checked && document.querySelector(`[name="${control.name}"]:checked`)))
    .filter((control) => !control.matches('#piano [tabindex="-1"]')).map(window.named);
}"""
"""All that can be used now, of radio buttons the one that is chosen, and of the piano the key to which Tab comes."""
FOCUSED = "document.activeElement?.matches(':not(body)') ? window.named(document.activeElement) : ''"
DIALOGS = {"history": "#open-history", "help": "#open-help", "pieces": "#f-seed-piece"}
"""What opens above the page, and what opens it."""
TURNS, MOST = 3, 400
"""How often it goes round at most, and how many controls it then comes to."""


def missed(page: Page, within: str) -> list[str]:
    """The controls of that element that the tab key does not come to."""
    page.evaluate(NAMED)
    reached: set[str] = set()
    for _ in range(TURNS):  # what comes while it goes round, it comes to in the next one
        first = ""
        for _ in range(MOST):
            page.keyboard.press("Tab")
            name = page.evaluate(FOCUSED)
            if name and name == first:
                break
            first = first or name
            reached.add(name)
        left = [name for name in page.evaluate(CONTROLS, within) if name not in reached]
        if not left:
            break
    return left


def test_every_control_of_the_page_is_reached_by_tab(page: Page) -> None:
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert len(page.evaluate(f"{NAMED}; ({CONTROLS})('body')")) > 60
    assert missed(page, "body") == []


@pytest.mark.parametrize(("dialog", "opener"), DIALOGS.items())
def test_every_control_of_what_opens_is_reached_by_tab(page: Page, dialog: str, opener: str) -> None:
    page.focus(opener)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#{dialog}[open]")
    if dialog == "pieces":
        until(page, "document.querySelectorAll('#shelf > *').length > 20")
    assert missed(page, f"#{dialog}") == []
    page.keyboard.press("Escape")
    until(page, f"!document.getElementById('{dialog}').open")
    assert page.evaluate(f"document.activeElement.matches('{opener}')")


def test_the_keys_of_the_page_are_played_by_keyboard(page: Page) -> None:
    page.focus("#piano [tabindex='0']")
    page.keyboard.press("ArrowRight")
    page.keyboard.down("Enter")
    until(page, "document.getElementById('played-now').textContent === 'you play C sharp 4'")
    page.keyboard.up("Enter")
    until(page, "document.getElementById('played-now').textContent === ''")
    for _ in range(60):
        page.keyboard.press("ArrowLeft")  # the lowest one stays
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "C 2"
