"""Loading diffusion models: LiteRT agrees with Keras, and damaged models are refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tiny_diffusion

from studio.core import tasks
from studio.core.errors import InvalidInput
from studio.core.generators import latent
from studio.core.generators.latent import Denoising
from studio.core.models import model_folder, presets
from studio.diffusion import generator, train
from studio.diffusion.settings import TrainDiffusionSettings


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    return tiny_diffusion.make(tmp_path_factory.mktemp("models") / "tiny")


@pytest.mark.parametrize("colors", ["gray", "color"])
def test_litert_computes_the_images_of_keras(preset, tmp_path, colors):
    settings, classes = tiny_diffusion.SETTINGS, tiny_diffusion.CLASSES
    if colors == "color":
        settings, classes = TrainDiffusionSettings(size=32, width=48), ()
        preset = tiny_diffusion.make(tmp_path / "model", settings, classes)
    model = generator.load_generator(preset)
    z = latent.sample(model, 3, seed=1)
    *_, (images, _) = model.denoise(z, Denoising(steps=3))
    unet = generator.load_unet(preset)
    expected = train.generate_images(unet, z, 3, np.full(3, len(classes)))
    difference = np.abs(images[..., : settings.channels].astype(int) - expected)
    assert expected.std(0).mean() > 2 and difference.max() <= 1 and difference.mean() < 0.02


def test_steps_lead_from_noise_to_the_image(preset):
    model = generator.load_generator(preset)
    z = latent.sample(model, 2, seed=0)
    path = list(model.denoise(z, Denoising(steps=4)))
    assert len(path) == 5
    noise = np.rint((z.reshape(2, 28, 28, 1) + 1) * 127.5).clip(0, 255)
    assert np.array_equal(path[0][0][..., :1], noise) and np.array_equal(*path[-1])
    assert path[0][0].shape == (2, 28, 28, 3) and path[0][1].dtype == np.uint8


def test_class_and_guidance_change_the_image(preset):
    model = generator.load_generator(preset)
    assert model.classes == tiny_diffusion.CLASSES and model.latent_dim == 784
    z = latent.sample(model, 1, seed=0)
    results = [
        list(model.denoise(z, Denoising(2, guidance, name)))[-1][0]
        for name, guidance in (("", 1.0), ("one", 1.0), ("two", 1.0), ("two", 4.0))
    ]
    assert len({image.tobytes() for image in results}) == 4
    unguided, guided = (list(model.denoise(z, Denoising(2, g)))[-1][0] for g in (1.0, 4.0))
    assert np.array_equal(unguided, guided), "without a class, there is nothing to guide"


def change_data(preset, folder, **changes):
    """Returns a copy of a preset with other data in its settings.json."""
    folder.mkdir()
    for path in preset.folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    settings = folder / model_folder.SETTINGS
    record = json.loads(settings.read_text())
    settings.write_text(json.dumps(record | {"data": {**record["data"], **changes}}))
    return presets.find(folder)


@pytest.mark.parametrize(
    "classes",
    [None, "abc", [1, 2, 3], ["a", "a", "b"], ["a"], ["a", "", "b"], ["a", "b", "x" * 201], ["a"] * 2000],
)
def test_invalid_classes_are_refused(preset, tmp_path, classes):
    with pytest.raises(InvalidInput, match="Copy or train the model again"):
        generator.load_generator(change_data(preset, tmp_path / "changed", classes=classes))


def test_weights_for_other_classes_are_refused(preset, tmp_path):
    changed = change_data(preset, tmp_path / "changed", classes=["one", "two"])
    with pytest.raises(InvalidInput, match="Invalid weights"):
        generator.load_generator(changed)


def test_other_models_are_refused(preset):
    other = presets.Preset(preset.name, preset.folder, "vae.train", preset.digest)
    with pytest.raises(InvalidInput, match="vae"):
        tasks.import_object(tasks.get("diffusion.train").load_generator)(other)
