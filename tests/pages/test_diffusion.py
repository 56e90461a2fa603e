"""Diffusion models on the pages Faces and Train a generator."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import tiny_dcgan
import tiny_diffusion

from pages.faces import denoising
from studio.core import paths
from studio.core.imaging import image_io
from studio.core.weights import index

from .elements import require_success

CLASSES = ("one", "two")


@pytest.fixture
def squares(engine, monkeypatch):
    """A stored diffusion model of three classes; shipped models are hidden, so that it comes first."""
    catalog = index.load().model_copy(update={"presets": {}})
    monkeypatch.setattr(index, "load", lambda: catalog)
    tiny_diffusion.make(paths.ensure_folder("presets") / "squares")
    yield "squares"
    shutil.rmtree(paths.ensure_folder("presets"))


@pytest.mark.slow
def test_faces_draws_a_class_and_shows_each_step(visit, squares):
    page = require_success(visit("faces", n="4", steps="5", class_name="two", explain="true"))
    keys = {element.key for element in page.slider}
    assert {"steps", "guidance"} <= keys and "truncation" not in keys
    classes = page.selectbox(key="class_name")
    assert (classes.value, classes.options) == ("two", ["All", *tiny_diffusion.CLASSES])
    step = next(element for element in page.slider if element.label == "Denoising step")
    assert (step.min, step.max) == (0, 5)
    captions = [image.caption for element in page.get("image") for image in element.proto.imgs]
    assert any("Image 1 at t" in caption for caption in captions)
    assert "Choose an image to enlarge it." in [caption.value for caption in page.caption]
    assert r"v_\theta" in " ".join(str(element.value) for element in page.markdown)


@pytest.mark.slow
def test_faces_draws_a_class_of_a_dcgan(visit, squares):
    tiny_dcgan.make(paths.ensure_folder("presets") / "blobs", CLASSES)
    page = require_success(visit("faces", what="blobs", n="16", class_name="two"))
    assert page.selectbox(key="class_name").options == ["All", *CLASSES]
    assert not {"steps", "guidance"} & {element.key for element in page.slider}
    assert page.pills(key="picked").options == [str(n) for n in range(1, 17)]


def test_a_step_is_cut_from_the_sheet():
    sheet = np.zeros((56, 28 * 3, 3), "uint8")
    sheet[:28, 28:56], sheet[28:, 28:56] = 80, 200
    noisy, prediction = (image_io.read(data) for data in denoising.cut_step(image_io.encode_png(sheet), 1))
    assert (noisy == 80).all() and (prediction == 200).all() and noisy.shape == (224, 224, 3)


def test_train_a_generator_offers_a_diffusion_model(visit):
    page = visit("train-generator", kind="Diffusion", explain="true")
    assert not page.exception
    assert r"v_\theta" in " ".join(str(element.value) for element in page.markdown)
    assert "vgg16_discriminator" not in {element.key for element in page.slider}
    assert {"conditional", "flip"} <= {element.key for element in page.toggle}
