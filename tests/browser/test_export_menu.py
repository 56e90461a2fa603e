"""The menu that exports a result, in a real browser: formats, sizes and the clipboard."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from studio.core import recipes
from studio.core.imaging import image_io

from .elements import open_popover

pytestmark = [pytest.mark.browser, pytest.mark.slow]

READ_CLIPBOARD = """async () => {
  const [item] = await navigator.clipboard.read();
  return [...new Uint8Array(await (await item.getType("image/png")).arrayBuffer())];
}"""

IS_WHOLE = """() => {
  const menu = document.querySelector("[data-testid=stPopoverBody]"), box = menu.getBoundingClientRect();
  return menu.scrollHeight <= menu.clientHeight && box.top >= 0 && box.bottom <= innerHeight;
}"""


def save(page, label):
    with page.expect_download() as waiting:
        page.get_by_role("button", name=label).click()
    return Path(waiting.value.path()).read_bytes(), waiting.value.suggested_filename


def test_result_is_copied_and_saved_in_the_chosen_format_and_size(tab):
    page = tab("/style?size=128")
    page.get_by_role("slider", name="Compare Content on the left with Result on the right").wait_for()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.set_viewport_size({"width": 1366, "height": 768})
    menu = open_popover(page, "Export")
    menu.get_by_text("128 x 85 px. The file contains the recipe.").wait_for()
    page.wait_for_function(IS_WHOLE)
    menu.get_by_role("button", name="Copy to the clipboard").click()
    menu.get_by_text("Copied.").wait_for()
    assert max(image_io.read(bytes(page.evaluate(READ_CLIPBOARD))).shape) == 128
    page.evaluate("() => { navigator.clipboard.write = () => Promise.reject(new Error('no')); }")
    menu.get_by_role("button", name="Copy to the clipboard").click()
    menu.get_by_text("The browser did not allow it. Use Download instead.").wait_for()

    data, name = save(page, "Save as PNG")
    assert recipes.read(data).task == "style.transfer" and name.endswith(".png")
    menu.get_by_role("radio", name="WebP").click()
    menu.get_by_text("A WebP does not contain the recipe.").wait_for()
    menu.get_by_role("slider", name="Quality").press("Home")
    menu.get_by_role("spinbutton", name="Longer side").fill("64")
    menu.get_by_role("spinbutton", name="Longer side").press("Enter")
    menu.get_by_text("64 x 42 px. A WebP does not contain the recipe.").wait_for()
    data, name = save(page, "Save as WebP")
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, max(image.size)) == ("WEBP", 64)
    assert name.endswith(".webp") and len(data) < 1500
