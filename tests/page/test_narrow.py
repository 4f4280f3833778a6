"""On narrow screens nothing sticks out, and nothing that is said is cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.page.served_page import until

if TYPE_CHECKING:
    from playwright.sync_api import Page

STICKS_OUT = """() => {
  document.getElementById('where').textContent = 'paused · bar 123 · 12/8 · B flat minor · ♩ = 240 · model';
  const named = (one) => `${one.tagName}#${one.id || one.className} ${(one.textContent || '').slice(0, 30)}`;
  const shown = (one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const found = [];
  const top = document.querySelector('dialog[open]') ?? document.body;
  for (const one of top.querySelectorAll('*')) {
    if (!shown(one) || one.closest('svg, #systems, .skip')) continue;
    const { right, left, width } = one.getBoundingClientRect();
    if (width && (right > window.innerWidth + 0.5 || left < -0.5)) found.push(`off the screen: ${named(one)}`);
    const card = one.parentElement.closest('.card, .stage, .head, fieldset, dialog');
    if (card && width && right > card.getBoundingClientRect().right + 0.5) found.push(`out of its card: ${named(one)}`);
    const style = getComputedStyle(one);
    const text = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const clips = ['hidden', 'clip'].includes(style.overflowX) && one.tagName !== 'SELECT';
    if (text && clips && one.scrollWidth > one.clientWidth + 1) found.push(`cut off: ${named(one)}`);
  }
  return found;
}"""


@pytest.mark.parametrize("width", [320, 360, 412])
def test_all_fits_on_a_telephone(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 2 * width})
    until(page, "document.getElementById('s-tempo').textContent.includes('bpm')")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(STICKS_OUT) == []
    page.click("#view-score")
    page.wait_for_selector("#systems .vf-stavenote")
    assert page.evaluate(STICKS_OUT) == []
    page.click("#view-roll")
    for opens, closes in (("#open-help", "#help-close"), ("#open-history", "#history-close")):
        page.click(opens)
        assert page.evaluate(STICKS_OUT) == []
        page.click(closes)
