"""The Tune page in a real browser: two images, a choice, the next pair and the best image."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_pick_leads_to_the_next_pair_and_a_reload_and_back_restore_the_search(tab):
    page = tab("/tune?select_by=By+preference")
    page.get_by_role("button", name="Start").click()
    page.get_by_text("Comparison 1 of 30").wait_for()
    page.get_by_role("button", name="This one").first.wait_for()
    page.get_by_role("button", name="View The left image large").click()
    large = page.get_by_role("dialog", name="The left image, large")
    page.keyboard.press("ArrowRight")  # pans, and is no answer
    large.get_by_role("button", name="Close").click()
    large.wait_for(state="detached")  # until then, keys belong to it
    page.get_by_text("Comparison 1 of 30").wait_for()
    page.keyboard.press("ArrowLeft")
    page.get_by_text("Comparison 2 of 30").wait_for()
    page.reload()
    page.get_by_text("Comparison 2 of 30").wait_for()

    page.get_by_role("button", name="Show the best").click()
    page.get_by_role("button", name="Use these").click()
    page.wait_for_url("**/style?*")
    page.go_back()
    page.wait_for_url("**/tune?*preference=*")
    page.get_by_text("after 1 comparison").wait_for()
