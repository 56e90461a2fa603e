"""The page of a shared model, opened as a file without a network."""

from __future__ import annotations

from pathlib import Path

import drawn_classes
import numpy as np
import pytest
import tiny_dcgan
import toy_classifier
from PIL import Image
from waiting import wait_until

from studio.classify.models import rejection, trained
from studio.core import data, paths, tasks
from studio.core.generators.latent import Denoising
from studio.core.imaging import image_io, sample_photos
from studio.core.models import presets
from studio.core.share import page
from studio.dcgan import generator as dcgan_generator
from studio.diffusion import generator as diffusion_generator
from studio.sketch import paint as sketch_paint
from studio.sketch import task as sketch_task
from studio.sketch.settings import SketchSettings
from studio.style.house import paint as style_paint
from studio.text import language_model
from studio.text.settings import WriteSettings
from studio.text.write import write
from studio.vae import generator

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LATENTS = "canvases => canvases.map(canvas => Array.from(canvas.latent))"
PROBABILITIES = "list => list.probabilities ?? null"
CONTENT = "canvas => canvas.toDataURL()"
ACCESSIBILITY_RULES = "() => axe.run(document, { resultTypes: ['violations'] })"
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


@pytest.fixture
def classifier(lite0_home, tmp_path):
    """A trained classifier on EfficientNet-Lite0, of drawings in three classes."""
    folder = drawn_classes.make(tmp_path / "drawn")
    settings = {"backbone": "efficientnet-lite0", "size": 64}
    inputs = {"data": [data.store_reference(str(folder))]}
    parsed = tasks.get("classify.train").settings.parse(settings)
    result = tasks.run("classify.train", parsed, inputs)
    return presets.unpack(result.files[0].read(), "shapes")


def write_photos(folder: Path) -> list[Path]:
    """Writes photos of several formats, sizes and aspect ratios, one transparent and one with a rotation."""
    photos = {name: Image.fromarray(sample_photos.read_photo(name)) for name in ("chelsea", "coffee")}
    transparent = photos["coffee"].copy()
    transparent.putalpha(Image.linear_gradient("L").resize(transparent.size))
    rotation = Image.Exif()
    rotation[0x0112] = 6
    photos["chelsea"].resize((2400, 1700)).save(folder / "large.jpg", quality=95)
    photos["coffee"].crop((0, 100, 300, 145)).save(folder / "wide.webp", quality=95)
    photos["coffee"].save(folder / "rotated.jpg", quality=95, exif=rotation)
    transparent.save(folder / "transparent.png")
    return sorted(path for path in folder.iterdir() if path.suffix in (".png", ".jpg", ".webp"))


def read_pixels(canvases, side: int) -> np.ndarray:
    """Returns the images of canvases, `(n, side, side, 3) int`."""
    return np.array(canvases.evaluate_all(PIXELS)).reshape(-1, side, side, 4)[..., :3]


def read_latents(canvases) -> np.ndarray:
    """Returns the latents of the images of canvases, `(n, latent_dim) float32`."""
    return np.array(canvases.evaluate_all(LATENTS), "float32")


def test_generator_draws_what_they_become_in_the_studio(open_shared, expect):
    tab = open_shared("digits-vae")
    expect(tab.get_by_role("status")).to_have_text("")
    canvases, model = tab.locator(".grid canvas"), generator.load_generator(presets.find("digits-vae"))
    latents, images = read_latents(canvases), read_pixels(canvases, model.size)
    difference = np.abs(images - model.decode(latents).astype(int))
    assert difference.max() <= 2  # because weights are rounded to float16
    assert images.std() > 20

    tab.get_by_text("Directions", exact=True).click()
    expect(tab.get_by_role("slider", name="Direction 1")).to_be_visible()
    tab.get_by_role("button", name="New images").click()
    expect(tab.get_by_label("Seed")).to_have_value("2")
    expect(tab.get_by_role("status")).to_have_text("")
    other_latents = read_latents(canvases)
    assert not np.isclose(other_latents, latents).all(1).any()
    assert abs(other_latents.std() - generator.latent.sample(model, 500, 0).std()) < 0.3

    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


def test_generator_draws_the_chosen_class(open_shared, expect):
    tiny_dcgan.make(paths.ensure_folder("presets") / "blobs", ("one", "two"))
    tab, model = open_shared("blobs"), dcgan_generator.load_generator(presets.find("blobs"))
    expect(tab.get_by_role("status")).to_have_text("")
    canvases = tab.locator(".grid canvas")
    labels = read_latents(canvases)[:, -2:]
    assert (labels == np.eye(2)[np.arange(len(labels)) % 2]).all(), "classes in turn"
    tab.get_by_label("Class").select_option("two")
    wait_until(lambda: (read_latents(canvases)[:, -2:] == [0, 1]).all())
    expect(tab.get_by_role("status")).to_have_text("")
    latents, images = read_latents(canvases), read_pixels(canvases, model.size)
    assert np.abs(images - model.decode(latents).astype(int)).max() <= 4  # weights are rounded to float16
    tab.get_by_role("button", name="Image 2", exact=True).click()
    tab.get_by_role("slider", name="Interpolation").fill("0.5")
    mixed = tab.get_by_role("img", name="The chosen image")
    wait_until(lambda: not (read_latents(mixed)[0] == latents[1]).all())
    assert np.allclose(read_latents(mixed)[0, -2:], [0, 1]), "an interpolation keeps the common class"


def test_diffusion_model_draws_what_noise_becomes_in_the_studio(open_shared, expect):
    tab = open_shared("digits-diffusion")
    canvases, status = tab.locator(".grid canvas"), tab.get_by_role("status")
    wait_until(lambda: canvases.first.evaluate("canvas => canvas.latent !== undefined"))
    tab.get_by_label("Class").select_option("7")  # ends the drawing of all classes
    expect(status).to_contain_text("image 2")
    model = diffusion_generator.load_generator(presets.find("digits-diffusion"))
    *steps, (image, _) = model.denoise(read_latents(canvases.first), Denoising(25, 2.0, "7"))
    assert np.abs(read_pixels(canvases.first, 28) - image.astype(int)).max() <= 2

    tab.get_by_label("Denoising step").fill("5")
    for name, expected in zip(("noisy image", "image that the network"), steps[5], strict=True):
        pixels = read_pixels(tab.get_by_role("img", name=f"The {name}"), 28)
        assert np.abs(pixels - expected.astype(int)).max() <= 2
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


def test_photos_drawings_and_texts_become_what_they_become_in_the_studio(open_shared, expect):
    tab = open_shared("house")
    expect(tab.get_by_role("status")).to_have_text("")
    canvas, style_network = tab.locator("canvas"), style_paint.load_network(presets.find("house"))
    first = canvas.evaluate(CONTENT)
    tab.get_by_label("Style").select_option("woodcut")
    wait_until(lambda: canvas.evaluate(CONTENT) != first)
    photo = np.array(canvas.evaluate("canvas => Array.from(canvas.photo)"), "float32")
    index = style_network.styles.index("woodcut")
    painted = style_network.paint(photo.reshape(1, 384, 384, 3) / 255, [index], [1.0])[0]
    assert np.abs(read_pixels(canvas, 384)[0] - np.rint(255 * painted)).max() <= 2

    tab = open_shared("sketch")
    expect(tab.get_by_role("status")).to_have_text("")
    drawing, avatar = read_pixels(tab.locator("canvas"), 384)
    network = sketch_paint.load_generator(presets.find("sketch"))
    expected = sketch_task.paint_avatar(network, drawing.astype("uint8"), SketchSettings())
    assert np.abs(avatar - expected.astype(int)).max() <= 2

    tab = open_shared("shakespeare")
    tab.get_by_label("Temperature").fill("0")
    tab.get_by_label("Prompt").fill("ROMEO:\n")
    tab.get_by_role("button", name="Write").click()
    settings = WriteSettings(prompt="ROMEO:\n", temperature=0, chars=200, precision="float32")
    model = language_model.load("shakespeare")
    (sample,) = write(model.network, model.vocabulary, settings)
    expect(tab.get_by_label("The text")).to_contain_text(settings.prompt + sample.text, use_inner_text=True)


def test_classifier_agrees_with_the_studio_and_follows_the_camera(
    open_shared, classifier, tmp_path, expect, axe
):
    tab = open_shared(classifier.name)
    expect(tab.get_by_role("heading", level=1)).to_have_text("Image classifier: disc, lying, standing")
    bars, status = tab.get_by_label("Probabilities"), tab.locator("#status")
    expect(status).to_have_text("")
    photos = write_photos(tmp_path)
    results: list[list[float]] = []
    for path in photos:
        tab.get_by_label("Choose a photo").set_input_files(path)
        wait_until(lambda: bars.evaluate(PROBABILITIES) not in (None, *results))
        results.append(bars.evaluate(PROBABILITIES))
    expected = trained.load(classifier).predict([image_io.read(path) for path in photos])
    assert np.abs(np.array(results) - expected).max() < 0.02  # because weights are rounded
    assert np.ptp(expected, axis=0).max() > 0.1, "the photos differ"
    best = classifier.read_data()["classes"][int(np.argmax(results[-1]))]
    expect(bars.get_by_role("listitem").first).to_contain_text(best)
    is_rejected = max(results[-1]) < rejection.read_threshold(classifier)
    verdict = "None of these" if is_rejected else f"{best}, {100 * max(results[-1]):.1f}%"
    expect(tab.get_by_text(verdict, exact=True)).to_be_visible()

    notes = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"notes"}
    tab.get_by_label("Choose a photo").set_input_files(notes)
    expect(status).to_contain_text("not an image")

    tab.get_by_role("button", name="Start the camera").click()
    expect(tab.get_by_label("The camera", exact=True)).to_be_visible()
    for _ in range(2):  # the fake camera shows a moving disc
        wait_until(lambda: bars.evaluate(PROBABILITIES) not in results)
        results.append(bars.evaluate(PROBABILITIES))
    names = bars.get_by_role("listitem").all_inner_texts()
    assert [name.split()[0] for name in names] == ["disc", "lying", "standing"], "bars keep their places"
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    tab.evaluate(axe)
    assert not tab.evaluate(ACCESSIBILITY_RULES)["violations"]
    tab.get_by_role("button", name="Stop the camera").click()
    expect(tab.get_by_label("The camera", exact=True)).to_be_hidden()
    expect(tab.get_by_label("The classified part of the photo")).to_be_visible()


def test_multi_label_classifier_names_all_labels_above_its_threshold(
    open_shared, lite0_home, tmp_path, expect
):
    classes = [f"label {n}" for n in range(6)]
    record = {"multi_label": True, "none_of_these": {"threshold": 0.5}}
    model = toy_classifier.save("toy", classes, "efficientnet-lite0", 96, **record)
    tab = open_shared("toy")
    bars = tab.get_by_label("Probabilities")
    counts = set()
    for path in write_photos(tmp_path):
        tab.get_by_label("Choose a photo").set_input_files(path)
        expected = trained.load(model).predict([image_io.read(path)])[0]
        wait_until(lambda expected=expected: is_close(bars.evaluate(PROBABILITIES), expected))
        results = bars.evaluate(PROBABILITIES)
        order = [n for n in np.argsort(results)[::-1] if results[n] >= 0.5]
        verdict = "; ".join(f"{classes[n]}, {100 * results[n]:.1f}%" for n in order) or "None of these"
        expect(tab.get_by_text(verdict, exact=True)).to_be_visible()
        expect(bars.locator(".top")).to_have_count(len(order))
        counts.add(len(order))
    assert max(counts) > 1, "several labels"


def is_close(received: list[float] | None, expected: np.ndarray) -> bool:
    return received is not None and bool(np.abs(np.array(received) - expected).max() < 0.02)
