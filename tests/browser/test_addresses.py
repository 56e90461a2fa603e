"""Addresses that pages once had, in a real browser: they lead on with all that they hold."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_an_earlier_address_leads_on_with_all_that_it_holds(tab, expect):
    page = tab("/classify?half=Try")
    expect(page).to_have_url(re.compile(r"/teach\?(.*&)?half=Try"))
    expect(page.get_by_test_id("stMain").get_by_role("heading", name="Teach")).to_be_visible()
    expect(page.get_by_role("radio", name="Try")).to_be_checked()


def test_the_navigation_stands_in_groups(tab, expect):
    page = tab("/")
    navigation = page.get_by_test_id("stSidebarNav")
    expect(navigation.get_by_role("link", name="Guide")).to_be_visible()
    said = navigation.inner_text()
    wanted = [
        "Studio",
        "Make",
        "Style",
        "Train",
        "Teach",
        "Look inside",
        "Playground",
        "X-ray",
        "Yours",
        "Gallery",
        "Guide",
    ]
    assert [said.index(word) for word in wanted] == sorted(said.index(word) for word in wanted)
