"""The Train a generator page in a real browser: from an archive of images to a generator."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

from studio.core.imaging import image_io
from training.drawings.data_sets import draw_data_set

pytestmark = [pytest.mark.browser, pytest.mark.slow]
IMAGE_COUNT = 70
QUICK_SETTINGS = (
    "size=28&steps=2000&width=4&discriminator_width=4&latent_dim=8&batch=8&scored=0&vgg16_discriminator=0"
)


def zip_images() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for n, image in enumerate(draw_data_set("avatars", IMAGE_COUNT, seed=1, size=32)["images"]):
            file.writestr(f"{n}.png", image_io.encode_png(image))
    return packed.getvalue()


def test_generator_is_trained_from_images(tab, expect):
    page = tab(f"/train-generator?learn_from=Your+own&{QUICK_SETTINGS}")
    main = page.get_by_test_id("stMain")

    def button(name):
        return main.get_by_role("button", name=name, exact=True)

    zipped = {"name": "mine.zip", "mimeType": "application/zip", "buffer": zip_images()}
    page.locator("input[type=file]").first.set_input_files(zipped)
    page.get_by_text(f"{IMAGE_COUNT} images").first.wait_for()
    expect(main.get_by_text(re.compile("which takes (about|a few)"))).to_be_visible()
    button("Train").click()
    main.get_by_role("img", name=re.compile("^Images generated so far")).wait_for()
    main.locator(".st-key-job_details .vega-embed").first.wait_for(state="attached")  # folded
    button("Stop").click()  # the weights so far are enough
    trained = re.compile(rf"Trained on {IMAGE_COUNT} images for \d[\d,]* of 2,000 steps")
    expect(main.get_by_text(trained)).to_be_visible()
    main.get_by_role("img", name="New images from the model").wait_for()
    main.get_by_text("Training progress").click()
    main.get_by_role("img", name=re.compile("the discriminator gives generated images")).wait_for()

    page.get_by_label("Name of the model").fill("Drawers of mine")
    button("Keep as model").click()
    main.get_by_role("link", name="Open Faces with Drawers of mine").click()
    expect(page.get_by_role("heading", name="Faces")).to_be_visible()
    expect(main.get_by_role("radio", name="Drawers of mine")).to_be_checked()
    main.get_by_text("Choose an image to enlarge").wait_for()


def test_sliders_show_the_values_of_each_kind(tab, expect):
    page = tab("/train-generator")
    main = page.get_by_test_id("stMain")

    def expect_value(name: str, value: str, within=main):
        expect(within.locator(f".st-key-{name}").first).to_contain_text(value)

    expect_value("vgg16_discriminator", "1.00")
    expect(main.get_by_text(re.compile("^The VGG16-feature discriminator uses features"))).to_be_visible()
    main.get_by_role("radio", name="VAE").click()
    folded = main.locator(".st-key-more_TrainVaeSettings")
    folded.get_by_text("More", exact=True).click()
    for name, value in {"width": "48", "batch": "64", "vgg16_discriminator": "0.00"}.items():
        expect_value(name, value, folded)
    main.get_by_role("radio", name="DCGAN").click()
    expect_value("vgg16_discriminator", "1.00")
