"""The navigation menu in a real browser."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_navigation_has_groups(tab, expect):
    page = tab("/")
    navigation = page.get_by_test_id("stSidebarNav")
    expect(navigation.get_by_role("link", name="Guide")).to_be_visible()
    text = navigation.inner_text()
    words = [
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
    assert [text.index(word) for word in words] == sorted(text.index(word) for word in words)
