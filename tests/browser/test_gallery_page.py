"""The Gallery page in a real browser: search, open, download, remove, restore and drop."""

from __future__ import annotations

import re
import zipfile

import numpy as np
import pytest

from studio.core import recipes, tasks
from studio.core.imaging import image_io
from studio.gallery import items
from tests.fakes.waiting import wait_until

from .elements import open_popover

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NAMES = ("meadow", "harbor", "attic")


@pytest.fixture
def stored_results(server_home, monkeypatch):
    """Three results of commands, made while the server runs: name -> id."""
    monkeypatch.setenv("STUDIO_HOME", str(server_home))
    items_by_name = {}
    for number, name in enumerate(NAMES):
        pixels = np.full((96, 128, 3), 60 * number + 40, "uint8")
        source = tasks.File.store(image_io.encode_png(pixels // 2), "image", f"{name}.png")
        settings = tasks.get("style.transfer").settings(seed=4711 + number)
        recipe = recipes.make("style.transfer", settings, {"content": [source], "style": [source]})
        file = tasks.File.store(image_io.encode_png(pixels, recipe), "image", f"{name}-{name}.png")
        items_by_name[name] = items.add(tasks.Result((file,), {}, recipe), 1.0)
    return items_by_name


def find_tile(page, name):
    label = f"{name} + {name}"
    return page.get_by_role("radio", name=label).or_(page.get_by_role("button", name=label)).first


def test_item_is_found_opened_zipped_removed_and_uploaded(tab, stored_results, tmp_path, expect):
    page = tab("/gallery")
    page.get_by_role("textbox", name="Search").fill("seed=4712")
    page.keyboard.press("Enter")
    page.get_by_text("1 result").wait_for()

    with page.expect_download() as download:
        page.get_by_role("button", name="Save 1 as zip").click()
    download.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as packed:
        (name,) = packed.namelist()
        data = packed.read(name)
    assert recipes.read(data).settings["seed"] == 4712

    find_tile(page, "harbor").click()
    page.get_by_role("button", name="Make again").wait_for()
    page.wait_for_url(f"**item={stored_results['harbor']}*")
    page.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_text("1 item is removed").wait_for()
    expect(page.get_by_role("textbox", name="Search")).to_have_value("seed=4712")

    (tmp_path / "dropped.png").write_bytes(data)
    page.locator("input[type=file]").first.set_input_files(tmp_path / "dropped.png")
    page.get_by_text("This file is not in the gallery.").wait_for()
    page.get_by_role("button", name="Back").click()

    page.get_by_role("button", name="Undo").click()
    page.get_by_text("1 result").wait_for()
    page.locator("input[type=file]").first.set_input_files(tmp_path / "dropped.png")
    page.get_by_role("button", name="Make again").wait_for()
    page.wait_for_url(f"**item={stored_results['harbor']}*")


def test_grid_keeps_its_position_after_back(tab, stored_results):
    page = tab("/gallery", 420, 320)
    find_tile(page, "meadow").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Make again").wait_for()
    page.locator("button:focus", has_text="All").wait_for()
    page.keyboard.press("Enter")
    left = page.locator("button:focus", has_text="meadow")
    left.wait_for()
    assert 0 <= left.bounding_box()["y"] < 320


def test_one_click_stars_a_tile_and_two_items_are_compared_until_back(tab, stored_results, expect):
    page = tab("/gallery")
    star = page.get_by_role("button", name="Star: attic + attic").first
    star.click()  # waits until it is stable and not covered
    expect(star).to_have_attribute("aria-pressed", "true")
    star_is_on_its_tile = """([star, tile]) => {
      const [on, under] = [star, tile].map(e => e.getBoundingClientRect());
      return under.x < on.x && on.x < under.right && under.y < on.y && on.y < under.y + 20;
    }"""  # measure both at once, because the grid moves while images load
    wait_until(
        lambda: page.evaluate(
            star_is_on_its_tile, [star.element_handle(), find_tile(page, "attic").element_handle()]
        )
    )
    page.get_by_text("Starred").click()
    page.get_by_text("1 result").wait_for()
    assert items.find(stored_results["attic"]).marks.starred

    page.get_by_text("Starred").click()
    find_tile(page, "meadow").wait_for()
    page.get_by_text("Select several").click()
    page.get_by_role("button", name=re.compile("Remove$")).wait_for()  # before that, a click opens an item
    find_tile(page, "meadow").click()
    page.get_by_role("button", name="Remove 1").wait_for()
    find_tile(page, "attic").click()
    page.get_by_role("button", name="Compare").press("Enter")
    page.get_by_role("slider", name="Compare A on the left with B on the right").wait_for()
    page.wait_for_function("document.activeElement.closest('.st-key-compare_back')")
    assert "4711" in page.get_by_role("row", name="Seed").inner_text()
    page.go_back()
    page.get_by_role("button", name="Remove 2").wait_for()


def test_results_are_put_on_a_board_that_is_renamed_and_deleted(tab, stored_results, expect):
    page = tab("/gallery")
    expect(find_tile(page, "meadow")).to_contain_text("meadow")
    page.get_by_text("Select several").click()
    page.get_by_role("button", name=re.compile("Remove$")).wait_for()  # before that, a click opens an item
    find_tile(page, "meadow").click()
    page.get_by_role("button", name="Remove 1").wait_for()
    menu = open_popover(page, "Put on a board")
    menu.get_by_role("combobox", name="Board").fill("Coast")
    page.keyboard.press("Enter")
    menu.get_by_role("button", name="Put", exact=True).click()
    wait_until(lambda: items.find(stored_results["meadow"]).marks.boards == ("Coast",))

    board = tab("/gallery")
    board.get_by_role("combobox", name="Board").click()
    board.get_by_role("option", name="Coast").click()
    board.get_by_text("1 result").wait_for()
    menu = open_popover(board, "Board: Coast")
    menu.get_by_role("textbox", name="Name").fill("Shore")
    menu.get_by_role("textbox", name="Name").press("Tab")
    menu.get_by_role("button", name="Rename").click()
    wait_until(lambda: items.find(stored_results["meadow"]).marks.boards == ("Shore",))
    menu = open_popover(board, "Board: Shore")
    menu.get_by_role("button", name="Delete").click()
    wait_until(lambda: items.find(stored_results["meadow"]).marks.boards == ())


def test_arrows_work_in_an_opened_item_and_the_navigation_returns_to_the_grid(tab, stored_results):
    page = tab("/gallery")
    find_tile(page, "harbor").click()
    page.wait_for_url(f"**item={stored_results['harbor']}*")
    page.wait_for_function("document.activeElement.closest('.st-key-item_back')")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**item={stored_results['meadow']}*")
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Gallery").click()
    find_tile(page, "meadow").wait_for()
    assert "item=" not in page.url
