"""The X-ray page in a real browser: the lightbox of a feature map."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_arrows_of_the_lightbox_show_the_next_strongest_channel(tab, expect):
    page = tab("/x-ray")
    strongest = page.get_by_role("radiogroup", name="with the strongest activation").get_by_role("radio")
    first, second = strongest.nth(0).inner_text(), strongest.nth(1).inner_text()
    strongest.nth(0).click()
    page.get_by_role("button", name=f"View Channel {first} large").click()
    page.keyboard.press("ArrowRight")
    large = page.get_by_role("dialog", name=f"Channel {second}, large")
    large.get_by_role("slider", name="Before and after").press("End")
    expect(large.get_by_text("Photo", exact=True)).to_be_visible()
    page.wait_for_url(f"**channel={second}*")
