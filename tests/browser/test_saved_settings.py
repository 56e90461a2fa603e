"""Saved settings in a real browser: save, choose in another tab, download and drop in."""

from __future__ import annotations

import json
import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUICK_SETTINGS = "size=128"
RESTORED = re.compile(r"(?=.*strength=0\.3)(?=.*style=Wash)")


def open_saved_settings(tab, address):
    page = tab(address)
    # Tall enough for the whole page, because loading scrolls it back to the top.
    page.set_viewport_size({"width": 1440, "height": 1800})
    page.get_by_role("button", name="Saved settings").click()
    page.get_by_role("button", name="Save these settings").wait_for()
    return page


def test_settings_are_saved_loaded_exported_and_imported(tab, tmp_path, expect):
    page = open_saved_settings(tab, f"/style?{QUICK_SETTINGS}&strength=0.3&style=Wash")
    page.get_by_test_id("stPopoverBody").get_by_label("Name", exact=True).fill("Soft wash")
    page.get_by_role("button", name="Save these settings").click()
    page.get_by_role("button", name="Soft wash", exact=True).wait_for()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as file").first.click()
    assert saved.value.suggested_filename == "Soft wash.json"
    saved.value.save_as(tmp_path / "taken.json")
    assert json.loads((tmp_path / "taken.json").read_text())["settings"]["strength"] == 0.3

    other = open_saved_settings(tab, f"/style?{QUICK_SETTINGS}")
    other.get_by_role("button", name="Soft wash", exact=True).click()
    other.wait_for_url(RESTORED)

    third = open_saved_settings(tab, f"/style?{QUICK_SETTINGS}")
    file = third.get_by_test_id("stPopoverBody").locator('input[type="file"]')
    file.set_input_files({"name": "dream.json", "mimeType": "application/json", "buffer": b'{"version": 9}'})
    third.get_by_text("This recipe was made by a newer studio.").wait_for()
    expect(file).to_have_count(1)  # an empty uploader replaces the one with the rejected file
    file.set_input_files(tmp_path / "taken.json")
    third.wait_for_url(RESTORED)
