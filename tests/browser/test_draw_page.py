"""From an archive of pictures to a model that draws, in a real browser against a real server."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

from studio.core.pictures import images
from training.drawings import avatars

pytestmark = [pytest.mark.browser, pytest.mark.slow]
EACH = 70
TINY = "size=28&steps=250&width=4&judge_width=4&latent_dim=8&batch=8"


def archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for n, picture in enumerate(avatars.collection(EACH, seed=1, size=32)["images"]):
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
    expect(main.get_by_text(re.compile("^The second judge sees what VGG16 sees"))).to_be_visible()
    button("Teach").click()
    main.get_by_role("img", name=re.compile("^What it draws by now")).wait_for()
    main.locator(".vega-embed canvas, .vega-embed svg").first.wait_for()
    button("Make again").wait_for()
    expect(main.get_by_text(f"It learnt from {EACH} pictures for 250 of 250 steps")).to_be_visible()
    main.get_by_role("img", name="New pictures that it draws").wait_for()
    main.get_by_text("How it learnt to draw").click()
    main.get_by_role("img", name=re.compile("the judge takes drawn pictures for real with")).wait_for()

    page.get_by_label("Name of the model").fill("Drawers of mine")
    button("Keep as model").click()
    main.get_by_role("link", name="Open Faces with Drawers of mine").click()
    expect(page.get_by_role("heading", name="Faces")).to_be_visible()
    expect(main.get_by_role("radio", name="Drawers of mine")).to_be_checked()
    main.get_by_text("Choose one to see it large").wait_for()


def test_sliders_of_a_kind_show_its_own_values(tab, expect):
    page = tab("/teach-to-draw")
    main = page.get_by_test_id("stMain")

    def shows(name: str, value: str, within=main):
        expect(within.locator(f".st-key-{name}").first).to_contain_text(value)

    shows("perceptual_judge", "1.00")
    main.get_by_role("radio", name="VAE, redraws photos").click()
    folded = main.locator(".st-key-more_TrainVaeSettings")
    folded.get_by_text("More", exact=True).click()
    for name, value in {"width": "48", "batch": "64", "perceptual_judge": "0.00"}.items():
        shows(name, value, folded)
    main.get_by_role("radio", name="GAN, sharp").click()
    shows("perceptual_judge", "1.00")
