"""Images dropped or pasted anywhere on a page in a real browser."""

from __future__ import annotations

import base64
import re

import numpy as np
import pytest

from studio.core.imaging import image_io

from .elements import find_button, wait_until_at_rest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOLD = """([name, data]) => {
  window.held = new DataTransfer();
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const type = name.endsWith(".png") ? "image/png" : "text/plain";
  window.held.items.add(new File([bytes], name, { type }));
}"""
PASTE = """(target) => target.dispatchEvent(new ClipboardEvent(
  "paste", { clipboardData: window.held, bubbles: true, cancelable: true, composed: true }))"""
DRAG = """(target, kind) => target.dispatchEvent(new DragEvent(
  kind, { dataTransfer: window.held, bubbles: true, cancelable: true, composed: true }))"""


def hold(page, name: str, data: bytes) -> None:
    """Puts a file where `paste` and `drag` take it from, as a clipboard or a mouse does.

    Waits until the page listens, which may be after its widgets are drawn.
    """
    page.wait_for_function("window['studio image_drop.js']")
    page.evaluate(HOLD, [name, base64.b64encode(data).decode()])


def paste(element) -> bool:
    """Pastes into an element. Returns whether the browser may paste, too."""
    return element.evaluate(PASTE)


def drag(element, kind: str) -> bool:
    """Dispatches an event of a drag. Returns whether the browser may act on it, too."""
    return element.evaluate(DRAG, kind)


@pytest.fixture(scope="module")
def image() -> bytes:
    """A PNG file."""
    return image_io.encode_png(np.random.default_rng(0).integers(0, 255, (64, 96, 3), "uint8"))


def find_selected(page, title: str):
    """Returns the tile of an image, if it is selected."""
    return page.get_by_role("radio", name=title, exact=True, checked=True)


def test_dropped_and_pasted_images_become_the_first_image_of_the_page(tab, expect, image):
    page = tab("/dream")
    find_selected(page, "Chelsea").wait_for()
    hint = page.get_by_text("Drop the image to use it on this page")
    main = page.get_by_test_id("stMain")
    hold(page, "notes.txt", b"words")
    drag(main, "drop")
    expect(page.get_by_text("Invalid image notes.txt")).to_be_visible()
    expect(find_selected(page, "Chelsea")).to_be_attached()

    hold(page, "dropped.png", image)
    assert not drag(main, "dragover"), "the browser would refuse the drop"
    expect(hint).to_be_visible()
    assert not drag(main, "drop"), "the browser would leave the page"
    expect(hint).to_be_hidden()
    expect(find_selected(page, "dropped")).to_be_visible()
    page.wait_for_url("**/dream?*content.file=*")

    hold(page, "pasted.png", image_io.encode_png(255 - image_io.read(image)))
    wait_until_at_rest(page)
    page.wait_for_function("window['studio keyboard.js']")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog").get_by_text("Pastes an image")).to_be_visible()
    assert paste(page.locator("body")), "a dialog is open"
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.evaluate("held.items.add('words', 'text/plain')")
    field = page.locator("[data-testid=stMain] input:not([type=file]):not([type=radio])").first
    assert paste(field), "a field takes the text"
    assert not paste(page.locator("body")), "elsewhere, the page takes the image"
    expect(find_selected(page, "pasted")).to_be_visible()


def test_a_photo_pasted_on_the_first_page_opens_on_another_and_survives_a_reload(tab, expect, image):
    page = tab("/")
    # A new browser loads the upload widget after the buttons, and the page takes an image only with it.
    page.get_by_test_id("stMain").locator("input[type=file]").first.wait_for(state="attached")
    hold(page, "pond.png", image)
    assert not paste(page.locator("body"))
    find_button(page, "Open in Style").click()
    page.wait_for_url(re.compile(r"/style\?.*style=Mosaic"))
    expect(page).to_have_url(re.compile("content=pond"))
    expect(find_selected(page, "pond")).to_be_visible()
    page.reload()
    expect(find_selected(page, "pond")).to_be_visible()


def test_pages_without_an_image_input_leave_images_alone(tab, expect, image):
    page = tab("/gallery")
    page.get_by_role("textbox", name="Search").wait_for()
    hold(page, "mine.png", image)
    assert paste(page.locator("body"))
    assert not drag(page.get_by_test_id("stMain"), "drop"), "the browser would leave the page"
    expect(page.get_by_text("Drop the image")).to_be_hidden()
