"""From an archive of pictures to a model that draws, in a real browser against a real server."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

from studio.core.pictures import avatars, images

pytestmark = [pytest.mark.browser, pytest.mark.slow]
EACH = 70
STEPS = 64_000  # so that it never ends by itself
TINY = f"size=28&steps={STEPS}&width=4&judge_width=4&latent_dim=8&batch=8"


def archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for n, picture in enumerate(avatars.collection(EACH, seed=1, size=32)[0]):
            file.writestr(f"{n}.png", images.encode_png(picture))
    return packed.getvalue()


def test_pictures_become_a_model_that_draws(tab, expect):
    page = tab(f"/teach-to-draw?learn_from=Your+own&{TINY}")
    main = page.get_by_test_id("stMain")

    def button(name):
        return main.get_by_role("button", name=name, exact=True)

    zipped = {"name": "mine.zip", "mimeType": "application/zip", "buffer": archive()}
    page.locator("input[type=file]").first.set_input_files(zipped)
    page.get_by_text(f"{EACH} pictures").first.wait_for()
    expect(main.get_by_text(re.compile("which takes (about|a few)"))).to_be_visible()
    button("Teach").click()
    first = _stopped(main, button)
    button("Go on").click()
    main.get_by_text("It was stopped early").wait_for(state="detached")
    assert _stopped(main, button) > first, "it goes on from where it was stopped"
    main.get_by_role("img", name="New pictures that it draws").wait_for()
    main.get_by_text("How it learnt to draw").click()
    main.get_by_role("img", name=re.compile("the judge takes these for real with")).wait_for()

    page.get_by_label("Name of the model").fill("Drawers of mine")
    button("Keep as model").click()
    main.get_by_role("link", name="Open Faces with Drawers of mine").click()
    expect(page.get_by_role("heading", name="Faces")).to_be_visible()
    expect(main.get_by_role("radio", name="Drawers of mine")).to_be_checked()
    main.get_by_text("Choose one to see it large").wait_for()


def _stopped(main, button) -> int:
    """Watches its wall and its curves for a while, stops it, and tells after how many steps that was."""
    main.get_by_role("img", name=re.compile("^What it draws by now")).wait_for()
    main.locator(".vega-embed canvas, .vega-embed svg").first.wait_for()
    button("Stop").click()
    button("Go on").wait_for()
    told = main.get_by_text(re.compile(rf"It learnt from {EACH} pictures for .* of {STEPS:,} steps"))
    return int(re.search(r"for ([\d,]+) of", told.inner_text())[1].replace(",", ""))
