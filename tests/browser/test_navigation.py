"""The navigation of the pages, in a real browser."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


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
        "Classify",
        "Look inside",
        "Playground",
        "X-ray",
        "Yours",
        "Gallery",
        "Guide",
    ]
    assert [said.index(word) for word in wanted] == sorted(said.index(word) for word in wanted)
