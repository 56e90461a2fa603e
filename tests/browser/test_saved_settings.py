"""Saved settings in a real browser: save, choose in another tab, download and drop in."""

from __future__ import annotations

import json
import re

import pytest

from .elements import open_popover

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUICK_SETTINGS = "size=128"
RESTORED = re.compile(r"(?=.*strength=0\.3)(?=.*style=Wash)")


def open_saved_settings(tab, address):
    # Tall enough for the whole page, because loading scrolls it back to the top.
    page = tab(address, 1440, 1800)
    return page, open_popover(page, "Saved settings")


def test_settings_are_saved_exported_imported_and_loaded_in_another_tab(tab, tmp_path, expect):
    page, popover = open_saved_settings(tab, f"/style?{QUICK_SETTINGS}&strength=0.3&style=Wash")
    popover.get_by_label("Name", exact=True).fill("Soft wash")
    page.get_by_role("button", name="Save these settings").click()
    page.get_by_role("button", name="Soft wash", exact=True).wait_for()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as file").first.click()
    assert saved.value.suggested_filename == "Soft wash.json"
    saved.value.save_as(tmp_path / "taken.json")
    assert json.loads((tmp_path / "taken.json").read_text())["settings"]["strength"] == 0.3
    file = popover.locator('input[type="file"]')
    file.set_input_files({"name": "dream.json", "mimeType": "application/json", "buffer": b'{"version": 9}'})
    page.get_by_text("This recipe was made by a newer studio.").wait_for()

    other, popover = open_saved_settings(tab, f"/style?{QUICK_SETTINGS}")
    popover.locator('input[type="file"]').set_input_files(tmp_path / "taken.json")
    other.wait_for_url(RESTORED)
    other.get_by_role("slider", name="Strength").press("End")
    other.wait_for_url(re.compile(r"strength=1\b"))
    popover = open_popover(other, "Saved settings")
    popover.get_by_role("button", name="Soft wash", exact=True).click()
    other.wait_for_url(RESTORED)
