"""The page of a shared model, opened as a file without a network."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.models import presets
from studio.core.share import page
from studio.vae import generator

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LATENTS = "canvases => canvases.map(canvas => Array.from(canvas.latent))"
PIXELS = """canvases => canvases.map(canvas =>
    Array.from(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data))"""


@pytest.fixture
def open_shared(browser, weights_home, tmp_path):
    """Opens the page of a model from a file, offline, at phone width; fails on errors of the page."""
    context = browser.new_context(offline=True, viewport={"width": 390, "height": 844})
    faults: list[str] = []

    def open_shared(name):
        path = tmp_path / "page.html"
        path.write_bytes(page.build(presets.find(name)))
        tab = context.new_page()
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("requestfailed", lambda request: faults.append(request.url))
        tab.goto(path.as_uri(), wait_until="commit")
        return tab

    yield open_shared
    context.close()
    assert not faults


def read_images(canvases, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the latents and the images `(n, side, side, 3)` of canvases."""
    pixels = np.array(canvases.evaluate_all(PIXELS)).reshape(-1, side, side, 4)
    return np.array(canvases.evaluate_all(LATENTS), "float32"), pixels[..., :3]


def test_generator_draws_the_images_of_the_studio(open_shared, expect):
    tab = open_shared("digits-vae")
    expect(tab.get_by_role("status")).to_have_text("")
    canvases, model = tab.locator(".grid canvas"), generator.load_generator(presets.find("digits-vae"))
    latents, images = read_images(canvases, model.size)
    difference = np.abs(images - model.decode(latents).astype(int))
    assert difference.max() <= 2  # because weights are rounded to float16
    assert images.std() > 20

    tab.get_by_role("button", name="New images").click()
    expect(tab.get_by_label("Seed")).to_have_value("2")
    expect(tab.get_by_role("status")).to_have_text("")
    other_latents, _ = read_images(canvases, model.size)
    assert not np.isclose(other_latents, latents).all(1).any()
    assert abs(other_latents.std() - generator.latent.sample(model, 500, 0).std()) < 0.3

    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
